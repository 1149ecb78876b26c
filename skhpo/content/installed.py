"""What belongs to an installed library, and is known by its name, and what is the user's own, and may be edited."""

from __future__ import annotations

import functools
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

import numpy as np
import scipy.special

_NAMED = (
    type,
    np.ufunc,
    types.BuiltinFunctionType,
    types.ClassMethodDescriptorType,
    types.FunctionType,
    types.MethodDescriptorType,
    types.ModuleType,
    types.WrapperDescriptorType,
)
_FOLDERS = {"site-packages", "dist-packages"}


def name_of(value: Any) -> str | None:
    """Return the dotted name of a function, a class or a module of an installed library; None for all else.

    None also for what cannot be found under its name: what a function made, as a closure.

    Examples
    --------
    >>> import math
    >>> name_of(math.sin), name_of(Path), name_of(lambda: 1)
    ('math.sin', 'pathlib.Path', None)
    """
    if not isinstance(value, _NAMED) and type(value).__name__ != "cython_function_or_method":
        return None
    if isinstance(value, np.ufunc):
        homes = [home for home in (np, scipy.special) if getattr(home, value.__name__, None) is value]
        return f"{homes[0].__name__}.{value.__name__}" if homes else None
    if isinstance(value, types.ModuleType):
        return value.__name__ if is_installed(value.__name__) else None
    owner = getattr(value, "__objclass__", None)  # of `str.upper`, which names no module
    module = getattr(value if owner is None else owner, "__module__", None)
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or not is_installed(module):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}.{name}" if found is value else None


@functools.lru_cache(maxsize=4096)
def is_installed(module: str) -> bool:
    """Whether a module belongs to Python, to this library, or to what was installed beside it."""
    if module.partition(".")[0] == "skhpo":
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(file, str):  # compiled into Python; a notebook has no file either
        return module in sys.builtin_module_names or module in sys.stdlib_module_names
    path = Path(file)
    return bool(_FOLDERS & set(path.parts)) or any(path.is_relative_to(folder) for folder in _library_folders())


@functools.cache
def _library_folders() -> tuple[str, ...]:
    return tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
