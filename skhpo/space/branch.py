"""The parameters of one dictionary of a space: which configurations they have, how many, and which is number i.

Counting multiplies what is independent and adds up what excludes each other. Parameters that depend on each other
form a *cluster*; clusters are independent. The levels of a parent fall into *sets* that switch on the same children.
Choosing a set for each parent of a cluster gives a *cell*, in which the parameters that are active are known, and
therefore independent again. So a tree of a million configurations is counted from a handful of cells.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from contextlib import suppress
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.space.dimension import Discrete, OutsideError
from skhpo.space.values import freeze

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from skhpo.space.tree import Entry

# Up to this many values of a parameter are compared to see that two dictionaries have none in common.
_MOST_COMPARED = 10_000


class _LevelSet(NamedTuple):
    """Levels of a parameter that switch on the same children: those listed, or all but those."""

    listed: tuple[int, ...]
    is_complement: bool
    size: int | float

    @property
    def representative(self) -> int:
        """A level with the children of the set; -1, which no condition lists, for a complement."""
        return -1 if self.is_complement else self.listed[0]

    def at(self, rank: int) -> int:
        return nth_missing(rank, self.listed) if self.is_complement else self.listed[rank]


class _Cell(NamedTuple):
    """The active parameters of a cluster and their levels: all combinations of them are configurations."""

    entries: tuple[tuple[Entry, _LevelSet], ...]

    @property
    def size(self) -> int | float:
        return product(levels.size for _, levels in self.entries)


class _Cluster:
    """Parameters that depend on each other."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._cells = [_Cell(cell) for cell in self._split(0, {})]
        sizes = [cell.size for cell in self._cells]
        self.size: int | float = math.inf if math.inf in sizes else sum(sizes)

    def at(self, rank: int) -> dict[str, Any]:
        """Return the values of the cluster's configuration number ``rank``."""
        number = bisect_right(self._starts, rank) - 1
        rank -= self._starts[number]
        values = {}
        for entry, levels in reversed(self._cells[number].entries):
            rank, digit = divmod(rank, int(levels.size))
            values[entry.name] = _discrete(entry).value_at(levels.at(digit))
        return values

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate((int(cell.size) for cell in self._cells[:-1]), initial=0))

    def _split(self, first: int, chosen: Mapping[int, int]) -> Iterator[tuple[tuple[Entry, _LevelSet], ...]]:
        """Yield the cells of the entries from ``first`` on, given levels that stand for sets of the columns before."""
        if first == len(self._entries):
            yield ()
            return
        entry = self._entries[first]
        if not entry.is_active(chosen):
            yield from self._split(first + 1, chosen)
            return
        for levels in self._level_sets(entry):
            now = chosen if entry.column is None else {**chosen, entry.column: levels.representative}
            for cell in self._split(first + 1, now):
                yield ((entry, levels), *cell)

    def _level_sets(self, entry: Entry) -> list[_LevelSet]:
        wanted = [levels for child in self._entries for column, levels in child.requires if column == entry.column]
        by_children: dict[tuple[bool, ...], list[int]] = {}
        for level in sorted({level for levels in wanted for level in levels}):
            by_children.setdefault(tuple(level in levels for levels in wanted), []).append(level)
        sets = [_LevelSet(tuple(levels), False, len(levels)) for levels in by_children.values()]
        listed = tuple(sorted(level for levels in by_children.values() for level in levels))
        n_left = entry.dimension.n_choices - len(listed)
        return [*sets, _LevelSet(listed, True, n_left)] if n_left else sets


class Branch:
    """The parameters of one dictionary of a space.

    Parameters
    ----------
    entries : sequence of Entry
        Parents before children.
    """

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._parents = {column for entry in entries for column, _ in entry.requires}

    @property
    def n_choices(self) -> int | float:
        """Number of configurations."""
        return product(cluster.size for cluster in self._clusters)

    def at(self, rank: int) -> dict[str, Any]:
        """Return configuration number ``rank``, from 0 to ``n_choices - 1``."""
        values: dict[str, Any] = {}
        for cluster in reversed(self._clusters):
            rank, digit = divmod(rank, int(cluster.size))
            values |= cluster.at(digit)
        return {name: values[name] for name in sorted(values)}

    def read(self, params: Mapping[str, Any]) -> dict[str, tuple[Entry, Any]]:
        """Return the active parameters with their values as they would be decoded.

        Parameters
        ----------
        params : mapping of str to object
            May hold more than what is active.

        Raises
        ------
        ValueError
            If an active parameter is missing, or has a value outside of its dimension.
        """
        levels: dict[int, int] = {}
        found = {}
        for entry in self.entries:
            if not entry.is_active(levels):
                continue
            if entry.name not in params:
                raise ValueError(f"Parameter {entry.name!r} is missing. Give it a value.")
            try:
                value = entry.dimension.canonical(params[entry.name])
            except OutsideError as error:
                error.name = entry.name
                raise
            found[entry.name] = entry, value
            if entry.column in self._parents:
                levels[entry.column] = _discrete(entry).find(value)
        return found

    def active(self, params: Mapping[str, Any]) -> list[str]:
        """Return the names of the parameters that are active, where values may be missing or lie outside."""
        levels: dict[int, int] = {}
        names = []
        for entry in self.entries:
            if entry.is_active(levels):
                names.append(entry.name)
                if entry.column in self._parents and entry.name in params:
                    with suppress(OutsideError):
                        levels[entry.column] = _discrete(entry).find(params[entry.name])
        return names

    def restore(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration of what `Dimension.to_json` made of its values.

        Raises
        ------
        ValueError
            If it is none of these parameters.
        """
        dimensions = {entry.name: entry.dimension for entry in self.entries if entry.name in stored}
        values = {name: dimensions[name].from_json(stored[name]) for name in sorted(dimensions)}
        if self.read(values).keys() != stored.keys():
            raise ValueError(f"A stored configuration needs the active parameters of its space, got {sorted(stored)}.")
        return values

    def is_disjoint(self, other: Branch) -> bool:
        """Whether it is plain that no configuration lies in both: from the parameters that are always active."""
        mine, theirs = self._always, other._always
        if mine.keys() - {entry.name for entry in other.entries} or theirs.keys() - {e.name for e in self.entries}:
            return True
        return any(
            not (mine[name] is theirs[name] or _values(mine[name]) & _values(theirs[name]))
            for name in mine.keys() & theirs.keys()
            if _is_comparable(mine[name]) and _is_comparable(theirs[name])
        )

    @property
    def _always(self) -> dict[str, Entry]:
        return {entry.name: entry for entry in self.entries if not entry.requires}

    @cached_property
    def _clusters(self) -> list[_Cluster]:
        groups: list[list[Entry]] = []
        for entry in self.entries:
            parents = {column for column, _ in entry.requires}
            apart, linked = [], [entry]
            for group in reversed(groups):
                if any(member.column in parents for member in group):
                    linked = [*group, *linked]
                else:
                    apart.append(group)
            groups = [*reversed(apart), linked]
        return [_Cluster(group) for group in groups]


def nth_missing(rank: int, excluded: Sequence[int]) -> int:
    """Return the number of a rank among 0, 1, 2, ... without the excluded, which are sorted."""
    return rank + bisect_right(range(len(excluded)), rank, key=lambda i: excluded[i] - i)


def product(sizes: Iterator[int | float]) -> int | float:
    """Return the product of counts, exact where all are finite."""
    factors = list(sizes)
    return math.inf if math.inf in factors else math.prod(factors)


def _discrete(entry: Entry) -> Discrete:
    if not isinstance(entry.dimension, Discrete):
        raise TypeError(f"Parameter {entry.name!r} needs separate values to have levels, got {entry.dimension!r}.")
    return entry.dimension


def _is_comparable(entry: Entry) -> bool:
    return isinstance(entry.dimension, Discrete) and entry.dimension.n_choices <= _MOST_COMPARED


def _values(entry: Entry) -> set[Hashable]:
    dimension = _discrete(entry)
    return {freeze(dimension.value_at(level)) for level in range(dimension.n_choices)}
