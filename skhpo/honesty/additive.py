"""Metrics that follow from sums over rows: their bootstrap is a matrix product.

Notation: W (n_resamples, n_rows) the weights; L (n_rows, n_columns) what a row adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.honesty.measure import Measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

Array = Any


class MeanMeasure(Measure):
    """A weighted mean of one number per row, and a function of it: W L / W 1.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted.
    losses : ndarray of shape (n_rows, n_columns)
        What a row adds, for each candidate and repeat.
    sign : {1, -1}
        Of the score.
    link : callable
        What the score is of the mean; a root, or nothing.
    """

    def __init__(
        self, oof: OutOfFold, losses: Array, sign: float = 1.0, link: Callable[[Array], Array] = np.positive
    ) -> None:
        super().__init__(oof)
        self._losses = losses
        self._sign = sign
        self._link = link

    def columns(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return sign link(W L / W 1)."""
        losses = self._losses if len(columns) == self._losses.shape[1] else self._losses[:, columns]
        found: NDArray[np.float64] = self._sign * self._link(_over(weights @ losses, weights.sum(axis=1)[:, None]))
        return found


class VarianceMeasure(Measure):
    """R2 and the explained variance: one less a ratio of sums of squares.

    On few rows the ratio is too large: targets vary less around their own mean than around that of all. With 60 rows,
    of which a bootstrap leaves 22, R2 of a model with .6 comes out as .53. So the variance of the targets is that of
    all rows where a part of them stands for all.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted.
    errors : ndarray of shape (n_rows, n_columns)
        Target less prediction.
    is_centred : bool
        Whether the mean error is taken out first, which tells the explained variance from R2.
    """

    def __init__(self, oof: OutOfFold, errors: Array, *, is_centred: bool) -> None:
        super().__init__(oof)
        y = oof.y.astype(np.float64)
        self._y = y - y.mean()  # the difference of two large sums loses digits
        self._all = np.ones(len(y)) if oof.sample_weight is None else oof.sample_weight
        self._errors = errors
        self._is_centred = is_centred

    def columns(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return 1 - residual / total, NaN where the targets do not vary, as of fewer than two rows."""
        n = weights.sum(axis=1)[:, None]
        errors = self._errors[:, columns]
        residual = weights @ errors**2
        if self._is_centred:
            residual = residual - _over((weights @ errors) ** 2, n)
        total = (weights @ self._y**2)[:, None] - _over((weights @ self._y)[:, None] ** 2, n)
        is_varied = total > 1e-12 * np.abs(self._y).max(initial=0.0) ** 2
        return np.asarray(1.0 - _over(residual, np.where(is_varied, total, 0.0)))

    def on_rest(
        self, counts: NDArray[Any], candidates: Sequence[int] | NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """Return 1 - (residual / n) / variance, with the variance of the targets, and the mean error, of all rows."""
        return self._over_repeats(self._columns_of_part, counts, candidates)

    def _columns_of_part(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        errors = self._errors[:, columns]
        if self._is_centred:
            errors = errors - np.average(errors, axis=0, weights=self._all)
        mean = np.average(self._y, weights=self._all)
        variance = np.average((self._y - mean) ** 2, weights=self._all)
        return np.asarray(1.0 - _over(weights @ errors**2, weights.sum(axis=1)[:, None] * variance))


class ConfusionMeasure(Measure):
    """What follows from the confusion matrix, class by class.

    Parameters
    ----------
    oof : OutOfFold
        What was predicted.
    predicted : ndarray of shape (n_rows, n_columns)
        Positions of labels.
    score : callable
        ``score(hit, predicted, true) -> score``, all of shape (n_resamples, n_columns, n_classes): weights of the rows
        of a class that are predicted to be of it, that are predicted to be of it whatever they are, and that are of it.
    """

    def __init__(self, oof: OutOfFold, predicted: Array, score: Callable[[Array, Array, Array], Array]) -> None:
        super().__init__(oof)
        assert oof.classes is not None  # noqa: S101  # of a classifier
        self._n_classes = len(oof.classes)
        self._true = oof.labels
        self._predicted = predicted
        self._score = score
        # Sums of ones are exact in single precision up to 2^24, and twice as fast.
        is_exact = self.sample_weight is None and self.n_rows < 2**20
        self._dtype: Any = np.float32 if is_exact else np.float64

    def columns(self, weights: NDArray[np.float64], columns: NDArray[np.intp]) -> NDArray[np.float64]:
        """Return what the score makes of the three sums of each class."""
        shape = len(weights), len(columns), self._n_classes
        hit, said, true = np.empty(shape), np.empty(shape), np.empty(shape)
        drawn = weights.astype(self._dtype)
        predicted = self._predicted[:, columns]
        for label in range(self._n_classes):
            is_said = (predicted == label).astype(self._dtype)
            of_label = np.flatnonzero(self._true == label)
            hit[:, :, label] = drawn[:, of_label] @ is_said[of_label]
            said[:, :, label] = drawn @ is_said
            true[:, :, label] = weights[:, of_label].sum(axis=1)[:, None]
        found: NDArray[np.float64] = self._score(hit, said, true)
        return found


def balanced_accuracy(hit: Array, said: Array, true: Array) -> Array:  # noqa: ARG001
    """Return the mean recall over the classes that are there."""
    recall = _over(hit, true)
    is_there = true > 0
    return _over(np.where(is_there, recall, 0.0).sum(axis=2), is_there.sum(axis=2))


def matthews(hit: Array, said: Array, true: Array) -> Array:
    """Return Gorodkin's R_K: the correlation of two labellings; 0 where one of them has one label only."""
    n = true.sum(axis=2)
    covariance = hit.sum(axis=2) * n - (said * true).sum(axis=2)
    spread = (n**2 - (said**2).sum(axis=2)) * (n**2 - (true**2).sum(axis=2))
    return _or_zero(covariance, np.sqrt(np.maximum(spread, 0.0)))


def by_class(kind: str, average: str, positive: int = 1, beta: float = 1.0) -> Callable[[Array, Array, Array], Array]:
    """Return precision, recall, F or Jaccard's index, averaged as scikit-learn does; what is 0/0 counts 0.

    Parameters
    ----------
    kind : {"precision", "recall", "f", "jaccard"}
        Which.
    average : {"binary", "micro", "macro", "weighted"}
        As in scikit-learn.
    positive : int
        Position of the class that "binary" is about.
    beta : float
        Of F.
    """

    def ratio(hit: Array, said: Array, true: Array) -> Array:
        if kind == "precision":
            return _or_zero(hit, said)
        if kind == "recall":
            return _or_zero(hit, true)
        if kind == "jaccard":
            return _or_zero(hit, said + true - hit)
        return _or_zero((1 + beta**2) * hit, said + beta**2 * true)

    def score(hit: Array, said: Array, true: Array) -> Array:
        if average == "binary":
            return ratio(hit[:, :, positive], said[:, :, positive], true[:, :, positive])
        if average == "micro":
            return ratio(hit.sum(axis=2), said.sum(axis=2), true.sum(axis=2))
        found = ratio(hit, said, true)
        weight = true if average == "weighted" else (said + true > 0).astype(np.float64)
        return _over((found * weight).sum(axis=2), weight.sum(axis=2))

    return score


def _over(one: Array, other: Array) -> Array:
    """Return a quotient, NaN where it is none."""
    return np.divide(one, other, out=np.full(np.broadcast(one, other).shape, np.nan), where=np.asarray(other) > 0)


def _or_zero(one: Array, other: Array) -> Array:
    return np.divide(one, other, out=np.zeros(np.broadcast(one, other).shape), where=np.asarray(other) > 0)
