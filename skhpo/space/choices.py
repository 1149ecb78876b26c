"""Values that were listed: without order, or an ordered grid of numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.space.cells import Cells, cells_of
from skhpo.space.dimension import Discrete, OutsideError, equal_cells
from skhpo.space.long import LONG, numbers_in, place_in
from skhpo.space.values import PRIMITIVES, freeze, is_finite, is_number, same, shown

if TYPE_CHECKING:
    from collections.abc import Hashable

    from numpy.typing import NDArray


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
        if isinstance(self.choices, range):
            level = place_in(self.choices, value)
        else:
            level = self._places.get(id(value))  # choices live as long as this, so that no other object has their id
            level = self._levels.get(freeze(value)) if level is None else level
        if level is None and not isinstance(self.choices, range):
            level = next((i for i, choice in enumerate(self.choices) if same(choice, value)), None)
        if level is None:
            raise OutsideError(value, self)
        return level

    def to_json(self, value: Any) -> int | dict[str, Any]:
        """Return the index of the value; one of many that are not written out in a file is told itself."""
        level = self.find(value)
        choice = self.choices[level]
        is_listed = self.n_choices <= LONG or isinstance(self.choices, range)
        is_text = type(choice) is str or (type(choice) in {int, float} and is_finite(choice))
        return {"value": choice} if is_text and not is_listed else level

    def from_json(self, stored: Any) -> Any:
        """Return the user's own object that was stored."""
        if type(stored) is dict:
            return self.canonical(stored.get("value"))
        if type(stored) is not int or not (0 <= stored < self.n_choices):
            raise ValueError(f"{stored!r} is not an index into the {self.n_choices} choices of {self!r}.")
        return self.choices[stored]

    @cached_property
    def _places(self) -> dict[int, int]:
        """Index of each choice that is an object of its own, by its id: to look at large ones takes long."""
        return {id(choice): i for i, choice in enumerate(self.choices) if not isinstance(choice, PRIMITIVES)}

    @cached_property
    def _levels(self) -> dict[Hashable, int]:
        """Index of each value, of equal ones that of the first."""
        levels: dict[Hashable, int] = {}
        for i, choice in enumerate(self.choices):
            levels.setdefault(freeze(choice), i)
        return levels


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
                f"Categorical needs a list of choices, got {shown(choices)}. Write [{shown(choices)}] for a single one."
            )
        if getattr(choices, "ndim", 1) != 1:
            raise ValueError(
                f"Categorical needs choices in one dimension, got an array of shape {np.shape(choices)}. Write "
                "list(...) if its rows are the choices."
            )
        object.__setattr__(self, "choices", choices if _is_long_range(choices) else tuple(choices))
        if not self.choices:
            raise ValueError("Categorical needs at least one choice, got []. Leave the parameter out to not search it.")
        # Of more, equal ones are found when they are drawn: the first of them is then meant.
        if not isinstance(self.choices, range) and len(self.choices) <= LONG and len(self._levels) < len(self.choices):
            twice = next(choice for i, choice in enumerate(self.choices) if self._levels[freeze(choice)] != i)
            raise ValueError(
                f"Categorical needs distinct choices, got {shown(twice)} more than once. Keep one of them."
            )

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


@dataclass(frozen=True, eq=False, repr=False)
class Grid(Choices):
    """Numbers in increasing order, at distances that follow their differences or their ratios.

    A cell ends midway between two neighbours, and half a step beyond the first and the last. Evenly spaced numbers so
    have the places of an `Int`.
    """

    @cached_property
    def _cells(self) -> Cells:
        return cells_of(np.array([float(choice) for choice in self.choices]))

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which cells the places lie in, shape (n,)."""
        return np.searchsorted(self._cells.ends, u, side="right")

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where the numbers stand in their cells, shape (n,), in (0, 1)."""
        return self._cells.centers[levels]


def _is_long_range(choices: Any) -> bool:
    return isinstance(choices, range) and choices[:LONG] != choices


def listed(values: Sequence[Any]) -> Discrete:
    """Return the dimension of a plain list: numbers in order for three or more of them, else categories.

    Repeated values count once; of a long list that holds anything but numbers they are not looked for.
    """
    numbers = numbers_in(values)
    if numbers is not None:
        return numbers
    if len(values) > LONG:
        return Categorical(values)
    choices = list({freeze(value): value for value in values}.values())
    is_grid = (
        len(choices) >= 3
        and all(is_number(choice) and is_finite(choice) for choice in choices)
        # Equal numbers of two types, as 1 and 1.0, have no order between them.
        and len({float(choice) for choice in choices}) == len(choices)
    )
    return Grid(tuple(sorted(choices))) if is_grid else Categorical(choices)
