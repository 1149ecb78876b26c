"""Arrays of fits in a journal file: bytes, beside what kind of numbers they are; nothing is unpickled.

They are no events: a search goes on without them, and those of a candidate that nobody wants are deleted.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.journals.base import damaged
from skhpo.journals.database import reading

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

_KINDS = ("<f4", "<i4")
_MOST_AXES = 3
_NAMES = ("predict_proba", "decision_function", "predict")


def write_arrays(
    connection: sqlite3.Connection, search: int, number: int, split: int, arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write the arrays of a fit, in place of those that it had."""
    connection.execute("DELETE FROM array WHERE search = ? AND number = ? AND split = ?", (search, number, split))
    for name, values in arrays.items():
        kind = "<f4" if values.dtype.kind == "f" else "<i4"
        body = np.ascontiguousarray(values, dtype=kind).tobytes()
        connection.execute(
            "INSERT INTO array (search, number, split, name, dtype, shape, body) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (search, number, split, name, kind, json.dumps(values.shape), body),
        )


def delete_arrays(connection: sqlite3.Connection, search: int, number: int) -> None:
    """Delete the arrays of all fits of a trial."""
    connection.execute("DELETE FROM array WHERE search = ? AND number = ?", (search, number))


def read_arrays(
    connection: sqlite3.Connection, path: Path, search: int
) -> Iterator[tuple[int, int, dict[str, NDArray[Any]]]]:
    """Yield trial, split and arrays of the fits of a search that have any.

    Raises
    ------
    JournalError
        If what is there cannot be what was written.
    """
    with reading(connection, path):
        fits = connection.execute(
            "SELECT DISTINCT number, split FROM array WHERE search = ? ORDER BY number, split", (search,)
        ).fetchall()
    for number, split in fits:
        with reading(connection, path):
            rows = connection.execute(
                "SELECT name, dtype, shape, body FROM array WHERE search = ? AND number = ? AND split = ?",
                (search, number, split),
            ).fetchall()
        try:
            yield _count(number), _count(split), {_name(name): _array(*values) for name, *values in rows}
        except ValueError as error:
            raise damaged(path, f"the predictions of trial {number!r} on split {split!r} have {error}") from error


def _array(kind: Any, shape: Any, body: Any) -> NDArray[Any]:
    """Return the array that was written; raises ValueError where its parts do not fit together."""
    if kind not in _KINDS:
        raise ValueError(f"numbers of kind {kind!r:.40}")
    try:
        found = json.loads(shape)
    except (TypeError, RecursionError) as error:
        raise ValueError(f"shape {shape!r:.40}") from error
    if not isinstance(found, list) or not 1 <= len(found) <= _MOST_AXES:
        raise ValueError(f"shape {shape!r:.40}")
    sizes = [_count(size) for size in found]
    if not isinstance(body, bytes) or len(body) != 4 * math.prod(sizes):
        raise ValueError(f"shape {shape!r:.40} and a body of another size")
    values = np.frombuffer(body, dtype=kind).reshape(sizes).astype(kind[1:])
    if not np.isfinite(values).all():
        raise ValueError("numbers that are not finite")
    return values


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(f"{value!r:.40} where a count was expected")
    return value


def _name(name: Any) -> str:
    if name not in _NAMES:
        raise ValueError(f"the name {name!r:.40}")
    return str(name)
