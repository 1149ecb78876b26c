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

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.trial import Outcome, Task

_opened: dict[str, Any] = {}
"""In a worker: the package in use, by key."""


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

    def __call__(self) -> list[tuple[float, Any]]:
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
                f"Parameter {name!r} must be picklable to be sent to worker processes, got {value!r} "
                f"({type(error).__name__}: {error}). Use values that can be pickled, or run without processes: "
                'n_jobs=1, or joblib.parallel_config(backend="threading").'
            ) from error
    try:
        dumps(task)
    except Exception as error:
        raise pickle.PicklingError(
            f"The context of a task must be picklable to be sent to worker processes, got {task.context!r} "
            f"({type(error).__name__}: {error}). Use callbacks that can be pickled, or n_jobs=1."
        ) from error


def run_batch(key: str, tasks: bytes, fetch: Callable[[], bytes]) -> list[tuple[float, Any]]:
    """In a worker: run tasks; the function is fetched and opened if it is not at hand.

    The worker is somebody's, so its state is left as it was found.
    """
    if key not in _opened:
        package = pickle.loads(fetch())  # noqa: S301 - over the cluster's own, trusted connections
        _opened.clear()  # searches come one after the other
        _opened[key] = package
    run, config, filters = _opened[key]
    done = []
    with (
        sklearn.config_context(**config),
        joblib.parallel_config(backend=SequentialBackend(nesting_level=1), n_jobs=1),
        warnings.catch_warnings(),
    ):
        set_warning_filters(filters)
        for task in pickle.loads(tasks):  # noqa: S301 - as above
            began = time.monotonic()
            outcome = caught(run, task)
            seconds = time.monotonic() - began
            done.append((seconds, Raised.of(outcome) if isinstance(outcome, BaseException) else pack(outcome)))
    return done


def opened(reply: list[tuple[float, Any]]) -> list[tuple[float, Any]]:
    """What `run_batch` sent back."""
    return [(seconds, unpack(outcome)) for seconds, outcome in reply]
