"""The course of a portfolio: in which order configurations are tried, and which there is time for.

Without a clock the order is that of the portfolio, so that the same seed gives the same candidates. With one, each
configuration is asked before it starts whether its fits end in time, and once more after its first fit.

When the list is at its end, a model proposes further ones. These are raced: one that will not be among the best does
not get all of its splits. Those on the list do, as a poor model of another kind may be worth something in an ensemble.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skhpo.history import FitStarted, Trial, TrialStopped
from skhpo.schedulers.base import SplitScheduler
from skhpo.schedulers.complete import Complete
from skhpo.schedulers.racing import Race

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from skhpo.automl.agenda import Agenda, Step
    from skhpo.history import History
    from skhpo.schedulers.base import Ask

_N_WANTED = 12
"""Among so many of the best a proposal is to be: the members of an ensemble are about as many."""
_HOPELESS = 0.05
"""The probability of that below which it is stopped."""


class Course(SplitScheduler):
    """Starts the trials of an agenda as far as there is time; one in any case, as without any there is no model.

    Parameters
    ----------
    agenda : Agenda
        The list, and what is proposed behind its end.
    affords : callable
        ``affords(step, n_fits, history)``: whether there is time for so many fits of a trial. With ``is_early=True``,
        whether they also take no large part of all the time.
    most : int or None, default=None
        How many trials to start at most.
    on_start : callable
        ``on_start(step, history)`` is told of each trial before it starts.
    """

    def __init__(
        self,
        agenda: Agenda,
        affords: Callable[..., bool],
        most: int | None = None,
        on_start: Callable[[Step, History], None] = lambda step, history: None,  # noqa: ARG005
    ) -> None:
        self._agenda, self._affords, self._on_start = agenda, affords, on_start
        self.n_trials = most
        self._complete = Complete(is_by_number=True)
        self._begun: set[Hashable] = set()  # blocks of the first trials, so many as are counted
        self._n_counted = 0

    def next_split(self, history: History, *, look_back: int, can_start: bool) -> FitStarted | TrialStopped | None:  # noqa: ARG002
        """Return the next fit of a trial that was started, or its end."""
        for number in sorted(history.open, key=lambda number: self._rank(history, number)):
            begun = history.begun(number)
            n_left = history.n_splits - len(begun)
            if any(math.isnan(score) for score in history.seen(number).values()):
                return TrialStopped(number, None)
            step = self._agenda.step_of(history.trials[number].params)
            if n_left and not self._waits(history, number, step):
                is_late = begun and history.complete and not self._affords(step, n_left, history)
                if is_late or self._is_hopeless(step, number, history):
                    return TrialStopped(number, None)
                return FitStarted(number, len(begun))
        return None

    def _rank(self, history: History, number: int) -> int:
        """Return who goes on first: of proposals who has the fewest fits, so that a block is raced as a whole."""
        step = self._agenda.step_of(history.trials[number].params)
        return len(history.begun(number)) if step.entry.is_proposed else 0

    def _waits(self, history: History, number: int, step: Step) -> bool:
        """Whether a trial waits for others of its block to start, before its own fits go on."""
        n_missing = len(self._agenda.shorter(step))
        if self.n_trials is not None:
            n_missing = min(n_missing, self.n_trials - 1 - number)
        return len(history.trials) - 1 - number < n_missing

    def _is_hopeless(self, step: Step, number: int, history: History) -> bool:
        """Whether a proposal will not be among the best, by the splits that it has."""
        seen = history.seen(number)
        if not step.entry.is_proposed or not seen:
            return False
        standing = history.rung(0, 0)
        self._complete.take(history, standing)
        judge = Race(tuple(range(history.n_splits)), n_best=_N_WANTED).judge(self._complete)
        if judge is None:
            return False
        probability = judge.probability(list(seen), np.array([list(seen.values())]))
        return float(probability[0]) < _HOPELESS

    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the next trial that there is time for: of the list, then of what is proposed."""
        if self.n_trials is not None and len(history.trials) >= self.n_trials:
            return None
        shorter = self._agenda.shorter(self._agenda.step_of(history.trials[-1].params)) if history.trials else []
        if shorter:
            return self._started(shorter[0], history)
        begun = self._blocks(history)
        waiting = [(i, step) for i, step in enumerate(self._agenda.steps) if step.block not in begun]
        for is_early in (True, False):  # what takes long comes after all others: one of them may be the best
            for position, step in waiting:
                if self._affords(step, history.n_splits, history, is_early=is_early):
                    return self._asked(position, step, history, ask)
        if not history.trials:
            plainest = self._plainest()
            return self._asked(plainest, self._agenda.steps[plainest], history, ask)
        return self._proposed(history, ask)

    def _blocks(self, history: History) -> set[Hashable]:
        """Return the blocks of which a trial was started."""
        for trial in history.trials[self._n_counted :]:
            self._begun.add(self._agenda.step_of(trial.params).block)
        self._n_counted = len(history.trials)
        return self._begun

    def _proposed(self, history: History, ask: Ask) -> Trial | None:
        params = ask(len(self._agenda.steps) + len(history.trials))
        if params is None:
            return None
        block = self._agenda.block(self._agenda.step_of(params))
        affordable = (step for step in block if self._affords(step, history.n_splits, history))
        step = next(affordable, None)
        return None if step is None else self._started(step, history)

    def _asked(self, position: int, step: Step, history: History, ask: Ask) -> Trial | None:
        """Start a step of the list; who proposes is asked for it, so that what was tried before comes as it was."""
        return None if ask(position) is None else self._started(step, history)

    def _started(self, step: Step, history: History) -> Trial:
        self._on_start(step, history)
        return Trial(len(history.trials), step.params)

    def _plainest(self) -> int:
        """Return the place of the first linear model; of the last step, which has least to do, where there is none."""
        steps = self._agenda.steps
        places = (place for place, step in enumerate(steps) if step.entry.family == "linear")
        return next(places, len(steps) - 1)
