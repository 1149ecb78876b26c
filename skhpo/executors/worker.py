"""What runs in a worker process: one task at a time, until its pipe closes.

Messages are tuples, the first item naming what they are (`pipe` says how they travel). From the parent:

``("load", number, spans, settings, stream)``
    The function to run and the state of the process to run it in. Once per search.
``("value", ident, spans, stream)``, ``("drop", idents)``
    A large value of a parameter that tasks will name, and values that no task will name any more.
``("run", numbers, tasks)``
    Pickled tasks, by number.
``("recall", number)``
    Give back the tasks up to this number that have not begun.
``("forget",)``
    The search is over.

To the parent: ``("ready",)`` once; ``("loaded", number)``, or ``("refused", number, Raised)`` for a shipment that
cannot be opened; ``("said", text)`` for lines that a fit printed, ``("warned", key, text)`` for a warning; and
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
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import sklearn

from skhpo.executors.crossing import Raised, hand_on_warnings, pack, run_in_worker, set_warning_filters
from skhpo.executors.nested import limit_native_threads, limit_nested_parallelism
from skhpo.executors.pipe import Assembler, pieces
from skhpo.executors.relay import Relay
from skhpo.executors.shipment import Spans, unpack
from skhpo.executors.values import fill_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

    from skhpo.executors.progress import Progress
    from skhpo.history import Outcome, Task

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
    with suppress(AttributeError, ValueError, OSError):  # there may be no standard error
        faulthandler.enable()
    inbox = Inbox(connection)
    worker = Worker(inbox, progress)
    inbox.send(("ready",))
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
    """Reads the pipe in a thread, so that a recall, and the death of the parent, are noticed during a fit.

    A task belongs to the one who takes its number out of ``_unbegun``: the main thread to run it, or this one to give
    it back.
    """

    def __init__(self, connection: Connection) -> None:
        self.messages: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        self.is_busy = False
        self._connection = connection
        self._sending = threading.Lock()
        self._unbegun: dict[int, bool] = {}
        self._outbox: deque[tuple[Any, ...]] = deque()
        self._done: deque[tuple[int, float, Any]] = deque()
        self._given_back: deque[int] = deque()
        threading.Thread(target=self._read, name="skhpo-inbox", daemon=True).start()

    def send(self, message: tuple[Any, ...]) -> None:
        """Send a message."""
        self._outbox.append(message)
        self.report()

    def begin(self, number: int) -> bool:
        """Whether a task may begin: it was not recalled."""
        return self._unbegun.pop(number, False)

    def end(self, number: int, seconds: float, outcome: Any) -> None:
        """Note an outcome, to be reported."""
        self._done.append((number, seconds, outcome))

    def report(self) -> None:
        """Send what there is to say, what is done, and what is given back.

        Whoever comes while another sends leaves it to that: to wait would be to stop reading, while the parent may be
        waiting for us to read; and it may be the same thread, in an object's last words.
        """
        while (self._outbox or self._done or self._given_back) and self._sending.acquire(blocking=False):
            try:
                done, given_back = _take(self._done), _take(self._given_back)
                parts = self._pack_done(done, given_back) if done or given_back else []
                del done  # what objects print while they are pickled or freed comes before the outcomes
                for message in _take(self._outbox):
                    self._write(pieces(message))
                self._write(parts)
            finally:
                self._sending.release()

    @staticmethod
    def _pack_done(done: list[Any], given_back: list[int]) -> list[Any]:
        try:
            return list(pieces(("done", done, given_back)))
        except Exception:  # noqa: BLE001 - one outcome at least is of no ordinary kind
            done = [(number, seconds, pack(outcome)) for number, seconds, outcome in done]
            return list(pieces(("done", done, given_back)))

    def _write(self, parts: Iterable[Any]) -> None:
        """Write a message; a parent that has gone wants none, and `_read` will see that it has."""
        parts = list(parts)
        with suppress(OSError):
            for part in parts:
                self._connection.send_bytes(part)

    def _read(self) -> None:
        assembler = Assembler()
        try:
            while True:
                message = assembler.add(self._connection.recv_bytes())
                if message is None:
                    continue
                if message[0] == "recall":
                    self._recall(message[1])
                else:
                    if message[0] == "run":
                        self._unbegun.update(dict.fromkeys(message[1], True))
                    self.messages.put(message)
        except (EOFError, OSError):
            self._unbegun.clear()
            self.messages.put(None)
            if self.is_busy:  # nobody is left to want the outcome
                os._exit(1)

    def _recall(self, last: int) -> None:
        for number in list(self._unbegun):
            if number <= last and self.begin(number):
                self._given_back.append(number)
        self.report()


def _take(items: deque[Any]) -> list[Any]:
    """Empty a deque to which another thread may be appending."""
    return [items.popleft() for _ in range(len(items))]


class Worker:
    """Runs what the inbox says."""

    def __init__(self, inbox: Inbox, progress: Progress) -> None:
        self._inbox = inbox
        self._progress = progress
        self._run: Callable[[Task], Outcome] | None = None
        self._values: dict[int, tuple[Spans, bytes]] = {}
        self._printed = Relay(lambda text: inbox.send(("said", text)), sys.stdout)
        sys.stdout = self._printed

    def load(self, number: int, spans: Spans, settings: Settings, stream: bytes) -> None:
        """Make ready for a search."""
        self.forget()
        try:
            sys.path[:] = settings.sys_path
            os.chdir(settings.directory)
            self._run, config, filters = unpack(stream, spans)
            sklearn.set_config(**config)
            set_warning_filters(filters)
            hand_on_warnings(lambda key, text: self._inbox.send(("warned", key, text)))
            # After unpacking: only now are the libraries loaded whose threads are to be limited.
            limit_native_threads(settings.inner_threads)
            limit_nested_parallelism(settings.inner_threads)
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            self._run = None
            self._inbox.send(("refused", number, Raised.of(error)))
        else:
            self._inbox.send(("loaded", number))

    def forget(self) -> None:
        """Free the data of a search."""
        self._run = None
        self._values.clear()

    def value(self, ident: int, spans: Spans, stream: bytes) -> None:
        """Keep a value for tasks to come."""
        self._values[ident] = spans, stream

    def drop(self, idents: list[int]) -> None:
        """Free values."""
        for ident in idents:
            del self._values[ident]

    def run(self, numbers: list[int], packed: bytes) -> None:
        """Run some tasks, reporting now and then."""
        if self._run is None:  # the shipment was refused; so are its tasks
            return
        try:
            tasks = pickle.loads(packed)  # noqa: S301 - from the parent's own pipe
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            raised = Raised.of(error)
            for number in numbers:
                if self._inbox.begin(number):
                    self._inbox.end(number, 0.0, raised)
            self._inbox.report()
            return
        reported = time.monotonic()
        for number, task in zip(numbers, tasks, strict=True):
            if not self._inbox.begin(number):
                continue
            began = time.monotonic()
            self._progress.begin(number, began)
            outcome = self._outcome(self._run, task)
            ended = time.monotonic()
            self._inbox.end(number, ended - began, outcome)
            del outcome
            if ended - reported > _REPORT_SECONDS:
                self._inbox.report()
                reported = ended
        self._inbox.report()

    def _outcome(self, run: Callable[[Task], Outcome], task: Task) -> Outcome | Raised:
        try:
            task = fill_in(task, self._values)
        except BaseException as error:  # noqa: BLE001 - the parent raises it
            return Raised.of(error)
        outcome = run_in_worker(run, task)
        self._printed.end_line()
        return outcome
