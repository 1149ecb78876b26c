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
from scipy.stats import rankdata, yeojohnson, yeojohnson_normmax

if TYPE_CHECKING:
    from collections.abc import Callable

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


class HalfRankLog:
    """`HalfRank`, and then a logarithm of the distance to the best that spreads the top.

    ::

        z <- -log( (max z - z) / (max z - min z) + delta ),   standardised

    As SMAC3 does to costs; ``delta`` is the gap between the best and the 95th percentile, at least 2 % of the range,
    so that the best two do not become outliers.
    """

    def __init__(self, y: Array) -> None:
        self._inner = HalfRank(y)
        z = self._inner.z
        self._top, self._range = float(z.max()), _scale(0.0, float(np.ptp(z)))
        self._delta = max(self._top - float(np.quantile(z, 0.95)), 0.02 * self._range) / self._range
        self._outer = Standardised(-np.log((self._top - z) / self._range + self._delta))
        self.z: Array = self._outer.z

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``."""
        return self._inner.inverse(self._top - self._range * (np.exp(-self._outer.inverse(z)) - self._delta))


class NormalScores:
    """Normal scores of all ranks: only the order of scores counts (a Gaussian copula, Salinas et al. 2020)."""

    def __init__(self, y: Array) -> None:
        self.z: Array = ndtri((rankdata(y) - 0.5) / len(y))
        self._knots_y, index = np.unique(y, return_index=True)
        self._knots_z = self.z[index]

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``, between neighbouring scores linearly."""
        return np.interp(z, self._knots_z, self._knots_y)


class MedianScaled:
    """Scores minus their median, divided by s+."""

    def __init__(self, y: Array) -> None:
        self._location = float(np.median(y))
        upper = y[y >= self._location] - self._location
        self._scale = _scale(self._location, float(np.sqrt(np.mean(upper**2))), float(np.std(y)))
        self.z: Array = (y - self._location) / self._scale

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``."""
        return self._location + self._scale * z


class YeoJohnson:
    """Yeo-Johnson power transform of standardised scores, power by maximum likelihood (HEBO's for any sign)."""

    def __init__(self, y: Array) -> None:
        # Beyond +-50 standard deviations of the middle the power's likelihood overflows.
        self._first = MedianScaled(y)
        x = np.clip(self._first.z, -50, 50)
        self._power = float(np.clip(yeojohnson_normmax(x), -5, 5)) if np.ptp(x) > 0 else 1.0
        self._second = Standardised(np.asarray(yeojohnson(x, self._power)))
        self.z: Array = self._second.z

    def inverse(self, z: Array) -> Array:
        """Scores whose warped value is ``z``."""
        x, power = self._second.inverse(z), self._power
        positive = np.maximum(x, 0)
        negative = np.maximum(-x, 0)
        up = np.expm1(positive) if power == 0 else np.maximum(power * positive + 1, 1e-9) ** (1 / power) - 1
        rest = 2 - power
        down = -np.expm1(negative) if rest == 0 else 1 - np.maximum(rest * negative + 1, 1e-9) ** (1 / rest)
        return self._first.inverse(np.where(x >= 0, up, down))


WARPS: dict[str, Callable[[Array], Warp]] = {
    "none": Standardised,
    "half-rank": HalfRank,
    "half-rank-log": HalfRankLog,
    "ranks": NormalScores,
    "yeo-johnson": YeoJohnson,
}


def warp_scores(y: Array, name: str) -> Warp:
    """Fit the warp of that name to scores; with fewer than 4 of them, ranks say nothing and they are standardised."""
    return WARPS[name](y) if len(y) >= 4 else Standardised(y)


def _scale(location: float, *scales: float) -> float:
    """Return the first scale that is more than the rounding of the location, or 1: constant scores become zeros."""
    floor = max(1e-12 * abs(location), 1e-300)
    return next((s for s in scales if np.isfinite(s) and s > floor), 1.0)
