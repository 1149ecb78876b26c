r"""Covariance of two configurations: a Matérn function of one distance over numbers and categories.

Notation
--------
::

    n, m       numbers of points
    d          number of columns of the unit cube, one per parameter
    X, Z       (n, d), (m, d)   points, canonical: numbers snapped, categories as codes, inactive columns at 1/2
    l          (d,)             lengthscales
    S          (d, n, n)        squared differences per column: (x_j - x'_j)^2, or 1[x_j != x'_j] for a category
    r2         (n, n)           r^2 = sum_j S_j / l_j^2                                                     (1)
    M          (n, n)           Matérn function of r; M(0) = 1                                            (2, 3)

Equations
---------
(1) The Hamming distance of categories is half the squared Euclidean distance of their one-hot vectors, so r is a
    Euclidean distance and M is positive definite (as in Optuna's Gaussian process and in Vizier's
    `FeatureScaledWithCategorical`).  One lengthscale per parameter, not one per category.

(2) nu = 5/2:  M = (1 + sqrt5 r + 5 r^2/3) exp(-sqrt5 r),   dM/dr^2 = -5/6 (1 + sqrt5 r) exp(-sqrt5 r)

(3) nu = 3/2:  M = (1 + sqrt3 r) exp(-sqrt3 r),             dM/dr^2 = -3/2 exp(-sqrt3 r)

The slope in r^2 is finite at r = 0, unlike the one in r: gradients need no special case on the diagonal.

Conditional parameters need no case either.  A column that is inactive holds 1/2, so two points in which it is inactive
do not differ by it, and one in which it is active is (x_j - 1/2)^2 away: the exact Euclidean embedding of the space's
tree with imputation at the middle.  That the parameter is *absent* is told by the column of its parent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Array: TypeAlias = NDArray[np.float64]

# Numbers that are worked on at a time: a quarter of a megabyte and as much again stay in a core's cache, where whole
# matrices would be fetched from memory for each of a dozen operations.
_N_IN_CACHE = 2**15


def column_distances(X: Array, is_categorical: NDArray[np.bool_]) -> Array:
    """Squared differences S per column, shape (d, n, n)."""
    columns = X.T
    difference = columns[:, :, None] - columns[:, None, :]
    S = difference * difference
    S[is_categorical] = S[is_categorical] > 0
    return np.ascontiguousarray(S)


def matern(r2: Array, nu: float) -> tuple[Array, Array]:
    """Matérn function and its slope in r^2, equations (2) and (3), each of the shape of ``r2``."""
    root = np.sqrt(2 * nu * r2)
    decay = np.exp(-root)
    if nu == 1.5:
        return (1 + root) * decay, -1.5 * decay
    return (1 + root + root * root / 3) * decay, (-5 / 6) * (1 + root) * decay


def matern_in_place(r2: Array, nu: float) -> None:
    """Replace squared distances by the Matérn function, to the bit that of `matern`, without its temporary arrays."""
    root = np.sqrt(2 * nu * r2)
    np.exp(np.negative(root, out=r2), out=r2)
    if nu == 1.5:
        root += 1
    else:
        third = root * root
        third /= 3
        root += 1
        root += third
    r2 *= root


class Distances:
    """Squared distances r^2 to fixed points, as one matrix product.

    Every point becomes a row: numbers divided by their lengthscales, and one column of 1/(l sqrt2) per category that
    occurs in ``X``; then r^2 = |a|^2 + |b|^2 - 2 a.b.  A category that does not occur in ``X`` has no column, and
    still counts its 1/(2 l^2) in |b|^2, which makes it 1/l^2 away from all of ``X``, as it should be.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    is_categorical : ndarray of bool of shape (d,)
    lengthscales : ndarray of shape (d,)
    """

    def __init__(self, X: Array, is_categorical: NDArray[np.bool_], lengthscales: Array) -> None:
        self._is_number = ~is_categorical
        self._weights = 1 / lengthscales
        self._codes: Sequence[tuple[int, Array]] = [
            (int(j), np.unique(X[:, j])) for j in np.flatnonzero(is_categorical)
        ]
        self._norm_of_categories = 0.5 * float((self._weights[is_categorical] ** 2).sum())
        self._rows, self._norms = self._embed(X)

    def __call__(self, Z: Array) -> Array:
        """Squared distances of shape (m, n) from points Z of shape (m, d)."""
        r2, norms = self._products(Z)
        self._complete(r2, norms)
        return r2

    def covariance(self, Z: Array, nu: float, signal: float, constant: float) -> Array:
        """Return ``signal`` times the Matérn function plus a constant, shape (m, n); Z of shape (m, d)."""
        K, norms = self._products(Z)
        n_rows = max(1, _N_IN_CACHE // max(1, K.shape[1]))
        for start in range(0, len(K), n_rows):
            part = K[start : start + n_rows]
            self._complete(part, norms[start : start + n_rows])
            matern_in_place(part, nu)
            part *= signal
            part += constant
        return K

    def _products(self, Z: Array) -> tuple[Array, Array]:
        """Return -2 a.b of shape (m, n), and |a|^2 of shape (m,)."""
        rows, norms = self._embed(Z)
        products: Array = rows @ (-2 * self._rows.T)
        return products, norms

    def _complete(self, products: Array, norms: Array) -> None:
        """Make squared distances of rows of products."""
        products += norms[:, None]
        products += self._norms
        np.maximum(products, 0, out=products)  # rounding can leave -1e-16 where two points are the same

    def _embed(self, Z: Array) -> tuple[Array, Array]:
        numbers = Z[:, self._is_number] * self._weights[self._is_number]
        norms = np.einsum("ij,ij->i", numbers, numbers) + self._norm_of_categories
        hot = [(Z[:, j, None] == codes) * (self._weights[j] / np.sqrt(2)) for j, codes in self._codes]
        return np.hstack([numbers, *hot]), norms
