"""The columns of a space as arrays: which are active where, and what the points of the unit cube mean.

A surrogate and an acquisition search ask for this all the time, so each question takes a few array operations per
column and makes no objects.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.space.dimension import Discrete
from skhpo.space.tree import BRANCH, Entry, Requirement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_MIDDLE = 0.5
"""Where the inactive columns of a canonical point lie."""


class Cube:
    """The unit cube of a space.

    Parameters
    ----------
    entries : list of Entry
        All parameters of the space, parents before children; the hidden branch first, if there is one.
    n_branches : int
        Number of dictionaries of the space.
    """

    def __init__(self, entries: Sequence[Entry], n_branches: int) -> None:
        # That a parameter belongs to some of the dictionaries is a condition like others, on the hidden column 0.
        conditions = [
            [Requirement(0, tuple(entry.branches)), *entry.requires]
            if len(entry.branches) < n_branches
            else list(entry.requires)
            for entry in entries
        ]
        both = list(zip(entries, conditions, strict=True))
        self.columns = [entry for entry in entries if entry.column is not None]
        self._requires = [requires for entry, requires in both if entry.column is not None]
        self._by_name = sorted((pair for pair in both if pair[0].name != BRANCH), key=lambda pair: pair[0].name)
        self._parents = {column for requires in conditions for column, _ in requires}

    def active(self, U: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return which columns are active at points, both of shape (n, d)."""
        return self._active(U, self._levels(U))

    def snap(self, U: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the canonical points of the cells in which points lie, both of shape (n, d)."""
        snapped = np.empty_like(U)
        for j, entry in enumerate(self.columns):
            snapped[:, j] = entry.dimension.snap(U[:, j])
        snapped[~self.active(U)] = _MIDDLE
        return snapped

    def decode(self, U: NDArray[np.float64]) -> list[dict[str, Any]]:
        """Return the active parameters at points of shape (n, d), sorted by name."""
        rows: list[dict[str, Any]] = [{} for _ in range(len(U))]
        levels = self._levels(U)
        active = self._active(U, levels)
        for entry, requires in self._by_name:
            if entry.column is None:
                is_active = self._is_active(requires, levels, active)
                u = np.full(len(U), _MIDDLE)
            else:
                is_active = active[:, entry.column]
                u = U[:, entry.column]
            values = entry.dimension.decode(u[is_active])
            for i, value in zip(np.flatnonzero(is_active).tolist(), values, strict=True):
                rows[i][entry.name] = value
        return rows

    def encode(self, rows: Sequence[Mapping[int, Any]]) -> NDArray[np.float64]:
        """Return the canonical points, shape (n, d), of the values of active columns, by column."""
        U = np.full((len(rows), len(self.columns)), _MIDDLE)
        for j, entry in enumerate(self.columns):
            chosen = [i for i, row in enumerate(rows) if j in row]
            if chosen:
                U[chosen, j] = entry.dimension.encode([rows[i][j] for i in chosen])
        return U

    def _levels(self, U: NDArray[np.float64]) -> dict[int, NDArray[np.int64]]:
        """Return the levels of the columns that others depend on, shape (n,) each."""
        levels = {}
        for column in self._parents:
            dimension = self.columns[column].dimension
            if isinstance(dimension, Discrete):
                levels[column] = dimension.level_of(U[:, column])
        return levels

    def _active(self, U: NDArray[np.float64], levels: Mapping[int, NDArray[np.int64]]) -> NDArray[np.bool_]:
        active = np.ones(U.shape, dtype=bool)
        for j, requires in enumerate(self._requires):
            if requires:
                active[:, j] = self._is_active(requires, levels, active)
        return active

    def _is_active(
        self, requires: Sequence[Requirement], levels: Mapping[int, NDArray[np.int64]], active: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        """Return where a parameter is active, shape (n,), from the levels and the activity of the columns before it."""
        is_active = np.ones(len(active), dtype=bool)
        for column, wanted in requires:
            is_active &= active[:, column] & np.isin(levels[column], wanted)
        return is_active
