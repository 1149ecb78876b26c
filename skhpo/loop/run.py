"""The loop that connects a sampler, a scheduler, an executor and a journal. There is no scikit-learn in it.

Timing never changes a result: what comes after t fits is decided from the outcomes of the first t + 1 - L only, where L
is the look-back (`skhpo.loop.decisions`). Everything that happened is in the journal before anything follows from it,
so that a search that is killed and started again with its journal goes on as if nothing had happened.
"""

from __future__ import annotations

import math
from collections import deque
from contextlib import nullcontext
from typing import TYPE_CHECKING, Literal, TypeAlias

from skhpo.loop.decisions import Decisions
from skhpo.loop.finish import Finish
from skhpo.loop.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from contextlib import AbstractContextManager

    from skhpo.executors.base import Executor
    from skhpo.history import Family, History, Outcome, Task, Trial
    from skhpo.journals.base import Journal
    from skhpo.loop.record import Fit
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler

_NOTHING = nullcontext()

StopReason: TypeAlias = Literal["finished", "exhausted", "timeout", "callback", "workers"]


def run_search(
    sampler: Sampler,
    scheduler: Scheduler,
    executor: Executor,
    journal: Journal,
    history: History,
    *,
    make_task: Callable[[Trial, int], Task],
    identity: Callable[[Trial], Hashable],
    family_of: Callable[[Trial], Family | None] = lambda trial: None,  # noqa: ARG005 - each trial is alone
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
    family_of : callable
        Of trials that may share fits, the family that a trial is of; None for one that is alone.
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
    record = Record(journal, history, identity, family_of)
    decisions = Decisions(sampler, scheduler, history, look_back, deciding)
    decisions.finish = Finish(sampler, scheduler, history, seconds_left, executor.n_workers).next
    ready = deque(record.replay(decisions.repeat))
    reason: StopReason | None = None
    while reason is None:
        while reason is None and executor.gave_up is None and executor.has_room():
            if seconds_left() <= 0:
                reason = "timeout"
            elif ready:
                _submit(record.fit_for(*ready.popleft()), executor, make_task)
            elif (decision := decisions.next()) is None:
                break
            else:
                ready.extend(record.decided(decision))
        if reason is None and executor.n_pending == 0:
            reason = _why_nothing_is_left(executor, decisions)
        elif reason is None and (outcome := executor.wait(_finite(seconds_left()))) is not None:
            ready.extendleft(record.finished(outcome, check))
            on_finished()
            reason = "callback" if outcome.stop else None
        elif reason is None and seconds_left() <= 0:
            reason = "timeout"
    executor.cancel()
    while (outcome := executor.wait()) is not None:
        record.finished(outcome, check)
    decisions.end()
    return reason


def _submit(fit: Fit | None, executor: Executor, make_task: Callable[[Trial, int], Task]) -> None:
    if fit is not None:
        executor.submit(make_task(fit.trial, fit.split)._replace(places=fit.places))


def _why_nothing_is_left(executor: Executor, decisions: Decisions) -> StopReason:
    if executor.gave_up is not None:
        return "workers"
    return "exhausted" if decisions.is_exhausted else "finished"


def _finite(seconds: float) -> float | None:
    """Return a time limit as executors take it: not below 0, None for none."""
    return None if seconds == math.inf else max(0.0, seconds)
