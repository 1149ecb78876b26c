"""The model of the score, of a search that has one or fitted to the results of one that has not."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.history import Observation, Trial
from skhpo.results.fitted import fitted
from skhpo.samplers.bayes import BayesSampler
from skhpo.samplers.rungs import RungSampler

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.results.fitted import Fitted

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
    sampler = BayesSampler(trials.space, _SEED)
    rungs = RungSampler(lambda: sampler)
    for observation in _told(trials):
        rungs.tell(observation)
    told = rungs.at_full_resource()
    rows = np.array([observation.trial.number for observation in told])
    scores = np.array([observation.scores.mean() for observation in told])
    own = getattr(search, "_sampler", None)
    if isinstance(own, BayesSampler) and trials.metric == _metric_of(search):
        return Model(trials, own, rows, scores)
    for observation in told:
        sampler.tell(observation)
    return Model(trials, sampler, rows, scores)


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
