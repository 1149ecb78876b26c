"""Samples in their containers: the same to the bit, and copies that cannot be told from the original."""

from __future__ import annotations

import copy
import operator
import sys
from typing import Any

import numpy as np
from scipy import sparse


def twin(data: Any) -> Any:
    """Return a copy that no write into the original reaches, the same to the bit and in the order of its memory.

    None for a container of which such a copy cannot be made.
    """
    if type(data) is np.ndarray:
        return _strided_twin(data)
    if sparse.issparse(data):
        return copy.deepcopy(data)
    if type(data) is list:
        return list(data)
    if _is_frame(data, "pandas") and _copies_on_write():
        return data.copy(deep=False)
    if _is_frame(data, "polars"):
        return data.clone()
    return None


def is_same(a: Any, b: Any) -> bool:  # noqa: PLR0911  (one return per kind of container)
    """Whether two containers cannot be told apart; False where that would be hard to say."""
    if type(a) is not type(b):
        return False
    if type(a) is np.ndarray:
        return (
            a.shape == b.shape
            and a.dtype == b.dtype
            and (not a.size or (a.strides == b.strides and _same_content(a, b)))
        )
    if type(a) is list:
        return len(a) == len(b) and all(map(operator.is_, a, b))
    if sparse.issparse(a) and a.format in {"csr", "csc"}:
        parts = ((getattr(a, name), getattr(b, name)) for name in ("indptr", "indices", "data"))
        return a.shape == b.shape and all(is_same(*pair) for pair in parts)
    if _is_frame(a, "pandas"):
        return a.shape == b.shape and list(a.dtypes) == list(b.dtypes) and bool(a.index.equals(b.index)) and _same(a, b)
    if _is_frame(a, "polars"):
        return bool(a.shape == b.shape and a.schema == b.schema and a.equals(b))
    return False


def may_overlap(a: Any, b: Any) -> bool:
    """Whether writing into one may change the other."""
    if a is b:
        return True
    if sparse.issparse(a) and sparse.issparse(b):
        a, b = getattr(a, "data", None), getattr(b, "data", None)
    return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.may_share_memory(a, b)


def _strided_twin(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.flags.c_contiguous or array.flags.f_contiguous or array.dtype.hasobject:
        result = array.copy(order="K")
    else:  # a view with gaps: a compact copy would be summed in another order
        extents = [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)]
        before, after = sum(min(0, each) for each in extents), sum(max(0, each) for each in extents)
        memory = np.empty(after - before + array.itemsize, np.uint8)
        result = np.ndarray(array.shape, array.dtype, memory, -before, array.strides)
        result[...] = array
    result.flags.writeable = array.flags.writeable
    return result


def _same_content(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> bool:
    """Of arrays of one shape, dtype and order."""
    if a.dtype.hasobject:
        return all(map(operator.is_, a.ravel().tolist(), b.ravel().tolist()))
    a, b = (np.ravel(each, order="K").view(np.uint8) for each in (a, b))
    if a.size % 8 == 0:
        a, b = a.view(np.uint64), b.view(np.uint64)
    return bool(np.array_equal(a, b))


def _same(a: Any, b: Any) -> bool:
    """Of frames of pandas with the same rows and dtypes."""
    return bool(a.columns.equals(b.columns) and a.equals(b))


def _is_frame(data: Any, library: str) -> bool:
    module = sys.modules.get(library)
    return module is not None and type(data) is getattr(module, "DataFrame", None)


def _copies_on_write() -> bool:
    """Whether shallow copies of pandas' frames are safe from each other: since pandas 3, or as an option before."""
    pandas = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return getattr(pandas.options.mode, "copy_on_write", False) is True
