"""Values that were listed: without order, or an ordered grid of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.space.dimension import Discrete, OutsideError, equal_cells
from skhpo.space.values import freeze, is_number, same

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    from numpy.typing import NDArray

# Steps of a grid that differ more than this on both scales say nothing about a distance: ranks do better, and no value
# gets a cell so thin that it is never drawn, as 0 in [0, 1, 1000] would.
_MOST_UNEVEN = 4.0


@dataclass(frozen=True, eq=False, repr=False)
class Choices(Discrete):
    """A dimension whose values are the user's own objects, known by their place in a tuple."""

    choices: Sequence[Any]

    @property
    def n_choices(self) -> int:
        """Number of choices."""
        return len(self.choices)

    def value_at(self, level: int) -> Any:
        """Return the user's own object."""
        return self.choices[level]

    def find(self, value: Any) -> int:
        """Return the index of the choice that is the value, or else of the first that is equal to it."""
        level = self._levels.get(freeze(value))
        if level is None:
            level = next((i for i, choice in enumerate(self.choices) if same(choice, value)), None)
        if level is None:
            raise OutsideError(value, self)
        return level

    def to_json(self, value: Any) -> int:
        """Return the index of the value."""
        return self.find(value)

    def from_json(self, stored: Any) -> Any:
        """Return the user's own object at an index."""
        if type(stored) is not int or not (0 <= stored < self.n_choices):
            raise ValueError(f"{stored!r} is not an index into the {self.n_choices} choices of {self!r}.")
        return self.choices[stored]

    @cached_property
    def _levels(self) -> dict[Hashable, int]:
        return {freeze(choice): i for i, choice in enumerate(self.choices)}


@dataclass(frozen=True, eq=False, repr=False)
class Categorical(Choices):
    """Values without order: two of them are either equal or not.

    Parameters
    ----------
    choices : list
        Any values: strings, numbers, None, estimators, tuples, arrays. They are known by their place in the list, and
        the very same objects come back.
    when : dict of str to list, default=None
        The parameter is only active where each of these other parameters has one of the values listed. Anything but
        a list is one value.

    Raises
    ------
    TypeError
        If ``choices`` is not a list of values.
    ValueError
        If it is empty, or holds a value twice.

    Examples
    --------
    >>> from skhpo.space import Categorical
    >>> solver = Categorical(["adam", "sgd"])
    >>> solver.encode(["sgd"])
    array([0.75])
    >>> Categorical([2, 3, 5], when={"kernel": "poly"})
    Categorical((2, 3, 5), when={'kernel': ['poly']})
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        choices = self.choices
        if isinstance(choices, str | bytes | Mapping | set) or not (
            hasattr(choices, "__len__") and hasattr(choices, "__iter__")
        ):
            raise TypeError(
                f"Categorical needs a list of choices, got {choices!r}. Write [{choices!r}] for a single one."
            )
        object.__setattr__(self, "choices", tuple(choices))
        if not self.choices:
            raise ValueError("Categorical needs at least one choice, got []. Leave the parameter out to not search it.")
        if len(self._levels) < len(self.choices):
            twice = next(choice for i, choice in enumerate(self.choices) if self._levels[freeze(choice)] != i)
            raise ValueError(f"Categorical needs distinct choices, got {twice!r} more than once. Keep one of them.")

    @property
    def is_categorical(self) -> bool:
        """Whether the values have no order: they have none."""
        return True

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which of ``n_choices`` equal cells the places lie in, shape (n,)."""
        return equal_cells(u, self.n_choices)

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middles of the cells, shape (n,), in (0, 1)."""
        return (levels + 0.5) / self.n_choices


class _Cells(NamedTuple):
    """Where the cells of a grid end, shape (n_choices - 1,), and where its values stand, shape (n_choices,)."""

    ends: NDArray[np.float64]
    centers: NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Choices):
    """Numbers in increasing order, at distances that follow their differences or their ratios.

    A cell ends midway between two neighbours, and half a step beyond the first and the last. Evenly spaced numbers so
    have the places of an `Int`.
    """

    @cached_property
    def _cells(self) -> _Cells:
        places = _even_places(np.array([float(choice) for choice in self.choices]))
        middles = (places[1:] + places[:-1]) / 2
        low, high = places[0] - (middles[0] - places[0]), places[-1] + (places[-1] - middles[-1])
        return _Cells((middles - low) / (high - low), (places - low) / (high - low))

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which cells the places lie in, shape (n,)."""
        return np.searchsorted(self._cells.ends, u, side="right")

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where the numbers stand in their cells, shape (n,), in (0, 1)."""
        return self._cells.centers[levels]


def listed(values: Iterable[Any]) -> Grid | Categorical:
    """Return the dimension of a plain list: a grid for three or more numbers, else categories.

    Repeated values count once.
    """
    choices = list({freeze(value): value for value in values}.values())
    is_grid = (
        len(choices) >= 3
        and all(is_number(choice) and math.isfinite(choice) for choice in choices)
        # Equal numbers of two types, as 1 and 1.0, have no order between them.
        and len({float(choice) for choice in choices}) == len(choices)
    )
    return Grid(tuple(sorted(choices))) if is_grid else Categorical(choices)


def _even_places(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return increasing numbers, shape (n,), on the scale on which they are most even: their own, log, or ranks."""
    logs = np.log(x) if x[0] > 0 else x
    places = x if _unevenness(x) <= _unevenness(logs) else logs
    return places if _unevenness(places) <= _MOST_UNEVEN else np.arange(len(x), dtype=np.float64)


def _unevenness(x: NDArray[np.float64]) -> float:
    with np.errstate(over="ignore"):
        steps = np.diff(x)
    smallest, largest = float(steps.min()), float(steps.max())
    return largest / smallest if smallest > 0 and largest < math.inf else math.inf
