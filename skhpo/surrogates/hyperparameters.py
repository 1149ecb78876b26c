r"""Hyperparameters of the Gaussian process: their priors, and how well they explain the scores.

Notation
--------
::

    n, d         points, columns
    y            (n,)           warped scores (mean about 0, standard deviation about 1)
    v            (n,)           known noise variances
    S            (d, n, n)      squared differences per column (kernel.py)
    l, s2, e2    (d,), (), ()   lengthscales, signal variance, noise variance
    t            (d + 2,)       (log l, log s2, log e2)
    M            (n, n)         Matérn function
    K            (n, n)         s2 M + c2 11' + diag(e2 + v) = L L'
    a            (n,)           K^-1 y

Equations (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006)
---------
(1) NLL(t) = y'a/2 + sum log L_ii + n/2 log 2 pi                                                    (RW eq. 5.8)
(2) dNLL/dt = <A, dK/dt>,  A = (K^-1 - aa')/2                                                       (RW eq. 5.9)
        dK/dlog l_j = -2/l_j^2 s2 M' S_j     (M' the slope in r^2)
        dK/dlog s2  = s2 M
        dK/dlog e2  = e2 I
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs

from skhpo.surrogates.kernel import column_distances, matern

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.surrogates.kernel import Array


class LogNormal(NamedTuple):
    """Density of a positive parameter whose logarithm is normal."""

    mu: float
    sigma: float

    def penalty(self, x: Array) -> tuple[Array, Array]:
        """Negative log density at exp(x), up to a constant, and its derivative in x."""
        z = (x - self.mu) / self.sigma
        return np.asarray(0.5 * z * z + x), np.asarray(z / self.sigma + 1)

    @property
    def mode(self) -> float:
        """Where the density is largest."""
        return float(np.exp(self.mu - self.sigma**2))


class Hyperparameters(NamedTuple):
    """Lengthscales l of shape (d,), signal variance s2 and noise variance e2."""

    lengthscales: Array
    signal: float
    noise: float

    def pack(self) -> Array:
        """The vector t of shape (d + 2,)."""
        t: Array = np.log(np.append(self.lengthscales, (self.signal, self.noise)))
        return t

    @classmethod
    def unpack(cls, t: Array) -> Hyperparameters:
        """The inverse of `pack`."""
        values = np.exp(t)
        return cls(values[:-2], float(values[-2]), float(values[-1]))


# Mode one edge of the cube, median 2.7. A judgement between 0.7 and 1.2, which docs/ablation.md has; the shorter
# Gamma(1.21, 1.52) of HEBO+ was far behind after 50 trials.
MODERATE = LogNormal(1.0, 1.0)
# Scores are standardised: about 1, within a factor of e^2.
UNIT_SIGNAL = LogNormal(0.0, 1.0)
# Mode exp(-5), a standard deviation of 8 % of the scores': cross-validated scores are never exact. The tail lets
# deterministic tables go down to the bound.
SMALL_NOISE = LogNormal(-4.0, 1.0)


@dataclass(frozen=True)
class Priors:
    """Densities of the hyperparameters; scores are standardised, so they are in units of the scores' variance.

    Parameters
    ----------
    lengthscale : LogNormal
    signal : LogNormal
        Learned, not fixed at 1: https://github.com/meta-pytorch/botorch/issues/2619.
    noise : LogNormal
    mean : float
        Variance c2 of the constant mean.
    """

    lengthscale: LogNormal = MODERATE
    signal: LogNormal = UNIT_SIGNAL
    noise: LogNormal = SMALL_NOISE
    mean: float = 1.0


# Below 0.025 a lengthscale cannot be told from noise at these sample sizes, above 50 the column is as good as absent.
LENGTHSCALE_BOUNDS = (0.025, 50.0)
# Scores are standardised: a signal variance out of these bounds says something about the warp, not about the scores.
SIGNAL_BOUNDS = (0.05, 20.0)
# The floor keeps the condition number of K below 20 n / 1e-5, which a Cholesky factorisation in doubles survives.
NOISE_BOUNDS = (1e-5, 1.0)


class NegativeLogPosterior:
    """NLL(t) minus the log prior, and its gradient: equations (1) and (2)."""

    def __init__(
        self,
        X: Array,
        y: Array,
        v: Array,
        is_categorical: NDArray[np.bool_],
        *,
        nu: float,
        priors: Priors,
    ) -> None:
        self._n, self._d = X.shape
        self._S = column_distances(X, is_categorical).reshape(self._d, -1)
        self._y, self._v, self._nu, self._priors = y, v, nu, priors

    def __call__(self, t: Array) -> tuple[float, Array]:
        """Value and gradient, of the shape of t."""
        d, y = self._d, self._y
        weights = np.exp(-2 * t[:d])
        s2, e2 = np.exp(t[d : d + 2])
        K, parts = self._covariance(weights, s2, e2)
        L, info = dpotrf(K, lower=1, clean=1)
        if info != 0 or not np.isfinite(L).all():
            return 1e25, np.zeros_like(t)  # a wall: the line search steps back
        a, _ = dtrtrs(L, y, lower=1)
        value = 0.5 * float(a @ a) + float(np.log(np.diagonal(L)).sum()) + 0.5 * len(y) * np.log(2 * np.pi)
        a, _ = dtrtrs(L, a, lower=1, trans=1)
        inverse, _ = dpotri(L, lower=1)
        A = np.tril(inverse, -1)
        A += A.T
        A[np.diag_indices(len(y))] = np.diagonal(inverse)
        A -= np.outer(a, a)
        A *= 0.5
        gradient = self._gradient(A, parts, weights, s2, e2)
        penalty, penalty_slope = self._penalty(t)
        return value + penalty, gradient + penalty_slope

    def _covariance(self, weights: Array, s2: float, e2: float) -> tuple[Array, tuple[Array, ...]]:
        """Return K, and what `_gradient` needs besides: s2 M, and its slope in r^2 over s2."""
        n = self._n
        M, slope = matern((weights @ self._S).reshape(n, n), self._nu)
        M *= s2
        K = M + self._priors.mean
        K[np.diag_indices(n)] += e2 + self._v
        return K, (M, slope)

    def _gradient(self, A: Array, parts: tuple[Array, ...], weights: Array, s2: float, e2: float) -> Array:
        """Slope of the sum of A times K in t, equation (2)."""
        M, slope = parts
        slope *= A
        in_lengthscales = -2 * s2 * weights * (self._S @ slope.ravel())
        return np.append(in_lengthscales, (np.vdot(A, M), e2 * np.trace(A)))

    def _penalty(self, t: Array) -> tuple[float, Array]:
        """Minus the log prior, and its gradient."""
        d = self._d
        penalty_l, slope_l = self._priors.lengthscale.penalty(t[:d])
        penalty_s, slope_s = self._priors.signal.penalty(t[d : d + 1])
        penalty_e, slope_e = self._priors.noise.penalty(t[d + 1 :])
        return float(penalty_l.sum() + penalty_s[0] + penalty_e[0]), np.concatenate([slope_l, slope_s, slope_e])
