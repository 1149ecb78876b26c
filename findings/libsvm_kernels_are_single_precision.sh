#!/usr/bin/env bash
# The slope of a loss in a parameter of SVC, checked against central differences of fits with tol=1e-12.
# Guessed: the smaller tol, the better the differences agree with the exact slope.
# Seen with scikit-learn 1.9.1: they are off by more than a percent, whatever tol is below 1e-8. libsvm keeps kernel
# values in single precision (Qfloat), and a difference divides that rounding by its step. Where the coefficients of the
# same free support vectors are solved for again in double precision, differences of any step agree with each other.
set -euo pipefail
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
python3 -m venv "$box/venv"
"$box/venv/bin/python" -m pip install -q scikit-learn==1.9.1
cd "$box"
"$box/venv/bin/python" -W ignore - <<'PYTHON'
import numpy as np
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.svm import SVC

rng = np.random.default_rng(0)
X, X_test = rng.normal(size=(60, 8)), rng.normal(size=(30, 8))
y = (X[:, 0] + rng.normal(size=60) > 0).astype(int)
C, gamma = 0.66, 0.026


def means(log_scale, tol):
    scale = np.array([np.exp(log_scale)] + 7 * [1.0])
    A, T = X * scale, X_test * scale
    svc = SVC(C=C, gamma=gamma, tol=tol).fit(A, y)
    V, beta = A[svc.support_], svc.dual_coef_.ravel().copy()
    free = np.abs(beta) < C * (1 - 1e-6)
    K, f = rbf_kernel(V, gamma=gamma), free.sum()
    system = np.ones((f + 1, f + 1))
    system[-1, -1], system[:-1, :-1] = 0.0, K[np.ix_(free, free)]
    right = np.r_[(2.0 * y[svc.support_] - 1)[free] - K[np.ix_(free, ~free)] @ beta[~free], -beta[~free].sum()]
    solution = np.linalg.solve(system, right)
    beta[free] = solution[:-1]
    exact = rbf_kernel(T, V, gamma=gamma) @ beta + solution[-1]
    return (svc.decision_function(T) ** 2).mean(), (exact**2).mean()


def difference(step, tol):
    return (np.array(means(step, tol)) - np.array(means(-step, tol))) / (2 * step)


found = {(step, tol): difference(step, tol) for step in (1e-6, 1e-5) for tol in (1e-8, 1e-12)}
for (step, tol), (of_libsvm, exact) in found.items():
    print(f"step {step:g}, tol {tol:g}: {of_libsvm:.8f} of libsvm, {exact:.8f} in double precision")
exact = np.array([exact for _, exact in found.values()])
of_libsvm = np.array([value for value, _ in found.values()])
assert np.ptp(exact) < 1e-5 * abs(exact[0])
assert np.ptp(of_libsvm) > 1e-2 * abs(exact[0])
PYTHON
