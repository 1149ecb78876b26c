"""One search of a file is written by one process at a time, and by one search in it, whatever the file is called.

The lock of a search is a database of its own beside the file, in the directory to which symbolic links lead: the
operating system frees it with the process. Hard links have other directories, and SQLite keeps what is not yet in the
file itself beside each of its names; so a file with several names belongs to one search at a time, by a lock on the
file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import suppress
from pathlib import Path

from skhpo.journals.base import JournalError
from skhpo.journals.database import resolved

try:
    import fcntl
except ImportError:  # Windows, where it stays with the lock beside the file
    fcntl = None  # type: ignore[assignment]


class SearchLock:
    """Claims a search of a file until it is closed, or the process ends.

    Parameters
    ----------
    path : Path
        The file.
    search : int
        Which of its searches.

    Raises
    ------
    RuntimeError
        If the search is claimed already.
    JournalError
        If there is something else where the lock is to be.
    """

    def __init__(self, path: Path, search: int) -> None:
        self._connection = _claim(path, search)

    def close(self) -> None:
        """Free it; calling it twice is fine."""
        self._connection.close()


def in_use(path: Path) -> RuntimeError:
    """Return the error about a search that somebody else is writing."""
    return RuntimeError(
        f"checkpoint={str(path)!r} is in use: another process, or another search in this one, is running the same "
        "search. Wait for it, or choose another file."
    )


def _claim(path: Path, search: int) -> sqlite3.Connection:
    file = Path(f"{resolved(path)}-lock{search}")
    connection = None
    try:
        connection = sqlite3.connect(
            f"{file.as_uri()}?mode=rwc", uri=True, timeout=0, check_same_thread=False, isolation_level=None
        )
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            raise in_use(path) from error
        if not file.exists():
            raise OSError(
                f"checkpoint={str(path)!r} needs to make {str(file)!r}, its lock, and cannot ({error}). Choose a file "
                "in another directory."
            ) from error
        raise JournalError(
            f"checkpoint={str(path)!r} needs {str(file)!r} as its lock, and that is something else ({error}). Remove "
            "it, or choose another file."
        ) from error
    return connection


class FileLock:
    """Claims a file that has several names, and shares one that has one; before SQLite opens it.

    Parameters
    ----------
    path : Path
        The file, which exists.

    Raises
    ------
    RuntimeError
        If the file has several names and is claimed already.
    """

    # A process that closes any descriptor of a file loses the locks that SQLite has on it. So they are closed together
    # with the last claim.
    _guard = threading.Lock()
    _open: dict[tuple[int, int], list[int]] = {}  # noqa: RUF012  # by device and inode, for all
    _n_claims: dict[tuple[int, int], int] = {}  # noqa: RUF012

    def __init__(self, path: Path) -> None:
        self._file: int | None = None
        if fcntl is None:
            return
        with self._guard:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            status = os.fstat(file)
            self._key = status.st_dev, status.st_ino
            self._open.setdefault(self._key, []).append(file)
            self._n_claims[self._key] = self._n_claims.get(self._key, 0) + 1
            self._file = file
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if status.st_nlink > 1 else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.close()
            raise in_use(path) from None
        except OSError:
            pass  # a file system without such locks

    def close(self) -> None:
        """Free it; calling it twice is fine."""
        if self._file is None:
            return
        with self._guard:
            with suppress(OSError):
                fcntl.flock(self._file, fcntl.LOCK_UN)
            self._file = None
            self._n_claims[self._key] -= 1
            if not self._n_claims[self._key]:
                del self._n_claims[self._key]
                for file in self._open.pop(self._key):
                    os.close(file)
