"""What any value is, as JSON: the same in every process for equal content, and another for other content.

Numbers, strings, lists and estimators can be read in it; of all else there is the name of its class and a hash.
"""

from __future__ import annotations

import copyreg
import dataclasses
import enum
import hashlib
import json
import math
import os
import re
import types
import weakref
from functools import lru_cache, partial
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from skhpo.content.arrays import digest_of_array, type_of
from skhpo.content.changes import before_use, look_again
from skhpo.content.code import parts_of_class, parts_of_function
from skhpo.content.installed import name_of
from skhpo.content.tables import digest_of_objects, parts_of_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ATOMS = (bool, int, float, str, type(None))
_LONG = 10_000
"""Elements of a list of atoms that are written out."""
_MOST_CODE = 5_000
"""Functions and classes that are read; those behind them, which are the user's too, count by name."""
_DEEPEST = 40
"""Objects inside of each other up to which code is read at once; what lies deeper is read after, from the top again."""
_MOST_BITS = 1_000
"""Integers of more are written in hexadecimal, which Python reads back at any length."""
_EMPTY = (type(Lock()), type(RLock()), weakref.ReferenceType)
_GLOBAL_GENERATOR = getattr(np.random.get_state, "__self__", None)
"""Has another state in each process, and is held by whatever has no seed, as SciPy's distributions."""
_CACHED = type(lru_cache(len))
_PLAIN = (enum.Enum, types.SimpleNamespace, os.PathLike, re.Pattern, partial, np.ndarray, np.generic, range, tuple)
_OF_CLONES = ("_sklearn_output_config", "_metadata_request", "_skl_callbacks")
"""What `clone` keeps of an estimator beside its parameters."""


class IndescribableError(TypeError):
    """Something shows nothing by which it could be told from another of its kind.

    Parameters
    ----------
    value : object
        What it is.

    Attributes
    ----------
    kind : str
        Its class.
    name : str or None
        The parameter that has it, where that is known.
    """

    def __init__(self, value: Any) -> None:
        self.kind = _path(type(value))
        self.name: str | None = None
        super().__init__(f"An object of class {self.kind} shows nothing by which it could be told from another.")


def describe(value: Any, *, is_cloned: bool = True, is_watched: bool = True) -> Any:
    """Return what JSON can hold of a value and what stays the same in another process.

    Parameters
    ----------
    value : object
        Any value.
    is_cloned : bool, default=True
        Whether it is cloned before it is used, as parameters of estimators are: what an estimator has learnt is then
        left out.
    is_watched : bool, default=True
        Whether it may change while it is used, see `skhpo.content.changes`.

    Returns
    -------
    description : JSON-able
        Numbers and strings as they are; estimators by their class and parameters; arrays and tables by a hash;
        functions and classes by name where a library has them, else by their code; other objects by their state.

    Raises
    ------
    IndescribableError
        If it, or something in it, shows nothing of what it is.
    """
    found = _described(value, is_cloned)
    if is_watched and not isinstance(value, ATOMS):
        look_again(partial(_described, value, is_cloned))
    return found


def digest(description: Any) -> str:
    """Return a hash of a description, 32 hexadecimal digits."""
    return hashlib.sha256(json.dumps(description, sort_keys=True).encode()).hexdigest()[:32]


def _described(value: Any, is_cloned: bool) -> Any:
    walk = Walk()
    try:
        found = walk(value, is_cloned=is_cloned)
        behind = walk.behind()
    except RecursionError:
        raise IndescribableError(value) from None
    if not behind:
        return found
    return {**(found if isinstance(found, dict) else {"value": found}), "behind": digest(behind)}


class Walk:
    """A walk through a value and all that it holds, which comes to each object once."""

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        self._known: dict[tuple[int, bool], tuple[Any, Any]] = {}  # with the objects, so that their ids stay theirs
        self._n_code = 0
        self._later: list[Any] = []

    def __call__(self, value: Any, *, is_cloned: bool = False) -> Any:
        """Return the description of a value."""
        if type(value) in ATOMS:
            return _of_atom(value)
        key = (id(value), is_cloned)
        if key in self._known:
            return self._known[key][1]
        if id(value) in self._open:
            return {"again": self._open[id(value)]}
        self._open[id(value)] = len(self._open)
        try:
            found = self._of(value, is_cloned)
        finally:
            del self._open[id(value)]
        self._known[key] = value, found
        return found

    def behind(self) -> list[Any]:
        """Return the descriptions of the code that lay too deep to be read at once."""
        found = []
        for value in self._later:  # it grows meanwhile
            self._known.pop((id(value), False), None)
            found.append(self(value))
        return found

    def leniently(self, value: Any) -> Any:
        """Return the description, or the class of what shows nothing of itself, or holds something that does not."""
        try:
            return self(value)
        except IndescribableError:
            return {"class": _path(type(value))}

    def if_plain(self, value: Any) -> Any:
        """Return the description of a value that code refers to, of an object that may be anything its class."""
        kind = type(value)
        if kind in {list, tuple, set, frozenset}:
            return self._sorted(kind, map(self.if_plain, value))
        if kind is dict:
            return {"dict": sorted(([self.if_plain(key), self.if_plain(value[key])] for key in value), key=json.dumps)}
        is_plain = isinstance(value, (*ATOMS, complex, bytes, *_PLAIN, type, types.MethodType)) or callable(value)
        is_plain |= dataclasses.is_dataclass(value) or callable(_get(value, "get_params"))
        return self.leniently(value) if is_plain else {"class": _path(kind)}

    def is_full(self) -> bool:
        """Whether so much code was read that the rest counts by name."""
        return self._n_code > _MOST_CODE

    def _of(self, value: Any, is_cloned: bool) -> Any:  # noqa: PLR0911  # one return per kind of value
        if type(value) in _CONTAINERS:
            return _CONTAINERS[type(value)](self, value, is_cloned)
        if isinstance(value, np.generic | np.ndarray):
            return _of_numpy(value, self)
        name = name_of(value)
        if name is not None:
            return {"name": name}
        if isinstance(value, types.ModuleType):
            return {"name": value.__name__}
        if isinstance(value, types.FunctionType):
            return self._of_code("function", value, parts_of_function)
        if isinstance(value, type):
            return self._of_code("class", value, parts_of_class)
        if isinstance(value, types.MethodType):
            return {"method": [self(value.__func__), self(value.__self__)]}
        return self._of_instance(value, is_cloned)

    def _of_instance(self, value: Any, is_cloned: bool) -> Any:
        kind = type(value)
        only_looks_on = kind.__module__.startswith("sklearn.callback")
        if value is _GLOBAL_GENERATOR or isinstance(value, _EMPTY) or only_looks_on:
            return {"class": _path(kind)}
        table = parts_of_table(value, self)
        if table is not None:
            return {"class": _path(kind), "content": digest(table)}
        if callable(_get(value, "get_params")):
            return self._of_estimator(value, is_cloned)
        inside = _get(value, "__wrapped__" if isinstance(value, _CACHED) else "py_func")
        if isinstance(inside, types.FunctionType):  # a cache around a function, or one that numba compiles
            return {"class": _path(kind), "function": self(inside)}
        return self._of_object(value)

    def _sorted(self, kind: type, found: Any) -> Any:
        return {"set": sorted(found, key=json.dumps)} if kind in {set, frozenset} else {kind.__name__: list(found)}

    def _of_code(self, word: str, value: Any, parts_of: Callable[[Any, Walk], list[Any]]) -> Any:
        if len(self._open) > _DEEPEST:
            self._later.append(value)
            return {word: value.__qualname__}
        self._n_code += 1
        if self.is_full():
            return {word: value.__qualname__}
        return {word: value.__qualname__, "code": before_use(value, digest(parts_of(value, self)))}

    def _of_estimator(self, estimator: Any, is_cloned: bool) -> Any:
        params = estimator.get_params(deep=False)
        has_learnt = not is_cloned or _has_own_clone(estimator)
        found = {
            "class": _path(type(estimator)),
            "params": {name: self(params[name], is_cloned=not has_learnt) for name in sorted(params)},
        }
        if name_of(type(estimator)) is None:
            found["code"] = self(type(estimator))
        state = _state_of(estimator)
        kept = state.keys() - params.keys() if has_learnt else [name for name in _OF_CLONES if state.get(name)]
        if kept:
            found["state"] = before_use(estimator, digest({name: self(state[name]) for name in sorted(kept)}))
        return found

    def _of_object(self, value: Any) -> Any:
        kind = type(value)
        if kind is object or isinstance(value, np.ufunc):  # one that was made of a Python function
            raise IndescribableError(value)
        reduce = copyreg.dispatch_table.get(kind)
        try:
            reduced: Any = value.__reduce_ex__(4) if reduce is None else reduce(value)
        except Exception:  # noqa: BLE001  # a foreign method may raise anything; pickle then refuses it, too
            raise IndescribableError(value) from None
        if isinstance(reduced, str):  # the name of something that there is once
            return {"class": _path(kind), "name": reduced}
        make, arguments, state, items, pairs, *rest = (*reduced, None, None, None, None)[:6]
        parts = [
            self(make),
            self(arguments),
            self._of_state(state),
            None if items is None else [self(item) for item in items],
            None if pairs is None else [[self(key), self(element)] for key, element in pairs],
            [self(each) for each in rest],
        ]
        return {"class": _path(kind), "content": before_use(value, digest(parts))}

    def _of_state(self, state: Any) -> Any:
        """Return the description of attributes, whatever the order in which they were set."""
        if isinstance(state, tuple) and len(state) == 2 and all(isinstance(each, dict | None) for each in state):
            return [self._of_state(each) for each in state]
        if type(state) is dict and all(type(name) is str for name in state):
            return {name: self(state[name]) for name in sorted(state)}
        return self(state)


def _of_atom(value: float | str | None) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": repr(value)}
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return {"int": hex(value)}
    return value


def _of_numpy(value: Any, walk: Walk) -> Any:
    if isinstance(value, np.generic):
        item = value.item()
        return walk(item) if type(item) in {*ATOMS, complex, bytes} else _of_array(np.asarray(value), walk)
    if isinstance(value, np.ma.MaskedArray):
        return {"masked": [_of_array(np.asarray(value.data), walk), _of_array(np.ma.getmaskarray(value), walk)]}
    return _of_array(value, walk)


def _of_array(array: np.ndarray[Any, Any], walk: Walk) -> Any:
    if array.dtype.hasobject:
        return {"array": ["object", list(array.shape), digest_of_objects(array.ravel(), walk)]}
    return {"array": [type_of(array), list(array.shape), digest_of_array(array)]}


def _of_list(walk: Walk, values: list[Any] | tuple[Any, ...], is_cloned: bool) -> Any:
    if len(values) > _LONG and {*map(type, values)} <= {*ATOMS}:
        return {f"long {type(values).__name__}": [len(values), digest_of_objects(values, walk)]}
    if {*map(type, values)} <= {str, float} and all(isinstance(v, str) or math.isfinite(v) for v in values):
        found = list(values)  # as rows of numbers: the same, sooner
    else:
        found = [walk(value, is_cloned=is_cloned) for value in values]
    return found if isinstance(values, list) else {"tuple": found}


def _of_dict(walk: Walk, values: Mapping[Any, Any], is_cloned: bool) -> Any:  # noqa: ARG001  # it is copied, not cloned
    return {"dict": sorted(([walk(key), walk(value)] for key, value in values.items()), key=json.dumps)}


def _of_set(walk: Walk, values: set[Any] | frozenset[Any], is_cloned: bool) -> Any:
    return {"set": sorted((walk(value, is_cloned=is_cloned) for value in values), key=json.dumps)}


_CONTAINERS: dict[type, Callable[[Walk, Any, bool], Any]] = {
    list: _of_list,
    tuple: _of_list,
    dict: _of_dict,
    types.MappingProxyType: _of_dict,
    set: _of_set,
    frozenset: _of_set,
    range: lambda walk, value, is_cloned: {"range": [value.start, value.stop, value.step]},  # noqa: ARG005
    complex: lambda walk, value, is_cloned: {"complex": repr(value)},  # noqa: ARG005
    bytes: lambda walk, value, is_cloned: {"bytes": hashlib.sha256(value).hexdigest()},  # noqa: ARG005
}


def _get(value: Any, name: str) -> Any:
    """Return an attribute, None where there is none; a foreign ``__getattr__`` may raise anything."""
    try:
        return getattr(value, name, None)
    except Exception:  # noqa: BLE001
        return None


def _state_of(estimator: Any) -> Mapping[str, Any]:
    """Return what an estimator consists of: what it says itself, or its attributes.

    CatBoost's models lie in an object that shows nothing of itself, and their ``__getstate__`` says what is in it.
    """
    has_own = any("__getstate__" in vars(kind) for kind in type(estimator).__mro__[:-1])  # not that of object
    try:
        said = estimator.__getstate__() if has_own and not isinstance(estimator, BaseEstimator) else None
    except Exception:  # noqa: BLE001  # a foreign method may raise anything
        said = None
    return said if isinstance(said, dict) else getattr(estimator, "__dict__", {})


def _path(kind: type) -> str:
    """Return the name of a class; of the user's own, which may be imported or run as a script, without its module."""
    return kind.__qualname__ if name_of(kind) is None else f"{kind.__module__}.{kind.__qualname__}"


def _has_own_clone(estimator: Any) -> bool:
    """Whether `clone` keeps what an estimator has learnt, as of a ``FrozenEstimator``."""
    cloned = getattr(type(estimator), "__sklearn_clone__", BaseEstimator.__sklearn_clone__)
    return cloned is not BaseEstimator.__sklearn_clone__ and not str(_get(cloned, "__module__")).startswith("skhpo.")
