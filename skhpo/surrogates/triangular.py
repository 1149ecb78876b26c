"""The inverse of a triangular matrix, by halves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dtrtri

if TYPE_CHECKING:
    from skhpo.surrogates.kernel import Array

_MOST: Final = 96  # rows for which LAPACK's own is as fast


def lower_inverse(L: Array) -> Array:
    """Inverse of a lower triangular matrix of shape (n, n); what is above its diagonal does not matter.

    ::

        [[A, 0], [B, C]]^-1 = [[A^-1, 0], [-C^-1 B A^-1, C^-1]]

    so that most of it are products, in less than half the time of LAPACK's ``dtrtri`` for 500 rows.
    """
    inverse = np.zeros(L.shape, order="F")
    _invert(L, inverse)
    return inverse


def _invert(L: Array, inverse: Array) -> None:
    n = len(L)
    if n <= _MOST:
        inverse[:] = np.tril(dtrtri(L, lower=1)[0])
        return
    h = n // 2
    A, C = inverse[:h, :h], inverse[h:, h:]
    _invert(L[:h, :h], A)
    _invert(L[h:, h:], C)
    inverse[h:, :h] = dtrmm(-1.0, C, dtrmm(1.0, A, L[h:, :h], side=1, lower=1), lower=1)
