"""The estimator as it came, as the first candidate of a search: so tuning is seen beside not tuning."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.estimators.table import library_of
from skhpo.fits.amounts.continuation import last_step
from skhpo.journals.events import UNTUNED, Codec
from skhpo.space import params_key

if TYPE_CHECKING:
    from skhpo.history import Params
    from skhpo.space import Space


class Own(NamedTuple):
    """The estimator's own values of the parameters of a space.

    Parameters
    ----------
    params : dict or None
        The values, in the space's own form where they lie in it; None where the estimator has no values to try.
    is_inside : bool
        Whether they lie in the space.
    """

    params: Params | None
    is_inside: bool

    @property
    def inside(self) -> list[Params]:
        """The one point, if it lies in the space."""
        return [self.params] if self.is_inside and self.params is not None else []

    @property
    def outside(self) -> Params | None:
        """The one point, if it lies outside of the space."""
        return None if self.is_inside else self.params


def own_params(space: Space, estimator: Any) -> Own:
    """Return the estimator's own parameters.

    Parameters
    ----------
    space : Space
        Whose parameters are wanted.
    estimator : estimator
        Whose values.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from skhpo.space import Float, Space
    >>> space = Space({"C": Float(0.1, 10.0), "gamma": Float(0.001, 1.0, log=True)})
    >>> own_params(space, SVC(gamma=0.1))
    Own(params={'C': 1.0, 'gamma': 0.1}, is_inside=True)
    >>> own_params(space, SVC())
    Own(params={'C': 1.0, 'gamma': 'scale'}, is_inside=False)
    """
    known = estimator.get_params(deep=True)
    own = {name: _value(name, known, estimator) for name in space.parameters if name in known}
    if space.contains(own):
        return Own(space.canonical(own), is_inside=True)
    own = {name: own[name] for name in space.active_names(own) if name in own}
    if not own and not _lists_what_was_given(estimator):
        return Own(None, is_inside=False)
    if any(_is_placeholder(value) and _is_part(space, name) for name, value in own.items()):
        return Own(None, is_inside=False)
    return Own(own, is_inside=False)


def _value(name: str, known: Params, estimator: Any) -> Any:
    """Return the value of a parameter; where it is None, that which it stands for, if its owner can tell."""
    prefix, _, parameter = name.rpartition("__")
    owner = known.get(prefix) if prefix else estimator
    is_told = known[name] is None and hasattr(owner, "stands_for")
    return owner.stands_for(parameter) if is_told and owner is not None else known[name]


def codec(space: Space, own: Own) -> Codec:
    """Return how a journal writes parameters, those of the untuned estimator included."""
    if own.outside is None:
        return Codec(space.to_json, space.from_json)
    outside, key = own.outside, params_key(own.outside)

    def to_json(params: Params) -> Any:
        if params_key(params) != key:
            return space.to_json(params)
        return {UNTUNED: {name: _readable(value) for name, value in outside.items()}}

    return Codec(to_json, lambda stored: outside if UNTUNED in stored else space.from_json(stored))


def _lists_what_was_given(estimator: Any) -> bool:
    """Whether no value at all is the estimator as it came: those of catboost list what they were given only."""
    return library_of(last_step(estimator)[1]) == "catboost"


def _is_placeholder(value: Any) -> bool:
    """Whether a value says that a part is missing: what is left open for the search is nothing to compare with."""
    return value is None or (isinstance(value, str) and value == "passthrough")


def _is_part(space: Space, name: str) -> bool:
    """Whether a parameter of a space is a part of the estimator, such as a step of a pipeline."""
    dimension = space.parameters[name]
    (value,) = dimension.decode(dimension.snap(np.array([0.5])))
    return hasattr(value, "get_params")


def _readable(value: Any) -> Any:
    """Return a value as JSON can hold it: what is no number, text or None is described."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return f"<{type(value).__name__}>"
