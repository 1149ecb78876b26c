"""SVC and SVR, on the free support vectors; SVC of more than two classes is one problem for each pair of them.

Notation: f(x) = sum_i beta_i k(x_i, x) + b. Free support vectors F have 0 < |beta| < C_i, and f(x_F) = t_F there: the
label of SVC, ``y - sign(beta) epsilon`` of SVR. Bounded ones B have beta = sign(beta) C_i. While neither set changes::

    [K_FF 1; 1' 0] [dbeta_F; db] = [dt_F - K_FB dbeta_B - dK_F beta; -1' dbeta_B]

Where no support vector is free, as for a very small C, b lies anywhere in an interval; its slope is then taken as zero.
"""

from __future__ import annotations

from itertools import combinations
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy import linalg, sparse
from sklearn.svm import SVC, SVR

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FREE = 1e-6  # of its bound, that a coefficient of a free support vector stays away from both ends


class _Adjoint(NamedTuple):
    """Slopes of the sum of ``u * z`` for one problem.

    Parameters
    ----------
    q : ndarray of shape (n_support,)
        Solution of the saddle system; zero for bounded support vectors.
    in_strength, in_epsilon : float
        Slopes in C and epsilon.
    """

    q: NDArray[np.float64]
    in_strength: float
    in_epsilon: float


class _Saddle:
    """The system of the free support vectors of one problem.

    Parameters
    ----------
    K : ndarray of shape (n_support, n_support)
        Kernel of the support vectors.
    K_test : ndarray of shape (n_test, n_support)
        Kernel of test samples and support vectors.
    beta : ndarray of shape (n_support,)
        Coefficients; zero for support vectors of other problems.
    bound : ndarray of shape (n_support,)
        Their bounds for C = 1.
    C : float
        Factor of the bounds.
    """

    def __init__(
        self,
        K: NDArray[np.float64],
        K_test: NDArray[np.float64],
        beta: NDArray[np.float64],
        bound: NDArray[np.float64],
        C: float,
    ) -> None:
        self.beta, self.bound = beta, bound
        is_free = (beta != 0) & (np.abs(beta) < C * bound * (1 - _FREE))
        self.F, self.B = np.flatnonzero(is_free), np.flatnonzero((beta != 0) & ~is_free)
        saddle = np.ones((len(self.F) + 1, len(self.F) + 1))
        saddle[-1, -1] = 0.0
        saddle[:-1, :-1] = K[np.ix_(self.F, self.F)]
        self.inverse = linalg.pinvh(saddle)  # with no free ones, or equal ones, it is singular
        self.K_FB, self.K_test = K[np.ix_(self.F, self.B)], K_test

    def adjoint(self, u: NDArray[np.float64]) -> _Adjoint:
        """Solve for the slope u of the loss in the decisions, shape (n_test,)."""
        F, B, sign = self.F, self.B, np.sign(self.beta)
        solution = self.inverse @ np.concatenate([self.K_test[:, F].T @ u, [u.sum()]])
        q_F, r = solution[:-1], solution[-1]
        in_bounded = self.K_test[:, B].T @ u - self.K_FB.T @ q_F - r
        q = np.zeros(len(self.beta))
        q[F] = q_F
        return _Adjoint(q, float(in_bounded @ (sign[B] * self.bound[B])), -float(q_F @ sign[F]))


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return decisions or predictions, and their vector-Jacobian product; of more than two classes for each pair."""
    V = X[estimator.support_]
    bound = weights_of(estimator, X, y, sample_weight)[estimator.support_]  # for C = 1
    gamma, gamma_in_columns = _gamma(estimator, X)
    kernel = Kernel(estimator.kernel, gamma)
    (K, slope), (K_test, slope_test) = kernel(V, V), kernel(X_test, V)
    betas = _coefficients(estimator)  # (n_problems, n_support)
    problems = [_Saddle(K, K_test, beta, bound, float(estimator.C)) for beta in betas]

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        U = u.reshape(len(u), -1)
        found = [problem.adjoint(v) for problem, v in zip(problems, U.T, strict=True)]
        q = np.array([one.q for one in found]).T
        in_gamma = float(np.sum(U * (slope_test @ betas.T)) - np.sum(q * (slope @ betas.T)))

        def in_columns() -> NDArray[np.float64]:
            M_test, M = U @ betas, q @ betas
            direct = kernel.in_columns(M_test, K_test, X_test, V) - kernel.in_columns(M, K, V, V)
            return direct + in_gamma * gamma_in_columns

        return {
            "C": sum(one.in_strength for one in found),
            "epsilon": sum(one.in_epsilon for one in found),
            "gamma": in_gamma,
            COLUMNS: in_columns,
        }

    z = K_test @ betas.T + estimator.intercept_  # decision_function counts votes by default, which are steps
    return Differentiated(z, vjp, is_of_pairs=True) if len(betas) > 1 else Differentiated(z[:, 0], vjp)


def _coefficients(estimator: Any) -> NDArray[np.float64]:
    """Return the coefficients of each problem, shape (n_problems, n_support).

    scikit-learn has them by class: row j - 1 of class i, and row i of class j, are those of the pair i < j.
    """
    dual = estimator.dual_coef_
    dual = np.asarray(dual.toarray() if sparse.issparse(dual) else dual)
    if len(dual) == 1:
        return dual
    ends = np.cumsum(estimator.n_support_)
    rows = [slice(end - n, end) for n, end in zip(estimator.n_support_, ends, strict=True)]
    pairs = list(combinations(range(len(rows)), 2))
    betas = np.zeros((len(pairs), dual.shape[1]))
    for beta, (i, j) in zip(betas, pairs, strict=True):
        beta[rows[i]], beta[rows[j]] = dual[j - 1, rows[i]], dual[i, rows[j]]
    return betas


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
