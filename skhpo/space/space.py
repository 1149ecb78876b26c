"""The space that dimensions span: parameters outside, points of the unit cube inside."""

from __future__ import annotations

import math
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from skhpo.content import IndescribableError, describe
from skhpo.space.branch import Branch, nth_missing
from skhpo.space.cube import Cube
from skhpo.space.dimension import Dimension
from skhpo.space.interop import is_plain
from skhpo.space.long import LONG
from skhpo.space.tree import BRANCH, Entry, did_you_mean, grow, mappings_of
from skhpo.space.values import params_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

_MOST_COMPARED = 100_000
"""Configurations of a dict that are looked for in the dicts before it; of more, each counts as one of its own."""

Params: TypeAlias = dict[str, Any]


class Space:
    """All configurations that may be tried, as points of a unit cube.

    A parameter with more than one value has a column; a conditional parameter is active in some points only, and its
    column is at 0.5 in the others. A list of dicts is one space, with a hidden categorical column for the choice
    between them. Parameters go by their names, whatever the order in which they were written.

    *Canonical* is a point that has each column in the middle of its value's cell, and inactive columns at 0.5: one
    point for each configuration. A configuration that lies in several dicts is read as one of the first of them.

    Parameters
    ----------
    param_distributions : dict or list of dicts
        For each parameter a `Float`, `Int` or `Categorical`, a list of values, a distribution of scipy.stats, or a
        dimension of scikit-optimize or Optuna.

    Attributes
    ----------
    parameters : dict of str to Dimension
        Domain of each parameter, constants included; in the first dict that has it.
    names : tuple of str of length n_columns
        Parameter of each column.
    dimensions : tuple of Dimension of length n_columns
        Domain of each column.
    n_columns : int
        Number of columns d of the cube.
    is_categorical : ndarray of shape (n_columns,), bool
        Whether the values of a column have no order.
    n_levels : ndarray of shape (n_columns,)
        Number of values of a column, inf for a continuum.
    is_plain : bool
        Whether scikit-learn could search the space by itself.

    Raises
    ------
    TypeError
        If a parameter has nothing that can be tried.
    ValueError
        If a parameter has no values, or a condition cannot be met.

    Examples
    --------
    >>> from skhpo.space import Float, Space
    >>> space = Space({"kernel": ["linear", "rbf"], "gamma": Float(1e-4, 1.0, log=True, when={"kernel": "rbf"})})
    >>> space.names
    ('kernel', 'gamma')
    >>> space.decode([[0.25, 0.5], [0.75, 1.0]])
    [{'kernel': 'linear'}, {'gamma': 1.0, 'kernel': 'rbf'}]
    >>> Space({"kernel": ["linear", "rbf"], "shrinking": [True, False]}).n_choices
    4
    """

    def __init__(self, param_distributions: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> None:
        self.param_distributions = param_distributions
        entries, branches = grow(param_distributions)
        self._branches = [Branch(entries) for entries in branches]
        self._cube = Cube(entries, len(branches))
        columns = self._cube.columns
        self.parameters: dict[str, Dimension] = {e.name: e.dimension for e in reversed(entries) if e.name != BRANCH}
        self.names = tuple(entry.name for entry in columns)
        self.dimensions = tuple(entry.dimension for entry in columns)
        self.n_columns = len(columns)
        self.is_categorical = np.array([entry.dimension.is_categorical for entry in columns], dtype=bool)
        self.n_levels = np.array([entry.dimension.n_choices for entry in columns], dtype=np.float64)
        self.is_plain = is_plain(param_distributions)

    def decode(self, U: ArrayLike) -> list[Params]:
        """Return the configurations at points.

        Parameters
        ----------
        U : array-like of shape (n, n_columns)
            Points of the unit cube.

        Returns
        -------
        params : list of dict
            The active parameters of each, sorted by name, with the user's own objects as values.
        """
        return self._cube.decode(np.asarray(U, dtype=np.float64))

    def encode(self, params: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return the canonical points of configurations.

        Parameters
        ----------
        params : sequence of mappings of str to object
            Configurations. What they hold of inactive parameters does not matter.

        Returns
        -------
        U : ndarray of shape (n, n_columns)
            Points of the unit cube, inactive columns at 0.5.

        Raises
        ------
        ValueError
            If a configuration lies outside of the space.
        """
        rows = []
        for configuration in params:
            number, found = self._place(configuration)
            row = {entry.column: value for entry, value in found.values() if entry.column is not None}
            rows.append(row if len(self._branches) == 1 else {0: number, **row})
        return self._cube.encode(rows)

    def snap(self, U: ArrayLike) -> NDArray[np.float64]:
        """Return the canonical points of the cells in which points lie, both of shape (n, n_columns)."""
        return self._cube.snap(np.asarray(U, dtype=np.float64))

    def active(self, U: ArrayLike) -> NDArray[np.bool_]:
        """Return which columns are active at points, both of shape (n, n_columns)."""
        return self._cube.active(np.asarray(U, dtype=np.float64))

    def sample(self, rng: np.random.Generator, n: int) -> list[Params]:
        """Return ``n`` configurations drawn from the prior, which is uniform in the cube."""
        return self.decode(rng.random((n, self.n_columns)))

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Whether a configuration lies in the space, whatever it holds of inactive parameters."""
        try:
            self._place(params)
        except ValueError:
            return False
        return True

    def active_names(self, params: Mapping[str, Any]) -> list[str]:
        """Return the parameters that are active in some dict, sorted; values may be missing, or lie outside."""
        return sorted({name for branch in self._branches for name in branch.active(params) if name in self.parameters})

    def canonical(self, params: Mapping[str, Any]) -> Params:
        """Return the active parameters of a configuration, with values as `decode` returns them.

        Raises
        ------
        ValueError
            If the configuration lies outside of the space.
        """
        _, found = self._place(params)
        return {name: found[name][1] for name in sorted(found)}

    def key(self, params: Mapping[str, Any]) -> Hashable:
        """Return the identity of a configuration: equal for equal active values.

        Raises
        ------
        ValueError
            If the configuration lies outside of the space.
        """
        return params_key(self.canonical(params))

    @cached_property
    def n_choices(self) -> int | float:
        """Number of distinct configurations, ``math.inf`` where a parameter is continuous."""
        sizes = [branch.n_choices for branch in self._branches]
        return math.inf if math.inf in sizes else sum(sizes) - sum(map(len, self._repeated))

    def at(self, index: int) -> Params:
        """Return one configuration of a finite space: each has one index, the same wherever the space is made.

        Parameters
        ----------
        index : int
            From 0 to ``n_choices - 1``. The order goes dict by dict.

        Returns
        -------
        params : dict
            Its active parameters, sorted by name.

        Raises
        ------
        IndexError
            If the index is none of these.
        ValueError
            If the space is infinite.
        """
        n_choices = self._finite_n_choices()
        if not 0 <= index < n_choices:
            raise IndexError(f"A configuration's index needs to lie in 0 to {n_choices - 1}, got {index}.")
        number = bisect_right(self._starts, index) - 1
        return self._branches[number].at(nth_missing(index - self._starts[number], self._repeated[number]))

    def grid(self) -> Iterator[Params]:
        """Iterate over all configurations of a finite space in the order of `at`.

        Raises
        ------
        ValueError
            If the space is infinite.
        """
        return map(self.at, range(self._finite_n_choices()))

    def to_json(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what JSON can hold of a configuration: numbers of a range, and indices into what was listed.

        Raises
        ------
        ValueError
            If the configuration lies outside of the space.
        """
        number, found = self._place(params)
        stored = {name: entry.dimension.to_json(value) for name, (entry, value) in found.items()}
        return stored if len(self._branches) == 1 else {BRANCH: number, **stored}

    def from_json(self, stored: Mapping[str, Any]) -> Params:
        """Return the configuration that `to_json` stored, with the user's own objects.

        Raises
        ------
        ValueError
            If it is none of this space.
        """
        number = stored.get(BRANCH, 0)
        if not (isinstance(number, int) and 0 <= number < len(self._branches)):
            raise ValueError(f"A stored configuration needs a dict of this space, got number {number!r}.")
        return self._branches[number].restore({name: stored[name] for name in stored if name != BRANCH})

    def signature(self) -> list[dict[str, Any]]:
        """Return a JSON-able description, equal for equal spaces in every process.

        Raises
        ------
        IndescribableError
            If a value shows nothing of what it is; its attribute ``name`` is then the parameter.
        """
        return [{e.name: _signature(e) for e in branch.entries} for branch in self._branches]

    def order(self) -> list[dict[str, Any]]:
        """Return a JSON-able description of the order in which lists of values were written.

        The numbers of a list are sorted in its dimension, while a grid and scikit-learn's stream go by the list.
        """
        return [
            {name: describe(_as_written(values)) for name, values in mapping.items() if not _is_rule(values)}
            for mapping in mappings_of(self.param_distributions)
        ]

    def __repr__(self) -> str:
        return f"Space({self.param_distributions!r})"

    def _place(self, params: Mapping[str, Any]) -> tuple[int, dict[str, tuple[Entry, Any]]]:
        """Return the number of the dict to which a configuration belongs, and its active parameters."""
        for name in params:
            if name not in self.parameters:
                known = f" It has {', '.join(map(repr, self.parameters)) or 'no parameters'}."
                raise ValueError(
                    f"Parameter {name!r} is not in the space.{did_you_mean(name, self.parameters) or known}"
                )
        if len(self._branches) == 1:
            return 0, self._branches[0].read(params)
        found = {}
        reasons = []
        for number, branch in enumerate(self._branches):
            try:
                found[number] = branch.read(params)
            except ValueError as error:
                reasons.append(error)
        if not found:
            raise ValueError(
                f"Parameters need to lie in one dict of the space, got {params!r}. {' '.join(map(str, reasons))}"
            )
        # Best is a dict that holds these very values, then one that needs all of the parameters, then any.
        given = params_key(params)
        exact = [n for n in found if params_key({name: value for name, (_, value) in found[n].items()}) == given]
        full = [n for n in found if len(found[n]) == len(params)]
        number = [*exact, *full, *found][0]
        return number, found[number]

    def _finite_n_choices(self) -> int:
        if self.n_choices == math.inf:
            raise ValueError(
                "A space needs finitely many configurations to list them, got infinitely many. Use sample."
            )
        return int(self.n_choices)

    @cached_property
    def _repeated(self) -> list[list[int]]:
        """For each dict of a finite space, the ranks of the configurations that an earlier one holds."""
        repeated: list[list[int]] = []
        for number, branch in enumerate(self._branches):
            is_apart = branch.n_choices > _MOST_COMPARED or all(map(branch.is_disjoint, self._branches[:number]))
            ranks = range(0 if is_apart else int(branch.n_choices))
            repeated.append([rank for rank in ranks if self._place(branch.at(rank))[0] < number])
        return repeated

    @cached_property
    def _starts(self) -> list[int]:
        """Index of the first configuration of each dict of a finite space."""
        pairs = zip(self._branches[:-1], self._repeated, strict=False)
        return list(accumulate((int(branch.n_choices) - len(repeated) for branch, repeated in pairs), initial=0))


def space_of(space: Space | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Space:
    """Return a space, built if it is not yet."""
    return space if isinstance(space, Space) else Space(space)


def _signature(entry: Entry) -> dict[str, Any]:
    try:
        return entry.dimension.signature()
    except IndescribableError as error:
        error.name = entry.name
        raise


def _is_rule(values: Any) -> bool:
    """Whether values are not listed but drawn by a rule, or in a dimension that keeps their order."""
    return isinstance(values, Dimension) or hasattr(values, "rvs") or not hasattr(values, "__len__")


def _as_written(values: Any) -> Any:
    """Return a list of values, whatever sequence it is in; a long one as it is."""
    return values if len(values) > LONG else list(values)
