"""One object, packed once, to be opened in many worker processes.

The object is pickled with its large buffers (arrays, columns of data frames) left out. These go, raw, into one file
that all workers map read-only, so a data set is in memory once whatever the number of workers. The pickle stream itself
never touches the disk: what is read from a file is only ever data, so nobody who can write to the file can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import pickle
import shutil
import socket
import tempfile
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

try:
    import cloudpickle
except ImportError:  # joblib < 1.6 brings its own copy
    from joblib.externals import cloudpickle

if TYPE_CHECKING:
    from collections.abc import Iterator

MIN_BUFFER = 100_000
"""Bytes from which a buffer goes into the file: below, a copy per worker costs less than a mapping."""

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
        directory = _private_directory(position)
        self._remove = weakref.finalize(self, _remove, directory, os.getpid())
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


# -- directories ------------------------------------------------------------------------------------------------------


def _private_directory(n_bytes: int) -> str:
    """Make a directory only this user can enter, on memory if there is ample room, else among the temporary files."""
    roots = [Path(tempfile.gettempdir())]
    shared_memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes the name
    if "JOBLIB_TEMP_FOLDER" in os.environ:
        roots.insert(0, Path(os.environ["JOBLIB_TEMP_FOLDER"]))
    elif shared_memory.is_dir():
        roots.insert(0, shared_memory)
    for root in roots:
        with contextlib.suppress(OSError):
            _sweep(root)
            # A file in memory that fills it would end other programs, so it may take half of what is free.
            if shutil.disk_usage(root).free > 2 * n_bytes:
                return tempfile.mkdtemp(prefix=f"{_machine()}{os.getpid()}-{_start_time(os.getpid())}-", dir=root)
    raise OSError(f"No room for {n_bytes} bytes in {', '.join(map(str, roots))}.")


def _machine() -> str:
    """Prefix of the names of directories whose owners' process numbers mean something here.

    Containers may share a temporary directory and not the numbers: a process of theirs looks dead from here.
    """
    with contextlib.suppress(OSError):
        return f"skhpo-{hashlib.sha1(_namespace().encode(), usedforsecurity=False).hexdigest()[:8]}-"
    return "skhpo-0-"


def _namespace() -> str:
    namespace = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {namespace.readlink() if namespace.exists() else ''}"


def _start_time(pid: int) -> str:
    """When a process started, in the system's ticks; "0" where that cannot be known, "" if it does not run."""
    with contextlib.suppress(OSError, IndexError):
        # The name, second and in parentheses, may contain spaces; the start time is field 22.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    return "" if Path("/proc/self/stat").exists() else "0"


def _sweep(root: Path) -> None:
    """Remove directories of processes that no longer run."""
    if _start_time(os.getpid()) in {"", "0"}:  # no way to know who is alive
        return
    for directory in root.glob(f"{_machine()}*"):
        pid, _, rest = directory.name.removeprefix(_machine()).partition("-")
        if pid.isdecimal() and _start_time(int(pid)) != rest.partition("-")[0]:
            shutil.rmtree(directory, ignore_errors=True)


def _remove(directory: str, pid: int) -> None:
    if os.getpid() == pid:  # a forked child does not own it
        shutil.rmtree(directory, ignore_errors=True)
