"""Descents of a function whose slopes are known: along one coordinate here, along several in `region`.

``evaluate(u) -> (value, slope)`` takes points of the unit cube, shape (d,). It may raise to interrupt a descent. Each
is started again from its beginning when one more value is known, and goes the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from skhpo.samplers.region import descend_in_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Evaluate: TypeAlias = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]
    Noise: TypeAlias = Callable[[], float]

FIRST_STEP = 0.12
"""Of the range: a decade of eight. The slope tells the direction at the first point, and not how far."""
_GROWTH = 3.0
_LONGEST = 0.3  # step, of the range: further away a loss may be another curve
_NARROW = 1e-4  # of the range: a bracket that is as good as a point
_MARGIN = 0.05  # of a bracket, that a new point stays away from its ends: so each step makes it narrower
_SURER = 20
"""How many times a gain must be worth a step if it is the most that a convex curve allows, and not what is expected."""
_MOST_STEPS = 60


def descend(evaluate: Evaluate, start: NDArray[np.float64], noise: Noise) -> None:
    """Go down from a point, until the gain of a step is within the noise.

    Parameters
    ----------
    evaluate : callable
        The function, in units in which `noise` is meant.
    start : ndarray of shape (d,)
        Where to begin, in [0, 1].
    noise : callable
        ``noise()``: a gain that is not worth a step.
    """
    if len(start) == 1:
        _along_a_line(evaluate, start, noise)
    else:
        descend_in_region(evaluate, start, noise)


class _Point(NamedTuple):
    """A point of a line, with value and slope."""

    u: float
    value: float
    slope: float


def _along_a_line(evaluate: Evaluate, start: NDArray[np.float64], noise: Noise) -> None:
    """Bracket a minimum by the sign of the slope, and close in on it by cubic interpolation."""

    def at(u: float) -> _Point:
        value, slope = evaluate(np.array([u]))
        return _Point(u, value, float(slope[0]))

    found = _bracket(at, at(float(start[0])))
    if found is None:
        return
    low, high = found
    before: _Point | None = None  # the end that the last step replaced
    widths = [2.0, 2.0]
    for _ in range(_MOST_STEPS):
        u = _next_on_line(low, high, before, noise())
        if u is None:
            return
        if high.u - low.u > widths[-2] / 2:
            u = (low.u + high.u) / 2  # two steps have not halved the bracket: halve it
        widths.append(high.u - low.u)
        new = at(u)
        if _goes_right(low, high, new):
            low, before = new, low
        else:
            high, before = new, high


def _next_on_line(low: _Point, high: _Point, before: _Point | None, noise: float) -> float | None:
    """Return the next point of a bracket, None where no more gain is to be expected."""
    u, expected = _minimum(low, high)
    best = min(low.value, high.value)
    if best - expected < noise:  # so says a smooth curve, and a kink has a lower point where its sides meet
        u, expected = _corner(low, high)
        if best - expected < _SURER * noise:
            return None
    elif before is not None:
        u = _of_one_side(low, high, before, u)
    return None if high.u - low.u < _NARROW else u


def _of_one_side(low: _Point, high: _Point, before: _Point, u: float) -> float:
    """Return where the slopes of the last two points of a side vanish, if that is inside; else u.

    The other end may lie far away, where the curve is another one.
    """
    end = low if before.u < low.u else high
    if (end.slope - before.slope) * (end.u - before.u) <= 0:
        return u
    root = end.u - end.slope * (end.u - before.u) / (end.slope - before.slope)
    margin = _MARGIN * (high.u - low.u)
    return root if low.u + margin < root < high.u - margin else u


def _goes_right(low: _Point, high: _Point, new: _Point) -> bool:
    """Whether the minimum of a bracket lies to the right of a new point in it."""
    if new.slope < 0:
        return high.slope >= 0 or high.value > new.value
    return not (low.slope <= 0 or low.value > new.value)


def _bracket(at: Callable[[float], _Point], first: _Point) -> tuple[_Point, _Point] | None:
    """Return two points with a minimum between them; None where it lies at an end of the range."""
    direction = -np.sign(first.slope)
    end = float(direction > 0)
    last, step = first, FIRST_STEP
    while direction != 0 and last.u != end:
        new = at(float(np.clip(last.u + direction * step, 0.0, 1.0)))
        if new.slope * direction >= 0 or new.value > last.value:
            return (last, new) if direction > 0 else (new, last)
        step = _next_step(last, new)
        last = new
    return None


def _next_step(last: _Point, new: _Point) -> float:
    """Return a step to where the slope vanishes if it goes on to change as it did, and a little more."""
    width, change = abs(new.u - last.u), abs(last.slope) - abs(new.slope)
    if change <= 0:
        return min(_GROWTH * width, _LONGEST)
    return float(np.clip(1.1 * width * abs(new.slope) / change, FIRST_STEP / 8, min(_GROWTH * width, _LONGEST)))


def _minimum(low: _Point, high: _Point) -> tuple[float, float]:
    """Return the minimum of the cubic through two points with their slopes, kept off the ends, and its value there.

    Nocedal and Wright: Numerical optimization (2006), equation 3.59.
    """
    width = high.u - low.u
    d1 = low.slope + high.slope - 3 * (high.value - low.value) / width
    radicand = d1**2 - low.slope * high.slope
    u = low.u + width / 2
    if radicand >= 0:
        d2 = np.sqrt(radicand)
        below = high.slope - low.slope + 2 * d2
        if below > 0:
            u = high.u - width * (high.slope + d2 - d1) / below
    u = float(np.clip(u, low.u + _MARGIN * width, high.u - _MARGIN * width))
    t = (u - low.u) / width
    value = (
        (1 + 2 * t) * (1 - t) ** 2 * low.value
        + t * (1 - t) ** 2 * width * low.slope
        + t**2 * (3 - 2 * t) * high.value
        + t**2 * (t - 1) * width * high.slope
    )
    return u, float(value)


def _corner(low: _Point, high: _Point) -> tuple[float, float]:
    """Return where the tangents of two points meet, kept off the ends, and their height: no convex curve is lower."""
    width, bend = high.u - low.u, high.slope - low.slope
    t = 0.5 if bend <= 0 else (low.value - high.value + width * high.slope) / (width * bend)
    t = float(np.clip(t, _MARGIN, 1 - _MARGIN))
    return low.u + t * width, max(low.value + t * width * low.slope, high.value - (1 - t) * width * high.slope)
