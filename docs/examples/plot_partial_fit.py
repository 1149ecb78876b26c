"""
A neural network by partial_fit, epoch by epoch
===============================================

The resource is ``max_iter``, the epochs: 27 candidates get 1 epoch, a third of them 3, and so on
up to 27. With ``resume_fits="always"`` a candidate that stays is trained on by ``partial_fit``
from where it was.
"""

# %%
# Pixels first, then the network. Its ``max_iter`` is the full resource.
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from skhpo import Categorical, Float, SuccessiveHalvingCV
from skhpo.plotting import RungsDisplay

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
pipeline = make_pipeline(MinMaxScaler(), MLPClassifier(max_iter=27, random_state=0))
space = {
    "mlpclassifier__hidden_layer_sizes": Categorical([(16,), (32,), (64,)]),
    "mlpclassifier__learning_rate_init": Float(1e-4, 1e-1, log=True),
    "mlpclassifier__alpha": Float(1e-6, 1e-1, log=True),
    "mlpclassifier__batch_size": Categorical([16, 32, 64]),
}
search = SuccessiveHalvingCV(
    pipeline,
    space,
    n_candidates=27,
    resource="max_iter",
    min_resources=1,
    resume_fits="always",
    cv=3,
    random_state=0,
)

# %%
# Each rung says that it has not converged, which is its purpose.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", category=ConvergenceWarning)
    search.fit(X, y)
print(f"{search.resource_}: {search.n_resources_}, candidates: {search.n_candidates_}")
print(f"best: {search.best_score_:.3f}")
search.best_params_

# %%
# Going on by ``partial_fit`` is another fit than one from the start, with other scores;
# ``resume_fits=True`` would start over here. Epochs per split that each way takes:
epochs, candidates = np.array(search.n_resources_), np.array(search.n_candidates_)
on_top = np.diff(epochs, prepend=0)
print(f"going on {candidates @ on_top}, starting over {candidates @ epochs}, all {27 * 27}")

# %%
# A line per candidate: who was promoted, and what more of the resource gave.
_ = RungsDisplay.from_search(search)
