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
7).

* Why f is subtracted, and not s: the incumbent's scores carry chance of their own, which would double v. The mean of s
  over all splits is known, so nothing is lost.
* v is the variance among the complete trials, pooled, since one split says nothing of its variance. From the second
  split on the challenger's own sum of squares enters, in two ways, and the larger v counts. Once it is weighted by
  degrees of freedom. Once the pooled variance has the weight of two trials only, since complete trials may be
  near-copies of each other.
* w: a split on which trials change places more than on others says less. It is the split's share of the complete
  trials' variance, shrunk towards 1 as if five more trials had found the splits alike.
* Where nothing varies (v = 0 to rounding), a challenger that is behind by the same on two splits is behind by that on
  all.

The complete trials went on because they did well on the splits that they had first. If all had the same first, f would
be too high there and too low elsewhere, so splits take turns at being the first where they can.

The racing of configurations over shared instances is that of Maron and Moore (NIPS 1993) and irace (Lopez-Ibanez et al.
2016); stopping cross-validation early, that of Bergman, Purucker and Hutter (AutoML 2024), whose rules are not paired.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import stdtr

from skhpo.history import FitStarted
from skhpo.schedulers.base import SplitScheduler
from skhpo.schedulers.field import Field
from skhpo.schedulers.fixed import FixedScheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.history import History, TrialStopped
    from skhpo.history.standing import Standing
    from skhpo.schedulers.complete import Complete

CAREFUL = 0.003  # the probability below which to stop, where all trials have the same order of splits
_N_LATEST = 30  # complete trials that say it
_N_ALIKE = 5  # trials that would have found the splits alike
_N_COMPLETED = 2  # trials of a start: others can be measured by two
_MOST_DF = 2  # df <= 2 (k - 1): trials differ in their variances, so many tell no more about a challenger's than two


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

    def behind(self, splits: Sequence[int], scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected difference of challengers' means over all splits to the incumbent's: D above, negative if below.

        Parameters
        ----------
        splits : sequence of int, length m
            Splits they were fitted on.
        scores : ndarray of shape (..., m)
            Their scores there.

        Returns
        -------
        ndarray of shape (...)
        """
        difference = (scores - self.typical[list(splits)]).mean(axis=-1)
        behind: NDArray[np.float64] = difference - (self.scores - self.typical).mean()
        return behind

    def probability(
        self, splits: Sequence[int], scores: NDArray[np.float64], behind: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Probability that challengers overturn the incumbent when they are finished.

        Parameters
        ----------
        splits : sequence of int, length m
            Splits they were fitted on.
        scores : ndarray of shape (..., m)
            Their scores there.
        behind : ndarray of shape (...), optional
            What `behind` says of them, where that is known already.

        Returns
        -------
        ndarray of shape (...)
            1 where nothing can be said, and where the challenger is not below the incumbent on its splits. 0 where it
            is below, has two splits or more, and all known differences are the same on each split.

        Examples
        --------
        >>> import numpy as np
        >>> scores = np.array([0.8, 0.9, 0.8, 0.9, 0.8])
        >>> judge = Judge(0, scores, typical=scores - 0.01, variance=0.01**2, df=20, shares=np.ones(5))
        >>> judge.probability([0, 1], np.array([[0.79, 0.89], [0.6, 0.7]])).round(3)
        array([0.038, 0.   ])
        """
        k, m = len(self.scores), len(splits)
        on = list(splits)
        level = (scores - self.scores[on]).mean(axis=-1)
        is_below = np.isfinite(level) & (level < 0) & (self.df > 0)
        probability = np.ones(level.shape)
        if not is_below.any():
            return probability
        below = scores[is_below]
        e = below - self.typical[on]
        own = ((e - e.mean(axis=-1, keepdims=True)) ** 2).sum(axis=-1) if m > 1 else np.zeros(len(e))
        df = self.df + m - 1
        v = np.maximum((self.df * self.variance + own) / df, (2 * self.variance + own) / (2 + m - 1))
        of_run = float(self.shares[on].sum())
        error = np.sqrt(v * ((1 / m - 1 / k) ** 2 * of_run + (float(self.shares.sum()) - of_run) / k**2))
        behind = self.behind(splits, below) if behind is None else behind[is_below]
        rounding = 1e-14 * float(np.abs(self.scores).max())
        is_known = error > rounding
        t = np.divide(behind, error, where=is_known, out=np.zeros(error.shape))
        # Where nothing varies from split to split, one split of a challenger does not show that this holds for it too.
        without_error = np.where((m > 1) & (behind < -rounding), 0.0, 1.0)
        probability[is_below] = np.where(is_known, stdtr(df, t), without_error)
        return probability


@dataclass(frozen=True)
class Race:
    """Trials of which the best are wanted: who goes on, and who is stopped.

    The most promising goes on first: the better those that are complete, the sooner the others are stopped. None is
    stopped before some are complete and as many as are wanted, none that is level with the last of these, and none of
    which a fit is under way. Decisions follow from the history alone, which keeps the `Field` of a race.

    Parameters
    ----------
    order : tuple of int
        The splits in the order in which they are tried.
    n_turns : int
        So many of the first take turns at being the first: trial i begins at i modulo ``n_turns``, and goes round. With
        1 the order is the same for all trials.
    turns : tuple of int
        Whose turn it is instead of i, by the numbers of the trials: those that share fits begin together.
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
    is_by_number : bool
        Whether the latest complete trials, which say what is typical, are those that were started last; else those that
        were complete last.
    n_second : int
        As long as none is complete, so many have a second fit before one has a third: of two candidates with a single
        fit each, on different splits, it is hardly known who is better.
    """

    order: tuple[int, ...]
    n_turns: int = 1
    turns: tuple[int, ...] = ()
    n_best: int = 1
    alpha: float = CAREFUL
    share: float = math.inf
    n_first: int = 3
    stops_failures: bool = True
    is_by_number: bool = False
    n_second: int = 1

    def next_split(self, history: History, standing: Standing, *, can_start: bool) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait.

        Parameters
        ----------
        history : History
            What has happened.
        standing : Standing
            The rung whose trials take part.
        can_start : bool
            Whether another trial may be started instead of going on with one.
        """
        return standing.view(self, lambda: Field(self)).next_split(history, standing, can_start=can_start)

    def fit(self, history: History, number: int) -> FitStarted:
        """Return the fit that a trial is to have next."""
        begun = history.begun(number)
        at = (self.turns[number] if number < len(self.turns) else number) % self.n_turns
        order = [*self.order[at : self.n_turns], *self.order[:at], *self.order[self.n_turns :]]
        return FitStarted(number, next(split for split in order if split not in begun))

    def judge(self, complete: Complete) -> Judge | None:
        """Return what the complete trials say about who will be among the best; None if too few have usable scores.

        Of fewer than ``n_first`` it says who is promising, and stops nobody.
        """
        if complete.n_usable < self.n_best:
            return None
        incumbent, scores = complete.ranked(self.n_best - 1)
        rows = np.unique(complete.latest(_N_LATEST), axis=0)
        typical = rows.mean(axis=0)
        e = rows - typical
        df = min(_MOST_DF, len(rows) - 1) * (rows.shape[1] - 1) if complete.n_usable >= self.n_first else 0
        return Judge(incumbent, scores, typical, _variance(e), df, _shares(e))

    def threshold(self, complete: Complete, standing: Standing) -> float:
        """Return the probability below which a trial is stopped."""
        if math.isinf(self.share):
            return self.alpha
        return min(self.alpha, self.share * complete.chance_of_new(standing))


class RacingScheduler(SplitScheduler, FixedScheduler):
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
    turns : sequence of int
        Whose turn it is, by the numbers of the trials; by default each trial's own.
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
    n_start : int
        So many trials get their first fit before one gets another, and then no further trial is started until two are
        complete (or all are closed). With 0 there is no such start.
    n_second : int
        As long as none is complete, so many have a second fit before one has a third.

    Examples
    --------
    >>> from skhpo.history import History
    >>> scheduler = RacingScheduler(3, order=[2, 0, 1], n_open=1)
    >>> history = History(n_splits=3)
    >>> propose = lambda number: {"C": 10.0**number}
    >>> history.apply(scheduler.decide(history, propose))
    >>> scheduler.decide(history, propose)
    FitStarted(number=0, split=2)
    """

    is_adaptive = True

    def __init__(
        self,
        n_trials: int,
        *,
        order: Sequence[int],
        n_turns: int = 1,
        turns: Sequence[int] = (),
        n_open: int = 20,
        alpha: float = CAREFUL,
        share: float = math.inf,
        n_first: int = 3,
        stops_failures: bool = True,
        n_start: int = 0,
        n_second: int = 1,
    ) -> None:
        super().__init__(n_trials)
        self.n_open, self.n_start = n_open, n_start
        self._race = Race(
            tuple(order),
            n_turns=n_turns,
            turns=tuple(turns),
            alpha=alpha,
            share=share,
            n_first=n_first,
            stops_failures=stops_failures,
            n_second=n_second,
        )

    def next_split(self, history: History, *, look_back: int, can_start: bool) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait."""
        standing = history.rung(0, 0)
        can_start = can_start and self._has_room(standing, look_back) and len(history.trials) < self.n_trials
        return self._race.next_split(history, standing, can_start=can_start)

    def _has_room(self, standing: Standing, look_back: int) -> bool:
        """Whether another trial may be under way."""
        n_hidden = look_back - 1
        if len(standing.trials) < self.n_start:
            return True
        if self.n_start and len(standing.complete) < _N_COMPLETED and standing.n_open > n_hidden:
            return False
        return standing.n_open < self.n_open + n_hidden


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
