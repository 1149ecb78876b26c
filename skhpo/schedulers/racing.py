r"""Racing: a trial that will not be the best after all does not get all of its splits.

Notation
--------
::

    k       splits of a complete trial
    m       splits on which a challenger was fitted so far
    d       its scores minus the incumbent's on these splits, (m,): what is difficult about a split is gone
    v       variance of such a difference from split to split

The rule asks about the finite set of k splits, not about a population behind them: would the challenger's mean over all
of them exceed the incumbent's, which is known? The mean of all k differences, given the first m, has the mean of these
and the variance :math:`v (1/m - 1/k)`, so that

.. math:: P(\text{overturn}) = T_\nu\Big(\bar d \Big/ \sqrt{v (k - m) / (k m)}\Big),

the finite-population correction of sampling theory (Cochran: Sampling techniques. 3rd ed., 1977, chapter 2). One split
says nothing of its variance, so v is what it is between complete trials, the median over all pairs of them, into which
the challenger's own enters from the second split on: weighted by degrees of freedom, or against no more than two of
them if that is larger, since the complete trials may be near-copies of each other and the challenger is not.

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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.trial import History

_ALPHA = 0.01
_N_FIRST = 3  # complete trials, before which nobody is stopped: one pair says little about how pairs differ
_N_LATEST = 30  # complete trials among which pairs are formed
_MOST_DF = 2  # times k - 1: trials differ in their variances, so that many say no more of one's than two would


class Judge(NamedTuple):
    """What the complete trials say about a challenger.

    Parameters
    ----------
    incumbent : int
        Number of the best of them.
    scores : ndarray of shape (k,)
        Its scores.
    variance : float
        v above; 0 where they do not differ.
    df : float
        Degrees of freedom of ``variance``.
    """

    incumbent: int
    scores: NDArray[np.float64]
    variance: float
    df: float

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
            1 where nothing can be said.

        Examples
        --------
        >>> import numpy as np
        >>> judge = Judge(0, np.array([0.8, 0.9, 0.8, 0.9, 0.8]), variance=0.01**2, df=20)
        >>> round(judge.probability([0, 1], np.array([0.79, 0.89])), 3)
        0.038
        >>> judge.probability([0, 1], np.array([0.6, 0.7])) < 1e-6
        True
        """
        k, m = len(self.scores), len(splits)
        difference = scores - self.scores[list(splits)]
        mean = float(difference.mean())
        if not math.isfinite(mean) or self.variance == 0:
            return 1.0
        own = float(((difference - mean) ** 2).sum())
        df = self.df + m - 1
        typical = max((self.df * self.variance + own) / df, (2 * self.variance + own) / (2 + m - 1))
        variance = typical * (k - m) / (k * m)
        rounding = 1e-14 * float(np.abs(self.scores).max())
        return float(stdtr(df, mean / math.sqrt(variance))) if math.sqrt(variance) > rounding else 1.0


class RacingScheduler(FixedScheduler):
    """Starts ``n_trials`` trials, and stops those that will not be the best.

    A number of trials are under way side by side, the most promising of which goes on first: the better the incumbent,
    the sooner the others are stopped. None is stopped before three are complete, none that is level with the incumbent,
    and none of which a fit is under way.

    Parameters
    ----------
    n_trials : int
        How many.
    order : sequence of int
        The splits in the order in which they are tried, the same for all trials.
    n_open : int
        Trials to have under way besides those that the look-back hides: 1 for samplers that learn from what is decided.
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

    def __init__(self, n_trials: int, *, order: Sequence[int], n_open: int = 20, stops_failures: bool = True) -> None:
        super().__init__(n_trials)
        self.order, self.n_open, self.stops_failures = order, n_open, stops_failures
        self._judged: tuple[int, Judge | None] | None = None  # what follows from a history, so as not to ask twice
        self._probabilities: dict[tuple[int, int], float] = {}

    def next_split(self, history: History, *, look_back: int, can_start: bool) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait."""
        judge = self._judge(history)
        at_rest: list[int] = []
        busy: list[int] = []
        for number in history.open:
            n_begun, n_seen = len(history.begun(number)), len(history.seen(number))
            if n_begun == 0:
                return FitStarted(number, self.order[0])
            verdict = self._verdict(judge, history, number)
            if verdict is not None and n_seen == n_begun:
                return verdict
            if verdict is None and n_begun < history.n_splits:
                (at_rest if n_seen == n_begun else busy).append(number)
        has_room = len(history.open) < self.n_open + look_back - 1
        if (can_start and has_room and len(history.trials) < self.n_trials) or not (at_rest or busy):
            return None
        number = max(at_rest or busy, key=lambda number: self._promise(judge, history, number))
        return FitStarted(number, self.order[len(history.begun(number))])

    def _verdict(self, judge: Judge | None, history: History, number: int) -> TrialStopped | None:
        """Return that a trial is not worth its other splits, or None if it may be."""
        seen = history.seen(number)
        if self.stops_failures and any(map(math.isnan, seen.values())):
            return TrialStopped(number)
        if judge is None or judge.df == 0 or not seen:
            return None
        key = number, len(seen)
        if key not in self._probabilities:
            self._probabilities[key] = judge.probability(list(seen), np.array(list(seen.values())))
        return TrialStopped(number, judge.incumbent) if self._probabilities[key] < _ALPHA else None

    def _judge(self, history: History) -> Judge | None:
        """Return what the complete trials say; None where there are too few."""
        complete = history.complete
        if self._judged is None or self._judged[0] != len(complete):
            self._judged = len(complete), _judge(history, complete) if complete else None
            self._probabilities.clear()
        return self._judged[1]

    def _promise(self, judge: Judge | None, history: History, number: int) -> tuple[float, float, int]:
        """Return what the trial that goes on first has most of."""
        seen = history.seen(number)
        mean = float(np.mean(list(seen.values()))) if seen else -math.inf
        if judge is not None:
            return mean - float(judge.scores[list(seen)].mean()) if seen else -math.inf, 0.0, -number
        return float(len(seen)), mean, -number


def _judge(history: History, complete: Sequence[int]) -> Judge:
    means = [float(np.mean(list(history.seen(number).values()))) for number in complete]
    best = complete[int(np.argmax(means))]
    rows = [_row(history, number) for number in complete[-_N_LATEST:]]
    variance = _typical_variance(np.unique(rows, axis=0)) if len(complete) >= _N_FIRST else 0.0
    df = min(_MOST_DF, len(rows) - 1) * (history.n_splits - 1) if variance > 0 else 0
    return Judge(best, _row(history, best), variance, df)


def _row(history: History, number: int) -> NDArray[np.float64]:
    seen = history.seen(number)
    return np.array([seen[split] for split in range(history.n_splits)])


def _typical_variance(rows: NDArray[np.float64]) -> float:
    """Median over all pairs of different rows of the variance of their differences; 0 without a pair."""
    if rows.shape[0] < 2 or rows.shape[1] < 2:
        return 0.0
    one, other = np.triu_indices(len(rows), 1)
    variances = (rows[one] - rows[other]).var(axis=1, ddof=1)
    found = float(np.median(variances))
    return found if math.isfinite(found) else 0.0
