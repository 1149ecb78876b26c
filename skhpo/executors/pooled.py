"""What executors share whose workers belong to somebody else: threads of joblib, Dask, Ray.

They hand out batches and are told later what became of each; no worker can be named or killed beforehand. Who is to
blame when one dies is judged in `losses`; here is what follows from it: who is tried again, when, and beside whom.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

from skhpo.executors.base import Executor
from skhpo.executors.batch import BatchSize, Job
from skhpo.executors.losses import MAX_INNOCENT_LOSSES, MAX_LOSSES, SAME_MOMENT_SECONDS, Lost, LostBatch, judge
from skhpo.history import Outcome
from skhpo.messages.texts import abridged_traceback

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    from skhpo.history import Task

Reply: TypeAlias = "Sequence[tuple[float, Outcome | BaseException | None]] | BaseException | Lost"
"""For each task of a batch its seconds and its outcome, None if it was not begun; or what went wrong with all."""


class NotNowError(Exception):
    """The pool cannot take a batch just now."""


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

    is_apart: bool = False
    """Whether each batch has a worker of its own, so that only what is in it can have killed that."""

    clock: Callable[[], float] = staticmethod(time.monotonic)

    def __init__(self, n_workers: int, *, max_pending: int | None, batch_seconds: float) -> None:
        self.n_workers = n_workers
        self.max_pending = max_pending
        self._batch = BatchSize(batch_seconds)
        self._queue: deque[Job] = deque()
        self._ready: deque[Outcome | BaseException] = deque()
        self._running: dict[Hashable, list[Job]] = {}
        self._lost: list[LostBatch] = []  # of this moment, not yet judged
        self._judge_at = 0.0
        self._suspects: set[Job] = set()  # that have a record
        self._condemned: set[int] = set()  # candidates of which a fit has killed workers for the last time

    # -- what a pool has to say ---------------------------------------------------------------------------------------

    @abstractmethod
    def _start(self, tasks: list[Task]) -> Hashable:
        """Hand out a batch; returns what `_next` calls it. Raises NotNowError if it is to be tried again later."""

    @abstractmethod
    def _next(self, seconds: float | None) -> tuple[Hashable, Reply] | None:
        """Wait until one of the batches has come back, or is lost.

        None if that takes longer than the seconds, or longer than the pool cares to wait without asking again.
        """

    def _is_open(self, seconds: float | None) -> bool:  # noqa: ARG002
        """Whether the pool can take batches; if not, wait a little, at most so many seconds, before saying so."""
        return True

    def _take_back(self) -> Iterable[Hashable]:
        """Take batches back that have not begun; what cannot be taken back at once may still come back as lost."""
        return ()

    # -- the caller's side --------------------------------------------------------------------------------------------

    @property
    def n_pending(self) -> int:  # noqa: D102
        n_lost = sum(len(batch.jobs) for batch in self._lost)
        return len(self._queue) + len(self._ready) + n_lost + sum(map(len, self._running.values()))

    @property
    def _n_batches(self) -> int:
        """Batches to have in the pool: some more than can run, so that no worker waits for us."""
        is_short = self._batch.value > 1
        return 2 * self.n_workers if is_short else self.n_workers + self.n_workers // 4 + 1

    def has_room(self) -> bool:  # noqa: D102
        if self.max_pending is not None and self.n_pending >= self.max_pending:
            return False
        n_held = sum(self._is_held(job) for job in self._queue) if self._suspects else 0
        return self.n_pending - n_held < self._n_batches * self._batch.value

    def submit(self, task: Task) -> None:  # noqa: D102
        job = Job(task)
        if job.number in self._condemned:
            self._give_up_untried(job)
        else:
            self._queue.append(job)

    def wait(self, seconds: float | None = None) -> Outcome | None:  # noqa: D102
        deadline = None if seconds is None else self.clock() + seconds
        while not self._ready and self.n_pending:
            self._dispatch(deadline)
            if self._running and not self._ready:
                found = self._next(self._patience(deadline))
                if found is not None:
                    self._take_note(*found)
            if self._lost and (not self._running or self.clock() >= self._judge_at):
                self._judge()
            if deadline is not None and self.clock() >= deadline:
                break
        if self._ready or deadline is None or self.clock() < deadline:
            self._dispatch(deadline, only_idle=True)
        if not self._ready:
            return None
        outcome = self._ready.popleft()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def cancel(self) -> None:  # noqa: D102
        self._queue.clear()
        self._lost.clear()
        for jobs in self._running.values():
            for job in jobs:
                job.is_dropped = True
        for handle in self._take_back():
            self._running.pop(handle, None)

    def close(self) -> None:  # noqa: D102
        self._ready.clear()
        self._stop()

    def _stop(self) -> None:
        self._queue.clear()
        self._lost.clear()
        self._running.clear()
        self._suspects.clear()

    def _give_up(self, sentence: str) -> None:
        """There is no pool any more."""
        if self.gave_up is None:
            self.gave_up = sentence
        self._stop()

    def _patience(self, deadline: float | None) -> float | None:
        limits = [limit for limit in (deadline, self._judge_at if self._lost else None) if limit is not None]
        return max(0.0, min(limits) - self.clock()) if limits else None

    # -- handing out --------------------------------------------------------------------------------------------------

    def _dispatch(self, deadline: float | None, *, only_idle: bool = False) -> None:
        # What waits in the pool would follow one that kills.
        n_batches = self.n_workers if only_idle or self._suspects else self._n_batches
        while len(self._running) < n_batches and (place := self._next_place()) is not None:
            if not self._is_open(None if deadline is None else max(0.0, deadline - self.clock())):
                return
            if not self._queue:  # it gave up
                return
            jobs = self._take(place)
            if not self._hand_out(jobs):
                return
            if self._ready and isinstance(self._ready[-1], BaseException):
                return  # to be raised at once

    def _hand_out(self, jobs: list[Job]) -> bool:
        """Start a batch; False if the pool takes nothing just now, and what it has not taken is in the queue again."""
        try:
            self._running[self._start([job.task for job in jobs])] = jobs
        except NotNowError:
            self._queue.extendleft(reversed(jobs))
            return False
        except Exception as error:  # noqa: BLE001 - raised by `wait`
            if len(jobs) > 1:  # one of them is at fault
                return sum(self._hand_out([job]) for job in jobs) == len(jobs)
            self._ready.append(error)
        return True

    def _take(self, place: int) -> list[Job]:
        """Take a batch from the queue, the job of this place first."""
        first = self._queue[place]
        del self._queue[place]
        jobs = [first]
        size = min(self._batch.value, -(-len(self._queue) // self.n_workers))
        if self.max_pending is not None:
            size = min(size, max(1, self.max_pending // self.n_workers))
        while not first.record and place < len(self._queue) and len(jobs) < size:
            if self._queue[place].record or (self._suspects and not self._may_start(self._queue[place])):
                break
            jobs.append(self._queue[place])
            del self._queue[place]
        return jobs

    def _next_place(self) -> int | None:
        """Where in the queue the next job stands that may be handed out; None if there is none."""
        if not self._suspects and not self._lost:
            return 0 if self._queue else None
        if any(self._is_exclusive(job) for jobs in self._running.values() for job in jobs):
            return None
        for place, job in enumerate(self._queue):
            if self._is_exclusive(job):
                # Nobody passes it: the pool empties, and it runs.
                return None if self._running or self._lost else place
            if self._may_start(job):
                return place
        return None

    def _is_exclusive(self, job: Job) -> bool:
        """Whether only what runs while nothing else does can be told from others."""
        return not self.is_apart and (job.n_losses > 0 or job.n_doubts > 1)

    def _may_start(self, job: Job) -> bool:
        """Whether a job may run beside those that do."""
        if self._is_held(job) or any(job.number == other.number for batch in self._lost for other in batch.jobs):
            return False
        if job.n_doubts <= 1:
            return True
        # Often lost, always with others: fewer and fewer at a time, until who kills is found among them.
        others = [other for jobs in self._running.values() for other in jobs]
        others += [other for batch in self._lost for other in batch.jobs]
        doubts = [other.n_doubts for other in others if other.n_doubts > 1]
        n_most = self.n_workers >> 2 * (max([job.n_doubts, *doubts]) - 1)
        return len(doubts) < max(1, n_most)

    def _is_held(self, job: Job) -> bool:
        """Whether another fit of its candidate has to show first that the candidate does not kill."""
        if not self._suspects:
            return False
        blamed = {suspect for suspect in self._suspects if suspect.n_losses and suspect.number == job.number}
        if not blamed:
            return False
        return job not in blamed or any(
            other in blamed for jobs in self._running.values() for other in jobs if other is not job
        )

    # -- taking in ----------------------------------------------------------------------------------------------------

    def _take_note(self, handle: Hashable, reply: Reply) -> None:
        jobs = self._running.pop(handle)
        if isinstance(reply, Lost):
            jobs = [job for job in jobs if not job.is_dropped]
            if jobs:
                if not self._lost:
                    self._judge_at = self.clock() + SAME_MOMENT_SECONDS
                self._lost.append(LostBatch(jobs, reply))
            return
        self._suspects.difference_update(jobs)
        if isinstance(reply, BaseException):
            self._ready.append(reply)
            return
        if durations := [seconds for seconds, outcome in reply if outcome is not None]:
            self._batch.learn(durations)
        self._ready.extend(outcome for _, outcome in reply if outcome is not None)

    def _judge(self) -> None:
        batches = self._lost
        self._lost = []
        judge(batches)
        for jobs, lost in reversed(batches):
            for job in reversed(jobs):
                if job.n_losses >= MAX_LOSSES:
                    self._condemn(job, lost)
                elif job.n_innocent_losses >= MAX_INNOCENT_LOSSES:
                    self._crash(
                        job,
                        f"The fit was sent {job.n_innocent_losses} times and lost each time before it began: "
                        f"{abridged_traceback(lost.reason)}",
                    )
                else:
                    if job.record:
                        self._suspects.add(job)
                    self._queue.appendleft(job)
        for job in [job for job in self._queue if job.number in self._condemned]:
            self._queue.remove(job)
            self._give_up_untried(job)

    def _condemn(self, job: Job, lost: Lost) -> None:
        self._condemned.add(job.number)
        self._crash(job, f"The fit was tried {job.n_losses} times and its worker died each time{_because(lost)}.")

    def _give_up_untried(self, job: Job) -> None:
        if job.record:
            text = f"The worker of the fit died, as did those of another fit of this candidate, {MAX_LOSSES} times."
        else:
            text = f"The fit was not tried: the worker of another fit of its candidate died {MAX_LOSSES} times."
        self._crash(job, text)

    def _crash(self, job: Job, text: str) -> None:
        self._suspects.discard(job)
        self._ready.append(Outcome(job.number, job.task.split, None, error=text, status="crashed"))


def _because(lost: Lost) -> str:
    return f" ({abridged_traceback(lost.reason)})" if lost.reason else ""


def caught(run: Any, task: Task) -> Any:
    """Outcome of a task, or the exception that it raised."""
    try:
        return run(task)
    except BaseException as error:  # noqa: BLE001 - the caller of `wait` gets it
        return error
