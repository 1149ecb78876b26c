"""Columns of frames and arrays as plain NumPy arrays: numbers, labels, dates, texts.

pandas and polars are told by their objects' attributes, so neither is imported. Functions that take several columns
are steps of `FunctionTransformer`, and stand at the top of the module so that they can be pickled. What a column holds
that it did not hold in `fit` becomes a missing value: nothing raises.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?((0|[1-9]\d*)(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
"""A number as people write one; a leading zero, as in a postcode, makes it a label."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?")
_CATEGORIES = re.compile("category|Categorical|Enum")
_STRINGS = re.compile("str|String")
_MISSING_WORDS = {"", "?", "-", "na", "n/a", "nan", "null", "none"}
"""What stands for a missing number or date in files; anywhere else only the empty string does."""


LARGEST = float(np.finfo(np.float32).max)
"""What lies beyond is as good as infinite: trees of scikit-learn hold columns in single precision."""


def is_frame(X: Any) -> bool:
    """Whether it is a frame of pandas or polars."""
    return hasattr(X, "iloc") or hasattr(X, "get_columns")


def check_names(names: Sequence[Any]) -> None:
    """Refuse names of columns that are there twice."""
    twice = next((name for name in names if names.count(name) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise ValueError(f"X needs column names that differ, got {twice!r} more than once. Rename one of them.")


def columns_of(X: Any) -> list[Any]:
    """Return the columns of a frame or an array one by one: series of its own kind, or arrays of shape (n_samples,)."""
    if hasattr(X, "iloc"):
        return [X.iloc[:, number] for number in range(X.shape[1])]
    if hasattr(X, "get_columns"):
        return list(X.get_columns())
    return list(np.asarray(X).T)


def values_of(column: Any) -> NDArray[Any]:
    """Return a column as an array of shape (n_samples,): of numbers or dates with NaN or NaT, or of objects with None.

    Numbers, booleans and dates keep their dtype where there is one for them; dates are those of the local clock.
    """
    if hasattr(column, "iloc"):
        return _of_pandas(column)
    if hasattr(column, "to_list") and hasattr(column, "null_count"):
        return _of_polars(column)
    return np.asarray(column)


def shortened(column: Any) -> Any:
    """Return a column whose dtype says that it holds strings or categories with each value once, missing ones too.

    That is done by its library, which takes a hundredth of the time of looking at each value.
    """
    if not has_labels(column):
        return column
    return column.drop_duplicates() if hasattr(column, "iloc") else column.unique()


def has_labels(column: Any) -> bool:
    """Whether a column is a series whose dtype says that it holds strings or categories."""
    is_series = hasattr(column, "iloc") or hasattr(column, "null_count")
    return has_categories(column) or (is_series and _STRINGS.match(str(column.dtype)) is not None)


def has_categories(column: Any) -> bool:
    """Whether a column is a series whose dtype says that it holds categories."""
    is_series = hasattr(column, "iloc") or hasattr(column, "null_count")
    return is_series and _CATEGORIES.match(str(column.dtype)) is not None


def _of_pandas(column: Any) -> NDArray[Any]:
    kind = column.dtype.kind
    if kind == "M" and getattr(column.dtype, "tz", None) is not None:
        column = column.dt.tz_localize(None)
    if kind in "biufcmM":
        return _of_pandas_numbers(column, kind)
    values: NDArray[Any] = np.array(column.to_numpy(dtype=object), dtype=object)
    values[column.isna().to_numpy(dtype=bool)] = None
    return values


def _of_pandas_numbers(column: Any, kind: str) -> NDArray[Any]:
    if isinstance(column.dtype, np.dtype):
        return np.asarray(column.to_numpy())
    if kind in "mM":
        return np.asarray(column.to_numpy(dtype=f"{kind}8[ns]"))
    if kind == "b" and not column.isna().any():
        return np.asarray(column.to_numpy(dtype=bool))
    if kind == "b":
        values = np.array(column.to_numpy(dtype=object), dtype=object)
        values[column.isna().to_numpy(dtype=bool)] = None
        return values
    return np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan))


def _of_polars(column: Any) -> NDArray[Any]:
    if getattr(column.dtype, "time_zone", None) is not None:
        column = column.dt.replace_time_zone(None)
    has_dtype = column.dtype.is_numeric() or column.dtype.is_temporal() or str(column.dtype) == "Boolean"
    if has_dtype:
        return np.asarray(column.to_numpy())
    return _objects(column.to_list())


def _objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return values as an array of objects of shape (n,), whatever they are."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def is_missing(value: Any) -> bool:
    """Whether an object stands for a missing value: None, NaN, NaT, pandas.NA, the empty string."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 - which is how NaN and NaT are told
    except (TypeError, ValueError):  # pandas.NA has no truth value; an array in a cell has several
        return type(value).__name__ == "NAType"


def present(values: NDArray[Any]) -> NDArray[Any]:
    """Return the values that are not missing."""
    if values.dtype.kind == "f":
        is_there = ~np.isnan(values)
    elif values.dtype.kind in "mM":
        is_there = ~np.isnat(values)
    elif values.dtype.kind in "OUS":
        is_there = np.array([not is_missing(value) for value in values.tolist()], dtype=bool)
    else:
        return values
    found: NDArray[Any] = values[is_there]
    return found


# -- what single values are -----------------------------------------------------------------------------------------


def is_number(value: Any) -> bool:
    """Whether it is a real number."""
    return isinstance(value, Real | Decimal | dt.timedelta | np.timedelta64)


def is_date(value: Any) -> bool:
    """Whether it is a date, with or without a time."""
    return isinstance(value, dt.date | np.datetime64)


def is_numeral(value: str) -> bool:
    """Whether a string is written as a number."""
    return _NUMBER.fullmatch(value.strip()) is not None


def is_iso_date(value: str) -> bool:
    """Whether a string is a date in the form 2026-11-30, or with a time after it."""
    return _DATE.fullmatch(value.strip()) is not None


def stands_for_missing(value: str) -> bool:
    """Whether a string stands for a missing number or date."""
    return value.strip().lower() in _MISSING_WORDS


# -- numbers ----------------------------------------------------------------------------------------------------------


def as_numbers(X: Any) -> Any:
    """Return columns as numbers of shape (n_samples, n_columns), with NaN for what is beyond `LARGEST` or no number."""
    if issparse(X):
        return _finite_sparse(X)
    if is_frame(X):
        columns = [_floats(values_of(column)) for column in columns_of(X)]
        return _finite(np.column_stack(columns) if columns else np.empty((len(X), 0)))
    X = np.asarray(X)
    if X.dtype.kind in "fbiu":
        return _finite(X if X.dtype in {np.dtype(np.float32), np.dtype(np.float64)} else X.astype(np.float64))
    return _finite(np.column_stack([_floats(column) for column in X.T]))


def as_booleans(X: Any) -> NDArray[np.float64]:
    """Return columns as 0 and 1, of shape (n_samples, n_columns), with NaN for what is no number."""
    numbers = as_numbers(X)
    return np.where(np.isnan(numbers), np.nan, numbers != 0)


def _finite(X: NDArray[Any]) -> NDArray[Any]:
    is_infinite = np.abs(X) > LARGEST
    return np.where(is_infinite, np.nan, X).astype(X.dtype) if is_infinite.any() else X


def _finite_sparse(X: Any) -> Any:
    X = X.tocsr()
    is_infinite = np.abs(X.data) > LARGEST
    if is_infinite.any():
        X = X.copy()
        X.data[is_infinite] = np.nan
    return X


def _floats(values: NDArray[Any]) -> NDArray[np.float64]:
    if values.dtype.kind in "fbiu":
        return values.astype(np.float64)
    if values.dtype.kind == "m":
        return np.where(np.isnat(values), np.nan, values.astype("m8[ns]").astype(np.int64) / 1e9)
    if values.dtype.kind == "M":
        return np.full(len(values), np.nan)
    return np.array([_float(value) for value in values.tolist()], dtype=np.float64)


def _float(value: Any) -> float:
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return np.nan


# -- labels and texts -------------------------------------------------------------------------------------------------


def as_labels(X: Any) -> NDArray[Any]:
    """Return columns as labels of shape (n_samples, n_columns): strings, and NaN for what is missing.

    A number that is whole is written without a point: 1 and 1.0 are one label, as a column of integers becomes one of
    floats where values are missing.
    """
    labels = [labels_of(column) for column in columns_of(X)]
    found = np.empty((len(labels[0]), len(labels)), dtype=object)
    for number, column in enumerate(labels):
        found[:, number] = column
    return found


def labels_of(column: Any) -> NDArray[Any]:
    """Return one column as labels."""
    if hasattr(column, "iloc") and has_labels(column):
        codes, distinct = column.factorize()
        labels: NDArray[Any] = np.append(_mapped(np.asarray(distinct, dtype=object), label), _objects([np.nan]))
        return np.asarray(labels[codes])  # -1, the last, is what is missing
    values = values_of(column)
    return _mapped(values if values.dtype.kind in "OUSmM" else values.astype(object), label)


def label(value: Any) -> Any:
    """Return a string for a value, NaN where it is missing."""
    if is_missing(value):
        return np.nan
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def as_texts(X: Any) -> NDArray[Any]:
    """Return one column as texts of shape (n_samples,), empty where they are missing."""
    (column,) = columns_of(X)
    return _mapped(values_of(column), text)


def text(value: Any) -> str:
    """Return a value as text, empty where it is missing."""
    return "" if is_missing(value) else str(value)


def _mapped(values: NDArray[Any], function: Callable[[Any], Any]) -> NDArray[Any]:
    """Return what a function gives for each value; an equal value of the same type is not asked twice."""
    known: dict[Any, Any] = {}
    found = []
    for value in values.tolist() if values.dtype.kind not in "mM" else list(values):
        key = (type(value), value)
        try:
            if key not in known:
                known[key] = function(value)
            found.append(known[key])
        except TypeError:  # not hashable
            found.append(function(value))
    return _objects(found)


# -- dates ------------------------------------------------------------------------------------------------------------


def dates_of(column: Any) -> NDArray[np.datetime64]:
    """Return one column as dates in seconds, NaT for what is none."""
    values = values_of(column)
    if values.dtype.kind == "M":
        return values.astype("M8[s]")
    return np.array([_date(value) for value in values.tolist()], dtype="M8[s]")


def _date(value: Any) -> np.datetime64:
    none = np.datetime64("NaT", "s")
    if is_missing(value) or not (is_date(value) or (isinstance(value, str) and is_iso_date(value))):
        return none
    if isinstance(value, dt.datetime):
        value = value.replace(tzinfo=None)
    try:
        return np.datetime64(value.strip() if isinstance(value, str) else value, "s")
    except ValueError:  # as the 30th of February
        return none


def _since(dates: NDArray[np.datetime64], unit: str, per: str) -> NDArray[np.int64]:
    """Return how many units have passed since the last beginning of a larger one."""
    begin = dates.astype(f"M8[{per}]").astype(f"M8[{unit}]")
    return np.asarray((dates.astype(f"M8[{unit}]") - begin).astype(np.int64))


DATE_PARTS: dict[str, Callable[[NDArray[np.datetime64]], NDArray[Any]]] = {
    "seconds": lambda dates: dates.astype(np.int64),
    "year": lambda dates: dates.astype("M8[Y]").astype(np.int64) + 1970,
    "month": lambda dates: _since(dates, "M", "Y") + 1,
    "day": lambda dates: _since(dates, "D", "M") + 1,
    "weekday": lambda dates: (dates.astype("M8[D]").astype(np.int64) + 3) % 7,  # 1970 began on a Thursday; Monday is 0
    "hour": lambda dates: _since(dates, "h", "D"),
    "minute": lambda dates: _since(dates, "m", "h"),
}
"""Parts of dates that models are given, each from dates in seconds."""


def date_part(dates: NDArray[np.datetime64], part: str) -> NDArray[np.float64]:
    """Return a part of dates as numbers, NaN where there is no date."""
    is_none = np.isnat(dates)
    found = DATE_PARTS[part](np.where(is_none, np.datetime64(0, "s"), dates)).astype(np.float64)
    found[is_none] = np.nan
    return found


def as_date_parts(X: Any, parts: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Return the parts of columns of dates, of shape (n_samples, n_parts).

    Parameters
    ----------
    X : frame or array of shape (n_samples, n_columns)
        Dates.
    parts : sequence of sequences of str
        For each column, which of `DATE_PARTS`.
    """
    pairs = zip(map(dates_of, columns_of(X)), parts, strict=True)
    return np.column_stack([date_part(dates, part) for dates, names in pairs for part in names])


def date_part_names(transformer: Any, names: Iterable[str]) -> NDArray[Any]:
    """Return the names of what `as_date_parts` returns, for `FunctionTransformer`."""
    pairs = zip(names, transformer.kw_args["parts"], strict=True)
    return np.array([f"{name}_{part}" for name, parts in pairs for part in parts], dtype=object)
