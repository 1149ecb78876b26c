"""One object, packed once, to be opened in many worker processes.

The object is pickled with its large buffers (arrays, columns of data frames) left out. These go, raw, into one file
that all workers map read-only, so a data set is in memory once whatever the number of workers. The pickle stream itself
never touches the disk: what is read from a file is only ever data, so nobody who can write to the file can run code.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import pickle
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

try:
    import cloudpickle
except ImportError:  # joblib < 1.6 brings its own copy
    from joblib.externals import cloudpickle

from skhpo.executors.directory import private_directory, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_BUFFER = 2**20 + 1
"""Bytes from which a buffer goes into the file. It is joblib's limit: what is mapped is read-only, and a fit that
writes into what is smaller works in a worker as it does without."""

_ALIGNMENT = 64  # of a cache line, which is more than any dtype needs


class Spans(NamedTuple):
    """Where the buffers lie: a file (None: there are none) and the first and last byte of each."""

    path: str | None
    ends: list[tuple[int, int]]


class Shipment:
    """An object as a pickle stream and a file of raw buffers.

    The file lives until `close`, garbage collection or the end of the process, whichever is first; a later process
    removes what a killed one left.

    Parameters
    ----------
    content : tuple
        What is to be sent; the first item is the one whose parts a user knows.
    min_buffer : int or None
        Bytes from which a buffer goes into the file; None for no file.

    Raises
    ------
    pickle.PicklingError
        If it cannot be pickled; the message names the part that cannot.
    """

    def __init__(self, content: tuple[Any, ...], min_buffer: int | None = MIN_BUFFER) -> None:
        buffers: list[pickle.PickleBuffer] = []

        def keep_in_stream(buffer: pickle.PickleBuffer) -> bool:
            with contextlib.suppress(BufferError):  # raw() refuses what is not contiguous
                if min_buffer is not None and buffer.raw().nbytes >= min_buffer:
                    buffers.append(buffer)
                    return False
            return True

        try:
            self.stream = cloudpickle.dumps(content, protocol=5, buffer_callback=keep_in_stream)
        except Exception as error:
            raise pickle.PicklingError(_diagnosis(content[0], error)) from error
        self.spans = Spans(None, [])
        if buffers:
            try:
                self._write(buffers)
            except OSError:  # no room anywhere: everything goes into the stream
                self.stream = cloudpickle.dumps(content, protocol=5)

    def _write(self, buffers: list[pickle.PickleBuffer]) -> None:
        ends, position = [], 0
        for buffer in buffers:
            ends.append((position, position + buffer.raw().nbytes))
            position = -(-ends[-1][1] // _ALIGNMENT) * _ALIGNMENT
        directory = private_directory(position)
        self._remove = weakref.finalize(self, remove, directory, os.getpid())
        path = Path(directory, "buffers")
        with path.open("xb") as file:
            for (start, _), buffer in zip(ends, buffers, strict=True):
                file.seek(start)
                file.write(buffer.raw())
        self.spans = Spans(str(path), ends)

    def close(self) -> None:
        """Remove the file; workers that have opened it keep it until they forget it."""
        if self.spans.path is not None:
            self._remove()


def unpack(stream: bytes, spans: Spans) -> Any:
    """Content of a shipment; its large buffers are read-only views of the file."""
    if spans.path is None:
        return pickle.loads(stream)  # noqa: S301 - from the parent's own pipe
    with Path(spans.path).open("rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    return pickle.loads(stream, buffers=[view[start:end] for start, end in spans.ends])  # noqa: S301 - as above


def dumps_apart(content: Any, min_buffer: int) -> tuple[bytes, int]:
    """Pickle as `dumps` does, but leave out buffers of more than so many bytes; returns their size too."""
    n_apart = 0

    def keep_in_stream(buffer: pickle.PickleBuffer) -> bool:
        nonlocal n_apart
        with contextlib.suppress(BufferError):  # not contiguous
            if buffer.raw().nbytes > min_buffer:
                n_apart += buffer.raw().nbytes
                return False
        return True

    return cloudpickle.dumps(content, protocol=5, buffer_callback=keep_in_stream), n_apart


def dumps(content: Any) -> bytes:
    """Pickle by value what lives in ``__main__``, by reference what can be imported."""
    return cloudpickle.dumps(content, protocol=5)  # type: ignore[no-any-return]


def _diagnosis(content: Any, error: Exception) -> str:
    """Which part of an object cannot be pickled, and what to do."""
    name, part = type(content).__name__, content
    for key, value in _parts(content):
        try:
            cloudpickle.dumps(value, protocol=5, buffer_callback=lambda _: False)
        except Exception as cause:  # noqa: BLE001 - whatever a __reduce__ raises
            name, part, error = f"{name}.{key}", value, cause
            break
    return (
        f"{name} must be picklable to be sent to worker processes, got a {type(part).__name__} that is not "
        f"({type(error).__name__}: {error}). Leave out the part named, or run without processes: n_jobs=1, or "
        'joblib.parallel_config(backend="threading").'
    )


def _parts(content: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(content, "__dict__", {}).items()
    for name in getattr(type(content), "__slots__", ()):
        if hasattr(content, name):
            yield name, getattr(content, name)
