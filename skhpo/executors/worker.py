"""What runs in a worker process: one task at a time, until its pipe closes.

Messages are pickled tuples, the first item naming what they are. From the parent:

``("load", spans, settings)``, then the stream as a message of its own
    The function to run and the state of the process to run it in. Once per search.
``("run", numbers, tasks)``
    Pickled tasks, by number.
``("recall", number)``
    Give back the tasks up to this number that have not begun.
``("forget",)``
    The search is over.

To the parent: ``("ready",)`` once; ``("refused", Raised)`` for a shipment that cannot be opened; and
``("done", [(number, seconds, outcome), ...], [numbers given back])``.
"""

from __future__ import annotations

import faulthandler
import os
import pickle
import queue
import signal
import sys
import threading
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import sklearn
from threadpoolctl import ThreadpoolController

from skhpo.executors.joblib import limit_nested_parallelism
from skhpo.executors.shipment import Spans, dumps, unpack

if TYPE_CHECKING:
    from collections.abc import Callable, MutableSequence
    from multiprocessing.connection import Connection

    from skhpo.trial import Outcome, Task

IDLE_SECONDS = 300
"""After this long without work a worker ends, as joblib's do."""

_REPORT_SECONDS = 0.01  # outcomes of shorter fits travel together


class Raised(NamedTuple):
    """An exception that crossed a process boundary: pickled, and its traceback as text."""

    error: bytes
    traceback: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """Pack an exception; one that cannot be pickled becomes a RuntimeError that says the same."""
        text = "".join(traceback.format_exception(error))
        try:
            packed = dumps(error)
            pickle.loads(packed)  # noqa: S301 - made in the line above; many exceptions only fail here
        except Exception:  # noqa: BLE001 - whatever their __reduce__ or __init__ raises
            packed = dumps(RuntimeError(f"{type(error).__name__}: {error}"))
        return cls(packed, text)

    def unpack(self) -> BaseException:
        """The exception, caused by its traceback in the worker."""
        error: BaseException = pickle.loads(self.error)  # noqa: S301 - from our own worker's pipe
        error.__cause__ = WorkerTraceback(self.traceback)
        return error


class WorkerTraceback(Exception):  # noqa: N818 - it is shown as a cause, never raised
    """The traceback of an exception in a worker."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


class Packed(NamedTuple):
    """An outcome that only pickles by value."""

    outcome: bytes


class Settings(NamedTuple):
    """State of the parent that a fit may depend on."""

    sys_path: list[str]
    directory: str
    inner_threads: int


def serve(connection: Connection, progress: MutableSequence[float]) -> None:
    """Work until the parent closes its end of the pipe.

    Parameters
    ----------
    connection : Connection
        Our end of the pipe.
    progress : array of 2 floats
        Shared with the parent, who reads it when we are dead or late: the number of the task that began last, and when
        (monotonic seconds).
    """
    # Ctrl-C reaches the whole process group; what it means is the parent's decision.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    faulthandler.enable()
    inbox = Inbox(connection)
    worker = Worker(connection, progress, inbox)
    connection.send_bytes(pickle.dumps(("ready",)))
    while True:
        try:
            message = inbox.messages.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            return
        if message is None:
            return
        inbox.is_busy = True
        getattr(worker, message[0])(*message[1:])
        inbox.is_busy = False


class Inbox:
    """Reads the pipe in a thread, so that a recall, and the death of the parent, are noticed during a fit."""

    def __init__(self, connection: Connection) -> None:
        self.messages: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self.recalled = -1.0
        self.is_busy = False
        self._connection = connection
        threading.Thread(target=self._read, name="skhpo-inbox", daemon=True).start()

    def _read(self) -> None:
        try:
            while True:
                message = pickle.loads(self._connection.recv_bytes())  # noqa: S301 - from the parent's own pipe
                if message[0] == "recall":
                    self.recalled = message[1]
                elif message[0] == "load":
                    self.messages.put((*message, self._connection.recv_bytes()))
                else:
                    self.messages.put(message)
        except (EOFError, OSError):
            self.recalled = float("inf")
            self.messages.put(None)
            if self.is_busy:  # nobody is left to want the outcome
                os._exit(1)


class Worker:
    """Runs what the inbox says."""

    def __init__(self, connection: Connection, progress: MutableSequence[float], inbox: Inbox) -> None:
        self._connection = connection
        self._progress = progress
        self._inbox = inbox
        self._run: Callable[[Task], Outcome] | None = None

    def load(self, spans: Spans, settings: Settings, stream: bytes) -> None:
        """Make ready for a search."""
        self.forget()
        try:
            sys.path[:] = settings.sys_path
            os.chdir(settings.directory)
            self._run, config, filters = unpack(stream, spans)
            sklearn.set_config(**config)
            set_warning_filters(filters)
            # After unpacking: only now are the libraries loaded whose threads are to be limited.
            limit_native_threads(settings.inner_threads)
            limit_nested_parallelism(settings.inner_threads)
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            self._run = None
            self._send(("refused", Raised.of(error)))

    def forget(self) -> None:
        """Free the data of a search."""
        self._run = None

    def run(self, numbers: list[int], packed: bytes) -> None:
        """Run some tasks, reporting now and then."""
        if self._run is None:  # the shipment was refused; so are its tasks
            return
        done: list[tuple[int, float, Any]] = []
        given_back: list[int] = []
        reported = time.monotonic()
        try:
            tasks = pickle.loads(packed)  # noqa: S301 - from the parent's own pipe
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            raised = Raised.of(error)
            self._report([(number, 0.0, raised) for number in numbers], given_back)
            return
        for number, task in zip(numbers, tasks, strict=True):
            if number <= self._inbox.recalled:
                given_back.append(number)
                continue
            began = time.monotonic()
            self._progress[1] = began  # before the number: the parent must never take an old time for a new task's
            self._progress[0] = number
            outcome: Any
            try:
                outcome = self._run(task)
            except BaseException as error:  # noqa: BLE001 - the parent raises it
                outcome = Raised.of(error)
            ended = time.monotonic()
            done.append((number, ended - began, outcome))
            if ended - reported > _REPORT_SECONDS:
                self._report(done, given_back)
                done, given_back, reported = [], [], ended
        if done or given_back:
            self._report(done, given_back)

    def _report(self, done: list[tuple[int, float, Any]], given_back: list[int]) -> None:
        try:
            message = pickle.dumps(("done", done, given_back), protocol=5)
        except Exception:  # noqa: BLE001 - one outcome at least is of no ordinary kind
            done = [(number, seconds, _pack(outcome)) for number, seconds, outcome in done]
            message = pickle.dumps(("done", done, given_back), protocol=5)
        self._connection.send_bytes(message)

    def _send(self, message: tuple[Any, ...]) -> None:
        self._connection.send_bytes(pickle.dumps(message, protocol=5))


def _pack(outcome: Any) -> Any:
    if isinstance(outcome, Raised):
        return outcome
    try:
        return Packed(dumps(outcome))
    except Exception as error:  # noqa: BLE001 - whatever a __reduce__ raises
        refusal = pickle.PicklingError(
            f"The outcome of a fit must be picklable to be sent back by a worker process, got {outcome!r} "
            f"({type(error).__name__}: {error}). Let the scorers return numbers, or run without processes: n_jobs=1."
        )
        refusal.__cause__ = error
        return Raised.of(refusal)


def get_warning_filters() -> list[tuple[Any, ...]]:
    """The caller's warning filters (in free-threaded Python they are no longer ``warnings.filters``)."""
    find = getattr(warnings, "_get_filters", None)
    return list(find() if find is not None else warnings.filters)


def set_warning_filters(filters: list[tuple[Any, ...]]) -> None:
    """Replace the warning filters of this process, once per search.

    (Set again for each task, as scikit-learn does, they would forget which warnings were already shown.)
    """
    warnings.resetwarnings()
    for action, message, category, module, line in filters:
        if message is None and module is None:
            # Unlike `filterwarnings`, this accepts a tuple of categories.
            warnings.simplefilter(action, category, lineno=line, append=True)
        else:
            text, place = (getattr(part, "pattern", part) or "" for part in (message, module))
            warnings.filterwarnings(action, text, category, place, lineno=line, append=True)


def limit_native_threads(n_threads: int) -> None:
    """Lower the threads of BLAS and OpenMP libraries to at most ``n_threads``, for good."""
    controller = ThreadpoolController()
    crowded = {library["prefix"] for library in controller.info() if library["num_threads"] > n_threads}
    controller.limit(limits=dict.fromkeys(crowded, n_threads))
