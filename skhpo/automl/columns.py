"""What the columns of a table hold, read from their dtypes and, where these say nothing, from the values."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.automl.values import (
    DATE_PARTS,
    LARGEST,
    columns_of,
    date_part,
    dates_of,
    has_categories,
    is_date,
    is_iso_date,
    is_number,
    is_numeral,
    labels_of,
    present,
    shortened,
    stands_for_missing,
    values_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_MOST_READ = 2000
"""Values that say how skewed a column is, and how many words its texts have."""
_FEWEST_WORDS = 3
"""Words that a text has on average: names of places, products and people have two or less."""
_MOST_TOKENS = 1000
_HEAVY = 30.0
"""A range of so many interquartile ranges is heavy-tailed: 50,000 normal values span 7, exponential ones 10."""
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Column:
    """What one column holds.

    Parameters
    ----------
    number : int
        Its place in the table.
    kind : {"number", "boolean", "date", "category", "text", "nothing"}
        What it holds; nothing if all is missing, or one value is everywhere.
    has_missing : bool
        Whether values are missing, or infinite.
    n_distinct : int
        Of categories and texts, how many there are.
    n_rarest : int
        Of categories, how many rows the rarest one has.
    is_heavy : bool
        Of numbers, whether a few lie very far from the others.
    parts : tuple of str
        Of dates, the parts that differ.
    n_tokens : int
        Of texts, how many different words there are, counted to 1000.
    """

    number: int
    kind: str
    has_missing: bool = False
    n_distinct: int = 0
    n_rarest: int = 0
    is_heavy: bool = False
    parts: tuple[str, ...] = ()
    n_tokens: int = 0


def read_columns(X: Any, threshold: int) -> list[Column]:
    """Return what each column of a frame or array of shape (n_samples, n_columns) holds.

    Parameters
    ----------
    X : frame of pandas or polars, or ndarray
        The table.
    threshold : int
        Strings with more distinct values than this are texts, if they have several words.
    """
    if isinstance(X, np.ndarray) and X.dtype.kind in "fiub":
        return _read_numbers(X)
    return [_read(number, column, threshold) for number, column in enumerate(columns_of(X))]


def _read_numbers(X: NDArray[Any]) -> list[Column]:
    """Return the same for an array of numbers, all columns at once."""
    kind = "boolean" if X.dtype.kind == "b" else "number"
    with np.errstate(invalid="ignore"):
        is_nothing = (X[:1] == X).all(axis=0) | (np.isnan(X).all(axis=0) if X.dtype.kind == "f" else False)
    with np.errstate(invalid="ignore"):
        has_missing = ~(np.abs(X) <= LARGEST).all(axis=0)
    return [
        Column(number, "nothing" if nothing else kind, has_missing=bool(missing))
        for number, (nothing, missing) in enumerate(zip(is_nothing, has_missing, strict=True))
    ]


def heavy_tails(numbers: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return for each column of numbers whether a few lie very far from the others.

    Parameters
    ----------
    numbers : ndarray of shape (n_samples, n_columns)
        May be NaN, not infinite; a column has at least one number.
    """
    rows = numbers[:: max(1, len(numbers) // _MOST_READ)]
    some = np.where(np.isnan(rows).all(axis=0), 0.0, rows)
    low, high = np.nanpercentile(some, [25, 75], axis=0)
    span = np.nanmax(numbers, axis=0) - np.nanmin(numbers, axis=0)
    return np.asarray((high > low) & (span > _HEAVY * (high - low)))


def _read(number: int, column: Any, threshold: int) -> Column:
    values = values_of(shortened(column))
    there = present(values)
    if len(there) == 0:
        return Column(number, "nothing")
    kind = "category" if has_categories(column) else _kind(values, there)
    if _is_constant(there) and len(there) == len(values):
        return Column(number, "nothing")
    found = _READ[kind](number, column, threshold)
    return replace(found, has_missing=len(there) < len(values) or not _is_finite(there))


def _is_finite(there: NDArray[Any]) -> bool:
    """Whether all is known to be finite; strings and objects may turn out to be no number."""
    return there.dtype.kind not in "fOU" or (there.dtype.kind == "f" and bool((np.abs(there) <= LARGEST).all()))


def _is_constant(there: NDArray[Any]) -> bool:
    if there.dtype.kind != "O":
        return bool((there == there[0]).all())
    first = there[0]
    return all(value is first or (type(value) is type(first) and repr(value) == repr(first)) for value in there)


def _kind(values: NDArray[Any], there: NDArray[Any]) -> str:
    known = {"f": "number", "i": "number", "u": "number", "m": "number", "b": "boolean", "M": "date"}
    return known.get(values.dtype.kind) or _kind_of_objects(there.tolist())


def _kind_of_objects(there: list[Any]) -> str:
    """Return what objects are, if all are of one kind; anything else is a category."""
    types = set(map(type, there))
    if any(kind.__name__.startswith("complex") for kind in types):
        raise ValueError("Complex data not supported. Give real and imaginary parts as columns of their own.")
    if types <= {bool, np.bool_}:
        return "boolean"
    if all(is_number(value) for value in there):
        return "number"
    if all(is_date(value) for value in there):
        return "date"
    return _kind_of_strings(there) if all(issubclass(kind, str) for kind in types) else "category"


def _kind_of_strings(there: list[str]) -> str:
    told = [value for value in set(there) if not stands_for_missing(value)]
    if told and all(map(is_numeral, told)):
        return "number"
    return "date" if told and all(map(is_iso_date, told)) else "string"


def _read_number(number: int, column: Any, threshold: int) -> Column:  # noqa: ARG001
    return Column(number, "number")


def _read_boolean(number: int, column: Any, threshold: int) -> Column:  # noqa: ARG001
    return Column(number, "boolean")


def _read_date(number: int, column: Any, threshold: int) -> Column:  # noqa: ARG001
    dates = dates_of(column)
    there = dates[~np.isnat(dates)]
    if len(there) == 0:
        return Column(number, "nothing")
    differ = tuple(part for part in DATE_PARTS if np.ptp(date_part(there, part)) > 0)
    return Column(number, "date", parts=differ or ("seconds",))


def _read_category(number: int, column: Any, threshold: int) -> Column:  # noqa: ARG001
    return _category(number, _counts(column))


def _category(number: int, counts: Counter[str]) -> Column:
    return Column(number, "category", n_distinct=len(counts), n_rarest=min(counts.values(), default=0))


def _read_string(number: int, column: Any, threshold: int) -> Column:
    counts = _counts(column)
    distinct = sorted(counts)
    texts = distinct[:: max(1, len(distinct) // _MOST_READ)]
    n_words = np.mean([len(_WORD.findall(text)) for text in texts]) if texts else 0.0
    is_many = len(distinct) > min(threshold, len(column) / 2)
    if not is_many or n_words < _FEWEST_WORDS:
        return _category(number, counts)
    return Column(number, "text", n_distinct=len(distinct), n_tokens=_count_tokens(texts))


_READ = {
    "number": _read_number,
    "boolean": _read_boolean,
    "date": _read_date,
    "category": _read_category,
    "string": _read_string,
}
"""How a column is read on, by what its values are."""


def _counts(column: Any) -> Counter[str]:
    """Return the labels of a column, and how many rows each has."""
    counts = Counter(labels_of(column).tolist())
    return Counter({label: n for label, n in counts.items() if isinstance(label, str)})


def _count_tokens(texts: Iterable[str]) -> int:
    """Return how many different words there are, counted to `_MOST_TOKENS`."""
    found: set[str] = set()
    for text in texts:
        found.update(_WORD.findall(text.lower()))
        if len(found) >= _MOST_TOKENS:
            return _MOST_TOKENS
    return len(found)
