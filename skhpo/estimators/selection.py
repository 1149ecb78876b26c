"""Selectors of features: scores are computed once, whatever is kept of them."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from skhpo.estimators.facts import Facts, Path, Whole, anywhere, view_of

if TYPE_CHECKING:
    from collections.abc import Callable


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


FACTS = {f"sklearn.feature_selection.{name}": _facts(*setting) for name, setting in _SETTINGS.items()}
