"""The model of the score on a grid of one or two parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import qmc

from skhpo.plotting.axis import ParamAxis, name_label, value_label
from skhpo.space import params_key
from skhpo.space.dimension import Discrete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.plotting.model import Model
    from skhpo.space import Dimension

_N_GRID = {1: 101, 2: 41}
_LOG2_AVERAGED = {1: 8, 2: 6}
"""An average is over so many points of the space, as a power of 2, at each place of one or two axes: it should take no
longer than a few seconds."""

_MOST_AT_ONCE = 4096
_MOST_SAID = 4

_NEAR = 0.25
"""At this distance from the others of a line, as a share of their ranges, a trial counts for 1 / e of one on it."""

_MOST_CELLS_ASIDE = 16
"""A table of more columns or rows is a map."""

_LEAST_MEASURED = 0.5
"""A table is one of scores, not of what the model makes of a few of them."""


class Table(NamedTuple):
    """What was observed for pairs of values, NaN where nothing was.

    Parameters
    ----------
    scores, std : ndarray of shape (m_0, m_1)
        Mean scores, and their standard deviations over the splits.
    failed : ndarray of shape (m_0, m_1), bool
        Pairs that were tried and have no score.
    estimated : ndarray of shape (m_0, m_1), bool
        Pairs that were not run in full, so that the score is what it would be.
    """

    scores: NDArray[np.float64]
    std: NDArray[np.float64]
    failed: NDArray[np.bool_]
    estimated: NDArray[np.bool_]


class Surface:
    """The model on a grid.

    Parameters
    ----------
    model : Model
        What was tried, and what is believed of it.
    names : list of str
        One or two parameters.
    others : {"best", "average"} or dict
        The other parameters.

    Attributes
    ----------
    axes : list of ParamAxis
        Of the parameters.
    grid : list of ndarray
        Positions on the axes, of shapes (m_i,).
    others_label : str
        What to say of the others.
    """

    def __init__(self, model: Model, names: Sequence[str], others: str | Mapping[str, Any]) -> None:
        self.model = model
        self.trials, self._sampler = model.trials, model.sampler
        names = self.trials.checked(names)
        if len(names) not in _N_GRID or len(set(names)) < len(names):
            raise ValueError(f"params need to be one or two different parameters, got {names!r}.")
        if not (isinstance(others, Mapping) or others in {"best", "average"}):
            raise ValueError(f'others need to be "best", "average" or a dict, got {others!r}.')
        self._space = self._sampler.space
        if constant := [name for name in names if name not in self._space.names]:
            raise ValueError(f"params need to vary within a dict of the space, got {constant[0]!r}, which does not.")
        self.axes = [ParamAxis.of(self.trials, name) for name in names]
        rows = self._best_first()
        is_active = self._space.active(rows)
        self._columns, self._base = self._columns_and_base(names, rows, is_active)
        if isinstance(others, Mapping):
            self._set(others)
        self.others_label = self._say(names, others)
        self._is_average = others == "average"
        self.grid, self._places = [], []
        for axis, column in zip(self.axes, self._columns, strict=True):
            positions, places = self._grid(axis, column, _N_GRID[len(names)])
            self.grid.append(positions)
            self._places.append(places)

    def predict(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return mean and standard deviation, each of shape (m_0,) or (m_0, m_1); NaN where they are inactive."""
        points = np.stack(np.meshgrid(*self._places, indexing="ij"), axis=-1).reshape(-1, len(self._places))
        base = self._base[None]
        if self._is_average:
            base = qmc.Sobol(self._space.n_columns, scramble=True, seed=np.random.default_rng(0)).random_base2(
                _LOG2_AVERAGED[len(self._places)]
            )
        n, k = len(points), len(base)
        means, stds = np.empty((n, k)), np.empty((n, k))
        step = max(1, _MOST_AT_ONCE // k)
        for first in range(0, n, step):
            part = points[first : first + step]
            rows = np.repeat(base[None], len(part), axis=0)
            rows[:, :, self._columns] = part[:, None, :]
            rows = rows.reshape(-1, self._space.n_columns)
            is_active = self._space.active(rows)[:, self._columns].all(axis=1)
            belief = self._sampler.predict_at(self._space.snap(rows))
            means[first : first + step] = np.where(is_active, belief.mean, np.nan).reshape(len(part), k)
            stds[first : first + step] = np.where(is_active, belief.std, np.nan).reshape(len(part), k)
        shape = [len(places) for places in self._places]
        return _mean(means).reshape(shape), _mean(stds).reshape(shape)

    def nearness(self) -> NDArray[np.float64]:
        """Return how near the trials are to the other parameters of the line, in [0, 1], shape (n_trials,).

        That is exp(-(d / 0.25)^2), with d the mean over the other parameters of the distance as a share of the range;
        two categories, and a value and its absence, are 1 apart. All trials are near to an average, and the untuned
        estimator, where it lies outside of the space, is near to nothing else.
        """
        params = [self.trials.params[row] for row in self.model.rows]
        names = {self._space.names[column] for column in self._columns}
        others = [j for j, name in enumerate(self._space.names) if name not in names]
        if self._is_average or not others:
            return np.ones(len(params))
        is_inside = np.array([self._space.contains(row) for row in params])
        nearness = np.zeros(len(params))
        rows = self._space.encode([row for row, inside in zip(params, is_inside, strict=True) if inside])
        nearness[is_inside] = np.exp(-((self._distances(rows, others) / _NEAR) ** 2))
        return nearness

    def _distances(self, rows: NDArray[np.float64], columns: Sequence[int]) -> NDArray[np.float64]:
        """Return the distances of points from the line in some columns, shape (n,)."""
        base = self._space.snap(self._base[None])
        here, there = self._space.active(rows)[:, columns], self._space.active(base)[:, columns]
        found = np.abs(rows - base)[:, columns]
        is_category = np.array([self._space.dimensions[j].is_categorical for j in columns])
        found = np.where(is_category, found > 1e-9, found)
        found = np.where(here & there, found, (here != there).astype(float))
        distances: NDArray[np.float64] = found.sum(axis=1) / np.maximum(1, (here | there).sum(axis=1))
        return distances

    def measured(self) -> Table | None:
        """Return the table of what was observed, where two parameters have few values and most cells were tried.

        Of an average, a cell is the mean of all trials in it.
        """
        dimensions = [self._space.dimensions[column] for column in self._columns]
        if len(dimensions) != 2 or not all(map(_is_small, dimensions)):
            return None
        shape = [len(places) for places in self._places]
        cells = self._trials_in_cells()
        if len(cells) < _LEAST_MEASURED * np.prod(shape):
            return None
        trials = self.trials
        known = dict(zip(self.model.rows.tolist(), self.model.scores.tolist(), strict=True))
        table = Table(np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape, bool), np.zeros(shape, bool))
        for cell, rows in cells.items():
            scored = [row for row in rows if np.isfinite(known[row])]
            table.failed[cell] = not scored
            table.estimated[cell] = bool((~trials.is_full | trials.stopped)[scored].any())
            if scored:
                table.scores[cell] = np.mean([known[row] for row in scored])
                table.std[cell] = trials.split_scores[scored].std(axis=1).mean()  # NaN where not all splits were run
        return table

    def _trials_in_cells(self) -> dict[tuple[int, int], list[int]]:
        """Return the rows of the trials that stand in each cell of a grid of two parameters."""
        points = np.stack(np.meshgrid(*self._places, indexing="ij"), axis=-1).reshape(-1, 2)
        rows = np.repeat(self._base[None], len(points), axis=0)
        rows[:, self._columns] = points
        names = [axis.name for axis in self.axes]

        def key(params: Mapping[str, Any]) -> Any:
            return params_key({name: params[name] for name in names if name in params} if self._is_average else params)

        cell_of = {
            key(params): divmod(i, len(self._places[1]))
            for i, params in enumerate(self._space.decode(self._space.snap(rows)))
        }
        cells: dict[tuple[int, int], list[int]] = {}
        for row in self.model.rows.tolist():
            cell = cell_of.get(key(self.trials.params[row]))
            if cell is not None:
                cells.setdefault(cell, []).append(row)
        return cells

    def _best_first(self) -> NDArray[np.float64]:
        """Return the points of all trials, shape (n, d), the best first: with most of the resource, then of score."""
        trials = self.trials
        resources = np.zeros(len(trials.params)) if trials.resources is None else trials.resources
        order = np.lexsort((-np.nan_to_num(trials.scores, nan=-np.inf), -resources))
        if trials.best is not None:
            order = np.concatenate([[trials.best], order[order != trials.best]])
        # The untuned estimator may lie outside of the space.
        shown = [trials.params[row] for row in order if self._space.contains(trials.params[row])]
        rows: NDArray[np.float64] = self._space.encode(shown)
        return rows

    def _columns_and_base(
        self, names: Sequence[str], rows: NDArray[np.float64], is_active: NDArray[np.bool_]
    ) -> tuple[list[int], NDArray[np.float64]]:
        """Return the columns of the parameters, and the point from which they vary, shape (d,).

        Columns that are inactive there are those of the best trial in which they are active.
        """
        candidates = [[j for j, known in enumerate(self._space.names) if known == name] for name in names]
        for row, active in zip(rows, is_active, strict=True):
            found = [[j for j in columns if active[j]] for columns in candidates]
            if all(found):
                chosen = row, active
                break
        else:  # as a parent's category on one axis and another's child on the other
            chosen = rows[0], is_active[0]
            found = candidates
        base = chosen[0].copy()
        for j in np.flatnonzero(~chosen[1]):
            having = np.flatnonzero(is_active[:, j])
            if len(having):
                base[j] = rows[having[0], j]
        return [columns[0] for columns in found], base

    def _set(self, others: Mapping[str, Any]) -> None:
        """Give the other parameters these values.

        Raises
        ------
        ValueError
            If one was not searched, or cannot have its value.
        """
        for name, value in others.items():
            columns = [j for j, known in enumerate(self._space.names) if known == name]
            if not columns:
                raise ValueError(f"others need to be parameters of the space, {self.trials.names}, got {name!r}.")
            for j in columns:
                self._base[j] = self._space.dimensions[j].encode([value])[0]

    def _say(self, names: Sequence[str], others: str | Mapping[str, Any]) -> str:
        if others == "average":
            return "averaged over the other parameters"
        (params,) = self._space.decode(self._base[None])
        parts = [f"{name_label(name)} = {value_label(value)}" for name, value in params.items() if name not in names]
        if len(parts) > _MOST_SAID:
            parts = [*parts[:_MOST_SAID], f"and {len(parts) - _MOST_SAID} more"]
        parts = [part.replace(" ", "\N{NO-BREAK SPACE}") for part in parts]
        return f"with {', '.join(parts)}" if parts else ""

    def _grid(self, axis: ParamAxis, column: int, n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return positions on an axis and places in the cube, of as many different values as there are, at most n."""
        dimension = self._space.dimensions[column]
        if dimension.is_categorical:
            n = int(dimension.n_choices)
            places = (np.arange(n) + 0.5) / n
        else:
            places = dimension.snap(np.linspace(0.0, 1.0, n))
        positions = axis.positions([{axis.name: value} for value in dimension.decode(places)])
        low, high = axis.limits
        slack = 1e-9 * abs(high - low)
        inside = (positions >= low - slack) & (positions <= high + slack)
        positions, first = np.unique(positions[inside], return_index=True)
        return positions, places[inside][first]


def _is_small(dimension: Dimension) -> bool:
    """Whether a parameter has few values."""
    return isinstance(dimension, Discrete) and dimension.n_choices <= _MOST_CELLS_ASIDE


def _mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of rows over what is known, NaN where nothing is, shape (n,)."""
    counts = np.sum(~np.isnan(values), axis=1)
    means = np.full(len(values), np.nan)
    np.divide(np.nansum(values, axis=1), counts, out=means, where=counts > 0)
    return means
