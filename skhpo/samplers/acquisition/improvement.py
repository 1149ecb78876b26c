r"""Acquisition functions: points of the unit cube in, one number each out, larger is better.

Notation
--------
::

    x, x*            a point; the incumbent: the evaluated point of largest posterior mean
    mu, s            posterior mean and standard deviation of the latent function
    st^2             = s^2(x) + s^2(x*) - 2 cov(x, x*), the variance of f(x) - f(x*)
    h(u)             = phi(u) + u Phi(u)
    S                number of fantasies of what is pending

Equations
---------
(1) log EI(x) = log st + log h((mu(x) - mu(x*)) / st): expected improvement over the *unknown* value of the incumbent
    (Zhou, Ma and Blanchet, Corrected Expected Improvement Acquisition Function Under Noisy Observations, 2023).
    Without noise st = s(x), and it is expected improvement. With noise it is 0 at x* itself, so the
    incumbent is not proposed again, and a lucky fold does not become a threshold that nothing passes.
(2) With pending trials: log mean_S EI_S, each fantasy a joint draw of what they might score, on one factor.
(3) UCB(x) = mu(x) + width s(x); with pending trials s is what is left when they are done (Desautels, Krause and
    Burdick, GP-BUCB, 2014) and mu the average over fantasies. With trials that lack splits s is what is left when these
    are known, too: a race stops whom it is sure of, and what it does not know of them is no reason to look there again.
(4) With failures, P(success) times EI, or times the height of UCB over the worst score: a fit that fails improves
    nothing, and is worth as much as the worst one that did not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import erfcx, logsumexp, ndtr

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.surrogates.gp import GaussianProcess
    from skhpo.surrogates.kernel import Array

_LOG_SQRT_2PI = 0.5 * np.log(2 * np.pi)


class Acquisition(Protocol):
    """What points of shape (m, d) are worth, shape (m,); larger is better."""

    def __call__(self, U: Array) -> Array:
        """Values of shape (m,)."""
        ...


def log_h(u: Array) -> Array:
    """Logarithm of h(u) = phi(u) + u Phi(u), without loss for any u (Ament et al., LogEI, 2023, eq. 9).

    h is positive, and for u < -38 smaller than the smallest double.  Three branches:

    * u > -1: as it stands; nothing cancels.
    * -50 < u <= -1: phi and u Phi cancel, so phi is taken out: log phi + log(1 + u Phi/phi), where the ratio
      Phi/phi = sqrt(pi/2) erfcx(-u/sqrt2) does not underflow.  What is left cancels to 1/u^2, a loss of u^2 ulps.
    * u <= -50: the asymptotic series of that remainder, 1/u^2 - 3/u^4 + 15/u^6 - 105/u^8, next term below 4e-13 of it.
    """
    u = np.asarray(u, dtype=float)
    safe = np.maximum(u, -1.0)
    direct = np.log(np.exp(-0.5 * safe * safe - _LOG_SQRT_2PI) + safe * ndtr(safe))
    middle = np.clip(u, -50.0, -1.0)
    ratio = np.log1p(middle * np.sqrt(np.pi / 2) * erfcx(-middle / np.sqrt(2)))
    far = np.minimum(u, -50.0)
    w = far**-2.0
    series = np.log(w) + np.log1p(-3 * w + 15 * w**2 - 105 * w**3)
    tail = -0.5 * u * u - _LOG_SQRT_2PI + np.where(u > -50, ratio, series)
    result: Array = np.where(u > -1, direct, tail)
    return result


class LogExpectedImprovement:
    """Noise-corrected log expected improvement over the incumbent, equations (1) and (2).

    Parameters
    ----------
    gp : GaussianProcess
        With one column of scores, or one a fantasy.

    Attributes
    ----------
    x_star : ndarray of shape (d,)
        The incumbent.
    """

    def __init__(self, gp: GaussianProcess) -> None:
        self._gp = gp
        means = gp.means_of_points
        star = int(np.argmax(means.mean(axis=1)))
        self.x_star = gp.X[star]
        self._best = means.max(axis=0)
        _, half = gp.project(gp.X[star : star + 1])
        self._half_star = half[:, 0]

    def __call__(self, U: Array) -> Array:
        """Log expected improvement, shape (m,)."""
        gp = self._gp
        mean, half = gp.project(U)
        variance = gp.prior_variance - np.einsum("ij,ij->j", half, half)
        star = gp.prior_variance - self._half_star @ self._half_star
        prior = gp.covariance_with(U, self.x_star)
        variance = variance + star - 2 * (prior - self._half_star @ half)
        st = np.sqrt(np.maximum(variance, 1e-12))
        values: Array = log_h((mean - self._best) / st[:, None]) + np.log(st)[:, None]
        if values.shape[1] == 1:
            return values[:, 0]
        result: Array = logsumexp(values, axis=1) - np.log(values.shape[1])
        return result


class UpperConfidenceBound:
    """Logarithm of how far posterior mean plus ``width`` standard deviations lie above the worst score, equation (3).

    The logarithm changes no order; it is there so that a probability of success can multiply it, see `Feasible`.
    """

    def __init__(self, gp: GaussianProcess, width: float) -> None:
        self._gp, self._width = gp.once_complete(), width
        self._worst = float(gp.Y.min())

    def __call__(self, U: Array) -> Array:
        """Log of the bound's height over the worst score, shape (m,)."""
        mean, half = self._gp.project(U)
        variance = self._gp.prior_variance - np.einsum("ij,ij->j", half, half)
        bound: Array = mean.mean(axis=1) + self._width * np.sqrt(np.maximum(variance, 1e-12))
        # At an observed point of the worst score the height is 0 up to rounding.
        height: Array = np.log(np.maximum(bound - self._worst, 1e-12))
        return height


class Feasible:
    """An acquisition times the probability that a fit succeeds, in logarithms: equation (4).

    Parameters
    ----------
    acquisition : Acquisition
        Logarithm of something positive, `LogExpectedImprovement` or `UpperConfidenceBound`.
    probability : callable
        Probabilities of shape (m,) at points of shape (m, d), in (0, 1].
    """

    def __init__(self, acquisition: Acquisition, probability: Callable[[Array], Array]) -> None:
        self._acquisition, self._probability = acquisition, probability

    def __call__(self, U: Array) -> Array:
        """Log of the product, shape (m,)."""
        return self._acquisition(U) + np.log(self._probability(U))
