"""Greedy selection of an ensemble from out-of-fold predictions.

References
----------
R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes: Ensemble selection from libraries of models. ICML 2004; with
replacement, which section 2.1 has. R. Caruana, A. Munson, A. Niculescu-Mizil: Getting the most out of ensemble
selection. ICDM 2006.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.metrics import get_scorer

from skhpo._sklearn import metric_of
from skhpo.honesty.metrics import measure_of
from skhpo.honesty.predictions import as_labels, as_probabilities

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_OF_EACH = 5
"""So many of the best of each kind are in a pool. The best of all often are variants of one model, and what would mend
their errors is not among them."""
_TIE = 1e-9
"""Scores that differ by less are the same."""


class Selection(NamedTuple):
    """An ensemble.

    Parameters
    ----------
    counts : ndarray of shape (n_candidates,)
        How often each candidate is in it.
    score : float
        On the rows by which it was selected.
    """

    counts: NDArray[np.intp]
    score: float

    @property
    def weights(self) -> NDArray[np.float64]:
        """Share of each candidate, which sum to one."""
        return np.asarray(self.counts / self.counts.sum())


def blendable(oof: OutOfFold, scorer: Any) -> OutOfFold:
    """Return predictions that can be averaged: probabilities, votes where there are none, or numbers.

    Parameters
    ----------
    oof : OutOfFold
        What the candidates predict.
    scorer : callable
        What the ensemble is selected by.

    Raises
    ------
    ValueError
        If the metric needs probabilities, and not all candidates have them; or if the predictions are no numbers.
    """
    if not oof.is_classifier:
        return replace(oof, candidates=[{"predict": each["predict"].astype(np.float64)} for each in oof.candidates])
    if all("predict_proba" in each for each in oof.candidates):
        found = [{"predict_proba": as_probabilities(each["predict_proba"])} for each in oof.candidates]
        return replace(oof, candidates=found)
    metric = metric_of(scorer)
    if oof.classes is None or metric is None or metric.response_method != "predict":
        raise ValueError(
            "ensemble needs candidates that all have predict_proba where scoring reads more than labels, got some "
            "without. Score by a metric of labels, or search estimators that have it, as SVC in CalibratedClassifierCV."
        )
    eye = np.eye(len(oof.classes))
    return replace(oof, candidates=[{"predict_proba": eye[as_labels(each)]} for each in oof.candidates])


def is_soft(oof: OutOfFold) -> bool:
    """Whether probabilities are averaged, not votes."""
    return oof.is_classifier and all("predict_proba" in each for each in oof.candidates)


def select(oof: OutOfFold, scorer: Any, size: int, counts: NDArray[Any] | None = None) -> Selection:
    """Select an ensemble: add the candidate that makes it best, so many times, and take the best of all steps.

    Ties go to the smaller log loss, in regression to the smaller squared error.

    Parameters
    ----------
    oof : OutOfFold
        What `blendable` returns.
    scorer : callable
        What to be best by.
    size : int
        How many to add; one may be added again.
    counts : ndarray of shape (n_rows,) or None
        How often each row counts; None for once.

    Returns
    -------
    selection : Selection

    Raises
    ------
    ValueError
        If no candidate has a score.
    """
    drawn = np.ones((1, oof.n_rows), dtype=np.intp) if counts is None else np.asarray(counts)[None]
    if metric_of(scorer) is not None:  # rows that were not drawn are not looked at again and again
        there = np.flatnonzero(drawn[0])
        oof, drawn = oof.rows_of(there), drawn[:, there]
    method, each = _stacked(oof)
    total = np.zeros(each.shape[1:])
    chosen: list[int] = []
    steps: list[tuple[float, float]] = []
    for step in range(size):
        blends = replace(oof, candidates=[{method: blend} for blend in (total + each) / (step + 1)])
        best, standing = _best(blends, scorer, drawn)
        total += each[best]
        chosen.append(best)
        steps.append(standing)
    last = max(range(size), key=lambda step: (round(steps[step][0], 9), steps[step][1], -step))
    return Selection(np.bincount(chosen[: last + 1], minlength=oof.n_candidates), steps[last][0])


def best_pool(oof: OutOfFold, scorer: Any, n: int, counts: NDArray[Any] | None = None) -> list[int]:
    """Return the n candidates that are best by themselves, and a few of each kind, in order of their numbers."""
    drawn = np.ones(oof.n_rows, dtype=np.intp) if counts is None else np.asarray(counts)
    if oof.n_candidates <= n:
        return list(range(oof.n_candidates))
    scores = np.nan_to_num(measure_of(scorer, oof).scores(drawn[None])[0], nan=-np.inf)
    order = np.argsort(-scores, kind="stable")
    pool = set(order[:n].tolist())
    if oof.kinds is not None:
        kinds = oof.kinds[order]
        for kind in np.unique(kinds):
            pool.update(order[kinds == kind][:_OF_EACH].tolist())
    return sorted(pool)


def greedy_weights(oof: OutOfFold, scorer: Any, size: int, n_pool: int) -> NDArray[np.float64]:
    """Return the shares of all candidates in an ensemble that is selected from those of `best_pool`."""
    pool, weights = best_pool(oof, scorer, n_pool), np.zeros(oof.n_candidates)
    weights[pool] = select(oof.only(pool), scorer, size).weights
    return weights


def blended(oof: OutOfFold, weights: Any) -> OutOfFold:
    """Return the predictions of an ensemble, or of several: weights of shape (n_ensembles, n_candidates)."""
    method, each = _stacked(oof)
    found = np.tensordot(np.atleast_2d(weights), each, axes=1)
    return replace(oof, candidates=[{method: one} for one in found], kinds=None)


def _stacked(oof: OutOfFold) -> tuple[str, NDArray[Any]]:
    """Return the method of all candidates, and what they predict, shape (n_candidates, n_repeats, n_rows, ...)."""
    (method,) = oof.candidates[0]
    return method, np.stack([candidate[method] for candidate in oof.candidates])


def _best(blends: OutOfFold, scorer: Any, drawn: NDArray[Any]) -> tuple[int, tuple[float, float]]:
    """Return which blend is best, with its score and what ties go by."""
    scores = measure_of(scorer, blends).scores(drawn)[0]
    if not np.isfinite(scores).any():
        raise ValueError("ensemble needs a candidate with a finite score on these rows, got none.")
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    tied = np.flatnonzero(scores >= scores.max() - _TIE)
    second = _second(blends.only(tied)).scores(drawn)[0]
    best = int(second.argmax())
    return int(tied[best]), (float(scores[tied[best]]), float(second[best]))


def _second(oof: OutOfFold) -> Any:
    """Return what ties go by."""
    is_one = oof.y.ndim == 1 and oof.classes is not None
    name = "neg_log_loss" if oof.is_classifier and is_one else "neg_mean_squared_error"
    return measure_of(get_scorer(name), oof)


class EnsembleChoice:
    """The choice of an ensemble, for the bootstrap: selected on the rows drawn, scored on those that were left.

    Parameters
    ----------
    oof : OutOfFold
        What `blendable` returns.
    scorer : callable
        What to be best by.
    size : int
        How many to add.
    n_candidates : int
        From how many of the best on the rows drawn.
    """

    def __init__(self, oof: OutOfFold, scorer: Any, size: int, n_candidates: int = 50) -> None:
        self._oof, self._scorer, self._size, self._n_candidates = oof, scorer, size, n_candidates

    def __call__(self, drawn: NDArray[np.intp], left: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of the ensembles on the rows that were left, shape (n_resamples,)."""
        found = np.full(len(drawn), np.nan)
        for number, counts in enumerate(drawn):
            try:
                blend = self._blend(counts)
            except ValueError:  # the metric is not defined on these rows
                continue
            found[number] = measure_of(self._scorer, blend).on_rest(left[number][None])[0, 0]
        return found

    def _blend(self, counts: NDArray[np.intp]) -> OutOfFold:
        """Return what the ensemble predicts that is made on the rows drawn."""
        pool = best_pool(self._oof, self._scorer, self._n_candidates, counts)
        chosen = self._oof.only(pool)
        return blended(chosen, select(chosen, self._scorer, self._size, counts).weights)
