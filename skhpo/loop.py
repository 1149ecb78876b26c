"""The loop that connects a sampler, a scheduler, an executor and a journal. There is no scikit-learn in it.

Timing never changes a result: trial i is decided from trials 0 ... i - L only, where L is the look-back, and these are
told in the order of their numbers. Everything that happened is in the journal before anything follows from it, so that
a search that is killed and started again with its journal goes on as if nothing had happened.
"""

from __future__ import annotations

from collections import deque
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from skhpo.trial import FitFinished, TrialStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable
    from contextlib import AbstractContextManager

    from skhpo.executors.base import Executor
    from skhpo.journals.base import Journal
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler
    from skhpo.trial import History, Outcome, Params, Task, Trial

_NOTHING = nullcontext()

StopReason: TypeAlias = Literal["finished", "exhausted", "timeout", "callback"]


def run_search(
    sampler: Sampler,
    scheduler: Scheduler,
    executor: Executor,
    journal: Journal,
    history: History,
    *,
    make_tasks: Callable[[Trial], Iterable[Task]],
    identity: Callable[[Trial], Hashable],
    look_back: int = 1,
    is_late: Callable[[], bool] = lambda: False,
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
    make_tasks : callable
        The tasks of a trial.
    identity : callable
        Trials of equal identity are fitted once.
    look_back : int
        L above: how many trials may be under way when the next one is decided, that one included.
    is_late : callable
        Asked before each fit; once it says True, no other fit starts.
    check : callable
        Shown each outcome before it counts; what it raises ends the search.
    on_finished : callable
        Told when a fit has finished and is in the history.
    deciding : context manager
        Entered, again and again, while the next trial is decided: a stopwatch.

    Returns
    -------
    {"finished", "exhausted", "timeout", "callback"}
        Why it ended: the scheduler had no more, the space had no more, it was late, or an observer asked.
    """
    record = _Record(journal, history, identity)
    decide = _Decision(sampler, scheduler, history, look_back, deciding)
    unfinished = record.replay(decide.repeat)
    ready = deque(task for trial in unfinished for task in make_tasks(trial) if record.is_missing(task))
    reason: StopReason | None = None
    while reason is None:
        while reason is None and executor.has_room():
            if is_late():
                reason = "timeout"
            elif ready:
                executor.submit(ready.popleft())
            elif (trial := decide.next_trial()) is None:
                break
            elif record.is_new(trial):
                ready.extend(make_tasks(trial))
        if reason is None and executor.n_pending == 0:
            reason = "exhausted" if decide.is_exhausted else "finished"
        elif reason is None and (outcome := executor.wait()) is not None:
            check(outcome)
            record.finished(outcome)
            on_finished()
            reason = "callback" if outcome.stop else None
    executor.cancel()
    while (outcome := executor.wait()) is not None:
        check(outcome)
        record.finished(outcome)
    decide.tell(history.n_finished)
    return reason


class _Decision:
    """When the next trial may be decided, and what is known at that moment."""

    def __init__(
        self,
        sampler: Sampler,
        scheduler: Scheduler,
        history: History,
        look_back: int,
        deciding: AbstractContextManager[object],
    ) -> None:
        self.sampler, self.scheduler, self.history, self.deciding = sampler, scheduler, history, deciding
        self.look_back = look_back if sampler.is_adaptive or scheduler.is_adaptive else None
        self.is_exhausted = False

    def repeat(self, trial: Trial) -> None:
        """Go through the decision of a trial that the journal remembers: what was told at it is told now."""
        self._next_trial(lambda number: trial.params)  # noqa: ARG005 - it is known what the sampler proposed

    def next_trial(self) -> Trial | None:
        """Return the next trial, or None: not yet, or no more."""
        with self.deciding:
            return self._next_trial(self._ask)

    def _next_trial(self, ask: Callable[[int], Params | None]) -> Trial | None:
        history = self.history
        number = len(history.trials)
        horizon = history.n_finished if self.look_back is None else max(number + 1 - self.look_back, 0)
        if history.n_finished < horizon:
            return None
        self.tell(horizon)
        trial = self.scheduler.next_trial(history, ask)
        if trial is None and history.n_told < number == history.n_finished:
            # The scheduler waits for trials that the look-back hides. All are finished, so nothing depends on timing.
            self.tell(number)
            trial = self.scheduler.next_trial(history, ask)
        return trial

    def tell(self, horizon: int) -> None:
        """Tell the sampler of all trials before ``horizon``, in order."""
        history = self.history
        while history.n_told < horizon:
            number = history.n_told
            self.sampler.tell(history.trials[number], history.scores(number))
            history.n_told += 1

    def _ask(self, number: int) -> Params | None:
        pending = self.history.pending if self.sampler.is_adaptive else ()
        params = self.sampler.ask(number, pending)
        self.is_exhausted = params is None
        return params


class _Record:
    """Writes down what happens, in the journal first; a trial that was tried before shares the first one's outcomes."""

    def __init__(self, journal: Journal, history: History, identity: Callable[[Trial], Hashable]) -> None:
        self.journal, self.history, self.identity = journal, history, identity
        self.first: dict[Hashable, int] = {}  # identity -> number of the trial that is fitted
        self.twins: dict[int, list[int]] = {}  # number of a fitted trial -> numbers of those that share its outcomes

    def replay(self, before: Callable[[Trial], None]) -> list[Trial]:
        """Fill the history from the journal; returns the trials whose fits are not all done.

        ``before`` is called with each trial when the history is as it was when the trial was decided.
        """
        history, fitted = self.history, []
        for event in self.journal:
            if isinstance(event, TrialStarted):
                before(event.trial)
                history.start(event.trial)
                if self._is_first(event.trial):
                    fitted.append(event.trial)
            else:
                history.record(event.outcome)
        for number, twins in self.twins.items():
            for twin in twins:
                self._share(number, twin)  # a kill may have come between an outcome and its copies
        return [trial for trial in fitted if not history.is_finished(trial.number)]

    def is_missing(self, task: Task) -> bool:
        """Whether the task has no outcome."""
        return task.split not in self.history.outcomes(task.trial.number)

    def is_new(self, trial: Trial) -> bool:
        """Write down that a trial starts; returns whether it has to be fitted."""
        self.journal.append(TrialStarted(trial))
        self.history.start(trial)
        if self._is_first(trial):
            return True
        self._share(self.first[self.identity(trial)], trial.number)
        return False

    def finished(self, outcome: Outcome) -> None:
        """Write down the outcome of a task, for its trial and its twins."""
        self._write(outcome)
        for twin in self.twins.get(outcome.number, ()):
            self._write(replace(outcome, number=twin, shared=True))

    def _is_first(self, trial: Trial) -> bool:
        number = self.first.setdefault(self.identity(trial), trial.number)
        if number != trial.number:
            self.twins.setdefault(number, []).append(trial.number)
        return number == trial.number

    def _share(self, number: int, twin: int) -> None:
        known = self.history.outcomes(twin)
        for split, outcome in self.history.outcomes(number).items():
            if split not in known:
                self._write(replace(outcome, number=twin, shared=True))

    def _write(self, outcome: Outcome) -> None:
        self.journal.append(FitFinished(outcome))
        self.history.record(outcome)
