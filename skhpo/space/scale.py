"""Scale (log or linear) and ends of a numeric dimension, whatever it is made of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from skhpo.space.dimension import Dimension

_LONG_TAIL = 0.5
"""Where the outermost hundredth of a distribution is wider than this share of the rest, it has a tail and no end."""


def is_log(dimension: Dimension) -> bool:
    """Whether the middle of numbers is nearer to the geometric mean of their ends than to the arithmetic one.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from skhpo.space import Float, Space
    >>> space = Space({"a": Float(1, 9), "b": loguniform(1, 9), "c": [1, 10, 100]})
    >>> {name: is_log(dimension) for name, dimension in sorted(space.parameters.items())}
    {'a': False, 'b': True, 'c': True}
    """
    low, middle, high = map(float, dimension.decode(np.array([0.05, 0.5, 0.95])))
    if not 0 < low < middle < high:
        return False
    return abs(math.log(middle / math.sqrt(low * high))) < abs(math.log(middle / ((low + high) / 2)))


def ends(dimension: Dimension) -> tuple[float | None, float | None]:
    """Return the smallest and the largest number; None for a tail.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from skhpo.space import Float, Space
    >>> ends(Float(0, 1)), ends(Space({"a": norm()}).parameters["a"])
    ((0.0, 1.0), (None, None))
    """
    values = list(map(float, dimension.decode(np.array([0.0, 0.01, 0.99, 1.0]))))
    with np.errstate(divide="ignore"):  # a log scale never reaches 0
        lowest, low, high, highest = np.log(values) if is_log(dimension) else values
    width = _LONG_TAIL * (high - low)
    return (
        None if low - lowest > width else values[0],
        None if highest - high > width else values[3],
    )


def likely_ends(dimension: Dimension) -> tuple[float, float]:
    """Return the smallest and the largest number, of a tail the outermost percentile."""
    low, high = ends(dimension)
    first, last = map(float, dimension.decode(np.array([0.01, 0.99])))
    return first if low is None else low, last if high is None else high
