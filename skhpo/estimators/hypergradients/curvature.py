"""Solves with the second derivative of a penalised linear model: factorised once, never with a dense copy of sparse X.

Notation: X (n, p) data, d (n,) curvature of the loss of each sample, l the penalty, b an unpenalised intercept.
The matrix is ``[[X' D X + l I, X' d], [d' X, sum(d)]]``. Eliminating the intercept centres X with weights d.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator

from skhpo.estimators.hypergradients.solve import conjugate_gradients

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_LARGEST = 3000  # rows of a matrix that is factorised; beyond it conjugate gradients are faster
_RTOL = 1e-10


class Curvature:
    """Solves the system for any right side.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n, p)
        Data.
    d : ndarray of shape (n,)
        Curvature of each sample's loss.
    penalty : float
        What is added to the diagonal.
    fit_intercept : bool
        Whether there is an intercept.
    """

    def __init__(self, X: Any, d: NDArray[np.float64], penalty: float, *, fit_intercept: bool) -> None:
        used = d != 0
        self.X = X if used.all() else X[used]
        self.d = d[used]
        self.penalty = penalty
        self.fit_intercept = fit_intercept
        self._total = float(self.d.sum())
        self._mean = np.asarray(self.X.T @ self.d).ravel() / self._total if fit_intercept and self._total else None
        self._solve = self._factorised()

    def solve(self, g: NDArray[np.float64], g_intercept: float = 0.0) -> NDArray[np.float64]:
        """Return the part of the solution that belongs to the weights, shape (p,).

        Parameters
        ----------
        g : ndarray of shape (p,)
            Right side.
        g_intercept : float
            Its entry for the intercept.
        """
        return self._solve(g - self._mean * g_intercept if self._mean is not None else g)

    def _factorised(self) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        n, p = self.X.shape
        if p <= min(_LARGEST, 2 * n) or (self.penalty == 0 and p <= _LARGEST):
            return _solver(self._gram())
        if n <= _LARGEST and self.penalty > 0 and (self.d > 0).all():
            return self._by_samples()
        operator = LinearOperator((p, p), matvec=self._times, dtype=np.float64)
        return lambda g: conjugate_gradients(operator, g, rtol=_RTOL, maxiter=10 * p)

    def _gram(self) -> NDArray[np.float64]:
        """Return the matrix itself, shape (p, p)."""
        scaled = self.X.multiply(self.d[:, None]).tocsr() if sparse.issparse(self.X) else self.X * self.d[:, None]
        product = self.X.T @ scaled
        gram = np.asarray(product.toarray() if sparse.issparse(product) else product, dtype=np.float64)
        if self._mean is not None:
            gram = gram - self._total * np.outer(self._mean, self._mean)
        gram[np.diag_indices_from(gram)] += self.penalty
        return gram

    def _by_samples(self) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        """Return the solver for more columns than rows: Woodbury's identity, with a matrix of shape (n, n)."""
        product = self.X @ self.X.T
        K = np.asarray(product.toarray() if sparse.issparse(product) else product, dtype=np.float64)
        if self._mean is not None:
            m = np.asarray(self.X @ self._mean).ravel()
            K = K - m[:, None] - m[None, :] + self._mean @ self._mean
        root = np.sqrt(self.d)
        K = K * np.outer(root, root)
        K[np.diag_indices_from(K)] += self.penalty
        solve = _solver(K)
        return lambda g: (g - self._adjoint(root * solve(root * self._forward(g)))) / self.penalty

    def _forward(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the centred data times v."""
        product = np.asarray(self.X @ v).ravel()
        return product if self._mean is None else product - self._mean @ v

    def _adjoint(self, r: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the transpose of the centred data times r."""
        product = np.asarray(self.X.T @ r).ravel()
        return product if self._mean is None else product - self._mean * r.sum()

    def _times(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        v = v.ravel()
        return self._adjoint(self.d * self._forward(v)) + self.penalty * v


def _solver(matrix: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Return what solves with a symmetric matrix; of a singular one by least squares."""
    if not len(matrix):
        return np.zeros_like
    try:
        factor = linalg.cho_factor(matrix)
    except linalg.LinAlgError:
        pseudo_inverse = linalg.pinvh(matrix)
        return lambda g: pseudo_inverse @ g
    return lambda g: linalg.cho_solve(factor, g)
