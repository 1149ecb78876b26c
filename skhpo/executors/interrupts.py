"""Ctrl-C while worker processes run: the first one ends the search, and no other may cut short how it ends them.

While processes are started or ended it waits for that, since half a process would be nobody's.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


_ENDING_SECONDS = 5.0
"""After so long an interrupted search should have ended; another Ctrl-C then means something again."""


class _Handler:
    """Takes the place of the handler of Ctrl-C, in the main thread and where there is one of Python's."""

    _before: Any = None

    def _install(self) -> None:
        if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
            self._before = signal.signal(signal.SIGINT, self._interrupted)

    def _uninstall(self) -> None:
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._interrupted:
            signal.signal(signal.SIGINT, self._before)

    def _interrupted(self, *args: Any) -> None:
        raise NotImplementedError


class FirstInterruptCounts(_Handler):
    """A context in which Ctrl-C takes effect once: what follows it ends the search anyway, and takes moments.

    An interrupt that leaves it has more to end outside: it keeps its effect until `end_of_interrupt`, or those moments
    are over.
    """

    def __init__(self) -> None:
        self._until = -1.0

    def __enter__(self) -> None:
        self._install()

    def _interrupted(self, *args: Any) -> None:
        if time.monotonic() > self._until:
            self._until = time.monotonic() + _ENDING_SECONDS
            if self in _ending:
                end_of_interrupt()
            self._before(*args)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._before is not None and isinstance(error, KeyboardInterrupt):
            _ending.append(self)
        else:
            self._uninstall()


_ending: list[FirstInterruptCounts] = []


def end_of_interrupt() -> None:
    """Let Ctrl-C mean again what it meant before."""
    while _ending and threading.current_thread() is threading.main_thread():
        _ending.pop()._uninstall()  # noqa: SLF001


class InterruptsWait(_Handler):
    """A context in which Ctrl-C is noted, and takes effect at its end.

    Where the program is ending because of another Ctrl-C, it takes no effect at all: what is done here ends the
    program, and takes moments.

    Parameters
    ----------
    forget : bool
        Whether it takes no effect in any case: the process ends here.
    """

    def __init__(self, *, forget: bool = False) -> None:
        self._is_ending = forget
        self._noted: tuple[Any, ...] | None = None

    def __enter__(self) -> None:
        self._is_ending |= isinstance(sys.exc_info()[1], KeyboardInterrupt)
        self._install()

    def _interrupted(self, *args: Any) -> None:
        self._noted = args

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._uninstall()
        if self._noted is not None and not self._is_ending:
            self._before(*self._noted)
