"""Which metrics have a bootstrap that is a matrix product or a sort, and how; all others are called.

Each function below takes what is known of a scorer and of the predictions, and returns a measure, or None where the
fast way would not be what the metric does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn import metrics

from skhpo._sklearn import metric_of
from skhpo.honesty.additive import (
    ConfusionMeasure,
    MeanMeasure,
    VarianceMeasure,
    balanced_accuracy,
    by_class,
    matthews,
)
from skhpo.honesty.measure import CalledMeasure, Measure
from skhpo.honesty.ranking import RankingMeasure

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo._sklearn import Metric
    from skhpo.honesty.predictions import OutOfFold


class _Case(NamedTuple):
    """A metric and the predictions that it is of."""

    metric: Metric
    oof: OutOfFold

    @property
    def is_binary(self) -> bool:
        return self.oof.classes is not None and len(self.oof.classes) == 2

    @property
    def sign(self) -> int:
        return self.metric.sign

    def by_column(self, methods: Any = None) -> Any:
        """Return the predictions with rows first and candidates by repeats second, shape (n_rows, n_columns, ...)."""
        found = self.oof.answers(self.metric.response_method if methods is None else methods)
        found = found.reshape(-1, *found.shape[2:])
        return np.moveaxis(found, 0, 1)

    def has_only(self, **known: Any) -> bool:
        """Whether the scorer has no other arguments than these, with one of these values each."""
        return all(name in known and value in known[name] for name, value in self.metric.kwargs.items())


def measure_of(scorer: Any, oof: OutOfFold) -> Measure:
    """Return how to score the predictions of all candidates on resamples of rows.

    Parameters
    ----------
    scorer : callable
        ``scorer(estimator, X, y)``, one number.
    oof : OutOfFold
        What was predicted.

    Returns
    -------
    measure : Measure
        A fast one where the metric has one; else one that calls the scorer.

    Raises
    ------
    ValueError
        If the scorer needs predictions that are not stored.
    """
    metric = metric_of(scorer)
    if metric is not None:
        build = _FAST.get(metric.function)
        found = None if build is None else build(_Case(metric, oof))
        if found is not None:
            return found
    return CalledMeasure(oof, scorer)


def usual_scorer(*, is_classifier: bool) -> Any:
    """Return what the `score` of nearly all estimators is: accuracy of classifiers, R2 of regressors."""
    return metrics.make_scorer(metrics.accuracy_score if is_classifier else metrics.r2_score)


# -- labels -----------------------------------------------------------------------------------------------------------


def _accuracy(case: _Case) -> Measure | None:
    if not case.oof.is_labelled or not case.has_only(normalize=(True,)):
        return None
    is_loss = case.metric.function is metrics.zero_one_loss
    is_hit = case.by_column() == _labels(case)[:, None]
    return MeanMeasure(case.oof, (~is_hit if is_loss else is_hit).astype(np.float64), case.sign)


def _balanced_accuracy(case: _Case) -> Measure | None:
    return _confusion(case, balanced_accuracy) if case.has_only(adjusted=(False,)) else None


def _matthews(case: _Case) -> Measure | None:
    return _confusion(case, matthews) if case.has_only() else None


def _by_class(kind: str) -> Callable[[_Case], Measure | None]:
    def build(case: _Case) -> Measure | None:
        kwargs = dict(case.metric.kwargs)
        average, positive, beta = kwargs.pop("average", "binary"), kwargs.pop("pos_label", 1), kwargs.pop("beta", 1.0)
        is_plain = kwargs.pop("zero_division", "warn") in {"warn", 0} and not kwargs and case.oof.is_labelled
        if not is_plain or average not in {"binary", "micro", "macro", "weighted"} or case.oof.classes is None:
            return None
        place = np.flatnonzero(case.oof.classes == positive)
        if average == "binary" and not (case.is_binary and len(place) == 1):
            return None  # the metric itself says what is wrong
        return _confusion(case, by_class(kind, average, int(place[0]) if len(place) else 0, float(beta)))

    return build


def _confusion(case: _Case, score: Any) -> Measure | None:
    if not case.oof.is_labelled:
        return None
    predicted = case.by_column()
    if case.sign < 0:
        return ConfusionMeasure(case.oof, predicted, lambda *sums: -score(*sums))
    return ConfusionMeasure(case.oof, predicted, score)


def _labels(case: _Case) -> Any:
    return case.oof.labels


# -- probabilities ----------------------------------------------------------------------------------------------------


def _log_loss(case: _Case) -> Measure | None:
    if not case.has_only(normalize=(True,)) or case.oof.classes is None or len(case.oof.classes) < 2:
        return None
    values = case.by_column()
    if values.ndim != 3:
        return None
    smallest = np.finfo(np.float64).eps  # scikit-learn clips there
    values = np.clip(_of_label(values, case), smallest, 1 - smallest)
    return MeanMeasure(case.oof, -np.log(values), case.sign)


def _of_label(values: Any, case: _Case) -> Any:
    """Return the probability of each row's own label, shape (n_rows, n_columns)."""
    return values[np.arange(len(values)), :, _labels(case)]


def _brier(case: _Case) -> Measure | None:
    if not case.has_only() or not case.is_binary:
        return None
    return MeanMeasure(case.oof, (1.0 - _of_label(case.by_column(), case)) ** 2, case.sign)


def _roc_auc(case: _Case) -> Measure | None:
    return _areas(case, "roc_auc")


def _average_precision(case: _Case) -> Measure | None:
    return _areas(case, "average_precision")


def _areas(case: _Case, kind: str) -> Measure | None:
    classes = case.oof.classes
    if classes is None or case.sign < 0 or len(classes) < 2:
        return None
    if case.is_binary and case.has_only(average=("macro", "weighted"), multi_class=("raise", "ovr")):
        values = case.by_column()
        values = values[:, :, 1] if values.ndim == 3 else values
        return RankingMeasure(case.oof, values[:, :, None], _labels(case)[:, None] == 1, kind=kind)
    kinds = {"roc_auc": {"multi_class": ("ovr",)}, "average_precision": {}}[kind]
    if case.is_binary or not case.has_only(average=("macro", "weighted"), **kinds):
        return None
    if kind == "roc_auc" and case.metric.kwargs.get("multi_class") != "ovr":
        return None
    values = case.by_column()
    is_of = _labels(case)[:, None] == np.arange(len(classes))
    average = case.metric.kwargs.get("average", "macro")
    return RankingMeasure(case.oof, values, is_of, kind=kind, average=average) if values.ndim == 3 else None


# -- regression -------------------------------------------------------------------------------------------------------


def _loss(of: Callable[[Any, Any], Any], link: Callable[[Any], Any] = np.positive) -> Callable[[_Case], Measure | None]:
    def build(case: _Case) -> Measure | None:
        values, y = _numbers(case)
        if values is None:
            return None
        with np.errstate(invalid="ignore", divide="ignore"):
            losses = of(y[:, None], values)
        return MeanMeasure(case.oof, losses, case.sign, link) if np.isfinite(losses).all() else None

    return build


def _variance(*, is_centred: bool) -> Callable[[_Case], Measure | None]:
    def build(case: _Case) -> Measure | None:
        values, y = _numbers(case)
        if values is None or case.sign < 0:
            return None
        return VarianceMeasure(case.oof, y[:, None] - values, is_centred=is_centred)

    return build


def _numbers(case: _Case) -> tuple[Any, Any]:
    """Return predictions and targets where they are one number each, else None."""
    y = case.oof.y
    is_one = y.ndim == 1 and y.dtype.kind in "iufb" and not case.oof.is_labelled
    if not is_one or not case.has_only() or case.metric.response_method != "predict":
        return None, None
    values = case.by_column().astype(np.float64)
    return (values, y.astype(np.float64)) if values.ndim == 2 else (None, None)


def _square(y: Any, found: Any) -> Any:
    return (y - found) ** 2


def _relative(y: Any, found: Any) -> Any:
    return np.abs(y - found) / np.maximum(np.abs(y), np.finfo(np.float64).eps)


def _log_square(y: Any, found: Any) -> Any:
    return (np.log1p(y) - np.log1p(found)) ** 2


_FAST: dict[Any, Callable[[_Case], Measure | None]] = {
    metrics.accuracy_score: _accuracy,
    metrics.zero_one_loss: _accuracy,
    metrics.balanced_accuracy_score: _balanced_accuracy,
    metrics.matthews_corrcoef: _matthews,
    metrics.precision_score: _by_class("precision"),
    metrics.recall_score: _by_class("recall"),
    metrics.f1_score: _by_class("f"),
    metrics.fbeta_score: _by_class("f"),
    metrics.jaccard_score: _by_class("jaccard"),
    metrics.log_loss: _log_loss,
    metrics.brier_score_loss: _brier,
    metrics.roc_auc_score: _roc_auc,
    metrics.average_precision_score: _average_precision,
    metrics.r2_score: _variance(is_centred=False),
    metrics.explained_variance_score: _variance(is_centred=True),
    metrics.mean_squared_error: _loss(_square),
    metrics.root_mean_squared_error: _loss(_square, np.sqrt),
    metrics.mean_absolute_error: _loss(lambda y, found: np.abs(y - found)),
    metrics.mean_absolute_percentage_error: _loss(_relative),
    metrics.mean_squared_log_error: _loss(_log_square),
    metrics.root_mean_squared_log_error: _loss(_log_square, np.sqrt),
}
