"""What is expected of trials that lack splits, and what is done with the last of the time where all do.

In a race many trials are begun before one has all its fits. If the time ends then, there is nothing to choose from. So
the last fits that there is time for go to the trial of which most is expected.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skhpo.history import FitStarted, has_complete, partial_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from skhpo.history import History
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler


def expected_scores(history: History, sampler: Sampler) -> Mapping[int, float]:
    """Return what is expected of the mean score of trials that lack splits and did not fail, by number.

    By the sampler if it has a model of scores, else by the scores that are there (`means_of_partial`).
    """
    begun = [history.trials[number] for number in partial_trials(history)]
    if not begun:
        return {}
    modelled = sampler.expected_scores(begun)
    plain = means_of_partial(np.array([history.scores(trial.number) for trial in begun]))
    scores = np.where(np.isfinite(modelled), modelled, plain)
    return {trial.number: float(score) for trial, score in zip(begun, scores, strict=True)}


def means_of_partial(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what to expect of the means over all splits of trials that have some of them.

    Of trials with the same splits it is the mean over these. Else splits are of different difficulty, and a few scores
    say less than many. So the score of trial i on split s is taken as :math:`m + a_i + b_s` and chance, with m the mean
    of all and the three others of equal variance: a and b are what ridge regression with penalty 1 finds.

    Parameters
    ----------
    scores : ndarray of shape (n, n_splits)
        NaN for the splits that a trial does not have; each has one at least.

    Returns
    -------
    ndarray of shape (n,)

    Examples
    --------
    >>> import numpy as np
    >>> means_of_partial(np.array([[0.5, 0.9, np.nan]])).round(3)
    array([0.7])

    The second split is an easy one, so the last trial is not the best:

    >>> means_of_partial(np.array([[0.5, 0.9], [0.5, 0.9], [np.nan, 0.8]])).round(3)
    array([0.702, 0.702, 0.688])
    """
    is_there = np.isfinite(scores)
    if (is_there == is_there[0]).all():
        means: NDArray[np.float64] = scores[:, is_there[0]].mean(axis=1)
        return means
    m = float(scores[is_there].mean())
    rest = np.where(is_there, scores - m, 0.0)
    share = 1 / (is_there.sum(axis=1) + 1)  # a = share * (sum of the rest less b, over the trial's splits)
    system = np.diag(is_there.sum(axis=0) + 1.0) - (is_there.T * share) @ is_there
    b = np.linalg.solve(system, rest.sum(axis=0) - is_there.T @ (share * rest.sum(axis=1)))
    a: NDArray[np.float64] = share * (rest.sum(axis=1) - is_there @ b)
    return m + a + float(b.mean())


class Finish:
    """Decides who gets the last fits, where no trial is complete.

    It looks at the clock: these decisions may be others in another run. They are in the journal as all are.

    Parameters
    ----------
    sampler, scheduler : Sampler, Scheduler
        Who knows what to expect; whose trials may lack splits.
    history : History
        What has happened.
    seconds_left : callable
        How long fits may still start.
    n_workers : int
        How many fits run at a time.
    """

    def __init__(
        self,
        sampler: Sampler,
        scheduler: Scheduler,
        history: History,
        seconds_left: Callable[[], float],
        n_workers: int,
    ) -> None:
        self._sampler, self._history, self._n_workers = sampler, history, n_workers
        self._seconds_left, self._can_lack = seconds_left, scheduler.stops_trials
        self._number: int | None = None  # whom it decided for

    def next(self) -> FitStarted | None:
        """Return the next fit of the best trial if the time is short, or None."""
        left = self._seconds_left() if self._can_lack else math.inf
        if math.isinf(left) or has_complete(self._history):
            return None
        if self._number is None:
            expected = expected_scores(self._history, self._sampler)
            best = max(expected, key=lambda number: expected[number], default=None)
            if best is None or not self._is_late(best, left):
                return None
            self._number = best
        begun = self._history.begun(self._number)
        missing = [split for split in range(self._history.n_splits) if split not in begun]
        return FitStarted(self._number, missing[0]) if missing else None

    def _is_late(self, number: int, left: float) -> bool:
        """Whether another fit before those that a trial lacks would take time that it needs."""
        outcomes = self._history.outcomes(number).values()
        seconds = np.mean([outcome.fit_time + outcome.score_time for outcome in outcomes])
        n_missing = self._history.n_splits - len(self._history.begun(number))
        return bool(left < (math.ceil(n_missing / self._n_workers) + 1) * seconds)
