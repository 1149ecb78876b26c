"""A journal in a file that outlives the process: SQLite, JSON, one transaction per event.

One file holds any number of searches, told apart by their *fingerprints*: hashes of everything on which the trials and
their scores depend, by part (data, estimator, space, ...). A search only ever sees its own events. Nothing in the file
is code or a pickle, so that opening a stranger's is safe: values of a finite choice are stored as their index.

The file is in write-ahead mode with ``synchronous=NORMAL``: what was appended survives a kill of the process at any
moment; a power cut may take the last moments along, never the file. Write-ahead mode needs a local disk.
"""

from __future__ import annotations

import json
import math
import sqlite3
import warnings
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.journals.base import Journal, T
from skhpo.trial import FitFinished, FitStarted, Outcome, Trial, TrialStarted, TrialStopped

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping

    from skhpo.trial import Event, Params

APPLICATION_ID = 0x736B6870  # "skhp": what `file` and SQLite itself use to tell whose a database is
FORMAT = 2  # of the tables, the fingerprints and the events in them; a higher one is a newer skhpo's

_TABLES = """
CREATE TABLE search (id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL UNIQUE, header TEXT NOT NULL);
CREATE TABLE event (id INTEGER PRIMARY KEY, search INTEGER NOT NULL REFERENCES search, body TEXT NOT NULL);
CREATE INDEX event_search ON event (search, id);
"""


class Codec(NamedTuple):
    """How parameters are written as JSON and read back as the user's own objects."""

    to_json: Callable[[Params], Any]
    from_json: Callable[[Any], Params]


class SqliteJournal(Journal):
    """A search's events in an SQLite file.

    Parameters
    ----------
    path : path-like
        The file; made if it does not exist.
    fingerprint : mapping of str to str
        What the search depends on, by part.
    codec : Codec
        How parameters are written.
    header : mapping
        JSON-able facts about the search, for readers that have neither data nor estimator.
    may_add : bool
        Whether a search of another fingerprint may be added to a file that has some. False refuses.

    Raises
    ------
    ValueError
        If the file is no journal, a newer skhpo's, or another search's; the parts that differ are named.
    OSError
        If the file cannot be written.
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
        self.path = Path(path)
        self._codec = codec
        self._lost: list[Event] = []
        self._connection = _open(self.path)
        self._lock: sqlite3.Connection | None = None
        try:
            with _writing(self.path), self._connection:
                self._search = _find_or_add(
                    self._connection, self.path, dict(fingerprint), dict(header), may_add=may_add
                )
            self._lock = _lock(self.path, self._search)
        except BaseException:
            self.close()
            raise

    def append(self, event: Event) -> None:
        """Add an event; when the disk does not take it, warn once and go on in memory."""
        if not self._lost:
            try:
                with self._connection:
                    self._connection.execute(
                        "INSERT INTO event (search, body) VALUES (?, ?)",
                        (self._search, json.dumps(_to_json(event, self._codec), allow_nan=False)),
                    )
            except sqlite3.Error as error:
                warnings.warn(
                    f"checkpoint={str(self.path)!r} can no longer be written ({error}). The search goes on in memory: "
                    "what follows is lost if it is interrupted.",
                    RuntimeWarning,
                    stacklevel=2,
                )
            else:
                return
        self._lost.append(event)

    def __iter__(self) -> Iterator[Event]:
        """Return the events of this search from the first to the last."""
        rows = self._connection.execute("SELECT body FROM event WHERE search = ? ORDER BY id", (self._search,))
        yield from [_from_json(json.loads(body), self._codec.from_json) for (body,) in rows.fetchall()]
        yield from self._lost

    def constant(self, name: str, value: T) -> T:
        """Return the value that ``name`` had when the search first ran; ``value`` where it runs first."""
        with _writing(self.path), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            (text,) = self._connection.execute("SELECT header FROM search WHERE id = ?", (self._search,)).fetchone()
            header = json.loads(text)
            if name in header:
                found: T = header[name]
                return found
            text = json.dumps({**header, name: value})
            self._connection.execute("UPDATE search SET header = ? WHERE id = ?", (text, self._search))
        return value

    def close(self) -> None:
        """Close the file; calling it twice is fine."""
        self._connection.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None


class StoredSearch(NamedTuple):
    """A search as a file tells it: facts about it, and its events with parameters as JSON."""

    header: dict[str, Any]
    events: list[Event]


def stored_searches(path: str | os.PathLike[str]) -> list[StoredSearch]:
    """Return all searches of a journal file, oldest first, without changing it.

    Raises
    ------
    ValueError
        If the file is no journal or a newer skhpo's.
    FileNotFoundError
        If there is no such file.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f"path needs to name a journal, got {str(path)!r}, where there is no file.")
    connection = _open(Path(path))
    try:
        searches = connection.execute("SELECT id, header FROM search ORDER BY id").fetchall()
        return [
            StoredSearch(
                json.loads(header),
                [
                    _from_json(json.loads(body), lambda params: params)
                    for (body,) in connection.execute("SELECT body FROM event WHERE search = ? ORDER BY id", (search,))
                ],
            )
            for search, header in searches
        ]
    finally:
        connection.close()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn SQLite's error about a file that cannot be written into an OSError that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        why = str(error)
        if path.is_dir():
            why = "which is a directory: name a file in it"
        elif not path.parent.is_dir():
            why = "whose directory does not exist: make it first"
        raise OSError(
            f"checkpoint needs a file that can be written, got {str(path)!r} ({why}). The search has not started; "
            "choose another file, or make room."
        ) from error


def _open(path: Path) -> sqlite3.Connection:
    """Open a journal file, or make it; checks whose it is."""
    with _writing(path):
        connection = sqlite3.connect(path, timeout=60, check_same_thread=False)
    try:
        with _writing(path):
            connection.execute("PRAGMA synchronous = NORMAL")
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if application == 0 and not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                _create(connection)
                application, version = APPLICATION_ID, FORMAT
    except sqlite3.DatabaseError as error:
        connection.close()
        raise ValueError(
            f"checkpoint needs a journal of skhpo, got {str(path)!r}, which is something else ({error}). Choose "
            "another file."
        ) from error
    except BaseException:
        connection.close()
        raise
    problem = None
    if application != APPLICATION_ID:
        problem = "which is another program's database. Choose another file."
    elif version > FORMAT:
        problem = f"which a newer skhpo wrote (format {version}, this one reads {FORMAT}). Update skhpo."
    elif version < FORMAT:
        problem = (
            f"which an older development version of skhpo wrote (format {version}, this one reads {FORMAT}). Choose "
            "another file."
        )
    if problem is not None:
        connection.close()
        raise ValueError(f"checkpoint needs a journal of this skhpo, got {str(path)!r}, {problem}")
    return connection


def _create(connection: sqlite3.Connection) -> None:
    """Make the tables, once, however many processes try at the same time."""
    connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
            for statement in filter(str.strip, _TABLES.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORMAT}")


def _find_or_add(
    connection: sqlite3.Connection,
    path: Path,
    fingerprint: dict[str, str],
    header: dict[str, Any],
    *,
    may_add: bool,
) -> int:
    """Return the id of the search with this fingerprint."""
    connection.execute("BEGIN IMMEDIATE")
    text = json.dumps(fingerprint, sort_keys=True)
    found = connection.execute("SELECT id FROM search WHERE fingerprint = ?", (text,)).fetchone()
    if found is not None:
        return int(found[0])
    others = [json.loads(row[0]) for row in connection.execute("SELECT fingerprint FROM search ORDER BY id DESC")]
    if others and not may_add:
        different = min((_differences(fingerprint, other) for other in others), key=len)
        raise ValueError(
            f"checkpoint={str(path)!r} is the journal of another search: {', '.join(different)} "
            f"differ{'s' if len(different) == 1 else ''}. Choose another file for this search, or fit exactly what was "
            "interrupted to continue it."
        )
    cursor = connection.execute("INSERT INTO search (fingerprint, header) VALUES (?, ?)", (text, json.dumps(header)))
    return int(cursor.lastrowid or 0)


def _differences(ours: dict[str, str], theirs: dict[str, str]) -> list[str]:
    return sorted(part for part in ours.keys() | theirs.keys() if ours.get(part) != theirs.get(part))


def _lock(path: Path, search: int) -> sqlite3.Connection:
    """Claim a search of a file for as long as the returned connection is open, even if the process is killed.

    The lock is the operating system's, through a database of its own beside the file: it cannot be left behind.
    """
    connection = sqlite3.connect(f"{path}-lock{search}", timeout=0, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise RuntimeError(
            f"checkpoint={str(path)!r} is in use: another process, or another search in this one, is running the same "
            "search. Wait for it, or choose another file."
        ) from error
    return connection


def _to_json(event: Event, codec: Codec) -> dict[str, Any]:
    if isinstance(event, TrialStarted):
        trial = event.trial
        return {
            "kind": "trial",
            "number": trial.number,
            "params": codec.to_json(trial.params),
            "fraction": trial.fraction,
            "rung": trial.rung,
            "bracket": trial.bracket,
            "parent": trial.parent,
        }
    if isinstance(event, FitStarted):
        return {"kind": "fit started", **asdict(event)}
    if isinstance(event, TrialStopped):
        return {"kind": "trial stopped", **asdict(event)}
    fields = asdict(event.outcome)
    for name in ("test_scores", "train_scores"):
        fields[name] = _each(_number, fields[name])
    if fields["score_errors"] is None:  # so that versions that know nothing of it read the others
        del fields["score_errors"]
    return {"kind": "fit", **fields}


def _from_json(body: dict[str, Any], from_json: Callable[[Any], Params]) -> Event:
    kind = body.pop("kind")
    if kind == "trial":
        return TrialStarted(Trial(**{**body, "params": from_json(body["params"])}))
    if kind == "fit started":
        return FitStarted(**body)
    if kind == "trial stopped":
        return TrialStopped(**body)
    for name in ("test_scores", "train_scores"):
        body[name] = _each(_score, body[name])
    return FitFinished(Outcome(**body))


def _each(convert: Callable[[Any], Any], scores: Any) -> Any:
    return {name: convert(score) for name, score in scores.items()} if isinstance(scores, dict) else convert(scores)


def _number(score: Any) -> float | str | None:
    """Return a score as JSON knows numbers: what is not finite becomes text."""
    if score is None:
        return None
    number = float(score)
    return number if math.isfinite(number) else repr(number)


def _score(number: float | str | None) -> float | None:
    return None if number is None else float(number)
