"""Other tools that know scikit-learn's searches by their names, and have to be told of ours.

A module each: `skhpo.integrations.mlflow`, `skhpo.integrations.onnx`, `skhpo.integrations.hummingbird`. None is
imported by the rest of the package, and each imports its tool when it is called.
"""

from __future__ import annotations

from contextlib import contextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from skhpo.search import (
    BayesSearchCV,
    GradientSearchCV,
    GridSearchCV,
    RandomSearchCV,
    SearchCV,
    SuccessiveHalvingCV,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SEARCHES: tuple[type[Any], ...] = (
    GridSearchCV,
    RandomSearchCV,
    BayesSearchCV,
    GradientSearchCV,
    SuccessiveHalvingCV,
    SearchCV,
)
"""The searches that a tool is told of."""


@contextmanager
def written_for(tool: str, tried: str, otherwise: str) -> Iterator[None]:
    """Say what to do where a tool has not what is told to it any more.

    Parameters
    ----------
    tool : str
        Its name as it is installed.
    tried : str
        The version that is known to work.
    otherwise : str
        What to write in its place.

    Raises
    ------
    RuntimeError
        If what runs inside does not find a name of the tool.
    """
    try:
        yield
    except (AttributeError, KeyError, ImportError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name and "." not in error.name:
            raise  # it is not installed, and Python says so
        raise RuntimeError(
            f"skhpo.integrations needs {tool} as it is in version {tried}, got version {version(tool)}, which differs "
            f"({error!r}). {otherwise}"
        ) from error
