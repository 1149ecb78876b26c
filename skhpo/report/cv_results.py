"""From a history to ``cv_results_``, once, at the end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import rankdata

from skhpo._sklearn import masked_params

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.fits.amounts import Resource
    from skhpo.history import History, Outcome, Scores


def cv_results(
    history: History,
    numbers: Sequence[int],
    *,
    error_score: float = np.nan,
    return_train_score: bool = False,
    resource: Resource | None = None,
    warn: Callable[[str], None] | None = None,
    expected: Mapping[int, float] | None = None,
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
    warn : callable or None
        Told of mean scores that are not finite, in scikit-learn's words; None issues a UserWarning.
    expected : mapping of int to float, optional
        Of trials that lack splits and were not stopped, what is expected of their mean on the deciding metric.

    Returns
    -------
    dict
        Keys, order, types and values are those of ``GridSearchCV.cv_results_``; after a race, and where trials lack
        splits, ``status`` and ``n_splits_run`` come last.

    Warns
    -----
    UserWarning
        If a mean score is not finite, and ``warn`` is None.
    """
    warn = warn or _warn
    outcomes = [history.outcomes(number).get(split) for number in numbers for split in range(history.n_splits)]
    shape = (len(numbers), history.n_splits)
    race = _Race(history, numbers, expected or {}) if history.has_partial or expected else None
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
    for name in ("fit_time", "score_time"):
        times = [np.nan if outcome is None else getattr(outcome, name) for outcome in outcomes]
        results.update(_mean_and_std(name, np.array(times, dtype=np.float64).reshape(shape), race))
    results.update(masked_params(params))
    results["params"] = params

    for metric in metric_names([outcome.test_scores for outcome in outcomes if outcome is not None]) or ["score"]:
        test = _column(outcomes, "test_scores", metric, error_score).reshape(shape)
        results.update(_test_columns(metric, test, fractions, race, warn))
        if return_train_score:
            train = _column(outcomes, "train_scores", metric, error_score).reshape(shape)
            results.update(_score_columns(f"train_{metric}", train, race, warn))
    if race is not None:
        results.update(race.columns())
    return results


def metric_names(scores: Sequence[Scores | None]) -> list[str] | None:
    """Return the metrics' names, or None where scores are single numbers; a failed fit (None) tells nothing."""
    for found in scores:
        if found is not None:
            return list(found) if isinstance(found, dict) else None
    return None


class _Race:
    """What is different about the results of a search where trials may lack splits."""

    def __init__(self, history: History, numbers: Sequence[int], expected: Mapping[int, float]) -> None:
        self.history, self.numbers, self.expected = history, numbers, expected
        self.row = {number: row for row, number in enumerate(numbers)}
        splits = range(history.n_splits)
        self.is_run = np.array([[split in history.outcomes(number) for split in splits] for number in numbers])
        self.partial: list[int] = np.flatnonzero(~self.is_run.all(axis=1)).tolist()

    def adjusted_means(self, values: NDArray[np.float64], *, is_deciding: bool) -> NDArray[np.float64]:
        """Return the means over all splits of scores of shape (n_rows, n_splits), NaN where a split was skipped.

        The mean of a stopped trial is that of the trial that stopped it, plus the mean difference on the splits that
        both have. An easy split is easy for both, so it does not count. That of a trial that was not stopped is what is
        expected of it on the deciding metric, and the mean over its splits on others.
        """
        means: NDArray[np.float64] = np.average(values, axis=1)
        for row in self.partial:
            number, run = self.numbers[row], self.is_run[row]
            against = self.history.stopped.get(number)
            if number in self.expected:
                means[row] = self.expected[number] if is_deciding else values[row, run].mean()
            elif against is not None:
                other = self.row[against]
                means[row] = means[other] + (values[row, run] - values[other, run]).mean()
        return means

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the columns that are there only where trials may lack splits."""
        return {
            "status": np.array([self._status(number) for number in self.numbers], dtype=object),
            "n_splits_run": np.array([len(self.history.outcomes(number)) for number in self.numbers]),
        }

    def _status(self, number: int) -> str:
        endings = map(self.history.ending, self.history.outcomes(number).values())
        bad = next((ending for ending in endings if ending != "ok"), None)
        if bad is not None:
            return "failed" if bad == "unscored" else bad
        if number in self.expected:
            return "partial"
        return "complete" if self.history.stopped.get(number) is None else "raced"


def _column(outcomes: Sequence[Outcome | None], side: str, metric: str, error_score: float) -> NDArray[np.float64]:
    """Return one metric of all outcomes, shape (n_outcomes,), failed fits replaced, NaN for those that were skipped."""
    picked = []
    for outcome in outcomes:
        scores = np.nan if outcome is None else getattr(outcome, side)
        found = scores[metric] if isinstance(scores, dict) else scores
        picked.append(error_score if found is None else found)
    return np.array(picked, dtype=np.float64)


def _mean_and_std(name: str, values: NDArray[np.float64], race: _Race | None = None) -> dict[str, NDArray[np.float64]]:
    """Return mean and population standard deviation over the splits; one NaN makes both NaN.

    In a race, those over the splits that were not skipped.
    """
    # A file may say of a fit that it took 1e200 seconds, and squares of such numbers are infinite.
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.average(values, axis=1)
        std = np.sqrt(np.average((values - mean[:, np.newaxis]) ** 2, axis=1))
        if race is not None:
            for row in race.partial:
                run = values[row, race.is_run[row]]
                mean[row], std[row] = run.mean(), run.std()
    return {f"mean_{name}": mean, f"std_{name}": std}


def _warn(message: str) -> None:
    warnings.warn(message, UserWarning, stacklevel=4)


def _score_columns(
    name: str, values: NDArray[np.float64], race: _Race | None, warn: Callable[[str], None]
) -> dict[str, NDArray[Any]]:
    columns = {f"split{split}_{name}": values[:, split] for split in range(values.shape[1])}
    # Infinite scores make inf - inf: the mean says so, and a warning of our own follows.
    with np.errstate(invalid="ignore"):
        columns.update(_mean_and_std(name, values, race))
        if race is not None:
            is_deciding = name == f"test_{race.history.metric or 'score'}"
            columns[f"mean_{name}"] = race.adjusted_means(values, is_deciding=is_deciding)
    mean = columns[f"mean_{name}"]
    if not np.isfinite(mean).all():
        side = name.partition("_")[0]
        warn(f"One or more of the {side} scores are non-finite: {mean}")
    return columns


def _test_columns(
    metric: str,
    values: NDArray[np.float64],
    fractions: NDArray[np.float64],
    race: _Race | None,
    warn: Callable[[str], None],
) -> dict[str, NDArray[Any]]:
    columns = _score_columns(f"test_{metric}", values, race, warn)
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
