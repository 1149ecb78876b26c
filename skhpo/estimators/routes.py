"""From a parameter's name to the estimator that owns it, and from a fitted whole to a view with that part cut.

``model__classifier__max_iter`` leads through a pipeline's last step and a wrapper to a boosting. A *hop* goes one
estimator deeper. What is not on the way must give the same for all values: it is asked in `rest_objection`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from sklearn.pipeline import Pipeline

from skhpo.estimators.facts import Path, Shape, Training, view_of
from skhpo.estimators.hops import INNER, Hop, NoRouteError, ReplayHop, hop_to, is_choice
from skhpo.estimators.replay import Inner
from skhpo.estimators.seeds import is_seed
from skhpo.estimators.table import FACTS, library_of, path_of, untested_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_LIBRARIES = {"sklearn", "skhpo", *(name.partition(".")[0] for name in FACTS)}
_FUNCTIONS_FROM = {"sklearn", "numpy", "scipy", "builtins"}
_PLAIN = (str, bytes, bool, int, float, complex, type(None), np.generic, np.ndarray)


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
    wrapper : estimator or None
        On the way to the owner, who learns from predictions and is fitted anew with cut models.
    """

    name: str
    path: Path
    owner: Any
    hops: tuple[Hop, ...] = ()
    is_watched: bool = False
    wrapper: Any = None

    @property
    def needs_training(self) -> bool:
        """Whether it takes the samples to cut a model."""
        return self.path.needs_training or self.wrapper is not None

    def cut(self, model: Any, value: Any, training: Training | None = None) -> Any:
        """Return a view of a fitted whole as if it had been fitted with another value of the parameter.

        ``training`` is what the owner of the parameter, or the wrapper, was fitted to, for routes that need it.
        """
        return self._cut(model, self.hops, value, training)

    def _cut(self, model: Any, hops: tuple[Hop, ...], value: Any, training: Training | None) -> Any:
        if not hops:
            # One of several classes may have been so plain that a constant stands for its model.
            given = (training,) if self.path.needs_training else ()
            return self.path.cut(model, value, *given) if type(model) is type(self.owner) else model
        hop, rest = hops[0], "__".join([*(one.parameter for one in hops[1:]), self.path.parameter])
        if isinstance(hop, ReplayHop):
            return hop.refitted(model, rest, value, training, lambda inner: self._cut(inner, hops[1:], value, None))
        unfitted = hop.unfitted(model, rest, value)
        return hop.replaced(model, lambda inner: self._cut(inner, hops[1:], value, training), **unfitted)

    def held(self, model: Any) -> Any:
        """Return a shallow copy of a fitted whole and of the parts on the way, which no one else sets attributes of."""
        return self._held(model, self.hops)

    def fitted(self, wrapper: Any, training: Training, fit: Callable[[], Any]) -> Any:
        """Call the `fit` of the wrapper, and let the training know what is fitted inside."""
        place = next(place for place, hop in enumerate(self.hops) if isinstance(hop, ReplayHop))
        hop = cast("ReplayHop", self.hops[place])

        def held(name: str, model: Any) -> Any:
            return self._held(model, self.hops[place + 1 :]) if name == hop.parameter else view_of(model)

        training.notes[INNER] = Inner(held)
        return training.notes[INNER].record(wrapper, hop.names(wrapper), fit)

    def _held(self, model: Any, hops: tuple[Hop, ...]) -> Any:
        if not hops:
            return view_of(model) if type(model) is type(self.owner) else model
        return hops[0].replaced(model, lambda inner: self._held(inner, hops[1:]))


def route_to(estimator: Any, name: str, *, is_close: bool = False) -> Route:
    """Return the way to a path parameter.

    Parameters
    ----------
    estimator : estimator
        Not fitted, with all other parameters set.
    name : str
        Of the parameter, as `set_params` takes it.
    is_close : bool
        Whether paths count, too, that are not to the bit.

    Raises
    ------
    NoRouteError
        If it is on no path, or something on the way makes that none.
    """
    *parts, parameter = name.split("__")
    heads = iter(parts)
    hops: list[Hop] = []
    owner, is_watched, wrapper = estimator, False, None
    for part in heads:
        head = f"{part}__{next(heads, '')}" if is_choice(owner) else part
        inner, hop = hop_to(owner, head)
        is_watched |= _rest_draws(owner, inner)
        if isinstance(hop, ReplayHop):
            if any(each.attribute is not None for each in hops):
                raise NoRouteError(f"{type(owner).__name__} is fitted anew, and a wrapper keeps its samples to itself")
            wrapper = owner
        owner = inner
        hops.append(hop)
    path = path_of(owner, parameter)
    if path is None:
        raise NoRouteError(f"{type(owner).__name__} has no path along {parameter}")
    if path.close and not is_close:
        raise NoRouteError(f'{parameter} of {type(owner).__name__} is close, not to the bit: share_fits="close"')
    if path.needs_training and any(hop.attribute is not None for hop in hops):
        raise NoRouteError(f"{type(owner).__name__} is cut with its samples, and a wrapper keeps them to itself")
    if path.is_watched:
        _rest_draws(owner, None)  # raises for what is not known
        is_watched = True
    if (reason := untested_version(owner)) is not None:
        raise NoRouteError(reason)
    return Route(name, path, owner, tuple(hops), is_watched, wrapper)


class Listener:
    """Takes down what the owner of a path parameter, or a wrapper of it, is fitted to, for routes that need it.

    Parameters
    ----------
    route : Route
        Its way begins at the estimator that is about to be fitted, and leads through pipelines only.

    Attributes
    ----------
    training : Training or None
        What `fit` was called with; None before.
    """

    def __init__(self, route: Route) -> None:
        self.training: Training | None = None
        owner = route.owner if route.wrapper is None else route.wrapper
        plain = owner.fit

        @wraps(plain)
        def fit(X: Any, y: Any = None, **params: Any) -> Any:
            vars(owner).pop("fit", None)
            self.training = Training(X, y, params, {})
            if route.wrapper is None:
                return plain(X, y, **params)
            return route.fitted(owner, self.training, lambda: plain(X, y, **params))

        vars(owner)["fit"] = fit


def objection_to(route: Route, values: Sequence[Any], shape: Shape) -> str | None:
    """Return why values cannot share a fit along a route; None where they can."""
    if route.wrapper is not None:
        shape = Shape(0, shape.most)  # who splits again leaves fewer samples
    return route.path.objection(route.owner, values, shape)


def _rest_draws(owner: Any, inner: Any) -> bool:
    """Whether what is beside the way may draw from NumPy's global generator.

    Raises
    ------
    NoRouteError
        If it may be random in ways that nobody sees.
    """
    if is_choice(owner):
        return False  # nobody else is fitted
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
