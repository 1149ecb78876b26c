"""A worker process seen from the parent, and the idle ones kept for the next search.

Starting a process and importing scikit-learn in it costs seconds, so a slot whose search is over waits here.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing.process
import multiprocessing.util
import os
import signal
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.utils import kill_process_tree

from skhpo.executors.interrupts import InterruptsWait
from skhpo.executors.pipe import Pipe
from skhpo.executors.progress import Progress
from skhpo.executors.values import Given
from skhpo.executors.worker import serve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skhpo.executors.batch import Job
    from skhpo.executors.shipment import Shipment
    from skhpo.executors.values import Values
    from skhpo.executors.worker import Settings

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class Slot:
    """One worker process and what it was given.

    Parameters
    ----------
    inner_threads : int
        Threads a fit may use.
    force_threads : bool
        Whether that goes before the user's own ``OMP_NUM_THREADS`` and the like.

    Attributes
    ----------
    jobs : dict of int to Job
        What it was given and has not answered, by number, in the order in which it runs them.
    is_ready : bool
        Whether it has started.
    is_loaded : bool
        Whether it has opened what the search has sent it, and can be given tasks.
    has_answered : bool
        Whether it has finished a task of this search.
    born : float
        When it was started (monotonic seconds).
    heard : float
        When it last said something or was last asked for something.
    recalled : int
        Tasks up to this number were asked back.
    dropped : int
        Tasks up to this number are not wanted any more.

    Raises
    ------
    OSError
        If no process can be started.
    """

    def __init__(self, inner_threads: int, *, force_threads: bool = False) -> None:
        self.key = (inner_threads, force_threads)
        self.jobs: dict[int, Job] = {}
        self.is_ready = self.is_loaded = self.has_answered = False
        self.recalled = self.dropped = -1
        self.born = self.heard = time.monotonic()
        self._load_number: int | None = None
        self._given = Given()
        self._owner = os.getpid()
        context = get_context("loky")
        connection, theirs = context.Pipe()
        self.pipe = Pipe(connection)
        self._progress = Progress()
        # The limits must stand in the environment before the libraries are loaded. Joblib's own count of the cores is
        # what `n_jobs=-1` inside a fit means.
        threads = {name: str(inner_threads) for name in _THREAD_VARIABLES if force_threads or name not in os.environ}
        self.process = context.Process(
            target=serve, args=(theirs, self._progress), env={**threads, "LOKY_MAX_CPU_COUNT": str(inner_threads)}
        )
        with _sigint_blocked(), _children_allowed():  # a Ctrl-C in the first second is for the parent too
            try:
                self.process.start()
            finally:
                theirs.close()
                self._progress.close_file()
        _know(self)

    # -- messages -----------------------------------------------------------------------------------------------------

    @property
    def is_broken(self) -> bool:
        """Whether a message to or from it was cut short: it can only be killed."""
        return self.pipe.is_broken

    @property
    def is_loading(self) -> bool:
        """Whether it was sent the function to run."""
        return self._load_number is not None

    def load(self, shipment: Shipment, settings: Settings) -> None:
        """Send the function to run."""
        self._load_number = next(_loads)
        self._ask(("load", self._load_number, shipment.spans, settings), shipment.stream)

    def run(self, jobs: dict[int, Job], packed: bytes, values: Values) -> None:
        """Send tasks, and the values that they need and the worker has not got."""
        self.jobs.update(jobs)
        fresh, dropped = self._given.update(values, [ident for job in self.jobs.values() for ident in job.values])
        for ident in fresh:
            self._ask(("value", ident, values[ident].spans), values[ident].stream)
        if dropped:
            self._ask(("drop", dropped))
        self._ask(("run", list(jobs)), packed)

    def recall(self, *, drop: bool = False) -> None:
        """Ask for what has not begun, to be run elsewhere or dropped."""
        last = max(self.jobs, default=-1)
        if drop:
            self.dropped = last
        if last > self.recalled:
            self.recalled = last
            self._ask(("recall", last))

    def forget(self) -> None:
        """Free the data of the search."""
        self.is_loaded = self.has_answered = False
        self._load_number = None
        self.recalled = self.dropped = -1
        self._given.clear()
        self._ask(("forget",))

    def _ask(self, message: tuple[Any, ...], payload: bytes = b"") -> None:
        self.heard = time.monotonic()
        self.pipe.send(message, payload)

    def receive(self) -> Iterator[tuple[Any, ...]]:
        """Messages that have arrived, but for those of an earlier search and those that only say how far it is.

        Raises
        ------
        EOFError
            If the worker has died; after all it had said before.
        """
        for message in self.pipe.receive():
            self.heard = time.monotonic()
            match message:
                case ("ready",):
                    self.is_ready = True
                case ("loaded", number):
                    if number == self._load_number:
                        self.is_loaded = True
                        yield message
                case ("refused", number, _) if number != self._load_number:
                    pass
                case ("done", [_, *_], _):
                    self.has_answered = True
                    yield message
                case _:
                    yield message

    # -- life and death -----------------------------------------------------------------------------------------------

    @property
    def begun(self) -> tuple[int, float]:
        """Number of the task that runs, and since when (monotonic seconds); the number is -1 if none does."""
        number, began = self._progress.read()
        return (number, began) if number in self.jobs else (-1, 0.0)

    @property
    def is_stuck(self) -> bool:
        """Whether it runs what was running when its other tasks were called back."""
        return 0 <= self.begun[0] <= self.recalled

    @property
    def is_in_first_fit(self) -> bool:
        """Whether the fit that runs is its first one of this search."""
        return not self.has_answered and bool(self.jobs) and self.begun[0] == next(iter(self.jobs))

    @property
    def silence(self) -> float:
        """Seconds for which it has owed us a sign of life: it starts, opens what it was sent, or is about to begin."""
        is_expected = not self.is_ready or (self.is_loading and not self.is_loaded) or (self.jobs and self.begun[0] < 0)
        return time.monotonic() - self.heard if is_expected else 0.0

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return bool(self.process.is_alive())

    def kill(self) -> str:
        """End the process, and any that a fit of its started, at once; returns how it ended."""
        if os.getpid() != self._owner:
            return "not ours"
        if self.pipe.has_hung_up:  # it ends by itself, and how is worth knowing
            self.process.join(0.5)
        if self.is_alive:
            if self.jobs:
                # Without psutil or pgrep it warns: then what it started goes on. A pgrep that it calls inherits what is
                # blocked; Ctrl-C is for the whole group, and would end it.
                with contextlib.suppress(Exception), _sigint_blocked():
                    kill_process_tree(self.process)
            if self.is_alive:
                _kill(self.process)
            self.process.join()
        self.pipe.is_broken = True
        self.pipe.connection.close()
        with _lock:
            _alive.discard(self)
        return describe_exit(self.process.exitcode)


def _kill(process: Any) -> None:
    if sys.platform == "win32":
        process.terminate()
    else:  # loky's processes have no `kill`
        os.kill(process.pid, signal.SIGKILL)


def describe_exit(code: int | None) -> str:
    """Why a process ended, in words."""
    if code is None or code >= 0:
        return f"exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    hint = {"SIGKILL": ", perhaps for lack of memory", "SIGSEGV": ", a fault in compiled code"}.get(name, "")
    return f"{name} (exit code {code}{hint})"


@contextlib.contextmanager
def _sigint_blocked() -> Iterator[None]:
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _children_allowed() -> Iterator[None]:
    """Let a daemonic process, as those of `multiprocessing.Pool` are, start a worker.

    Multiprocessing forbids it, since such a process may be ended without a word and would leave its children behind.
    Ours end when their parent does: they see its end of the pipe close.
    """
    config = multiprocessing.process.current_process()._config  # type: ignore[attr-defined] # noqa: SLF001
    was_daemonic = config.pop("daemon", None)
    try:
        yield
    finally:
        if was_daemonic is not None:
            config["daemon"] = was_daemonic


# -- the idle ones ----------------------------------------------------------------------------------------------------

_lock = threading.RLock()
_idle: list[Slot] = []
_alive: weakref.WeakSet[Slot] = weakref.WeakSet()


_loads = itertools.count()
"""Numbers of shipments sent: what a worker says of an earlier search's does not count."""

_watched: int | None = None
"""The process at whose end the workers are stopped."""


def _know(slot: Slot) -> None:
    global _watched  # noqa: PLW0603
    with _lock:
        if _watched != os.getpid():
            # Not `atexit`: the children of multiprocessing, of loky and of `concurrent.futures` run no such handlers,
            # and all of them wait for their own children before they end. This comes before that.
            multiprocessing.util.Finalize(None, _at_exit, exitpriority=100)
            _watched = os.getpid()
        _alive.add(slot)


def take(inner_threads: int, *, force_threads: bool = False) -> Slot:
    """An idle slot of this kind, or a new one.

    Idle ones of another kind are ended: their libraries have read their limits, and they hold memory.

    Raises
    ------
    OSError
        If no process can be started.
    """
    with InterruptsWait():
        with _lock:
            idle, _idle[:] = _idle[:], []
            found = None
            for slot in reversed(idle):
                if slot.key != (inner_threads, force_threads) or not slot.is_alive:
                    slot.kill()
                elif found is None:
                    found = slot
                else:
                    _idle.insert(0, slot)
        if found is None:
            return Slot(inner_threads, force_threads=force_threads)
        found.heard = time.monotonic()
        return found


def give_back(slot: Slot) -> None:
    """Keep a slot for later if it is sound and idle, else end it."""
    if slot._owner != os.getpid():  # noqa: SLF001 - a forked child does not own it
        return
    if slot.jobs or slot.is_broken or slot.pipe.is_waiting or not slot.is_alive:
        slot.kill()
        return
    slot.forget()
    with _lock:
        _idle.append(slot)


def _at_exit() -> None:
    """End of the process."""
    _stop_all()
    if getattr(sys, "last_type", None) is KeyboardInterrupt and threading.current_thread() is threading.main_thread():
        # It ends because of Ctrl-C. Another one ends it at once: there is nothing left to end, and all that the
        # interpreter can do with an exception now is to say that it cannot raise it.
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _stop_all() -> None:
    """The idle leave by themselves, the others are killed."""
    with InterruptsWait(forget=True):
        with _lock:
            slots, _idle[:] = [slot for slot in _alive if slot._owner == os.getpid()], []  # noqa: SLF001
        for slot in slots:
            if not slot.jobs:
                slot.pipe.connection.close()
        deadline = time.monotonic() + 1.0
        for slot in slots:
            if not slot.jobs:
                slot.process.join(max(0.0, deadline - time.monotonic()))
            slot.kill()


def _forget_all() -> None:
    """In a forked child: the workers are the parent's."""
    global _lock  # noqa: PLW0603 - another thread of the parent may have held it
    _lock = threading.RLock()
    _idle.clear()
    _alive.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
