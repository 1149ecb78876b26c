"""Trials and outcomes in Python's and NumPy's own types, a column per field.

Formats that open no pickle know no types of ours, and each type in a file is one that its reader has to trust.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")
_ARRAYS = {float: np.float64, int: np.int64}


def columns(records: Sequence[Any], kind: type[Any]) -> dict[str, Any]:
    """Return records of a dataclass as a dict of columns; one that has the default everywhere is left out.

    Parameters
    ----------
    records : sequence
        All of one kind.
    kind : type
        The dataclass.

    Returns
    -------
    columns : dict of str to ndarray or list
        Arrays of shape (n,) for numbers of one type, lists for everything else; all values come back as they are.
    """
    found = {field.name: [getattr(record, field.name) for record in records] for field in fields(kind)}
    default = {field.name: field.default for field in fields(kind)}
    return {
        name: _packed(values) for name, values in found.items() if any(value is not default[name] for value in values)
    }


def records(columns: dict[str, Any], kind: type[_T]) -> list[_T]:
    """Return what `columns` was given."""
    unpacked = [values.tolist() if isinstance(values, np.ndarray) else values for values in columns.values()]
    return [kind(**dict(zip(columns, row, strict=True))) for row in zip(*unpacked, strict=True)]


def _packed(values: list[Any]) -> Any:
    (kind, *others) = {*map(type, values)}
    return np.array(values, dtype=_ARRAYS[kind]) if kind in _ARRAYS and not others else values
