"""Descent along several coordinates: steps to the lowest point of a model, of bounded length.

Notation
--------
::

    d       number of coordinates
    x, g    (d,), (d,)   the best point in the unit cube, and the slope there
    p, y    (d,), (d,)   a step, and how much it changed the slope
    B       (d, d)       curvature of the model, positive definite
    r       ()           radius: how far a step goes along a coordinate at most

Equations (Nocedal and Wright: Numerical optimization, 2006)
---------
(1) m(p) = g'p + p'Bp / 2, of which a step is the lowest point with |p_j| <= r and x + p in the cube     (N&W 4.1)
(2) B+ = B - Bp p'B / p'Bp + y y' / p'y, with Powell's damping of y where p'y is too small     (N&W procedure 18.2)

Each evaluation gives the model a slope, also one that is not lower. A line search asks for more: L-BFGS-B took half as
many evaluations again, and its steps have no bound. One to the other end of a range costs what ten others do, where a
support vector machine with a large C takes long, or ends in another valley.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.samplers.descent import Evaluate, Noise

    Vector = NDArray[np.float64]

_FIRST = 0.2  # of the range: how far the steepest coordinate goes, at first and where the model is begun anew
_LONGEST = 0.3  # radius: further away a loss may be another curve
_GROWTH = 2.0  # of the radius, where the model was right up to it
_RIGHT = 0.5  # of the gain that was expected: the model may be believed further out
_WRONG = 0.25  # of it: the radius shrinks
_SHORTEST = 1e-7  # step, of the range
_PROMISED = 0.5
"""How much of a gain that is worth a step the slope alone must promise, for a last look along it. The model may take a
direction for steep in which no step went: one penalty of two often has no effect until the other is right."""
_N_IDLE = 6  # evaluations without a gain that end a descent
_DAMPED = 0.2  # curvature along a step, of that of the model, below which Powell damps
_FLOOR = 1e-10  # of the sum of eigenvalues: steps that contradict each other, as over kinks, may leave one at zero
_AT_BOUND = 1e-12  # of the range: rounding
_N_PROJECTED = 50  # steps to the lowest point of the model; few coordinates need two or three


class _Place(NamedTuple):
    """A point with its value and slope."""

    x: Vector
    value: float
    g: Vector

    def bounds(self, r: float) -> tuple[Vector, Vector]:
        """Return the shortest and longest steps along each coordinate, each of shape (d,)."""
        return np.maximum(-self.x, -r), np.minimum(1 - self.x, r)

    @property
    def steepest(self) -> float:
        """The largest slope along which there is room."""
        return float(np.abs(self.g[_is_free(self.g, *self.bounds(np.inf))]).max(initial=0.0))


def descend_in_region(evaluate: Evaluate, start: Vector, noise: Noise) -> None:
    """Go down until no step is worth it, as `descend` says.

    Parameters
    ----------
    evaluate : callable
        The function.
    start : ndarray of shape (d,)
        Where to begin.
    noise : callable
        A gain that is not worth a step.
    """
    here = _Place(start, *evaluate(start))
    lowest, n_idle = here.value, 0  # the lowest value from which small gains add up
    B, r, is_new, is_last_look = _round(here), _FIRST, True, False
    while here.steepest > 0 and n_idle < _N_IDLE:
        p = lowest_step(here.g, B, *here.bounds(r))
        expected = -_model(here.g, B, p)
        if expected < noise():
            B, r, is_new = _round(here), _FIRST, True
            p = np.clip(-here.g * _FIRST / here.steepest, *here.bounds(r))
            expected = -_model(here.g, B, p)
            if is_last_look or expected < _PROMISED * noise():
                return
            is_last_look = True
        if np.abs(p).max() < _SHORTEST:
            return
        x = np.clip(here.x + p, 0.0, 1.0)
        there = _Place(x, *evaluate(x))
        p, y = there.x - here.x, there.g - here.g
        if is_new and p @ y > 0:
            B = np.eye(len(p)) * (p @ y) / (p @ p)
        B, is_new = updated(B, p, y), False
        r = _next_radius(r, here, there, expected)
        n_idle, is_last_look = (0, False) if lowest - there.value >= noise() else (n_idle + 1, is_last_look)
        lowest = there.value if n_idle == 0 else lowest
        here = there if there.value < here.value else here


def lowest_step(g: Vector, B: Vector, low: Vector, high: Vector) -> Vector:
    """Return the lowest point of the model (1) in a box around 0, shape (d,).

    Newton's steps over all coordinates with room downhill, projected to the box (Bertsekas, SIAM J. Control and
    Optimization 20, 1982); where the projection is not lower, a step of the active-set method (N&W algorithm 16.3).
    """
    p, value = np.zeros(len(g)), 0.0
    for _ in range(_N_PROJECTED):
        slope = g + B @ p
        is_free = _is_free(slope, low - p, high - p)
        if not is_free.any():
            break
        lower = np.clip(p + _newton(slope, B, is_free), low, high)
        if _model(g, B, lower) >= value:
            lower = p + _to_first_bound(p, slope, B, is_free, (low, high))
            lower = np.where(lower <= low + _AT_BOUND, low, np.where(lower >= high - _AT_BOUND, high, lower))
        before, value = value, _model(g, B, lower)
        if value >= before - 1e-12 * abs(before):
            break
        p = lower
    return p


def _newton(slope: Vector, B: Vector, is_free: NDArray[np.bool_]) -> Vector:
    """Return the step to where the slope along the free coordinates vanishes, shape (d,)."""
    step, free = np.zeros(len(slope)), np.flatnonzero(is_free)
    step[free] = -np.linalg.solve(B[np.ix_(free, free)], slope[free])
    return step


def _to_first_bound(
    p: Vector, slope: Vector, B: Vector, is_free: NDArray[np.bool_], box: tuple[Vector, Vector]
) -> Vector:
    """Return a step over the coordinates inside of the box, or over these and one at a bound, that ends at a bound."""
    low, high = box
    is_inside = (p > low) & (p < high)
    fall = np.where(is_free, np.abs(slope), 0.0)
    if fall[is_inside].max(initial=0.0) <= 1e-9 * fall.max():
        is_inside[fall.argmax()] = True
    step = _newton(slope, B, is_inside)
    room = np.where(step > 0, high - p, p - low)
    moves = step != 0
    cut: Vector = step * (room[moves] / np.abs(step[moves])).min(initial=1.0)
    return cut


def updated(B: Vector, p: Vector, y: Vector) -> Vector:
    """Return the curvature after a step, equation (2), shape (d, d)."""
    Bp = B @ p
    pBp, py = p @ Bp, p @ y
    if py < _DAMPED * pBp:
        share = (1 - _DAMPED) * pBp / (pBp - py)
        y = share * y + (1 - share) * Bp
        py = p @ y
    after: Vector = B - np.outer(Bp, Bp) / pBp + np.outer(y, y) / py
    after[np.diag_indices_from(after)] += _FLOOR * np.trace(after)
    return after


def _round(place: _Place) -> Vector:
    """Return a curvature that is the same along all coordinates, such that the steepest goes `_FIRST` far."""
    return np.eye(len(place.x)) * (place.steepest or 1.0) / _FIRST


def _model(g: Vector, B: Vector, p: Vector) -> float:
    return float(g @ p + p @ B @ p / 2)


def _is_free(slope: Vector, low: Vector, high: Vector) -> NDArray[np.bool_]:
    """Return which coordinates have room downhill."""
    return ((slope < 0) & (high > 0)) | ((slope > 0) & (low < 0))


def _next_radius(r: float, here: _Place, there: _Place, expected: float) -> float:
    """Return the radius after a step, by how much of the gain that was expected there was."""
    gain, length = here.value - there.value, float(np.abs(there.x - here.x).max())
    if gain < _WRONG * expected:
        return length * _share_of_step(here, there)
    if gain > _RIGHT * expected and length > 0.9 * r:
        return min(_GROWTH * r, _LONGEST)
    return r


def _share_of_step(here: _Place, there: _Place) -> float:
    """Return how far along a step the cubic through its ends is lowest, between 0.1 and 0.5 (N&W 3.59)."""
    p = there.x - here.x
    first, last = float(here.g @ p), float(there.g @ p)
    bend = first + last + 3 * (here.value - there.value)
    radicand = bend**2 - first * last
    share = 0.5
    if radicand >= 0 and (below := last - first + 2 * np.sqrt(radicand)) > 0:
        share = 1 - (last + np.sqrt(radicand) - bend) / below
    return float(np.clip(share, 0.1, 0.5))
