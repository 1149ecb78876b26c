"""A worker process seen from the parent, and the idle ones kept for the next search.

Starting a process and importing scikit-learn in it costs seconds, so a slot whose search is over waits here.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import pickle
import signal
import sys
import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from joblib.externals.loky.backend import get_context
from joblib.externals.loky.backend.utils import kill_process_tree

from skhpo.executors.progress import Progress
from skhpo.executors.worker import serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection

    from skhpo.executors.batch import Job
    from skhpo.executors.shipment import Shipment
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
        Whether it has started; only then does it read what is sent.
    is_broken : bool
        Whether a message to or from it was cut short: it can only be killed.
    has_hung_up : bool
        Whether that was its own doing: it has died.
    recalled : int
        Tasks up to this number were asked back.
    dropped : int
        Tasks up to this number are not wanted any more.
    """

    def __init__(self, inner_threads: int, *, force_threads: bool = False) -> None:
        self.key = (inner_threads, force_threads)
        self.jobs: dict[int, Job] = {}
        self.is_ready = False
        self.is_loaded = False
        self.is_broken = self.has_hung_up = False
        self.recalled = self.dropped = -1
        self._owner = os.getpid()
        context = get_context("loky")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self._progress = Progress()
        # The limits must stand in the environment before the libraries are loaded. Joblib's own count of the cores is
        # what `n_jobs=-1` inside a fit means.
        threads = {name: str(inner_threads) for name in _THREAD_VARIABLES if force_threads or name not in os.environ}
        self.process = context.Process(
            target=serve, args=(theirs, self._progress), env={**threads, "LOKY_MAX_CPU_COUNT": str(inner_threads)}
        )
        with _sigint_blocked():  # a Ctrl-C in the first second is for the parent too
            self.process.start()
        theirs.close()
        self._progress.close_file()
        with _lock:
            if not _alive:
                # Before multiprocessing's own handler, which waits for all children: theirs is registered by now.
                atexit.register(_stop_all)
            _alive.add(self)

    # -- messages -----------------------------------------------------------------------------------------------------

    def load(self, shipment: Shipment, settings: Settings) -> None:
        """Send the function to run."""
        self._send(("load", shipment.spans, settings), shipment.stream)
        self.is_loaded = True

    def run(self, jobs: dict[int, Job], packed: bytes) -> None:
        """Send tasks."""
        self.jobs.update(jobs)
        self._send(("run", list(jobs), packed))

    def recall(self, *, drop: bool = False) -> None:
        """Ask for what has not begun, to be run elsewhere or dropped."""
        last = max(self.jobs, default=-1)
        if drop:
            self.dropped = last
        if last > self.recalled:
            self.recalled = last
            self._send(("recall", last))

    def forget(self) -> None:
        """Free the data of the search."""
        self.is_loaded = False
        self.recalled = self.dropped = -1
        self._send(("forget",))

    def _send(self, message: tuple[Any, ...], stream: bytes | None = None) -> None:
        is_broken, self.is_broken = self.is_broken, True  # an interrupt may leave half a message in the pipe
        try:
            self.connection.send_bytes(pickle.dumps(message, protocol=5))
            if stream is not None:
                self.connection.send_bytes(stream)
        except OSError:  # it died: `receive` will find out how
            pass
        self.is_broken = is_broken

    def receive(self) -> Iterator[tuple[Any, ...]]:
        """Messages that have arrived.

        Raises
        ------
        EOFError
            If the worker has died; after all it had said before.
        """
        while True:
            if self.is_broken:
                raise EOFError
            try:
                if not self.connection.poll():
                    return
                self.is_broken = True
                message = pickle.loads(self.connection.recv_bytes())  # noqa: S301 - from our own worker's pipe
                self.is_broken = False
            except (EOFError, OSError) as error:
                self.is_broken = self.has_hung_up = True
                raise EOFError from error
            if message[0] == "ready":
                self.is_ready = True
            else:
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
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return bool(self.process.is_alive())

    def kill(self) -> str:
        """End the process, and any that a fit of its started, at once; returns how it ended."""
        if os.getpid() != self._owner:
            return "not ours"
        if self.has_hung_up:  # it ends by itself, and how is worth knowing
            self.process.join(0.5)
        if self.is_alive:
            if self.jobs:
                with contextlib.suppress(Exception):  # without psutil or pgrep it warns: then what it started goes on
                    kill_process_tree(self.process)
            if self.is_alive:
                _kill(self.process)
            self.process.join()
        self.connection.close()
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


# -- the idle ones ----------------------------------------------------------------------------------------------------

_lock = threading.RLock()
_idle: list[Slot] = []
_alive: weakref.WeakSet[Slot] = weakref.WeakSet()


def take(inner_threads: int, *, force_threads: bool = False) -> Slot:
    """An idle slot of this kind, or a new one.

    Idle ones of another kind are ended: their libraries have read their limits, and they hold memory.
    """
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
    return found or Slot(inner_threads, force_threads=force_threads)


def give_back(slot: Slot) -> None:
    """Keep a slot for later if it is sound and idle, else end it."""
    if slot._owner != os.getpid():  # noqa: SLF001 - a forked child does not own it
        return
    if slot.jobs or slot.is_broken or not slot.is_alive:
        slot.kill()
        return
    slot.forget()
    with _lock:
        _idle.append(slot)


def _stop_all() -> None:
    """End of the process: the idle leave by themselves, the others are killed."""
    with _lock:
        slots, _idle[:] = [slot for slot in _alive if slot._owner == os.getpid()], []  # noqa: SLF001
    for slot in slots:
        if not slot.jobs:
            slot.connection.close()
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
