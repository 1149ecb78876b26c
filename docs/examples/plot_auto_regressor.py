"""
No grid to write
================

``GridSearchCV`` needs a model, a preprocessing and a grid. ``AutoRegressor`` needs a time. Both on
the same rows, each at its own job.
"""

# %%
# 442 patients with diabetes: how far will the disease be in a year? 120 of them are kept for the end.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.datasets import load_diabetes
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skhpo import AutoRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X, X_new, y, y_new = train_test_split(X, y, test_size=120, random_state=0)
scoring = "neg_root_mean_squared_error"

# %%
# A search as one writes it: a support vector machine, and a grid that is not obvious.
pipeline = make_pipeline(StandardScaler(), SVR())
grid = {
    "svr__C": np.geomspace(1, 1000, 7).tolist(),
    "svr__gamma": np.geomspace(1e-4, 1e-1, 7).tolist(),
    "svr__epsilon": [1.0, 10.0],
}
cv = KFold(5, shuffle=True, random_state=0)
search = GridSearchCV(pipeline, grid, cv=cv, scoring=scoring).fit(X, y)
print(search.best_params_)

# %%
# The other one. With a number of configurations instead of a time, it gives the same model each
# time it is run.
auto = AutoRegressor(n_iter=12, time_budget=None, random_state=0).fit(X, y)
print(auto.leaderboard_)

# %%
# What both expected, and what came. The best score of a search is too good; ``score_estimate_``
# selects again on drawn rows. With 120 new patients, small differences are luck.
found = pd.DataFrame(
    {
        "expected": [-search.best_score_, -auto.score_estimate_.value],
        "on new patients": [
            root_mean_squared_error(y_new, model.predict(X_new)) for model in (search, auto)
        ],
    },
    index=["GridSearchCV", "AutoRegressor"],
)
found.round(2)

# %%
# Both predictions for the new patients. They are close: where one model is as good as the data
# allow, a mean of several is, too.
fig, ax = plt.subplots(figsize=(5, 4.5), layout="constrained")
ax.plot([30, 330], [30, 330], color="grey", linewidth=1)
for model, name, mark in ((search, "GridSearchCV", "x"), (auto, "AutoRegressor", "o")):
    ax.plot(y_new, model.predict(X_new), mark, fillstyle="none", label=name)
ax.set(xlabel="found after a year", ylabel="predicted")
_ = ax.legend()
