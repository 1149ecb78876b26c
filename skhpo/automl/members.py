"""The ensemble of a portfolio: selected by out-of-fold predictions, fitted again as far as there is time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from scipy.optimize import minimize_scalar
from sklearn.base import clone

from skhpo.honesty.greedy import best_pool, blendable, blended, select
from skhpo.honesty.metrics import measure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_N_POOL = 40
_COLDEST, _HOTTEST = 0.4, 2.5


class Chosen(NamedTuple):
    """An ensemble that was selected.

    Parameters
    ----------
    table : OutOfFold
        What all candidates predict.
    weights : ndarray of shape (n_candidates,)
        Shares.
    """

    table: OutOfFold
    weights: NDArray[np.float64]

    def blend(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the weighted mean of what the candidates predict."""
        (found,) = blended(self.table, weights).candidates
        (values,) = found.values()
        return np.asarray(values.mean(axis=0))

    def score(self, scorer: Any) -> float:
        """Return the score of the ensemble on the rows by which it was selected."""
        measure = measure_of(scorer, blended(self.table, self.weights))
        return float(measure.scores(np.ones((1, self.table.n_rows), dtype=np.intp))[0, 0])

    def as_fitted(self, weights: NDArray[np.float64]) -> Chosen:
        """Return what came of it: without the members that there was no time to fit.

        Parameters
        ----------
        weights : ndarray of shape (n_candidates,)
            Of the members that were fitted, 0 of all others.
        """
        if np.count_nonzero(weights) == np.count_nonzero(self.weights):
            return self
        kept = np.flatnonzero(weights)
        return Chosen(self.table.only(kept), weights[kept])


def choose(table: OutOfFold, scorer: Any, size: int) -> Chosen:
    """Select an ensemble by the predictions of candidates.

    Parameters
    ----------
    table : OutOfFold
        The predictions.
    scorer : callable
        What to be best by.
    size : int
        How many picks; 1 takes the best alone.
    """
    table = blendable(table, scorer)
    table = replace(table, candidates=[_finite(each) for each in table.candidates])
    pool = best_pool(table, scorer, _N_POOL)
    weights = np.zeros(table.n_candidates)
    weights[pool] = select(table.only(pool), scorer, size).weights
    return Chosen(table, weights)


def _finite(candidate: Any) -> Any:
    return {name: np.nan_to_num(np.asarray(values, dtype=np.float64)) for name, values in candidate.items()}


def temperature(probabilities: NDArray[np.float64], labels: NDArray[np.intp], weight: Any = None) -> float:
    """Return the power of probabilities that makes the log loss smallest.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Out of fold.
    labels : ndarray of shape (n_rows,)
        Positions of the right ones.
    weight : ndarray of shape (n_rows,) or None, default=None
        Of the rows.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML 2017.
    """

    def loss(log_power: float) -> float:
        right = with_power(probabilities, float(np.exp(log_power)))[np.arange(len(labels)), labels]
        return float(np.average(-np.log(right), weights=weight))

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x))


def with_power(probabilities: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """Return probabilities raised to a power, which sum to one; none is nought."""
    logs = power * np.log(np.clip(probabilities, _SMALLEST, 1.0))
    found = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))


_SMALLEST = 1e-6


class Member(NamedTuple):
    """A configuration of an ensemble.

    Parameters
    ----------
    estimator : estimator
        Not fitted.
    weight : float
        Its share.
    seconds : float
        How long its fit takes, as foreseen.
    """

    estimator: Any
    weight: float
    seconds: float


def fit_members(
    members: Sequence[Member], fit: Callable[[Any], Any], left: Callable[[], float], n_jobs: int | None
) -> dict[int, Any]:
    """Fit the members, the heaviest first, as far as there is time.

    Parameters
    ----------
    members : sequence of Member
        Whom.
    fit : callable
        ``fit(estimator)`` returns it fitted.
    left : callable
        Seconds that are left.
    n_jobs : int or None
        Fits at the same time.

    Returns
    -------
    fitted : dict of int to estimator
        By place; at least one.
    """
    order = sorted(range(len(members)), key=lambda place: (-members[place].weight, members[place].seconds))
    fitted: dict[int, Any] = {}
    if n_jobs not in {None, 1}:
        chosen = _in_time(members, order, left())
        found = Parallel(n_jobs=n_jobs)(delayed(fit)(clone(members[place].estimator)) for place in chosen)
        return dict(zip(chosen, found, strict=True))
    for place in order:
        if members[place].seconds < left():
            fitted[place] = fit(clone(members[place].estimator))
    if not fitted:
        quickest = min(order, key=lambda place: members[place].seconds)
        fitted[quickest] = fit(clone(members[quickest].estimator))
    return fitted


def _in_time(members: Sequence[Member], order: Sequence[int], left: float) -> list[int]:
    chosen = [place for place in order if members[place].seconds < left]
    return chosen or [min(order, key=lambda place: members[place].seconds)]
