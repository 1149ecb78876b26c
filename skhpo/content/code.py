"""Functions and classes of the user's own by content: their bytecode, and all that it refers to.

A name tells nothing of them: an edited scorer, another lambda or another closure has the same. Line numbers, files and
the module's name are left out, as they change without any change of what is computed.
"""

from __future__ import annotations

import dis
import functools
import types
from typing import TYPE_CHECKING, Any

from skhpo.content.installed import is_installed, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skhpo.content.walk import Walk

# What Python, `abc`, `copyreg` and `dataclasses` write into a class beside what its author did.
_NOT_WRITTEN = {
    "__abstractmethods__",
    "__annotate__",
    "__annotate_func__",
    "__annotations__",
    "__annotations_cache__",
    "__dataclass_fields__",
    "__dataclass_params__",
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__module__",
    "__orig_bases__",
    "__parameters__",
    "__qualname__",
    "__slotnames__",
    "__static_attributes__",
    "__weakref__",
    "_abc_impl",
}
_READS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"}
_WRITES = {"STORE_GLOBAL", "DELETE_GLOBAL"}
_WRAPPERS = (staticmethod, classmethod)


def parts_of_function(function: types.FunctionType, walk: Walk) -> list[Any]:
    """Return what a function computes with: code, defaults, closure, attributes, and the globals that it names.

    Those of a library's own function are the library's.
    """
    cells = [walk(cell.cell_contents) if _is_filled(cell) else "empty" for cell in function.__closure__ or ()]
    attributes = {name: value for name, value in vars(function).items() if name != "__wrapped__"}
    own = [_code(function.__code__, walk), walk(function.__defaults__), walk(function.__kwdefaults__), cells]
    return [*own, walk(attributes), _globals(function, walk)]


def parts_of_class(cls: type, walk: Walk) -> list[Any]:
    """Return what a class is made of: its members and those of its bases, as far as no library has them."""
    parts: list[Any] = []
    for base in cls.__mro__:
        name = name_of(base)
        if name is not None:
            parts.append(name)
            continue
        members = vars(base)
        written = sorted(members.keys() - _NOT_WRITTEN)
        parts.append([base.__qualname__, {name: _member(members[name], walk) for name in written}])
    return parts


def _member(value: Any, walk: Walk) -> Any:
    if isinstance(value, _WRAPPERS):
        return [type(value).__name__, walk(value.__func__)]
    if isinstance(value, property):
        return ["property", walk(value.fget), walk(value.fset), walk(value.fdel)]
    if isinstance(value, functools.cached_property):
        return ["cached_property", walk(value.func)]
    if isinstance(value, types.MemberDescriptorType | types.GetSetDescriptorType | types.WrapperDescriptorType):
        return value.__name__
    return walk.leniently(value)


def _code(code: types.CodeType, walk: Walk) -> list[Any]:
    constants = [_code(each, walk) if isinstance(each, types.CodeType) else walk(each) for each in code.co_consts]
    counts = [code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags]
    names = [code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars]
    return [counts, list(map(list, names)), code.co_code.hex(), code.co_exceptiontable.hex(), constants]


def _globals(function: types.FunctionType, walk: Walk) -> dict[str, Any]:
    """Return the module's values that a function names, but for those that it sets itself, as a counter."""
    if is_installed(function.__module__ or "") or walk.is_full():
        return {}
    codes = list(_nested(function.__code__))
    steps = [step for code in codes for step in dis.get_instructions(code)]
    written = {step.argval for step in steps if step.opname in _WRITES}
    read = {step.argval for step in steps if step.opname in _READS} - written
    attributes = {name for code in codes for name in code.co_names}
    known = function.__globals__
    return {name: _global(known[name], attributes, walk) for name in sorted(read & known.keys())}


def _global(value: Any, attributes: set[str], walk: Walk) -> Any:
    if not isinstance(value, types.ModuleType):
        return walk.if_plain(value)
    if name_of(value) is not None:
        return {"module": value.__name__}
    # Of a module of the user's own, what may be meant: that of its names which the code has behind a dot.
    members = vars(value)
    return {name: walk.if_plain(members[name]) for name in sorted(attributes & members.keys())}


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _nested(constant)


def _is_filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
