"""The course of a portfolio: in which order configurations are tried, and which there is time for.

Without a clock the order is that of the portfolio, so that the same seed gives the same candidates. With one, each
configuration is asked before it starts whether its fits end in time, and once more after its first fit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from skhpo.history import Family, FitStarted, Trial, TrialStopped
from skhpo.samplers.base import Sampler
from skhpo.schedulers.base import SplitScheduler
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from skhpo.automl.portfolio import Entry
    from skhpo.history import History, Params
    from skhpo.schedulers.base import Ask


class Step(NamedTuple):
    """A trial to come.

    Parameters
    ----------
    entry : Entry
        Its configuration.
    params : dict
        Of the choice among all.
    value : int or None
        Of the path parameter; None where there is none.
    block : int
        Number of the first step that shares its fits.
    """

    entry: Entry
    params: Params
    value: int | None
    block: int

    @property
    def name(self) -> str:
        """What it is called on the leaderboard."""
        if self.value is None or self.entry.path is None:
            return self.entry.name
        return f"{self.entry.name}, {self.entry.path.rpartition('__')[2]}={self.value}"

    @property
    def share(self) -> float:
        """How much of the work of the longest fit it has."""
        return 1.0 if self.value is None else self.value / self.entry.values[0]


def steps_of(entries: Sequence[Entry], names: Callable[[Entry], tuple[Params, str]]) -> list[Step]:
    """Return the trials of a portfolio in order; those of a path one after the other, the longest first.

    Parameters
    ----------
    entries : sequence of Entry
        The configurations.
    names : callable
        ``names(entry) -> (params, prefix)``: what chooses it, and what its own parameters are called behind.
    """
    steps: list[Step] = []
    for entry in entries:
        params, prefix = names(entry)
        block = len(steps)
        for value in entry.values or (None,):
            of_path = {} if value is None else {f"{prefix}{entry.path}": value}
            steps.append(Step(entry, {**params, **of_path}, value, block))
    return steps


class ListSampler(Sampler):
    """Proposes what is on a list, by position.

    Parameters
    ----------
    steps : sequence of Step
        The list.
    """

    is_adaptive = False

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self.n_max = len(steps)

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:  # noqa: ARG002
        """Return what is at a position."""
        return self._steps[number].params if number < len(self._steps) else None


class Blocks:
    """Says of a trial which others share its fits.

    The trials of a block start one after the other, so their numbers follow from that of the first. Where there is no
    time for the longest, the block begins with a shorter one.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = steps
        self._at = {params_key(step.params): position for position, step in enumerate(steps)}
        self._families: dict[Hashable, Family] = {}

    def position(self, params: Params) -> int:
        """Return the place on the list of what has these parameters."""
        return self._at[params_key(params)]

    def __call__(self, trial: Trial) -> Family | None:
        """Return the family of a trial; None where it is alone."""
        position = self.position(trial.params)
        block = self._steps[position].block
        if block not in self._families:
            members = [step for step in self._steps[position:] if step.block == block]
            if len(members) < 2:
                return None
            (name,) = members[0].params.keys() - self._chosen(members[0])
            trials = tuple(Trial(trial.number + i, step.params) for i, step in enumerate(members))
            self._families[block] = Family(name, trials)
        return self._families[block]

    @staticmethod
    def _chosen(step: Step) -> set[str]:
        return {name for name in step.params if step.entry.path is None or not name.endswith(f"__{step.entry.path}")}


class Course(SplitScheduler):
    """Starts the trials of a list as far as there is time; one in any case, as without any there is no model.

    Parameters
    ----------
    steps : sequence of Step
        The list.
    affords : callable
        ``affords(step, n_fits, history)``: whether there is time for so many fits of a trial.
    position_of : callable
        Where parameters are on the list.
    most : int or None, default=None
        How many trials to start at most.
    on_start : callable
        ``on_start(step, history)`` is told of each trial before it starts.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        affords: Callable[[Step, int, History], bool],
        position_of: Callable[[Params], int],
        most: int | None = None,
        on_start: Callable[[Step, History], None] = lambda step, history: None,  # noqa: ARG005
    ) -> None:
        self._on_start = on_start
        self.steps, self._affords, self._position_of = steps, affords, position_of
        self.n_trials: int = len(steps) if most is None else min(most, len(steps))

    def next_split(self, history: History, *, look_back: int, can_start: bool) -> FitStarted | TrialStopped | None:  # noqa: ARG002
        """Return the next fit of a trial that was started, or its end."""
        for number in history.open:
            begun = history.begun(number)
            n_left = history.n_splits - len(begun)
            if any(math.isnan(score) for score in history.seen(number).values()):
                return TrialStopped(number, None)
            step = self.steps[self._position_of(history.trials[number].params)]
            if n_left and not self._waits(history, number, step):
                if begun and history.complete and not self._affords(step, n_left, history):
                    return TrialStopped(number, None)
                return FitStarted(number, len(begun))
        return None

    def _waits(self, history: History, number: int, step: Step) -> bool:
        """Whether a trial waits for others of its block to start, before its own fits go on."""
        position = self._position_of(history.trials[number].params)
        n_missing = sum(other.block == step.block for other in self.steps[position + 1 :])
        n_missing = min(n_missing, self.n_trials - 1 - number)
        return len(history.trials) - 1 - number < n_missing

    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the next trial of the list that there is time for."""
        if len(history.trials) >= self.n_trials:
            return None
        tried = [self._position_of(trial.params) for trial in history.trials]
        last = {self.steps[position].block: position for position in tried}
        for position, step in enumerate(self.steps):
            begun = last.get(step.block)
            if begun is not None and position <= begun:
                continue
            if begun is not None or self._affords(step, history.n_splits, history):
                return self._started(position, history, ask)
        return None if history.trials else self._started(self._plainest(), history, ask)

    def _started(self, position: int, history: History, ask: Ask) -> Trial | None:
        params = ask(position)
        self._on_start(self.steps[position], history)
        return None if params is None else Trial(len(history.trials), params)

    def _plainest(self) -> int:
        """Return the place of the first linear model; of the last step, which has least to do, where there is none."""
        places = (place for place, step in enumerate(self.steps) if step.entry.family == "linear")
        return next(places, len(self.steps) - 1)
