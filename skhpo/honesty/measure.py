"""Scores of many candidates on many resamples of rows at once."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.honesty.predictions import Unread, held

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_MOST_WEIGHTS = 5_000_000
"""Weights that are in memory at a time, 40 MB of them."""


class Measure(ABC):
    """A scorer over stored predictions. Larger is better.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted.
    """

    is_fast = True
    """Whether scores of all candidates on a thousand resamples take no more than seconds."""

    def __init__(self, oof: OutOfFold) -> None:
        self.n_candidates, self.n_repeats, self.n_rows = oof.n_candidates, oof.n_repeats, oof.n_rows
        self.sample_weight = oof.sample_weight

    @abstractmethod
    def columns(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the scores of some columns, which are candidates by repeats, with these weights of rows.

        Parameters
        ----------
        weights : ndarray of shape (n_resamples, n_rows)
            How often each row is in the resample, times its own weight.
        columns : ndarray of shape (n_columns,)
            ``candidate * n_repeats + repeat``.

        Returns
        -------
        scores : ndarray of shape (n_resamples, n_columns)
            NaN where the metric is not defined.
        """

    def scores(
        self, counts: NDArray[Any], candidates: Sequence[int] | NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Return the scores of candidates on resamples, the mean over repeats of the cross-validation.

        Parameters
        ----------
        counts : ndarray of shape (n_resamples, n_rows)
            How often each row is in the resample.
        candidates : sequence of int or None
            Which; None for all.

        Returns
        -------
        scores : ndarray of shape (n_resamples, n_candidates)
            NaN where the metric is not defined.
        """
        return self._over_repeats(self.columns, counts, candidates)

    def on_rest(
        self, counts: NDArray[Any], candidates: Sequence[int] | NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Return scores on a part of the rows that stands for all: what a metric knows of all targets is not guessed.

        Parameters and result are those of `scores`.
        """
        return self.scores(counts, candidates)

    def _over_repeats(
        self,
        columns_of: Callable[[NDArray[np.float64], NDArray[np.intp]], NDArray[np.float64]],
        counts: NDArray[Any],
        candidates: Sequence[int] | NDArray[np.intp] | None,
    ) -> NDArray[np.float64]:
        chosen = np.arange(self.n_candidates) if candidates is None else np.asarray(candidates, dtype=np.intp)
        columns = (chosen[:, None] * self.n_repeats + np.arange(self.n_repeats)).ravel()
        weights: NDArray[np.float64] = np.asarray(counts, dtype=np.float64)
        if self.sample_weight is not None:
            weights = np.asarray(weights * self.sample_weight)
        by_repeat = columns_of(weights, columns).reshape(len(counts), len(chosen), self.n_repeats)
        found: NDArray[np.float64] = by_repeat.mean(axis=2)
        return found

    def of_chosen(self, counts: NDArray[Any], chosen: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return the score of one candidate on the rest of the rows for each resample, shape (n_resamples,)."""
        found = np.full(len(counts), np.nan)
        for candidate in np.unique(chosen):
            at = np.flatnonzero(chosen == candidate)
            found[at] = self.on_rest(counts[at], [candidate])[:, 0]
        return found

    def on_all(self) -> NDArray[np.float64]:
        """Return the scores on all rows, pooled, shape (n_candidates,)."""
        return np.asarray(self.scores(np.ones((1, self.n_rows)))[0])


def chunks(n_resamples: int, n_rows: int) -> list[int]:
    """Return numbers of resamples that fit into memory together, which sum to the first.

    Examples
    --------
    >>> chunks(1000, 5_000), chunks(5, 2_500_000)
    ([1000], [2, 2, 1])
    """
    size = max(1, min(n_resamples, _MOST_WEIGHTS // max(1, n_rows)))
    return [min(size, n_resamples - start) for start in range(0, n_resamples, size)]


class CalledMeasure(Measure):
    """Any scorer that reads predictions: it is called for each candidate and resample.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted.
    scorer : callable
        ``scorer(estimator, X, y)``, one number; what it is given for X says what is wrong when it is read.
    """

    is_fast = False

    def __init__(self, oof: OutOfFold, scorer: Any) -> None:
        super().__init__(oof)
        self._oof = oof
        self._scorer = scorer

    def scores(
        self, counts: NDArray[Any], candidates: Sequence[int] | NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Return the scores; rows that are drawn twice are there twice, with the weights that they have."""
        chosen = range(self.n_candidates) if candidates is None else candidates
        rows = [np.repeat(np.arange(self.n_rows), np.asarray(each, dtype=np.intp)) for each in counts]
        found = [
            [np.mean([self._score(each, repeat, at) for repeat in range(self.n_repeats)]) for each in chosen]
            for at in rows
        ]
        return np.array(found, dtype=np.float64).reshape(len(rows), len(chosen))

    def columns(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Weights are no rows: nobody asks for this."""
        raise NotImplementedError

    def _score(self, candidate: int, repeat: int, rows: NDArray[np.intp]) -> float:
        params = {} if self.sample_weight is None else {"sample_weight": self.sample_weight[rows]}
        stand_in = held(self._oof, candidate, repeat, rows)
        with warnings.catch_warnings():  # of classes that a resample lacks: the score is then NaN, which is counted
            warnings.simplefilter("ignore")
            try:
                return float(self._scorer(stand_in, Unread(len(rows)), self._oof.y[rows], **params))
            except ValueError:
                if len(np.unique(self._oof.y[rows], axis=0)) < len(np.unique(self._oof.y, axis=0)):
                    return float("nan")  # not defined for a class that was not drawn
                raise
