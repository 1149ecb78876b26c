"""Warnings that point at the line of the user, however deep they are raised."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

_OURS = str(Path(__file__).parents[1])  # the package
_BETWEEN = {"sklearn", "joblib", "mlflow"}
"""Packages whose functions stand between a user's line and ours."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn as if the line outside of this package had done it."""
    level, frame = 2, sys._getframe(1)  # noqa: SLF001 - what `warnings` itself reads; `inspect.stack` reads files
    while frame.f_back is not None and _is_inside(frame.f_code.co_filename, frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_inside(file: str, module: str) -> bool:
    return file.startswith(_OURS) or module.partition(".")[0] in _BETWEEN
