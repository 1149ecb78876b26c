"""Selectors of features: scores are computed once, whatever is kept of them."""

from __future__ import annotations

from typing import Any

from skhpo.estimators.facts import Facts, Path, Whole, anywhere, view_of


def _setting(parameter: str) -> Path:
    """Return a path along a parameter that is only looked at when a fitted selector is asked."""

    def cut(model: Any, value: Any) -> Any:
        return view_of(model, **{parameter: value})

    settings = "a score that draws no random numbers, or with a seed"
    return Path(parameter, cut, length=anywhere, settings=settings, is_watched=True)


def _of(parameter: str) -> Facts:
    path = _setting(parameter)
    return Facts(paths=(path,), whole=Whole(parameter, path.cut, holds=lambda estimator, X: True))  # noqa: ARG005


FACTS = {
    f"sklearn.feature_selection.{name}": _of(parameter)
    for name, parameter in {
        "SelectKBest": "k",
        "SelectPercentile": "percentile",
        "SelectFpr": "alpha",
        "SelectFdr": "alpha",
        "SelectFwe": "alpha",
    }.items()
}
