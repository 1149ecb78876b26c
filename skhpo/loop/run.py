"""The loop that connects a sampler, a scheduler, an executor and a journal. There is no scikit-learn in it.

Timing never changes a result: what comes after t fits is decided from the outcomes of the first t + 1 - L only, where L
is the look-back (`skhpo.loop.decisions`). Everything that happened is in the journal before anything follows from it,
so that a search that is killed and started again with its journal goes on as if nothing had happened.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from skhpo.history import FitFinished, FitStarted, TrialStarted
from skhpo.loop.decisions import Decisions

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from contextlib import AbstractContextManager

    from skhpo.executors.base import Executor
    from skhpo.history import Decision, Event, History, Outcome, Task, Trial
    from skhpo.journals.base import Journal
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler

_NOTHING = nullcontext()

StopReason: TypeAlias = Literal["finished", "exhausted", "timeout", "callback", "workers"]


class ReplayError(ValueError):
    """A journal that the search that reads it cannot have written."""


def run_search(
    sampler: Sampler,
    scheduler: Scheduler,
    executor: Executor,
    journal: Journal,
    history: History,
    *,
    make_task: Callable[[Trial, int], Task],
    identity: Callable[[Trial], Hashable],
    look_back: int = 1,
    seconds_left: Callable[[], float] = lambda: math.inf,
    check: Callable[[Outcome], None] = lambda outcome: None,  # noqa: ARG005 - it accepts all
    on_finished: Callable[[], None] = lambda: None,
    deciding: AbstractContextManager[object] = _NOTHING,
) -> StopReason:
    """Run a search to its end.

    Parameters
    ----------
    sampler, scheduler, executor, journal : Sampler, Scheduler, Executor, Journal
        Who proposes, who decides, who works, who remembers.
    history : History
        Empty; filled from the journal first, then by the search.
    make_task : callable
        The task of a trial and a split.
    identity : callable
        Trials of equal identity are fitted once.
    look_back : int
        How many fits may be under way when the next one is decided, that one included.
    seconds_left : callable
        How long fits may still start; once it is 0 or less, no other fit starts.
    check : callable
        Shown each outcome before it counts; what it raises ends the search.
    on_finished : callable
        Told when a fit has finished and is in the history.
    deciding : context manager
        Entered, again and again, while the next trial is decided: a stopwatch.

    Returns
    -------
    {"finished", "exhausted", "timeout", "callback", "workers"}
        Why it ended: the scheduler had no more, the space had no more, it was late, an observer asked, or the executor
        gave up.

    Raises
    ------
    ReplayError
        If what the journal remembers does not follow from what it remembers before.
    """
    record = _Record(journal, history, identity)
    decisions = Decisions(sampler, scheduler, history, look_back, deciding)
    ready = deque(record.replay(decisions.repeat))
    reason: StopReason | None = None
    while reason is None:
        while reason is None and executor.gave_up is None and executor.has_room():
            if seconds_left() <= 0:
                reason = "timeout"
            elif ready:
                number, split = ready.popleft()
                executor.submit(make_task(history.trials[number], split))
            elif (decision := decisions.next()) is None:
                break
            else:
                ready.extend(record.decided(decision))
        if reason is None and executor.n_pending == 0:
            reason = _why_nothing_is_left(executor, decisions)
        elif reason is None and (outcome := executor.wait(_finite(seconds_left()))) is not None:
            check(outcome)
            record.finished(outcome)
            on_finished()
            reason = "callback" if outcome.stop else None
        elif reason is None and seconds_left() <= 0:
            reason = "timeout"
    executor.cancel()
    while (outcome := executor.wait()) is not None:
        check(outcome)
        record.finished(outcome)
    decisions.end()
    return reason


def _why_nothing_is_left(executor: Executor, decisions: Decisions) -> StopReason:
    if executor.gave_up is not None:
        return "workers"
    return "exhausted" if decisions.is_exhausted else "finished"


def _finite(seconds: float) -> float | None:
    """Return a time limit as executors take it: not below 0, None for none."""
    return None if seconds == math.inf else max(0.0, seconds)


class _Record:
    """Writes down what happens, in the journal first; a trial that was tried before shares the first one's outcomes."""

    def __init__(self, journal: Journal, history: History, identity: Callable[[Trial], Hashable]) -> None:
        self.journal, self.history, self.identity = journal, history, identity
        self.identities: dict[int, Hashable] = {}
        self.first: dict[tuple[Hashable, int], int] = {}  # identity, split -> number of the trial that is fitted
        self.twins: dict[tuple[int, int], list[int]] = {}  # fit -> numbers of other trials that share its outcome

    def replay(self, before: Callable[[Decision], None]) -> list[tuple[int, int]]:
        """Fill the history from the journal; returns the fits that were begun and are not done, as trial and split.

        ``before(decision)`` runs with the history as it was at that decision.
        """
        history, begun = self.history, []
        for number, event in enumerate(self.journal, start=1):
            try:
                if not isinstance(event, FitFinished):
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
        return fits

    def finished(self, outcome: Outcome) -> None:
        """Write down the outcome of a task, for its trial and its twins."""
        self._write(outcome)
        for twin in self.twins.get((outcome.number, outcome.split), ()):
            self._write(replace(outcome, number=twin, shared=True))

    def _begun_by(self, event: Event) -> list[tuple[int, int]]:
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

    def _key(self, number: int, split: int) -> tuple[Hashable, int]:
        if number not in self.identities:  # large values take long to look at
            self.identities[number] = self.identity(self.history.trials[number])
        return self.identities[number], split

    def _share(self, number: int, split: int, twin: int) -> None:
        outcome = self.history.outcomes(number).get(split)
        if outcome is not None and split not in self.history.outcomes(twin):
            self._write(replace(outcome, number=twin, shared=True))

    def _write(self, outcome: Outcome) -> None:
        self.journal.append(FitFinished(outcome))
        self.history.record(outcome)
