"""What slopes are worth to the model of a Bayesian search, as rows of derivatives in its Gaussian process.

A part of ``python benchmarks/gradient.py rows``. It was measured and is not in the library; see
docs/decisions/0168-rows-of-derivatives.md. No pending trials, no categories, no failures.

Notation
--------
::

    n, m, d     points, those of them with slopes, columns
    q           squared distance sum_j w_j (x_j - x'_j)^2, with w = 1 / l^2
    M, M1, M2, M3   Matérn function of q, and its slopes in q
    D, W        differences x - x' and w (x - x')
    s2, e2, eg  variances of signal and noise, and that of slopes as a share of their prior variance

    cov(f, f'_k)    = -2 s2 M1 W_k
    cov(f'_j, f'_k) = -2 s2 M1 w_j [j = k] - 4 s2 M2 W_j W_k
"""

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs
from scipy.optimize import minimize

from skhpo import BayesSearchCV
from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.samplers.first import FirstSampler
from skhpo.search.bayes import make_scheduler
from skhpo.search.plan import Plan
from skhpo.search.untuned import own_params
from skhpo.surrogates.hyperparameters import (
    LENGTHSCALE_BOUNDS,
    NOISE_BOUNDS,
    SIGNAL_BOUNDS,
    SMALL_NOISE,
    Hyperparameters,
    Priors,
)
from skhpo.surrogates.score_model import Belief, ScoreModel

_MOST_ROWS = 300  # of derivatives: those of the best points
_STEP = 1e-6  # of the range, for the slope of a value in its coordinate
_PRIOR_CURVATURE = {1.5: 3.0, 2.5: 5 / 3}  # variance of a slope, in units of s2 w


def matern_slopes(q, nu):
    """Return M, M1, M2 and M3; the last two are infinite at 0, where what they multiply vanishes faster."""
    r = np.sqrt(np.maximum(q, 1e-14))
    a = np.sqrt(2 * nu)
    e = np.exp(-a * r)
    if nu == 1.5:
        return (1 + a * r) * e, -1.5 * e, 0.75 * a / r * e, -(3 * a / 8) * (a / r**2 + 1 / r**3) * e
    return (1 + a * r + 5 * r * r / 3) * e, -5 / 6 * (1 + a * r) * e, 25 / 12 * e, -25 * a / (24 * r) * e


def add_diagonal(A, start, values):
    index = np.arange(start, start + len(values))
    A[index, index] += values


class Covariances:
    """Covariances of values at points and slopes at some of them."""

    def __init__(self, X, rows, nu):
        self.D, self.rows, self.nu = X[:, None, :] - X[None, :, :], rows, nu
        self.D_rows = self.D[np.ix_(rows, rows)]

    def __call__(self, w, s2, mean):
        (n, d), m, G = self.D.shape[1:], len(self.rows), self.rows
        M, M1, _, _ = matern_slopes(self.D**2 @ w, self.nu)
        _, M1_rows, M2_rows, _ = matern_slopes(self.D_rows**2 @ w, self.nu)
        W = self.D_rows * w
        K = np.empty((n + m * d, n + m * d))
        K[:n, :n] = s2 * M + mean
        K[:n, n:] = (-2 * s2 * M1[:, G, None] * self.D[:, G] * w).reshape(n, m * d)
        K[n:, :n] = K[:n, n:].T
        blocks = -4 * s2 * M2_rows[:, :, None, None] * W[..., :, None] * W[..., None, :]
        j = np.arange(d)
        blocks[..., j, j] += -2 * s2 * M1_rows[..., None] * w
        K[n:, n:] = blocks.transpose(0, 2, 1, 3).reshape(m * d, m * d)
        return K

    def slope(self, A, w):
        """Return the slope of ``<A, K> / s2`` in w, shape (d,)."""
        (n, d), m, G, D = self.D.shape[1:], len(self.rows), self.rows, self.D_rows
        q, q_rows = self.D**2 @ w, self.D_rows**2 @ w
        _, M1, M2, _ = matern_slopes(q, self.nu)
        _, M1_rows, M2_rows, M3_rows = matern_slopes(q_rows, self.nu)
        W = D * w
        A_cross = A[:n, n:].reshape(n, m, d)
        A_rows = A[n:, n:].reshape(m, d, m, d).transpose(0, 2, 1, 3)
        P = (A_cross * self.D[:, G] * w).sum(2)
        found = np.einsum("ab,abj->j", A[:n, :n] * M1, self.D**2)
        found += np.einsum("ab,abj->j", -4 * P * M2[:, G], self.D[:, G] ** 2)
        found += np.einsum("abj,abj->j", A_cross, -4 * self.D[:, G] * M1[:, G, None])
        V = np.einsum("abjk,abk->abj", A_rows, W)
        both = V + np.einsum("abkj,abk->abj", A_rows, W)
        in_q = -2 * np.einsum("abjj,j->ab", A_rows, w) * M2_rows - 4 * (V * W).sum(2) * M3_rows
        np.fill_diagonal(in_q, 0.0)
        found += np.einsum("ab,abj->j", in_q, D**2)
        found -= 2 * np.einsum("abjj,ab->j", A_rows, M1_rows)
        found -= 4 * np.einsum("abj,abj,ab->j", both, D, M2_rows)
        return found


class NegativeLogPosterior:
    """Over t = (log l, log s2, log e2, log eg), with its gradient."""

    def __init__(self, X, rows, target, nu, priors):
        self.covariances, self.target, self.nu, self.priors = Covariances(X, rows, nu), target, nu, priors
        self.n, self.d = X.shape
        self.m = len(rows)

    def __call__(self, t):
        n, d, m = self.n, self.d, self.m
        w = np.exp(-2 * t[:d])
        s2, e2, eg = np.exp(t[d:])
        K = self.covariances(w, s2, self.priors.mean)
        noise = np.tile(eg * s2 * _PRIOR_CURVATURE[self.nu] * w, m)
        prior = K.copy()
        add_diagonal(K, 0, np.full(n, e2))
        add_diagonal(K, n, noise)
        L, info = dpotrf(K, lower=1, clean=1)
        if info or not np.isfinite(L).all():
            return 1e25, np.zeros_like(t)
        half, _ = dtrtrs(L, self.target, lower=1)
        value = 0.5 * half @ half + np.log(np.diagonal(L)).sum()
        a, _ = dtrtrs(L, half, lower=1, trans=1)
        inverse, _ = dpotri(L, lower=1)
        A = (np.tril(inverse) + np.tril(inverse, -1).T - np.outer(a, a)) / 2
        in_noise = (noise * np.diagonal(A)[n:]).reshape(m, d)
        in_w = s2 * self.covariances.slope(A, w)
        in_signal = np.vdot(A, prior) - self.priors.mean * A[:n, :n].sum() + in_noise.sum()
        slope = np.concatenate(
            [-2 * (w * in_w + in_noise.sum(0)), [in_signal, e2 * np.trace(A[:n, :n]), in_noise.sum()]]
        )
        parts = ((self.priors.lengthscale, slice(0, d)), (self.priors.signal, slice(d, d + 1)))
        parts += ((self.priors.noise, slice(d + 1, d + 2)), (SMALL_NOISE, slice(d + 2, d + 3)))
        for prior_of, where in parts:
            penalty, penalty_slope = prior_of.penalty(t[where])
            value += penalty.sum()
            slope[where] += penalty_slope
        return value, slope


class ProcessWithSlopes:
    """Stands in for `GaussianProcess` in what a suggestion asks of it."""

    n_rescues = 0

    def __init__(self, X, z, rows, slopes, *, nu, start):
        d = X.shape[1]
        self.X, self.Y, self.rows, self.nu, self.priors = X, z[:, None], rows, nu, Priors()
        target = np.concatenate([z, slopes.ravel()])
        mode = np.append(np.full(d, np.log(self.priors.lengthscale.mode)), [0.0, SMALL_NOISE.mu, SMALL_NOISE.mu])
        bounds = np.log([LENGTHSCALE_BOUNDS] * d + [SIGNAL_BOUNDS, NOISE_BOUNDS, (1e-5, 10.0)])
        found = minimize(
            NegativeLogPosterior(X, rows, target, nu, self.priors),
            np.clip(mode if start is None else start, bounds[:, 0], bounds[:, 1]),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 50 if start is None else 12, "ftol": 1e-6, "gtol": 1e-2},
        )
        self.t = found.x
        self.w, (self.s2, e2, eg) = np.exp(-2 * self.t[:d]), np.exp(self.t[d:])
        self.theta = Hyperparameters(np.exp(self.t[:d]), self.s2, e2)
        K = Covariances(X, rows, nu)(self.w, self.s2, self.priors.mean)
        noise = np.append(np.full(len(X), e2), np.tile(eg * self.s2 * _PRIOR_CURVATURE[nu] * self.w, len(rows)))
        for jitter in (0.0, 1e-8, 1e-6, 1e-4, 1e-2):
            self.L, info = dpotrf(K + np.diag(noise + jitter * np.diagonal(K)), lower=1, clean=1)
            if info == 0:
                break
        half = solve_triangular(self.L, target, lower=True)
        self.weights = solve_triangular(self.L, half, lower=True, trans=1)[:, None]

    @property
    def prior_variance(self):
        return self.s2 + self.priors.mean

    @property
    def means_of_points(self):
        return self.means(self.X)

    def once_complete(self):
        return self

    def covariance(self, U):
        D = U[:, None] - self.X[None]
        M, M1, _, _ = matern_slopes(D**2 @ self.w, self.nu)
        cross = -2 * self.s2 * M1[:, self.rows, None] * (D[:, self.rows] * self.w)
        return np.hstack([self.s2 * M + self.priors.mean, cross.reshape(len(U), -1)])

    def means(self, U):
        return self.covariance(U) @ self.weights

    def project(self, U):
        k = self.covariance(U)
        return k @ self.weights, solve_triangular(self.L, k.T, lower=True)


class ModelWithSlopes(ScoreModel):
    """Of the better half of the points, whose warped scores are the scores times a factor, the slopes are used too."""

    nu = 2.5

    def __init__(self, *given):
        super().__init__(*given)
        self.slopes, self.starts = {}, {}

    def _belief_after(self, n):
        X, y, _ = self._current(n)
        warp, nothing = self.options.warp(y), np.full(X.shape[1], np.nan)
        slopes = np.array([self.slopes.get(row.tobytes(), nothing) for row in X])
        rows = np.flatnonzero(np.isfinite(slopes).all(axis=1) & (y >= np.median(y)) & (len(y) > 1))
        rows = rows[np.argsort(-y[rows], kind="stable")][: max(1, _MOST_ROWS // X.shape[1])]
        scale = float(warp.inverse(1.0) - warp.inverse(0.0))
        start = self.starts.get(n - 1) if n % 8 else None
        process = ProcessWithSlopes(X, warp.z, rows, slopes[rows] / scale, nu=self.nu, start=start)
        self.starts[n] = process.t
        return Belief(process, warp, None)


class SamplerWithSlopes(BayesSampler):
    def __init__(self, space, seed, **more):
        super().__init__(space, seed, **more)
        self._model = ModelWithSlopes(space.is_categorical, self.options.model)

    def tell(self, observation):
        super().tell(observation)
        row = self.space.encode([observation.trial.params])[0]
        if observation.gradient is not None:
            ends = np.clip([row - _STEP, row + _STEP], 0, 1)
            below, above = self.space.decode(ends)
            change = [(above[name] - below[name]) * observation.gradient[name] for name in self.space.names]
            self._model.slopes[row.tobytes()] = np.array(change) / (ends[1] - ends[0])

    def expected_improvement_remaining(self):
        return np.nan


class BayesWithSlopes(BayesSearchCV):
    """A Bayesian search whose model knows slopes; ``polish=True`` has them computed, and does nothing else here."""

    width = 1.0

    def _plan(self, start):
        own = own_params(start.space(), start.problem.estimator)
        options = BayesOptions(n_line=0, width=self.width)
        sampler = SamplerWithSlopes(start.space(), start.seed(), initial_params=own.inside, options=options)
        if own.outside is not None:
            sampler = FirstSampler(own.outside, sampler, None)
        return Plan(sampler, make_scheduler(self, start.problem, sampler, self.n_iter), look_back=self.look_back)
