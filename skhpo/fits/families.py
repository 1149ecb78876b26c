"""Which candidates of a search are equal but for their places on a path, and may share a fit."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from sklearn.base import clone

from skhpo._sklearn import set_params
from skhpo.estimators.facts import Shape
from skhpo.estimators.routes import Route, objection_to, route_to
from skhpo.estimators.table import may_be_path
from skhpo.history import Family, Trial
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from skhpo.fits.problem import Problem
    from skhpo.history import Params

_Key: TypeAlias = "tuple[tuple[str, Hashable], ...]"

MOST_CANDIDATES = 20_000
"""To compare so many takes about a second; a search of more of them shares no fits."""


class Families:
    """The families of candidates that are all known before the first is fitted.

    A candidate that could be of several families, as in a grid of thresholds and iterations, is of the one along the
    parameter that leaves the fewest fits.

    Parameters
    ----------
    problem : Problem
        What is fitted.
    candidates : iterable of dict
        Their parameters, by the numbers of the trials.
    is_close : bool
        Whether models count, too, that are not to the bit what a fit of their own gives.
    """

    def __init__(self, problem: Problem, candidates: Iterable[Params], *, is_close: bool = False) -> None:
        self._problem, self._is_close = problem, is_close
        self._shape = shape_of(problem.splits)
        self._keys: list[_Key] = []
        self._checked: set[int] = set()
        self._of: dict[_Key, Family | None] = {}
        self._made: dict[tuple[str, _Key], dict[_Key, Family]] = {}
        self._groups = self._grouped(candidates) if _are_aligned(problem.fit_params) else {}

    def __call__(self, trial: Trial) -> Family | None:
        """Return the family of a trial, None if it is alone."""
        if not self._groups or trial.number >= len(self._keys):
            return None
        key = self._keys[trial.number]
        if trial.number not in self._checked:
            if params_key(trial.params) != key:  # the sampler proposed another one, though it is to know no scores
                return None
            self._checked.add(trial.number)
        if key not in self._of:
            self._of[key] = next(self._possible(key), None)
        return self._of[key]

    def _grouped(self, candidates: Iterable[Params]) -> dict[str, dict[_Key, dict[_Key, Trial]]]:
        """Return groups of candidates that are equal but for one name, the name that saves most first."""
        groups: dict[str, dict[_Key, dict[_Key, Trial]]] = {}
        for number, params in enumerate(candidates):
            key = params_key(params)
            self._keys.append(key)
            for name in filter(partial(may_be_path, is_close=self._is_close), params):
                group = groups.setdefault(name, {}).setdefault(_without(key, name), {})
                group.setdefault(key, Trial(number, params))
        saved = {name: sum(len(group) - 1 for group in of_name.values()) for name, of_name in groups.items()}
        return {name: groups[name] for name in sorted(groups, key=lambda name: -saved[name]) if saved[name]}

    def _possible(self, key: _Key) -> Iterator[Family]:
        for name, groups in self._groups.items():
            rest = _without(key, name)
            group = groups.get(rest, {})
            if key not in group or len(group) < 2:
                continue
            if (name, rest) not in self._made:
                self._made[name, rest] = self._family(name, group)
            if key in self._made[name, rest]:
                yield self._made[name, rest][key]

    def _family(self, name: str, group: dict[_Key, Trial]) -> dict[_Key, Family]:
        """Return the family of a group by the keys of its members; none where they cannot share a fit."""
        route = self._route(name, next(iter(group.values())).params)
        if route is None:
            return {}
        length = route.path.length
        lengths = {key: at for key, trial in group.items() if (at := length(trial.params[name])) is not None}
        values = [group[key].params[name] for key in lengths]
        if len(values) < 2 or _objects(route, values, self._shape):
            return {}
        order = sorted(lengths, key=lambda key: (-lengths[key], group[key].number))
        return dict.fromkeys(lengths, Family(name, tuple(group[key] for key in order)))

    def _route(self, name: str, params: Params) -> Route | None:
        others = {other: value for other, value in params.items() if other != name}
        try:
            return route_to(set_params(clone(self._problem.estimator), others), name, is_close=self._is_close)
        except Exception:  # noqa: BLE001  (`NoRouteError`; whatever else is raised, the fit raises it again)
            return None


def shape_of(splits: Sequence[tuple[Any, Any]]) -> Shape:
    """Return how many samples the training sides of splits have."""
    sizes = [
        int(np.count_nonzero(train)) if np.asarray(train).dtype.kind == "b" else int(np.size(train))
        for train, _ in splits
    ]
    return Shape(min(sizes), max(sizes))


def _objects(route: Route, values: Sequence[Any], shape: Shape) -> bool:
    try:
        return objection_to(route, values, shape) is not None
    except Exception:  # noqa: BLE001  (a setting of a kind that nobody thought of)
        return True


def _are_aligned(fit_params: Params) -> bool:
    """Whether all that is passed to `fit` is weights of samples: anything else may end a fit."""
    return all(name.rpartition("__")[2] == "sample_weight" for name in fit_params)


def _without(key: _Key, name: str) -> _Key:
    return tuple(item for item in key if item[0] != name)
