"""Where arrays lie in memory, and copies that lie the same way: how sums are rounded depends on it."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any

import numpy as np

from skhpo.fits.prefix.parts import NotReusable

Span = tuple[int, int]
"""First address of an array's elements and the one after the last."""

_KINDS = frozenset("biufcmMSUV")


def span_of(array: np.ndarray[Any, Any]) -> Span:
    """Return where the elements of an array lie."""
    start: int = array.__array_interface__["data"][0]
    if not array.size:
        return start, start
    before, after = _extent(array)
    return start - before, start + after + array.itemsize


def overlaps(span: Span, others: list[Span]) -> bool:
    """Whether a span has a byte in common with one of others, which are sorted and apart from each other."""
    low, high = span
    place = bisect_left(others, (low, low))
    near = others[max(0, place - 1) : place + 1]
    return any(low < other_high and other_low < high for other_low, other_high in near)


def joined(spans: list[Span]) -> list[Span]:
    """Return spans sorted, those that overlap as one."""
    result: list[Span] = []
    for low, high in sorted(span for span in spans if span[0] < span[1]):
        if result and low < result[-1][1]:
            result[-1] = result[-1][0], max(high, result[-1][1])
        else:
            result.append((low, high))
    return result


def check_kind(array: np.ndarray[Any, Any]) -> None:
    """Raise NotReusable for elements that are neither objects nor plain bytes."""
    if array.dtype.kind not in _KINDS and array.dtype != object:
        raise NotReusable
    if array.dtype.hasobject and array.dtype != object:
        raise NotReusable


class Blocks:
    """Copies of arrays in pieces of memory of their own; where the arrays overlap, so do the copies."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._memory: dict[Span, tuple[np.ndarray[Any, Any], bool]] = {}

    def copy(self, array: np.ndarray[Any, Any], *, is_alone: bool) -> np.ndarray[Any, Any]:
        """Return a copy of an array of plain bytes with the same strides.

        Raises
        ------
        NotReusable
            If the array overlaps an earlier one without lying inside of it, or overlaps one though either ``is_alone``.
        """
        span = span_of(array)
        if not overlaps(span, self._spans):
            result, memory = _copied(array)
            if span[0] < span[1]:
                insort(self._spans, span)
                self._memory[span] = memory, is_alone
            return result
        low, high = around = self._spans[max(0, bisect_left(self._spans, (span[0] + 1, 0)) - 1)]
        memory, other_is_alone = self._memory[around]
        if is_alone or other_is_alone or span[0] < low or high < span[1]:
            raise NotReusable
        first: int = array.__array_interface__["data"][0]
        result = np.ndarray(array.shape, array.dtype, memory, first - low, array.strides)
        result.flags.writeable = array.flags.writeable
        return result


def _extent(array: np.ndarray[Any, Any]) -> tuple[int, int]:
    """Return how many bytes lie before and after the first byte of the first element, without the last element."""
    reach = [(n - 1) * stride for n, stride in zip(array.shape, array.strides, strict=True)]
    return -sum(each for each in reach if each < 0), sum(each for each in reach if each > 0)


def _copied(array: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return a copy and the bytes it lies in, from the first to the last."""
    if array.flags.c_contiguous or array.flags.f_contiguous:
        result = array.copy(order="K")
        if result.strides == array.strides or not array.size:
            memory = result.ravel(order="K").view(np.uint8) if array.size else np.empty(0, np.uint8)
            result.flags.writeable = array.flags.writeable
            return result, memory
    before, after = _extent(array)  # a view with gaps: a compact copy would be summed in another order
    memory = np.empty(before + after + array.itemsize, np.uint8)
    result = np.ndarray(array.shape, array.dtype, memory, before, array.strides)
    result[...] = array
    result.flags.writeable = array.flags.writeable
    return result, memory


def copy_of_objects(array: np.ndarray[Any, Any], elements: list[Any]) -> np.ndarray[Any, Any]:
    """Return an array of objects like another, with other elements in the order of `ndarray.ravel`.

    Raises
    ------
    NotReusable
        If it has gaps.
    """
    result = np.empty_like(array)
    if result.strides != array.strides and array.size:
        raise NotReusable
    for place, element in zip(np.ndindex(array.shape), elements, strict=True):
        result[place] = element
    result.flags.writeable = array.flags.writeable
    return result
