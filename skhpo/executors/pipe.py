"""Messages between a worker process and its parent, in pieces that never make the parent wait.

A fit in compiled code may hold Python's lock for ever: its worker then reads nothing, and who writes more to it than a
pipe holds waits with it. So the parent keeps what a worker does not take yet, and goes on. What it reads is no risk:
a piece is written by one call of the system, so one that has begun to arrive arrives.
"""

from __future__ import annotations

import pickle
import select
import selectors
import sys
import time
from collections import deque
from multiprocessing.connection import wait as wait_for_any
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from multiprocessing.connection import Connection

    Send = Callable[[bytes | memoryview], None]

_HAS_POLL = hasattr(select, "poll")  # all but Windows, where pipes cannot be asked whether they take more

_PIECE = 16_000 if sys.platform.startswith("linux") else 2_000
"""Bytes of a piece: a pipe that says it can be written to has room for so many, and up to 16,384 are one write."""


def pieces(message: tuple[Any, ...], payload: bytes | memoryview = b"") -> Iterator[bytes | memoryview]:
    """A message as what is to be sent, one after the other: its sizes, then its bytes.

    Parameters
    ----------
    message : tuple
        To be pickled.
    payload : bytes
        Goes along as it is, as a last item of the message.
    """
    packed = pickle.dumps((message, len(payload)), protocol=5)
    if len(packed) > _PIECE:
        yield pickle.dumps((None, len(packed)), protocol=5)
    for part in (packed, payload):
        view = memoryview(part)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]


class Assembler:
    """Makes messages of pieces."""

    def __init__(self) -> None:
        self._message: tuple[Any, ...] | None = None
        self._parts: list[bytes] = []
        self._n_missing = 0

    def add(self, piece: bytes) -> tuple[Any, ...] | None:
        """Return the message that a piece completes, if it does."""
        if not self._n_missing:
            return self._open(piece)
        self._parts.append(piece)
        self._n_missing -= len(piece)
        if self._n_missing:
            return None
        whole = b"".join(self._parts)
        self._parts.clear()
        if self._message is None:
            return self._open(whole)
        message, self._message = self._message, None
        return (*message, whole)

    def _open(self, packed: bytes) -> tuple[Any, ...] | None:
        message, n_more = pickle.loads(packed)  # noqa: S301 - from our own worker's, or the parent's, pipe
        if not n_more:
            return message  # type: ignore[no-any-return]
        self._message, self._n_missing = message, n_more
        return None


class Pipe:
    """The parent's end of a worker's pipe.

    Attributes
    ----------
    is_broken : bool
        Whether it can no longer be used: the worker has died, or an interrupt has cut a piece.
    has_hung_up : bool
        Whether that was the worker's doing.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.is_broken = self.has_hung_up = False
        self._outbox: deque[Iterator[bytes | memoryview]] = deque()
        self._next: bytes | memoryview | None = None
        self._inbox = Assembler()

    @property
    def is_waiting(self) -> bool:
        """Whether something has not been taken yet."""
        return bool(self._outbox) and not self.is_broken

    def send(self, message: tuple[Any, ...], payload: bytes | memoryview = b"") -> None:
        """Send a message, now or as soon as the worker takes it; returns at once."""
        self._outbox.append(pieces(message, payload))
        self.flush()

    def flush(self) -> None:
        """Send what the worker takes."""
        if self.is_broken:
            return
        self.is_broken = True  # an interrupt may leave a part of a piece in the pipe, or lose one
        try:
            while self._outbox:
                if self._next is None:
                    self._next = next(self._outbox[0], None)
                if self._next is None:
                    self._outbox.popleft()
                elif self._has_room():
                    self.connection.send_bytes(self._next)
                    self._next = None
                else:
                    break
        except OSError:  # it died: `receive` will find out how
            self._outbox.clear()
        self.is_broken = False

    def _has_room(self) -> bool:
        if not _HAS_POLL:
            return True
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLOUT)
        return bool(poll.poll(0))  # an error counts, and shows when it is written to

    def receive(self) -> Iterator[tuple[Any, ...]]:
        """Messages that have arrived.

        Raises
        ------
        EOFError
            If the worker has died; after all it had said before.
        """
        while True:
            if self.is_broken:
                raise EOFError
            try:
                if not self.connection.poll():
                    return
                self.is_broken = True
                message = self._inbox.add(self.connection.recv_bytes())
                self.is_broken = False
            except (EOFError, OSError) as error:
                self.is_broken = self.has_hung_up = True
                raise EOFError from error
            if message is not None:
                yield message


def wait_for(pipes: Iterable[Pipe], seconds: float) -> list[Pipe]:
    """Wait until something can be read from one of the pipes, and write what they take; returns those to be read."""
    by_connection = {pipe.connection: pipe for pipe in pipes}
    if not any(pipe.is_waiting for pipe in by_connection.values()):
        return [by_connection[found] for found in wait_for_any(list(by_connection), seconds)]  # type: ignore[index]
    deadline = time.monotonic() + seconds
    with selectors.PollSelector() as selector:
        for connection, pipe in by_connection.items():
            writes = selectors.EVENT_WRITE if pipe.is_waiting else 0
            selector.register(connection, selectors.EVENT_READ | writes, pipe)
        while True:
            found = selector.select(max(0.0, deadline - time.monotonic()))
            for key, event in found:
                if event & selectors.EVENT_WRITE:
                    key.data.flush()
                    if not key.data.is_waiting:
                        selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
            readable = [key.data for key, event in found if event & selectors.EVENT_READ]
            if readable or time.monotonic() >= deadline:
                return readable
