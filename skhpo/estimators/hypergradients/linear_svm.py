"""LinearSVC and LinearSVR with squared losses: ``w^2 / 2 + C sum_i s_i loss_i^2``; the intercept is penalised too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.svm import LinearSVC, LinearSVR

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.curvature import Curvature

if TYPE_CHECKING:
    from numpy.typing import NDArray


def differentiate_svc(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return ``decision_function`` and its vector-Jacobian product: one problem, or one for each class."""
    weight = weights_of(estimator, X, y, sample_weight)
    A, T = _with_intercept(estimator, X), _with_intercept(estimator, X_test)
    W = _augmented(estimator, np.atleast_2d(estimator.coef_))
    classes = estimator.classes_[1:] if len(W) == 1 else estimator.classes_
    labels = np.where(np.asarray(y)[:, None] == classes, 1.0, -1.0)
    is_active = np.asarray(A @ W.T) * labels < 1
    curvatures = [Curvature(A, 2 * estimator.C * weight * active, 1.0, fit_intercept=False) for active in is_active.T]

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        U = u.reshape(len(u), -1)
        products = sum(
            w * curvature.solve(np.asarray(T.T @ v).ravel()) for w, curvature, v in zip(W, curvatures, U.T, strict=True)
        )  # w_j q_j, summed over the problems
        return {"C": float(np.sum(products)) / estimator.C, COLUMNS: 2 * np.asarray(products)[: X.shape[1]]}

    return Differentiated(np.asarray(estimator.decision_function(X_test), dtype=np.float64), vjp)


def differentiate_svr(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return predictions and their vector-Jacobian product."""
    weight = weights_of(estimator, X, y, sample_weight)
    A, T = _with_intercept(estimator, X), _with_intercept(estimator, X_test)
    (w,) = _augmented(estimator, np.atleast_2d(estimator.coef_))
    residual = np.asarray(y, dtype=np.float64) - estimator.predict(X)
    active = 2 * estimator.C * weight * (np.abs(residual) > estimator.epsilon)
    curvature = Curvature(A, active, 1.0, fit_intercept=False)
    in_epsilon = np.asarray(A.T @ (active * np.sign(residual))).ravel()  # the slope of F

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        q = curvature.solve(np.asarray(T.T @ u).ravel())
        return {
            "C": float(q @ w) / estimator.C,
            "epsilon": -float(q @ in_epsilon),
            COLUMNS: 2 * (w * q)[: X.shape[1]],
        }

    return Differentiated(np.asarray(estimator.predict(X_test), dtype=np.float64), vjp)


def _with_intercept(estimator: Any, X: Any) -> Any:
    """Return X with liblinear's constant column."""
    if not estimator.fit_intercept:
        return X
    column = np.full((X.shape[0], 1), float(estimator.intercept_scaling))
    return sparse.hstack([X, column], format="csr") if sparse.issparse(X) else np.hstack([X, column])


def _augmented(estimator: Any, coef: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights, shape (k, p), with that of the constant column."""
    if not estimator.fit_intercept:
        return coef
    intercept = np.reshape(estimator.intercept_, (-1, 1)) / estimator.intercept_scaling
    return np.hstack([coef, intercept])


def refuse_svc(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.loss != "squared_hinge" or estimator.penalty != "l2" or estimator.multi_class != "ovr":
        return (
            f'it needs loss="squared_hinge", penalty="l2" and multi_class="ovr", got loss={estimator.loss!r}, '
            f"penalty={estimator.penalty!r}, multi_class={estimator.multi_class!r}. Set these."
        )
    return None


def refuse_svr(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.loss != "squared_epsilon_insensitive":
        return f'it needs loss="squared_epsilon_insensitive", got loss={estimator.loss!r}. Set it, or use SVR.'
    return None


register_hypergradient(
    LinearSVC, differentiate_svc, parameters=("C",), loss="smoothed_hinge", refuse=refuse_svc, has_columns=True
)
register_hypergradient(LinearSVR, differentiate_svr, parameters=("C", "epsilon"), refuse=refuse_svr, has_columns=True)
