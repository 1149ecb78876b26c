"""The cells of numbers in the unit interval, at distances that follow their differences or their ratios."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Steps that differ more than this on both scales say nothing about a distance: ranks do better, and no value gets a
# cell so thin that it is never drawn, as 0 in [0, 1, 1000] would.
_MOST_UNEVEN = 4.0


class Cells(NamedTuple):
    """Where the cells of n numbers end, shape (n - 1,), and where the numbers stand, shape (n,)."""

    ends: NDArray[np.float64]
    centers: NDArray[np.float64]


def cells_of(x: NDArray[np.float64]) -> Cells:
    """Return the cells of increasing numbers, shape (n,): each ends midway between two neighbours.

    The first begins, and the last ends, half a step beyond its number.
    """
    places = _even_places(x)
    middles = (places[1:] + places[:-1]) / 2
    low, high = places[0] - (middles[0] - places[0]), places[-1] + (places[-1] - middles[-1])
    return Cells((middles - low) / (high - low), (places - low) / (high - low))


def _even_places(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return increasing numbers, shape (n,), on the scale on which they are most even: their own, log, or ranks."""
    logs = np.log(x) if x[0] > 0 else x
    places = x if _unevenness(x) <= _unevenness(logs) else logs
    return places if _unevenness(places) <= _MOST_UNEVEN else np.arange(len(x), dtype=np.float64)


def _unevenness(x: NDArray[np.float64]) -> float:
    with np.errstate(over="ignore"):
        steps = np.diff(x)
    smallest, largest = float(steps.min()), float(steps.max())
    return largest / smallest if smallest > 0 and largest < math.inf else math.inf
