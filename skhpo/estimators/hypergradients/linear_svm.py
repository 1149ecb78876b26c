"""LinearSVC and LinearSVR: ``w^2 / 2 + C sum_i s_i loss_i``, with squared losses, or of LinearSVR absolute ones.

The intercept is penalised too: it is the weight of a constant column.

Squared losses have a curvature. Absolute ones have edges: samples E whose residual is as large as epsilon hold the
weights on ``A_E w = y_E - sign_E epsilon``, and the others pull with a constant force c = C sum_i s_i sign_i a_i. So w
is A_E^+ (y_E - sign_E epsilon) + P c, with P the projection onto the weights that E leaves free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, sparse
from scipy.optimize import lsq_linear
from sklearn.svm import LinearSVC, LinearSVR

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.curvature import Curvature

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FREE = 1e-3  # of its whole force, that a sample on an edge stays away from none and all of it
_EDGE_TOL = 1e-12


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
    if estimator.loss == "epsilon_insensitive":
        return _differentiate_edges(estimator, X, y, X_test, sample_weight)
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


def _differentiate_edges(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any) -> Differentiated:
    """Return the same for absolute losses."""
    force = estimator.C * weights_of(estimator, X, y, sample_weight)
    A, T = _with_intercept(estimator, X), _with_intercept(estimator, X_test)
    (w,) = _augmented(estimator, np.atleast_2d(estimator.coef_))
    residual = np.asarray(y, dtype=np.float64) - estimator.predict(X)
    E = _edges(A, w, residual, estimator.epsilon, force)
    A_E, sign = A[E], np.sign(residual[E])
    inverse = linalg.pinvh(_dense(A_E @ A_E.T)) if len(E) else np.zeros((0, 0))  # scipy 1.11 refuses an empty matrix

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        g = np.asarray(T.T @ u).ravel()
        v = inverse @ np.asarray(A_E @ g).ravel()
        q = g - np.asarray(A_E.T @ v).ravel()  # P g
        return {
            "C": float(q @ w) / estimator.C,
            "epsilon": -float(v @ sign),
            COLUMNS: 2 * (w * q)[: X.shape[1]],
        }

    return Differentiated(np.asarray(estimator.predict(X_test), dtype=np.float64), vjp)


def _edges(
    A: Any, w: NDArray[np.float64], residual: NDArray[np.float64], epsilon: float, force: NDArray[np.float64]
) -> NDArray[np.intp]:
    """Return the samples on the edges: those that pull with less than their whole force.

    liblinear does not tell the forces, and stops before residuals on an edge are exactly epsilon. There are no more
    edges than weights, in general. So as many of the nearest samples are asked which forces make up the weights.
    """
    is_outside = np.abs(residual) > epsilon
    near = np.argsort(np.abs(np.abs(residual) - epsilon))[: len(w)]
    near = near[force[near] > 0]
    pull = np.where(is_outside, force * np.sign(residual), 0.0)
    pull[near] = 0.0
    signed = _dense(A[near] @ A[near].T) * np.outer(np.sign(residual[near]), np.sign(residual[near]))
    right = np.sign(residual[near]) * np.asarray(A[near] @ (w - np.asarray(A.T @ pull).ravel())).ravel()
    scale = force[near]
    share = lsq_linear(signed * scale, right, bounds=(0.0, 1.0), method="bvls", tol=_EDGE_TOL).x if len(near) else scale
    return near[(share > _FREE) & (share < 1 - _FREE)]


def _dense(product: Any) -> NDArray[np.float64]:
    return np.asarray(product.toarray() if sparse.issparse(product) else product, dtype=np.float64)


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


register_hypergradient(
    LinearSVC, differentiate_svc, parameters=("C",), loss="smoothed_hinge", refuse=refuse_svc, has_columns=True
)
register_hypergradient(LinearSVR, differentiate_svr, parameters=("C", "epsilon"), has_columns=True)
