"""Training rows as the resource: small versions of the whole, one inside the other.

Every estimator has this resource, and it is a poor one when there are few rows: below about a thousand, which candidate
is best on some of them says little about which is best on all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import type_of_target

from skhpo.estimators.tags import is_classifier
from skhpo.fits.amounts.base import Resource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

MIN_ROWS = 1000
"""Training rows below which ``min_resources="auto"`` does not start.

On 20 pairs of estimators and data sets of about 2,000 rows, scores on 1/27, 1/9 and 1/3 of the training rows had rank
correlations of .45, .69 and .85 with those on all of them, and halving from 1/27 chose worse than random search of
equal cost; about a thousand is also what scikit-learn's developers propose (their pull request 34253).
"""

MIN_ROWS_PER_CLASS = 5
"""The same for the training rows of a class that has as many."""


class Rows(Resource):
    """Training rows: the first of an order in which classes alternate and groups stay together.

    What has more of the resource has all the rows of what has less. Test sides stay whole: fewer rows there would only
    add noise.

    Parameters
    ----------
    full : int
        Rows of all that the last rung uses, before they are split.
    n_samples : int
        Rows there are.
    orders : sequence of RowOrder
        For each split.
    """

    def __init__(self, full: int, n_samples: int, orders: Sequence[RowOrder]) -> None:
        super().__init__("n_samples", full)
        self.n_samples = n_samples
        self.orders = orders

    def share_of_rows(self, fraction: float) -> float:
        """Return the share itself."""
        return fraction

    def rows(self, split: int, train: Any, fraction: float) -> Any:
        """Return the rows to train on in their old order, shape (n,); all of them as they are for the full data."""
        amount = self.amount(fraction)
        if amount >= self.n_samples:
            return train
        train = _indices(train)
        return train[self.orders[split].first(amount * len(train) // self.n_samples)]


class RowOrder:
    """An order of rows of which every beginning is a small version of the whole.

    Each class's units (rows, or whole groups by their most frequent class) are shuffled and spread evenly from 0 to 1,
    starting at 0: so a beginning has of each class its share, and at least one unit.

    Parameters
    ----------
    labels : ndarray of shape (n,)
        Classes as integers from 0; all 0 where there are none.
    groups : ndarray of shape (n,) or None
        What belongs together.
    rng : Generator

    Examples
    --------
    >>> order = RowOrder(np.array([0] * 6 + [1] * 3), None, np.random.default_rng(0))
    >>> [int((order.first(n) >= 6).sum()) for n in (3, 6, 9)]
    [1, 2, 3]
    """

    def __init__(self, labels: NDArray[np.intp], groups: Any, rng: np.random.Generator) -> None:
        if groups is None:
            units, unit_labels, sizes = np.arange(len(labels)), labels, np.ones(len(labels))
        else:
            _, units = np.unique(np.asarray(groups), return_inverse=True)
            counts = np.zeros((units.max() + 1, labels.max() + 1))
            np.add.at(counts, (units, labels), 1)
            unit_labels, sizes = counts.argmax(axis=1), counts.sum(axis=1)
        shuffled = rng.permutation(len(sizes))
        place = np.empty(len(sizes))
        for label in np.unique(unit_labels):
            members = shuffled[unit_labels[shuffled] == label]
            ends = np.cumsum(sizes[members])
            place[members] = (ends - sizes[members]) / ends[-1]
        ordered = shuffled[np.argsort(place[shuffled], kind="stable")]
        rank = np.empty(len(sizes), dtype=np.intp)
        rank[ordered] = np.arange(len(sizes))
        self._order = np.argsort(rank[units], kind="stable")
        self._ends: NDArray[np.intp] | None = None if groups is None else np.cumsum(sizes[ordered]).astype(np.intp)

    def first(self, n: int) -> NDArray[np.intp]:
        """Return the positions of the first ``n`` rows, ascending; no group is cut, and there is at least one."""
        if self._ends is not None:
            n = int(self._ends[max(int(np.searchsorted(self._ends, n, side="right")) - 1, 0)])
        return np.sort(self._order[: max(n, 1)])


def make_rows(problem: Any, full: int, n_samples: int, groups: Any, rng: np.random.Generator) -> Rows:
    """Return the rows of a problem as its resource.

    Parameters
    ----------
    problem : Problem
        Estimator, targets and splits.
    full : int
        Rows that the last rung uses.
    n_samples : int
        Rows there are.
    groups : array-like of shape (n_samples,) or None
        What the splitter keeps together.
    rng : Generator
        Chooses.
    """
    labels = class_labels(problem.estimator, problem.y)
    labels = np.zeros(n_samples, dtype=np.intp) if labels is None else labels
    orders = []
    for train, _ in problem.splits:
        rows = _indices(train)
        orders.append(RowOrder(labels[rows], None if groups is None else np.asarray(groups)[rows], rng))
    return Rows(full, n_samples, orders)


def check_rows(rows: Rows, problem: Any, least: float) -> None:
    """Raise ValueError if the smallest training sides lack a class that the whole ones have.

    Parameters
    ----------
    rows : Rows
        The resource.
    problem : Problem
        Estimator, targets and splits.
    least : float
        Fraction of the first rung.
    """
    labels = class_labels(problem.estimator, problem.y)
    for split, (train, _) in enumerate(problem.splits):
        some, every = rows.rows(split, train, least), _indices(train)
        if labels is None:
            continue
        missing = np.setdiff1d(labels[every], labels[some])
        if len(missing):
            raise ValueError(
                f"min_resources needs to leave rows of every class in every training side, got {rows.amount(least)} "
                f"samples, which leaves {len(some)} of {len(every)} rows and none of {len(missing)} class(es) in split "
                f"{split}. Raise min_resources, or use another resource."
            )


def class_labels(estimator: Any, y: Any) -> NDArray[np.intp] | None:
    """Return the classes as integers from 0, shape (n_samples,); None where there are none."""
    if not is_classifier(estimator) or y is None or type_of_target(y) not in {"binary", "multiclass"}:
        return None
    labels: NDArray[np.intp] = np.unique(np.asarray(y).ravel(), return_inverse=True)[1].reshape(-1)
    return labels


def n_rows(X: Any) -> int:
    """Return the number of samples."""
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def smallest_rows(problem: Any) -> int:
    """Return scikit-learn's least number of rows: two of each class in each split."""
    labels = class_labels(problem.estimator, problem.y)
    return 2 * len(problem.splits) * (1 if labels is None else int(labels.max()) + 1)


def enough_rows(problem: Any, n_samples: int) -> int:
    """Return the least number of rows with which scores say something, before they are split; see `MIN_ROWS`."""
    labels = class_labels(problem.estimator, problem.y)
    least = smallest_rows(problem)
    for train, _ in problem.splits:
        rows = _indices(train)
        wanted = float(MIN_ROWS)
        if labels is not None:
            counts = np.bincount(labels[rows])
            counts = counts[counts >= MIN_ROWS_PER_CLASS]
            wanted = max(wanted, MIN_ROWS_PER_CLASS * len(rows) / counts.min(initial=len(rows)))
        least = max(least, math.ceil(wanted * n_samples / len(rows)))
    return least


def _indices(rows: Any) -> NDArray[Any]:
    """Return positions, where there may be a mask."""
    rows = np.asarray(rows)
    return np.flatnonzero(rows) if rows.dtype == bool else rows
