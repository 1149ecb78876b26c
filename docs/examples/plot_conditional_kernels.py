"""
A conditional space over kernels
================================

``gamma`` means nothing to a linear kernel, and ``degree`` only something to a polynomial one.
Written with ``when``, such a parameter is not tried, and not modelled, where it does nothing.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.kernel_ridge import KernelRidge
from sklearn.model_selection import KFold

from skhpo import BayesSearchCV, Categorical, Float, Int

rng = np.random.default_rng(0)
X = rng.uniform(-3, 3, size=(120, 1))
y = np.sin(2 * X[:, 0]) + 0.3 * X[:, 0] + rng.normal(scale=0.3, size=len(X))
space = {
    "kernel": Categorical(["linear", "poly", "rbf"]),
    "alpha": Float(1e-3, 1e2, log=True),
    "gamma": Float(1e-2, 1e1, log=True, when={"kernel": ["poly", "rbf"]}),
    "degree": Int(2, 5, when={"kernel": "poly"}),
}
cv = KFold(5, shuffle=True, random_state=0)
search = BayesSearchCV(KernelRidge(), space, n_iter=30, cv=cv, random_state=0).fit(X, y)
search.best_params_

# %%
# Where a parameter does not exist, its column of ``cv_results_`` is masked.
search.cv_results_["param_degree"][:10]

# %%
# How the 30 candidates were spent. They are scored by the coefficient of determination.
kernel = np.asarray(search.cv_results_["param_kernel"])
score = search.cv_results_["mean_test_score"]
for name in ("linear", "poly", "rbf"):
    print(
        f"{name:6}  {np.sum(kernel == name):2} candidates, best {score[kernel == name].max():.3f}"
    )

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
for name in ("linear", "poly", "rbf"):
    left.plot(np.flatnonzero(kernel == name), score[kernel == name], "o", label=name)
left.set(xlabel="candidate", ylabel="mean cross-validated R²", ylim=(-0.1, 1))
left.legend(title="kernel", loc="lower right")
x = np.linspace(-3, 3, 200)
right.plot(X[:, 0], y, ".", color="grey")
right.plot(x, search.predict(x[:, None]))
_ = right.set(xlabel="X", ylabel="y", title="best candidate")
