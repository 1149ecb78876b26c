"""A search that was fitted, as plots and the report see it: what was tried, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from skhpo.history import told_trials
from skhpo.space import Categorical, Float, Int, Space, params_key
from skhpo.space.distribution import Sampled
from skhpo.space.interop import as_dimension
from skhpo.space.values import freeze, is_number

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from skhpo.history import History, Params
    from skhpo.space import Dimension

_LOG_FROM = 100.0
"""Positive numbers of which the largest is so many times the smallest are taken to have been meant on a log scale."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was tried: a row per trial, n of them, in the order of ``cv_results_``.

    Parameters
    ----------
    params : list of dict
        Parameters of the space, without the one that is a resource; of the first, which may be the untuned estimator,
        without values that lie outside of the space.
    metric : str
        Which metric's scores these are, as in the names of the columns.
    label : str
        What to call it.
    split_scores : ndarray of shape (n, n_splits)
        Larger is better; NaN where a fit has no finite score: it failed, its scorer did, or it was not run.
    scores : ndarray of shape (n,)
        Mean scores; NaN where the trial failed.
    failed, stopped : ndarray of shape (n,), bool
        Trials of which a fit has no finite score, and others that lack splits, whose mean scores are estimates: a race
        stopped them, or was stopped itself before any trial was complete.
    resources, rungs, brackets : ndarray of shape (n,) or None
        Of a search with rungs: what a trial had of the resource, its rung, and, with several, its bracket.
    resource_name : str or None
        The resource.
    best : int or None
        Row of the best trial; None where nothing says.
    parts : list of dict
        What could be tried, the dictionaries of a space; guessed from the trials where it is not known.
    is_space_known : bool
        Whether it was not guessed.
    history : History or None
        Where the search still has it; ``numbers`` are then the rows' trials.
    numbers : list of int
    """

    params: list[Params]
    metric: str
    label: str
    split_scores: NDArray[np.float64]
    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    stopped: NDArray[np.bool_]
    resources: NDArray[Any] | None
    rungs: NDArray[np.int64] | None
    brackets: NDArray[np.int64] | None
    resource_name: str | None
    best: int | None
    parts: list[Mapping[str, Any]]
    is_space_known: bool
    history: History | None
    numbers: list[int]

    @property
    def space(self) -> Space:
        """The space as one."""
        return Space(self.parts[0] if len(self.parts) == 1 else self.parts)

    @property
    def names(self) -> list[str]:
        """Parameters that could have more than one value, in the order in which they were given."""
        every = dict.fromkeys(name for part in self.parts for name in part)
        return [name for name in every if sum(dimension.n_choices for dimension in self.dimensions(name)) > 1]

    def checked(self, names: Sequence[str] | None) -> list[str]:
        """Return these parameters, or all of `names`.

        Raises
        ------
        ValueError
            If one was not searched, or there are none.
        """
        known = self.names
        if unknown := [name for name in names or () if name not in known]:
            raise ValueError(f"params need to be parameters with more than one value, {known}, got {unknown[0]!r}.")
        if not known:
            raise ValueError("params need to be parameters with more than one value, but there are none in the space.")
        return known if names is None else list(names)

    def dimensions(self, name: str) -> list[Dimension]:
        """Return the domains of a parameter: one, or several where the dictionaries of a list differ."""
        found: list[Dimension] = []
        for part in self.parts:
            dimension = as_dimension(name, part[name]) if name in part else None
            if dimension is not None and not any(dimension.is_identical(other) for other in found):
                found.append(dimension)
        return found

    @property
    def is_full(self) -> NDArray[np.bool_]:
        """Which trials had most of the resource, shape (n,): only these compare."""
        return np.ones(len(self.params), dtype=bool) if self.resources is None else self.resources == self.top_resource

    @property
    def top_resource(self) -> Any:
        """The most that a trial had of the resource."""
        return None if self.resources is None else self.resources.max()

    def candidates(self) -> list[list[int]]:
        """Return the rows of each candidate, lowest rung first, in the order of their first rows."""
        found: dict[Hashable, list[int]] = {}
        for row, params in enumerate(self.params):
            bracket = 0 if self.brackets is None else int(self.brackets[row])
            found.setdefault((bracket, params_key(params)), []).append(row)
        return list(found.values())


def fitted(search: Any, metric: str | None = None) -> Fitted:
    """Return what was tried by a search, ours or scikit-learn's.

    Parameters
    ----------
    search : fitted search or dict
        Of a dict, as `load_results` returns it, the space is guessed.
    metric : str or None
        Which of several metrics; None for the one that decides, or else the first.

    Raises
    ------
    ValueError
        If there is no such metric, or the dict holds no results.
    NotFittedError
        If the search is not fitted.
    """
    if isinstance(search, Mapping):
        results: Mapping[str, Any] = search
    else:
        check_is_fitted(search, "cv_results_")
        results = search.cv_results_
    metric = _metric(search, results, metric)
    n_splits = sum(name.startswith("split") and name.endswith(f"_test_{metric}") for name in results)
    split_scores = np.column_stack([results[f"split{i}_test_{metric}"] for i in range(n_splits)]).astype(float)
    scores = np.array(results[f"mean_test_{metric}"], dtype=float)
    history, numbers = _history(search, len(scores))
    stopped = _stopped(results, history, numbers)
    failed = ~np.isfinite(scores)
    for row, number in enumerate(numbers):  # a number in the place of a score that failed is none
        found = {} if history is None else {s: fit.score(metric) for s, fit in history.outcomes(number).items()}
        failed[row] |= bool(np.isnan(list(found.values())).any())
        split_scores[row] = [found.get(split, np.nan) for split in range(n_splits)]
    split_scores[~np.isfinite(split_scores)] = np.nan
    failed |= ~stopped & np.isnan(split_scores).any(axis=1)
    stopped &= ~failed
    scores[failed] = np.nan
    resource = _resource_name(search, results)
    params = [{name: value for name, value in row.items() if name != resource} for row in results["params"]]
    parts = _parts(search, resource)
    if params:
        params[0] = _inside(params, parts)
    return Fitted(
        params=params,
        metric=metric,
        label=_label(search, metric),
        split_scores=split_scores,
        scores=scores,
        failed=failed,
        stopped=stopped,
        resources=results.get("n_resources"),
        rungs=results.get("iter"),
        brackets=results.get("bracket"),
        resource_name=resource if resource is not None else "n_samples" if "n_resources" in results else None,
        best=_best(search, results, metric, scores),
        parts=parts or _guessed(params),
        is_space_known=parts is not None,
        history=history,
        numbers=numbers,
    )


def _metric(search: Any, results: Mapping[str, Any], metric: str | None) -> str:
    known = [name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_")]
    if not known or "params" not in results:
        raise ValueError(
            "search needs to be a fitted search, its cv_results_ or what load_results returns, got a dict without "
            "params or scores."
        )
    refit = getattr(search, "refit", None)
    wanted = metric or (refit if isinstance(refit, str) and refit in known else known[0])
    if wanted not in known:
        raise ValueError(f"metric needs to be one of {known}, got {metric!r}.")
    return wanted


def _label(search: Any, metric: str) -> str:
    scoring = getattr(search, "scoring", None)
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", None)
    return name if metric == "score" and isinstance(name, str) and name.isidentifier() else metric


def _history(search: Any, n_rows: int) -> tuple[History | None, list[int]]:
    history = getattr(search, "_history", None)
    if history is None:
        return None, []
    numbers = told_trials(history)
    return (history, numbers) if len(numbers) == n_rows else (None, [])


def _stopped(results: Mapping[str, Any], history: History | None, numbers: Sequence[int]) -> NDArray[np.bool_]:
    """Return which trials lack splits, shape (n,)."""
    statuses = results["status"] if "n_splits_run" in results else [""] * len(results["params"])
    if history is not None and "partial" not in statuses:
        return np.array([history.stopped.get(number) is not None for number in numbers], dtype=bool)
    return np.array([status in {"raced", "partial"} for status in statuses], dtype=bool)


def _best(search: Any, results: Mapping[str, Any], metric: str, scores: NDArray[np.float64]) -> int | None:
    """Return the row that the search chose, or of the best rank on another metric than the one it went by.

    None where no trial has a score: the first is then as good as any.
    """
    if np.isnan(scores).all():
        return None
    refit = getattr(search, "refit", None)
    if hasattr(search, "best_index_") and (not isinstance(refit, str) or refit == metric):
        return int(search.best_index_)
    best = int(np.argmin(results[f"rank_test_{metric}"]))
    return None if np.isnan(scores[best]) else best


def _resource_name(search: Any, results: Mapping[str, Any]) -> str | None:
    """Return the parameter that is a resource; None if there is none, or it is the number of samples."""
    if "n_resources" not in results:
        return None
    name = getattr(search, "resource_", getattr(search, "resource", None))
    if name is not None:
        return None if name == "n_samples" else str(name)
    amounts, rows = results["n_resources"], results["params"]
    same = (
        name
        for name in rows[0]
        if all(name in row and row[name] == amount for row, amount in zip(rows, amounts, strict=True))
    )
    return next(same, None)


def _parts(search: Any, resource: str | None) -> list[Mapping[str, Any]] | None:
    """Return the dictionaries of a search's space; None where it cannot be told, or not be modelled."""
    for attribute in ("space_", "param_distributions", "param_grid"):
        space = getattr(search, attribute, None)
        if space is not None:
            break
    else:
        return None
    parts = [space] if isinstance(space, Mapping) else list(space)
    parts = [{name: part[name] for name in part if name != resource} for part in parts]
    if any(isinstance(dimension, Sampled) for part in parts for dimension in Space(part).parameters.values()):
        return None
    return parts


def _inside(params: Sequence[Params], parts: Sequence[Mapping[str, Any]] | None) -> Params:
    """Return what lies in the space of the first trial; where the space is guessed, what is as in others."""
    first, *others = params
    if parts is None:
        return {name: value for name, value in first.items() if _is_like(value, name, others)}
    space = Space(parts[0] if len(parts) == 1 else list(parts))
    if space.contains(first):
        return first
    dimensions = {name: [as_dimension(name, part[name]) for part in parts if name in part] for name in first}
    return {name: value for name, value in first.items() if any(_holds(found, value) for found in dimensions[name])}


def _holds(dimension: Dimension, value: Any) -> bool:
    try:
        dimension.canonical(value)
    except (TypeError, ValueError):
        return False
    return True


def _is_like(value: Any, name: str, others: Sequence[Params]) -> bool:
    """Whether a value is a number, or not all others are."""
    found = [row[name] for row in others if name in row]
    return is_number(value) or len(found) < 2 or not all(map(is_number, found))


def _guessed(params: Sequence[Params]) -> list[Mapping[str, Any]]:
    """Return the dictionaries of a space in which all trials lie.

    Where a parameter is absent from some trials, a category that tells from which is taken for its parent; failing
    that, there is one dictionary for each set of names that occurs together.
    """
    names = dict.fromkeys(name for row in params for name in row)
    dimensions = {name: _guess([row[name] for row in params if name in row]) for name in names}
    parents = {name: _guess_parent(name, params, dimensions) for name in names}
    if None not in parents.values():
        return [{name: replace(dimensions[name], when=parents[name] or None) for name in names}]
    return [{name: dimensions[name] for name in group} for group in dict.fromkeys(tuple(row) for row in params)]


def _guess_parent(
    name: str, params: Sequence[Params], dimensions: Mapping[str, Dimension]
) -> dict[str, list[Any]] | None:
    """Return the condition under which a parameter is there, empty where it always is; None where there is none."""
    without = [row for row in params if name not in row]
    found = []
    for parent, dimension in dimensions.items() if without else ():
        if not dimension.is_categorical or any(parent not in row for row in params):
            continue
        values = {freeze(row[parent]): row[parent] for row in params if name in row}
        if not values.keys() & {freeze(row[parent]) for row in without}:
            found.append((dimension.n_choices, parent, list(values.values())))
    if not found:
        return None if without else {}
    # Of two that tell, the one with fewer categories has more trials in each to say so.
    _, parent, chosen = min(found, key=lambda each: each[0])
    return {parent: chosen}


def _guess(values: Sequence[Any]) -> Dimension:
    distinct = list({freeze(value): value for value in values}.values())
    if len(distinct) < 2 or not all(is_number(value) and np.isfinite(value) for value in distinct):
        return Categorical(distinct)
    low, high = min(distinct), max(distinct)
    if low == high:  # 1 and 1.0
        return Categorical(distinct)
    is_log = bool(low > 0 and high >= _LOG_FROM * low)
    if all(hasattr(value, "__index__") for value in distinct):
        return Int(low, high, log=is_log)
    return Float(low, high, log=is_log)
