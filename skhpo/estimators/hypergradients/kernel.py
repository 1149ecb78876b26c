"""Kernels and their slopes in the width, one for all columns or one for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.metrics.pairwise import euclidean_distances

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Kernel:
    """A linear kernel, or a Gaussian one, ``exp(-gamma |x - x'|^2)``.

    Parameters
    ----------
    name : {"linear", "rbf"}
        Which.
    gamma : float
        Width of the Gaussian.
    """

    def __init__(self, name: str, gamma: float) -> None:
        self.name, self.gamma = name, gamma

    def __call__(self, A: Any, B: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the kernel of the rows of A and B, shape (a, b), and its slope in gamma."""
        if self.name == "linear":
            K = A @ B.T
            K = np.asarray(K.toarray() if sparse.issparse(K) else K)
            return K, np.zeros_like(K)
        squares = _squared_distances(A, B)
        K = squares * -self.gamma
        np.exp(K, out=K)
        squares *= K
        return K, np.negative(squares, out=squares)

    def in_columns(self, M: NDArray[np.float64], K: NDArray[np.float64], A: Any, B: Any) -> NDArray[np.float64]:
        """Return the slopes of ``(M * K).sum()`` in the logarithms of the columns' scales, shape (p,).

        Of the Gaussian that is ``-2 gamma sum_ij M_ij K_ij (a_ic - b_jc)^2`` for column c, without an array of (a, b,
        p) numbers.
        """
        if self.name == "linear":
            return 2 * _weighted(M, A, B)
        N = M * K
        squares = _square(A).T @ N.sum(axis=1) + _square(B).T @ N.sum(axis=0)
        return -2 * self.gamma * (np.asarray(squares).ravel() - 2 * _weighted(N, A, B))


def _squared_distances(A: Any, B: Any) -> NDArray[np.float64]:
    """Return what scikit-learn's `euclidean_distances` squares to; of arrays without its checks, which take longer."""
    if sparse.issparse(A):
        return np.asarray(euclidean_distances(A, B, squared=True))
    squares: NDArray[np.float64] = A @ (-2 * B.T)
    squares += np.einsum("ij,ij->i", A, A)[:, None]
    squares += np.einsum("ij,ij->i", B, B)
    np.maximum(squares, 0, out=squares)
    if A is B:
        np.fill_diagonal(squares, 0)
    return squares


def _square(A: Any) -> Any:
    return A.multiply(A).tocsr() if sparse.issparse(A) else A * A


def _weighted(N: NDArray[np.float64], A: Any, B: Any) -> NDArray[np.float64]:
    """Return ``sum_ij N_ij a_ic b_jc`` for each column c."""
    if sparse.issparse(A):
        A, B = A.toarray(), B.toarray()
    return np.asarray(np.sum(A * (N @ B), axis=0))
