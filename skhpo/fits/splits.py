"""The splits of a search: made once, checked, and kept where they could not be made again."""

from __future__ import annotations

import base64
import copy
import inspect
import math
import random
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from skhpo.fits.amounts import n_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Sides: TypeAlias = tuple[Any, Any]  # train and test: positions of rows, or a mask of all of them


@dataclass(frozen=True, eq=False)
class Splits:
    """Splits, and whether they would be the same the next time.

    Parameters
    ----------
    sides : list of (train, test)
        As the splitter gave them.
    n_rows : int
        Of the data.
    drawn_by : dict or None
        What is known of a splitter that gives others each time, and of what it was given; None where it repeats
        itself.
    """

    sides: list[Sides]
    n_rows: int
    drawn_by: dict[str, Any] | None = None


def make_splits(splitter: Any, X: Any, y: Any, params: Mapping[str, Any], *, is_kept: bool) -> Splits:
    """Split once, for all candidates: an unseeded splitter would give each of them other folds.

    Parameters
    ----------
    splitter : splitter
        Whose `split` is called.
    X, y : array-like
        The data.
    params : dict
        What `split` is given beside them.
    is_kept : bool
        Whether it matters if the splits can be made again. Where only that tells, a copy of the splitter splits again;
        the global generators are then left as the first time left them.

    Raises
    ------
    ValueError
        If a side is none.
    """
    before = _numpy_state() if is_kept else None
    n = n_rows(X)
    given = getattr(splitter, "cv", None)  # of scikit-learn's splitter for a list of splits, which would unpack them
    for split in given if isinstance(given, list) else ():
        _check(split, n)
    sides = list(splitter.split(X, y, **params))
    for split in sides:
        _check(split, n)
    if before is None or _repeats_itself(splitter) or _did_repeat(splitter, sides, before, given=(X, y), params=params):
        return Splits(sides, n)
    return Splits(sides, n, {"splitter": _described(splitter), "given": dict(params)})


def _check(split: Any, n: int) -> None:
    """Raise ValueError if a split is not two sides with rows of the data."""
    try:
        sides = [np.asarray(side) for side in split]
    except (TypeError, ValueError):
        sides = []
    if len(sides) != 2 or any(side.ndim != 1 for side in sides):
        raise ValueError(f"cv needs splits of two arrays, the rows to train and to test on, got {_short(split)}.")
    for side in sides:
        if side.dtype == bool and len(side) != n:
            raise ValueError(f"cv needs masks of all {n} rows, got one of {len(side)}.")
        if side.dtype != bool and side.size and side.dtype.kind not in "iu":
            raise ValueError(f"cv needs positions of rows, integers from 0 to {n - 1}, got {_short(side)}.")
        if side.dtype != bool and side.size and not (-n <= side.min() and side.max() < n):
            wrong = side.max() if side.max() >= n else side.min()
            raise ValueError(f"cv needs positions of the {n} rows, got {wrong}, where there is none.")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]} ..."


# -- who repeats himself ----------------------------------------------------------------------------------------------


def _repeats_itself(splitter: Any) -> bool:
    """Whether it is plain that a splitter gives the same splits each time: scikit-learn's, by its seed."""
    if not type(splitter).__module__.startswith("sklearn."):
        return False
    if not hasattr(splitter, "random_state") or not getattr(splitter, "shuffle", True):
        return True
    return isinstance(splitter.random_state, int | np.integer)


def _did_repeat(
    splitter: Any, sides: Sequence[Sides], before: Any, *, given: tuple[Any, Any], params: Mapping[str, Any]
) -> bool:
    """Whether a splitter, as it is after it has split, would split so again."""
    if not _is_same(before, _numpy_state()):
        return False
    try:
        with _global_generators_kept():
            again = list(copy.deepcopy(splitter).split(*given, **params))
    except Exception:  # noqa: BLE001  # of a stranger's splitter, which may be made for one use
        return False
    return len(again) == len(sides) and all(
        np.array_equal(one, other)
        for ours, theirs in zip(sides, again, strict=True)
        for one, other in zip(ours, theirs, strict=True)
    )


def _numpy_state() -> dict[str, Any]:
    """Return where the global generator is, which splitters without a seed draw from."""
    state: dict[str, Any] = np.random.get_state(legacy=False)  # noqa: NPY002
    return state


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_is_same(one[name], other[name]) for name in one)
    return np.array_equal(one, other)


@contextmanager
def _global_generators_kept() -> Iterator[None]:
    numpy_state, python_state = _numpy_state(), random.getstate()
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)


def _described(splitter: Any) -> dict[str, Any]:
    """Return class and parameters of a splitter; of what it draws from, the kind: that goes on from fit to fit."""
    names = [name for name in inspect.signature(type(splitter).__init__).parameters if hasattr(splitter, name)]
    values = {name: getattr(splitter, name) for name in names}
    is_drawn_from = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, random.Random)
    return {
        "class": f"{type(splitter).__module__}.{type(splitter).__qualname__}",
        **{name: type(value).__name__ if isinstance(value, is_drawn_from) else value for name, value in values.items()},
    }


# -- kept as JSON -----------------------------------------------------------------------------------------------------


def to_json(splits: Splits) -> dict[str, Any]:
    """Return what JSON can hold of splits: the test sides, and the training sides that are not all other rows."""
    kept = []
    for train, test in splits.sides:
        rows, tested = _positions(train), _positions(test)
        is_rest = np.array_equal(rows, _others(tested, splits.n_rows))
        kept.append({"test": _packed(tested), "train": None if is_rest else _packed(rows)})
    return {"n_rows": splits.n_rows, "sides": kept}


def from_json(kept: Any, n_splits: int, n: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return the sides that `to_json` kept.

    Raises
    ------
    ValueError
        If they are not so many splits of so many rows.
    """
    try:
        if kept["n_rows"] != n or len(kept["sides"]) != n_splits:
            raise ValueError(f"they are not {n_splits} splits of {n} rows")
        found = []
        for sides in kept["sides"]:
            test = _unpacked(sides["test"], n)
            found.append((_others(test, n) if sides["train"] is None else _unpacked(sides["train"], n), test))
    except (LookupError, TypeError, AttributeError, zlib.error) as error:
        raise ValueError(f"they cannot be read ({error})") from error
    return found


def _positions(side: Any) -> NDArray[np.int64]:
    rows = np.asarray(side)
    return (np.flatnonzero(rows) if rows.dtype == bool else rows).astype(np.int64)


def _others(rows: NDArray[np.int64], n: int) -> NDArray[np.intp]:
    """Return all rows but some, in order."""
    is_other = np.ones(n, dtype=bool)
    is_other[rows] = False
    return np.flatnonzero(is_other)


def _packed(rows: NDArray[np.int64]) -> dict[str, Any]:
    """Return positions as text: their differences, which are small where they are sorted, compressed."""
    steps = np.diff(rows, prepend=0)
    smallest = np.result_type(np.min_scalar_type(steps.min(initial=0)), np.min_scalar_type(steps.max(initial=0)))
    kind = smallest.newbyteorder("<") if smallest.kind in "iu" else np.dtype("<i8")
    text = base64.b64encode(zlib.compress(steps.astype(kind).tobytes())).decode("ascii")
    return {"type": kind.str, "length": len(rows), "steps": text}


def _unpacked(kept: Any, n: int) -> NDArray[np.intp]:
    kind, length = np.dtype(str(kept["type"])), kept["length"]
    if kind.kind not in "iu" or type(length) is not int or not 0 <= length <= _most_rows(n):
        raise ValueError("a side has no sensible length or type")
    # No more is unpacked than there is to be.
    steps = zlib.decompressobj().decompress(base64.b64decode(kept["steps"], validate=True), length * kind.itemsize + 1)
    if len(steps) != length * kind.itemsize:
        raise ValueError("a side has another length than it says")
    rows = np.cumsum(np.frombuffer(steps, dtype=kind).astype(np.int64))
    if length and not (-n <= rows.min() and rows.max() < n):
        raise ValueError("a side has rows that there are not")
    return rows.astype(np.intp)


def _most_rows(n: int) -> float:
    """How many rows a side can have that draws with replacement: beyond it a file was not written by a search."""
    return math.inf if n == 0 else 1000 * n
