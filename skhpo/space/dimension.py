"""What a dimension is: the domain of one parameter, which maps itself to the unit interval and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.content import describe
from skhpo.space.values import freeze, same, shown

if TYPE_CHECKING:
    from numpy.typing import NDArray


class OutsideError(ValueError):
    """A value lies outside of a dimension.

    The text is only written when it is read: in a list of dictionaries most values are asked for in vain in some, and
    the ``repr`` of an estimator takes a hundred times longer than not to find it.

    Parameters
    ----------
    value : object
        The value.
    dimension : Dimension
        Where it is not.

    Attributes
    ----------
    name : str or None
        The parameter, where it is known.
    """

    def __init__(self, value: Any, dimension: Dimension) -> None:
        super().__init__(value, dimension)
        self.name: str | None = None

    def __str__(self) -> str:
        value, dimension = self.args
        parameter = "" if self.name is None else f"Parameter {self.name!r}: "
        return f"{parameter}{shown(value)} lies outside of {dimension!r}."


@dataclass(frozen=True, eq=False, repr=False)
class Dimension(ABC):
    """The domain of one parameter: a frozen value object that encodes itself.

    * `decode` must return a value for every number, those outside of [0, 1] counting as the nearest end.
    * ``encode(decode(u))`` must be ``snap(u)``, and `snap` must be idempotent.
    * `canonical` must return the value that `decode` would return, and raise OutsideError for one that it never
      returns.
    * Uniform numbers, decoded, must follow the prior of the dimension.

    Parameters
    ----------
    when : dict of str to list, default=None
        The parameter is only active where each of these other parameters has one of the values listed.
    """

    when: Mapping[str, Any] | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if self.when is None:
            return
        if not isinstance(self.when, Mapping):
            raise TypeError(
                f"{type(self).__name__} needs when to be a dict of parameter names to lists of values, "
                f'got when={self.when!r}. Write for example when={{"kernel": ["rbf"]}}.'
            )
        # A tuple is one value: many parameters take one, as hidden_layer_sizes does.
        when = {
            parent: list(values) if isinstance(values, list | range | np.ndarray) else [values]
            for parent, values in self.when.items()
        }
        for parent, values in when.items():
            if not values:
                raise ValueError(
                    f"{type(self).__name__} needs at least one value of {parent!r} in when, got []. "
                    f"Leave {parent!r} out if any value will do."
                )
        object.__setattr__(self, "when", when or None)

    @property
    @abstractmethod
    def n_choices(self) -> int | float:
        """Number of distinct values, ``math.inf`` for a continuum."""

    @property
    def is_categorical(self) -> bool:
        """Whether the values have no order, so that two of them are either equal or not."""
        return False

    @abstractmethod
    def canonical(self, value: Any) -> Any:
        """Return the value as `decode` would.

        Raises
        ------
        OutsideError
            If the value lies outside of the dimension.
        """

    @abstractmethod
    def encode(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Return the places of values, shape (n,), in [0, 1].

        Raises
        ------
        OutsideError
            If a value lies outside of the dimension.
        """

    @abstractmethod
    def decode(self, u: NDArray[np.float64]) -> list[Any]:
        """Return the values at places of shape (n,) in [0, 1]."""

    @abstractmethod
    def snap(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ``encode(decode(u))``, shape (n,), without making the values."""

    def to_json(self, value: Any) -> Any:
        """Return a number that stands for the value in JSON."""
        return self.canonical(value)

    def from_json(self, stored: Any) -> Any:
        """Return the value that `to_json` stored."""
        return self.canonical(stored)

    def signature(self) -> dict[str, Any]:
        """Return a JSON-able description, the same in every process."""
        return {"type": type(self).__name__, **{name: describe(part) for name, part in self._parts().items()}}

    def is_identical(self, other: Dimension) -> bool:
        """Whether both have the very same values; ``==`` asks for equal ones, as two fitted estimators may be."""
        return type(self) is type(other) and freeze(self._parts()) == freeze(other._parts())

    def _parts(self) -> dict[str, Any]:
        """What makes two dimensions equal."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return same(self._parts(), other._parts())

    def __hash__(self) -> int:
        # Values may be unhashable, and equal ones may hash differently: only their number is sure.
        return hash((type(self).__name__, self.n_choices))

    def __repr__(self) -> str:
        arguments = [_listed(getattr(self, part.name)) for part in fields(self) if not part.kw_only]
        arguments += [
            f"{part.name}={shown(getattr(self, part.name))}"
            for part in reversed(fields(self))
            if part.kw_only and getattr(self, part.name) != part.default
        ]
        return f"{type(self).__name__}({', '.join(arguments)})"

    def __getstate__(self) -> dict[str, Any]:
        # What was derived may refer to the identity of values, which a copy does not share.
        return {part.name: getattr(self, part.name) for part in fields(self)}


class Discrete(Dimension):
    """A dimension of finitely many levels, numbered from 0, each with a cell of the unit interval.

    * ``level_of(center_of(levels))`` must be ``levels``.
    * ``find(value_at(level))`` must be ``level``.
    """

    @property
    @abstractmethod
    def n_choices(self) -> int:
        """Number of levels."""

    @abstractmethod
    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the levels in whose cells the places lie, shape (n,)."""

    @abstractmethod
    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the places that stand for levels, shape (n,), in (0, 1)."""

    @abstractmethod
    def value_at(self, level: int) -> Any:
        """Return the value of a level."""

    @abstractmethod
    def find(self, value: Any) -> int:
        """Return the level of a value.

        Raises
        ------
        OutsideError
            If the value lies outside of the dimension.
        """

    def canonical(self, value: Any) -> Any:
        """Return the value of the level that ``value`` has."""
        return self.value_at(self.find(value))

    def encode(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Return the centres of the values' cells, shape (n,), in (0, 1)."""
        return self.center_of(np.array([self.find(value) for value in values], dtype=np.int64))

    def decode(self, u: NDArray[np.float64]) -> list[Any]:
        """Return the values of the cells in which places of shape (n,) lie."""
        return [self.value_at(level) for level in self.level_of(u).tolist()]

    def snap(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the centres of the cells in which places of shape (n,) lie."""
        return self.center_of(self.level_of(u))


def _listed(value: Any) -> str:
    """Return what a message shows of an argument: of a tuple each element by itself, should one have no repr."""
    if not isinstance(value, tuple):
        return shown(value)
    return f"({', '.join(map(shown, value))}{',' if len(value) == 1 else ''})"


def equal_cells(u: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Return which of ``n`` cells of equal width the places lie in, shape (n,)."""
    return np.minimum(np.maximum(u * n, 0.0), n - 1).astype(np.int64)
