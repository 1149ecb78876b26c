"""Estimates from predictions that were made elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import get_scorer
from sklearn.utils.multiclass import type_of_target

from skhpo.honesty.bootstrap import PrunedBest, bbc_estimate, best_of
from skhpo.honesty.metrics import measure_of
from skhpo.honesty.predictions import METHODS, OutOfFold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from skhpo.honesty.estimate import ScoreEstimate
    from skhpo.honesty.measure import Measure


def estimate_from_predictions(
    y: ArrayLike,
    predictions: Sequence[ArrayLike],
    *,
    scoring: Any,
    method: str = "predict",
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    confidence: float = 0.95,
    n_bootstraps: int = 1000,
    random_state: int = 0,
) -> ScoreEstimate:
    """Estimate what the best of some candidates gives on new data, from their out-of-fold predictions.

    Bootstrap bias-corrected cross-validation [1]_: the best of the candidates is chosen again on resampled rows, and
    scored on the rows that were not drawn. Nothing is fitted.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets.
    predictions : sequence of array-like of shape (n_samples,) or (n_samples, n_classes)
        Of each candidate, for each row by a model that was not trained on it, as
        `sklearn.model_selection.cross_val_predict` gives them. All candidates need the same splits.
    scoring : str or callable
        A metric that reads predictions, as in scikit-learn; larger is better.
    method : {"predict", "predict_proba", "decision_function"}, default="predict"
        What the predictions are. Columns are in the order of the sorted labels.
    sample_weight : array-like of shape (n_samples,) or None, default=None
        What the metric weighs rows by.
    groups : array-like of shape (n_samples,) or None, default=None
        Rows of a group are drawn together.
    confidence : float, default=0.95
        Of the interval.
    n_bootstraps : int, default=1000
        How often is chosen again.
    random_state : int, default=0
        Of the draws.

    Returns
    -------
    estimate : ScoreEstimate
        Its ``value`` is the estimate.

    Raises
    ------
    ValueError
        If the arrays do not fit together, or the metric is not defined on most resamples.

    References
    ----------
    .. [1] I. Tsamardinos, E. Greasidou, G. Borboudakis: Bootstrapping the out-of-sample predictions for efficient and
       accurate cross-validation. Machine Learning 107 (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo.honesty import estimate_from_predictions
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(2, size=100)
    >>> guesses = rng.integers(2, size=(50, 100))  # 50 candidates that know nothing
    >>> estimate = estimate_from_predictions(y, guesses, scoring="accuracy")
    >>> round(estimate.naive, 2), round(estimate.value, 2)
    (0.62, 0.51)
    """
    if method not in METHODS:
        raise ValueError(f"method needs to be one of {list(METHODS)}, got {method!r}.")
    check_settings(confidence, n_bootstraps)
    oof = _put_together(np.asarray(y), [np.asarray(each) for each in predictions], method)
    oof = OutOfFold(
        oof.candidates,
        oof.y,
        oof.classes,
        sample_weight=_aligned("sample_weight", sample_weight, oof.n_rows),
        groups=_aligned("groups", groups, oof.n_rows),
        is_classifier=oof.is_classifier,
    )
    scorer = get_scorer(scoring)
    measure = measure_of(scorer, oof)
    return bbc_estimate(
        choice_of(measure),
        oof.n_rows,
        naive=float(np.nanmax(measure.on_all())),
        confidence=confidence,
        groups=oof.groups,
        n_resamples=n_bootstraps,
        random_state=random_state,
        metric=scoring if isinstance(scoring, str) else "score",
        n_candidates=oof.n_candidates,
    )


def choice_of(measure: Measure) -> Any:
    """Return the choice of the best candidate, with the candidates that cannot win left out if the metric is slow."""
    return best_of(measure) if measure.is_fast else PrunedBest(measure)


def check_settings(confidence: float, n_bootstraps: int) -> None:
    """Raise ValueError where a setting of an estimate is out of range."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence needs to be between 0 and 1, got {confidence!r}.")
    if n_bootstraps < 1:
        raise ValueError(f"n_bootstraps needs to be 1 or more, got {n_bootstraps!r}.")


def _put_together(y: NDArray[Any], predictions: list[NDArray[Any]], method: str) -> OutOfFold:
    if not predictions:
        raise ValueError("predictions needs those of at least one candidate, got none.")
    for each in predictions:
        if each.shape[:1] != y.shape[:1]:
            raise ValueError(f"predictions needs one row for each of {len(y)} targets, got shape {each.shape}.")
    is_discrete = y.ndim == 1 and type_of_target(y) in {"binary", "multiclass"}
    if method == "predict" and not (is_discrete and all(np.isin(each, y).all() for each in predictions)):
        return OutOfFold([{method: each[None]} for each in predictions], y)
    classes = np.unique(y)
    if method == "predict":
        predictions = [np.searchsorted(classes, each) for each in predictions]
    elif any(each.ndim == 2 and each.shape[1] != len(classes) for each in predictions):
        raise ValueError(f"predictions needs a column for each of {len(classes)} labels, got {predictions[0].shape}.")
    return OutOfFold([{method: each[None]} for each in predictions], y, classes, is_classifier=True)


def _aligned(name: str, values: ArrayLike | None, n_rows: int) -> Any:
    if values is None:
        return None
    found = np.asarray(values)
    if found.shape != (n_rows,):
        raise ValueError(f"{name} needs one value for each of {n_rows} rows, got shape {found.shape}.")
    return found
