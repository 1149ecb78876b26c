"""Keys of steps: equal keys, equal fits on equal data."""

from __future__ import annotations

import functools
import re
import sys
from types import BuiltinFunctionType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from skhpo.content.arrays import digest_of_array, type_of
from skhpo.estimators.copies import has_own_clone, kept_by_clone
from skhpo.estimators.seeds import seeds_of
from skhpo.fits.prefix.parts import NotReusable, class_attribute, instance_fields
from skhpo.space.values import freeze

if TYPE_CHECKING:
    from collections.abc import Hashable

_ATOMS = {bool, int, float, complex, str, bytes, type(None)}
_KNOWN = {"sklearn", "numpy", "scipy", "builtins"}
_NAMED = (type, FunctionType, BuiltinFunctionType, np.ufunc, re.Pattern)  # `clone` does not copy these


class StepKey(NamedTuple):
    """Key of a step, and what is to be watched while it works.

    Parameters
    ----------
    key : hashable
        Equal for steps whose fits are equal.
    is_foreign : bool
        Some class or function of it is none of scikit-learn's, so what it does is not known.
    may_draw : bool
        Its fits are only equal if they draw no random number: it is foreign, has no seed, or calls a function.
    functions : tuple of callable
        Those among its parameters, which copies of a step have in common.
    """

    key: Hashable
    is_foreign: bool
    may_draw: bool
    functions: tuple[Any, ...] = ()


def step_key(name: str, step: Any, without: str | None = None) -> StepKey:
    """Return the key of a step that is not fitted yet, a fresh clone; where wanted, without one of its parameters.

    scikit-learn's own classes without a seed draw from NumPy's global generator, which is seen to be touched; so do its
    functions, as `mutual_info_classif`. That is only looked at for the step itself, and for steps inside it that are
    fitted in this process: what else is inside may run in others.

    Raises
    ------
    NotReusable
        If it is or may be random, works in place, starts where an earlier fit ended, is cloned in a way of its own, or
        has a parameter that is neither a number, a string, an array, a function, a class, an estimator nor a collection
        of these; or if it raises something when it is asked.
    """
    reader = _Reader()
    try:
        key = name, reader.estimator(step, is_seen=True, without=without)
        hash(key)
    except NotReusable:
        raise
    except Exception as error:  # whatever a foreign `get_params`, attribute or hash raises
        raise NotReusable from error
    may_draw = reader.has_no_seed or reader.is_foreign or bool(reader.functions)
    return StepKey(key, reader.is_foreign, may_draw, tuple(reader.functions))


def columns_key(columns: Any) -> Hashable:
    """Return the key of a choice of columns.

    Raises
    ------
    NotReusable
        If it may be another one with the same samples, as a function of somebody else may choose.
    """
    reader = _Reader()
    key = reader.value(columns)
    hash(key)
    if reader.is_foreign or reader.functions:
        raise NotReusable
    return key


def is_fitted_here(step: Any) -> bool:
    """Whether a step is one of several steps, which it fits itself and in this process."""
    if type(step) is Pipeline:
        return step.memory is None
    return type(step) in {ColumnTransformer, FeatureUnion} and bool(effective_n_jobs(step.n_jobs) == 1)


class _Reader:
    """Reads parameters, and remembers whose classes and functions are among them."""

    def __init__(self) -> None:
        self.is_foreign = False
        self.has_no_seed = False
        self.functions: list[Any] = []
        self._estimators: dict[int, Any] = {}

    def estimator(self, estimator: Any, *, is_seen: bool = False, without: str | None = None) -> Hashable:
        """Return the key of an estimator; ``is_seen`` says whether it would be seen that it draws."""
        self._meet(type(estimator))
        if has_own_clone(estimator) or id(estimator) in self._estimators:
            raise NotReusable  # who stands in two places is fitted twice, and the last fit counts
        self._estimators[id(estimator)] = estimator
        if any(value is None for value in seeds_of(estimator)):
            if not is_seen or _origin(type(estimator)) != "sklearn":
                raise NotReusable
            self.has_no_seed = True
        params = estimator.get_params(deep=False)
        if params.get("warm_start") or any(name.startswith("copy") and params[name] is False for name in params):
            raise NotReusable
        is_seen = is_seen and is_fitted_here(estimator)
        named = tuple((name, self.value(params[name], is_seen)) for name in sorted(params) if name != without)
        return type(estimator), kept_by_clone(estimator), named

    def value(self, value: Any, is_seen: bool = False) -> Hashable:  # noqa: C901, PLR0911  (one return per kind of value)
        if type(value) in _ATOMS or issubclass(type(value), np.generic):
            return freeze(value)
        if issubclass(type(value), _NAMED) or _is_global(value):
            self._meet(value)
            return freeze(value)
        if class_attribute(type(value), "get_params") is not None:
            return self.estimator(value, is_seen=is_seen)
        kind = type(value)
        if kind in {list, tuple}:
            return kind, tuple(self.value(each, is_seen) for each in value)
        if kind is dict:
            return kind, tuple((self.value(key), self.value(value[key])) for key in value)
        if kind in {set, frozenset}:
            return kind, frozenset(map(self.value, value))
        if kind is np.ndarray:
            if value.dtype.hasobject:
                return self.value(value.tolist())
            # A digest, as a key outlives the fit, and with it the copy of the value that the fit was given.
            return kind, value.shape, value.strides, type_of(value), digest_of_array(value)
        if kind is slice:
            return kind, self.value((value.start, value.stop, value.step))
        if kind is range or issubclass(kind, np.dtype):
            return kind, str(value)
        if kind is functools.partial:
            return kind, self.value((value.func, value.args, value.keywords))
        if _origin(kind) == "sklearn" and instance_fields(value) is not None:  # as `make_column_selector`
            return kind, self.value(dict(instance_fields(value) or {}))
        raise NotReusable

    def _meet(self, named: Any) -> None:
        """Note a class or function."""
        if issubclass(type(named), re.Pattern):
            return
        if not issubclass(type(named), type):
            self.functions.append(named)
        if issubclass(type(named), np.ufunc):
            self.is_foreign |= getattr(np, named.__name__, None) is not named
        else:
            self.is_foreign |= _origin(named) not in _KNOWN


def _is_global(value: Any) -> bool:
    """Whether a value is what its name in its module stands for, as compiled functions are."""
    module = sys.modules.get(getattr(value, "__module__", None) or "")
    return module is not None and getattr(module, getattr(value, "__qualname__", None) or "", None) is value


def _origin(named: Any) -> str:
    """Return the top-level package of a class or function."""
    return str(named.__module__).partition(".")[0]
