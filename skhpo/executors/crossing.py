"""What crosses the border between processes beside the data: outcomes, exceptions, the state a fit depends on."""

from __future__ import annotations

import pickle
import re
import traceback
import warnings
from typing import Any, NamedTuple

from skhpo.executors.shipment import dumps


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


def pack(outcome: Any) -> Packed | Raised:
    """Pack what plain pickle refuses; what cannot be pickled at all becomes an exception that says so."""
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


def show_warnings_once() -> None:
    """From now on, show a warning of one place and text once, numbers in the text aside, in a process of our own.

    That is what Python's own filters do, but each `warnings.catch_warnings` lets them forget what was shown, and
    scikit-learn validates in one: a thousand fits would warn a thousand times. Who asked for "always" gets all.
    """
    shown: set[tuple[Any, ...]] = set()

    def show(  # noqa: PLR0917 - the signature is Python's
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        text = str(message)
        key = (category, filename, lineno, re.sub(r"\d[\d.e+-]*", "", text))
        if key not in shown or _is_wanted_always(text, category):
            shown.add(key)
            _show_warning(message, category, filename, lineno, file, line)

    warnings.showwarning = show


_show_warning = warnings.showwarning


def _is_wanted_always(text: str, category: Any) -> bool:
    """Whether a filter says so; those for a module only, such as scikit-learn's own, are not the user's."""
    return any(
        action in {"always", "all"}
        and module is None
        and issubclass(category, kind)
        and (message is None or re.match(getattr(message, "pattern", message), text, re.IGNORECASE))
        for action, message, kind, module, _ in get_warning_filters()
    )
