"""What may be tried when a portfolio's list is at its end: points of the known ranges of its families, in one space."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from skhpo.automl.agenda import Step, block_of
from skhpo.automl.joint import CHOICE, joint_space
from skhpo.space import Categorical, Space, params_key
from skhpo.space.defaults import default_space

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.automl.portfolio import Entry
    from skhpo.history import Params
    from skhpo.space.dimension import Dimension

_MODEL = "model__"


class Beyond:
    """The ranges of the families of a portfolio.

    Of each family the configuration with the longest fits is varied, in the parameters that `default_space` has for its
    model. How many trees it has is no matter of a model: one fit has them all.

    Parameters
    ----------
    entries : sequence of Entry
        The portfolio.
    X, y : array-like or frame, and ndarray of shape (n_samples,)
        What ranges depend on.
    """

    def __init__(self, entries: Sequence[Entry], X: Any, y: NDArray[Any]) -> None:
        by_family: dict[str, Entry] = {}
        for entry in entries:
            best = by_family.get(entry.family)
            if best is None or max(entry.values, default=0) > max(best.values, default=0):
                by_family[entry.family] = entry
        found = {entry.name: _varied(entry, X, y) for entry in by_family.values()}
        self._spaces = {name: space for name, space in found.items() if space}
        self.bases = {
            entry.name: replace(entry, name=f"{entry.family}, proposed", is_proposed=True)
            for entry in by_family.values()
            if entry.name in self._spaces
        }
        self._alone = {name: self.space([name]) for name in self.bases}
        self._base_of = {entry.family: name for name, entry in self.bases.items()}

    @cached_property
    def written(self) -> dict[str, Dimension]:
        """The space of all families, the lengths of paths included; empty where there is nothing to vary."""
        if not self.bases:
            return {}
        paths = {
            f"{_prefix(name)}{entry.path}": Categorical(list(entry.values), when={CHOICE: [name]})
            for name, entry in self.bases.items()
            if entry.path is not None and entry.values
        }
        return {**joint_space(self.bases, self._spaces), **paths}

    def space(self, names: Sequence[str]) -> Space:
        """Return the space of some configurations, without the lengths of paths."""
        return Space(joint_space(names, {name: self._spaces[name] for name in names}))

    def step_of(self, params: Params) -> Step:
        """Return the step that has these parameters."""
        return next(step for step in self.block(params) if step.params == params)

    def block(self, params: Params) -> list[Step]:
        """Return the steps at the point of these parameters, the longest first."""
        point, name = self._point(params), params[CHOICE]
        return block_of(self.bases[name], point, _prefix(name), block=params_key(point))

    def point_of(self, step: Step) -> Params | None:
        """Return where in the space a step is; None where one of its values lies outside."""
        if step.entry.is_proposed:
            return self._point(step.params)
        name = self._base_of.get(step.entry.family)
        if name is None:
            return None
        known = step.entry.pipeline.get_params(deep=True)
        own = {f"{_prefix(name)}{each}": known[each] for each in self._spaces[name] if each in known}
        space, point = self._alone[name], {CHOICE: name, **own}
        return space.canonical(point) if space.contains(point) else None

    def _point(self, params: Params) -> Params:
        path = f"{_prefix(params[CHOICE])}{self.bases[params[CHOICE]].path}"
        return {name: value for name, value in params.items() if name != path}


def _prefix(name: str) -> str:
    return f"{CHOICE}__{name}__"


def _varied(entry: Entry, X: Any, y: NDArray[Any]) -> dict[str, Dimension]:
    fixed = {entry.path, entry.amount}
    space = default_space(entry.pipeline, X, y)
    return {name: space[name] for name in space if name.startswith(_MODEL) and name not in fixed}
