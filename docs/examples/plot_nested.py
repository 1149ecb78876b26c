"""
Nested cross-validation
=======================

The best of many scores is too good: the search picked it because it was high. An outer
cross-validation runs the whole search on each of its training sides and scores it on rows that
the search has not seen.
"""

# %%
# Little data and labels that have nothing to do with the features: the truth is an accuracy of
# 0.5.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from skhpo import Float, RandomSearchCV, load_results

rng = np.random.default_rng(0)
X, y = rng.normal(size=(60, 10)), np.arange(60) % 2
space = {"C": Float(1e-2, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
search = RandomSearchCV(SVC(), space, n_iter=40, random_state=0).fit(X, y)
print(f"best_score_            {search.best_score_:.3f}")

# %%
# Five searches of 200 fits each. With ``checkpoint`` the clones that the outer cross-validation
# makes share one file, each with a search of its own: interrupted and called again, it goes on
# where it was.
with tempfile.TemporaryDirectory() as folder:
    search.set_params(checkpoint=Path(folder) / "nested.db")
    outer = cross_val_score(search, X, y, cv=5)
    inner = [
        load_results(search.checkpoint, search=fold)["mean_test_score"].max() for fold in range(5)
    ]
print(
    f"outer cross-validation {outer.mean():.3f} +- {outer.std(ddof=1) / np.sqrt(len(outer)):.3f}"
)
print("best inner scores:", np.round(inner, 3))
print("outer scores:     ", np.round(outer, 3))

# %%
# Each outer fold: the best score that its search found, and the score on the rows that were kept
# away from it.
fig, ax = plt.subplots(figsize=(6, 3), layout="constrained")
ax.plot(inner, "o", label="best inner score")
ax.plot(outer, "s", label="outer score")
ax.axhline(0.5, color="grey", linestyle=":", label="truth")
ax.set(xlabel="outer fold", ylabel="accuracy", xticks=range(5))
_ = ax.legend()
