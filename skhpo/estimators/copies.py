"""Copies of an estimator, and parameters set, as `clone` and `set_params` do it, without asking each time.

scikit-learn reads the names of an estimator's parameters from the signature of its constructor, three times a fit. That
takes longer than fits of the fastest estimators. Here they are read once per class. Whatever is not plain is left to
scikit-learn: estimators with ways of their own, and attributes that `clone` keeps beside the parameters.
"""

from __future__ import annotations

from inspect import signature
from types import FunctionType
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sklearn
from sklearn.base import BaseEstimator

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = ("_metadata_request", "_skl_callbacks", "_sklearn_output_config")
"""What `clone` keeps beside the parameters."""

_IMMUTABLE = {int, float, str, bool, type(None)}
_READS = "_get_param_names"
"""How a class says which parameters it has, where it does not leave that to the signature of its constructor."""
_WAYS = ("__sklearn_clone__", "get_params", "set_params")
_names: WeakKeyDictionary[type, tuple[Any, tuple[str, ...] | None]] = WeakKeyDictionary()


def clone(estimator: Any) -> Any:
    """Return what ``sklearn.base.clone(estimator)`` returns, where `KEPT` is all that is kept."""
    names = _names_of(type(estimator))
    if names is not None and not any(hasattr(estimator, name) for name in KEPT):
        params = {name: copy_of(getattr(estimator, name)) for name in names}
        new = type(estimator)(**params)
        if all(getattr(new, name, _IMMUTABLE) is value for name, value in params.items()):
            return new
    return sklearn.clone(estimator)  # which raises where a constructor does more than to store


def copy_of(value: Any) -> Any:
    """Return the value of a parameter as searches set it: a clone of an estimator, a copy of all else."""
    return value if type(value) in _IMMUTABLE else sklearn.clone(value, safe=False)


def set_own(estimator: Any, params: dict[str, Any]) -> Any:
    """Do what ``estimator.set_params(**params)`` does, and return what it returns."""
    names = _names_of(type(estimator))
    if names is None or not all(name in names and "__" not in name for name in params):
        return estimator.set_params(**params)
    for name, value in params.items():
        setattr(estimator, name, value)
    return estimator


def _names_of(kind: type[Any]) -> tuple[str, ...] | None:
    """Return the parameters of a class that leaves all that concerns them to `BaseEstimator`; None for another."""
    init = kind.__init__
    found = _names.get(kind)
    if found is None or found[0] is not init:
        found = _names[kind] = (init, _read_names(kind))
    return found[1]


def _read_names(kind: type[Any]) -> tuple[str, ...] | None:
    is_plain = issubclass(kind, BaseEstimator)
    if not is_plain or any(getattr(kind, way, None) is not getattr(BaseEstimator, way) for way in _WAYS):
        return None
    init = kind.__init__
    has_own_way = any(_READS in vars(base) for base in kind.__mro__ if base is not BaseEstimator)
    if has_own_way or hasattr(init, "deprecated_original"):
        return None
    if init is object.__init__:
        return ()
    params = [each for name, each in signature(init).parameters.items() if name != "self"]
    if any(each.kind is each.VAR_POSITIONAL for each in params):
        return None  # scikit-learn raises
    return tuple(sorted(each.name for each in params if each.kind is not each.VAR_KEYWORD))


def has_own_clone(estimator: Any) -> bool:
    """Whether `clone` gives anything but a new object with the same parameters."""
    usual = BaseEstimator.__sklearn_clone__
    return getattr(type(estimator), "__sklearn_clone__", usual) is not usual


def kept_by_clone(estimator: Any) -> tuple[str, ...]:
    """Return in words what `clone` keeps beside the parameters: the container of outputs and the metadata requests."""
    return tuple(repr(getattr(estimator, name, None)) for name in ("_sklearn_output_config", "_metadata_request"))


def with_names(function: Any, **names: Any) -> Callable[..., Any]:
    """Return a function that runs the same code and finds other objects under some of its global names."""
    other = FunctionType(
        function.__code__, {**function.__globals__, **names}, None, function.__defaults__, function.__closure__
    )
    other.__kwdefaults__ = function.__kwdefaults__
    return other
