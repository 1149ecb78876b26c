"""What there is time for: the budget, what is spent of it, and what has to be kept for the end."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from skhpo.automl.agenda import Step
    from skhpo.automl.forecast import Forecast
    from skhpo.automl.job import Clock
    from skhpo.automl.portfolio import Entry
    from skhpo.history import History, Params, Trial

_N_KEPT = 6
"""Of so many of the best configurations the fits on all rows are planned for."""
_MOST_KEPT = 0.5  # of the budget
_AT_THE_END = 0.03  # of the budget, for what is neither foreseen nor measured
_EASY = 0.15  # of the time left: who is sure to take less needs no look
_SPREAD = 6.0  # times as long as the slowest so far: nobody takes longer
_MOST_AT_ONCE = 0.2  # of the budget, for one trial while others wait
_LEAST_SHARE = 0.3  # of the longest of a path, while others wait
_LARGEST_STEP = 0.2  # of the time left for comparisons: a proposal that would take more is none


class Pace:
    """Decides what there is time for.

    Parameters
    ----------
    clock : Clock
        Begun.
    forecast : Forecast
        How long fits take.
    n_train, n_all : int
        Rows of a fold's training side, and of the last fits.
    n_workers : int
        Fits at the same time.
    step_of : callable
        ``step_of(params)``: the step that has these parameters.
    """

    def __init__(
        self,
        clock: Clock,
        forecast: Forecast,
        *,
        n_train: int,
        n_all: int,
        n_workers: int,
        step_of: Callable[[Params], Step],
    ) -> None:
        self._clock, self._forecast = clock, forecast
        self._n_train, self._n_all, self._n_workers = n_train, n_all, n_workers
        self._step_of = step_of
        self._n_read = self._n_met = 0
        self._leaders: dict[Hashable, Trial] = {}  # block -> the trial whose fits all of it share
        self._seconds: dict[Hashable, float] = {}  # block -> of a fit of its longest
        self._left_now = math.inf  # when it was last asked
        self._reserved = 0.0  # seconds for the end, when it was last asked

    def affords(self, step: Step, n_fits: int, history: History, *, is_early: bool = False) -> bool:
        """Whether there is time for so many fits of a trial, and then for its fit on all rows.

        Early, where others are still to be tried, they may take no large part of the budget, and of a path not much
        less than the longest is tried.
        """
        if math.isinf(self._clock.budget):
            return True
        self._read(history)
        self._left_now = self._left(history)
        if self._left_now <= 0 or self._is_answered(step, history):
            return self._left_now > 0
        n_waves = math.ceil(n_fits / self._n_workers)
        if not self._forecast.is_seen(step.entry) and self._n_read:
            most = _SPREAD * self._forecast.slowest(self._n_train)
            if n_waves * most < _EASY * self._left_now:
                return True
        seconds = self._forecast.seconds(step.entry, self._n_train) * step.share  # it may take some to find out
        if is_early and (step.share < _LEAST_SHARE or n_waves * seconds > _MOST_AT_ONCE * self._clock.budget):
            return False
        return n_waves * seconds + self.last_seconds(step) < self._left(history)

    def affordable(self, entries: Sequence[Entry], n_splits: int) -> list[Entry]:
        """Return those of which a trial takes no large part of the time that was left when it was last asked.

        None of them where no time is left: nobody is looked at then.
        """
        if math.isinf(self._clock.budget):
            return list(entries)
        n_waves, most, found = math.ceil(n_splits / self._n_workers), _LARGEST_STEP * self._left_now, []
        for entry in entries:
            if self._clock.left() <= self._reserved:  # it may take some to find out
                return []
            if n_waves * self._forecast.seconds(entry, self._n_train) < most:
                found.append(entry)
        return found

    def last_seconds(self, step: Step) -> float:
        """Return how long a fit of a step on all rows takes."""
        if step.block not in self._seconds:
            return self._forecast.seconds(step.entry, self._n_all) * step.share
        growth = self._forecast.growth(step.entry, self._n_train, self._n_all)
        return float(self._seconds[step.block] * step.share * growth)

    def _left(self, history: History) -> float:
        """Return the seconds that are left for comparisons."""
        self._reserved = _AT_THE_END * self._clock.budget + self._kept(history)
        return self._clock.left() - self._reserved

    def _is_answered(self, step: Step, history: History) -> bool:
        """Whether a longer fit has all that a shorter one needs."""
        leader = self._leaders.get(step.block)
        is_other = leader is not None and self._step_of(leader.params) is not step
        return leader is not None and is_other and len(history.outcomes(leader.number)) == history.n_splits

    def _read(self, history: History) -> None:
        """Tell the forecast of the fits that were seen since."""
        for trial in history.trials[self._n_met :]:
            self._leaders.setdefault(self._step_of(trial.params).block, trial)
        self._n_met = len(history.trials)
        for number, split in history.steps[self._n_read : history.n_seen]:
            outcome, step = history.outcomes(number)[split], self._step_of(history.trials[number].params)
            if self._leaders[step.block].number == number and outcome.status == "ok":
                seconds = (outcome.fit_time + outcome.score_time) / step.share
                self._seconds[step.block] = seconds
                self._forecast.see(step.entry, seconds, self._n_train)
        self._n_read = history.n_seen

    def _kept(self, history: History) -> float:
        """Return how long fits of the best on all rows take."""
        best = sorted(history.complete, key=lambda number: -history.score(number))[:_N_KEPT]
        seconds = [self.last_seconds(self._step_of(history.trials[number].params)) for number in best]
        together = max(sum(seconds) / self._n_workers, max(seconds, default=0.0))
        return min(together, _MOST_KEPT * self._clock.budget)
