"""Nested cross-validation of a search: what it gives on rows that it has not seen, by doing it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, check_cv
from sklearn.utils import indexable

from skhpo._sklearn import check_method_params, take_rows
from skhpo.estimators.tags import is_classifier
from skhpo.fits.trackers import unrecorded
from skhpo.honesty.estimate import naive_estimate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from skhpo.honesty.estimate import ScoreEstimate


def nested_estimate(
    search: Any,
    X: Any,
    y: Any,
    params: Mapping[str, Any],
    *,
    outer_cv: Any,
    scorer: Any,
    score_params: Mapping[str, Any],
    confidence: float,
    naive: float,
    **facts: Any,
) -> ScoreEstimate:
    """Return what copies of a search score on the test sides of an outer cross-validation.

    Parameters
    ----------
    search : search
        Cloned and fitted on each outer training side, with its refit.
    X, y : array-like
        All samples.
    params : mapping
        For `fit`; what is aligned with the samples is split with them.
    outer_cv : int, splitter or iterable
        How to split; with ``groups`` among the parameters a number is that of `GroupKFold`.
    scorer : callable
        ``scorer(estimator, X, y)``.
    score_params : mapping
        For the scorer, split likewise.
    confidence : float
        Of the interval, which is Student's over the outer splits, with Nadeau and Bengio's variance.
    naive : float
        For comparison.
    **facts
        What else `ScoreEstimate` tells.
    """
    X, y = indexable(X, y)
    groups = params.get("groups")
    if groups is not None and isinstance(outer_cv, int):
        outer_cv = GroupKFold(outer_cv)
    splits = list(check_cv(outer_cv, y, classifier=is_classifier(search.estimator)).split(X, y, groups))
    _say_cost(search, len(splits))
    scores, chosen = [], []
    for train, test in splits:
        inner = clone(search)
        if inner.refit is False:
            inner.set_params(refit=True)
        given = check_method_params(X, params=dict(params), indices=train)
        with unrecorded():
            inner.fit(take_rows(X, train), None if y is None else take_rows(y, train), **given)
        told = check_method_params(X, params=dict(score_params), indices=test)
        scores.append(float(scorer(inner, take_rows(X, test), None if y is None else take_rows(y, test), **told)))
        chosen.append(inner.best_params_)
    share = sum(len(test) for _, test in splits) / sum(len(train) for train, _ in splits)
    found = naive_estimate(scores, test_share=share, confidence=confidence)
    return type(found)(
        found.value,
        found.interval,
        naive,
        "nested",
        confidence=confidence,
        scores=np.asarray(scores),
        chosen=chosen,
        **facts,
    )


def _say_cost(search: Any, n_outer: int) -> None:
    """Print what it will cost, before it does."""
    stats = search.stats()
    n_fits = n_outer * (stats["n_fits"] + 1)
    seconds = n_outer * stats["search_time"]
    print(  # noqa: T201  (who asks for it waits for it)
        f"Nested cross-validation: {n_outer} searches like this one, about {n_fits} fits, about {seconds:.0f} s at the "
        "pace of the last one."
    )
