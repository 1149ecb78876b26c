"""Discrete distributions: each value has a cell of the unit interval, as wide as the value is probable."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.space.dimension import Discrete, OutsideError
from skhpo.space.distribution import Distributed, support
from skhpo.space.values import is_finite, is_number

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Values of less probability have no cell that double precision can find again.
_RAREST = 1e-12
# A table that lacks no more than this is complete.
_TAIL = 1e-9
# Values on each side of the median that a table holds: of a finite support as many as take some milliseconds; of an
# infinite one fewer, since its probabilities are slower to compute and hardly any lie beyond.
_REACH, _REACH_OF_INFINITE = 2**16, 2**13
_MOST_COMPUTED = 2**40


class _Atoms(NamedTuple):
    """Values in increasing order, shape (k,), where their cells end, shape (k - 1,), and their middles, shape (k,)."""

    values: NDArray[Any]
    ends: NDArray[np.float64]
    centers: NDArray[np.float64]
    is_complete: bool


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteDistribution(Distributed, Discrete):
    """A discrete distribution as a table of its values.

    Values of a probability below 1e-12 have no cell of their own, nor have those of an infinite support that are more
    than 2**13 away from the median: they are encoded as the nearest value that has one, and never decoded.
    """

    @property
    def n_choices(self) -> int:
        """Number of values that have a cell."""
        return len(self._atoms.values)

    @property
    def is_complete(self) -> bool:
        """Whether the table holds all that is ever drawn."""
        return self._atoms.is_complete

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which cells the places lie in, shape (n,)."""
        return np.searchsorted(self._atoms.ends, u, side="right")

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middles of the cells, shape (n,), in (0, 1)."""
        return self._atoms.centers[levels]

    def value_at(self, level: int) -> int | float:
        """Return a value, an int wherever all are whole."""
        value: int | float = self._atoms.values[level].item()
        return value

    def canonical(self, value: Any) -> int | float:
        """Return the value as a Python number, also where it has no cell of its own."""
        level = self.find(value)
        return self.value_at(level) if self._atoms.values[level] == value else int(value)

    def find(self, value: Any) -> int:
        """Return the level of a value, or of the nearest that has one."""
        values = self._atoms.values
        if is_number(value) and is_finite(value):
            level = min(int(np.searchsorted(values, value)), len(values) - 1)
            if values[level] == value:
                return level
            if self.distribution.pmf(value) > 0:
                return int(np.abs(values - value).argmin())
        raise OutsideError(value, self)

    @cached_property
    def _atoms(self) -> _Atoms:
        ends = support(self.distribution)
        is_infinite = not all(map(math.isfinite, ends))
        values = self._listed()
        if values is None:
            median = int(self.distribution.ppf(0.5))
            reach = _REACH_OF_INFINITE if is_infinite else _REACH
            values = np.arange(int(max(ends[0], median - reach)), int(min(ends[1], median + reach)) + 1)
        probabilities = np.asarray(self.distribution.pmf(values), dtype=np.float64)
        is_complete = is_infinite or bool(probabilities.sum() > 1.0 - _TAIL)
        values, probabilities = values[probabilities > _RAREST], probabilities[probabilities > _RAREST]
        edges = np.cumsum(probabilities / probabilities.sum())
        return _Atoms(values, edges[:-1], np.diff(edges, prepend=0.0) / 2 + np.append(0.0, edges[:-1]), is_complete)

    def _listed(self) -> NDArray[Any] | None:
        """Return the values given to ``rv_discrete(values=...)``, which may be no whole numbers; None for others."""
        listed = getattr(getattr(self.distribution, "dist", self.distribution), "xk", None)
        if listed is None:
            return None
        values: NDArray[Any] = np.unique(listed) - np.min(listed) + support(self.distribution)[0]
        return values.astype(np.int64) if np.all(values == np.rint(values)) else values


@dataclass(frozen=True, eq=False, repr=False)
class WideDistribution(Distributed, Discrete):
    """A discrete distribution over too many whole numbers for a table, as ``randint(0, 2**32)``: it is computed."""

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self._span
        if high - low >= _MOST_COMPUTED:
            raise ValueError(f"A discrete distribution needs fewer than 2**40 values, got {low} to {high}. Narrow it.")

    @property
    def n_choices(self) -> int:
        """Number of whole numbers in the support."""
        low, high = self._span
        return high - low + 1

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how far the quantiles at the places lie above the first value, shape (n,)."""
        low, high = self._span
        quantiles = np.clip(self.distribution.ppf(np.clip(u, 0.0, 1.0)), low, high)
        return np.asarray(quantiles - low, dtype=np.int64)

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middles of the cells, shape (n,), in (0, 1)."""
        x = levels + self._span[0]
        return np.asarray((self.distribution.cdf(x - 1) + self.distribution.cdf(x)) / 2)

    def value_at(self, level: int) -> int:
        """Return the whole number of a level."""
        return self._span[0] + level

    def find(self, value: Any) -> int:
        """Return the level of a whole number."""
        low, high = self._span
        if not (is_number(value) and low <= value <= high and value == int(value)):
            raise OutsideError(value, self)
        return int(value) - low

    @cached_property
    def _span(self) -> tuple[int, int]:
        low, high = support(self.distribution)
        return int(low), int(high)


def discrete(distribution: Any) -> DiscreteDistribution | WideDistribution:
    """Return the dimension of a distribution that has ``pmf``: a table, unless it is too wide for one."""
    table = DiscreteDistribution(distribution)
    return table if table.is_complete else WideDistribution(distribution)
