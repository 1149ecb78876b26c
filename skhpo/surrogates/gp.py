r"""Gaussian process regression for tens to hundreds of points, fitted by maximum a posteriori (hyperparameters.py).

Notation
--------
::

    n, m, d, S   points, test points, columns, right-hand sides (fantasies; 1 if there are none)
    X, y         (n, d), (n,)   points and warped scores (mean about 0, standard deviation about 1)
    v            (n,)           known noise variances
    l, s2, e2    (d,), (), ()   lengthscales, signal variance, noise variance
    M            (n, n)         Matérn function (kernel.py)
    K            (n, n)         s2 M + c2 11' + diag(e2 + v) = L L'                                         (1)
    a            (n, S)         K^-1 y
    k(z)         (n,)           s2 M(z, X) + c2

Equations (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006)
---------
(1) c2 11' is a constant mean with prior N(0, c2), integrated out (RW eq. 2.40): the plain average of y drifts upwards
    as a search clusters at good points; this mean is pulled to 0, the average of the warped scores, where data is thin.
(2) mean(z) = k(z)'a,   var(z) = s2 + c2 - |L^-1 k(z)|^2                                    (RW eqs. 2.25, 2.26)
(3) Points Z appended:  L+ = [[L, 0], [B', C]],  B = L^-1 K(X, Z),  CC' = K(Z, Z) - B'B
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dpotrf
from scipy.optimize import minimize

from skhpo.surrogates.base import Posterior
from skhpo.surrogates.hyperparameters import (
    LENGTHSCALE_BOUNDS,
    NOISE_BOUNDS,
    SIGNAL_BOUNDS,
    Hyperparameters,
    NegativeLogPosterior,
    Priors,
)
from skhpo.surrogates.kernel import Array, Distances, matern
from skhpo.surrogates.triangular import lower_inverse

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

    from numpy.typing import NDArray

# Points from which on L is inverted once, and products with the inverse take a third of the time of solving with L. The
# floor of the noise keeps the condition number of L below 1e5, so that nothing is lost but the last digits.
_N_INVERTED = 128


class GaussianProcess:
    """A Gaussian process over the unit cube with numbers and categories.

    Parameters
    ----------
    is_categorical : ndarray of bool of shape (d,)
    nu : {2.5, 1.5}
        Smoothness of the Matérn function.
    priors : Priors
    n_fit : int
        Hyperparameters are fitted to at most this many points (the better half of them and every so many-th of the
        rest): past 200 they hardly move, and a step of the fit costs n^3.

    Attributes
    ----------
    theta : Hyperparameters
        The prior's mode before the first fit.
    n_rescues : int
        How often a factorisation needed more than the usual jitter, or an optimisation was given up.
    """

    def __init__(
        self,
        is_categorical: NDArray[np.bool_],
        *,
        nu: float = 1.5,
        priors: Priors | None = None,
        n_fit: int = 200,
    ) -> None:
        self.is_categorical = np.asarray(is_categorical, dtype=bool)
        self.nu = nu
        self.priors = priors if priors is not None else Priors()
        self.n_fit = n_fit
        self.n_rescues = 0
        self.theta = self.start
        self._prior: Array | None = None  # K without noise, where it is at hand
        self._inverse: Array | None = None  # of L, once it was asked for

    @property
    def start(self) -> Hyperparameters:
        """Where a fit that knows nothing starts: at the mode of the prior."""
        d = len(self.is_categorical)
        low, high = LENGTHSCALE_BOUNDS
        l = np.full(d, np.clip(self.priors.lengthscale.mode, low, high))
        return Hyperparameters(l, 1.0, float(np.exp(self.priors.noise.mu)))

    def fit(
        self,
        X: Array,
        y: Array,
        noise: Array | None = None,
        *,
        starts: Sequence[Hyperparameters] | None = None,
        n_iterations: int = 50,
    ) -> Self:
        """Choose the hyperparameters and condition on the scores.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : ndarray of shape (n,)
        noise : ndarray of shape (n,), optional
            Known noise variances, in addition to the one that is fitted.
        starts : sequence of Hyperparameters, optional
            The fit starts from each and keeps the best; the mode of the prior if not given.
        n_iterations : int
            Steps of L-BFGS-B from each start.
        """
        v = np.zeros(len(y)) if noise is None else noise
        rows = _representatives(y, self.n_fit)
        data = X[rows], y[rows], v[rows]
        found: list[tuple[float, Hyperparameters]] = []
        for start in starts if starts is not None else [self.start]:
            value, theta = self._mode(data, start, n_iterations)
            if np.isfinite(value):
                found.append((value, theta))
        if found:
            self.theta = min(found, key=lambda pair: pair[0])[1]
        else:
            self.n_rescues += 1  # the last good hyperparameters are kept
        return self.condition(X, y, noise)

    def condition(self, X: Array, y: Array, noise: Array | None = None) -> Self:
        """Condition on the scores with the hyperparameters as they are."""
        self.X = X
        self._distances = self._distances_to(X)
        self._noise = np.zeros(len(y)) if noise is None else noise
        K = self._prior = self._joint_prior()
        self._set_factor(self._cholesky(self._with_noise(K, self._noise)))
        self._set_scores(y[:, None])
        return self

    def append(self, Z: Array, Y: Array, noise: Array | None = None) -> GaussianProcess:
        """Return this process with more points, at O(n^2) per point instead of O(n^3): equation (3).

        Parameters
        ----------
        Z : ndarray of shape (p, d)
        Y : ndarray of shape (p,) or (p, S)
            Scores, or S columns of scores the points might have.
        noise : ndarray of shape (p,), optional
        """
        n, p = len(self._factor), len(Z)
        v = np.zeros(p) if noise is None else noise
        grown = copy.copy(self)
        B = self._half(Z)
        C = grown._own_covariance(Z) - B.T @ B  # noqa: SLF001
        C[np.diag_indices(p)] += self.theta.noise + v
        L = np.zeros((n + p, n + p))
        L[:n, :n] = self._factor
        L[n:, :n] = B.T
        L[n:, n:] = self._cholesky(C)
        grown.X = np.vstack([self.X, Z])
        grown._distances = self._distances_to(grown.X)  # noqa: SLF001
        grown._noise = np.append(self._noise, v)  # noqa: SLF001
        grown._prior = None  # noqa: SLF001
        grown._set_factor(L)  # noqa: SLF001
        Y = Y.reshape(p, -1)
        grown._set_scores(np.vstack([np.broadcast_to(self.Y, (len(self.X), Y.shape[1])), Y]))  # noqa: SLF001
        return grown

    def once_complete(self) -> GaussianProcess:
        """Return this process with the variances it will have once its points are free of the noise that was told.

        The means stay as they are, since what is expected of the points is what they are known as: hallucinated
        observations (Desautels, Krause and Burdick, GP-BUCB, 2014). The same process where there is no such noise.
        """
        if not self._noise.any():
            return self
        process = copy.copy(self)
        K = self._joint_prior() if self._prior is None else self._prior
        process._set_factor(self._cholesky(self._with_noise(K, 0.0)))  # noqa: SLF001
        return process

    def predict(self, X: Array) -> Posterior:
        """Return mean and standard deviation of the latent function at points of shape (m, d), equation (2)."""
        mean, half = self.project(X)
        return Posterior(mean[:, 0], np.sqrt(self._variance(half)))

    def project(self, Z: Array) -> tuple[Array, Array]:
        """Means of shape (m, S), and L^-1 k(z) of shape (n, m), from which variances and covariances follow."""
        k = self.covariance(Z)
        means: Array = k @ self._weights
        return means, self._solve(k.T)  # k is gone

    def means(self, Z: Array) -> Array:
        """Means alone, of shape (m, S): O(n m) instead of O(n^2 m)."""
        means: Array = self.covariance(Z) @ self._weights
        return means

    @property
    def means_of_points(self) -> Array:
        """Means at the points themselves, of shape (n, S)."""
        if self._prior is None:
            return self.means(self.X)
        means: Array = self._prior @ self._weights
        return means

    @property
    def prior_variance(self) -> float:
        """Variance s2 + c2 of the latent function before any data."""
        return self.theta.signal + self.priors.mean

    def covariance(self, Z: Array) -> Array:
        """Prior covariance K(Z, X) of the latent function, shape (m, n)."""
        return self._distances.covariance(Z, self.nu, self.theta.signal, self.priors.mean)

    def covariance_with(self, Z: Array, x: Array) -> Array:
        """Prior covariance of the latent function at points Z with the one at x, shape (m,)."""
        return self.theta.signal * matern(self._between(Z, x[None])[:, 0], self.nu)[0] + self.priors.mean

    def draw(self, Z: Array, normal: Array) -> Array:
        """Joint draws of noisy scores at Z of shape (p, d), made of standard normals of shape (p, S)."""
        mean, half = self.project(Z)
        C = self._own_covariance(Z) - half.T @ half
        C[np.diag_indices(len(Z))] += self.theta.noise
        draws: Array = mean[:, :1] + self._cholesky(C) @ normal
        return draws

    def _variance(self, half: Array) -> Array:
        # Rounding leaves up to 1e-10 of the prior variance at observed points.
        variance: Array = np.maximum(self.prior_variance - np.einsum("ij,ij->j", half, half), 1e-12)
        return variance

    def _half(self, Z: Array) -> Array:
        return self._solve(self.covariance(Z).T)

    def _solve(self, B: Array) -> Array:
        """L^-1 B, in the place of B, which is a transposed array."""
        if len(B) < _N_INVERTED:
            half: Array = solve_triangular(self._factor, B, lower=True, check_finite=False, overwrite_b=True)
            return half
        if self._inverse is None:
            self._inverse = lower_inverse(self._factor)
        product: Array = dtrmm(1.0, self._inverse, B, lower=1, overwrite_b=1)
        return product

    def _set_factor(self, L: Array) -> None:
        self._factor = L
        self._inverse = None

    def _with_noise(self, K: Array, noise: Array | float) -> Array:
        K = K.copy()
        K[np.diag_indices(len(K))] += self.theta.noise + noise
        return K

    def _own_covariance(self, Z: Array) -> Array:
        return self.theta.signal * matern(self._between(Z, Z), self.nu)[0] + self.priors.mean

    def _between(self, A: Array, B: Array) -> Array:
        return self._distances_to(B)(A)

    def _distances_to(self, X: Array) -> Distances:
        return Distances(X, self.is_categorical, self.theta.lengthscales)

    def _joint_prior(self) -> Array:
        """K without noise."""
        return self.covariance(self.X)

    def _targets(self, Y: Array) -> Array:
        """What is conditioned on when scores are Y."""
        return Y

    def _set_scores(self, Y: Array) -> None:
        self.Y = Y
        half = solve_triangular(self._factor, self._targets(Y), lower=True, check_finite=False)
        self._weights: Array = solve_triangular(self._factor, half, lower=True, trans=1, check_finite=False)

    def _cholesky(self, K: Array) -> Array:
        """Lower factor of K, with as little jitter as it takes.

        K is positive semidefinite up to rounding, about n 1e-16 of its diagonal, and has at least the noise floor on
        the diagonal; so the first rung nearly always holds, and the last one always does.
        """
        size = float(np.mean(np.diagonal(K))) if len(K) else 1.0
        for jitter in (0.0, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0):
            factor, info = dpotrf(K + jitter * size * np.eye(len(K)) if jitter else K, lower=1, clean=1)
            if info == 0 and np.isfinite(factor).all():
                self.n_rescues += jitter > 1e-8
                return np.asarray(factor)
        self.n_rescues += 1
        return np.diag(np.full(len(K), np.sqrt(size if np.isfinite(size) and size > 0 else 1.0)))

    def _mode(
        self, data: tuple[Array, Array, Array], start: Hyperparameters, n_iterations: int
    ) -> tuple[float, Hyperparameters]:
        """Negative log posterior and hyperparameters at its minimum; infinite, and the start, where none was found."""
        bounds = np.log([LENGTHSCALE_BOUNDS] * len(self.is_categorical) + [SIGNAL_BOUNDS, NOISE_BOUNDS])
        # Tight tolerances chase rounding: a change of 1e-6 in the log posterior decides nothing.
        result = minimize(
            self._negative_log_posterior(*data),
            np.clip(start.pack(), bounds[:, 0], bounds[:, 1]),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": n_iterations, "ftol": 1e-6, "gtol": 1e-2},
        )
        if np.isfinite(result.fun) and np.isfinite(result.x).all():
            return float(result.fun), Hyperparameters.unpack(result.x)
        return np.inf, start

    def _negative_log_posterior(self, X: Array, y: Array, v: Array) -> NegativeLogPosterior:
        return NegativeLogPosterior(X, y, v, self.is_categorical, nu=self.nu, priors=self.priors)


def _representatives(y: Array, n_max: int) -> NDArray[np.intp]:
    """Rows to fit hyperparameters to: all, or the better half of ``n_max`` and evenly many of the rest."""
    if len(y) <= n_max:
        return np.arange(len(y))
    order = np.argsort(-y, kind="stable")
    best, rest = order[: n_max // 2], np.sort(order[n_max // 2 :])
    return np.sort(np.append(best, rest[np.linspace(0, len(rest) - 1, n_max - len(best)).astype(int)]))
