"""Lasso and ElasticNet, also of several tasks, on the support S.

The fit minimises ``|y - X w - b|^2 / (2 n) + alpha rho |w|_1 + alpha (1 - rho) |w|^2 / 2``, with rho the ``l1_ratio``.
While the support does not change, the weights outside of it are constant zeros (Bertrand et al., JMLR 23, 2022).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg
from sklearn.linear_model import ElasticNet, Lasso, MultiTaskElasticNet, MultiTaskLasso

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.curvature import Curvature

if TYPE_CHECKING:
    from numpy.typing import NDArray


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return predictions and their vector-Jacobian product; targets are independent of each other."""
    weight = weights_of(estimator, X, y, sample_weight)
    weight = weight / weight.sum()
    alpha, rho = float(estimator.alpha), _l1_ratio(estimator)
    coef = np.atleast_2d(estimator.coef_)
    supports = [np.flatnonzero(w) for w in coef]
    curvatures = [
        Curvature(X[:, S], weight, alpha * (1 - rho), fit_intercept=estimator.fit_intercept) for S in supports
    ]

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        slopes: dict[str, Any] = {"alpha": 0.0, "l1_ratio": 0.0, COLUMNS: np.zeros(X.shape[1])}
        for w, S, curvature, v in zip(coef, supports, curvatures, u.reshape(len(u), -1).T, strict=True):
            q = curvature.solve(np.asarray(X_test[:, S].T @ v).ravel(), v.sum())
            sign, w_S = np.sign(w[S]), w[S]
            slopes["alpha"] -= float(q @ (rho * sign + (1 - rho) * w_S))
            slopes["l1_ratio"] -= float(alpha * q @ (sign - w_S))
            slopes[COLUMNS][S] += alpha * (rho * sign + 2 * (1 - rho) * w_S) * q
        return slopes

    return Differentiated(np.asarray(estimator.predict(X_test), dtype=np.float64), vjp)


def differentiate_tasks(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:  # noqa: ARG001
    """Return the same for a penalty on the norm of each feature's weights over all tasks."""
    alpha, rho = float(estimator.alpha), _l1_ratio(estimator)
    S = np.flatnonzero(np.any(estimator.coef_ != 0, axis=0))
    W = estimator.coef_[:, S].T  # (s, k)
    s, k = W.shape
    norms = linalg.norm(W, axis=1, keepdims=True)
    unit = W / norms
    A = X[:, S] - X[:, S].mean(axis=0) if estimator.fit_intercept else X[:, S]
    H = np.kron(A.T @ A / len(X) + alpha * (1 - rho) * np.eye(s), np.eye(k))
    for j in range(s):
        block = slice(j * k, (j + 1) * k)
        H[block, block] += alpha * rho * (np.eye(k) - np.outer(unit[j], unit[j])) / norms[j]
    factor = linalg.lu_factor(H) if s else None
    mean = X[:, S].mean(axis=0) if estimator.fit_intercept else np.zeros(s)

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        slopes: dict[str, Any] = {"alpha": 0.0, "l1_ratio": 0.0, COLUMNS: np.zeros(X.shape[1])}
        if factor is not None:
            G = X_test[:, S].T @ u - np.outer(mean, u.sum(axis=0))
            Q = linalg.lu_solve(factor, G.ravel()).reshape(s, k)
            slopes["alpha"] = -float(np.sum(Q * (rho * unit + (1 - rho) * W)))
            slopes["l1_ratio"] = -float(alpha * np.sum(Q * (unit - W)))
            slopes[COLUMNS][S] = alpha * np.sum(Q * (rho * unit + 2 * (1 - rho) * W), axis=1)
        return slopes

    return Differentiated(np.asarray(estimator.predict(X_test), dtype=np.float64), vjp)


def _l1_ratio(estimator: Any) -> float:
    """Return the share of the L1 penalty. Not by class: in scikit-learn 1.6 a `MultiTaskElasticNet` is a `Lasso`."""
    return float(estimator.get_params().get("l1_ratio", 1.0))


register_hypergradient(Lasso, differentiate, parameters=("alpha",), has_columns=True)
register_hypergradient(
    ElasticNet, differentiate, parameters=("alpha", "l1_ratio"), has_columns=True, shares=("l1_ratio",)
)
register_hypergradient(MultiTaskLasso, differentiate_tasks, parameters=("alpha",), has_columns=True)
register_hypergradient(
    MultiTaskElasticNet, differentiate_tasks, parameters=("alpha", "l1_ratio"), has_columns=True, shares=("l1_ratio",)
)
