"""The executor of one machine: worker processes, each in a slot of its own.

A worker that dies takes nobody along, and which fit it was running is known exactly (`Slot.begun`). The parent has no
threads: all that happens, happens in `wait`.
"""

from __future__ import annotations

import itertools
import math
import os
import pickle
import sys
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any

import sklearn

from skhpo.executors import endurance
from skhpo.executors.base import Executor
from skhpo.executors.batch import BatchSize, Job
from skhpo.executors.crossing import get_warning_filters, unpack
from skhpo.executors.endurance import FitLimit, Restarts
from skhpo.executors.interrupts import FirstInterruptCounts, InterruptsWait
from skhpo.executors.naming import worker_name
from skhpo.executors.nested import n_cores
from skhpo.executors.package import refusal
from skhpo.executors.pipe import wait_for
from skhpo.executors.relay import say
from skhpo.executors.shipment import Shipment
from skhpo.executors.slot import Slot, give_back, take
from skhpo.executors.values import Values
from skhpo.executors.worker import Settings
from skhpo.history import Outcome
from skhpo.messages.callers import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from skhpo.history import Task

_STUCK_SECONDS = 0.05
"""A fit that runs for longer than this may keep others of its batch from idle workers: they are called back."""

_SHORT_SECONDS = 0.5
"""Fits that take less would feel the 0.5 ms from one's end to the next one's begin, by way of the caller."""

_MOST_PASSED_OVER = 50
"""Times that others may be taken before a job, because they suit a worker better."""

_LOOK_AROUND_SECONDS = 1.0
"""How often it is checked that silent workers are alive: a process of their own may keep their end of the pipe open."""

_MAX_LOSSES = 2
"""A fit in which so many workers died has failed: the second time it ran alone."""

_numbers = itertools.count()
"""Of tasks; never used twice, since a worker's progress may still show one of an earlier search."""


class LocalExecutor(Executor):
    """Runs tasks in worker processes of this machine.

    Fits of much less than 0.1 s are sent in batches. Workers are started as they are needed, and kept for later
    executors. If they are lost again and again before they begin anything, the executor gives up (`Restarts`).

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``; sent once to each worker, its large arrays by way of a memory-mapped file.
    n_workers : int
        Number of processes.
    max_pending : int or None
        Tasks that may be with the workers at a time; None for as many as keep them busy.
    fit_timeout : float or None
        Seconds after which the worker of a fit is killed; the outcome's status is ``"timeout"``. A worker's first fit
        may take longer (`FitLimit`).
    inner_threads : int or None
        Threads of native libraries, and joblib workers, that a fit may use; None shares the cores out evenly, or
        follows the user's ``OMP_NUM_THREADS``.

    Raises
    ------
    pickle.PicklingError
        If ``run`` cannot be pickled.
    """

    def __init__(
        self,
        run: Callable[[Task], Outcome],
        n_workers: int,
        *,
        max_pending: int | None = None,
        fit_timeout: float | None = None,
        inner_threads: int | None = None,
    ) -> None:
        self.n_workers = n_workers
        self.max_pending = max_pending
        self.fit_timeout = fit_timeout
        self._inner_threads = inner_threads or max(1, n_cores() // n_workers)
        self._force_threads = inner_threads is not None
        self._settings = Settings(list(sys.path), os.getcwd(), self._inner_threads)  # noqa: PTH109 - for os.chdir
        self._shipment = Shipment((run, sklearn.get_config(), get_warning_filters()))
        self._queue: deque[Job] = deque()
        self._ready: deque[Outcome | BaseException] = deque()
        self._slots: list[Slot] = []
        self._owners: dict[int, Slot] = {}  # of each split, the worker that began with it
        self._limit_of_fits = FitLimit(fit_timeout)
        self._restarts = Restarts(n_workers)
        self._values = Values()
        self._warned: set[Any] = set()
        self._batch = BatchSize()
        self._caller_seconds = 0.0  # between two calls of `wait`
        self._left_wait: float | None = None
        self._looked_around = time.monotonic()
        self._interrupts = FirstInterruptCounts()
        self._finalizer = weakref.finalize(self, _release, self._slots, self._shipment, self._values)
        self._finalizer.atexit = False  # the slots have a handler of their own, and the order matters

    # -- the caller's side --------------------------------------------------------------------------------------------

    @property
    def n_pending(self) -> int:  # noqa: D102
        return len(self._queue) + len(self._ready) + self._n_running

    def has_room(self) -> bool:  # noqa: D102
        room = self.n_workers * self._depth + 1  # one at hand for the first worker that is done
        return self.n_pending < (room if self.max_pending is None else min(room, self.max_pending))

    def submit(self, task: Task) -> None:  # noqa: D102
        self._queue.append(Job(task))

    def wait(self, seconds: float | None = None) -> Outcome | None:  # noqa: D102
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        if self._left_wait is not None:
            self._caller_seconds += 0.2 * (time.monotonic() - self._left_wait - self._caller_seconds)
            self._left_wait = None
        while not self._ready and self.n_pending:
            self._dispatch()
            if not self._ready:
                self._receive(max(0.0, deadline - time.monotonic()))
            if self._restarts.is_over and not self._slots:
                self.gave_up = self._restarts.why()
                self._queue.clear()
            if time.monotonic() >= deadline:
                break
        self._dispatch(only_idle=True)
        self._left_wait = time.monotonic()
        if not self._ready:
            return None
        outcome = self._ready.popleft()
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def cancel(self) -> None:  # noqa: D102
        self._queue.clear()
        for slot in self._slots:
            slot.recall(drop=True)

    def close(self) -> None:  # noqa: D102
        self._queue.clear()
        self._ready.clear()
        self._finalizer()
        self._slots.clear()
        self._owners.clear()

    def __enter__(self) -> Self:
        self._interrupts.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.close()
        finally:
            self._interrupts.__exit__(kind, error, traceback)

    # -- sending ------------------------------------------------------------------------------------------------------

    @property
    def _n_running(self) -> int:
        return sum(len(slot.jobs) for slot in self._slots)

    @property
    def _depth(self) -> int:
        """Tasks a worker is given before it has answered any.

        It has a second batch at hand where waiting for us would be felt: for the message, if fits are short, or for the
        caller to come back, if what the caller does takes its time.
        """
        fit_seconds = self._batch.fit_seconds
        if fit_seconds is None or fit_seconds > max(_SHORT_SECONDS, 20 * self._caller_seconds):
            return 1
        return 2 * self._batch.value

    def _dispatch(self, *, only_idle: bool = False) -> None:
        """Hand out what is queued, to the worker with least to do first."""
        if not self._queue:
            self._recall_stuck()
            return
        self._start_workers()
        for slot in sorted(self._slots, key=lambda slot: len(slot.jobs)):
            if slot.is_ready and not slot.is_loading:
                slot.load(self._shipment, self._settings)
            if slot.is_loaded and not (only_idle and slot.jobs):
                self._fill(slot)

    def _start_workers(self) -> None:
        while (
            len(self._slots) < min(self._restarts.n_wanted, len(self._queue) + self._n_running)
            and self._restarts.seconds_left == 0.0
        ):
            now = time.monotonic()
            try:
                self._slots.append(take(self._inner_threads, force_threads=self._force_threads))
            except OSError as error:  # no descriptor, memory or process is left
                self._restarts.lost(now, f"{type(error).__name__}: {error}")

    def _fill(self, slot: Slot) -> None:
        limit = self._limit(slot)
        if slot.is_stuck or any(job.n_losses for job in slot.jobs.values()):  # who killed a worker runs alone
            return
        jobs: list[Job] = []
        while self._queue and len(jobs) < limit:
            if self._queue[0].n_losses:
                if not jobs and not slot.jobs:
                    jobs.append(self._queue.popleft())
                break
            place = self._place_for(slot)
            if place is None:
                if slot.jobs and slot in self._owners.values():  # it has something to do: others may come
                    break
                place = 0
            for i in range(place):
                self._queue[i].n_passed_over += 1
            jobs.append(self._queue[place])
            del self._queue[place]
        if jobs:
            self._send(slot, jobs)

    def _limit(self, slot: Slot) -> int:
        """How many tasks more a worker may be given."""
        limit = self._depth - len(slot.jobs)
        if self.max_pending is not None:
            limit = min(limit, self.max_pending - self._n_running)
        # Short queues are shared out: no worker takes what another could begin.
        return min(limit, max(1, -(-len(self._queue) // self.n_workers)))

    def _place_for(self, slot: Slot) -> int | None:
        """Where in the queue the first job stands that suits a worker: of a split that no other worker began with.

        What was fitted on a split, the first steps of a pipeline say, is then at hand in one worker and need not be
        fitted in each. A worker with nothing to do takes any job, and no job is passed over for long.
        """
        if self._queue[0].n_passed_over >= _MOST_PASSED_OVER:
            return 0
        for place, job in enumerate(self._queue):
            if not job.n_losses and self._owners.setdefault(job.task.split, slot) is slot:
                return place
        return None

    def _send(self, slot: Slot, jobs: Sequence[Job]) -> None:
        in_use = (ident for other in self._slots for job in other.jobs.values() for ident in job.values)
        try:
            packed, needed = self._values.pack([job.task for job in jobs], in_use)
        except pickle.PicklingError as error:
            if len(jobs) > 1:  # one of them is at fault
                for job in jobs:
                    self._send(slot, [job])
            else:
                self._ready.append(error)
            return
        for job, idents in zip(jobs, needed, strict=True):
            job.values = idents
        slot.run(dict(zip(_numbers, jobs, strict=False)), packed, self._values)

    def _recall_stuck(self) -> None:
        """Where a worker is idle, ask back what waits behind the long fit of another."""
        if all(slot.jobs for slot in self._slots) and len(self._slots) >= self._restarts.n_wanted:
            return
        now = time.monotonic()
        for slot in self._slots:
            number, began = slot.begun
            if len(slot.jobs) > 1 and number >= 0 and now - began > _STUCK_SECONDS:
                slot.recall()

    # -- receiving ----------------------------------------------------------------------------------------------------

    def _receive(self, seconds: float = math.inf) -> None:
        """Wait until something happens, or for so many seconds, and take note of it."""
        seconds = min(seconds, self._patience())
        if not self._slots:  # there is a pause before the next worker
            time.sleep(min(seconds, self._restarts.seconds_left))
            return
        by_pipe = {slot.pipe: slot for slot in self._slots if not slot.is_broken}
        heard = [by_pipe[pipe] for pipe in wait_for(by_pipe, seconds)]
        now = time.monotonic()
        if now > self._looked_around + _LOOK_AROUND_SECONDS:
            self._looked_around = now
            heard += [slot for slot in self._slots if slot not in heard and not slot.is_alive]
        for slot in [*heard, *(slot for slot in self._slots if slot.is_broken and slot not in heard)]:
            self._listen(slot)
        for slot in [slot for slot in self._slots if slot.silence > endurance.START_SECONDS]:
            self._bury(slot)
        if self.fit_timeout is not None:
            self._stop_late()

    def _patience(self) -> float:
        """Seconds for which nothing can need our attention but a message."""
        patience = _LOOK_AROUND_SECONDS
        if any(slot.is_broken for slot in self._slots):
            return 0.0
        if not self._queue and any(len(slot.jobs) > 1 for slot in self._slots):
            patience = _STUCK_SECONDS
        if self.fit_timeout is not None:
            now = time.monotonic()
            for slot in self._slots:
                number, began = slot.begun
                limit = self._limit_of_fits.of(is_first=slot.is_in_first_fit)
                patience = min(patience, limit if number < 0 else max(0.0, began + limit - now))
        return patience

    def _listen(self, slot: Slot) -> None:
        try:
            for message in slot.receive():
                match message:
                    case ("done", done, given_back):
                        self._take_note(slot, done, given_back)
                    case ("said", text):
                        say("stdout", text)
                    case ("warned", key, text):
                        if key is None or key not in self._warned:
                            self._warned.add(key)
                            say("stderr", text)
                    case ("loaded", _):
                        self._restarts.ready()
                    case ("refused", _, raised):
                        slot.forget()
                        if self._queue:  # what nobody can run
                            self._queue.clear()
                            self._ready.append(refusal(raised))
        except EOFError:
            self._bury(slot)

    def _take_note(self, slot: Slot, done: list[tuple[int, float, Any]], given_back: list[int]) -> None:
        for number, _, outcome in done:
            del slot.jobs[number]
            self._ready.append(unpack(outcome))
        if done:
            self._restarts.worked()
            self._batch.learn([seconds for _, seconds, _ in done])
            self._limit_of_fits.finished(max(seconds for _, seconds, _ in done))
        for number in reversed(given_back):
            job = slot.jobs.pop(number)
            if number > slot.dropped:
                self._queue.appendleft(job)

    # -- faults -------------------------------------------------------------------------------------------------------

    def _bury(self, slot: Slot) -> None:
        """A worker has died: only what it was running can be to blame."""
        was_cut = slot.is_broken and not slot.pipe.has_hung_up  # by an interrupt of ours
        number, began = slot.begun
        seconds = time.monotonic() - began
        silence = slot.silence
        reason = slot.kill()
        if silence > endurance.START_SECONDS:
            reason = f"no sign of life for {endurance.START_SECONDS:g} seconds"
        self._remove(slot)
        guilty = slot.jobs.pop(number, None)
        self._requeue(slot)
        if guilty is None:
            if not was_cut:
                self._restarts.lost(slot.born, reason)
            return
        self._restarts.worked()
        guilty.n_losses += not was_cut
        if guilty.n_losses >= _MAX_LOSSES:
            text = f"The fit was tried {guilty.n_losses} times and its worker process died each time, with {reason}."
            self._ready.append(_lost(guilty.task, text, "crashed", seconds, slot))
        else:
            self._queue.appendleft(guilty)

    def _stop_late(self) -> None:
        for slot in list(self._slots):
            (number, began), is_first = slot.begun, slot.is_in_first_fit
            if number < 0 or time.monotonic() - began < self._limit_of_fits.of(is_first=is_first):
                continue
            self._listen(slot)  # it may have finished just now
            if slot not in self._slots or slot.begun[0] != number:
                continue
            slot.kill()
            self._remove(slot)
            late = slot.jobs.pop(number)
            self._requeue(slot)
            text = f"The fit took longer than fit_timeout={self.fit_timeout!r} seconds and was stopped."
            self._ready.append(_lost(late.task, text, "timeout", time.monotonic() - began, slot))
            if advice := self._limit_of_fits.stopped(is_first=is_first):
                warn(advice, RuntimeWarning)

    def _remove(self, slot: Slot) -> None:
        self._slots.remove(slot)
        self._owners = {split: owner for split, owner in self._owners.items() if owner is not slot}

    def _requeue(self, slot: Slot) -> None:
        kept = [job for number, job in slot.jobs.items() if number > slot.dropped]
        self._queue.extendleft(reversed(kept))
        slot.jobs.clear()


def _release(slots: list[Slot], shipment: Shipment, values: Values) -> None:
    with InterruptsWait():
        for slot in slots:
            give_back(slot)
        shipment.close()
        values.close()


def _lost(task: Task, text: str, status: Any, seconds: float, slot: Slot) -> Outcome:
    return Outcome(
        task.trial.number,
        task.split,
        None,
        fit_time=seconds,
        error=text,
        status=status,
        started=time.time() - seconds,
        worker=worker_name(slot.process.pid),
    )
