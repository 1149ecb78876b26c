"""What a journal file tells without the data, the estimator, or the code that wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.fits.amounts import measure_of
from skhpo.history import History, TrialStarted
from skhpo.journals.base import damaged
from skhpo.journals.events import UNTUNED
from skhpo.journals.order import check_order
from skhpo.journals.sqlite import mark_failures, stored_searches
from skhpo.report.cv_results import cv_results

if TYPE_CHECKING:
    import os

    from skhpo.fits.amounts import Resource
    from skhpo.history import Event, Params

_MOST_SPLITS = 1_000_000  # each is a column


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
        If the file is no journal, a newer skhpo's, damaged, or holds no such search or no complete candidate.

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
    found = searches[search]
    try:
        facts = _facts(found.header)
        history = _history(found.events, facts)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise damaged(path, error) from error
    complete = [trial.number for trial in history.trials if history.is_finished(trial.number)]
    if not complete:
        raise ValueError(f"path needs to name a journal with a complete candidate, got {str(path)!r}, which has none.")
    return cv_results(
        history,
        complete,
        error_score=facts.error_score,
        return_train_score=facts.return_train_score,
        resource=facts.resource,
        warn=lambda message: None,  # noqa: ARG005 - that some scores are not finite was said when the search ran
    )


def retry_failures(path: str | os.PathLike[str]) -> int:
    """Let all fits that failed be run again when their search is fitted again.

    For failures whose cause is gone: a file that was missing, a licence server that was away, a full disk. What fits
    lost to their limits is run again without this, when the search is fitted with a larger ``fit_timeout``, or, where a
    worker was lost, with others.

    The failures stay in the file, and no longer count: their candidates are incomplete until the search is fitted
    again. Candidates that were chosen after a failure stay as they are; those that are chosen later are chosen from the
    new scores. A candidate that a race stopped because it failed goes on.

    Parameters
    ----------
    path : path-like
        What was given as ``checkpoint``.

    Returns
    -------
    int
        How many fits failed, in all searches of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no journal, a newer skhpo's, or damaged.
    RuntimeError
        If one of its searches is running.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import GridSearchCV, retry_failures
    >>> X, y = load_iris(return_X_y=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "search.db"
    ...     search = GridSearchCV(SVC(), {"C": [1.0, 10.0]}, checkpoint=path).fit(X, y)
    ...     retry_failures(path)
    0
    """
    return mark_failures(path)


class _Facts(NamedTuple):
    """What the description of a search says, checked."""

    n_splits: int
    space: list[dict[str, Any]]
    error_score: float
    return_train_score: bool
    resource: Resource | None
    metric: str | None


def _facts(header: dict[str, Any]) -> _Facts:
    """Return what a description says; raises one of several errors where it is none."""
    n_splits, space = header["n_splits"], header["space"]
    if type(n_splits) is not int or not 1 <= n_splits <= _MOST_SPLITS:
        raise ValueError(f"a search has n_splits={n_splits!r}")
    if not isinstance(space, list) or not all(isinstance(branch, dict) for branch in space):
        raise ValueError("the space of a search cannot be read")
    resource = None
    if "resource" in header:
        name, most = header["resource"]
        if not isinstance(name, str) or type(most) is not int or most < 1:
            raise ValueError(f"a search has resource={header['resource']!r}")
        resource = measure_of(name, most)
    error_score, metric = header["error_score"], header.get("metric")
    if metric is not None and not isinstance(metric, str):
        raise ValueError(f"a search has metric={metric!r}")
    return _Facts(
        n_splits,
        space,
        float("nan") if error_score == "'raise'" else float(error_score),
        bool(header["return_train_score"]),
        resource,
        metric,
    )


def _history(events: list[Event], facts: _Facts) -> History:
    check_order(events, facts.n_splits)
    history = History(facts.n_splits, metric=facts.metric)
    for event in events:
        if isinstance(event, TrialStarted):
            trial = replace(event.trial, params=readable_params(event.trial.params, facts.space))
            event = replace(event, trial=trial)  # noqa: PLW2901
        history.apply(event)
    return history


def readable_params(stored: Params, space: list[dict[str, Any]]) -> Params:
    """Return parameters as they were, given how they are stored and the signature of their space."""
    if UNTUNED in stored:  # outside of the space
        untuned = stored[UNTUNED]
        if len(stored) > 1 or not isinstance(untuned, dict) or not all(map(_is_plain, untuned.values())):
            raise ValueError(f"a trial has parameters outside of its space that cannot be read, {untuned!r}")
        return dict(untuned)
    branch = space[_place(stored.get("<branch>", 0), len(space))]
    if unknown := stored.keys() - branch.keys() - {"<branch>"}:
        raise ValueError(f"a trial has parameters that its space does not have, {sorted(unknown)}")
    return {name: _value(branch[name], value) for name, value in stored.items() if name in branch}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _place(stored: Any, n: int) -> int:
    if type(stored) is not int or not 0 <= stored < n:
        raise ValueError(f"a trial has choice {stored!r} of {n}")
    return stored


def _value(dimension: dict[str, Any], stored: Any) -> Any:
    """Return a value: of a finite choice the index is stored."""
    choices = dimension.get("choices")
    if choices is None:
        return stored
    if isinstance(stored, dict):  # one of so many that they are not written out
        return stored["value"]
    if "range" in choices:
        values = range(*choices["range"])
        return values[_place(stored, len(values))]
    if "tuple" not in choices:
        return f"choice number {stored}"
    return _plain(choices["tuple"][_place(stored, len(choices["tuple"]))])


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
