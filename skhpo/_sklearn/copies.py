"""Copies of an estimator, and parameters set, as `clone` and `set_params` do it, without asking each time.

scikit-learn reads the names of an estimator's parameters from the signature of its constructor, three times a fit. That
takes longer than fits of the fastest estimators. Here they are read once per class. Whatever is not plain is left to
scikit-learn: estimators with ways of their own, and attributes that `clone` keeps beside the parameters.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import sklearn
from sklearn.base import BaseEstimator, _clone_parametrized

_KEPT = ("_metadata_request", "_skl_callbacks", "_sklearn_output_config")
"""What `clone` keeps beside the parameters."""

_IS_KNOWN = {
    name
    for name in (*_clone_parametrized.__code__.co_names, *_clone_parametrized.__code__.co_consts)
    if isinstance(name, str) and name.startswith("_")
} <= {*_KEPT, "__class__"}
"""Whether that is all: a later scikit-learn may keep more, and is then asked each time."""

_IMMUTABLE = {int, float, str, bool, type(None)}
_WAYS = ("__sklearn_clone__", "get_params", "set_params")
_names: WeakKeyDictionary[type, tuple[Any, tuple[str, ...] | None]] = WeakKeyDictionary()


def clone(estimator: Any) -> Any:
    """Return what ``sklearn.base.clone(estimator)`` returns."""
    names = _names_of(type(estimator))
    if names is not None and not any(hasattr(estimator, name) for name in _KEPT):
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
    is_plain = _IS_KNOWN and issubclass(kind, BaseEstimator)
    if not is_plain or any(getattr(kind, way, None) is not getattr(BaseEstimator, way) for way in _WAYS):
        return None
    read = kind._get_param_names
    if getattr(read, "__func__", read) is not BaseEstimator._get_param_names.__func__:
        return None
    return tuple(read())
