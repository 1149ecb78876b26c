"""From a parameter's name to the estimator that owns it, and from a fitted whole to a view with that part cut.

``model__classifier__max_iter`` leads through a pipeline's last step and a wrapper to a boosting. A *hop* goes one
estimator deeper. What is not on the way must give the same for all values: it is asked in `rest_objection`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skhpo.estimators.facts import Path, Shape, view_of
from skhpo.estimators.seeds import is_seed
from skhpo.estimators.table import FACTS, library_of, path_of, untested_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

# The parameter that holds the estimator inside, and the attribute that holds what is fitted of it, one or a list.
_WRAPPERS = {
    "sklearn.compose.TransformedTargetRegressor": ("regressor", "regressor_"),
    "sklearn.model_selection.FixedThresholdClassifier": ("estimator", "estimator_"),
    "sklearn.multiclass.OneVsOneClassifier": ("estimator", "estimators_"),
    "sklearn.multiclass.OneVsRestClassifier": ("estimator", "estimators_"),
    "sklearn.multioutput.MultiOutputClassifier": ("estimator", "estimators_"),
    "sklearn.multioutput.MultiOutputRegressor": ("estimator", "estimators_"),
}
_LIBRARIES = {"sklearn", *(name.partition(".")[0] for name in FACTS)}
_FUNCTIONS_FROM = {"sklearn", "numpy", "scipy", "builtins"}
_PLAIN = (str, bytes, bool, int, float, complex, type(None), np.generic, np.ndarray)


class NoRouteError(ValueError):
    """A parameter is on no path; the message says why."""


@dataclass(frozen=True)
class Hop:
    """One step of the way into an estimator.

    Parameters
    ----------
    parameter : str
        What the estimator inside is called outside.
    attribute : str or None
        Where a fitted wrapper has what is fitted of it, one or a list; None for a pipeline's last step.
    """

    parameter: str
    attribute: str | None = None

    def replaced(self, model: Any, inside: Callable[[Any], Any], **unfitted: Any) -> Any:
        """Return a view of a fitted outer estimator with all that is fitted inside of it replaced."""
        if self.attribute is None:
            name, last = model.steps[-1]
            return view_of(model, steps=[*model.steps[:-1], (name, inside(last))])
        fitted = vars(model)[self.attribute]
        is_many = isinstance(fitted, list | tuple)
        replaced = type(fitted)([inside(one) for one in fitted]) if is_many else inside(fitted)
        return view_of(model, **{self.attribute: replaced}, **unfitted)


@dataclass(frozen=True)
class Route:
    """Where a path parameter is, and how a fitted whole is cut there.

    Parameters
    ----------
    name : str
        The parameter, as `set_params` takes it.
    path : Path
        Of the estimator that owns the parameter.
    owner : estimator
        That one, not fitted.
    hops : tuple of Hop
        The way to it from outside.
    is_watched : bool
        Whether one fit may answer for another only if it drew nothing from NumPy's global generator.
    """

    name: str
    path: Path
    owner: Any
    hops: tuple[Hop, ...] = ()
    is_watched: bool = False

    def cut(self, model: Any, value: Any) -> Any:
        """Return a view of a fitted whole as if it had been fitted with another value of the parameter."""
        return self._cut(model, self.hops, value)

    def _cut(self, model: Any, hops: tuple[Hop, ...], value: Any) -> Any:
        if not hops:
            # One of several classes may have been so plain that a constant stands for its model.
            return self.path.cut(model, value) if type(model) is type(self.owner) else model
        hop, unfitted = hops[0], {}
        if hop.attribute is not None:
            rest = "__".join([*(one.parameter for one in hops[1:]), self.path.parameter])
            unfitted = {hop.parameter: clone(getattr(model, hop.parameter)).set_params(**{rest: value})}
        return hop.replaced(model, lambda inner: self._cut(inner, hops[1:], value), **unfitted)

    def held(self, model: Any) -> Any:
        """Return a shallow copy of a fitted whole and of the parts on the way, which no one else sets attributes of."""
        return self._held(model, self.hops)

    def _held(self, model: Any, hops: tuple[Hop, ...]) -> Any:
        if not hops:
            return view_of(model) if type(model) is type(self.owner) else model
        return hops[0].replaced(model, lambda inner: self._held(inner, hops[1:]))


def route_to(estimator: Any, name: str) -> Route:
    """Return the way to a path parameter.

    Parameters
    ----------
    estimator : estimator
        Not fitted, with all other parameters set.
    name : str
        Of the parameter, as `set_params` takes it.

    Raises
    ------
    NoRouteError
        If it is on no path, or something on the way makes that none.
    """
    *heads, parameter = name.split("__")
    hops: list[Hop] = []
    owner, is_watched = estimator, False
    for head in heads:
        inner, hop = _hop(owner, head)
        is_watched |= _rest_draws(owner, inner)
        owner = inner
        hops.append(hop)
    path = path_of(owner, parameter)
    if path is None:
        raise NoRouteError(f"{type(owner).__name__} has no path along {parameter}")
    if path.is_watched:
        _rest_draws(owner, None)  # raises for what is not known
        is_watched = True
    if (reason := untested_version(owner)) is not None:
        raise NoRouteError(reason)
    return Route(name, path, owner, tuple(hops), is_watched)


def objection_to(route: Route, values: Sequence[Any], shape: Shape) -> str | None:
    """Return why values cannot share a fit along a route; None where they can."""
    return route.path.objection(route.owner, values, shape)


def _hop(owner: Any, head: str) -> tuple[Any, Hop]:
    """Return the estimator one deeper, and the hop to it."""
    kind = type(owner).__name__
    if type(owner) is Pipeline:
        if head != owner.steps[-1][0]:
            raise NoRouteError(f"{head} is not the last step of the pipeline: what follows is fitted anew")
        return owner.steps[-1][1], Hop(head)
    found = _WRAPPERS.get(_public_name(owner))
    if found is None or found[0] != head:
        raise NoRouteError(f"nothing is known of what {kind} does with {head}")
    if library_of(owner) != "sklearn" or (reason := untested_version(owner)) is not None:
        raise NoRouteError(reason or kind)
    return getattr(owner, head), Hop(*found)


def _public_name(estimator: Any) -> str:
    """Return the key of a wrapper whose class is exactly this one, or an empty string."""
    name = type(estimator).__name__
    for key in _WRAPPERS:
        module, _, short = key.rpartition(".")
        if short == name and getattr(sys.modules.get(module), name, None) is type(estimator):
            return key
    return ""


def _rest_draws(owner: Any, inner: Any) -> bool:
    """Whether what is beside the way may draw from NumPy's global generator.

    Raises
    ------
    NoRouteError
        If it may be random in ways that nobody sees.
    """
    if inner is not None and library_of(owner) != "sklearn":
        raise NoRouteError(f"nothing is known of what {type(owner).__name__} does")
    return _any_draws(_values(owner, inner))


def _values(owner: Any, inner: Any) -> Iterator[Any]:
    if type(owner) is Pipeline:
        yield from (step for _, step in owner.steps if step is not inner)
        return
    params = owner.get_params(deep=False)
    yield from (value for value in params.values() if value is not inner)


def _draws(value: Any) -> bool:
    """Whether an estimator or a parameter may draw from the global generator; raises for all that is not known."""
    if isinstance(value, _PLAIN):
        return False
    if isinstance(value, list | tuple | set | frozenset):
        return _any_draws(value)
    if isinstance(value, Mapping):
        return _any_draws(value.values())
    if hasattr(value, "get_params") and not isinstance(value, type):
        return _estimator_draws(value)
    if isinstance(value, type) or callable(value):
        return _function_draws(value)
    if library_of(value) in _FUNCTIONS_FROM - {"numpy"} or isinstance(value, slice | range | np.dtype):
        return _any_draws(getattr(value, "__dict__", {}).values())
    raise NoRouteError(f"nothing is known of a {type(value).__name__} beside the path")


def _any_draws(values: Iterable[Any]) -> bool:
    """Ask all of them, also when one is known to draw: another one may not be known."""
    return sum([_draws(value) for value in values]) > 0


def _function_draws(value: Any) -> bool:
    if isinstance(value, partial):
        return _any_draws((value.func, *value.args, *value.keywords.values()))
    home = str(getattr(value, "__module__", None) or "builtins").partition(".")[0]
    if home not in _FUNCTIONS_FROM and not isinstance(value, np.ufunc):
        raise NoRouteError(f"nothing is known of {getattr(value, '__name__', value)!r} beside the path")
    return True


def _estimator_draws(estimator: Any) -> bool:
    name = type(estimator).__name__
    if library_of(estimator) not in _LIBRARIES:
        raise NoRouteError(f"nothing is known of {name}: it may draw random numbers")
    params = estimator.get_params(deep=False)
    seed = params.get("random_state", 0)
    if seed is not None and not is_seed(seed):
        raise NoRouteError(f"random_state of {name} is a generator")
    if params.get("warm_start"):
        raise NoRouteError(f"{name} has warm_start=True")
    draws = library_of(estimator) == "sklearn" and (seed is None)
    for parameter, value in params.items():
        if parameter not in {"random_state", "memory"}:
            draws |= _draws(value)
    if draws and params.get("n_jobs") not in {None, 1}:
        raise NoRouteError(f"{name} may draw random numbers in other processes")
    return bool(draws)
