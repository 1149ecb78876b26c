"""
Going down the slope
====================

How far a model is off depends smoothly on its penalty. ``GradientSearchCV`` computes the slope of
the cross-validated loss and goes down, with one penalty or with several.
"""

# %%
# Cells of 569 breast tumours. Ten properties were measured in many cells of each; the features are
# the mean of each property, its standard error, and its worst value.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import ColumnScale, Float, GradientSearchCV, GridSearchCV, PerFeature

X, y = load_breast_cancer(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(
    X, y, train_size=300, random_state=0, stratify=y
)
cv = StratifiedKFold(5, shuffle=True, random_state=0)

# %%
# One penalty. The estimator as it came is the first candidate, and the slope at each candidate says
# where the next one is.
pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=10_000))
name = "logisticregression__C"
search = GradientSearchCV(pipeline, {name: Float(1e-4, 1e4, log=True)}, cv=cv)
search.fit(X_train, y_train)
results = search.cv_results_
for C, loss, stage in zip(
    results[f"param_{name}"], results["mean_test_loss"], results["stage"], strict=True
):
    print(f"C = {C:8.4f}   log loss {loss:.4f}   {stage}")

# %%
# A grid of 50 values, to see what there is to find.
grid = GridSearchCV(pipeline, {name: np.geomspace(1e-4, 1e4, 50)}, cv=cv, scoring="neg_log_loss")
grid.fit(X_train, y_train)
print(f"descent {search.best_loss_:.4f} after {len(results['params'])} candidates")
print(f"grid    {-grid.best_score_:.4f} after {len(grid.cv_results_['params'])}")

# %%
# Each candidate of the descent with the slope that it was told.
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(
    grid.cv_results_[f"param_{name}"].data.astype(float),
    -grid.cv_results_["mean_test_score"],
    color="grey",
    label="grid of 50",
)
for C, loss, slope in zip(
    results[f"param_{name}"].data.astype(float),
    results["mean_test_loss"],
    results[f"hypergradient_{name}"],
    strict=True,
):
    ends = C * np.array([0.5, 2.0])
    ax.plot(ends, loss + slope * C * np.log(ends / C), color="C1", linewidth=1)
    ax.plot(C, loss, "o", color="C1")
ax.plot([], [], "o-", color="C1", label="descent")
ax.set(xscale="log", yscale="log", xlabel="C", ylabel="log loss, cross-validated")
_ = ax.legend()

# %%
# A penalty for each kind of feature. :class:`~skhpo.ColumnScale` multiplies the columns of a group
# by a factor: a large one makes the penalty of its weights small.
groups = np.repeat([0, 1, 2], 10)
grouped = make_pipeline(
    StandardScaler(), ColumnScale(np.ones(3), groups=groups), LogisticRegression(max_iter=10_000)
)
factors = {"columnscale__scale": PerFeature(Float(1e-2, 1e2, log=True))}
per_group = GradientSearchCV(grouped, factors, cv=cv).fit(X_train, y_train)
for j, kind in enumerate(["means", "standard errors", "worst values"]):
    print(f"{kind:16}{per_group.best_params_[f'columnscale__scale_{j}']:.3f}")

# %%
# What it is worth: the loss on the 269 tumours that no search has seen. The untuned estimator is
# the first candidate.
untuned = pipeline.fit(X_train, y_train)
for title, found, cross_validated in (
    ("untuned", untuned, results["mean_test_loss"][0]),
    ("one penalty", search, search.best_loss_),
    ("three penalties", per_group, per_group.best_loss_),
):
    loss = log_loss(y_test, found.predict_proba(X_test))
    print(f"{title:16} cross-validated {cross_validated:.4f}   new rows {loss:.4f}")
