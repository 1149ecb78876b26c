"""What ranges depend on: how many rows and columns there are, of which kind, and on which scale."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_LOOKED_AT = 2_000
"""Rows from which scales are told: a range over decades needs no more."""


def short(number: float) -> float:
    """Return a number with two digits: a bound of a range over decades is read by people, and needs no more."""
    return float(f"{number:.2g}")


@dataclass(frozen=True)
class Traits:
    """What is known of the data before a search. Without data, those of a table of ordinary size.

    Parameters
    ----------
    n_samples : int, default=1000
        Rows; the training side of a split has fewer.
    n_features : int, default=20
        Columns; of a later step of a pipeline, those of the data that went in.
    has_width : bool, default=True
        Whether the estimator is sure to see that many columns.
    smallest_class : int or None, default=None
        Rows of the rarest class; None where the target is no class.
    is_sparse : bool, default=False
        Whether the data is a sparse matrix.
    spread : float, default=1.0
        Variance of all numbers in the data, as ``gamma="scale"`` of a kernel takes it.
    y_scale : float, default=1.0
        Standard deviation of a numeric target.
    slope : float or None, default=None
        Largest absolute covariance of a column and the target: the penalty from which on a lasso is empty. None where
        nobody knows; it is then at most ``y_scale``, if columns are standardised.
    is_last : bool, default=True
        Whether the estimator predicts, and does not transform for another one.
    """

    n_samples: int = 1_000
    n_features: int = 20
    has_width: bool = True
    smallest_class: int | None = None
    is_sparse: bool = False
    spread: float = 1.0
    y_scale: float = 1.0
    slope: float | None = None
    is_last: bool = True

    def rows(self, share: float, *, low: int, high: int) -> int:
        """Return a share of the rows as a bound of a range, kept between two numbers."""
        return int(min(max(share * self.n_samples, low), high))

    @property
    def gamma(self) -> float:
        """What ``gamma="scale"`` stands for."""
        return short(1.0 / (self.n_features * self.spread))

    @property
    def largest_penalty(self) -> float:
        """The penalty from which on a lasso is empty."""
        return short(self.slope or self.y_scale)

    def after(self, *, keeps_width: bool) -> Traits:
        """Return what is known behind a step that transforms: nothing of the scale, perhaps the number of columns."""
        return replace(self, has_width=self.has_width and keeps_width, spread=1.0, slope=None, is_sparse=False)


def traits_of(X: Any, y: Any, *, is_classifier: bool) -> Traits:
    """Return what can be seen of data in little time.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), sparse matrix, frame, list or None
        Whatever an estimator takes; None for what is usual.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), or None
        Its target.
    is_classifier : bool
        Whether the target is made of classes.
    """
    if X is None:
        return Traits()
    shape: tuple[int, ...] = getattr(X, "shape", None) or (len(X),)
    width = int(shape[1]) if len(shape) > 1 else _width(X)
    known = Traits(
        n_samples=int(shape[0]),
        n_features=max(width or 1, 1),
        has_width=width is not None,
        is_sparse=bool(issparse(X)),
    )
    numbers = _numbers(X)
    known = replace(known, spread=_positive(np.nanvar(numbers)) if numbers is not None else 1.0)
    return _with_target(known, numbers, y, is_classifier=is_classifier)


def _with_target(known: Traits, numbers: NDArray[np.float64] | None, y: Any, *, is_classifier: bool) -> Traits:
    if y is None:
        return known
    if is_classifier:
        return replace(known, smallest_class=_smallest(y))
    target = _target(y)
    if target is None:
        return known
    slope = None if numbers is None else _slope(numbers, target[:_MOST_LOOKED_AT])
    return replace(known, y_scale=short(_positive(np.nanstd(target, axis=0).max())), slope=slope)


def _width(X: Any) -> int | None:
    """Return how many columns a list of rows has; texts have none."""
    first = X[0] if isinstance(X, list) and X else None
    return len(first) if isinstance(first, list | tuple | np.ndarray) else None


def _numbers(X: Any) -> NDArray[np.float64] | None:
    """Return the first rows as numbers, shape (n, n_features); None where they are no table of numbers."""
    if issparse(X):
        return np.asarray(X[:_MOST_LOOKED_AT].toarray(), dtype=np.float64) if X.shape[1] <= _MOST_LOOKED_AT else None
    head = X.head(_MOST_LOOKED_AT) if hasattr(X, "head") else X[:_MOST_LOOKED_AT]
    return _as_numbers(head, 2)


def _target(y: Any) -> NDArray[np.float64] | None:
    found = _as_numbers(y, 1)
    found = _as_numbers(y, 2) if found is None else found[:, None]
    return found if found is not None and found.size else None


def _as_numbers(values: Any, ndim: int) -> NDArray[np.float64] | None:
    """Return values as numbers, those that are infinite as NaN; None where they are none, or all are missing."""
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    if found.ndim != ndim or found.size == 0:
        return None
    found[~np.isfinite(found)] = np.nan
    return None if np.isnan(found).all() else found


def _slope(numbers: NDArray[np.float64], target: NDArray[np.float64]) -> float | None:
    """Return the largest absolute covariance of a column and a target."""
    if len(numbers) != len(target):
        return None
    X, y = (np.nan_to_num(part - np.nanmean(part, axis=0)) for part in (numbers, target))
    found = float(np.abs(X.T @ y).max() / len(X))
    return found if math.isfinite(found) and found > 0 else None


def _smallest(y: Any) -> int | None:
    try:
        _, counts = np.unique(np.asarray(y), return_counts=True)
    except TypeError:
        return None
    return int(counts.min()) if len(counts) else None


def _positive(value: Any) -> float:
    """Return a number, or 1 where it is no scale."""
    return float(value) if math.isfinite(value) and value > 0 else 1.0
