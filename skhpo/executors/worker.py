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
from typing import TYPE_CHECKING, Any, NamedTuple

import sklearn

from skhpo.executors.crossing import Raised, pack, set_warning_filters
from skhpo.executors.nested import limit_native_threads, limit_nested_parallelism
from skhpo.executors.shipment import Spans, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

    from skhpo.executors.progress import Progress
    from skhpo.trial import Outcome, Task

IDLE_SECONDS = 300
"""After this long without work a worker ends, as joblib's do."""

_REPORT_SECONDS = 0.01  # outcomes of shorter fits travel together


class Settings(NamedTuple):
    """State of the parent that a fit may depend on."""

    sys_path: list[str]
    directory: str
    inner_threads: int


def serve(connection: Connection, progress: Progress) -> None:
    """Work until the parent closes its end of the pipe.

    Parameters
    ----------
    connection : Connection
        Our end of the pipe.
    progress : Progress
        Shared with the parent, who reads it when we are dead or late.
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

    def __init__(self, connection: Connection, progress: Progress, inbox: Inbox) -> None:
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
            self._progress.begin(number, began)
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
            done = [(number, seconds, pack(outcome)) for number, seconds, outcome in done]
            message = pickle.dumps(("done", done, given_back), protocol=5)
        self._connection.send_bytes(message)

    def _send(self, message: tuple[Any, ...]) -> None:
        self._connection.send_bytes(pickle.dumps(message, protocol=5))
