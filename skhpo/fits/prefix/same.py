"""Whether two objects cannot be told apart, to the bit and in the order of their memory."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from scipy import sparse

from skhpo.fits.prefix.graph import MAX_OBJECTS, is_buffer
from skhpo.fits.prefix.parts import ATOMS, NotReusable, is_shared, taken_apart


def is_same(a: Any, b: Any) -> bool:
    """Whether two objects and all they hold are the same; False where that would be hard to say."""
    try:
        return _Comparison().of(a, b)
    except Exception:  # noqa: BLE001  (whatever an object raises that is taken apart: then it is not known)
        return False


class _Comparison:
    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], Any] = {}

    def of(self, a: Any, b: Any) -> bool:  # noqa: C901, PLR0911  (one return per kind of object)
        if a is b:
            return True
        kind = type(a)
        if kind is not type(b):
            return False
        if kind in ATOMS:
            return repr(a) == repr(b)  # unlike ==, it tells -0.0 from 0.0, and not NaN from NaN
        if (id(a), id(b)) in self._pairs:
            return True
        if len(self._pairs) >= MAX_OBJECTS:
            raise NotReusable
        self._pairs[id(a), id(b)] = a, b
        if kind is np.ndarray:
            return self._arrays(a, b)
        if issubclass(kind, np.generic) and not issubclass(kind, np.void):
            return bool(a.tobytes() == b.tobytes())
        if sparse.issparse(a) and a.format in {"csr", "csc"}:
            # What else they hold are facts about these that scipy has looked up, or not yet.
            return a.shape == b.shape and all(
                self.of(getattr(a, name), getattr(b, name)) for name in ("indptr", "indices", "data")
            )
        if is_shared(a) or is_shared(b):
            return False
        if is_buffer(a):
            return bool(a.to_pybytes() == b.to_pybytes())
        return self._parts(a, b)

    def _parts(self, a: Any, b: Any) -> bool:
        one, other = taken_apart(a), taken_apart(b)
        self._pairs[id(a), id(b)] = a, b, one, other
        return one.label == other.label and self._all(one.parts, other.parts)

    def _all(self, one: list[Any], other: list[Any]) -> bool:
        if len(one) != len(other):
            return False
        if all(map(operator.is_, one, other)):
            return True
        kinds = list(map(type, one))
        if kinds != list(map(type, other)):
            return False
        if set(kinds) <= ATOMS:
            return repr(one) == repr(other)
        return all(map(self.of, one, other))

    def _arrays(self, a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
        if a.shape != b.shape or a.dtype != b.dtype:
            return False
        if not a.size:
            return True
        if a.strides != b.strides:
            return False
        if a.dtype == object:
            return self._all(a.ravel().tolist(), b.ravel().tolist())
        return not a.dtype.hasobject and _same_bytes(a, b)


def _same_bytes(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Of arrays of one shape, dtype and order."""
    a, b = (np.ravel(each, order="K").view(np.uint8) for each in (a, b))
    if a.size % 8 == 0:
        a, b = a.view(np.uint64), b.view(np.uint64)
    return bool(np.array_equal(a, b))
