"""What executors share whose workers belong to somebody else: threads of joblib, Dask, Ray.

They hand out batches and are told later what became of each; no worker can be named or killed. So when one dies, all
tasks of its batch are suspects, and each is tried once more while nothing else runs.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from skhpo.executors.base import Executor
from skhpo.executors.batch import BatchSize, Job
from skhpo.texts import abridged_traceback
from skhpo.trial import Outcome

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from skhpo.trial import Task


class Lost(NamedTuple):
    """A batch that did not come back.

    Parameters
    ----------
    reason : str
        Why.
    weight : int
        How much that says against a task that was alone: 0 nothing, 1 that a worker died of it, 2 that several did.
    is_known : bool
        Whether the worker that died ran this batch and nothing else; if not, only what runs while nothing else does
        is known to be to blame.
    """

    reason: str
    weight: int = 1
    is_known: bool = False


Reply: TypeAlias = "Sequence[tuple[float, Outcome | BaseException | None]] | BaseException | Lost"
"""For each task of a batch its seconds and its outcome, None if it was not begun; or what went wrong with all."""

_MAX_LOSSES = 2
_MAX_INNOCENT_LOSSES = 10  # of one task, in a row: the cluster cannot keep what it is given


class PooledExecutor(Executor):
    """Hands batches to a pool.

    Parameters
    ----------
    n_workers : int
        How many batches can run at the same time.
    max_pending : int or None
        Tasks that may be submitted and not finished; None for as many as keep the workers busy.
    batch_seconds : float
        Work to send at a time; 0 for no batches.
    """

    def __init__(self, n_workers: int, *, max_pending: int | None, batch_seconds: float) -> None:
        self.n_workers = n_workers
        self.max_pending = max_pending
        self._batch = BatchSize(batch_seconds)
        self._queue: deque[Job] = deque()
        self._ready: deque[Outcome | BaseException] = deque()
        self._running: dict[Hashable, list[Job]] = {}

    # -- what a pool has to say ---------------------------------------------------------------------------------------

    @abstractmethod
    def _start(self, tasks: list[Task]) -> Hashable:
        """Hand out a batch; returns what `_next` calls it."""

    @abstractmethod
    def _next(self, seconds: float | None) -> tuple[Hashable, Reply] | None:
        """Wait until one of the batches has come back, or is lost; None if that takes longer than the seconds."""

    # -- the caller's side --------------------------------------------------------------------------------------------

    @property
    def n_pending(self) -> int:  # noqa: D102
        return len(self._queue) + len(self._ready) + sum(map(len, self._running.values()))

    @property
    def _n_batches(self) -> int:
        """Batches to have in the pool: some more than can run, so that no worker waits for us."""
        is_short = self._batch.value > 1
        return 2 * self.n_workers if is_short else self.n_workers + self.n_workers // 4 + 1

    def has_room(self) -> bool:  # noqa: D102
        room = self._n_batches * self._batch.value
        return self.n_pending < (room if self.max_pending is None else min(room, self.max_pending))

    def submit(self, task: Task) -> None:  # noqa: D102
        self._queue.append(Job(task))

    def wait(self, seconds: float | None = None) -> Outcome | None:  # noqa: D102
        deadline = None if seconds is None else time.monotonic() + seconds
        while not self._ready and self.n_pending:
            self._dispatch()
            if self._running:
                found = self._next(None if deadline is None else max(0.0, deadline - time.monotonic()))
                if found is not None:
                    self._take_note(*found)
            if deadline is not None and time.monotonic() >= deadline:
                break
        self._dispatch(only_idle=True)
        if not self._ready:
            return None
        outcome = self._ready.popleft()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def cancel(self) -> None:  # noqa: D102
        self._queue.clear()

    def close(self) -> None:  # noqa: D102
        self._queue.clear()
        self._ready.clear()
        self._running.clear()

    # -- batches ------------------------------------------------------------------------------------------------------

    def _dispatch(self, *, only_idle: bool = False) -> None:
        n_batches = self.n_workers if only_idle else self._n_batches
        while self._queue and len(self._running) < n_batches:
            is_suspect = self._queue[0].is_suspect
            if self._running and (is_suspect or any(job.is_suspect for jobs in self._running.values() for job in jobs)):
                return  # suspects run alone
            jobs = [self._queue.popleft()]
            size = min(self._batch.value, -(-len(self._queue) // self.n_workers))
            if self.max_pending is not None:
                size = min(size, max(1, self.max_pending // self.n_workers))
            while not is_suspect and self._queue and len(jobs) < size and not self._queue[0].is_suspect:
                jobs.append(self._queue.popleft())
            try:
                handle = self._start([job.task for job in jobs])
            except Exception as error:  # noqa: BLE001 - raised by `wait`
                self._ready.append(error)
            else:
                self._running[handle] = jobs

    def _take_note(self, handle: Hashable, reply: Reply) -> None:
        jobs = self._running.pop(handle)
        if isinstance(reply, BaseException):
            self._ready.append(reply)
        elif isinstance(reply, Lost):
            for job in reversed(jobs):
                self._lose(job, reply, is_known=job.is_suspect or (reply.is_known and len(jobs) == 1))
        else:
            if durations := [seconds for seconds, outcome in reply if outcome is not None]:
                self._batch.learn(durations)
            self._ready.extend(outcome for _, outcome in reply if outcome is not None)

    def _lose(self, job: Job, lost: Lost, *, is_known: bool) -> None:
        job.is_suspect |= lost.weight > 0
        job.n_losses += lost.weight if is_known else 0
        job.n_innocent_losses += lost.weight == 0
        if job.n_losses >= _MAX_LOSSES or job.n_innocent_losses >= _MAX_INNOCENT_LOSSES:
            reason = abridged_traceback(lost.reason)
            text = f"The fit was tried more than once and its worker was lost each time: {reason}"
            task = job.task
            self._ready.append(Outcome(task.trial.number, task.split, None, error=text, status="crashed"))
        else:
            self._queue.appendleft(job)


def caught(run: Any, task: Task) -> Any:
    """Outcome of a task, or the exception that it raised."""
    try:
        return run(task)
    except BaseException as error:  # noqa: BLE001 - the caller of `wait` gets it
        return error
