"""SVC of two classes and SVR, on the free support vectors.

Notation: f(x) = sum_i beta_i k(x_i, x) + b. Free support vectors F have 0 < |beta| < C_i, and f(x_F) = t_F there: the
label of SVC, ``y - sign(beta) epsilon`` of SVR. Bounded ones B have beta = sign(beta) C_i. While neither set changes::

    [K_FF 1; 1' 0] [dbeta_F; db] = [dt_F - K_FB dbeta_B - dK_F beta; -1' dbeta_B]

Where no support vector is free, as for a very small C, b lies anywhere in an interval; its slope is then taken as zero.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, sparse
from sklearn.svm import SVC, SVR

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FREE = 1e-6  # of its bound, that a coefficient of a free support vector stays away from both ends


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return ``decision_function`` or predictions, and their vector-Jacobian product."""
    V = X[estimator.support_]
    dual = estimator.dual_coef_
    beta = np.asarray(dual.toarray() if sparse.issparse(dual) else dual).ravel()
    bound = weights_of(estimator, X, y, sample_weight)[estimator.support_]  # for C = 1
    gamma, gamma_in_columns = _gamma(estimator, X)
    kernel = Kernel(estimator.kernel, gamma)
    (K, slope), (K_test, slope_test) = kernel(V, V), kernel(X_test, V)
    is_free = np.abs(beta) < estimator.C * bound * (1 - _FREE)
    F, B = np.flatnonzero(is_free), np.flatnonzero(~is_free)
    sign = np.sign(beta)
    saddle = np.ones((len(F) + 1, len(F) + 1))
    saddle[-1, -1] = 0.0
    saddle[:-1, :-1] = K[np.ix_(F, F)]
    inverse = linalg.pinvh(saddle)  # with no free ones, or equal ones, it is singular

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        solution = inverse @ np.concatenate([K_test[:, F].T @ u, [u.sum()]])
        q, r = solution[:-1], solution[-1]
        in_bounded = K_test[:, B].T @ u - K[np.ix_(F, B)].T @ q - r
        full = np.zeros(len(beta))
        full[F] = q
        M_test, M = np.outer(u, beta), np.outer(full, beta)
        in_gamma = float(np.sum(M_test * slope_test) - np.sum(M * slope))

        def in_columns() -> NDArray[np.float64]:
            direct = kernel.in_columns(M_test, K_test, X_test, V) - kernel.in_columns(M, K, V, V)
            return direct + in_gamma * gamma_in_columns

        return {
            "C": float(in_bounded @ (sign[B] * bound[B])),
            "epsilon": -float(q @ sign[F]),
            "gamma": in_gamma,
            COLUMNS: in_columns,
        }

    predict = estimator.predict if isinstance(estimator, SVR) else estimator.decision_function
    return Differentiated(np.asarray(predict(X_test), dtype=np.float64), vjp)


def _gamma(estimator: Any, X: Any) -> tuple[float, NDArray[np.float64]]:
    """Return the width, and its slopes in the logarithms of the columns' scales, shape (p,), of which it may depend."""
    n, p = X.shape
    if isinstance(estimator.gamma, Real):
        return float(estimator.gamma), np.zeros(p)
    if estimator.gamma == "auto":
        return 1 / p, np.zeros(p)
    sums = np.asarray(X.sum(axis=0)).ravel()
    squares = np.asarray((X.multiply(X) if sparse.issparse(X) else X * X).sum(axis=0)).ravel()
    mean = float(sums.sum()) / (n * p)
    variance = float(squares.sum()) / (n * p) - mean**2
    if variance <= 0:
        return 1.0, np.zeros(p)
    gamma = 1 / (p * variance)
    return gamma, -gamma / variance * 2 * (squares - mean * sums) / (n * p)


def refuse(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.kernel not in {"linear", "rbf"}:
        return f'kernel needs to be "linear" or "rbf", got {estimator.kernel!r}. Use BayesSearchCV for others.'
    return None


register_hypergradient(
    SVC, differentiate, parameters=("C", "gamma"), loss="smoothed_hinge", refuse=refuse, has_columns=True
)
register_hypergradient(SVR, differentiate, parameters=("C", "epsilon", "gamma"), refuse=refuse, has_columns=True)
