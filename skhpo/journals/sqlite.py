"""A journal in a file that outlives the process: SQLite, JSON, one transaction per event.

One file holds any number of searches, told apart by their *fingerprints*: hashes of everything on which the trials and
their scores depend, by part (data, estimator, space, ...). A search only ever sees its own events. Nothing in the file
is code or a pickle, so that opening a stranger's is safe: values of a finite choice are stored as their index.

Nothing is written before a search begins: one that is refused leaves no trace, and one in which nothing has succeeded
is in nobody's way.

The file is in write-ahead mode with ``synchronous=NORMAL``: what was appended survives a kill of the process at any
moment; a power cut may take the last moments along, never the file. Write-ahead mode needs a local disk. What is in the
write-ahead file is brought into the file itself all the time, for as long as that takes a hundredth of the time.
"""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.history import FitFinished
from skhpo.journals.arrays import delete_arrays, read_arrays, write_arrays
from skhpo.journals.base import Journal, JournalError, T, damaged
from skhpo.journals.database import checked_path, connect, is_written, reading, translated
from skhpo.journals.events import Codec, from_text, parsed, to_text
from skhpo.journals.lock import FileLock, SearchLock, in_use
from skhpo.journals.retries import Retried, effective, failures, worth_a_retry
from skhpo.messages.callers import warn

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from skhpo.history import Event, Params
    from skhpo.journals.retries import Limits, Record

_BATCH = 1000  # rows that are in memory as text at a time
_SHARE = 0.01  # of the time that is spent on bringing the write-ahead file into the file


class SqliteJournal(Journal):
    """A search's events in an SQLite file.

    Parameters
    ----------
    path : path-like
        The file; made by `begin` if it does not exist.
    fingerprint : mapping of str to str
        What the search depends on, by part.
    codec : Codec
        How parameters are written.
    header : mapping
        JSON-able facts about the search, for readers that have neither data nor estimator.
    may_add : bool
        Whether a search of another fingerprint may be added to a file that has some in which fits have succeeded.
        False refuses.

    Raises
    ------
    ValueError
        If the file is no journal, a newer skhpo's, or another search's; the parts that differ are named.
    OSError
        If the file cannot be read; from `begin` and the first `append`, if it cannot be written.
    RuntimeError
        If another process, or another search in this one, is writing the same search.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        fingerprint: Mapping[str, str],
        *,
        codec: Codec,
        header: Mapping[str, Any],
        may_add: bool = False,
    ) -> None:
        self.path = checked_path(path)
        self._codec = codec
        self._fingerprint = json.dumps(dict(fingerprint), sort_keys=True)
        self._header = dict(header)
        self._lost: list[Event] = []
        self._connection: sqlite3.Connection | None = None
        self._locks: list[FileLock | SearchLock] = []
        self._search: int | None = None
        self._has_begun = False
        self._next_copy = 0.0
        try:
            if is_written(self.path):
                self._locks.append(FileLock(self.path))
                self._connection = connect(self.path, is_reader=True)
                self._find(dict(fingerprint), may_add=may_add)
        except BaseException:
            self.close()
            raise

    def _find(self, fingerprint: dict[str, str], *, may_add: bool) -> None:
        """Look for the search in the file."""
        assert self._connection is not None  # noqa: S101  # there is a file
        with reading(self._connection, self.path):
            rows = self._connection.execute("SELECT id, fingerprint, header FROM search ORDER BY id").fetchall()
        for search, text, header in rows:
            if text == self._fingerprint:
                self._locks.append(SearchLock(self.path, search))
                self._search, self._header = search, _parsed(header, self.path)
                return
        if may_add:
            return
        others = [_parsed(text, self.path) for search, text, _ in rows if self._has_succeeded(search)]
        if others:
            different = min((_differences(fingerprint, other) for other in reversed(others)), key=len)
            raise JournalError(
                f"checkpoint={str(self.path)!r} is the journal of another search: {', '.join(different)} "
                f"differ{'s' if len(different) == 1 else ''}. Choose another file for this search, or fit exactly what "
                "was interrupted to continue it."
            )

    def begin(self, limits: Limits | None = None) -> None:
        """Write the search into the file if it is not there, and that it runs now."""
        if not self._has_begun:
            if self._connection is not None:
                self._connection.close()
            is_new = self._search is None
            self._connection = connect(self.path)
            if not self._locks:
                self._locks.append(FileLock(self.path))
            with translated(self.path), self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._write_search()
            if is_new:
                self._locks.append(SearchLock(self.path, self._id))
            self._has_begun = True
        if limits is not None:
            retried = worth_a_retry(_records(self._read, self.path, self._id, self._codec.from_json), limits)
            for record in ([retried] if retried.fits else []) + [limits]:
                with translated(self.path), self._read:
                    self._insert(record)

    def _write_search(self) -> None:
        header = json.dumps(self._header)
        if self._search is not None:
            self._read.execute("UPDATE search SET header = ? WHERE id = ?", (header, self._search))
        else:
            try:
                cursor = self._read.execute(
                    "INSERT INTO search (fingerprint, header) VALUES (?, ?)", (self._fingerprint, header)
                )
            except sqlite3.IntegrityError:
                raise in_use(self.path) from None  # it was not there a moment ago
            self._search = int(cursor.lastrowid or 0)

    def append(self, event: Event) -> None:
        """Add an event; when the disk does not take it, warn once and go on in memory."""
        if not self._has_begun:
            self.begin()
        if not self._lost:
            try:
                with self._read:
                    self._insert(event)
            except sqlite3.Error as error:
                warn(
                    f"checkpoint={str(self.path)!r} can no longer be written ({error}). The search goes on in memory: "
                    "what follows is lost if it is interrupted.",
                    RuntimeWarning,
                )
            else:
                self._copy_into_file()
                return
        self._lost.append(event)

    def _insert(self, record: Record) -> None:
        self._read.execute("INSERT INTO event (search, body) VALUES (?, ?)", (self._id, to_text(record, self._codec)))

    def _copy_into_file(self) -> None:
        """Bring what is in the write-ahead file into the file, which alone is what most copies take along."""
        began = time.monotonic()
        if began >= self._next_copy:
            with suppress(sqlite3.Error):  # it is in the write-ahead file
                self._read.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            ended = time.monotonic()
            self._next_copy = ended + (ended - began) / _SHARE

    def __iter__(self) -> Iterator[Event]:
        """Return the events of this search from the first to the last."""
        if self._search is not None:
            yield from effective(_records(self._read, self.path, self._id, self._codec.from_json))
        yield from self._lost

    def constant(self, name: str, value: T) -> T:
        """Return the value that ``name`` had when the search first ran; ``value`` where it runs first."""
        if name not in self._header:
            self._header[name] = value
            if self._has_begun:
                with translated(self.path), self._read:
                    self._write_search()
        found: T = self._header[name]
        return found

    def append_arrays(self, number: int, split: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep the arrays of a fit; where the disk does not take them, they are in memory only, as events then are."""
        if not self._lost:
            with suppress(sqlite3.Error), self._read:
                write_arrays(self._read, self._id, number, split, arrays)

    def drop_arrays(self, number: int) -> None:
        """Forget the arrays of all fits of a trial."""
        with suppress(sqlite3.Error), self._read:
            delete_arrays(self._read, self._id, number)

    def arrays(self) -> Iterator[tuple[int, int, dict[str, NDArray[Any]]]]:
        """Yield trial, split and arrays of the fits of this search that have any."""
        if self._search is not None:
            yield from read_arrays(self._read, self.path, self._id)

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        if self._connection is not None:
            self._connection.close()
        while self._locks:
            self._locks.pop().close()

    @property
    def _read(self) -> sqlite3.Connection:
        assert self._connection is not None  # noqa: S101  # asked for where there is a file only
        return self._connection

    @property
    def _id(self) -> int:
        assert self._search is not None  # noqa: S101  # likewise
        return self._search

    def _has_succeeded(self, search: int) -> bool:
        """Whether there is a fit in a search that did not fail."""
        records = _records(self._read, self.path, search, dict)
        return any(isinstance(record, FitFinished) and record.outcome.status == "ok" for record in records)


class StoredSearch(NamedTuple):
    """A search as a file tells it: facts about it, and its events with parameters as JSON."""

    header: dict[str, Any]
    events: list[Event]


def stored_searches(path: str | os.PathLike[str]) -> list[StoredSearch]:
    """Return all searches of a journal file, oldest first, without changing it.

    Raises
    ------
    JournalError
        If the file is no journal, a newer skhpo's, or damaged.
    FileNotFoundError
        If there is no such file.
    """
    file = _existing(path)
    with closing(connect(file, is_reader=True)) as connection:
        with reading(connection, file):
            searches = connection.execute("SELECT id, header FROM search ORDER BY id").fetchall()
        return [
            StoredSearch(_parsed(header, file), effective(_records(connection, file, search, dict)))
            for search, header in searches
        ]


def mark_failures(path: str | os.PathLike[str]) -> int:
    """Write into all searches of a file that their failed fits are to be run again; returns how many these are.

    Raises
    ------
    JournalError, FileNotFoundError
        As `stored_searches`.
    OSError
        If the file cannot be written.
    RuntimeError
        If one of its searches is running.
    """
    file = _existing(path)
    n_marked = 0
    with closing(FileLock(file)), closing(connect(file)) as connection:
        with reading(connection, file):
            searches = [search for (search,) in connection.execute("SELECT id FROM search ORDER BY id").fetchall()]
        for search in searches:
            with closing(SearchLock(file, search)), translated(file), connection:
                failed = failures(_records(connection, file, search, dict))
                n_marked += sum(not outcome.shared for outcome, _ in failed.values())
                if failed:
                    text = to_text(Retried(tuple(failed)), Codec(dict, dict))
                    connection.execute("INSERT INTO event (search, body) VALUES (?, ?)", (search, text))
    return n_marked


def _existing(path: str | os.PathLike[str]) -> Path:
    file = checked_path(path)
    if not file.is_file():
        raise FileNotFoundError(f"path needs to name a journal, got {str(path)!r}, where there is no file.")
    return file


def _records(
    connection: sqlite3.Connection, path: Path, search: int, from_json: Callable[[Any], Params]
) -> Iterator[Record]:
    """Yield what is written of a search, as it is written."""
    last = -1
    while True:
        with reading(connection, path):
            rows = connection.execute(
                "SELECT id, body FROM event WHERE search = ? AND id > ? ORDER BY id LIMIT ?", (search, last, _BATCH)
            ).fetchall()
        for last, text in rows:
            try:
                record = from_text(text, from_json)
            except ValueError as error:
                raise damaged(path, f"row {last} of its events has {error}") from error
            yield record
        if len(rows) < _BATCH:
            return


def _parsed(text: object, path: Path) -> dict[str, Any]:
    try:
        return parsed(text)
    except ValueError as error:
        raise damaged(path, f"the description of a search has {error}") from error


def _differences(ours: dict[str, str], theirs: dict[str, Any]) -> list[str]:
    return sorted(part for part in ours.keys() | theirs.keys() if ours.get(part) != theirs.get(part))
