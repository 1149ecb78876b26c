r"""A Gaussian process that knows slopes of the score at some of its points, as rows of derivatives.

Notation, besides that of gp.py
--------
::

    r            number of slopes: of point i(a) in column j(a), for a = 1 ... r
    g            (r,)     slopes of warped scores, per edge of the cube
    w            (d,)     1 / l^2
    q            (n, n)   squared distances, sum_j w_j S_j, categories included
    M, M1, M2    (n, n)   Matérn function of nu = 5/2 and its slopes in q
    E            (r, n)   how far along its column a point lies from each: x_i(a) - x, in column j(a)
    F            (r, r)   E at the points of the slopes
    V            (r, r)   w_j(a) F
    1[j = j']    (r, r)   same column

Equations (Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 9.4)
---------
(1) cov(g, f)  = 2 s2 M1 w E                        from dq/dx_j = 2 w_j (x_j - x'_j)
(2) cov(g, g') = 4 s2 M2 V V' - 2 s2 M1 w 1[j = j']
(3) Slopes have noise of variance e2 5/3 w: the share of their prior variance that e2 is of the scores', at s2 = 1. One
    cannot be believed more than the other where the function is not what a stationary process draws.
(4) Slopes in w of <A, K> / s2, for a symmetric A with blocks rr, rv, vv: a matrix P of distances' weights,
    P = A_vv M1  +  by point of (4 A_rv M2 w E)  +  by both points of A_rr (4 M3 V V' - 2 M2 w 1[j = j']),
    of which each S_j gets its share, <P, S_j>; and by column 4 A_rv M1 E + 8 A_rr M2 F V' - 2 A_rr M1 1[j = j'].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skhpo.surrogates.gp import GaussianProcess
from skhpo.surrogates.hyperparameters import NegativeLogPosterior
from skhpo.surrogates.kernel import matern

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from numpy.typing import NDArray

    from skhpo.surrogates.hyperparameters import Priors
    from skhpo.surrogates.kernel import Array

_NU = 2.5  # slopes of a process of nu = 3/2 are rough: those of one point say little about the next
_PRIOR_CURVATURE = 5 / 3  # variance of a slope before any data, in units of s2 w
_MOST = 300  # slopes that are used: a factorisation costs their number cubed
_STEEPEST = 200.0  # a slope that no process within the bounds of its hyperparameters has
_LEAST_DISTANCE = 1e-14  # M3 is infinite at 0, where what multiplies it vanishes


class Slopes(NamedTuple):
    """Slopes that are used: of which points, in which columns, and how much; each of shape (r,)."""

    points: NDArray[np.intp]
    columns: NDArray[np.intp]
    values: Array

    @classmethod
    def among(cls, X: Array, y: Array, known: Mapping[bytes, Array]) -> Slopes:
        """Return the slopes to use at points: those of the better half, where the warp of the scores is affine.

        Parameters
        ----------
        X : ndarray of shape (n, d)
        y : ndarray of shape (n,)
            Warped scores.
        known : mapping of bytes to ndarray of shape (d,)
            Slopes of warped scores by point, NaN where there are none.
        """
        nothing = np.full(X.shape[1], np.nan)
        G = np.array([known.get(x.tobytes(), nothing) for x in X]).reshape(X.shape)
        is_usable = np.abs(G) < _STEEPEST  # false for NaN
        best_first = np.argsort(-y, kind="stable")[: (len(y) + 1) // 2]
        counts = np.cumsum(is_usable[best_first].sum(axis=1))
        points = best_first[counts <= max(_MOST, counts[0])]
        i, columns = np.nonzero(is_usable[points])
        return cls(points[i], columns, G[points[i], columns])


NO_SLOPES = Slopes(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))


class JointCovariance:
    """Covariance of slopes and values at the same points, the slopes first: equations (1) and (2).

    Parameters
    ----------
    X : ndarray of shape (n, d)
    slopes : Slopes
    """

    def __init__(self, X: Array, slopes: Slopes) -> None:
        self._points, self._columns = slopes.points, slopes.columns
        self._E = _along(X[slopes.points], slopes.columns, X)
        self._F = self._E[:, slopes.points]
        self._is_same = slopes.columns[:, None] == slopes.columns
        self._by_point = np.zeros((len(slopes.points), len(X)))
        self._by_point[np.arange(len(slopes.points)), slopes.points] = 1.0

    def __call__(self, q: Array, w: Array) -> Array:
        """Covariance for s2 = 1 without the constant mean, shape (r + n, r + n)."""
        r, own = len(self._points), w[self._columns][:, None]
        M, M1 = matern(q, _NU)
        _, M1_rows, M2_rows, _ = _matern_slopes(self._at_both(q))
        V = own * self._F
        K = np.empty((r + len(q), r + len(q)))
        K[:r, :r] = 4 * M2_rows * V * V.T - 2 * M1_rows * own * self._is_same
        K[:r, r:] = 2 * M1[self._points] * own * self._E
        K[r:, :r] = K[:r, r:].T
        K[r:, r:] = M
        return K

    def slope(self, A: Array, q: Array, w: Array, S: Array) -> Array:
        """Slopes in w of the sum of A times the covariance, shape (d,): equation (4); S of shape (d, n n)."""
        r, own = len(self._points), w[self._columns][:, None]
        A_rows, A_cross, A_values = A[:r, :r], A[:r, r:], A[r:, r:]
        _, M1, M2, _ = _matern_slopes(q)
        _, M1_rows, M2_rows, M3_rows = _matern_slopes(self._at_both(q))
        V = own * self._F
        by_point = self._by_point
        rows = A_rows * (4 * M3_rows * V * V.T - 2 * M2_rows * own * self._is_same)
        P = A_values * M1 + by_point.T @ (4 * A_cross * M2[self._points] * own * self._E + rows @ by_point)
        by_slope = 4 * (A_cross * M1[self._points] * self._E).sum(axis=1)
        by_slope += (A_rows * (8 * M2_rows * self._F * V.T - 2 * M1_rows * self._is_same)).sum(axis=1)
        found: Array = S @ P.ravel() + np.bincount(self._columns, by_slope, minlength=len(w))
        return found

    def _at_both(self, q: Array) -> Array:
        at_both: Array = q[np.ix_(self._points, self._points)]
        return at_both


class NegativeLogPosteriorWithSlopes(NegativeLogPosterior):
    """The same for scores and slopes."""

    def __init__(
        self,
        X: Array,
        y: Array,
        v: Array,
        is_categorical: NDArray[np.bool_],
        *,
        priors: Priors,
        slopes: Slopes,
    ) -> None:
        super().__init__(X, y, v, is_categorical, nu=_NU, priors=priors)
        self._y, self._slopes = np.append(slopes.values, y), slopes
        self._joint = JointCovariance(X, slopes)

    def _covariance(self, weights: Array, s2: float, e2: float) -> tuple[Array, tuple[Array, ...]]:
        q = (weights @ self._S).reshape(self._n, self._n)
        prior = s2 * self._joint(q, weights)
        r = len(self._slopes.values)
        K = prior.copy()
        K[r:, r:] += self._priors.mean
        shares = _shares_of_noise(self._slopes, weights, self._n)
        K[np.diag_indices(len(K))] += e2 * shares
        K[r:, r:][np.diag_indices(self._n)] += self._v
        return K, (prior, q, shares)

    def _gradient(self, A: Array, parts: tuple[Array, ...], weights: Array, s2: float, e2: float) -> Array:
        prior, q, shares = parts
        columns, d = self._slopes.columns, self._d
        in_noise = e2 * shares * np.diagonal(A)
        in_weights = s2 * weights * self._joint.slope(A, q, weights, self._S)
        in_weights += np.bincount(columns, in_noise[: len(columns)], minlength=d)
        return np.append(-2 * in_weights, (np.vdot(A, prior), in_noise.sum()))


class ProcessWithSlopes(GaussianProcess):
    """A Gaussian process of nu = 5/2 that knows slopes at some points.

    Parameters
    ----------
    is_categorical : ndarray of bool of shape (d,)
    known : mapping of bytes to ndarray of shape (d,)
        Slopes of warped scores by point, per edge of the cube, NaN where there are none.
    priors : Priors
    """

    def __init__(
        self, is_categorical: NDArray[np.bool_], known: Mapping[bytes, Array], *, priors: Priors | None = None
    ) -> None:
        super().__init__(is_categorical, nu=_NU, priors=priors)
        self._known = known
        self._slopes = NO_SLOPES

    def condition(self, X: Array, y: Array, noise: Array | None = None) -> Self:
        """Condition on the scores, and on slopes of the better half, with the hyperparameters as they are."""
        self._slopes = Slopes.among(X, y, self._known)
        self._at_slopes = X[self._slopes.points]
        return super().condition(X, y, noise)

    @property
    def share_of_columns(self) -> float:
        """Share of the columns in which slopes are known, in [0, 1]."""
        return len(np.unique(self._slopes.columns)) / len(self.is_categorical)

    def covariance(self, Z: Array) -> Array:
        """Prior covariance of the latent function at Z with slopes and values, shape (m, r + n)."""
        slopes = self._slopes
        own = self.theta.lengthscales[slopes.columns] ** -2
        M, M1 = matern(self._distances(Z), _NU)
        s2, along = self.theta.signal, _along(self._at_slopes, slopes.columns, Z).T
        return np.hstack([2 * s2 * M1[:, slopes.points] * own * along, s2 * M + self.priors.mean])

    @property
    def means_of_points(self) -> Array:
        """Means at the points themselves, of shape (n, S)."""
        return self.means(self.X)

    def _joint_prior(self) -> Array:
        r = len(self._slopes.values)
        joint = JointCovariance(self.X, self._slopes)
        K = self.theta.signal * joint(self._distances(self.X), self.theta.lengthscales**-2)
        K[r:, r:] += self.priors.mean
        return K

    def _with_noise(self, K: Array, noise: Array | float) -> Array:
        r = len(self._slopes.values)
        K = K.copy()
        shares = _shares_of_noise(self._slopes, self.theta.lengthscales**-2, len(K) - r)
        K[np.diag_indices(len(K))] += self.theta.noise * shares
        K[r:, r:][np.diag_indices(len(K) - r)] += noise
        return K

    def _targets(self, Y: Array) -> Array:
        slopes = np.broadcast_to(self._slopes.values[:, None], (len(self._slopes.values), Y.shape[1]))
        return np.vstack([slopes, Y])

    def _negative_log_posterior(self, X: Array, y: Array, v: Array) -> NegativeLogPosterior:
        slopes = Slopes.among(X, y, self._known)
        return NegativeLogPosteriorWithSlopes(X, y, v, self.is_categorical, priors=self.priors, slopes=slopes)


def _shares_of_noise(slopes: Slopes, weights: Array, n: int) -> Array:
    """Noise variances of slopes and of n values in units of e2, shape (r + n,): equation (3)."""
    shares: Array = np.append(_PRIOR_CURVATURE * weights[slopes.columns], np.ones(n))
    return shares


def _along(at: Array, columns: NDArray[np.intp], X: Array) -> Array:
    """How far along its column each point is from the one of a slope, shape (r, n); at of shape (r, d)."""
    own: Array = at[np.arange(len(columns)), columns]
    distances: Array = own[:, None] - X[:, columns].T
    return distances


def _matern_slopes(q: Array) -> tuple[Array, Array, Array, Array]:
    """Matérn function of nu = 5/2 and its first three slopes in the squared distance."""
    r = np.sqrt(np.maximum(q, _LEAST_DISTANCE))
    a = np.sqrt(2 * _NU)
    decay = np.exp(-a * r)
    return (
        (1 + a * r + 5 / 3 * r * r) * decay,
        -5 / 6 * (1 + a * r) * decay,
        25 / 12 * decay,
        -25 * a / 24 / r * decay,
    )
