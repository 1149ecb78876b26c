"""What is done with the last of the time, where no trial is complete yet: the best one is completed.

In a race many trials are begun before one has all its fits. If the time ends then, there is nothing to choose from. So
the last fits that there is time for go to the trial of which most is expected.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skhpo.history import FitStarted, partial_trials

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skhpo.history import History
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler


def expected_scores(history: History, sampler: Sampler) -> Mapping[int, float]:
    """Return what is expected of the mean score of trials that lack splits and did not fail, by number.

    By the sampler if it has a model of scores, else the mean over the splits that are there.
    """
    begun = [history.trials[number] for number in partial_trials(history)]
    scores = sampler.expected_scores(begun).tolist() if begun else []
    return {
        trial.number: float(score) if math.isfinite(score) else float(np.nanmean(history.scores(trial.number)))
        for trial, score in zip(begun, scores, strict=True)
    }


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
        if math.isinf(left) or self._has_complete():
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

    def _has_complete(self) -> bool:
        history = self._history
        return bool(history.complete) or any(math.isfinite(history.score(trial.number)) for trial in history.trials)

    def _is_late(self, number: int, left: float) -> bool:
        """Whether another fit before those that a trial lacks would take time that it needs."""
        outcomes = self._history.outcomes(number).values()
        seconds = np.mean([outcome.fit_time + outcome.score_time for outcome in outcomes])
        n_missing = self._history.n_splits - len(self._history.begun(number))
        return bool(left < (math.ceil(n_missing / self._n_workers) + 1) * seconds)
