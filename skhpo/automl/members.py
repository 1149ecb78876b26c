"""The ensemble of a portfolio: made by out-of-fold predictions, fitted again as far as there is time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import clone

from skhpo.automl.product import product_is_better
from skhpo.honesty.greedy import EnsembleChoice, blendable, blended, greedy_weights
from skhpo.honesty.log_pool import PoolChoice, is_for_pools, log_pool, pooled
from skhpo.honesty.metrics import measure_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_N_POOL = 20
"""From so many of the best candidates members are selected, and from a few of each family."""


class Chosen(NamedTuple):
    """An ensemble that was selected.

    Parameters
    ----------
    table : OutOfFold
        What all candidates predict.
    weights : ndarray of shape (n_candidates,)
        Shares, which sum to one; the powers of a pool, whose sum is the temperature.
    is_pool : bool, default=False
        Whether the ensemble is the product of what its members say, and not the mean.
    """

    table: OutOfFold
    weights: NDArray[np.float64]
    is_pool: bool = False

    def blend(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the candidates predict together, with weights that may be others."""
        (found,) = self._blended(weights).candidates
        (values,) = found.values()
        return np.asarray(values.mean(axis=0))

    def score(self, scorer: Any) -> float:
        """Return the score of the ensemble on the rows by which it was selected."""
        measure = measure_of(scorer, self._blended(self.weights))
        return float(measure.scores(np.ones((1, self.table.n_rows), dtype=np.intp))[0, 0])

    def _blended(self, weights: NDArray[np.float64]) -> OutOfFold:
        return (pooled if self.is_pool else blended)(self.table, weights)

    def again(self, scorer: Any, size: int) -> EnsembleChoice:
        """Return the same choice for the rows of a bootstrap."""
        return (PoolChoice if self.is_pool else EnsembleChoice)(self.table, scorer, size, _N_POOL)

    def weights_of(self, kept: Sequence[int]) -> NDArray[np.float64]:
        """Return the weights of some members, who take over those of the others; 0 of all others."""
        weights = np.zeros_like(self.weights)
        weights[kept] = self.weights[kept]
        return np.asarray(weights * (self.weights.sum() / weights.sum()))

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
        return Chosen(self.table.only(kept), weights[kept], self.is_pool)


def choose(table: OutOfFold, scorer: Any, size: int) -> Chosen:
    """Select an ensemble by the predictions of candidates.

    Parameters
    ----------
    table : OutOfFold
        The predictions.
    scorer : callable
        What to be best by.
    size : int
        How many picks, or members of a pool; 1 takes the best alone.
    """
    table = blendable(table, scorer)
    table = replace(table, candidates=[_finite(each) for each in table.candidates])
    if size > 1 and is_for_pools(table, scorer) and product_is_better(table, scorer, size, _N_POOL):
        powers = log_pool(table, scorer, size, _N_POOL)
        if powers.any():
            return Chosen(table, powers, is_pool=True)
    return Chosen(table, greedy_weights(table, scorer, size, _N_POOL))


def _finite(candidate: Any) -> Any:
    return {name: np.nan_to_num(np.asarray(values, dtype=np.float64)) for name, values in candidate.items()}


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
