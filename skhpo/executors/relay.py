"""What a fit prints in a worker, handed to the parent's ``sys.stdout``: a notebook's, a test's, a redirected one."""

from __future__ import annotations

import io
import os
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_MOST_HELD = 100_000  # characters of a line that does not end


class Relay(io.TextIOBase):
    """Stands for ``sys.stdout`` in a worker: whole lines are handed on as they are printed.

    What compiled code, or a process that a fit started, writes to the standard output goes there as ever.

    Parameters
    ----------
    tell : callable
        Given some lines at a time.
    original : text stream or None
        What it stands for.
    """

    def __init__(self, tell: Callable[[str], None], original: Any) -> None:
        self._tell, self._original = tell, original
        self._owner = os.getpid()
        self._lock = threading.RLock()
        self._line: list[str] = []  # what was printed of a line that has not ended
        self._n_held = 0
        self._is_open = False  # whether a part of it was handed on

    def write(self, text: str) -> int:
        """Hand on the lines that are complete."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if os.getpid() != self._owner:  # a process that a fit forked: the pipe is not its own
            return 0 if self._original is None else int(self._original.write(text))
        with self._lock:
            complete, newline, rest = text.rpartition("\n")
            if newline:
                lines = "".join(self._line) + complete + newline
                self._line, self._n_held, self._is_open = [], 0, False
                self._tell(lines)
            self._line.append(rest)
            self._n_held += len(rest)
            if self._n_held > _MOST_HELD:
                part = "".join(self._line)
                self._line, self._n_held, self._is_open = [], 0, True
                self._tell(part)
        return len(text)

    def end_line(self) -> None:
        """Hand on what is left of a line that was not ended: lines of several workers stay apart."""
        if os.getpid() == self._owner and (self._n_held or self._is_open):
            self.write("\n")

    def flush(self) -> None:
        """Flush the stream it stands for."""
        if self._original is not None:
            with suppress(ValueError):  # closed
                self._original.flush()

    def writable(self) -> bool:
        """It is there to be written to."""
        return True

    def isatty(self) -> bool:
        """Whether escapes and progress bars are in place: where the caller's standard output is a terminal."""
        return self._original is not None and bool(self._original.isatty())

    def fileno(self) -> int:
        """Descriptor of the stream it stands for."""
        if self._original is None:
            raise io.UnsupportedOperation("fileno")
        return int(self._original.fileno())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Of the stream it stands for."""
        return getattr(self._original, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        """What is done with what cannot be encoded, by the stream it stands for."""
        return getattr(self._original, "errors", None)

    @property
    def buffer(self) -> Any:
        """Bytes go past the relay."""
        return self._original.buffer


def say(stream: str, text: str) -> None:
    """Write what a worker said to a stream of ours, as it is called now; a closed one costs nobody a search."""
    found = getattr(sys, stream)
    if found is not None:
        with suppress(OSError, ValueError):
            found.write(text)
            found.flush()
