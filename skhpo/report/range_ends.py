"""Which best values lie at the end of what could be tried."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.report.bounds import Bounds, bounds_of
from skhpo.space.dimension import Discrete, OutsideError
from skhpo.space.scale import ends, is_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skhpo.history import Params
    from skhpo.report.fitted import Fitted
    from skhpo.space import Dimension

_AT_END = 0.01
"""A number that is this near to an end, as a share of the range on its own scale, is at the end."""

_FEWEST_LEVELS = 3
"""Of two listed numbers each is at an end, which says nothing."""


class AtEnd(NamedTuple):
    """A parameter whose best value lies at an end of its range.

    Parameters
    ----------
    name : str
        The parameter.
    value : float
        Its best value.
    end : {"lower", "upper"}
        Which end.
    low, high : float or None
        The range; None where there is no end.
    is_log : bool
        Whether it is on a log scale.
    suggestion : float or None
        An end to try next: a decade further on a log scale of two or more, half the range further on a linear one, but
        no further than the parameter can be. None where that would change the sign of the numbers.
    """

    name: str
    value: float
    end: str
    low: float | None
    high: float | None
    is_log: bool
    suggestion: float | None


def at_ends(trials: Fitted, params: Params, estimator: Any = None) -> list[AtEnd]:
    """Return the numbers of a trial that lie at an end of what could be tried, and could lie beyond.

    Parameters
    ----------
    trials : Fitted
        What was tried.
    params : dict
        The trial's.
    estimator : estimator or None
        Whose parameters they are: what these can be is no advice to pass.
    """
    found = []
    for name, value, dimension in ranges(trials, params):
        bounds = bounds_of(estimator, name, params, value)
        found += [end for each in _at_end(name, value, dimension) for end in _within(each, bounds)]
    return found


def _within(found: AtEnd, bounds: Bounds) -> list[AtEnd]:
    """Return the advice with its suggestion inside of what the parameter can be; none where nothing is beyond."""
    is_lower = found.end == "lower"
    end, bound, is_closed = (
        (found.low, bounds.low, bounds.has_low) if is_lower else (found.high, bounds.high, bounds.has_high)
    )
    if end is None or math.isinf(bound):
        return [found]
    if bound >= end if is_lower else bound <= end:
        return []
    wanted = found.suggestion
    if wanted is not None and (wanted > bound if is_lower else wanted < bound):
        return [found]
    if is_closed:
        return [found._replace(suggestion=bound)]
    return [found._replace(suggestion=None if wanted is None else float(f"{(end + bound) / 2:.3g}"))]


def ranges(trials: Fitted, params: Params) -> Iterator[tuple[str, float, Dimension]]:
    """Yield the numbers of a trial that could lie at an end, as names, values and domains."""
    for name, value in params.items() if trials.is_space_known else ():
        dimensions = [dimension for dimension in trials.dimensions(name) if _holds(dimension, value)]
        if dimensions and not dimensions[0].is_categorical and dimensions[0].n_choices >= _FEWEST_LEVELS:
            yield name, float(value), dimensions[0]


def _holds(dimension: Dimension, value: Any) -> bool:
    try:
        dimension.canonical(value)
    except OutsideError:
        return False
    return True


def _at_end(name: str, value: float, dimension: Dimension) -> list[AtEnd]:
    low, high = ends(dimension)
    on_log = is_log(dimension)
    scaled = [None if x is None else math.log(x) if on_log and x > 0 else x for x in (low, high)]
    first, last = map(float, dimension.decode(np.array([0.25, 0.75])))
    place, width = (math.log(value), 2 * math.log(last / first)) if on_log else (value, 2 * (last - first))
    near = 1e-9 if isinstance(dimension, Discrete) else _AT_END  # of listed and whole numbers only the last is the last
    slack = near * width
    sides = []
    if scaled[0] is not None and place <= scaled[0] + slack:
        sides.append("lower")
    if scaled[1] is not None and place >= scaled[1] - slack:
        sides.append("upper")
    is_whole = isinstance(dimension.decode(np.array([0.5]))[0], int)
    return [
        AtEnd(name, value, side, low, high, on_log, _next_end(side, low, high, is_log=on_log, is_whole=is_whole))
        for side in sides
    ]


def _next_end(side: str, low: float | None, high: float | None, *, is_log: bool, is_whole: bool) -> float | None:
    """Return an end to try next."""
    if low is None or high is None:
        return None
    if is_log:
        factor = 10.0 if high >= 100 * low else math.sqrt(high / low)
        found = low / factor if side == "lower" else high * factor
    else:
        step = (high - low) / 2
        found = low - step if side == "lower" else high + step
        if (side == "lower" and low >= 0 > found) or (side == "upper" and high <= 0 < found):
            return None
    if not is_whole:
        return float(f"{found:.3g}")
    rounded = float(math.floor(found) if side == "lower" else math.ceil(found))
    return None if is_log and rounded < 1 else rounded
