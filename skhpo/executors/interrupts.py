"""Ctrl-C while processes are started or ended: it waits for that, since half a process would be nobody's."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType


class InterruptsWait:
    """A context in which Ctrl-C is noted, and takes effect at its end.

    Where the program is ending because of another Ctrl-C, it takes no effect at all: what is done here ends the program,
    and takes moments.

    Parameters
    ----------
    forget : bool
        Whether it takes no effect in any case: the process ends here.
    """

    def __init__(self, *, forget: bool = False) -> None:
        self._is_ending = forget
        self._handler: Any = None
        self._noted: tuple[Any, ...] | None = None

    def __enter__(self) -> None:
        self._is_ending |= isinstance(sys.exc_info()[1], KeyboardInterrupt)
        if threading.current_thread() is threading.main_thread() and callable(signal.getsignal(signal.SIGINT)):
            self._handler = signal.signal(signal.SIGINT, self._note)

    def _note(self, *args: Any) -> None:
        self._noted = args

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._handler is None:
            return
        signal.signal(signal.SIGINT, self._handler)
        if self._noted is not None and not self._is_ending:
            self._handler(*self._noted)
