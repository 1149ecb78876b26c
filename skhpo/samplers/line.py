"""Line search: where a single number is looked for, the next point follows from the few that are known.

Notation
--------
::

    x        (n,)   places in [0, 1], in order
    y        (n,)   scores there, larger is better
    a, b, c  ()     the best place b, between its neighbours: a bracket

The steps are those of Brent (Algorithms for minimization without derivatives, 1973, chapter 5), for few points: go
uphill until the best one is bracketed, then to the vertex of the parabola through the bracket, and never so near to a
known point that nothing is learnt from it. No state is kept: the next point follows from all that are known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST = 0.25  # of the range, from the first point to the second, towards the middle
_LEAST = 0.1  # of the range, of a step uphill
_INWARD = 0.3  # of the way to the neighbour, where the best is an end of the range
_APART = 0.02  # of the bracket, between a new point and those that are known
_ARRIVED = 0.005  # of the range: a bracket that is narrower is found


def next_on_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> float | None:
    """Return where to look next, in [0, 1]; None where the best is found, or scores do not say where it is.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Different places in [0, 1], n at least 1.
    y : ndarray of shape (n,)
        Finite scores there, larger is better.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([0.5, 0.25, 0.75])
    >>> round(next_on_line(x, -((x - 0.4) ** 2)), 3)
    0.4
    """
    order = np.argsort(x, kind="stable")
    x, y = x[order], y[order]
    if len(x) == 1:
        return float(x[0] + (_FIRST if x[0] < 0.5 else -_FIRST))
    if np.ptp(y) <= 1e-12 * float(np.abs(y).max()):
        return None
    best = int(y.argmax())
    if 0 < best < len(x) - 1:
        return _in_bracket(x[best - 1 : best + 2], y[best - 1 : best + 2])
    end, neighbour = (0.0, x[1]) if best == 0 else (1.0, x[-2])
    return _uphill(float(x[best]), float(neighbour), end)


def _uphill(best: float, neighbour: float, end: float) -> float | None:
    """Return the next place beyond the best one, away from its neighbour; inwards where that is the end."""
    gap = abs(best - neighbour)
    if best != end:
        return float(np.clip(best + np.sign(best - neighbour) * max(gap, _LEAST), 0.0, 1.0))
    return None if gap < _ARRIVED else best + _INWARD * (neighbour - best)


def _in_bracket(x: NDArray[np.float64], y: NDArray[np.float64]) -> float | None:
    """Return the vertex of the parabola through a bracket, apart from its points; None if the bracket is narrow."""
    (a, b, c), width = x.tolist(), float(x[2] - x[0])
    if width < _ARRIVED or y[0] == y[1] == y[2]:
        return None
    left, right = (b - a) * float(y[1] - y[2]), (c - b) * float(y[1] - y[0])
    vertex = b - 0.5 * ((b - a) * left - (c - b) * right) / (left + right)
    apart = _APART * width
    if abs(vertex - b) < apart:
        vertex = b + (apart if c - b > b - a else -apart)
    return float(np.clip(vertex, a + apart, c - apart))
