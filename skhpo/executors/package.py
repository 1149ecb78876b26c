"""Batches for workers of other people's clusters: the function to run travels once, or is opened once, per process."""

from __future__ import annotations

import pickle
import time
import uuid
import warnings
from typing import TYPE_CHECKING, Any

import joblib
import sklearn
from joblib.parallel import SequentialBackend

from skhpo.executors.crossing import Raised, get_warning_filters, pack, set_warning_filters, unpack
from skhpo.executors.pooled import caught
from skhpo.executors.shipment import Shipment, dumps
from skhpo.texts import one_line, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.executors.pooled import Reply
    from skhpo.trial import Outcome, Task

_opened: dict[str, Any] = {}
"""In a worker: the packages in use, by key."""

_MOST_OPENED = 2


class Package:
    """A function and the settings of the caller, as bytes.

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
        self.content = Shipment((run, sklearn.get_config(), get_warning_filters()), min_buffer=None).stream

    def batch(self, tasks: list[Task]) -> Batch:
        """Tasks that bring the function along."""
        return Batch(self.key, pack_tasks(tasks), self.content)


class Batch:
    """Tasks to be run elsewhere."""

    def __init__(self, key: str, tasks: bytes, content: bytes) -> None:
        self._key, self._tasks, self._content = key, tasks, content

    def __call__(self) -> Any:
        """Run them."""
        return run_batch(self._key, self._tasks, lambda: self._content)


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


def run_batch(key: str, tasks: bytes, fetch: Callable[[], bytes]) -> Any:
    """In a worker: run tasks; the function is fetched and opened if it is not at hand.

    The worker is somebody's, so its state is left as it was found. Never raises; `opened` reads what it returns.
    """
    try:
        run, config, filters = _open(key, fetch)
        unpacked = pickle.loads(tasks)  # noqa: S301 - over the cluster's own, trusted connections
    except BaseException as error:  # noqa: BLE001 - raised by the executor
        return Raised.of(error)
    done = []
    with (
        sklearn.config_context(**config),
        joblib.parallel_config(backend=SequentialBackend(nesting_level=1), n_jobs=1),
        warnings.catch_warnings(),
    ):
        set_warning_filters(filters)
        for task in unpacked:
            began = time.monotonic()
            outcome = caught(run, task)
            seconds = time.monotonic() - began
            done.append((seconds, Raised.of(outcome) if isinstance(outcome, BaseException) else pack(outcome)))
    return done


def _open(key: str, fetch: Callable[[], bytes]) -> Any:
    package = _opened.get(key)
    if package is None:
        package = pickle.loads(fetch())  # noqa: S301 - over the cluster's own, trusted connections
        if len(_opened) >= _MOST_OPENED:  # searches come one after the other; few at once
            _opened.clear()
        _opened[key] = package
    return package


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
