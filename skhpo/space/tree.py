"""From what a user writes to the parameters of a space: who depends on whom, and who has which column.

A list of dictionaries is one tree: a hidden categorical chooses the dictionary. A parameter that several dictionaries
have in common, with the very same domain under the same conditions, is one parameter, so that a model learns about it
from all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.space.choices import Categorical
from skhpo.space.dimension import Dimension, Discrete, OutsideError
from skhpo.space.interop import as_dimension, dicts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SEPARATOR = "__"
"""What stands between a step and its parameter."""

_MOST_NEAR = 5
"""Names that a message suggests."""

BRANCH = "<branch>"
"""Name of the hidden column that chooses the dictionary; no estimator can have a parameter of this name."""


class Requirement(NamedTuple):
    """A column that needs to be active and on one of these levels."""

    column: int
    levels: tuple[int, ...]


@dataclass(eq=False)
class Entry:
    """A parameter in its place in the space.

    Parameters
    ----------
    name : str
        The parameter.
    dimension : Dimension
        Its domain.
    column : int or None
        Its column in the cube; None for a constant, which takes none.
    requires : tuple of Requirement
        All of which need to hold where the parameter is active. Columns of parents come before those of children.
    branches : list of int
        Dictionaries that hold the parameter.
    """

    name: str
    dimension: Dimension
    column: int | None
    requires: tuple[Requirement, ...] = ()
    branches: list[int] = field(default_factory=list)

    def is_active(self, levels: Mapping[int, int]) -> bool:
        """Whether the parameter is active, from the levels of the active columns before it."""
        return all(levels.get(column) in wanted for column, wanted in self.requires)


def grow(param_distributions: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> tuple[list[Entry], list[list[Entry]]]:
    """Return the parameters of a space, and those of each of its dictionaries.

    Parameters
    ----------
    param_distributions : dict or list of dicts
        The space as a user writes it.

    Returns
    -------
    entries : list of Entry
        Parents before children; the hidden branch first, if there is one.
    branches : list of list of Entry
        The parameters of each dictionary, parents before children.

    Raises
    ------
    TypeError
        If it is neither, or a parameter has nothing that can be tried, or depends on one without separate values.
    ValueError
        If the list is empty, or a condition cannot be met.
    """
    mappings = mappings_of(param_distributions)
    entries: list[Entry] = []
    if len(mappings) > 1:
        entries.append(Entry(BRANCH, Categorical(range(len(mappings))), 0, branches=list(range(len(mappings)))))
    n_columns = len(entries)
    branches = []
    for number, mapping in enumerate(mappings):
        dimensions = {name: as_dimension(name, mapping[name]) for name in sorted(mapping)}
        placed: dict[str, Entry] = {}
        for name in _parents_first(dimensions):
            dimension = dimensions[name]
            requires = _requirements(name, dimension, placed)
            shared = (
                e for e in entries if (e.name, e.requires) == (name, requires) and e.dimension.is_identical(dimension)
            )
            entry = next(shared, None)
            if entry is None:
                entry = Entry(name, dimension, n_columns if dimension.n_choices > 1 else None, requires)
                entries.append(entry)
                n_columns += entry.column is not None
            entry.branches.append(number)
            placed[name] = entry
        branches.append(list(placed.values()))
    return entries, branches


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the question that ends a message about an unknown name; nothing where no known name is near.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        Names that would have been right.

    Examples
    --------
    >>> pipeline = ["pca", "pca__n_components", "svc", "svc__C", "svc__gamma"]
    >>> did_you_mean("C", pipeline), did_you_mean("gama", pipeline), did_you_mean("svc__c", pipeline[3:])
    (" Did you mean 'svc__C'?", " Did you mean 'svc__gamma'?", " Did you mean 'svc__C'?")
    """
    near = _nearest(name, sorted(known, key=lambda other: other.count(SEPARATOR)))[:_MOST_NEAR]
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def _nearest(name: str, known: list[str]) -> list[str]:
    """Return what was meant, by the first rule that finds something.

    The capitals are others; the step was forgotten (``C`` for ``svc__C``); a few letters are wrong; the step is wrong
    or forgotten, and a few letters of the parameter may be wrong too.
    """
    if same := [other for other in known if other.casefold() == name.casefold()]:
        return same
    if nested := [other for other in known if other.endswith(SEPARATOR + name)]:
        return nested
    if close := get_close_matches(name, known):
        return close
    last = {other: _last(other) for other in known}
    meant = get_close_matches(_last(name), set(last.values()), n=1)
    return [other for other in known if last[other] in meant]


def _last(name: str) -> str:
    """Return the part of a name behind its steps, whatever its capitals."""
    return name.rpartition(SEPARATOR)[2].casefold()


def mappings_of(param_distributions: Any) -> list[Mapping[str, Any]]:
    """Return the dicts of a space.

    Raises
    ------
    TypeError
        If it is neither a dict nor a list of them, or a name is no string.
    ValueError
        If the list is empty.
    """
    mappings = dicts_of(param_distributions)
    if not mappings:
        raise ValueError("A space needs at least one dict, got an empty list. An empty dict is a space of one point.")
    for name in (name for mapping in mappings for name in mapping):
        if not isinstance(name, str):
            raise TypeError(f"A parameter's name needs to be a string, got {name!r}.")
    return mappings


def _parents_first(dimensions: Mapping[str, Dimension]) -> list[str]:
    """Return the names in the order in which they are given, except that parents come before their children."""
    order: dict[str, None] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise ValueError(f"Conditions need to end somewhere, got the circle {circle}. Take one of them away.")
        if name in order:
            return
        for parent in dimensions[name].when or ():
            if parent not in dimensions:
                raise ValueError(
                    f"Parameter {name!r} needs a parent that is searched with it, got when={dimensions[name].when!r}."
                    f"{did_you_mean(str(parent), dimensions)} Add {parent!r} to the space, or fix the name."
                )
            visit(parent, (*path, name))
        order[name] = None

    for name in dimensions:
        visit(name, ())
    return list(order)


def _requirements(name: str, dimension: Dimension, placed: Mapping[str, Entry]) -> tuple[Requirement, ...]:
    requires: list[Requirement] = []
    for parent, values in (dimension.when or {}).items():
        entry = placed[parent]
        if not isinstance(entry.dimension, Discrete):
            raise TypeError(
                f"Parameter {name!r} needs a parent with separate values, got {parent!r}: {entry.dimension!r}. "
                "Make the parent an Int, a Categorical or a list."
            )
        try:
            levels = tuple(sorted({entry.dimension.find(value) for value in values}))
        except OutsideError as error:
            raise ValueError(
                f"Parameter {name!r} needs values that its parent {parent!r} can take in when: {error} "
                "A list is several values, anything else is one."
            ) from error
        # A constant has its value wherever it is active: what it requires itself stands in its place.
        requires += entry.requires if entry.column is None else [Requirement(entry.column, levels)]
    return tuple(requires)
