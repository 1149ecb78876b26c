"""Keys of steps: equal keys, equal fits on equal data."""

from __future__ import annotations

import functools
import re
import sys
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo._sklearn import has_own_clone, kept_by_clone
from skhpo.content.arrays import digest_of_array, type_of
from skhpo.space.values import freeze

if TYPE_CHECKING:
    from collections.abc import Hashable

_SEEDS = {"random_state", "seed"}
_ATOMS = {bool, int, float, complex, str, bytes, type(None)}
_NAMED = (type, FunctionType, BuiltinFunctionType, np.ufunc, re.Pattern)  # `clone` does not copy these


class NotReusable(Exception):  # noqa: N818  (it is caught here and tells nobody of an error)
    """Something whose fit cannot be told from its parameters."""


class StepKey(NamedTuple):
    """Key of a step.

    Parameters
    ----------
    key : hashable
        Equal for steps whose fits are equal.
    may_draw : bool
        It has no seed, so its fits are only equal if they draw no random number.
    """

    key: Hashable
    may_draw: bool


def step_key(name: str, step: Any) -> StepKey:
    """Return the key of a step that is not fitted yet, a fresh clone.

    scikit-learn's own classes without a seed draw from NumPy's global generator, which is seen to be touched. That is
    only looked at for the step itself: what is inside it may run in other processes.

    Raises
    ------
    NotReusable
        If it is or may be random, works in place, starts where an earlier fit ended, is cloned in a way of its own, or
        has a parameter that is neither a number, a string, an array, a function, a class, an estimator nor a collection
        of these.
    """
    may_draw = _is_sklearns(step) and any(value is None for value in _seeds(step))
    return StepKey((name, _estimator_key(step, may_draw=may_draw)), may_draw)


def _estimator_key(estimator: Any, *, may_draw: bool = False) -> Hashable:
    if has_own_clone(estimator):
        raise NotReusable
    if not may_draw and any(value is None for value in _seeds(estimator)):
        raise NotReusable
    params = estimator.get_params(deep=False)
    if params.get("warm_start") or any(name.startswith("copy") and params[name] is False for name in params):
        raise NotReusable
    named = tuple((name, _key(params[name])) for name in sorted(params))
    return type(estimator), kept_by_clone(estimator), named


def _key(value: Any) -> Hashable:  # noqa: C901, PLR0911  (one return per kind of value)
    if isinstance(value, _NAMED) or type(value) in _ATOMS or isinstance(value, np.generic) or _is_global(value):
        return freeze(value)
    if hasattr(value, "get_params"):
        return _estimator_key(value)
    kind = type(value)
    if kind in {list, tuple}:
        return kind, tuple(map(_key, value))
    if kind is dict:
        return kind, tuple((_key(key), _key(value[key])) for key in value)
    if kind in {set, frozenset}:
        return kind, frozenset(map(_key, value))
    if kind is np.ndarray:
        if value.dtype.hasobject:
            return _key(value.tolist())
        # A digest, as a key outlives the fit, and with it the copy of the value that the fit was given.
        return kind, value.shape, value.strides, type_of(value), digest_of_array(value)
    if kind is slice:
        return kind, _key((value.start, value.stop, value.step))
    if kind is range or isinstance(value, np.dtype):
        return kind, str(value)
    if kind is functools.partial:
        return kind, _key((value.func, value.args, value.keywords))
    if _is_sklearns(value) and hasattr(value, "__dict__"):  # as `make_column_selector`
        return kind, _key(vars(value))
    raise NotReusable


def _is_global(value: Any) -> bool:
    """Whether a value is what its name in its module stands for, as compiled functions are."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return module is not None and getattr(module, getattr(value, "__qualname__", None) or "", None) is value


def _seeds(estimator: Any) -> list[Any]:
    params = estimator.get_params(deep=False)
    return [params[name] for name in _SEEDS & params.keys()]


def _is_sklearns(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "sklearn"
