"""Directories of a search that only its user can enter, and that do not outlive its process.

A process that is killed cannot clean up: a later one removes what it left.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import tempfile
from pathlib import Path


def private_directory(n_bytes: int) -> str:
    """Make a directory only this user can enter, on memory if there is ample room, else among the temporary files.

    Raises
    ------
    OSError
        If there is no room for twice so many bytes.
    """
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


def remove(directory: str, pid: int) -> None:
    """Remove what process `pid` made."""
    if os.getpid() == pid:  # a forked child does not own it
        shutil.rmtree(directory, ignore_errors=True)
