"""How much memory an object holds, and whether it holds a generator of random numbers."""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Mapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from skhpo.prefix.key import NotReusable

_SMALL = {bool, int, float, complex, str, bytes, type(None)}
_SHARED = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType, np.ufunc, np.dtype)
_GENERATORS = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, random.Random)


def held_bytes(value: Any, seen: set[int] | None = None) -> int:  # noqa: PLR0911  (one return per kind of value)
    """Return how many bytes an object holds, those of its parts included, each counted once.

    Parameters
    ----------
    value : object
        Anything.
    seen : set of int
        Addresses of what is counted.

    Raises
    ------
    NotReusable
        If there is a generator of random numbers in it: what it does next depends on what it did.
    """
    kind = type(value)
    if kind in _SMALL:
        return sys.getsizeof(value)
    if isinstance(value, _GENERATORS):
        raise NotReusable
    seen = set() if seen is None else seen
    if isinstance(value, _SHARED) or id(value) in seen:
        return 0
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return _array_bytes(value, seen)
    if isinstance(value, Mapping):
        parts = [part for item in value.items() for part in item]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    elif hasattr(value, "memory_usage"):  # pandas
        return int(np.sum(value.memory_usage(deep=True)))
    elif hasattr(value, "estimated_size"):  # polars
        return int(value.estimated_size())
    elif hasattr(value, "__dict__"):
        parts = [vars(value)]
    else:
        return _compiled_bytes(value)
    return sys.getsizeof(value) + sum(held_bytes(part, seen) for part in parts)


def _array_bytes(array: np.ndarray[Any, Any], seen: set[int]) -> int:
    if isinstance(array.base, np.ndarray):  # a view holds all of it
        return held_bytes(array.base, seen)
    n_elements = sum(held_bytes(each, seen) for each in array.ravel().tolist()) if array.dtype.hasobject else 0
    return array.nbytes + n_elements


def _compiled_bytes(value: Any) -> int:
    """Of an object of compiled code, as a tree, which only tells when it is pickled."""
    try:
        return len(pickle.dumps(value, protocol=5))
    except Exception:  # noqa: BLE001  (whatever a __reduce__ raises)
        return sys.getsizeof(value)
