"""Models in files of skops, which holds no code: only types that are known are made of what is read."""

from __future__ import annotations

import copy
import importlib
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from os import PathLike

_KNOWN = re.compile(
    r"(skhpo\.(automl|honesty|estimators)\.[a-z_.]+\.[A-Za-z_]+"
    r"|sklearn\.[a-zA-Z_.]+"
    r"|numpy\.[a-zA-Z_.0-9]+"
    r"|scipy\.[a-zA-Z_.]+)\Z"
)


def save_model(auto: Any, path: str | PathLike[str]) -> None:
    """Save a fitted `AutoClassifier` or `AutoRegressor`, with its estimate and without its predictions.

    Parameters
    ----------
    auto : AutoClassifier or AutoRegressor
        Fitted.
    path : path
        Where to.
    """
    light = copy.copy(auto)
    vars(light)["_estimate"] = auto.score_estimate_
    vars(light).pop("_evidence", None)
    importlib.import_module("skops.io").dump(light, path)


def load_model(path: str | PathLike[str]) -> Any:
    """Return a model that `save_model` saved.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    ValueError
        If it holds other types than a saved model does.
    """
    try:
        io = importlib.import_module("skops.io")
    except ImportError:
        raise ValueError("Reading a model needs skops: pip install skops.") from None
    found = io.get_untrusted_types(file=path)
    if foreign := [name for name in found if not _KNOWN.match(name)]:
        raise ValueError(f"{path} is no model that was saved here: it holds {', '.join(foreign)}.")
    return io.load(path, trusted=found)
