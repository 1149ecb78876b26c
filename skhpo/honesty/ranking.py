"""Areas under curves: their bootstrap sorts each candidate's predictions once and adds up weights in that order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.honesty.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_AT_A_TIME = 64
"""Resamples that are added up side by side: with 5,000 rows they stay in a processor's second cache."""

_STRETCH = 32
"""Rows of a stretch: running sums are made within all stretches at once, and then over them."""


class RankingMeasure(Measure):
    """An area for each of some classes against the rest, and their mean.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted.
    answers : ndarray of shape (n_rows, n_columns, n_areas)
        What rows are ordered by.
    positives : ndarray of shape (n_rows, n_areas), bool
        Which rows should come first.
    kind : {"roc_auc", "average_precision"}
        Which area.
    average : {"macro", "weighted"}
        Whether areas count alike, or by the weight of the rows that should come first.
    """

    def __init__(self, oof: OutOfFold, answers: Any, positives: Any, *, kind: str, average: str = "macro") -> None:
        super().__init__(oof)
        self._answers = answers
        self._positives = positives
        self._curve: Any = _roc_auc if kind == "roc_auc" else _average_precision
        self._order: Any = _rising if kind == "roc_auc" else _falling
        self._is_weighted = average == "weighted"

    def columns(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the mean area; NaN where a resample lacks one of the sides."""
        total, share = np.zeros((len(weights), len(columns))), np.zeros((len(weights), 1))
        for area in range(self._positives.shape[1]):
            is_first = self._positives[:, area]
            answers = self._answers[:, columns, area]
            weight = weights[:, is_first].sum(axis=1)[:, None] if self._is_weighted else np.ones((len(weights), 1))
            found = np.empty((len(weights), len(columns)))
            orders = [self._order(answers[:, column], is_first) for column in range(len(columns))]
            for start in range(0, len(weights), _AT_A_TIME):
                at = slice(start, start + _AT_A_TIME)
                found[at] = self._curve(np.ascontiguousarray(weights[at].T), is_first, orders)
            total += found * weight
            share += weight
        return np.asarray(np.divide(total, share, out=np.full(total.shape, np.nan), where=share > 0))


class _Rising(NamedTuple):
    """How one candidate orders the rows that should come last among those that should come first.

    Parameters
    ----------
    others : ndarray of shape (n_others,)
        The rows that should come last, by rising prediction.
    below, up_to : ndarray of shape (n_firsts,)
        For each row that should come first, how many of the others have a smaller prediction, and how many no larger.
    """

    others: NDArray[np.intp]
    below: NDArray[np.intp]
    up_to: NDArray[np.intp]


def _rising(answers: NDArray[Any], is_first: NDArray[np.bool_]) -> _Rising:
    others = answers[~is_first]
    order = np.argsort(others, kind="stable")
    ordered, firsts = others[order], answers[is_first]
    return _Rising(order, np.searchsorted(ordered, firsts, "left"), np.searchsorted(ordered, firsts, "right"))


class _Falling(NamedTuple):
    """What one candidate's thresholds let through: each prediction of a row that should come first is one.

    Parameters
    ----------
    firsts, others : ndarray of shape (n_firsts,) and (n_others,)
        The rows that should come first, and the rest, by falling prediction.
    n_firsts, n_others : ndarray of shape (n_thresholds,)
        How many of each have no smaller prediction than the threshold, which falls.
    """

    firsts: NDArray[np.intp]
    others: NDArray[np.intp]
    n_firsts: NDArray[np.intp]
    n_others: NDArray[np.intp]


def _falling(answers: NDArray[Any], is_first: NDArray[np.bool_]) -> _Falling:
    firsts, others = -answers[is_first], -answers[~is_first]
    by_first, by_other = np.argsort(firsts, kind="stable"), np.argsort(others, kind="stable")
    ordered = firsts[by_first]
    thresholds = np.unique(ordered)
    return _Falling(
        by_first,
        by_other,
        np.searchsorted(ordered, thresholds, "right"),
        np.searchsorted(others[by_other], thresholds, "right"),
    )


def _roc_auc(
    weights: NDArray[np.float64], is_first: NDArray[np.bool_], orders: Sequence[_Rising]
) -> NDArray[np.float64]:
    """Return the share of pairs in the right order, ties by half, with weights of shape (n_rows, n_resamples).

    The area under the ROC curve is Mann and Whitney's statistic over the number of pairs.
    """
    first, others = weights[is_first], weights[~is_first]
    found = np.empty((weights.shape[1], len(orders)))
    for column, order in enumerate(orders):
        sums = _RunningSums(others, order.others)
        found[:, column] = np.einsum("ib,ib->b", first, sums.of(order.below))
        is_tied = order.below < order.up_to
        if is_tied.any():
            found[:, column] += np.einsum("ib,ib->b", first, sums.of(order.up_to))
            found[:, column] /= 2
    pairs = (first.sum(axis=0) * others.sum(axis=0))[:, None]
    return np.asarray(np.divide(found, pairs, out=np.full(found.shape, np.nan), where=pairs > 0))


def _average_precision(
    weights: NDArray[np.float64], is_first: NDArray[np.bool_], orders: Sequence[_Falling]
) -> NDArray[np.float64]:
    """Return the sum over thresholds of the gain in recall times the precision there; NaN without a row to be first."""
    first, others = weights[is_first], weights[~is_first]
    found = np.empty((weights.shape[1], len(orders)))
    for column, order in enumerate(orders):
        hits = _RunningSums(first, order.firsts).of(order.n_firsts)
        said = _RunningSums(others, order.others).of(order.n_others)
        said += hits
        gains = hits.copy()
        gains[1:] -= hits[:-1]
        # Where nothing is let through nothing was gained.
        precision = np.divide(hits, said, out=hits, where=said > 0)
        found[:, column] = np.einsum("ib,ib->b", gains, precision)
    total = first.sum(axis=0)[:, None]
    return np.asarray(np.divide(found, total, out=np.full(found.shape, np.nan), where=total > 0))


class _RunningSums:
    """Sums of rows taken in an order.

    `numpy.cumsum` along the first axis goes down one column after the other. Here all stretches of rows are added up
    side by side, which is five times as fast.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_resamples)
        What is added up.
    order : ndarray of shape (n,)
        Of the rows.
    """

    def __init__(self, values: NDArray[np.float64], order: NDArray[np.intp]) -> None:
        n, width = len(order), values.shape[1]
        self._n_stretches = max(1, -(-n // _STRETCH))
        places = np.zeros(self._n_stretches * _STRETCH, dtype=np.intp)
        places[:n] = order
        self._sums = np.empty((_STRETCH * self._n_stretches + 1, width))
        self._sums[-1] = 0.0
        laid = self._sums[:-1].reshape(_STRETCH, self._n_stretches, width)
        if n:
            np.take(values, places.reshape(self._n_stretches, _STRETCH).T, axis=0, mode="clip", out=laid)
        else:
            laid[:] = 0.0
        for row in range(1, _STRETCH):
            np.add(laid[row], laid[row - 1], out=laid[row])
        before = np.zeros((self._n_stretches, width))
        np.cumsum(laid[-1, :-1], axis=0, out=before[1:])
        laid += before

    def of(self, n_first: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the sums of the first rows, so many as said, shape (len(n_first), n_resamples)."""
        stretch, row = np.divmod(n_first - 1, _STRETCH)
        places = np.where(n_first > 0, row * self._n_stretches + stretch, len(self._sums) - 1)
        return np.take(self._sums, places, axis=0, mode="clip")
