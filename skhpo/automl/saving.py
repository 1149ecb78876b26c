"""Models in files of skops, which holds no code: only types that are known are made of what is read."""

from __future__ import annotations

import copy
import importlib
import zipfile
from typing import TYPE_CHECKING, Any

from skhpo.automl.base import AutoEstimator
from skhpo.automl.kept import KEPT
from skhpo.automl.leaderboard import Leaderboard

if TYPE_CHECKING:
    from os import PathLike


def save_model(auto: Any, path: str | PathLike[str]) -> None:
    """Save a fitted `AutoClassifier` or `AutoRegressor`, with its estimate and without its predictions.

    Parameters
    ----------
    auto : AutoClassifier or AutoRegressor
        Fitted.
    path : path
        Where to.

    Raises
    ------
    ImportError
        If skops is not installed.
    """
    importlib.import_module("skops.io").dump(without_predictions(auto), path)


def without_predictions(auto: Any) -> Any:
    """Return a copy that has the estimate, and not the predictions that the estimate was computed from."""
    light = copy.copy(auto)
    vars(light)["_estimate"] = auto.score_estimate_
    vars(light).pop("_evidence", None)
    return light


def load_model(path: str | PathLike[str]) -> Any:
    """Return a model that `save_model` saved.

    Parameters
    ----------
    path : path
        The file.

    Raises
    ------
    ValueError
        If it holds other types than a saved model does, or something else than a model.
    """
    try:
        io = importlib.import_module("skops.io")
    except ImportError:
        raise ValueError("Reading a model needs skops: pip install skops.") from None
    try:
        found = io.get_untrusted_types(file=path)
    except (zipfile.BadZipFile, KeyError):
        raise ValueError(f"{path} is no model that was saved here: it is no file of skops.") from None
    if foreign := sorted(set(found) - set(KEPT)):
        raise ValueError(f"{path} is no model that was saved here: it holds {', '.join(foreign)}.")
    model = io.load(path, trusted=found)
    if not isinstance(model, AutoEstimator):
        raise ValueError(  # noqa: TRY004 - the file is wrong, not the type of an argument
            f"{path} is no model that was saved here: it is a {type(model).__name__}."
        )
    model.leaderboard_ = Leaderboard(model.leaderboard_)  # skops makes a plain tuple of it
    return model
