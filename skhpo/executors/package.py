"""Batches for workers of other people's clusters: the function to run travels once, or is opened once, per process."""

from __future__ import annotations

import os
import pickle
import threading
import time
import uuid
from collections import Counter
from contextlib import ExitStack, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import joblib
import sklearn
from joblib.parallel import SequentialBackend

from skhpo.executors.crossing import Raised, get_warning_filters, pack, run_in_worker, unpack
from skhpo.executors.shipment import Shipment, dumps
from skhpo.executors.warning_state import warning_state
from skhpo.messages.texts import one_line, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skhpo.executors.pooled import Reply
    from skhpo.history import Outcome, Task

_TOKEN = uuid.uuid4().hex


def _this_process() -> str:
    """Return what no other process on any machine is called."""
    return f"{_TOKEN}-{os.getpid()}"


class Content:
    """A function and the settings of its caller, as bytes; in a worker it is opened once, by whoever comes first.

    Who holds it decides how long a worker keeps what was opened: it goes with this object.

    Parameters
    ----------
    stream : bytes-like
        A pickle.
    """

    def __init__(self, stream: Any, home: str = "") -> None:
        self.stream = stream
        self._home = home  # the process that it comes from
        self.shown: set[tuple[Any, ...]] = set()
        """Warnings of this search that were shown in this process."""
        self._lock = threading.Lock()
        self._opened: Any = None

    def __reduce__(self) -> Any:
        return Content, (pickle.PickleBuffer(self.stream), self._home)

    def __sizeof__(self) -> int:
        return len(self.stream)  # Dask counts with it

    def open(self) -> Any:
        """Return the function, scikit-learn's configuration and the warning filters."""
        with self._lock:
            if self._opened is None:
                self._opened = pickle.loads(self.stream)  # noqa: S301 - over the cluster's own, trusted connections
            return self._opened

    def run(self, tasks: bytes) -> Any:
        """In a worker: run tasks. Never raises; `opened` reads what it returns.

        The worker is somebody's, so its state is left as it was found.
        """
        try:
            run, config, filters = self.open()
            unpacked = pickle.loads(tasks)  # noqa: S301 - over the cluster's own, trusted connections
        except BaseException as error:  # noqa: BLE001 - raised by the executor
            return Raised.of(error)
        done = []
        # Configurations of scikit-learn and joblib are the thread's own. Filters are the process's; in the caller's own
        # (a cluster of threads) they are as they should be.
        is_home = self._home == _this_process()
        with (
            sklearn.config_context(**config),
            joblib.parallel_config(backend=SequentialBackend(nesting_level=1), n_jobs=1),
            nullcontext() if is_home else warning_state(filters, self.shown),
        ):
            for task in unpacked:
                began = time.monotonic()
                outcome = pack(run_in_worker(run, task))
                done.append((time.monotonic() - began, outcome))
        return done


class Package:
    """A function and the settings of the caller, to be sent.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``.

    Raises
    ------
    pickle.PicklingError
        If it cannot be pickled; the message names the part that cannot.
    """

    def __init__(self, run: Callable[[Task], Outcome]) -> None:
        self.key = uuid.uuid4().hex
        shipment = Shipment((run, sklearn.get_config(), get_warning_filters()), min_buffer=None)
        self.content = Content(shipment.stream, _this_process())

    def batch(self, tasks: list[Task]) -> Batch:
        """Tasks that bring the function along."""
        return Batch(self.key, pack_tasks(tasks), self.content.stream)


class Batch:
    """Tasks to be run elsewhere."""

    def __init__(self, key: str, tasks: bytes, stream: bytes) -> None:
        self._key, self._tasks, self._stream = key, tasks, stream

    def __call__(self) -> Any:
        """Run them."""
        return run_batch(self._key, self._tasks, lambda: self._stream)


def pack_tasks(tasks: list[Task]) -> bytes:
    """Pickle tasks.

    Raises
    ------
    pickle.PicklingError
        Naming the parameters that cannot be pickled.
    """
    try:
        return dumps(tasks)
    except Exception as error:
        for task in tasks:
            check_picklable(task)
        raise pickle.PicklingError(str(error)) from error


def check_picklable(task: Task) -> None:
    """Raise if a task cannot be pickled, naming the parameter that cannot."""
    for name, value in task.trial.params.items():
        try:
            dumps(value)
        except Exception as error:
            raise pickle.PicklingError(
                f"Parameter {name!r} must be picklable to be sent to worker processes, got {said(value)} "
                f"({type(error).__name__}: {one_line(str(error))}). Use values that can be pickled, or run without "
                'processes: n_jobs=1, or joblib.parallel_config(backend="threading").'
            ) from error
    try:
        dumps(task)
    except Exception as error:
        raise pickle.PicklingError(
            f"The context of a task must be picklable to be sent to worker processes, got {said(task.context)} "
            f"({type(error).__name__}: {one_line(str(error))}). Use callbacks that can be pickled, or n_jobs=1."
        ) from error


KEEP_SECONDS = 60.0
"""How long a worker that cannot learn that a search is over keeps what was opened for it and is not in use."""


class _Kept:
    """In a worker: contents by search, each with the batches that use it and the timer that drops it."""

    def __init__(self) -> None:
        self.contents: dict[str, Content] = {}
        self._n_users: Counter[str] = Counter()
        self._timers: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()

    @contextmanager
    def using(self, key: str, fetch: Callable[[], Any]) -> Iterator[Content]:
        with self._lock:
            self._n_users[key] += 1
            if timer := self._timers.pop(key, None):
                timer.cancel()
            found = self.contents.get(key)
        try:
            if found is None:
                found = Content(fetch())
                with self._lock:  # of threads that fetched at the same time, one opens
                    found = self.contents.setdefault(key, found)
            yield found
        finally:
            with self._lock:
                self._n_users[key] -= 1
                if not self._n_users[key]:
                    timer = self._timers[key] = threading.Timer(KEEP_SECONDS, self._drop, [key])
                    timer.daemon = True
                    timer.start()

    def _drop(self, key: str) -> None:
        with self._lock:
            if not self._n_users[key]:
                del self._n_users[key]
                self.contents.pop(key, None)
                self._timers.pop(key, None)


kept = _Kept()


def run_batch(key: str, tasks: bytes, fetch: Callable[[], Any]) -> Any:
    """In a worker: run tasks; the function is fetched and opened if it is not at hand.

    Never raises; `opened` reads what it returns.
    """
    with ExitStack() as stack:
        try:
            content = stack.enter_context(kept.using(key, fetch))
        except BaseException as error:  # noqa: BLE001 - raised by the executor
            return Raised.of(error)
        return content.run(tasks)


def opened(reply: Any) -> Reply:
    """What `run_batch` sent back."""
    if isinstance(reply, Raised):
        return refusal(reply)
    return [(seconds, unpack(outcome)) for seconds, outcome in reply]


def refusal(raised: Raised) -> Exception:
    """What to raise if a worker could not open what it was sent."""
    error = raised.unpack()
    refused = pickle.PicklingError(
        "What is searched must be picklable in both directions to be sent to worker processes; opening it there "
        f"failed with {type(error).__name__}: {error}. Classes and functions must be importable in a new process, or "
        'be defined in the main script or notebook. Else: n_jobs=1, or joblib.parallel_config(backend="threading").'
    )
    refused.__cause__ = error
    return refused
