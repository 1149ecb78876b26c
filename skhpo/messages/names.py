"""Names that other libraries have for what is here: which one is meant, said where a module has no such name."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Never

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

DIMENSIONS: dict[str, str] = {
    "Real": "Float",
    "Integer": "Int",
    "FloatDistribution": "Float",
    "IntDistribution": "Int",
    "CategoricalDistribution": "Categorical",
}
"""Dimensions of scikit-optimize and Optuna, and ours."""


def refuse(module: ModuleType, name: str, meant: Mapping[str, str]) -> Never:
    """Raise because a module has no such name, and say what it is called here.

    Parameters
    ----------
    module : module
        Its public names are those of ``__all__``.
    name : str
        What was asked for.
    meant : mapping of str to str
        For names of other libraries, what to write.

    Raises
    ------
    AttributeError
        Always, but where an import statement asks.
    ImportError
        If an import statement asks for a name of ``meant``: Python would drop the text of an AttributeError.
    """
    message = f"module {module.__name__!r} has no attribute {name!r}"
    if name.startswith("_"):  # questions of programs: __wrapped__, __path__, ...
        raise AttributeError(message, name=name, obj=module)
    known = meant.get(name)
    if known is not None and _is_asked_by_import():
        raise ImportError(
            f"cannot import name {name!r} from {module.__name__!r}: it is called {known} here.",
            name=module.__name__,
        )
    near = get_close_matches(name, module.__all__, cutoff=0.7)
    hint = f" It is called {known} here." if known else f" Did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"{message}.{hint}" if hint else message, name=name, obj=module)


def _is_asked_by_import() -> bool:
    """Whether the module's ``__getattr__`` was called for ``from module import name``.

    Python asks first in a function of `importlib`; whatever that raises ends the statement. If another Python asks
    otherwise, the statement ends with Python's own message.
    """
    code = sys._getframe(3).f_code  # noqa: SLF001  (this function, `refuse`, `__getattr__`, and who asked)
    return code.co_name == "_handle_fromlist" and "importlib" in code.co_filename
