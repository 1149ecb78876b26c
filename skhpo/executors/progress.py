"""Two numbers shared between a worker process and its parent.

They say what the worker is doing when it cannot: because it is dead, or busy in compiled code.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
import uuid
from contextlib import suppress
from multiprocessing.reduction import DupFd
from typing import Any

_SIZE = 16


class Progress:
    """The number of the task that began last, and when (monotonic seconds), in shared memory without a name.

    It can be pickled only while a process is being started. (The arrays of `multiprocessing.sharedctypes` cannot be
    handed to processes of loky.)

    Raises
    ------
    OSError
        If there is no such memory: no descriptor is left, or, where memory needs a file, the disk is full.
    """

    def __init__(self) -> None:
        self._name = f"skhpo-{uuid.uuid4().hex}"
        if sys.platform == "win32":
            self._values = _values(mmap.mmap(-1, _SIZE, tagname=self._name))
        else:
            self._descriptor = _shared_memory(self._name)
            self._values = _values(mmap.mmap(self._descriptor, _SIZE))
        self.begin(-1)

    def begin(self, number: int, when: float = 0.0) -> None:
        """Note that a task begins; the time first, so that a new number never goes with an old time."""
        self._values[1] = when
        self._values[0] = number

    def read(self) -> tuple[int, float]:
        """Number of the task that began last, -1 if none has, and when."""
        number = int(self._values[0])
        return number, self._values[1]

    def close_file(self) -> None:
        """The memory stays."""
        if sys.platform != "win32":
            os.close(self._descriptor)

    def __reduce__(self) -> Any:
        if sys.platform == "win32":
            return _open_named, (self._name,)
        return _open_inherited, (DupFd(self._descriptor),)


def _shared_memory(name: str) -> int:
    """Return a descriptor of memory that is really there.

    A file that was only made longer has no room on the disk yet. If the disk is full by the time that the room is
    needed, writing to the mapped file ends the process with a bus error, which no handler of ours could turn into an
    exception. So the memory is no file where the system can do that, and else a file that has been written.
    """
    with suppress(AttributeError, OSError):  # not on macOS; forbidden in some sandboxes
        descriptor = os.memfd_create(name)  # type: ignore[attr-defined,unused-ignore]
        try:
            os.write(descriptor, bytes(_SIZE))
        except OSError:
            os.close(descriptor)
            raise
        return descriptor
    with tempfile.TemporaryFile(buffering=0) as file:
        file.write(bytes(_SIZE))
        return os.dup(file.fileno())


def _open_named(name: str) -> Progress:
    progress = Progress.__new__(Progress)
    progress._values = _values(mmap.mmap(-1, _SIZE, tagname=name))  # type: ignore[call-arg,unused-ignore] # noqa: SLF001
    return progress


def _open_inherited(inherited: Any) -> Progress:
    progress = Progress.__new__(Progress)
    descriptor = inherited.detach()
    progress._values = _values(mmap.mmap(descriptor, _SIZE))  # noqa: SLF001
    os.close(descriptor)
    return progress


def _values(memory: mmap.mmap) -> memoryview[float]:
    """Two floats, each written in one piece; `struct` writes zeros first, which the other side may read."""
    return memoryview(memory).cast("d")
