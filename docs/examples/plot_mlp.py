"""
A neural network
================

scikit-learn's multi-layer perceptron: numbers on log scales, layers as categories, and a momentum
that exists for one of the solvers only.
"""

# %%
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skhpo import BayesSearchCV, Categorical, Float
from skhpo.plotting import ParallelCoordinatesDisplay

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
pipeline = make_pipeline(MinMaxScaler(), MLPClassifier(max_iter=15, random_state=0))
space = {
    "mlpclassifier__hidden_layer_sizes": Categorical([(16,), (32,), (64,), (32, 32)]),
    "mlpclassifier__solver": Categorical(["adam", "sgd"]),
    "mlpclassifier__learning_rate_init": Float(1e-4, 1e-1, log=True),
    "mlpclassifier__alpha": Float(1e-6, 1e-1, log=True),
    "mlpclassifier__momentum": Float(0.5, 0.99, when={"mlpclassifier__solver": "sgd"}),
}

# %%
# Fifteen epochs are too few to converge, and are what is compared; the warnings about it are not
# wanted.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", category=ConvergenceWarning)
    untuned = cross_val_score(pipeline, X, y, cv=3)
    search = BayesSearchCV(pipeline, space, n_iter=20, cv=3, random_state=0).fit(X, y)

print(f"untuned  {untuned.mean():.3f}")
print(f"tuned    {search.best_score_:.3f}")
search.best_params_

# %%
# All candidates at once: a line each, through its parameters to its score. A line that leaves out
# the momentum is one of a solver that has none.
_ = ParallelCoordinatesDisplay.from_search(search)
