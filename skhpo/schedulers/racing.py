r"""Racing: a trial that will not be the best after all does not get all of its splits.

Notation
--------
::

    k       splits of a complete trial
    m       splits on which a challenger was fitted so far
    f       what is typical of each split: the mean of the complete trials, (k,)
    e       the challenger's scores minus f on its splits, (m,): what is difficult about a split is gone
    D       the mean of all e it would have, minus that of the incumbent, which is known
    v       variance of such an e from split to split
    w       share of each split in it, (k,), 1 on average

The rule asks about the finite set of k splits, not about a population behind them: would the challenger's mean over all
of them exceed the incumbent's? The mean of all k is expected to be that of the first m, and differs from it by
:math:`(1/m - 1/k)` times what these add up to, less :math:`1/k` times what the others do, so that

.. math:: P(\text{overturn}) = T_\nu\Big(\hat D \Big/ \sqrt{v\, c}\Big), \qquad \hat D = \bar e - \overline{(s - f)},
   \qquad c = \Big(\frac 1m - \frac 1k\Big)^2 \sum_{\text{run}} w_j + \frac{1}{k^2} \sum_{\text{others}} w_j,

with s the scores of the incumbent: the difference estimator of sampling theory, with its correction for finite
populations, as c is (k - m) / (k m) where splits are alike (Cochran: Sampling techniques. 3rd ed., 1977, chapters 2 and
7). What is typical is the better thing to subtract than
the incumbent's own scores: these carry chance of their own, which doubles v, and of which the mean over all splits is
known. One split says nothing of its variance, so v is what it is among the complete trials, pooled, into which the
challenger's own enters from the second split on: weighted by degrees of freedom, or against no more than two of them
if that is larger, since the complete trials may be near-copies of each other and the challenger is not. A split on
which trials change places more than on others says less: w is what it has of the complete trials' variance, shrunk
towards 1 as if five others had found the splits alike. Where nothing varies, v = 0 to rounding, a challenger that is
behind by the same on two splits is behind by that on all.

The complete trials went on because they did well on the splits that they had first. If all had the same first, f would
be too high there and too low elsewhere, so splits take turns at being the first where they can.

The racing of configurations over shared instances is that of Maron and Moore (NIPS 1993) and irace (Lopez-Ibanez et al.
2016); stopping cross-validation early, that of Bergman, Purucker and Hutter (AutoML 2024), whose rules are not paired.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtr

from skhpo.schedulers.fixed import FixedScheduler
from skhpo.trial import FitStarted, TrialStopped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.trial import History

CAREFUL = 0.003  # the probability below which to stop, where all trials have the same order of splits
_N_LATEST = 30  # complete trials that say it
_N_ALIKE = 5  # trials that would have found the splits alike
_N_NEW = 10  # new trials of which one was the best so far, before any were seen
_LARGEST = 1e100  # beyond it squares of scores overflow, and a candidate is out of the race
_MOST_DF = 2  # times k - 1: trials differ in their variances, so that many say no more of one's than two would


class Judge(NamedTuple):
    """What the complete trials say about a challenger.

    Parameters
    ----------
    incumbent : int
        Number of the one to beat.
    scores : ndarray of shape (k,)
        Its scores.
    typical : ndarray of shape (k,)
        f above.
    variance : float
        v above; 0 where trials differ by the same on each split.
    df : float
        Degrees of freedom of ``variance``; 0 where nothing is known of it.
    shares : ndarray of shape (k,)
        w above.
    """

    incumbent: int
    scores: NDArray[np.float64]
    typical: NDArray[np.float64]
    variance: float
    df: float
    shares: NDArray[np.float64]

    def behind(self, splits: Sequence[int], scores: NDArray[np.float64]) -> float:
        """Expected difference of a challenger's mean over all splits to the incumbent's: D above, negative if below.

        Parameters
        ----------
        splits : sequence of int, length m
            Splits it was fitted on.
        scores : ndarray of shape (m,)
            Its scores there.
        """
        return float((scores - self.typical[list(splits)]).mean() - (self.scores - self.typical).mean())

    def probability(self, splits: Sequence[int], scores: NDArray[np.float64]) -> float:
        """Probability that a challenger overturns the incumbent when it is finished.

        Parameters
        ----------
        splits : sequence of int, length m
            Splits it was fitted on.
        scores : ndarray of shape (m,)
            Its scores there.

        Returns
        -------
        float
            1 where nothing can be said, and where it is not below the incumbent on its splits. 0 where it is, and all
            known differences are the same on each split, those of the challenger on two or more included.

        Examples
        --------
        >>> import numpy as np
        >>> scores = np.array([0.8, 0.9, 0.8, 0.9, 0.8])
        >>> judge = Judge(0, scores, typical=scores - 0.01, variance=0.01**2, df=20, shares=np.ones(5))
        >>> round(judge.probability([0, 1], np.array([0.79, 0.89])), 3)
        0.038
        >>> judge.probability([0, 1], np.array([0.6, 0.7])) < 1e-6
        True
        """
        k, m = len(self.scores), len(splits)
        on = list(splits)
        level = float((scores - self.scores[on]).mean())
        if not (math.isfinite(level) and level < 0) or self.df == 0:
            return 1.0
        e = scores - self.typical[on]
        own = float(((e - e.mean()) ** 2).sum())
        df = self.df + m - 1
        v = max((self.df * self.variance + own) / df, (2 * self.variance + own) / (2 + m - 1))
        of_run = float(self.shares[on].sum())
        error = math.sqrt(v * ((1 / m - 1 / k) ** 2 * of_run + (float(self.shares.sum()) - of_run) / k**2))
        behind, rounding = self.behind(splits, scores), 1e-14 * float(np.abs(self.scores).max())
        if error > rounding:
            return float(stdtr(df, behind / error))
        # Nothing varies from split to split. One split of the challenger does not show that this holds for it too.
        return 0.0 if m > 1 and behind < -rounding else 1.0


class Race:
    """Trials of which the best are wanted: who goes on, and who is stopped.

    The most promising goes on first: the better those that are complete, the sooner the others are stopped. None is
    stopped before some are complete and as many as are wanted, none that is level with the last of these, and none of
    which a fit is under way. Decisions follow from the history alone; what is kept here only saves to find out twice.

    Parameters
    ----------
    order : sequence of int
        The splits in the order in which they are tried.
    n_turns : int
        So many of the first take turns at being the first: trial i begins at i modulo ``n_turns``, and goes round. With
        1 the order is the same for all trials.
    n_best : int
        How many are wanted.
    alpha : float
        A trial is stopped where the probability that it will be among them is below.
    share : float
        And below this share of the chance that a new trial has, going by how many were the best so far lately.
    n_first : int
        None is stopped before so many are complete, at least 2: fewer say little about what is typical.
    stops_failures : bool
        Whether a trial of which one fit failed is stopped: where its score will be NaN whatever the others give.
    """

    def __init__(
        self,
        order: Sequence[int],
        *,
        n_turns: int = 1,
        n_best: int = 1,
        alpha: float = CAREFUL,
        share: float = math.inf,
        n_first: int = 3,
        stops_failures: bool = True,
    ) -> None:
        self.order, self.n_turns, self.n_best, self.alpha, self.share = order, n_turns, n_best, alpha, share
        self.n_first, self.stops_failures = n_first, stops_failures
        self._threshold = alpha
        self._judged: tuple[int, Judge | None] | None = None
        # By trial and how many of its splits are seen, as long as the judge is the same.
        self._verdicts: dict[tuple[int, int], TrialStopped | None] = {}
        self._promises: dict[tuple[int, int], float] = {}

    def next_split(
        self, history: History, open_: Sequence[int], complete: Sequence[int], *, can_start: bool
    ) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait.

        Parameters
        ----------
        history : History
            What has happened.
        open_, complete : sequence of int
            Of the trials that take part, those that are open and those that are complete, as in ``history``.
        can_start : bool
            Whether another trial may be started instead of going on with one.
        """
        judge = self._judge(history, complete)
        at_rest: list[int] = []
        busy: list[int] = []
        for number in open_:
            n_begun, n_seen = len(history.begun(number)), len(history.seen(number))
            if n_begun == 0:
                return self._fit(history, number)
            verdict = self._verdict(judge, history, number)
            if verdict is not None and n_seen == n_begun:
                return verdict
            if verdict is None and n_begun < history.n_splits:
                (at_rest if n_seen == n_begun else busy).append(number)
        if can_start or not (at_rest or busy):
            return None
        number = max(at_rest or busy, key=lambda number: self._promise(judge, history, number))
        return self._fit(history, number)

    def _fit(self, history: History, number: int) -> FitStarted:
        """Return the fit that a trial is to have next."""
        begun, at = history.begun(number), number % self.n_turns
        order = [*self.order[at : self.n_turns], *self.order[:at], *self.order[self.n_turns :]]
        return FitStarted(number, next(split for split in order if split not in begun))

    def _verdict(self, judge: Judge | None, history: History, number: int) -> TrialStopped | None:
        """Return that a trial is not worth its other splits, or None if it may be."""
        seen = history.seen(number)
        key = number, len(seen)
        if key not in self._verdicts:
            self._verdicts[key] = self._judged_by(judge, number, seen)
        return self._verdicts[key]

    def _judged_by(self, judge: Judge | None, number: int, seen: Mapping[int, float]) -> TrialStopped | None:
        if self.stops_failures and any(map(math.isnan, seen.values())):
            return TrialStopped(number)
        if judge is None or judge.df == 0 or not seen:
            return None
        probability = judge.probability(list(seen), _clipped(seen))
        return TrialStopped(number, judge.incumbent) if probability < self._threshold else None

    def _judge(self, history: History, complete: Sequence[int]) -> Judge | None:
        """Return what the complete trials say; None where there are too few."""
        if self._judged is None or self._judged[0] != len(complete):
            self._judged = len(complete), _judge(history, complete, self.n_best, self.n_first)
            if math.isfinite(self.share):
                self._threshold = min(self.alpha, self.share * _chance_of_new(history, complete))
            self._verdicts.clear()
            self._promises.clear()
        return self._judged[1]

    def _promise(self, judge: Judge | None, history: History, number: int) -> tuple[float, float, int]:
        """Return what the trial that goes on first has most of."""
        seen = history.seen(number)
        m = len(seen)
        if m == 0:
            return (0.0 if judge is None else -math.inf), (-math.inf if judge is None else 0.0), -number
        if judge is None:
            return float(m), _mean(history, number), -number
        if (number, m) not in self._promises:
            self._promises[number, m] = judge.behind(list(seen), _clipped(seen))
        return self._promises[number, m], 0.0, -number


class RacingScheduler(FixedScheduler):
    """Starts ``n_trials`` trials, and stops those that will not be the best.

    A number of trials are under way side by side, the most promising of which goes on first (`Race`).

    Parameters
    ----------
    n_trials : int
        How many.
    order : sequence of int
        The splits in the order in which they are tried.
    n_turns : int
        So many of the first take turns at being the first (`Race`).
    n_open : int
        Trials to have under way besides those that the look-back hides: few for samplers that learn from scores.
    alpha : float
        A trial is stopped where the probability that it will be the best is below.
    share : float
        And below this share of the chance that a new trial has, going by how many were the best so far lately.
    n_first : int
        None is stopped before so many are complete, at least 2: fewer say little about what is typical.
    stops_failures : bool
        Whether a trial of which one fit failed is stopped: where its score will be NaN whatever the others give.

    Examples
    --------
    >>> from skhpo.trial import History, TrialStarted
    >>> scheduler = RacingScheduler(3, order=[2, 0, 1], n_open=1)
    >>> history = History(n_splits=3)
    >>> history.apply(TrialStarted(scheduler.next_trial(history, lambda number: {"C": 10.0**number})))
    >>> scheduler.next_split(history, look_back=1, can_start=True)
    FitStarted(number=0, split=2)
    """

    is_adaptive = True
    is_racing = True

    def __init__(
        self,
        n_trials: int,
        *,
        order: Sequence[int],
        n_turns: int = 1,
        n_open: int = 20,
        alpha: float = CAREFUL,
        share: float = math.inf,
        n_first: int = 3,
        stops_failures: bool = True,
    ) -> None:
        super().__init__(n_trials)
        self.n_open = n_open
        self._race = Race(
            order, n_turns=n_turns, alpha=alpha, share=share, n_first=n_first, stops_failures=stops_failures
        )

    def next_split(self, history: History, *, look_back: int, can_start: bool) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait."""
        has_room = len(history.open) < self.n_open + look_back - 1
        can_start = can_start and has_room and len(history.trials) < self.n_trials
        return self._race.next_split(history, history.open, history.complete, can_start=can_start)


def _judge(history: History, complete: Sequence[int], n_best: int, n_first: int) -> Judge | None:
    """Return what complete trials say about who will be among the ``n_best``; None if too few have usable scores.

    Of fewer than ``n_first`` it says who is promising, and stops nobody.
    """
    all_rows = np.array([_row(history, number) for number in complete]).reshape(-1, history.n_splits)
    is_usable = (np.abs(all_rows) < _LARGEST).all(axis=1)
    usable = all_rows[is_usable]
    if len(usable) < n_best:
        return None
    best = int(np.argsort(-usable.mean(axis=1), kind="stable")[n_best - 1])
    incumbent = complete[int(np.flatnonzero(is_usable)[best])]
    rows = np.unique(usable[-_N_LATEST:], axis=0)
    typical = rows.mean(axis=0)
    e = rows - typical
    df = min(_MOST_DF, len(rows) - 1) * (history.n_splits - 1) if len(usable) >= n_first else 0
    return Judge(incumbent, usable[best], typical, _variance(e), df, _shares(e))


def _chance_of_new(history: History, complete: Sequence[int]) -> float:
    """How often a new trial became the best, among the later half of those that are no longer open; once in ten before.

    As there were ten more of which one did, so that it is never zero.
    """
    is_complete, is_open = set(complete), set(history.open)
    best, records = -math.inf, []
    for number in range(len(history.trials)):
        if number in is_open:
            continue
        mean = _mean(history, number) if number in is_complete else -math.inf
        records.append(mean > best)
        best = max(best, mean)
    late = records[len(records) // 2 :]
    return (1 + sum(late)) / (_N_NEW + len(late))


def _mean(history: History, number: int) -> float:
    return float(np.mean(list(history.seen(number).values())))


def _clipped(seen: Mapping[int, float]) -> NDArray[np.float64]:
    return np.clip(list(seen.values()), -_LARGEST, _LARGEST)


def _row(history: History, number: int) -> NDArray[np.float64]:
    seen = history.seen(number)
    return np.array([seen[split] for split in range(history.n_splits)])


def _variance(e: NDArray[np.float64]) -> float:
    """Variance from split to split of a trial's difference to the mean of the others; 0 without others.

    ``e`` of shape (n, k) are differences to the mean of all n, each with a share in it.
    """
    n, k = e.shape
    if n < 2 or k < 2:
        return 0.0
    variance: float = float(e.var(axis=1, ddof=1).mean()) * (n / (n - 1)) ** 2
    return variance


def _shares(e: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of each split in this variance, shape (k,), 1 on average."""
    n, k = e.shape
    squares = ((e - e.mean(axis=1, keepdims=True)) ** 2).mean(axis=0)
    mean = float(squares.mean())
    if mean == 0:
        return np.ones(k)
    shares: NDArray[np.float64] = (n * squares / mean + _N_ALIKE) / (n + _N_ALIKE)
    return shares
