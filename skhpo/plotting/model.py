"""The model of the score, of a search that has one or fitted to the results of one that has not."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.history import Observation, Trial
from skhpo.report.fitted import fitted
from skhpo.samplers.bayes import BayesSampler
from skhpo.samplers.rungs import RungSampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.report.fitted import Fitted

_SEED = 0
"""Of the quasi-random points over which importances are estimated; the model itself draws nothing."""


class Model(NamedTuple):
    """What was tried, the model of it, and what the model was told of each candidate.

    Parameters
    ----------
    trials : Fitted
        What was tried.
    sampler : BayesSampler
        Told all trials; it is asked for its beliefs, not for candidates.
    rows : ndarray of shape (n,)
        The trials of which it was told: of each candidate the one with most of the resource.
    scores : ndarray of shape (n,)
        What it was told; where a trial had less than the most, what its score would be with that. NaN where it failed.
    """

    trials: Fitted
    sampler: BayesSampler
    rows: NDArray[np.int64]
    scores: NDArray[np.float64]


def model_of(search: Any, metric: str | None = None) -> Model:
    """Return the model of the score.

    That is a Bayesian search's own. To the trials of another search, or for another metric, the same model is fitted;
    where there are rungs, to what each candidate would score on the full resource, as `RungSampler` has it.

    Raises
    ------
    ValueError
        If there are fewer than two scores, or nothing was searched.
    """
    trials = fitted(search, metric)
    n_scores = int(np.isfinite(trials.scores).sum())
    if not trials.names or n_scores < 2:
        raise ValueError(
            f"A model of the score needs two or more scores and a parameter that was searched, got {n_scores} scores "
            f"and {len(trials.names)} such parameters."
        )
    told = _at_full_resource(trials)
    rows, scores = _rows_and_scores(told)
    own = getattr(search, "_sampler", None)
    if isinstance(own, BayesSampler) and trials.metric == _metric_of(search):
        return Model(trials, own, rows, scores)
    space = trials.space
    sampler = BayesSampler(space, _SEED)
    for observation in told:
        if space.contains(observation.trial.params):  # as the untuned estimator need not be
            sampler.tell(observation)
    return Model(trials, sampler, rows, scores)


def at_full_resource(trials: Fitted) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the trials, of each candidate the one with most of the resource, and their scores, each of shape (n,).

    Where a trial had less than the most, it is what the score would be with that; NaN where the trial failed.
    """
    return _rows_and_scores(_at_full_resource(trials))


def _at_full_resource(trials: Fitted) -> list[Observation]:
    rungs = RungSampler(lambda: BayesSampler(trials.space, _SEED))
    for observation in _told(trials):
        rungs.tell(observation)
    return list(rungs.at_full_resource())


def _rows_and_scores(told: list[Observation]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    rows = np.array([observation.trial.number for observation in told], dtype=np.int64)
    return rows, np.array([observation.scores.mean() for observation in told], dtype=float)


def _metric_of(search: Any) -> str:
    """Return the metric that a search itself learns from: the one that decides, else the first."""
    history = getattr(search, "_history", None)
    known = [name.removeprefix("mean_test_") for name in search.cv_results_ if name.startswith("mean_test_")]
    return known[0] if history is None or history.metric not in known else str(history.metric)


def _told(trials: Fitted) -> list[Observation]:
    """Return trials and their scores, NaN where one failed."""
    parents = {row: above for rows in trials.candidates() for above, row in pairwise(rows)}
    if trials.rungs is None:
        parents = {}
    told = []
    for row, params in enumerate(trials.params):
        fraction = 1.0 if trials.resources is None else float(trials.resources[row] / trials.top_resource)
        scores = np.full(trials.split_scores.shape[1], trials.scores[row])
        told.append(Observation(Trial(row, params, fraction=fraction, parent=parents.get(row)), scores))
    return told
