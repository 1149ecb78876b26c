"""Two numbers shared between a worker process and its parent.

They say what the worker is doing when it cannot: because it is dead, or busy in compiled code.
"""

from __future__ import annotations

import mmap
import os
import sys
import tempfile
import uuid
from multiprocessing.reduction import DupFd
from typing import Any

_SIZE = 16


class Progress:
    """The number of the task that began last, and when (monotonic seconds), in shared memory without a name.

    It can be pickled only while a process is being started. (The arrays of `multiprocessing.sharedctypes` cannot be
    handed to processes of loky.)
    """

    def __init__(self) -> None:
        self._name = f"skhpo-{uuid.uuid4().hex}"
        if sys.platform == "win32":
            self._values = _values(mmap.mmap(-1, _SIZE, tagname=self._name))
        else:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - `close_file`, once the process has it
            self._file.truncate(_SIZE)
            self._values = _values(mmap.mmap(self._file.fileno(), _SIZE))
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
            self._file.close()

    def __reduce__(self) -> Any:
        if sys.platform == "win32":
            return _open_named, (self._name,)
        return _open_inherited, (DupFd(self._file.fileno()),)


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
