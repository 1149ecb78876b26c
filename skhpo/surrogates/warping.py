r"""Monotone transforms of scores, so that a stationary Gaussian process can be believed.

Scores of hyperparameter searches have a long tail of bad values (a diverged fit, R^2 = -1e10) and an interesting top.
The one component every strong Bayesian optimiser shares is a transform that tames the tail (HEBO, Cowen-Rivers et al.
2022: without it a third of the gain over TPE is gone; SMAC3, mlr3mbo and Vizier have one as well).

Notation
--------
::

    y        (n,)   scores, larger is better
    m        ()     their median
    s+       ()     root mean square of y - m over y >= m
    z        (n,)   warped scores
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

if TYPE_CHECKING:
    from skhpo.surrogates.kernel import Array


class Warp(Protocol):
    """A monotone transform that was fitted to scores."""

    z: Array
    """The warped scores it was fitted to."""

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``."""
        ...


class Standardised:
    """Scores minus their mean, divided by their standard deviation."""

    def __init__(self, y: Array) -> None:
        self._location = float(np.mean(y))
        self._scale = _scale(self._location, float(np.std(y)))
        self.z: Array = (y - self._location) / self._scale

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``."""
        return self._location + self._scale * z


class HalfRank:
    """Affine above the median, normal scores of ranks below it (Vizier's half-rank warp, Song et al. 2024).

    ::

        y >= m:   z = (y - m) / s+
        y <  m:   z = Phi^-1( (rank - 1/2) / (2 n-) ),   rank among the n- scores below m

    Below the median only the order counts, so a score of -1e10 is no worse than a bad one; above it differences keep
    their proportions, so noise and improvements keep their meaning.  s+ makes the upper half that of a distribution of
    standard deviation 1, as the lower half is by construction.
    """

    def __init__(self, y: Array) -> None:
        self._median = float(np.median(y))
        below = y < self._median
        self._scale = _scale(self._median, float(np.sqrt(np.mean((y[~below] - self._median) ** 2))), float(np.std(y)))
        z = (y - self._median) / self._scale
        if below.any():
            rank = rankdata(y[below])
            z[below] = ndtri((rank - 0.5) / (2 * below.sum()))
        self.z: Array = z
        knots = np.unique(y[below], return_index=True)
        self._knots_y = np.append(knots[0], self._median)
        self._knots_z = np.append(z[below][knots[1]], 0.0)

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``; below the median, between neighbouring scores linearly."""
        return np.where(z >= 0, self._median + self._scale * z, np.interp(z, self._knots_z, self._knots_y))


def warp_scores(y: Array) -> Warp:
    """Fit the half-rank warp to scores; with fewer than 4 of them, ranks say nothing and they are standardised."""
    return HalfRank(y) if len(y) >= 4 else Standardised(y)


def _scale(location: float, *scales: float) -> float:
    """Return the first scale that is more than the rounding of the location, or 1: constant scores become zeros."""
    floor = max(1e-12 * abs(location), 1e-300)
    return next((s for s in scales if np.isfinite(s) and s > floor), 1.0)
