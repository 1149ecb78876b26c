"""Warnings in a worker that is somebody else's: as in the caller while a search's fits run, and then as before.

Filters are the process's, and the threads of a worker overlap: `warnings.catch_warnings` in each of them would end with
the filters that the last one found. So the first thread in sets them, and the last one out puts back what it found.
"""

from __future__ import annotations

import re
import sys
import threading
import warnings
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from skhpo.executors.crossing import _is_wanted_always as is_wanted_always
from skhpo.executors.crossing import set_warning_filters

if TYPE_CHECKING:
    from collections.abc import Iterator

_lock = threading.Lock()
_n_inside = 0
_found = ExitStack()


@contextmanager
def warning_state(filters: list[tuple[Any, ...]], shown: set[tuple[Any, ...]]) -> Iterator[None]:
    """Filter and show warnings as a search wants it.

    Where batches of several searches overlap in one process, the first's filters stay.

    Parameters
    ----------
    filters : list of tuple
        The caller's.
    shown : set
        What was shown in this process; what is shown is added.
    """
    if getattr(sys.flags, "context_aware_warnings", False):  # the filters are each thread's own
        with warnings.catch_warnings():
            set_warning_filters(filters)
            yield
        return
    _enter(filters, shown)
    try:
        yield
    finally:
        _leave()


def _enter(filters: list[tuple[Any, ...]], shown: set[tuple[Any, ...]]) -> None:
    global _n_inside  # noqa: PLW0603 - what it counts is the process's
    with _lock:
        if _n_inside == 0:
            _found.enter_context(warnings.catch_warnings())
            set_warning_filters(filters)
            _show_once(shown)
        _n_inside += 1


def _leave() -> None:
    global _n_inside  # noqa: PLW0603 - as above
    with _lock:
        _n_inside -= 1
        if _n_inside == 0:
            _found.close()


def _show_once(shown: set[tuple[Any, ...]]) -> None:
    """From now on, show a warning of one place and text once, numbers in the text aside.

    Python's own filters would forget what was shown with each `warnings.catch_warnings`, and scikit-learn validates in
    one. Who asked for "always" gets all.
    """
    show_any = warnings.showwarning

    def show(  # noqa: PLR0917 - the signature is Python's
        message: Any, category: Any, filename: str, lineno: int, file: Any = None, line: Any = None
    ) -> None:
        text = str(message)
        key = (category, filename, lineno, re.sub(r"\d[\d.e+-]*", "", text))
        if key not in shown or is_wanted_always(text, category):
            shown.add(key)
            show_any(message, category, filename, lineno, file, line)

    warnings.showwarning = show
