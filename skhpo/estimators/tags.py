"""Tags for estimators that have none.

scikit-learn asks an estimator for its tags before it splits, fits and scores: is it a classifier, does it take
distances? Since 1.7 it raises AttributeError where there is no answer, though nothing else may stand in the way:
classes of other libraries have `fit`, `predict` and `get_params` without inheriting from `BaseEstimator`. They are lent
tags here.
"""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator, ClassifierMixin, ClusterMixin, OutlierMixin, RegressorMixin
from sklearn.utils import ClassifierTags, InputTags, RegressorTags, Tags, TargetTags, get_tags

from skhpo.messages.callers import warn

_MIXINS = {
    "classifier": ClassifierMixin,
    "regressor": RegressorMixin,
    "clusterer": ClusterMixin,
    "outlier_detector": OutlierMixin,
}
# The last two are read by scikit-learn 1.6 only, which then has an answer of its own.
_SOURCES = ("__sklearn_tags__", "_more_tags", "_get_tags")


def has_tags(estimator: Any) -> bool:
    """Whether scikit-learn gets an answer, or an error that is not about missing tags."""
    if isinstance(estimator, BaseEstimator | type):
        return True
    if not any(hasattr(estimator, name) for name in _SOURCES):
        return False
    try:
        get_tags(estimator)
    except AttributeError as error:  # a mixin, which asks a base class that is not there
        return "object has no attribute '__sklearn_tags__'" not in str(error)
    return True


def tags_of(estimator: Any) -> Tags:
    """Return the estimator's own tags, or scikit-learn's defaults for its type.

    Parameters
    ----------
    estimator : estimator
        With or without tags.

    Returns
    -------
    tags : Tags
        Where there are none of its own: those that `_estimator_type` or one of scikit-learn's mixins stands for.
    """
    if has_tags(estimator):
        return get_tags(estimator)
    kind = _type_of(estimator)
    return Tags(
        estimator_type=kind,
        target_tags=TargetTags(required=kind in {"classifier", "regressor"}),
        classifier_tags=ClassifierTags() if kind == "classifier" else None,
        regressor_tags=RegressorTags() if kind == "regressor" else None,
        input_tags=InputTags(),
    )


def is_classifier(estimator: Any) -> bool:
    """Whether an estimator is a classifier, as far as it says so."""
    return bool(tags_of(estimator).estimator_type == "classifier")


def warn_of_missing_tags(estimator: Any) -> None:
    """Warn where tags are lent, and say what follows from it."""
    if has_tags(estimator):
        return
    name, kind = type(estimator).__name__, _type_of(estimator)
    if kind is None:
        taken = "for no classifier: a number as cv stands for KFold, not for StratifiedKFold"
    else:
        taken = f"for a {kind.replace('_', ' ')}"
    warn(
        f"{name} needs __sklearn_tags__, by which scikit-learn knows what an estimator is, got none; the search takes "
        f"it {taken}. To say more, derive the class from sklearn.base.BaseEstimator, and from ClassifierMixin where it "
        "is a classifier.",
        UserWarning,
    )


def with_tags(estimator: Any) -> Any:
    """Return the estimator, or a view of it that has tags."""
    return estimator if has_tags(estimator) else _View(estimator)


class TagLender:
    """A scorer that shows another one an estimator with tags.

    Parameters
    ----------
    scorer : callable
        Called as ``scorer(estimator, X, y)``; what else it has, this one has too.
    """

    def __init__(self, scorer: Any) -> None:
        self.scorer = scorer

    def __call__(self, estimator: Any, *args: Any, **kwargs: Any) -> Any:
        """Score an estimator, lent tags where it has none."""
        return self.scorer(with_tags(estimator), *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name == "scorer":  # while it is being unpickled
            raise AttributeError(name)
        return getattr(self.scorer, name)

    def __repr__(self) -> str:
        return repr(self.scorer)


class _View:
    """An estimator with tags; everything else is the estimator's own.

    `isinstance` and `clone` see the estimator's class, and what is pickled or copied is the estimator itself.
    """

    __slots__ = ("__real",)

    def __init__(self, real: Any) -> None:
        object.__setattr__(self, "_View__real", real)

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return type(self.__real)

    def __sklearn_tags__(self) -> Tags:
        return tags_of(self.__real)

    def set_params(self, **params: Any) -> Any:
        self.__real.set_params(**params)
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__real, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__real, name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.__real, name)

    def __repr__(self) -> str:
        return repr(self.__real)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _unchanged, (self.__real,)


def _unchanged(estimator: Any) -> Any:
    return estimator


def _type_of(estimator: Any) -> str | None:
    """Return what an estimator without tags is, by `_estimator_type` or else by scikit-learn's mixins."""
    kind = getattr(estimator, "_estimator_type", None)
    if isinstance(kind, str):
        return kind
    return next((name for name, mixin in _MIXINS.items() if isinstance(estimator, mixin)), None)
