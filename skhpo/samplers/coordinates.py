"""The coordinates of a descent: those of the space, and for a share the logarithm of its odds.

An elastic net with an ``l1_ratio`` of 0.99 has a tenth of the ridge penalty of one of 0.9. On a linear scale a descent
takes many steps to go there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from skhpo.space import Space

_LEAST = 2e-3  # of a share, from 0 and from 1: the odds of these are infinite


class Coordinates:
    """Maps points of a descent, in [0, 1], to points of the unit cube of a space and back; both increase together.

    Parameters
    ----------
    space : Space
        What is searched.
    shares : collection of str
        Parameters that are shares.

    Examples
    --------
    >>> from skhpo.space import Float, Space
    >>> coordinates = Coordinates(Space({"l1_ratio": Float(0.0, 1.0)}), ["l1_ratio"])
    >>> coordinates.in_space(np.array([0.9])).round(3)
    array([0.995])
    """

    def __init__(self, space: Space, shares: Collection[str]) -> None:
        ends = np.array(
            [list(map(float, dimension.decode(np.array([0.0, 1.0])))) for dimension in space.dimensions]
        ).reshape(-1, 2)
        self._low, self._high = ends[:, 0], ends[:, 1]
        is_linear = np.array([_is_linear(space, j) for j in range(space.n_columns)], dtype=bool)
        is_named = np.array([name in shares for name in space.names], dtype=bool)
        first, last = (logit(np.clip(end, _LEAST, 1 - _LEAST)) for end in (self._low, self._high))
        self._is_share = is_named & is_linear & (self._low >= 0) & (self._high <= 1) & (first < last)
        self._first, self._last = np.where(self._is_share, [first, last], [[0.0], [1.0]])

    def in_space(self, v: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points of the cube of the space; both have shape (..., d)."""
        start, end = expit(self._first), expit(self._last)
        u = (expit(self._first + v * (self._last - self._first)) - start) / (end - start)
        return np.where(self._is_share, np.clip(u, 0.0, 1.0), v)

    def of_space(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the points of a descent that lie at points of the cube; both have shape (..., d)."""
        start, end = expit(self._first), expit(self._last)
        odds = logit(np.clip(start + u * (end - start), start, end))
        return np.where(self._is_share, np.clip((odds - self._first) / (self._last - self._first), 0.0, 1.0), u)


def _is_linear(space: Space, j: int) -> bool:
    first, middle, last = map(float, space.dimensions[j].decode(np.array([0.0, 0.5, 1.0])))
    return abs(first + last - 2 * middle) <= 1e-9 * abs(last - first)
