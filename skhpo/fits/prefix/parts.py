"""Objects taken apart, without asking them anything.

A fitted step may hold whatever a stranger wrote: attributes that raise, properties that compute, a ``__getattr__`` that
answers to every name. So all is asked of an object's *type* and read from where the interpreter keeps it; methods are
called on types of a few libraries only, and there the protocol of copies and pickles, ``__reduce_ex__``. What is of no
known kind is `NotReusable`: it is neither measured, copied nor compared.
"""

from __future__ import annotations

import sys
from datetime import tzinfo
from enum import Enum
from random import Random
from types import (
    BuiltinFunctionType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ATOMS = frozenset({bool, int, float, complex, str, bytes, type(None), type(Ellipsis), type(NotImplemented)})
"""Types whose values never change and hold nothing else."""

_GENERATORS = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, Random)
_SHARED = (type, ModuleType, np.ufunc, np.dtype, Enum, tzinfo)
_CONTAINERS = (dict, list, tuple)
_LIBRARIES = frozenset({"sklearn", "numpy", "scipy", "pandas", "polars", "pyarrow"})
"""Whose types say truly how to make another of their kind; the standard library's do so too."""

_OWN_WAYS = ("__reduce__", "__reduce_ex__", "__copy__", "__deepcopy__", "__del__")
"""Who defines one of these holds something that a copy of its attributes would not, such as a handle."""


class NotReusable(Exception):  # noqa: N818  (it is caught here and tells nobody of an error)
    """Something whose fit cannot be told from its parameters, or that cannot be copied faithfully."""


class Hook:
    """What the cache itself sets on an object; no part of it."""


class Parts(NamedTuple):
    """An object taken apart.

    Parameters
    ----------
    label : object
        Equal for objects that differ in their parts only.
    parts : list
        What it holds.
    begin : callable or None
        Returns a new one that holds nothing yet; None for objects that are made in one go.
    finish : callable
        Returns the new one, given what `begin` returned and its parts.
    """

    label: Any
    parts: list[Any]
    begin: Callable[[], Any] | None
    finish: Callable[[Any, list[Any]], Any]


def library(cls: type) -> str:
    """Return the top-level package that a type says it comes from."""
    module = type.__getattribute__(cls, "__module__")
    return module.partition(".")[0] if type(module) is str else ""


def class_attribute(cls: type, name: str) -> Any:
    """Return what a class or its bases define under a name, as it stands there; None if they do not."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def instance_fields(value: Any) -> dict[str, Any] | None:
    """Return the very dictionary of an object's attributes; None if it has none."""
    descriptor = class_attribute(type(value), "__dict__")
    if type(descriptor) is not GetSetDescriptorType:
        return None
    fields = descriptor.__get__(value)
    return fields if type(fields) is dict else None


def is_shared(value: Any) -> bool:
    """Whether an object is used by all who know it, copies of its owner included: a class, a module, a function."""
    cls = type(value)
    if cls in ATOMS or (issubclass(cls, np.generic) and not issubclass(cls, np.void)):
        return True
    if cls is FunctionType:
        cells = value.__closure__ or ()
        return all(is_shared(cell.cell_contents) for cell in cells)
    if cls is BuiltinFunctionType:
        return value.__self__ is None or type(value.__self__) is ModuleType
    return issubclass(cls, _SHARED) or _is_global(value)


def _is_global(value: Any) -> bool:
    """Whether an object is what its name in its module stands for, as compiled functions are."""
    try:
        module, name = (object.__getattribute__(value, each) for each in ("__module__", "__qualname__"))
        return vars(sys.modules[module]).get(name) is value
    except Exception:  # noqa: BLE001  (whatever a property raises; most objects have no such name)
        return False


def taken_apart(value: Any) -> Parts:
    """Return the parts of an object that is neither shared nor an array.

    Raises
    ------
    NotReusable
        If it is of no known kind, or a generator of random numbers: what that does next depends on what it did.
    """
    cls = type(value)
    if cls is dict or cls is list or cls is tuple:
        return _PLAIN[cls](value)
    if issubclass(cls, (*_GENERATORS, np.ndarray)):
        raise NotReusable
    if cls is set or cls is frozenset:
        return _set(value)
    if cls is MethodType:
        return Parts(cls, [value.__func__, value.__self__], None, lambda _, parts: MethodType(*parts))
    origin = library(cls)
    if origin in {"pandas", "pyarrow"} or not is_made_of_attributes(cls):
        if origin in _LIBRARIES or origin in sys.stdlib_module_names:
            return _reduced(value)
        raise NotReusable
    return _attributes(value)


def is_made_of_attributes(cls: type) -> bool:
    """Whether objects of a class are their attributes and, at most, the items of a built-in container."""
    for name in _OWN_WAYS:
        definer = next((base for base in cls.__mro__ if name in vars(base)), object)
        if definer is not object and definer not in _CONTAINERS:
            return False
    try:
        _maker(cls)()
    except TypeError:  # compiled code holds more than Python sees
        return False
    return True


def _maker(cls: type) -> Callable[[], Any]:
    base = next((each for each in _CONTAINERS if issubclass(cls, each)), object)
    return lambda: base.__new__(cls)


def _attributes(value: Any) -> Parts:
    cls = type(value)
    fields = instance_fields(value) or {}
    fields = {name: each for name, each in fields.items() if not issubclass(type(each), Hook)}
    slots = [each for base in cls.__mro__ for each in vars(base).values() if type(each) is MemberDescriptorType]
    filled = [(slot, slot.__get__(value)) for slot in slots if _is_set(slot, value)]
    items: list[Any] = []
    if issubclass(cls, dict):
        items = [*dict.keys(value), *dict.values(value)]
    elif issubclass(cls, list | tuple):
        items = list((list if issubclass(cls, list) else tuple).__iter__(value))
    n_items, names = len(items), tuple(fields)

    def finish(new: Any, parts: list[Any]) -> Any:
        held, parts = parts[:n_items], parts[n_items:]
        if issubclass(cls, tuple):
            new = tuple.__new__(cls, held)
        elif issubclass(cls, list):
            list.extend(new, held)
        elif issubclass(cls, dict):
            dict.update(new, _paired(held))
        if names:
            instance_fields(new).update(zip(names, parts, strict=False))  # type: ignore[union-attr]
        for (slot, _), part in zip(filled, parts[len(names) :], strict=True):
            slot.__set__(new, part)
        return new

    label = cls, n_items, names, tuple(slot.__name__ for slot, _ in filled)
    begin = None if issubclass(cls, tuple) else _maker(cls)
    return Parts(label, [*items, *fields.values(), *(each for _, each in filled)], begin, finish)


def _is_set(slot: MemberDescriptorType, value: Any) -> bool:
    try:
        slot.__get__(value)
    except AttributeError:
        return False
    return True


def _reduced(value: Any) -> Parts:
    """Of an object that says itself how to make another."""
    recipe = value.__reduce_ex__(4)
    if type(recipe) is str:
        return Parts((type(value), recipe), [], None, lambda *_: value)
    make, args, state, elements, items, setter = (*recipe, None, None, None, None)[:6]
    if setter is not None:
        raise NotReusable
    if library(type(value)) == "pandas":
        state = _without_cache(state)
    parts = [make, args, state, list(elements or ()), [list(each) for each in items or ()]]

    def finish(_: Any, parts: list[Any]) -> Any:
        make, args, state, elements, items = parts
        new = make(*args)
        if state is not None:
            _set_state(new, state)
        if elements:
            new.extend(elements)
        for key, each in items:
            new[key] = each
        return new

    return Parts(type(value), parts, None, finish)


def _without_cache(state: Any) -> Any:
    """Return the state of an object of pandas without what it has looked up of itself."""
    if type(state) is dict:
        return {name: each for name, each in state.items() if name != "_cache"}
    if type(state) is tuple and len(state) > 1 and type(state[1]) is np.ndarray:  # of dtype, values, and perhaps more
        return (*state[:2], _without_cache(state[2] if len(state) > 2 else {}))
    return state


def _set_state(new: Any, state: Any) -> None:
    if class_attribute(type(new), "__setstate__") is not None:
        new.__setstate__(state)
        return
    fields, slots = state if type(state) is tuple else (state, None)
    if fields:
        new.__dict__.update(fields)
    for name, each in (slots or {}).items():
        setattr(new, name, each)


def _set(value: Any) -> Parts:
    """Of a set of atoms, if a copy of it is gone through in the same order."""
    order = list(value)
    if not set(map(type, order)) <= ATOMS or list(value.copy() if type(value) is set else order) != order:
        raise NotReusable
    return Parts(type(value), order, None, lambda *_: value.copy())


def _paired(halves: list[Any]) -> Iterable[tuple[Any, Any]]:
    n = len(halves) // 2
    return zip(halves[:n], halves[n:], strict=True)


def _extended(new: list[Any], parts: list[Any]) -> list[Any]:
    new.extend(parts)
    return new


def _dict(value: dict[Any, Any]) -> Parts:
    held = [*value, *value.values()]

    def finish(new: dict[Any, Any], parts: list[Any]) -> dict[Any, Any]:
        new.update(value if parts is held else _paired(parts))  # a vocabulary at once: four times as fast
        return new

    return Parts(dict, held, dict, finish)


_PLAIN: dict[type, Callable[[Any], Parts]] = {
    list: lambda value: Parts(list, list(value), list, _extended),
    tuple: lambda value: Parts(tuple, list(value), None, lambda _, parts: tuple(parts)),
    dict: _dict,
}
