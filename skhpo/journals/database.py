"""The SQLite file of a journal: made, recognised, and read with care.

A file may be a stranger's. Before anything of it is read its tables have to be ours to the letter, so that no view and
no trigger can run; values are of bounded length, and a query may take a number of steps in proportion to the file.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from skhpo.journals.base import JournalError, damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

APPLICATION_ID = 0x736B6870  # "skhp": what `file` and SQLite itself use to tell whose a database is
FORMAT = 3  # of the tables, the fingerprints and the records in them; a higher one is a newer skhpo's

_TABLES = """
CREATE TABLE search (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, header TEXT NOT NULL);
CREATE TABLE event (id INTEGER PRIMARY KEY, search INTEGER NOT NULL REFERENCES search, body TEXT NOT NULL);
CREATE INDEX event_search ON event (search, id);
CREATE TABLE array (search INTEGER NOT NULL REFERENCES search, number INTEGER NOT NULL, split INTEGER NOT NULL, \
name TEXT NOT NULL, dtype TEXT NOT NULL, shape TEXT NOT NULL, body BLOB NOT NULL, \
PRIMARY KEY (search, number, split, name));
"""
_LONGEST = 256 * 2**20  # bytes of one value: the splits of some hundred million rows, or a very long message
_STEPS_PER_BYTE = 10  # a row of ours has 50 bytes or more, and takes some 15 steps of SQLite's machine
_STEPS_AT_LEAST = 10_000_000  # a second at most
_STEPS_AT_A_TIME = 100_000

_IS_NO_DATABASE = {sqlite3.SQLITE_NOTADB}
_IS_NOT_TO_BE_HAD = {
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
}


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file on a disk.

    Raises
    ------
    ValueError
        If it is a name of something else, as SQLite and Optuna know them, or none.
    """
    name = os.fsdecode(path)
    problem = None
    if name == ":memory:":
        problem = (
            "which SQLite takes for memory, where nothing outlives the process. Leave checkpoint=None, or name a file"
        )
    elif name.startswith(("file:", "sqlite:")):
        problem = "which is an address. Write the path alone, for example 'search.db'"
    elif "\0" in name:
        problem = "which has a NUL in it. Leave it out"
    if problem is None and not _is_encodable(name):
        problem = "which has characters that file names here cannot have"
    if problem is not None:
        raise ValueError(f"checkpoint needs the path of a file on a disk, got {name!r}, {problem}.")
    return Path(name)


def _is_encodable(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True


def is_written(path: Path) -> bool:
    """Whether there is something at a path; an empty file is as good as none.

    Raises
    ------
    OSError
        If nothing can be there.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise _unusable(path, "there can be no file")
    if path.exists() and not path.is_file():
        raise _unusable(path, "which is a device or a pipe: name a file")  # to open a pipe may wait for ever
    return path.exists() and path.stat().st_size > 0


def resolved(path: Path) -> Path:
    """Return the one name of a file to which symbolic links lead."""
    return Path(os.path.realpath(path))


def connect(path: Path, *, is_reader: bool = False) -> sqlite3.Connection:
    """Open a journal, or, for a writer, make it.

    Raises
    ------
    JournalError
        If the file is no journal, or a newer skhpo's.
    OSError
        If it cannot be had.
    """
    connection = None
    try:
        with translated(path):
            mode = "rw" if is_reader else "rwc"  # with "ro", SQLite leaves its two other files behind
            connection = sqlite3.connect(
                f"{resolved(path).as_uri()}?mode={mode}", uri=True, timeout=60, check_same_thread=False
            )
            _be_careful(connection)
            if is_reader:
                connection.execute("PRAGMA query_only = ON")
            if _is_empty(connection):
                _create(connection, path, is_reader=is_reader)
            _check_whose(connection, path, is_reader=is_reader)
    except BaseException:
        if connection is not None:
            connection.close()
        raise
    return connection


def _be_careful(connection: sqlite3.Connection) -> None:
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA synchronous = NORMAL")


def _is_empty(connection: sqlite3.Connection) -> bool:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    return application == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone()


def _check_whose(connection: sqlite3.Connection, path: Path, *, is_reader: bool) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    problem = None
    if application != APPLICATION_ID:
        problem = "which is another program's database. Choose another file."
    elif version > FORMAT:
        problem = f"which a newer skhpo wrote (format {version}, this one reads {FORMAT}). Update skhpo."
    elif 1 <= version < FORMAT and not is_reader:
        problem = (
            f"which an older development version of skhpo wrote (format {version}, this one writes {FORMAT}). Choose "
            "another file; load_results reads this one."
        )
    if problem is not None:
        raise JournalError(f"checkpoint needs a journal of this skhpo, got {str(path)!r}, {problem}")
    found = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master LIMIT 10").fetchall()
    if version < 1 or sorted(found, key=repr) != _schema():
        raise damaged(path, "its tables are not those of a journal")


@cache
def _schema() -> list[tuple[str, str, str, str | None]]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(_TABLES)
        return sorted(connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall(), key=repr)


def _create(connection: sqlite3.Connection, path: Path, *, is_reader: bool) -> None:
    """Make the tables, once, however many processes try at the same time; a reader has nothing to read."""
    if is_reader:
        raise JournalError(f"{str(path)!r} is empty: no search has written into it.")
    connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def reading(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Bound the steps that queries may take, and say of a file that cannot be read what is wrong with it."""
    n_bytes = sum(file.stat().st_size for file in (path, Path(f"{resolved(path)}-wal")) if file.exists())
    n_left = (_STEPS_AT_LEAST + _STEPS_PER_BYTE * n_bytes) // _STEPS_AT_A_TIME

    def is_too_much() -> bool:
        nonlocal n_left
        n_left -= 1
        return n_left < 0

    connection.set_progress_handler(is_too_much, _STEPS_AT_A_TIME)
    try:
        with translated(path):
            yield
    finally:
        connection.set_progress_handler(None, _STEPS_AT_A_TIME)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into a JournalError, or an OSError where the file cannot be had; both say what to do."""
    try:
        yield
    except UnicodeDecodeError as error:  # of SQLite's message, which quotes what is damaged
        raise damaged(path, error) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code in _IS_NO_DATABASE:
            raise JournalError(
                f"checkpoint needs a journal of skhpo, got {str(path)!r}, which is something else ({error}). Choose "
                "another file."
            ) from error
        if code not in _IS_NOT_TO_BE_HAD:
            raise damaged(path, error) from error
        raise _unusable(path, str(error)) from error


def _unusable(path: Path, why: str) -> OSError:
    if path.is_dir():
        why = "which is a directory: name a file in it"
    elif not path.parent.is_dir():
        why = "whose directory does not exist: make it first"
    return OSError(
        f"checkpoint needs a file that can be written, got {str(path)!r} ({why}). The search has not started; "
        "choose another file, or make room."
    )
