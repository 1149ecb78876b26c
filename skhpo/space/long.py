"""Numbers in increasing order that are too many to be written out: a range, which is computed, and a sorted array.

Their places in the unit interval are those of a `Grid` of the same numbers. Unlike a grid's choices they are stored as
themselves and not by index, so that a description need not list them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.space.cells import Cells, cells_of
from skhpo.space.dimension import Discrete, OutsideError, equal_cells
from skhpo.space.values import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LONG = 10_000
"""Values of a list that are compared with each other in advance, to find equal ones: some milliseconds."""
_LARGEST = 2**53  # double precision tells whole numbers apart up to here


@dataclass(frozen=True, eq=False, repr=False)
class Steps(Discrete):
    """Evenly spaced whole numbers.

    Parameters
    ----------
    values : range
        Ascending, of at least two numbers of at most 2**53 in size.
    """

    values: range

    @property
    def n_choices(self) -> int:
        """Number of values."""
        return len(self.values)

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which cells the places lie in, shape (n,)."""
        levels = equal_cells(u, self.n_choices)
        # The ends of the cells are rounded, so that a place next to one may belong to the neighbour.
        levels = levels + ((levels < self.n_choices - 1) & (u >= self._ends(levels)))
        return np.asarray(levels - ((levels > 0) & (u < self._ends(levels - 1))), dtype=np.int64)

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where the numbers stand in their cells, shape (n,), in (0, 1)."""
        low, high = self._span
        return (self._at(levels) - low) / (high - low)

    def value_at(self, level: int) -> int:
        """Return the number of a level."""
        return self.values[level]

    def find(self, value: Any) -> int:
        """Return the level of a number."""
        level = place_in(self.values, value)
        if level is None:
            raise OutsideError(value, self)
        return level

    def _at(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(self.values.start + self.values.step * levels, dtype=np.float64)

    def _ends(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        low, high = self._span
        return ((self._at(levels) + self._at(levels + 1)) / 2 - low) / (high - low)

    @cached_property
    def _span(self) -> tuple[float, float]:
        """Where the first cell begins and the last one ends, half a step beyond the numbers."""
        first, second, last, before = (float(self.values[i]) for i in (0, 1, -1, -2))
        return first - ((first + second) / 2 - first), last + (last - (before + last) / 2)


@dataclass(frozen=True, eq=False, repr=False)
class SortedNumbers(Discrete):
    """Different finite numbers in an array.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Ascending, at least three.
    is_scalar : bool
        Whether values are NumPy's scalars, as the elements of an array are, or else Python's numbers.
    """

    values: NDArray[Any]
    is_scalar: bool

    @property
    def n_choices(self) -> int:
        """Number of values."""
        return len(self.values)

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which cells the places lie in, shape (n,)."""
        return np.searchsorted(self._cells.ends, u, side="right")

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where the numbers stand in their cells, shape (n,), in (0, 1)."""
        return self._cells.centers[levels]

    def value_at(self, level: int) -> Any:
        """Return the number of a level."""
        return self.values[level] if self.is_scalar else self.values[level].item()

    def find(self, value: Any) -> int:
        """Return the level of a number."""
        if is_number(value) and self.values[0] <= value <= self.values[-1]:
            level = int(np.searchsorted(self.values, value))
            if self.values[level] == value:
                return level
        raise OutsideError(value, self)

    def to_json(self, value: Any) -> Any:
        """Return the number that is stored."""
        return self.values[self.find(value)].item()

    @cached_property
    def _cells(self) -> Cells:
        return cells_of(self.values.astype(np.float64))


def numbers_in(values: Sequence[Any]) -> Steps | SortedNumbers | None:
    """Return the dimension of a long range or list of numbers; None for what has to be looked through one by one."""
    if len(values) <= LONG:
        return None
    if isinstance(values, range):
        ascending = values if values.step > 0 else values[::-1]
        return Steps(ascending) if max(-ascending[0], ascending[-1]) <= _LARGEST else None
    is_scalar = not isinstance(values, list | tuple)
    if not is_scalar and set(map(type, values)) not in ({int}, {float}):
        return None
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" or array.ndim != 1 or not np.isfinite(array).all():
        return None
    if array.dtype.kind in "iu" and max(-int(array.min()), int(array.max())) > _LARGEST:
        return None
    ordered = np.sort(array)
    different = ordered[np.append(True, ordered[1:] > ordered[:-1])]
    return SortedNumbers(different, is_scalar) if len(different) >= 3 else None


def place_in(values: range, value: Any) -> int | None:
    """Return the index of a number in a range, whatever its type; None where it is not in it."""
    if not is_number(value):
        return None
    try:
        whole = int(value)
    except (OverflowError, ValueError):  # infinite, or NaN
        return None
    index, rest = divmod(whole - values.start, values.step)
    return index if whole == value and rest == 0 and 0 <= index < len(values) else None
