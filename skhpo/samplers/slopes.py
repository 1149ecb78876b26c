"""Slopes along coordinates, from slopes of fits in their parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skhpo.fits.gradients import OBJECTIVE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.history import Observation, Params
    from skhpo.space import Space

_STEP = 1e-6  # of the range, for the slope of a value in its coordinate
_AGREEMENT = 1e-6  # relative, of a score and the objective whose slopes are known


def changes_around(
    u: NDArray[np.float64], decode: Callable[[NDArray[np.float64]], Sequence[Params]], names: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how much numbers change over a short step along all coordinates.

    Parameters
    ----------
    u : ndarray of shape (d,)
        The middle of the step, in [0, 1].
    decode : callable
        ``decode(U)``: the parameters at points of shape (n, d).
    names : sequence of str
        The m parameters that are wanted.

    Returns
    -------
    change : ndarray of shape (m,)
        Of each parameter.
    length : ndarray of shape (d,)
        Of the step, along each coordinate.
    """
    low, high = np.clip(u - _STEP, 0.0, 1.0), np.clip(u + _STEP, 0.0, 1.0)
    below, above = decode(np.array([low, high]))
    return np.array([above[name] - below[name] for name in names]), high - low


def slopes_in_cube(space: Space, row: NDArray[np.float64], observation: Observation) -> NDArray[np.float64] | None:
    """Return slopes of the mean score per edge of the cube, shape (d,); NaN in columns that have none.

    Parameters
    ----------
    space : Space
    row : ndarray of shape (d,)
        The point, in the cube.
    observation : Observation
        Its scores, and the slopes of an objective in parameters.

    Returns
    -------
    ndarray of shape (d,) or None
        None where the objective is not the score, but for a constant 1: a loss that stands in for the scorer's has
        other slopes.
    """
    gradient, score = observation.gradient, float(np.mean(observation.scores))
    if gradient is None or OBJECTIVE not in gradient or not math.isfinite(score):
        return None
    allowed = _AGREEMENT * (1 + abs(score))
    if min(abs(gradient[OBJECTIVE] - score), abs(gradient[OBJECTIVE] + 1 - score)) > allowed:
        return None
    is_real = np.isinf(space.n_levels) & space.active(row[None])[0]
    columns = [j for j in np.flatnonzero(is_real) if space.names[j] in gradient]
    names = [space.names[j] for j in columns]
    change, length = changes_around(row, space.decode, names)
    found = np.full(len(row), np.nan)
    slopes = np.array([gradient[name] for name in names]) * change / length[columns]
    found[columns] = np.where(change != 0, slopes, np.nan)
    return found if np.isfinite(found).any() else None
