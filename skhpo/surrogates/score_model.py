"""What the trials so far say about every configuration: its score, and whether it can be fitted at all.

`ScoreModel` is told rows of the unit cube and scores, and answers with a `Belief`.  The belief after n observations is
a function of these n alone, not of how often or when it was asked for: a search that was resumed believes what the
uninterrupted one does.  Hyperparameters are therefore not fitted "since last time", but at fixed numbers of
observations, each fit starting from the one before it, and every `_CHAIN`-th from the prior, which bounds how much has
to be done again after a resumption.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.surrogates.gp import GaussianProcess
from skhpo.surrogates.hyperparameters import MODERATE, SMALL_NOISE, Hyperparameters, LogNormal, Priors
from skhpo.surrogates.slopes import ProcessWithSlopes
from skhpo.surrogates.warping import warp_scores

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from skhpo.surrogates.kernel import Array
    from skhpo.surrogates.warping import Warp

_CHAIN = 8  # fits in a row that start from each other: a resumption repeats at most so many
_N_SWEEPS = 10  # of alternating least squares; complete rows need one
_N_WARM = 12  # steps of a fit that starts from the one before; it moves little with one more observation
_N_COLD = 50
_MOST_NOISE = 4.0  # of a warped score: twice the standard deviation of all
_LARGEST = 1e100  # beyond it squares of scores overflow; a score of 1e100 is as good as one of 1e300


@dataclass(frozen=True)
class ModelOptions:
    """How scores are modelled; the defaults are the ones of `docs/ablation.md`.

    Parameters
    ----------
    warp : callable
        From scores of shape (n,) to the `Warp` that is fitted to them.
    nu : {2.5, 1.5}
        Smoothness of the Matérn function.
    lengthscale : LogNormal
        Prior of the lengthscales.
    noise : LogNormal
        Prior of the noise variance.
    n_exact : int
        Observations the process conditions on at most.
    has_slopes : bool
        Whether slopes that are told are used. The function is then taken as once more differentiable: ``nu`` is 2.5.
    """

    warp: Callable[[Array], Warp] = warp_scores
    nu: float = 1.5
    lengthscale: LogNormal = MODERATE
    noise: LogNormal = SMALL_NOISE
    n_exact: int = 512
    has_slopes: bool = True


@dataclass(frozen=True)
class Belief:
    """A posterior over warped scores, and one over success.

    Attributes
    ----------
    gp : GaussianProcess or None
        Conditioned on the scores; None before the first score.
    warp : Warp or None
        From scores to what ``gp`` models.
    success : GaussianProcess or None
        Conditioned on 1 (success) minus the prior mean and 0 minus it; None while nothing failed.
    """

    gp: GaussianProcess | None
    warp: Warp | None
    success: GaussianProcess | None
    success_mean: float = 1.0

    def probability_of_success(self, U: Array) -> Array:
        """Probability that a fit at points of shape (m, d) succeeds, in [0.02, 1], shape (m,).

        A regression on labels, clipped: at these sample sizes a classifier's likelihood changes the order of
        candidates little, and this one has a closed form.  Never 0: a region of failures may have an edge.
        """
        if self.success is None:
            return np.ones(len(U))
        return np.clip(self.success_mean + self.success.means(U)[:, 0], 0.02, 1.0)


class ScoreModel:
    """Remembers observations; `belief` is what follows from them.

    Parameters
    ----------
    is_categorical : ndarray of bool of shape (d,)
    options : ModelOptions
    """

    def __init__(self, is_categorical: NDArray[np.bool_], options: ModelOptions) -> None:
        self.is_categorical = is_categorical
        self.options = options
        self._rows: list[Array] = []
        self._values: list[float] = []
        self._by_split: dict[int, Array] = {}  # scores of observations on several splits
        self._partial: list[int] = []  # those of them that lack some
        self._slopes: dict[int, Array] = {}  # of those that were told with some
        self._replaced_at: list[float] = []
        self._last: dict[str, int] = {}
        self.n_rescues = 0
        self._newest: tuple[int, Belief] | None = None
        self._fitted: dict[int, tuple[Hyperparameters, Hyperparameters | None]] = {}

    @property
    def n(self) -> int:
        """Number of observations."""
        return len(self._rows)

    @property
    def points(self) -> Array:
        """Points of all observations, shape (n, d)."""
        return np.array(self._rows).reshape(self.n, len(self.is_categorical))

    @property
    def values(self) -> Array:
        """Mean scores of all observations, NaN where a split failed, shape (n,).

        Of those that were told of some splits only, what the others say about these splits is taken into account.
        """
        return self._adjusted(self.n)[0]

    def current(self) -> tuple[Array, Array]:
        """Points, shape (m, d), and `values`, shape (m,), of all observations that no later one replaced."""
        X, y, _ = self._current(self.n)
        return X, y

    def tell(self, row: Array, scores: Array, slopes: Array | None = None) -> None:
        """Remember the scores, shape (n_splits,), of a point of shape (d,); NaN on the splits that were skipped.

        Slopes of the mean score, shape (d,), are per edge of the cube, and NaN in columns that have none.

        A point whose scores are all NaN has failed, and so has one with an infinite score.
        A point that is told again, on more data as a rule, replaces what was told of it before.
        """
        before = self._last.get(key := np.asarray(row, dtype=float).tobytes().hex())
        if before is not None:
            self._replaced_at[before] = self.n
        self._last[key] = self.n
        self._replaced_at.append(np.inf)
        self._rows.append(np.array(row, dtype=float))
        has_failed = np.isinf(scores).any()
        found = np.full(len(scores), np.nan) if has_failed else np.clip(scores, -_LARGEST, _LARGEST)
        is_known = np.isfinite(found)
        if is_known.any() and len(found) > 1:
            self._by_split[self.n - 1] = found
            if not is_known.all():
                self._partial.append(self.n - 1)
        self._values.append(float(found.mean()))
        if slopes is not None and self.options.has_slopes and np.isfinite(self._values[-1]):
            self._slopes[self.n - 1] = slopes

    def state(self) -> dict[str, Any]:
        """What was told and fitted, in Python's and NumPy's own types; the rest follows from it."""
        scores = [self._by_split.get(i, np.array([value])) for i, value in enumerate(self._values)]
        return {
            "points": self.points,
            "scores": np.concatenate([*scores, np.empty(0)]),
            "n_scores": np.array([len(each) for each in scores], dtype=np.int64),
            "fitted": {n: [theta and list(theta) for theta in both] for n, both in self._fitted.items()},
            "n_rescues": self.n_rescues,
            "slopes": self._slopes,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Bring a model that was told nothing to what `state` returned."""
        ends = np.cumsum(state["n_scores"])[:-1]
        rows = zip(state["points"], np.split(state["scores"], ends), strict=len(state["points"]) > 0)
        for i, (row, scores) in enumerate(rows):
            self.tell(row, scores, state["slopes"].get(i))
        for n, (theta, success) in state["fitted"].items():
            self._fitted[n] = (Hyperparameters(*theta), success and Hyperparameters(*success))
        self.n_rescues = state["n_rescues"]

    def belief(self) -> Belief:
        """What follows from all observations."""
        if self._newest is None or self._newest[0] != self.n:
            self._newest = (self.n, self._belief_after(self.n))
        return self._newest[1]

    def _belief_after(self, n: int) -> Belief:
        X, y, v = self._current(n)
        ok = np.isfinite(y)
        theta, theta_success = self._hyperparameters(n)
        gp, warp = None, None
        if ok.any():
            warp = self.options.warp(y[ok])
            gp = self._process_of_scores(n, warp)
            gp.theta = theta
            rows = _active_set(X[ok], warp.z, self.options.n_exact, theta.lengthscales)
            gp.condition(X[ok][rows], warp.z[rows], _warped_noise(v[ok], warp)[rows])
            self.n_rescues += gp.n_rescues
        if ok.all():
            return Belief(gp, warp, None)
        mean = _success_mean(ok)
        success = self._process()
        success.theta = theta_success if theta_success is not None else success.start
        labels = ok - mean
        rows = _active_set(X, labels, self.options.n_exact, success.theta.lengthscales)
        success.condition(X[rows], labels[rows])
        self.n_rescues += success.n_rescues
        return Belief(gp, warp, success, mean)

    def _current(self, n: int) -> tuple[Array, Array, Array]:
        """Points, values and noise of the first n observations, those that were replaced among them left out."""
        current = np.array(self._replaced_at[:n]) >= n
        y, v = self._adjusted(n)
        return self.points[:n][current], y[current], v[current]

    def _adjusted(self, n: int) -> tuple[Array, Array]:
        """Means over all splits of the first n observations, and the variance of what was skipped, each of shape (n,).

        A score is that of the point, plus what is difficult about the split, plus an interaction of both. The second is
        estimated from all observations on several splits and taken out of those on some; the third remains, as noise
        that is the less the more splits there are. A point that scores to the last digit as complete ones do, on each
        split it has, most likely makes the same predictions, and is expected to have their mean.
        """
        y, v = np.array(self._values[:n]), np.zeros(n)
        partial = [i for i in self._partial if i < n]
        if not partial:
            return y, v
        newest = np.array(self._replaced_at[:n]) >= n
        rows = np.array([scores for i, scores in self._by_split.items() if i < n and newest[i]])
        effects, interaction = _split_effects(rows)
        complete = rows[np.isfinite(rows).all(axis=1)]
        for i in partial:
            scores = self._by_split[i]
            run = np.isfinite(scores)
            alike = complete[(complete[:, run] == scores[run]).all(axis=1)]
            y[i] = alike.mean() if len(alike) else (scores[run] - effects[run]).mean()
            v[i] = interaction * (1 / run.sum() - 1 / len(run))
        return y, v

    @property
    def _priors(self) -> Priors:
        return Priors(lengthscale=self.options.lengthscale, noise=self.options.noise)

    def _process(self) -> GaussianProcess:
        return GaussianProcess(self.is_categorical, nu=self.options.nu, priors=self._priors)

    def _process_of_scores(self, n: int, warp: Warp) -> GaussianProcess:
        """Return a process that knows the slopes among the first n observations, where there are some."""
        if n < 2 or not any(i < n for i in self._slopes):  # the scale of a single score is unknown
            return self._process()
        scale = float(warp.inverse(np.array(1.0)) - warp.inverse(np.array(0.0)))
        known = {self._rows[i].tobytes(): slopes / scale for i, slopes in self._slopes.items() if i < n}
        return ProcessWithSlopes(self.is_categorical, known, priors=self._priors)

    def _hyperparameters(self, n: int) -> tuple[Hyperparameters, Hyperparameters | None]:
        """Hyperparameters of scores and of success for n observations, by the fixed schedule of fits."""
        schedule = _schedule(n)
        first = (len(schedule) - 1) // _CHAIN * _CHAIN
        if not schedule:
            return self._process().start, None
        for i in range(first, len(schedule)):
            count = schedule[i]
            if count not in self._fitted:
                before = self._fitted[schedule[i - 1]] if i > first else None
                self._fitted = {c: t for c, t in self._fitted.items() if c >= schedule[first]}
                self._fitted[count] = self._fit(count, before)
        return self._fitted[schedule[-1]]

    def _fit(
        self, n: int, before: tuple[Hyperparameters, Hyperparameters | None] | None
    ) -> tuple[Hyperparameters, Hyperparameters | None]:
        X, y, v = self._current(n)
        ok = np.isfinite(y)
        theta, theta_success = before if before is not None else (None, None)
        if ok.sum() >= 2:
            warp = self.options.warp(y[ok])
            process = self._process_of_scores(n, warp)
            theta = self._fit_one(process, X[ok], warp.z, _warped_noise(v[ok], warp), theta)
        if not ok.all():
            labels = ok - _success_mean(ok)
            theta_success = self._fit_one(self._process(), X, labels, np.zeros(len(ok)), theta_success)
        return theta if theta is not None else self._process().start, theta_success

    def _fit_one(
        self, gp: GaussianProcess, X: Array, z: Array, noise: Array, start: Hyperparameters | None
    ) -> Hyperparameters:
        gp.theta = start if start is not None else gp.start
        gp.fit(X, z, noise, starts=[gp.theta], n_iterations=_N_COLD if start is None else _N_WARM)
        self.n_rescues += gp.n_rescues
        return gp.theta


def _split_effects(rows: Array) -> tuple[Array, float]:
    """What each split adds to a score, shape (k,), and the variance of the interaction; from scores of shape (c, k).

    The two-way layout with cells that are missing (NaN), by alternating least squares. Only rows with several scores
    say anything, and of these the better half is used, where the search is.
    """
    known = np.isfinite(rows)
    rows = rows[known.sum(axis=1) > 1]
    effects = np.zeros(known.shape[1])
    for _ in range(_N_SWEEPS):
        means = np.nanmean(rows - effects, axis=1) if len(rows) else np.zeros(0)
        better = np.argsort(-means, kind="stable")[: max(3, (len(rows) + 1) // 2)]
        cells = rows[better] - means[better, None]
        n = np.isfinite(cells).sum(axis=0)
        effects = np.divide(np.nansum(cells, axis=0), n, out=np.zeros(len(n)), where=n > 0)
        effects -= effects.mean()
    if not len(rows):
        return effects, 0.0
    residuals = rows[better] - means[better, None] - effects
    df = np.isfinite(residuals).sum() - len(better) - (len(effects) - 1)
    return effects, float(np.nansum(residuals**2) / df) if df > 0 else 0.0


def _warped_noise(v: Array, warp: Warp) -> Array:
    """Variances of warped scores, from those of scores: by the slope of the warp over a quarter to both sides."""
    if not v.any():
        return np.zeros(len(v))
    slope = (warp.inverse(warp.z + 0.25) - warp.inverse(warp.z - 0.25)) / 0.5
    noise: Array = np.divide(v, slope**2, out=np.full(len(v), _MOST_NOISE), where=v < _MOST_NOISE * slope**2)
    return noise


def _success_mean(ok: NDArray[np.bool_]) -> float:
    """Prior mean of success: that of a Beta(1, 1/2) after the observations, which starts at 2/3."""
    return float((ok.sum() + 1.0) / (len(ok) + 1.5))


@lru_cache(maxsize=8)
def _schedule(n: int) -> tuple[int, ...]:
    """Numbers of observations up to n at which hyperparameters are fitted: each to 40, then every 20th part."""
    counts = []
    count = 2
    while count <= n:
        counts.append(count)
        count += max(1, count // 20)
    return tuple(counts)


def _active_set(X: Array, z: Array, n_max: int, lengthscales: Array) -> NDArray[np.intp]:
    """Rows to condition on when there are more than ``n_max``: the best, what is near the best, and some of the rest.

    A quarter is the best observations and three eighths the nearest to the best five, where the search will look; the
    remainder is spread evenly over the search's history, so that no region is forgotten.  (TuRBO's local models are
    the evidence that a process of the neighbourhood is enough late in a search.)
    """
    if len(z) <= n_max:
        return np.arange(len(z))
    order = np.argsort(-z, kind="stable")
    chosen = np.zeros(len(z), dtype=bool)
    chosen[order[: n_max // 4]] = True
    scaled = X / lengthscales
    nearest = np.min([((scaled - scaled[i]) ** 2).sum(axis=1) for i in order[:5]], axis=0)
    nearest[chosen] = np.inf
    chosen[np.argsort(nearest, kind="stable")[: 3 * n_max // 8]] = True
    rest = np.flatnonzero(~chosen)
    chosen[rest[np.linspace(0, len(rest) - 1, n_max - chosen.sum()).astype(int)]] = True
    return np.flatnonzero(chosen)
