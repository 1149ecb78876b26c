"""
Successive halving that goes on
===============================

All candidates are tried with few trees, the better half of them with twice as many, and so on.
Where a fit can go on exactly, as gradient boosting can, the candidates that stay keep the trees
that they have (``resume_fits``, the default).
"""

# %%
import time

from sklearn.datasets import load_digits
from sklearn.ensemble import GradientBoostingClassifier

from skhpo import Float, Int, SuccessiveHalvingCV
from skhpo.plotting import RungsDisplay

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600] % 2  # odd or even
space = {
    "learning_rate": Float(0.01, 1.0, log=True),
    "max_depth": Int(1, 6),
    "max_features": Float(0.1, 1.0),
}
boosting = GradientBoostingClassifier(n_estimators=64, random_state=0)
settings = {
    "n_candidates": 16,
    "factor": 2,
    "resource": "auto",
    "min_resources": 4,
    "cv": 3,
    "random_state": 0,
}

start = time.process_time()
search = SuccessiveHalvingCV(boosting, space, **settings).fit(X, y)
seconds = time.process_time() - start
print(f"{search.resource_}: {search.n_resources_}, candidates: {search.n_candidates_}")
print(f"best: {search.best_score_:.4f} with {search.best_params_}")

# %%
# The same without going on: the same scores to the bit. Seconds of the processor that each took:
start = time.process_time()
again = SuccessiveHalvingCV(boosting, space, **settings, resume_fits=False).fit(X, y)
assert (search.cv_results_["mean_test_score"] == again.cv_results_["mean_test_score"]).all()
print(f"going on {seconds:.1f} s, starting over {time.process_time() - start:.1f} s")

# %%
# A line per candidate: who was promoted, and what more of the resource gave.
_ = RungsDisplay.from_search(search)
