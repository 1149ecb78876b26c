"""What a model needs of the columns that it is fitted on: may values be missing, does scale matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.pipeline import Pipeline

from skhpo.estimators.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_TREES = {
    "sklearn": (
        "BaseDecisionTree",
        "BaseForest",
        "BaseGradientBoosting",
        "BaseHistGradientBoosting",
        "IsolationForest",
    ),
    "xgboost": ("XGBModel",),
    "lightgbm": ("LGBMModel",),
    "catboost": ("CatBoost",),
}
"""Base classes of models that split columns one at a time, by library; none of the libraries is imported."""

_LINEAR = {"sklearn": ("LinearModel", "LinearClassifierMixin", "LinearSVC", "LinearSVR")}
_TAKE_MISSING = {"xgboost", "lightgbm", "catboost"}
"""Libraries whose models take NaN, whatever their tags say."""

_WRAPPED = ("estimator", "regressor", "classifier")
"""Parameters in which wrappers hold the one estimator inside."""


class Needs(NamedTuple):
    """What a model needs of its columns; by default all that any model could need.

    Parameters
    ----------
    takes_missing : bool
        Whether values may be NaN.
    takes_sparse : bool
        Whether columns may come as a sparse matrix.
    is_positive : bool
        Whether negative values are refused.
    is_tree : bool
        Whether columns are split one at a time, so that neither scale nor skewness matters.
    is_linear : bool
        Whether it is linear in the columns, so that many sparse ones are cheap.
    """

    takes_missing: bool = False
    takes_sparse: bool = False
    is_positive: bool = False
    is_tree: bool = False
    is_linear: bool = False


def needs_of(estimator: Any) -> Needs:
    """Return what a model needs, from its tags and its class.

    Parameters
    ----------
    estimator : estimator or None
        Of a pipeline, the first step says what it takes and the last one what kind it is. Of several estimators in one,
        as in a voting, each must be able to live with the columns.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from skhpo.estimators.needs import needs_of
    >>> needs_of(HistGradientBoostingClassifier()).takes_missing
    True
    """
    if estimator is None:
        return Needs()
    if several := list(_several(estimator)):
        return _all_of(map(needs_of, several))
    tags, model = tags_of(estimator).input_tags, _innermost(estimator)
    if model is not estimator and list(_several(model)):
        return needs_of(model)
    return Needs(
        takes_missing=_takes_missing(estimator),
        takes_sparse=bool(tags.sparse),
        is_positive=bool(tags.positive_only),
        is_tree=_is_among(_TREES, model) and getattr(model, "booster", None) != "gblinear",
        is_linear=_is_among(_LINEAR, model),
    )


def _takes_missing(estimator: Any) -> bool:
    """Whether values may be NaN; a pipeline does not tell: all its steps need to take them, up to one that fills in."""
    if not isinstance(estimator, Pipeline):
        return bool(tags_of(estimator).input_tags.allow_nan) or _library(estimator) in _TAKE_MISSING
    for _, step in estimator.steps[:-1]:
        if step is None or isinstance(step, str):
            continue
        if not _takes_missing(step) or "Imputer" in type(step).__name__:
            return _takes_missing(step)
    return needs_of(estimator.steps[-1][1]).takes_missing


def _all_of(needs: Iterable[Needs]) -> Needs:
    """Return what serves several models at once."""
    several = list(needs)
    merged = Needs(*(all(values) for values in zip(*several, strict=True)))
    return merged._replace(is_positive=any(one.is_positive for one in several))


def _several(estimator: Any) -> Iterator[Any]:
    """Yield the estimators that get the same columns: of a voting, of a stacking, of a choice."""
    if isinstance(estimator, Pipeline):
        return
    for name in ("estimators", "candidates"):
        held = getattr(estimator, name, None)
        values = held.values() if isinstance(held, dict) else [pair[-1] for pair in _pairs(held)]
        yield from (value for value in values if hasattr(value, "fit") and not isinstance(value, type))


def _pairs(held: Any) -> Iterable[Any]:
    is_named = isinstance(held, list | tuple) and all(isinstance(pair, tuple) and len(pair) == 2 for pair in held)
    return held if is_named else ()


def _innermost(estimator: Any) -> Any:
    """Return the model inside of wrappers and pipelines."""
    if isinstance(estimator, Pipeline):
        return _innermost(estimator.steps[-1][1])
    for name in _WRAPPED:
        inner = getattr(estimator, name, None)
        if hasattr(inner, "fit") and not isinstance(inner, type):
            return _innermost(inner)
    return estimator


def _library(estimator: Any) -> str:
    return type(estimator).__module__.partition(".")[0]


def _is_among(names: Mapping[str, tuple[str, ...]], estimator: Any) -> bool:
    """Whether one of an estimator's base classes has one of the names, in the library of that name."""
    return any(kind.__name__ in names.get(kind.__module__.partition(".")[0], ()) for kind in type(estimator).__mro__)
