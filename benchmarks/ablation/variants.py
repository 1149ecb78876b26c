"""Samplers and priors that were tried in the place of the default ones."""

from typing import NamedTuple

import numpy as np

from skhpo.samplers.acquisition import LogExpectedImprovement, UpperConfidenceBound, log_h
from skhpo.samplers.bayes import BayesSampler
from skhpo.surrogates.hyperparameters import LogNormal
from skhpo.surrogates.warping import Standardised


class KnownMean:
    """Log expected improvement over the largest posterior mean, as if that were known; one column of scores."""

    def __init__(self, gp):
        self._gp, self._best = gp, self.best(gp)

    @staticmethod
    def best(gp):
        return gp.means_of_points.max()

    def __call__(self, U):
        mean, std = self._gp.predict(U)
        return log_h((mean - self._best) / std) + np.log(std)


class BestObserved(KnownMean):
    """Log expected improvement over the best (noisy) score, as textbooks have it."""

    @staticmethod
    def best(gp):
        return gp.Y.max()


class Improving(BayesSampler):
    """Maximises expected improvement in a share of its suggestions, the upper confidence bound in the others."""

    share = 1.0
    improvement = LogExpectedImprovement

    def _worth(self, gp, rng):
        if rng.random() < self.share:
            return self.improvement(gp)
        return UpperConfidenceBound(gp, self.options.width)


class ImprovingOverMean(Improving):
    improvement = KnownMean


class ImprovingOverObserved(Improving):
    improvement = BestObserved


class ImprovingAtTimes(Improving):
    share = 0.25


class WidthDrawn(BayesSampler):
    """Each suggestion draws its width, from 1/3 to 5/3 of the default."""

    def _worth(self, gp, rng):
        rng.random()
        return UpperConfidenceBound(gp, self.options.width * rng.uniform(1 / 3, 5 / 3))


class Trusting(BayesSampler):
    """A young model may only propose near what was observed, as Vizier's.

    The radius of the trust region grows with the observations, and beyond half the cube there is none.
    """

    def _worth(self, gp, rng):
        worth, X = super()._worth(gp, rng), self._model.points
        radius = 0.2 + 0.3 * len(X) / (5 * (X.shape[1] + 1))
        if radius > 0.5:
            return worth
        is_number = ~self.space.is_categorical

        def trusted(U):
            distance = np.abs(U[:, None, is_number] - X[:, is_number]).max(axis=2, initial=0.0).min(axis=1)
            return np.where(distance <= radius, worth(U), -1e6 - distance)

        return trusted


class Gamma(NamedTuple):
    """Density of a positive parameter, proportional to l^(shape - 1) exp(-rate l)."""

    shape: float
    rate: float

    def penalty(self, x):
        """Negative log density at exp(x), up to a constant, and its derivative in x."""
        scaled = self.rate * np.exp(x)
        return scaled - (self.shape - 1) * x, scaled - (self.shape - 1)

    @property
    def mode(self):
        """Where the density is largest; the mean, where the density has no inner maximum."""
        return (self.shape - 1) / self.rate if self.shape > 1.5 else self.shape / self.rate


def dimension_scaled(d):
    """Prior of lengthscales whose typical value grows with sqrt(d), as distances in the cube do.

    Hvarfner, Hellsten and Nardi, Vanilla Bayesian Optimization Performs Great in High Dimensions, 2024; BoTorch's
    default since 0.12.
    """
    return LogNormal(np.sqrt(2) + 0.5 * np.log(d), np.sqrt(3))


def from_four(warp):
    """The warp of four scores or more; with fewer, ranks say nothing and scores are standardised."""
    return lambda y: warp(y) if len(y) >= 4 else Standardised(y)
