"""Numbers between two bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.space.dimension import Dimension, Discrete, OutsideError, equal_cells
from skhpo.space.values import as_float, is_finite, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Beyond it, exp(log(x)) in double precision is no longer within half a step of the integer x.
_LARGEST_INT = 2**40


@dataclass(frozen=True, eq=False, repr=False)
class Float(Dimension):
    """Real numbers between two bounds.

    Parameters
    ----------
    low, high : float
        Bounds, both included.
    log : bool, default=False
        Whether ratios matter and not differences, as for a learning rate; needs ``low > 0``.
    when : dict of str to list, default=None
        The parameter is only active where each of these other parameters has one of the values listed. Anything but
        a list is one value.

    Raises
    ------
    TypeError
        If a bound is no number.
    ValueError
        If the bounds are not finite and in order, or ``log`` is asked for with ``low <= 0``.

    Examples
    --------
    >>> from skhpo.space import Float
    >>> rate = Float(1e-4, 1e-1, log=True)
    >>> rate
    Float(0.0001, 0.1, log=True)
    >>> rate.encode([1e-4, 1e-1])
    array([0., 1.])
    >>> Float(0.0, 10.0, when={"kernel": "rbf"})
    Float(0.0, 10.0, when={'kernel': ['rbf']})
    """

    low: float
    high: float
    log: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("low", "high"):
            bound = getattr(self, name)
            if not is_number(bound):
                raise TypeError(
                    f"Float needs numbers as bounds, got {name}={bound!r}. Use Categorical for other values."
                )
            object.__setattr__(self, name, as_float(bound))
        _check_bounds(self)
        if not math.isfinite(self.high - self.low):
            raise ValueError(f"Float needs finite bounds, got low={self.low!r}, high={self.high!r}. Narrow them.")

    @property
    def n_choices(self) -> float:
        """Number of distinct values: infinite."""
        return math.inf

    def canonical(self, value: Any) -> float:
        """Return the value as a Python float."""
        if not (is_number(value) and self.low <= value <= self.high):
            raise OutsideError(value, self)
        return float(value)

    def encode(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Return the places of values, shape (n,), in [0, 1]."""
        x = np.array([self.canonical(value) for value in values], dtype=np.float64)
        low, high = self._scaled
        return np.clip(((np.log(x) if self.log else x) - low) / (high - low), 0.0, 1.0)

    def decode(self, u: NDArray[np.float64]) -> list[float]:
        """Return the numbers at places of shape (n,), within the bounds to the last bit."""
        low, high = self._scaled
        x = low + np.clip(u, 0.0, 1.0) * (high - low)
        values: list[float] = np.clip(np.exp(x) if self.log else x, self.low, self.high).tolist()
        return values

    def snap(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the places, shape (n,), clipped to [0, 1]."""
        return np.clip(u, 0.0, 1.0)

    @cached_property
    def _scaled(self) -> tuple[float, float]:
        # NumPy's logarithm, as in encode: the last bits of the math module's may be others.
        return (float(np.log(self.low)), float(np.log(self.high))) if self.log else (self.low, self.high)


@dataclass(frozen=True, eq=False, repr=False)
class Int(Discrete):
    """Integers between two bounds.

    Each integer has a cell of the unit interval and stands at its middle, so that the bounds do not lie on the border
    of the cube. On the log scale the cells end half a step beyond the bounds.

    Parameters
    ----------
    low, high : int
        Bounds, both included, of at most 2**40 in size.
    log : bool, default=False
        Whether ratios matter and not differences, as for a number of trees; needs ``low > 0``.
    when : dict of str to list, default=None
        The parameter is only active where each of these other parameters has one of the values listed. Anything but
        a list is one value.

    Raises
    ------
    TypeError
        If a bound is no integer.
    ValueError
        If the bounds are not in order, or ``log`` is asked for with ``low <= 0``.

    Examples
    --------
    >>> from skhpo.space import Int
    >>> depth = Int(1, 4)
    >>> depth.encode([1, 2, 3, 4])
    array([0.125, 0.375, 0.625, 0.875])
    >>> Int(10, 1000, log=True)
    Int(10, 1000, log=True)
    """

    low: int
    high: int
    log: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("low", "high"):
            bound = getattr(self, name)
            if not is_number(bound) or not hasattr(bound, "__index__"):
                raise TypeError(f"Int needs integers as bounds, got {name}={bound!r}. Use Float for real numbers.")
            object.__setattr__(self, name, index(bound))
        _check_bounds(self)
        if max(-self.low, self.high) > _LARGEST_INT:
            raise ValueError(
                f"Int needs bounds of at most 2**40 in size, got low={self.low!r}, high={self.high!r}. Narrow them."
            )

    @property
    def n_choices(self) -> int:
        """Number of integers."""
        return self.high - self.low + 1

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return how far the integers at the places lie above ``low``, shape (n,)."""
        if not self.log:
            return equal_cells(u, self.n_choices)
        low, high = self._scaled
        x = np.rint(np.exp(low + np.clip(u, 0.0, 1.0) * (high - low)))
        return np.asarray(np.clip(x - self.low, 0, self.n_choices - 1), dtype=np.int64)

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the places of the integers ``low + levels``, shape (n,), in (0, 1)."""
        if not self.log:
            return (levels + 0.5) / self.n_choices
        low, high = self._scaled
        return (np.log(levels + self.low) - low) / (high - low)

    def value_at(self, level: int) -> int:
        """Return the integer of a level."""
        return self.low + level

    def find(self, value: Any) -> int:
        """Return the level of an integer."""
        if not (is_number(value) and self.low <= value <= self.high and value == int(value)):
            raise OutsideError(value, self)
        return int(value) - self.low

    @cached_property
    def _scaled(self) -> tuple[float, float]:
        return float(np.log(self.low - 0.5)), float(np.log(self.high + 0.5))


def _check_bounds(dimension: Float | Int) -> None:
    name, low, high = type(dimension).__name__, dimension.low, dimension.high
    if not isinstance(dimension.log, bool | np.bool_):
        raise TypeError(f"{name} needs log to be True or False, got log={dimension.log!r}.")
    if not (is_finite(low) and is_finite(high)):
        raise ValueError(f"{name} needs finite bounds, got low={low!r}, high={high!r}. Narrow them.")
    if not low < high:
        raise ValueError(
            f"{name} needs low < high, got low={low!r}, high={high!r}. Write [{low!r}] for a single value."
        )
    if dimension.log and low <= 0:
        raise ValueError(f"{name} needs low > 0 for log=True, got low={low!r}. Raise low, or leave log out.")
