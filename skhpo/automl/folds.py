"""The splits by which a portfolio is compared: each row that takes part is predicted once."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, check_cv

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.fits.splits import Sides


def make_folds(
    cv: Any, y: NDArray[Any], groups: Any, rows: NDArray[np.intp], *, labels: bool, seed: int
) -> list[Sides]:
    """Split some of the rows.

    Rows of a label that no other row has are on each training side: no model that lacks a label could be compared.

    Parameters
    ----------
    cv : int or splitter
        How many splits, or who makes them.
    y : ndarray of shape (n_samples,)
        Targets of all rows.
    groups : ndarray of shape (n_samples,) or None
        Rows of a group stay together.
    rows : ndarray of shape (n_rows,)
        Positions of those that take part, sorted.
    labels : bool
        Whether the targets are labels.
    seed : int
        Of the order of the rows.

    Returns
    -------
    list of (ndarray, ndarray)
        Positions of the rows to train on and to test on.
    """
    lonely = _lonely(y[rows]) if labels and groups is None else np.zeros(len(rows), dtype=bool)
    split, kept = rows[~lonely], rows[lonely]
    splitter = _splitter(cv, y[split], labels=labels, grouped=groups is not None, seed=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        found = list(splitter.split(np.zeros(len(split)), y[split], None if groups is None else groups[split]))
    return [(np.sort(np.concatenate([split[train], kept])), split[test]) for train, test in found]


def _lonely(y: NDArray[Any]) -> NDArray[np.bool_]:
    _, label, counts = np.unique(y, return_inverse=True, return_counts=True)
    return np.asarray(counts[label] == 1)


def _splitter(cv: Any, y: NDArray[Any], *, labels: bool, grouped: bool, seed: int) -> Any:
    if not isinstance(cv, int | np.integer):
        return check_cv(cv, y, classifier=labels)
    if grouped:
        return StratifiedGroupKFold(cv, shuffle=True, random_state=seed) if labels else GroupKFold(cv)
    if not labels:
        return KFold(min(cv, len(y)), shuffle=True, random_state=seed)
    most = int(np.unique(y, return_counts=True)[1].max())
    return StratifiedKFold(max(2, min(cv, most)), shuffle=True, random_state=seed)


def some_rows(y: NDArray[Any], n: int, *, labels: bool, seed: int) -> NDArray[np.intp]:
    """Return all rows in an order in which the first ones are like all: shuffled, one row of each label first.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Targets.
    n : int
        The first ``n`` have at least two rows of each label, where there are.
    labels : bool
        Whether the targets are labels.
    seed : int
        Of the shuffle.
    """
    order = np.random.default_rng(seed).permutation(len(y))
    if not labels:
        return order
    _, label = np.unique(y[order], return_inverse=True)
    by_label = np.argsort(label, kind="stable")
    starts = np.searchsorted(label[by_label], label[by_label])
    rank = np.empty(len(y), dtype=np.intp)
    rank[by_label] = np.arange(len(y)) - starts
    is_first = rank < min(2, max(1, n // max(1, label.max() + 1)))
    return np.concatenate([order[is_first], order[~is_first]])
