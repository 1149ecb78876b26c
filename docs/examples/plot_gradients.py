"""
Going down the slope
====================

How far a model is off depends smoothly on its penalty. ``GradientSearchCV`` computes the slope of
the cross-validated loss and goes down, with one parameter or with many.
"""

# %%
# Handwritten digits, 400 of them to learn from. One penalty: the estimator as it came is the first
# candidate, and the slope at each candidate says where the next one is.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes, load_digits
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import ColumnScale, Float, GradientSearchCV, GridSearchCV, PerFeature

X, y = load_digits(return_X_y=True)
X, X_new, y, y_new = train_test_split(X / 16, y, train_size=400, random_state=0, stratify=y)
logistic = LogisticRegression(max_iter=10_000)
search = GradientSearchCV(logistic, {"C": Float(1e-4, 1e4, log=True)}).fit(X, y)
results = search.cv_results_
for C, loss, stage in zip(
    results["param_C"], results["mean_test_loss"], results["stage"], strict=True
):
    print(f"C = {C:8.4f}   log loss {loss:.4f}   {stage}")

# %%
# A grid of 17 values, to see what there is to find, and each candidate of the descent with the
# slope that it was told.
grid = GridSearchCV(logistic, {"C": np.geomspace(1e-4, 1e4, 17)}, scoring="neg_log_loss")
grid.fit(X, y)
fig, ax = plt.subplots(figsize=(6, 3.5), layout="constrained")
ax.plot(
    grid.cv_results_["param_C"].data.astype(float),
    -grid.cv_results_["mean_test_score"],
    color="grey",
    label="grid of 17",
)
for C, loss, slope in zip(
    results["param_C"].data.astype(float),
    results["mean_test_loss"],
    results["hypergradient_C"],
    strict=True,
):
    ends = C * np.array([0.4, 2.5])
    ax.plot(ends, loss + slope * C * np.log(ends / C), color="C1", linewidth=1)
    ax.plot(C, loss, "o", color="C1")
ax.plot([], [], "o-", color="C1", label="descent")
ax.set(xscale="log", xlabel="C", ylabel="log loss, cross-validated")
_ = ax.legend()

# %%
# What it is worth: the loss on the digits that no search has seen.
untuned = logistic.fit(X, y)
print(f"untuned {log_loss(y_new, untuned.predict_proba(X_new)):.3f}")
print(f"tuned   {log_loss(y_new, search.predict_proba(X_new)):.3f}")

# %%
# Many parameters: how diabetes goes on in a year, from ten features. The kernel of a Gaussian
# process has one width, or with :class:`~skhpo.ColumnScale` one for each feature.
X, y = load_diabetes(return_X_y=True)
X, X_new, y, y_new = train_test_split(X, y, train_size=300, random_state=0)
process = GaussianProcessRegressor(RBF() + WhiteKernel(), optimizer=None, normalize_y=True)
kernel = "gaussianprocessregressor__kernel"
noise = {f"{kernel}__k2__noise_level": Float(1e-3, 1e2, log=True)}
shared = GradientSearchCV(
    make_pipeline(StandardScaler(), process),
    {**noise, f"{kernel}__k1__length_scale": Float(1e-1, 1e2, log=True)},
).fit(X, y)
each = GradientSearchCV(
    make_pipeline(StandardScaler(), ColumnScale(np.ones(10)), process),
    {**noise, "columnscale__scale": PerFeature(Float(1e-2, 1e1, log=True))},
).fit(X, y)
for title, found in (("one width", shared), ("ten widths", each)):
    error = mean_squared_error(y_new, found.predict(X_new))
    print(
        f"{title:11}{len(found.cv_results_['params']):3} candidates   "
        f"cross-validated {found.best_loss_:.0f}   new rows {error:.0f}"
    )

# %%
# Compare the last two numbers of each line. With many parameters the cross-validated loss flatters:
# trust an outer cross-validation, or rows that were kept away.
