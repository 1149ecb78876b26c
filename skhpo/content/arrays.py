"""Arrays by content: their elements in C order, whatever their strides."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_BLOCK = 2**22
"""Bytes that are copied at a time where elements are not in order in memory."""
_N_SAMPLED = 1024


def blocks(array: NDArray[Any]) -> Iterator[NDArray[np.uint8]]:
    """Yield the bytes of an array without objects in it, in C order, each block of shape (n,).

    What lies in order in memory is not copied. Bytes between the fields of a record are left out.
    """
    if array.flags.c_contiguous and array.dtype.names is None and array.nbytes:
        yield array.reshape(-1).view(np.uint8)
    else:
        yield from _pieces(array)


def _pieces(array: NDArray[Any]) -> Iterator[NDArray[np.uint8]]:
    """Yield the same in pieces of a size that depends on the shape only."""
    if array.dtype.names is not None:
        for name in array.dtype.names:
            yield from _pieces(array[name])
    elif array.ndim == 0:
        yield from _pieces(array.reshape(1))
    elif array.nbytes and array.nbytes // len(array) > _BLOCK:
        for part in array:
            yield from _pieces(part)
    elif array.nbytes:
        n_rows = _BLOCK * len(array) // array.nbytes
        for start in range(0, len(array), n_rows):
            yield np.ascontiguousarray(array[start : start + n_rows]).reshape(-1).view(np.uint8)


def digest_of_array(array: NDArray[Any]) -> str:
    """Return a cryptographic hash, in hexadecimal, of the elements of an array without objects in it."""
    digest = hashlib.sha256()
    for block in blocks(array):
        digest.update(block.data)
    return digest.hexdigest()


def type_of(array: NDArray[Any]) -> str:
    """Return the type of the elements, byte order and fields included."""
    return array.dtype.str if array.dtype.names is None else str(array.dtype)


class ArrayKey:
    """Stands for an array in a set or a dict: equal to the key of another array of the same shape, type and bytes.

    To hash an array takes as long as to fit on it. So a key is hashed from a sample of the elements, and they are only
    compared where the samples of two arrays are equal. It holds the array and copies nothing of it.

    Parameters
    ----------
    array : ndarray
        Without objects in it. Changed later, it is another one, unless all that is sampled stays as it is.
    """

    __slots__ = ("_array", "_hash", "_sample")

    def __init__(self, array: NDArray[Any]) -> None:
        self._array = array
        places = np.unravel_index(np.linspace(0, array.size - 1, _N_SAMPLED).astype(np.intp), array.shape)
        self._sample = (array.shape, type_of(array), array[places].tobytes())
        self._hash = hash(self._sample)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ArrayKey) or self._sample != other._sample:
            return False
        return self._array is other._array or all(
            np.array_equal(ours, theirs)
            for ours, theirs in zip(_pieces(self._array), _pieces(other._array), strict=True)
        )
