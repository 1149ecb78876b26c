"""What a journal file tells without the data, the estimator, or the code that wrote it."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skhpo.journals.sqlite import stored_searches
from skhpo.resources import measure_of
from skhpo.results import cv_results
from skhpo.trial import History, TrialStarted

if TYPE_CHECKING:
    import os

    from skhpo.trial import Params


def load_results(path: str | os.PathLike[str], search: int = -1) -> dict[str, Any]:
    """Return the results of a search from its checkpoint file.

    Parameters
    ----------
    path : path-like
        What was given as ``checkpoint``. A search that is running may be read.
    search : int, default=-1
        Which of the searches in the file, oldest first; an outer cross-validation writes one for each of its folds.

    Returns
    -------
    dict of str to ndarray
        ``cv_results_`` of the candidates that are complete. Values that are neither numbers, strings nor None, such as
        estimators, are described by strings: nothing in the file is executed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no journal, a newer skhpo's, or holds no such search or no complete candidate.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skhpo import GridSearchCV, load_results
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "search.db"
    ...     grid = {"max_depth": [1, 2]}
    ...     search = GridSearchCV(DecisionTreeClassifier(random_state=0), grid, checkpoint=path).fit(X, y)
    ...     results = load_results(path)
    >>> results["params"]
    [{'max_depth': 1}, {'max_depth': 2}]
    """
    searches = stored_searches(path)
    if not -len(searches) <= search < len(searches):
        raise ValueError(f"search needs to be one of the {len(searches)} in {str(path)!r}, got search={search!r}.")
    header, events = searches[search]
    history = History(header["n_splits"], metric=header.get("metric"))
    for event in events:
        if isinstance(event, TrialStarted):
            event = TrialStarted(replace(event.trial, params=readable_params(event.trial.params, header["space"])))  # noqa: PLW2901
        history.apply(event)
    complete = [trial.number for trial in history.trials if history.is_finished(trial.number)]
    if not complete:
        raise ValueError(f"path needs to name a journal with a complete candidate, got {str(path)!r}, which has none.")
    with warnings.catch_warnings():
        # That some scores are not finite was said when the search ran.
        warnings.filterwarnings("ignore", message="One or more of the", category=UserWarning)
        return cv_results(
            history,
            complete,
            error_score=float(header["error_score"]) if header["error_score"] != "'raise'" else float("nan"),
            return_train_score=header["return_train_score"],
            resource=measure_of(*header["resource"]) if "resource" in header else None,
        )


def readable_params(stored: Params, space: list[dict[str, Any]]) -> Params:
    """Return parameters as they were, given how they are stored and the signature of their space."""
    branch = space[stored.get("<branch>", 0)]
    return {name: _value(branch[name], value) for name, value in stored.items() if name in branch}


def _value(dimension: dict[str, Any], stored: Any) -> Any:
    """Return a value: of a finite choice the index is stored."""
    choices = dimension.get("choices")
    if choices is None:
        return stored
    if isinstance(stored, dict):  # one of so many that they are not written out
        return stored["value"]
    if "range" in choices:
        return range(*choices["range"])[stored]
    return _plain(choices["tuple"][stored]) if "tuple" in choices else f"choice number {stored}"


def _plain(described: Any) -> Any:
    if isinstance(described, dict) and "tuple" in described:
        return tuple(map(_plain, described["tuple"]))
    if isinstance(described, list):
        return list(map(_plain, described))
    if isinstance(described, dict) and "int" in described:
        return int(described["int"], 16)
    if isinstance(described, dict) and "float" in described:
        return float(described["float"])
    return str(described) if isinstance(described, dict) else described
