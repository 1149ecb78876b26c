"""What would be shared along each parameter of a space."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.base import clone

from skhpo._sklearn import set_params
from skhpo.estimators.facts import Shape
from skhpo.estimators.hops import NoRouteError
from skhpo.estimators.routes import objection_to, route_to
from skhpo.estimators.table import facts_of, untested_version
from skhpo.fits.prefix import early_step
from skhpo.space.interop import dicts_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Explanation(NamedTuple):
    """Whether candidates that differ in one parameter only share a fit.

    Parameters
    ----------
    parameter : str
        Its name.
    is_shared : bool
        Whether they do.
    why : str
        Which fit answers for which, or what speaks against it.
    """

    parameter: str
    is_shared: bool
    why: str


def explain(
    estimator: Any, space: Any, *, n_samples: int | None = None, share_fits: bool | str = True
) -> list[Explanation]:
    """Return what candidates share in a search that knows all of them in advance, and why not.

    Parameters
    ----------
    estimator : estimator
        The search's.
    space : dict or list of dict
        As a grid search takes it. Where an answer depends on the other parameters, it is for their first values.
    n_samples : int or None
        How many samples a fit has, as a few answers depend on it; None for enough of them, and not very many.
    share_fits : bool or "close", default=True
        As of the search. "close" counts what is not to the bit, too, and the answer then says how close it is.

    Returns
    -------
    found : list of Explanation
        One for each parameter of each dict.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skhpo.sharing import explain
    >>> space = {"n_estimators": [50, 100, 200], "max_depth": [4, 8]}
    >>> for line in explain(RandomForestClassifier(random_state=0), space):
    ...     print(*line, sep=" | ")
    n_estimators | True | the fit with 200 answers for 50, 100
    max_depth | False | RandomForestClassifier has no path along max_depth
    >>> explain(RandomForestClassifier(), space)[0].why
    'random_state is not an integer'
    >>> from sklearn.linear_model import Ridge
    >>> explain(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, share_fits="close")[0].why
    'the fit with 0.1 answers for 1.0, 10.0: predictions to 1e-7 of the largest'
    """
    if not share_fits:
        return [Explanation(name, is_shared=False, why="share_fits=False") for part in dicts_of(space) for name in part]
    shape = Shape(sys.maxsize, 0) if n_samples is None else Shape(n_samples, n_samples)
    return [_one(estimator, part, name, shape, share_fits == "close") for part in dicts_of(space) for name in part]


def _one(estimator: Any, part: Mapping[str, Any], name: str, shape: Shape, is_close: bool) -> Explanation:
    try:
        return Explanation(name, is_shared=True, why=_answers(estimator, part, name, shape, is_close))
    except NoRouteError as error:
        return Explanation(name, is_shared=False, why=str(error))


def _answers(estimator: Any, part: Mapping[str, Any], name: str, shape: Shape, is_close: bool) -> str:
    """Return which fit answers for which; raises NoRouteError where none does for others."""
    values = _values(part[name])
    if values is None:
        raise NoRouteError("its values are not listed")
    others = {other: each[0] for other in part if other != name and (each := _values(part[other]))}
    try:
        model = set_params(clone(estimator), others)
    except Exception as error:
        raise NoRouteError(f"the other parameters cannot be set: {error}") from error
    if (step := early_step(model, name)) is not None:
        return _of_step(*step)
    route = route_to(model, name, is_close=is_close)
    lengths = [(at, value) for value in values if (at := route.path.length(value)) is not None]
    if len(lengths) < 2:
        raise NoRouteError("fewer than two of its values are on the path")
    order = [value for _, value in sorted(lengths, key=lambda pair: -pair[0])]
    if (reason := objection_to(route, order, shape)) is not None:
        raise NoRouteError(reason)
    rest = ", ".join(str(value) for value in values if value in order[1:])
    anew = "" if route.wrapper is None else f"what {type(route.wrapper).__name__} learns from it is fitted anew"
    more = anew or route.path.close
    return f"the fit with {order[0]} answers for {rest}" + (f": {more}" if more else "")


def _values(dimension: Any) -> list[Any] | None:
    """Return the values of a dimension that lists them."""
    choices = getattr(dimension, "choices", dimension)
    return list(choices) if isinstance(choices, Collection) and not isinstance(choices, str) else None


def _of_step(step: Any, parameter: str) -> str:
    """Return what is shared of a step that others follow; raises NoRouteError where nothing is."""
    whole, kind = facts_of(step).whole, type(step).__name__
    if whole is None or parameter != whole.parameter:
        raise NoRouteError(f"what follows {kind} is fitted anew")
    if (reason := untested_version(step)) is not None:
        raise NoRouteError(reason)
    return f"{kind} is fitted once, and what follows it for each value, if it draws no random numbers"
