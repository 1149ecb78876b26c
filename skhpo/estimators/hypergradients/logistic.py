"""LogisticRegression: ``F = C sum_i s_i grad loss_i(w) + rho sign(w) + (1 - rho) w`` on the support of w.

With rho = 0, which is the L2 penalty, all weights are in the support. The slope of F in C is -(rho sign(w) + (1 - rho)
w) / C, since F is zero.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse.linalg import LinearOperator
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.curvature import Curvature
from skhpo.estimators.hypergradients.solve import conjugate_gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_RTOL = 1e-9


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return logits and their vector-Jacobian product, (n_test,) of two classes and (n_test, k) of more."""
    weight = estimator.C * weights_of(estimator, X, y, sample_weight)
    solve = _two_classes if len(estimator.classes_) == 2 else _more_classes
    adjoint = solve(estimator, X, X_test, weight)
    w, rho = estimator.coef_, l1_ratio(estimator)
    sign = np.sign(w)

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        q = adjoint(u)
        return {
            "C": float(np.sum(q * (rho * sign + (1 - rho) * w))) / estimator.C,
            "l1_ratio": -float(np.sum(q * (sign - w))),
            COLUMNS: np.sum(q * (rho * sign + 2 * (1 - rho) * w), axis=0),
        }

    return Differentiated(np.asarray(estimator.decision_function(X_test), dtype=np.float64), vjp)


def _two_classes(
    estimator: Any, X: Any, X_test: Any, weight: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what solves for q, shape (1, p)."""
    rho = l1_ratio(estimator)
    S = np.flatnonzero(estimator.coef_[0]) if rho > 0 else np.arange(X.shape[1])
    p = expit(estimator.decision_function(X))
    X_S, T_S = (X, X_test) if rho == 0 else (X[:, S], X_test[:, S])
    curvature = Curvature(X_S, weight * p * (1 - p), 1 - rho, fit_intercept=estimator.fit_intercept)

    def adjoint(u: NDArray[np.float64]) -> NDArray[np.float64]:
        q = np.zeros((1, X.shape[1]))
        q[0, S] = curvature.solve(np.asarray(T_S.T @ u).ravel(), u.sum())
        return q

    return adjoint


def _more_classes(
    estimator: Any, X: Any, X_test: Any, weight: NDArray[np.float64]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what solves for q, shape (k, p), by conjugate gradients without the matrix."""
    rho, k, p = l1_ratio(estimator), len(estimator.classes_), X.shape[1]
    mask = (estimator.coef_ != 0) if rho > 0 else np.ones((k, p), dtype=bool)
    P = softmax(estimator.decision_function(X), axis=1)
    has_b = float(estimator.fit_intercept)

    def times(v: NDArray[np.float64]) -> NDArray[np.float64]:
        V, b = v[: k * p].reshape(k, p) * mask, v[k * p :]
        scores = np.asarray(X @ V.T) + has_b * b
        R = weight[:, None] * P * (scores - np.sum(P * scores, axis=1, keepdims=True))
        product = (np.asarray(X.T @ R).T + (1 - rho) * V) * mask
        return np.concatenate([product.ravel(), has_b * R.sum(axis=0)])

    # Jacobi's preconditioner: the diagonal of the matrix.
    D = weight[:, None] * P * (1 - P)
    squares = X.multiply(X) if hasattr(X, "multiply") else X * X
    diagonal = np.concatenate([((np.asarray(squares.T @ D).T) + (1 - rho)).ravel(), D.sum(axis=0)])
    diagonal[diagonal <= 0] = 1.0
    size = k * p + k
    H = LinearOperator((size, size), matvec=times, dtype=np.float64)
    M = LinearOperator((size, size), matvec=lambda v: v / diagonal, dtype=np.float64)

    def adjoint(u: NDArray[np.float64]) -> NDArray[np.float64]:
        # Fits leave the sum over the classes at zero, so that a slope along it has no effect.
        u = u - u.mean(axis=1, keepdims=True)
        g = np.concatenate([(np.asarray(X_test.T @ u).T * mask).ravel(), has_b * u.sum(axis=0)])
        q = conjugate_gradients(H, g, rtol=_RTOL, maxiter=10 * size, M=M)
        return np.asarray(q[: k * p].reshape(k, p) * mask)

    return adjoint


def l1_ratio(estimator: Any) -> float:
    """Return the share of the L1 penalty, whichever way the version of scikit-learn has it."""
    penalty = getattr(estimator, "penalty", "deprecated")
    if penalty in {"l1", "l2"}:
        return float(penalty == "l1")
    return float(estimator.l1_ratio or 0.0)


def refuse(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.solver == "liblinear":
        return 'solver="liblinear" penalises the intercept. Use solver="lbfgs", or "saga" for an L1 penalty.'
    if getattr(estimator, "penalty", "deprecated") is None:
        return "penalty=None leaves nothing to tune."
    return None


register_hypergradient(
    LogisticRegression,
    differentiate,
    parameters=("C", "l1_ratio"),
    loss="log_loss",
    refuse=refuse,
    has_columns=True,
    shares=("l1_ratio",),
)
