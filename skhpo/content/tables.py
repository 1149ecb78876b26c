"""Tables and matrices by content: values, types, names and index, and nothing of how a library keeps them.

Frames of pandas and polars, PyArrow's tables, SciPy's sparse matrices and PyTorch's tensors. A lazy flag, a cached
property, another layout of blocks, another place in memory, a way through a file: all that changes no content.
"""

from __future__ import annotations

import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

from skhpo.content.arrays import digest_of_array, type_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.content.walk import Walk

_N_AT_ONCE = 4096
_NUMBERS = "biufcmM"


def parts_of_table(value: Any, walk: Walk) -> list[Any] | None:
    """Return what a table or a matrix holds; None for what is none."""
    if sparse.issparse(value):
        return _of_sparse(value)
    for library, parts in (
        ("pandas", _of_pandas),
        ("polars", _of_polars),
        ("pyarrow", _of_arrow),
        ("torch", _of_torch),
    ):
        module = sys.modules.get(library)
        if module is not None and (found := parts(value, module, walk)) is not None:
            return found
    return None


def digest_of_objects(values: Any, walk: Walk) -> str:
    """Return a hash of any number of objects, of which no more than some thousands are written out at a time.

    Parameters
    ----------
    values : sequence or ndarray of shape (n,)
        The objects.
    walk : Walk
        Describes them.
    """
    digest = hashlib.sha256()
    for start in range(0, len(values), _N_AT_ONCE):
        block = list(values[start : start + _N_AT_ONCE])
        kinds = set(map(type, block))
        is_written = kinds <= {str, float, type(None)}  # JSON has a word for NaN, which says enough
        digest.update(json.dumps(block if is_written else [walk(value) for value in block]).encode())
    return digest.hexdigest()


def _of_sparse(matrix: Any) -> list[Any]:
    kind = [matrix.format, isinstance(matrix, sparse.sparray), list(matrix.shape), matrix.dtype.str]
    if matrix.ndim != 2:
        matrix = matrix.tocoo()
        return [*kind, *map(_of_integers, matrix.coords), digest_of_array(matrix.data)]
    if matrix.format not in {"csr", "csc"}:
        matrix = matrix.tocsr()
    if not matrix.has_canonical_format:  # estimators sort indices and sum duplicates in place
        matrix = matrix.copy()
        matrix.sum_duplicates()
    n = int(matrix.indptr[-1])
    return [*kind, _of_integers(matrix.indptr), _of_integers(matrix.indices[:n]), digest_of_array(matrix.data[:n])]


def _of_integers(array: NDArray[Any]) -> str:
    """Return a hash of indices, which SciPy keeps in 32 or 64 bits."""
    digest = hashlib.sha256()
    for start in range(0, len(array), 2**19):
        digest.update(array[start : start + 2**19].astype(np.int64).data)
    return digest.hexdigest()


# ------------------------------------------------------------------ pandas


def _of_pandas(value: Any, pandas: Any, walk: Walk) -> list[Any] | None:
    if isinstance(value, pandas.DataFrame):
        columns = [_of_column(value.iloc[:, i], pandas, walk) for i in range(value.shape[1])]
        return ["frame", _of_index(value.columns, pandas, walk), _of_index(value.index, pandas, walk), columns]
    if isinstance(value, pandas.Series):
        return ["series", walk(value.name), _of_index(value.index, pandas, walk), _of_column(value, pandas, walk)]
    if isinstance(value, pandas.Index):
        return ["index", _of_index(value, pandas, walk)]
    if isinstance(value, pandas.api.extensions.ExtensionArray):
        return ["array", _of_column(pandas.Series(value, copy=False), pandas, walk)]
    return None


def _of_index(index: Any, pandas: Any, walk: Walk) -> list[Any]:
    names = walk(list(index.names))
    if isinstance(index, pandas.MultiIndex):
        levels = [index.get_level_values(i) for i in range(index.nlevels)]
        return [names, *(_of_column(level, pandas, walk) for level in levels)]
    if isinstance(index, pandas.RangeIndex):
        numbers = np.arange(index.start, index.stop, index.step, dtype=np.int64)
        return [names, [str(index.dtype), digest_of_array(numbers)]]
    return [names, _of_column(index, pandas, walk)]


def _of_column(column: Any, pandas: Any, walk: Walk) -> list[Any]:
    """Return type and values of a Series or an Index."""
    dtype, array = column.dtype, column.array
    name = str(dtype)
    if isinstance(dtype, pandas.CategoricalDtype):
        return [name, dtype.ordered, _of_index(dtype.categories, pandas, walk), _of_integers(array.codes)]
    if isinstance(dtype, np.dtype) and dtype.kind in _NUMBERS:
        return [name, digest_of_array(column.to_numpy())]
    if hasattr(array, "asi8"):  # moments, spans and periods, with or without a zone
        return [name, digest_of_array(array.asi8)]
    number = getattr(dtype, "numpy_dtype", None)
    if number is not None and np.dtype(number).kind in "biuf":
        values = array.to_numpy(dtype=number, na_value=number.type(0))
        return [name, digest_of_array(values), digest_of_array(np.asarray(column.isna()))]
    return [name, digest_of_objects(column.to_numpy(dtype=object), walk)]


# ------------------------------------------------------------------ polars, PyArrow, PyTorch


def _of_polars(value: Any, polars: Any, walk: Walk) -> list[Any] | None:
    if isinstance(value, polars.DataFrame):
        return ["polars", [_of_polars(series, polars, walk) for series in value.get_columns()]]
    if not isinstance(value, polars.Series):
        return None
    name = [value.name, str(value.dtype), len(value)]
    if not value.dtype.is_numeric() or value.dtype.is_decimal():
        return [*name, digest_of_objects(value, walk)]
    if value.null_count():
        return [*name, digest_of_array(value.fill_null(0).to_numpy()), digest_of_array(value.is_null().to_numpy())]
    return [*name, digest_of_array(value.to_numpy())]


def _of_arrow(value: Any, pyarrow: Any, walk: Walk) -> list[Any] | None:
    if isinstance(value, pyarrow.Table | pyarrow.RecordBatch):
        columns = [_of_arrow(column, pyarrow, walk) for column in value.columns]
        return ["arrow", list(value.schema.names), columns]
    if not isinstance(value, pyarrow.Array | pyarrow.ChunkedArray):
        return None
    kind = pyarrow.types
    is_number = kind.is_integer(value.type) or kind.is_floating(value.type)
    if is_number and not value.null_count:
        chunks = value.chunks if isinstance(value, pyarrow.ChunkedArray) else [value]
        numbers = [chunk.to_numpy(zero_copy_only=False) for chunk in chunks]
        return [str(value.type), digest_of_array(numbers[0] if len(numbers) == 1 else np.concatenate([[], *numbers]))]
    return [str(value.type), digest_of_objects(_Elements(value), walk)]


class _Elements:
    """An array of PyArrow's as a sequence of Python's objects, made when they are asked for."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, part: slice) -> list[Any]:
        found: list[Any] = self._array[part].to_pylist()
        return found


def _of_torch(value: Any, torch: Any, walk: Walk) -> list[Any] | None:  # noqa: ARG001
    if not isinstance(getattr(torch, "Tensor", None), type) or not isinstance(value, torch.Tensor):
        return None
    tensor = value.detach().cpu()
    if tensor.layout != torch.strided:
        tensor = tensor.to_dense()
    if tensor.dtype == torch.bfloat16:  # NumPy has no such type
        tensor = tensor.float()
    array = tensor.numpy()
    return [str(value.dtype), list(value.shape), type_of(array), digest_of_array(array)]
