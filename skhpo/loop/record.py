"""What happens, written down in the journal first, and who shares whose fits.

A trial that was tried before shares the first one's outcomes. And the trials of a family share the fit of the longest
of them: the first that has its turn on a split has the longest fitted there and the others scored along. What is found
for a trial that has not begun waits for it, in the journal with the first outcome that is written. So neither rows nor
their order depend on who shared what. A fit that fails answers for itself at most: then each of the others is fitted by
itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from skhpo.history import FitFinished, FitStarted, Place, TrialStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from skhpo.history import Decision, Event, Family, History, Outcome, Trial
    from skhpo.journals.base import Journal

_Key: TypeAlias = "tuple[Hashable, int]"  # identity of a trial, split
_LOST = {"crashed", "timeout"}


class ReplayError(ValueError):
    """A journal that the search that reads it cannot have written."""


class Fit(NamedTuple):
    """A fit that has to be run.

    Parameters
    ----------
    trial : Trial
        Whose parameters; it may not have begun itself.
    split : int
        Where.
    places : tuple of Place
        Other trials to score along.
    """

    trial: Trial
    split: int
    places: tuple[Place, ...] = ()


class Record:
    """Writes down what happens.

    Parameters
    ----------
    journal : Journal
        Who remembers.
    history : History
        Empty.
    identity : callable
        Trials of equal identity are fitted once.
    family_of : callable
        The family of a trial, None for one that is alone.
    """

    def __init__(
        self,
        journal: Journal,
        history: History,
        identity: Callable[[Trial], Hashable],
        family_of: Callable[[Trial], Family | None],
    ) -> None:
        self.journal, self.history, self.identity, self.family_of = journal, history, identity, family_of
        self.identities: dict[int, Hashable] = {}
        self.first: dict[_Key, int] = {}  # number of the trial that is fitted
        self.twins: dict[tuple[int, int], list[int]] = {}  # fit -> numbers of other trials that share its outcome
        self.answers: dict[_Key, Outcome] = {}  # what the fits of families said of trials
        self.unwritten: dict[tuple[Family, int], dict[int, Outcome]] = {}  # what of that is not in the journal yet
        self.led: dict[tuple[int, int], Family] = {}  # fit that is under way for a family
        self.waiting: dict[tuple[Family, int], list[int]] = {}  # numbers of trials that wait for such a fit
        self.alone: set[tuple[Family, int]] = set()  # families whose members are fitted by themselves

    def replay(self, before: Callable[[Decision], None]) -> list[tuple[int, int]]:
        """Fill the history from the journal; returns the fits that were begun and are not done, as trial and split.

        ``before(decision)`` runs with the history as it was at that decision.
        """
        history, begun = self.history, []
        for number, event in enumerate(self.journal, start=1):
            try:
                if isinstance(event, FitFinished):
                    self._remember(event.outcome)
                    history.record(replace(event.outcome, path=None))
                else:
                    before(event)
                    history.apply(event)
                begun += self._new_fits(event)
            except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
                raise ReplayError(f"event {number} does not follow from those before it ({error!r})") from error
        for (number, split), twins in self.twins.items():
            for twin in twins:
                self._share(number, split, twin)  # a kill may have come between an outcome and its copies
        return [(number, split) for number, split in begun if split not in history.outcomes(number)]

    def decided(self, decision: Decision) -> list[tuple[int, int]]:
        """Write down what is to happen; returns the fits that have to be run for it, as trial and split."""
        self.journal.append(decision)
        self.history.apply(decision)
        fits = self._new_fits(decision)
        for number, split in self._begun_by(decision):
            first = self.first[self._key(number, split)]
            if first != number:
                self._share(first, split, number)
        return [(number, split) for number, split in fits if not self._answered(number, split)]

    def fit_for(self, number: int, split: int) -> Fit | None:
        """Return the fit that has to be run for a trial on a split; None where another one says, or said, all of it."""
        if self._answered(number, split):
            return None
        trial = self.history.trials[number]
        family = self.family_of(trial)
        if family is None or (family, split) in self.alone:
            return Fit(trial, split)
        if (family, split) in self.waiting:
            self.waiting[family, split].append(number)
            return None
        wanted = [member for member in family.members if self._is_wanted(member, split)]
        keys = {self._key_of(member, split) for member in wanted}
        if len(keys) < 2 or self._key(number, split) not in keys:
            return Fit(trial, split)
        longest, *others = wanted
        self.led[longest.number, split] = family
        self.waiting[family, split] = [number]
        name = family.parameter
        return Fit(longest, split, tuple(Place(one.number, {name: one.params[name]}) for one in others))

    def finished(self, outcome: Outcome, check: Callable[[Outcome], None]) -> list[tuple[int, int]]:
        """Write down the outcome of a task, for all who share it; returns fits that have to be run instead of it.

        ``check`` is shown the outcome first, if it counts. That of a fit for a family that was lost counts for nobody:
        the fit might not have been lost without the others' scores.
        """
        split = outcome.split
        family = self.led.pop((outcome.number, split), None)
        is_lost = family is not None and outcome.status in _LOST
        if not is_lost:
            check(outcome)
        if family is None:
            self._tell(outcome)
            return []
        if outcome.path is None or is_lost:
            self.alone.add((family, split))
        if not is_lost:
            self._keep(family, outcome)
        waiting = self.waiting.pop((family, split))
        return [(number, split) for number in waiting if not self._answered(number, split)]

    def _keep(self, family: Family, outcome: Outcome) -> None:
        """Keep what a fit says of the members of its family."""
        split, own = outcome.split, replace(outcome, path=None)
        found = {outcome.number: own, **(outcome.path or {})}
        for member in family.members:
            if member.number in found:
                self.answers[self._key_of(member, split)] = found[member.number]
        # What failed is tried again when the search goes on another day.
        self.unwritten[family, split] = {number: one for number, one in found.items() if one.status == "ok"}

    def _remember(self, outcome: Outcome) -> None:
        """Keep what the journal says of other members of a family, as far as they are still wanted."""
        family = self.family_of(self.history.trials[outcome.number]) if outcome.path else None
        for member in () if family is None else family.members:
            if outcome.path and member.number in outcome.path:
                self.answers[self._key_of(member, outcome.split)] = outcome.path[member.number]

    def _is_wanted(self, trial: Trial, split: int) -> bool:
        """Whether a member of a family may still need the outcome of a split."""
        key = self._key_of(trial, split)
        first = self.first.get(key)
        is_known = key in self.answers or (first is not None and split in self.history.outcomes(first))
        return not is_known and trial.number not in self.history.stopped

    def _answered(self, number: int, split: int) -> bool:
        """Write down what a fit of its family said of a trial, if one did; whether its outcome is known."""
        if split not in self.history.outcomes(number) and (key := self._key(number, split)) in self.answers:
            self._tell(replace(self.answers.pop(key), number=number))
        return split in self.history.outcomes(number)

    def _tell(self, outcome: Outcome) -> None:
        """Write down an outcome, for its trial and its twins."""
        self._write(outcome)
        for twin in self.twins.get((outcome.number, outcome.split), ()):
            self._write(replace(outcome, number=twin, shared=True))

    def _begun_by(self, event: Event) -> Iterable[tuple[int, int]]:
        if isinstance(event, FitStarted):
            return [(event.number, event.split)]
        if isinstance(event, TrialStarted):
            splits = range(self.history.n_splits) if event.splits is None else event.splits
            return [(event.trial.number, split) for split in splits]
        return []

    def _new_fits(self, event: Event) -> list[tuple[int, int]]:
        """Return the fits that an event begins and no other trial shares."""
        fits = []
        for number, split in self._begun_by(event):
            first = self.first.setdefault(self._key(number, split), number)
            if first == number:
                fits.append((number, split))
            else:
                self.twins.setdefault((first, split), []).append(number)
        return fits

    def _key(self, number: int, split: int) -> _Key:
        return self._key_of(self.history.trials[number], split)

    def _key_of(self, trial: Trial, split: int) -> _Key:
        if trial.number not in self.identities:  # large values take long to look at
            self.identities[trial.number] = self.identity(trial)
        return self.identities[trial.number], split

    def _share(self, number: int, split: int, twin: int) -> None:
        outcome = self.history.outcomes(number).get(split)
        if outcome is not None and split not in self.history.outcomes(twin):
            self._write(replace(outcome, number=twin, shared=True))

    def _write(self, outcome: Outcome) -> None:
        family = self.family_of(self.history.trials[outcome.number]) if self.unwritten else None
        news = {} if family is None else self.unwritten.pop((family, outcome.split), {})
        others = {number: one for number, one in news.items() if number != outcome.number}
        alone = outcome if outcome.path is None else replace(outcome, path=None)
        self.journal.append(FitFinished(replace(alone, path=others) if others else alone))
        self.history.record(alone)
