"""Slopes of the score in the columns of the cube, from slopes of fits in their parameters."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skhpo.fits.gradients import OBJECTIVE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.history import Observation
    from skhpo.space import Space

_STEP = 1e-6  # of the range, for the slope of a value in its coordinate
_AGREEMENT = 1e-6  # relative, of a score and the objective whose slopes are known


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
    moves = np.isinf(space.n_levels) & space.active(row[None])[0]
    low, high = np.clip(row - _STEP, 0.0, 1.0), np.clip(row + _STEP, 0.0, 1.0)
    below, above = space.decode(np.where(moves, [low, high], row))
    found = np.full(len(row), np.nan)
    for j in np.flatnonzero(moves):
        name = space.names[j]
        if name in gradient and above[name] != below[name]:
            found[j] = gradient[name] * (above[name] - below[name]) / (high[j] - low[j])
    return found if np.isfinite(found).any() else None
