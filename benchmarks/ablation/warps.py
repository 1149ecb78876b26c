"""Transforms of scores that were tried in the place of the half-rank warp; each is a `Warp` of skhpo."""

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata, yeojohnson, yeojohnson_normmax

from skhpo.surrogates.kernel import Array
from skhpo.surrogates.warping import HalfRank, Standardised, _scale


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
