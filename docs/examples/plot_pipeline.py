"""
A classifier in a pipeline
==========================

The space names parameters of any step. ``degree`` exists only for one of the kernels, ``gamma``
for two of them.
"""

# %%
# Half of the digits are kept away from the search.
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, Float, Int

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, test_size=0.5, random_state=0, stratify=y
)

pipeline = make_pipeline(StandardScaler(), SVC())
space = {
    "standardscaler__with_std": Categorical([True, False]),
    "svc__kernel": Categorical(["rbf", "poly", "linear"]),
    "svc__C": Float(1e-2, 1e3, log=True),
    "svc__gamma": Float(1e-5, 1e0, log=True, when={"svc__kernel": ["rbf", "poly"]}),
    "svc__degree": Int(2, 5, when={"svc__kernel": "poly"}),
}
search = BayesSearchCV(pipeline, space, n_iter=25, cv=3, random_state=0).fit(X_train, y_train)

# %%
# Beside the pipeline as it was given, on the rows that the search has not seen:
untuned = pipeline.fit(X_train, y_train)
print(f"held out, untuned  {untuned.score(X_test, y_test):.4f}")
print(f"held out, tuned    {search.score(X_test, y_test):.4f}")
search.best_params_

# %%
# Which parameters mattered, as shares of the variance of the modelled score:
search.importances()

# %%
# And how the scores went, candidate by candidate.
from skhpo.plotting import OptimizationHistoryDisplay

_ = OptimizationHistoryDisplay.from_search(search)
