"""What can be tried: the configurations on a portfolio's list, and what is proposed when the list is at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from skhpo.history import Family, Trial
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from skhpo.automl.beyond import Beyond
    from skhpo.automl.portfolio import Entry
    from skhpo.history import Params


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
    block : hashable
        What it has in common with the steps that share its fits.
    """

    entry: Entry
    params: Params
    value: int | None
    block: Hashable

    @property
    def name(self) -> str:
        """What it is called, where it is on the list."""
        return self._with_value(self.entry.name)

    @property
    def share(self) -> float:
        """How much of the work of the longest fit it has."""
        return 1.0 if self.value is None else self.value / self.entry.values[0]

    def title(self, number: int) -> str:
        """Return what it is called on the leaderboard; a proposal has the number of its trial."""
        return self._with_value(f"{self.entry.family} {number}") if self.entry.is_proposed else self.name

    def _with_value(self, name: str) -> str:
        if self.value is None or self.entry.path is None:
            return name
        return f"{name}, {self.entry.path.rpartition('__')[2]}={self.value}"


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
        steps += block_of(entry, *names(entry), block=len(steps))
    return steps


def block_of(entry: Entry, params: Params, prefix: str, block: Hashable) -> list[Step]:
    """Return the steps that share the fits of a configuration, the longest first; one where it is no path.

    Parameters
    ----------
    entry : Entry
        The configuration.
    params : dict
        What all of them have.
    prefix : str
        What stands in front of the configuration's own parameters.
    block : hashable
        What they have in common.
    """
    if entry.path is None or not entry.values:
        return [Step(entry, params, None, block)]
    return [Step(entry, {**params, f"{prefix}{entry.path}": value}, value, block) for value in entry.values]


class Agenda:
    """The steps of a search over a portfolio, by their parameters.

    Called with a trial, it says which others share its fits. The trials of a block start one after the other, so their
    numbers follow from that of the first. Where there is no time for the longest, the block begins with a shorter one.

    Parameters
    ----------
    steps : sequence of Step
        The list.
    beyond : Beyond or None, default=None
        What may be proposed when the list is at its end; None for nothing.
    """

    def __init__(self, steps: Sequence[Step], beyond: Beyond | None = None) -> None:
        self.steps, self.beyond = steps, beyond
        self._at = {params_key(step.params): step for step in steps}
        self._families: dict[Hashable, Family] = {}

    def step_of(self, params: Params) -> Step:
        """Return the step that has these parameters."""
        step = self._at.get(params_key(params))
        return self._proposed(params) if step is None else step

    def block(self, step: Step) -> list[Step]:
        """Return the steps that share the fits of one, the longest first."""
        if step.entry.is_proposed and self.beyond is not None:
            return self.beyond.block(step.params)
        return [other for other in self.steps if other.block == step.block]

    def shorter(self, step: Step) -> list[Step]:
        """Return the steps that the fit of one contains, the longest first."""
        if step.value is None:
            return []
        return [other for other in self.block(step) if other.value is not None and other.value < step.value]

    def __call__(self, trial: Trial) -> Family | None:
        """Return the family of a trial; None where it is alone."""
        step = self.step_of(trial.params)
        if step.block not in self._families:
            members = [step, *self.shorter(step)]
            if len(members) < 2:
                return None
            name = next(name for name, value in step.params.items() if name.endswith(f"__{step.entry.path}"))
            trials = tuple(Trial(trial.number + i, member.params) for i, member in enumerate(members))
            self._families[step.block] = Family(name, trials)
        return self._families[step.block]

    def _proposed(self, params: Params) -> Step:
        if self.beyond is None:
            raise KeyError(f"no step has the parameters {params}")
        step = self.beyond.step_of(params)
        self._at[params_key(params)] = step
        return step
