"""Selectors of features: scores are computed once, whatever is kept of them."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from skhpo.estimators.facts import Facts, Path, Whole, anywhere, count, view_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.estimators.facts import Training


def _kept(value: Any) -> float | None:
    """Whether features can be kept by a count."""
    is_count = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 0
    return 0.0 if is_count or (isinstance(value, str) and value == "all") else None


_SETTINGS = {
    "SelectKBest": ("k", _kept),
    "SelectPercentile": ("percentile", anywhere(low=0, high=100)),
    "SelectFpr": ("alpha", anywhere(low=0, high=1)),
    "SelectFdr": ("alpha", anywhere(low=0, high=1)),
    "SelectFwe": ("alpha", anywhere(low=0, high=1)),
}
"""The parameter that is only looked at when a fitted selector is asked, and what it may be."""


def _facts(parameter: str, length: Callable[[Any], float | None]) -> Facts:
    def cut(model: Any, value: Any) -> Any:
        return view_of(model, **{parameter: value})

    def holds(estimator: Any, X: Any) -> bool:
        value, n_features = getattr(estimator, parameter), getattr(X, "shape", (0, 0))[1]
        # More than there are is fitted each time, as it gives a warning.
        return length(value) is not None and (parameter != "k" or value == "all" or value <= n_features)

    settings = "a score that draws no random numbers, or with a seed"
    path = Path(parameter, cut, length=length, settings=settings, is_watched=True)
    return Facts(paths=(path,), whole=Whole(parameter, cut, holds))


# -- recursive elimination --------------------------------------------------------------------------------------------


def _fewest(value: Any) -> float | None:
    """Return how far along a path of eliminations a number of features is: the fewest come last."""
    return None if count(value) is None else -float(value)


def _step_of(estimator: Any, n_features: int) -> int:
    """Return how many features go at once."""
    step = estimator.step
    return int(max(1, step * n_features)) if 0.0 < step < 1.0 else int(step)


def _is_between_rounds(estimator: Any, value: int, n_features: int) -> bool:
    """Whether so many features are left after a whole round; within a round, features have no ranks."""
    return 1 <= value <= n_features and (n_features - value) % _step_of(estimator, n_features) == 0


def _cut_elimination(model: Any, value: int, training: Training) -> Any:
    """Take back the last rounds, and fit the estimator to the features that are then left."""
    n_features, n_kept = model.n_features_in_, int(model.n_features_)
    if not _is_between_rounds(model, value, n_features) or value < n_kept:
        raise ValueError("so many features are left after no round")
    if not isinstance(training.X, np.ndarray):
        raise TypeError("only arrays are known to be passed on as they are")
    step = _step_of(model, n_features)
    later = -(-(n_features - n_kept) // step) - (n_features - value) // step
    ranking = np.maximum(model.ranking_ - later, 1)
    support = ranking == 1
    features = np.arange(n_features)[support]
    inner = clone(model.estimator).fit(training.X[:, features], training.y, **training.params)
    changes = {"n_features_": support.sum(), "support_": support, "ranking_": ranking, "estimator_": inner}
    return view_of(model, n_features_to_select=value, **changes)


def _eliminates(estimator: Any, X: Any) -> bool:
    value = estimator.n_features_to_select
    is_plain = isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind == "f" and count(value) is not None
    return is_plain and _is_between_rounds(estimator, int(value), X.shape[1])


def _has_eliminated(model: Any, value: int) -> bool:
    """Whether a fitted model has gone as far as a value, or further."""
    return int(model.n_features_) <= value


_ELIMINATION = Facts(
    paths=(
        Path(
            "n_features_to_select",
            _cut_elimination,
            length=_fewest,
            settings="counts that are left after whole rounds of `step`; nothing inside that draws without a seed",
            is_watched=True,
            needs_training=True,
        ),
    ),
    whole=Whole("n_features_to_select", _cut_elimination, _eliminates, covers=_has_eliminated, needs_training=True),
)
FACTS = {"sklearn.feature_selection.RFE": _ELIMINATION}
FACTS |= {f"sklearn.feature_selection.{name}": _facts(*setting) for name, setting in _SETTINGS.items()}
