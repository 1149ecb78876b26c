"""Whole objects with all they hold: how large they are, what they share with others, and copies of them."""

from __future__ import annotations

import sys
from typing import Any, NamedTuple

import numpy as np

from skhpo.fits.prefix.arrays import Blocks, Span, check_kind, copy_of_objects, joined, overlaps, span_of
from skhpo.fits.prefix.parts import ATOMS, NotReusable, is_shared, library, taken_apart

MAX_OBJECTS = 30_000
"""How many objects are looked at, numbers and strings not counted: some 0.1 s, and 500 trees have a third of it."""

_BYTES_PER_OBJECT, _BYTES_PER_PART = 64, 16  # about CPython's


class _Where(NamedTuple):
    """What an object is a part of.

    Parameters
    ----------
    frame : object
        The outermost object of pandas, whose memory is shared by rules of its own; None if there is none.
    is_index : bool
        An index of pandas: nobody writes into it, so many share one.
    """

    frame: Any = None
    is_index: bool = False

    def inside(self, value: Any) -> _Where:
        """Return what the parts of an object are parts of."""
        cls = type(value)
        if cls is np.ndarray:
            return _Where(is_index=self.is_index)
        if self.is_index or library(cls) != "pandas":
            return self
        if issubclass(cls, sys.modules["pandas"].Index):
            return _Where(is_index=True)
        return self if self.frame is not None else _Where(value)


class Survey:
    """What objects hold, found without a copy.

    Parameters
    ----------
    shared : frozenset of int
        Addresses of objects that copies have in common, as functions that are parameters.
    """

    def __init__(self, shared: frozenset[int] = frozenset()) -> None:
        self._shared = shared
        self._n_bytes = 0
        self._spans: list[Span] = []
        self._index_spans: list[Span] = []
        self._changeable: set[int] = set()
        self._seen: dict[int, Any] = {}  # with what was taken apart: its parts may live no longer than it

    def add(self, value: Any) -> Survey:
        """Look at an object and all it holds.

        Raises
        ------
        NotReusable
            If there is something that cannot be copied, or too much.
        """
        self._visit(value, _Where())
        return self

    @property
    def n_bytes(self) -> int:
        """How much memory they hold, or copies of them would, each part counted once."""
        return self._n_bytes + sum(high - low for low, high in joined(self._spans + self._index_spans))

    def overlaps(self, other: Survey) -> bool:
        """Whether writing into the ones may change the others."""
        mine = joined(self._spans)
        return bool(self._changeable & other._changeable) or any(overlaps(span, mine) for span in joined(other._spans))

    def _visit(self, value: Any, where: _Where) -> None:
        if type(value) in ATOMS:
            self._n_bytes += sys.getsizeof(value)
            return
        if id(value) in self._seen or id(value) in self._shared:
            return
        if len(self._seen) >= MAX_OBJECTS:
            raise NotReusable
        self._seen[id(value)] = value
        parts, can_change = self._opened(value, where)
        if can_change:
            self._changeable.add(id(value))
        self._n_bytes += _BYTES_PER_OBJECT + _BYTES_PER_PART * len(parts)
        if set(map(type, parts)) <= ATOMS:
            self._n_bytes += sum(map(sys.getsizeof, parts))
            return
        inside = where.inside(value)
        for part in parts:
            self._visit(part, inside)

    def _opened(self, value: Any, where: _Where) -> tuple[list[Any], bool]:
        """Return what an object holds, and whether it is one that may be written into."""
        if type(value) is np.ndarray:
            check_kind(value)
            (self._index_spans if where.is_index else self._spans).append(span_of(value))
            return value.ravel().tolist() if value.dtype.hasobject else [], not where.is_index
        if is_polars(value):
            self._n_bytes += int(value.estimated_size())
            return [], False
        if is_buffer(value):
            self._n_bytes += value.size
            return [], False
        if is_shared(value):
            return [], False
        apart = taken_apart(value)
        self._seen[id(value)] = value, apart
        return apart.parts, apart.begin is not None and where.frame is None and not where.is_index


def twin(value: Any, shared: frozenset[int] = frozenset()) -> Any:
    """Return a copy that no write into the original reaches, the same to the bit and in the order of its memory.

    What is one object, or one piece of memory, in the original is one in the copy.

    Parameters
    ----------
    value : object
        Anything; one that a `Survey` was made of, or as small: this sets no limit.
    shared : frozenset of int
        As of `Survey`.

    Raises
    ------
    NotReusable
        If such a copy cannot be made.
    """
    return _Copy(shared).of(value, _Where())


class _Copy:
    def __init__(self, shared: frozenset[int]) -> None:
        self._shared = shared
        self._made: dict[int, Any] = {}
        self._held: list[Any] = []  # so that no address is given to another meanwhile
        self._blocks = Blocks()
        self._frames: dict[int, Any] = {}  # which one an array was met in

    def of(self, value: Any, where: _Where) -> Any:
        if type(value) in ATOMS or id(value) in self._shared:
            return value
        if id(value) in self._made:
            if type(value) is np.ndarray:
                self._check_again(value, where)
            return self._made[id(value)]
        new = self._new(value, where)
        self._made[id(value)] = new
        self._held.append(value)
        return new

    def _new(self, value: Any, where: _Where) -> Any:
        if type(value) is np.ndarray:
            return self._array(value, where)
        if is_polars(value):
            return value.clone()  # its memory is never written into
        if is_shared(value):
            return value
        if is_buffer(value):
            return sys.modules["pyarrow"].py_buffer(value.to_pybytes())
        apart = taken_apart(value)
        self._held.append(apart)
        new = None if apart.begin is None else apart.begin()
        if new is not None:
            self._made[id(value)] = new
        parts = self._copies(apart.parts, where.inside(value))
        if new is None and id(value) in self._made:  # made while its parts were
            return self._made[id(value)]
        return apart.finish(new, parts)

    def _copies(self, parts: list[Any], where: _Where) -> list[Any]:
        return parts if set(map(type, parts)) <= ATOMS else [self.of(part, where) for part in parts]

    def _array(self, array: np.ndarray[Any, Any], where: _Where) -> np.ndarray[Any, Any]:
        check_kind(array)
        self._frames[id(array)] = where.frame
        if array.dtype.hasobject:
            return copy_of_objects(array, self._copies(array.ravel().tolist(), where.inside(array)))
        return self._blocks.copy(array, is_alone=where.frame is not None)

    def _check_again(self, array: np.ndarray[Any, Any], where: _Where) -> None:
        """Refuse an array in two frames, or two columns of one: they copy on write, which their copies do not know."""
        frame = self._frames[id(array)]
        if frame is None and where.frame is None:
            return
        if frame is not where.frame or type(frame) is not sys.modules["pandas"].Series:
            raise NotReusable


def is_buffer(value: Any) -> bool:
    """Whether it is a piece of pyarrow's memory."""
    pyarrow = sys.modules.get("pyarrow")
    return pyarrow is not None and issubclass(type(value), pyarrow.Buffer)


def is_polars(value: Any) -> bool:
    """Whether it is a frame or column of polars; one with Python's objects in it is not reusable."""
    polars = sys.modules.get("polars")
    if polars is None or type(value) not in {polars.DataFrame, polars.Series}:
        return False
    kinds = value.dtypes if type(value) is polars.DataFrame else [value.dtype]
    if "Object" in str(kinds):
        raise NotReusable
    return True
