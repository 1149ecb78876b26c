"""Whether the product of what classifiers say is better than the mean, out of fold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GroupKFold, KFold

from skhpo.automl.temperature import temperature, with_power
from skhpo.honesty.greedy import blended, greedy_weights
from skhpo.honesty.log_pool import log_pool, pooled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_N_FOLDS = 5
_MOST_ROWS = 2000
"""More are not needed to decide, and the decision is not to take long."""


def product_is_better(table: OutOfFold, scorer: Any, size: int, n_pool: int) -> bool:
    """Whether a pool has a smaller log loss than the mean, by more than one standard error.

    Both are made on four fifths of the rows, each with its temperature, and compared on the rest. The product is much
    better where members are sure of different rows, and worse where one is sure and wrong, so it has to earn its place.

    Parameters
    ----------
    table : OutOfFold
        Probabilities of candidates.
    scorer : callable
        The log loss.
    size : int
        Members at most.
    n_pool : int
        From how many of the best candidates they are selected, and from a few of each kind.
    """
    rows = np.random.default_rng(0).permutation(table.n_rows)[:_MOST_ROWS]
    table = table.rows_of(np.sort(rows))
    if table.groups is not None and len(np.unique(table.groups)) < _N_FOLDS:
        return False
    gained, _ = gains_of(table, scorer, size, n_pool)
    return bool(gained.mean() > gained.std() / np.sqrt(len(gained)))


def gains_of(table: OutOfFold, scorer: Any, size: int, n_pool: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return by how much the loss of each row is smaller by the product, and the losses by the mean.

    Parameters
    ----------
    table, scorer, size, n_pool
        See `product_is_better`.
    """
    by_mean, by_product = np.empty((2, table.n_rows))
    for train, test in _folds(table):
        seen, left = table.rows_of(train), table.rows_of(test)
        weights = greedy_weights(seen, scorer, size, n_pool)
        labels = seen.labels
        assert labels is not None  # noqa: S101  # `is_for_pools`
        power = temperature(_said(blended(seen, weights)), labels, seen.sample_weight)
        by_mean[test] = _losses(with_power(_said(blended(left, weights)), power), left)
        by_product[test] = _losses(with_power(_said(pooled(left, log_pool(seen, scorer, size, n_pool))), 1.0), left)
    share = 1.0 if table.sample_weight is None else table.sample_weight / table.sample_weight.mean()
    return (by_mean - by_product) * share, by_mean * share


def _folds(table: OutOfFold) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    splitter = KFold(_N_FOLDS, shuffle=True, random_state=0) if table.groups is None else GroupKFold(_N_FOLDS)
    yield from splitter.split(np.zeros(table.n_rows), groups=table.groups)


def _said(blend: OutOfFold) -> NDArray[np.float64]:
    return np.asarray(blend.candidates[0]["predict_proba"].mean(axis=0))


def _losses(probabilities: NDArray[np.float64], table: OutOfFold) -> NDArray[np.float64]:
    return np.asarray(-np.log(probabilities[np.arange(table.n_rows), table.labels]))
