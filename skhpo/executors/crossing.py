"""What crosses the border between processes beside the data: outcomes, exceptions, the state a fit depends on."""

from __future__ import annotations

import pickle
import re
import time
import traceback
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.executors.naming import worker_name
from skhpo.executors.shipment import dumps
from skhpo.history import Outcome
from skhpo.messages.texts import one_line, said

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.history import Task


def run_in_worker(run: Callable[[Task], Outcome], task: Task) -> Outcome | Raised:
    """Return a task's outcome, in a worker: what would end the process costs the fit and nothing else.

    ``sys.exit()`` in a fit means the process it is in, as ``KeyboardInterrupt`` and whatever else is no `Exception` do.
    In the caller's own process they do what they mean. A worker is not the user's program, nor may it end that.
    """
    began, started = time.monotonic(), time.time()
    try:
        return run(task)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return Raised.of(error)
    except BaseException as error:  # noqa: BLE001
        return Outcome(
            task.trial.number,
            task.split,
            None,
            fit_time=time.monotonic() - began,
            error=f"{''.join(traceback.format_exception(error))}\n{_no_exception(error)}",
            status="crashed",
            started=started,
            worker=worker_name(),
        )


def _no_exception(error: BaseException) -> str:
    return (
        f"The fit raised {type(error).__name__} ({error}), which is meant to end the process it runs in. In a worker "
        "process it costs its fit. Raise an exception that says what is wrong."
    )


class Raised(NamedTuple):
    """An exception that crossed a process boundary: pickled, and its traceback as text."""

    error: bytes
    traceback: str

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """Pack an exception; one that cannot be pickled becomes a RuntimeError that says the same.

        So does what is no `Exception`: a worker's SystemExit must not end the caller.
        """
        text = "".join(traceback.format_exception(error))
        if not isinstance(error, Exception):
            error = RuntimeError(f"{type(error).__name__}: {error}")
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


def pack(outcome: Any) -> Packed | Raised:
    """Pack what plain pickle refuses; what cannot be pickled at all becomes an exception that says so."""
    if isinstance(outcome, Raised):
        return outcome
    try:
        return Packed(dumps(outcome))
    except Exception as error:  # noqa: BLE001 - whatever a __reduce__ raises
        refusal = pickle.PicklingError(
            f"The outcome of a fit must be picklable to be sent back by a worker process, got {said(outcome)} "
            f"({type(error).__name__}: {one_line(str(error))}). Let the scorers return numbers, or run without "
            "processes: n_jobs=1."
        )
        refusal.__cause__ = error
        return Raised.of(refusal)


def unpack(outcome: Any) -> Any:
    """An outcome, or an exception, as it was on the other side."""
    if isinstance(outcome, Raised):
        return outcome.unpack()
    if isinstance(outcome, Packed):
        try:
            return pickle.loads(outcome.outcome)  # noqa: S301 - from our own worker
        except Exception as error:  # noqa: BLE001 - whatever an __init__ raises
            return error
    return outcome


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


def number_free(text: str) -> str:
    """Text without its numbers, by which warnings are told apart."""
    return re.sub(r"\d[\d.e+-]*", "", text)


def hand_on_warnings(tell: Callable[[Any, str], None]) -> None:
    """From now on, tell of a warning of one place and text once, numbers in the text aside, in a process of our own.

    That is what Python's own filters do, but each `warnings.catch_warnings` lets them forget what was shown, and
    scikit-learn validates in one: a thousand fits would warn a thousand times. Who asked for "always" gets all.

    Parameters
    ----------
    tell : callable
        ``tell(key, text)`` is given each, ready to be printed; of one key it is to be printed once, None aside.
    """
    shown: set[tuple[Any, ...]] = set()

    def show(  # noqa: PLR0917 - the signature is Python's
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        text = str(message)
        formatted = warnings.formatwarning(message, category, filename, lineno, line)
        if file is not None:
            file.write(formatted)
            return
        key = (category.__qualname__, filename, lineno, number_free(text))
        if _is_wanted_always(text, category):
            tell(None, formatted)
        elif key not in shown:
            shown.add(key)
            tell(key, formatted)

    warnings.showwarning = show


def _is_wanted_always(text: str, category: Any) -> bool:
    """Whether a filter says so; those for a module only, such as scikit-learn's own, are not the user's."""
    return any(
        action in {"always", "all"}
        and module is None
        and issubclass(category, kind)
        and (message is None or re.match(getattr(message, "pattern", message), text, re.IGNORECASE))
        for action, message, kind, module, _ in get_warning_filters()
    )
