"""From a history to ``cv_results_``, once, at the end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from skhpo._sklearn import masked_params

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.resources import Resource
    from skhpo.trial import History, Scores


def cv_results(
    history: History,
    numbers: Sequence[int],
    *,
    error_score: float = np.nan,
    return_train_score: bool = False,
    resource: Resource | None = None,
) -> dict[str, Any]:
    """Return the results of finished trials in scikit-learn's form.

    Parameters
    ----------
    history : History
        What happened.
    numbers : sequence of int
        The finished trials that become rows, in this order.
    error_score : float
        The score of a fit that failed.
    return_train_score : bool
        Whether there are ``train`` columns.
    resource : Resource or None
        Of a search with rungs: what trials have a fraction of. It gives columns ``iter`` and ``n_resources``, first as
        scikit-learn's, and a parameter where it is one; and trials with less of it rank behind all those with more.

    Returns
    -------
    dict
        Keys, order, types and values are those of ``GridSearchCV.cv_results_``.

    Warns
    -----
    UserWarning
        If a mean score is not finite.
    """
    rows = [[history.outcomes(number)[split] for split in range(history.n_splits)] for number in numbers]
    outcomes = [outcome for row in rows for outcome in row]
    shape = (len(rows), history.n_splits)
    trials = [history.trials[number] for number in numbers]
    params = [trial.params for trial in trials]

    results: dict[str, Any] = {}
    fractions = np.ones(len(trials))
    if resource is not None:
        results["iter"] = np.array([trial.rung for trial in trials])
        results["n_resources"] = np.array([resource.amount(trial.fraction) for trial in trials])
        if any(trial.bracket for trial in trials):
            results["bracket"] = np.array([trial.bracket for trial in trials])
        params = [trial.params | resource.params(trial.fraction) for trial in trials]
        fractions = np.array([trial.fraction for trial in trials])
    for name, times in (
        ("fit_time", [outcome.fit_time for outcome in outcomes]),
        ("score_time", [outcome.score_time for outcome in outcomes]),
    ):
        results.update(_mean_and_std(name, np.array(times, dtype=np.float64).reshape(shape)))
    results.update(masked_params(params))
    results["params"] = params

    test = [outcome.test_scores for outcome in outcomes]
    train = [outcome.train_scores for outcome in outcomes]
    for metric in metric_names(test) or ["score"]:
        results.update(_test_columns(metric, _column(test, metric, error_score).reshape(shape), fractions))
        if return_train_score:
            results.update(_score_columns(f"train_{metric}", _column(train, metric, error_score).reshape(shape)))
    return results


def metric_names(scores: Sequence[Scores | None]) -> list[str] | None:
    """Return the metrics' names, or None where scores are single numbers; a failed fit (None) tells nothing."""
    for found in scores:
        if found is not None:
            return list(found) if isinstance(found, dict) else None
    return None


def _column(scores: Sequence[Scores | None], metric: str, error_score: float) -> NDArray[np.float64]:
    """Return one metric of all outcomes, shape (n_outcomes,), failed fits replaced."""
    picked = (found[metric] if isinstance(found, dict) else found for found in scores)
    return np.array([error_score if score is None else score for score in picked], dtype=np.float64)


def _mean_and_std(name: str, values: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return mean and population standard deviation over the splits; one NaN makes both NaN."""
    mean = np.average(values, axis=1)
    std = np.sqrt(np.average((values - mean[:, np.newaxis]) ** 2, axis=1))
    return {f"mean_{name}": mean, f"std_{name}": std}


def _score_columns(name: str, values: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    columns = {f"split{split}_{name}": values[:, split] for split in range(values.shape[1])}
    # Infinite scores make inf - inf: the mean says so, and a warning of our own follows.
    with np.errstate(invalid="ignore"):
        columns.update(_mean_and_std(name, values))
    mean = columns[f"mean_{name}"]
    if not np.isfinite(mean).all():
        side = name.partition("_")[0]
        warnings.warn(f"One or more of the {side} scores are non-finite: {mean}", UserWarning, stacklevel=2)
    return columns


def _test_columns(metric: str, values: NDArray[np.float64], fractions: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    columns = _score_columns(f"test_{metric}", values)
    mean = columns[f"mean_test_{metric}"]
    columns[f"rank_test_{metric}"] = rank(mean) if (fractions == 1).all() else rank_by_rung(mean, fractions)
    return columns


def rank(mean_scores: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return ranks from 1 (best); ties share the smaller rank, and NaN ties with nothing but NaN, as the worst."""
    if np.isnan(mean_scores).all():
        return np.ones(len(mean_scores), dtype=np.int32)
    known = np.nan_to_num(mean_scores, nan=np.nanmin(mean_scores) - 1)
    ranks: NDArray[np.int32] = rankdata(-known, method="min").astype(np.int32)
    return ranks


def rank_by_rung(mean_scores: NDArray[np.float64], fractions: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return ranks as `rank` does, those with more of the resource before all others, NaN behind everything."""
    places = np.full(len(mean_scores), np.nan)
    order = np.lexsort((mean_scores, fractions))
    order = order[~np.isnan(mean_scores[order])]
    pairs = np.column_stack([fractions[order], mean_scores[order]])
    is_better = np.any(pairs[1:] != pairs[:-1], axis=1)
    places[order] = np.concatenate([[0], np.cumsum(is_better)])[: len(order)]
    return rank(places)
