"""The loss of a fitted estimator on test samples, and its slopes in hyperparameters."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated
from skhpo.estimators.hypergradients.losses import OnPairs, find_loss
from skhpo.estimators.hypergradients.registry import family_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.estimators.hypergradients.base import Family


class Slopes(NamedTuple):
    """A loss and its slopes.

    Parameters
    ----------
    loss : float
        Weighted mean over the test samples.
    slopes : dict
        By parameter; `COLUMNS` has shape (n_features,).
    """

    loss: float
    slopes: dict[str, Any]


def loss_and_slopes(
    estimator: Any,
    X: Any,
    y: Any,
    X_test: Any,
    y_test: Any,
    *,
    loss: Any = "auto",
    sample_weight: Any = None,
    test_weight: Any = None,
    family: Family | None = None,
    has_columns: bool = True,
) -> Slopes:
    """Return the loss on test samples and its slopes, by the chain rule.

    Parameters
    ----------
    estimator : estimator
        Fitted on X, y and ``sample_weight``.
    X, X_test : array-like or sparse matrix of shape (n, n_features) and (n_test, n_features)
        Samples.
    y, y_test : array-like of shape (n,) and (n_test,), or (n, k) and (n_test, k)
        Targets.
    loss : str or callable
        Which; "auto" is that of the family.
    sample_weight, test_weight : array-like of shape (n,) and (n_test,), or None
        Weights of the samples.
    family : Family or None
        That of the estimator; None looks it up.
    has_columns : bool
        Whether the slopes in the scales of columns are wanted.

    Raises
    ------
    ValueError
        If there is no such family or loss, a test sample has a class that is not in the training side, or the loss has
        no value.
    """
    family = family_of(estimator) if family is None else family
    call = find_loss(loss_of(estimator, loss), is_classifier=is_classifier(estimator))
    z, vjp, is_of_pairs = Differentiated(
        *family.differentiate(_nameless(estimator), _plain(X), y, _plain(X_test), sample_weight)
    )
    call = OnPairs(call) if is_of_pairs else call
    weight = np.ones(len(z)) if test_weight is None else np.asarray(test_weight, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        value, u = call(_targets(estimator, y_test), z, weight / weight.sum())
        slopes = dict(vjp(u))
        in_columns = slopes.pop(COLUMNS, None)
        if has_columns and in_columns is not None:
            slopes[COLUMNS] = in_columns() if callable(in_columns) else in_columns
    if not np.isfinite(value) or not all(np.isfinite(slope).all() for slope in slopes.values()):
        raise ValueError(f"The loss needs a finite value and finite slopes, got {value!r} and {slopes!r}.")
    return Slopes(float(value), slopes)


def loss_of(estimator: Any, loss: Any) -> Any:
    """Return the loss that is meant by "auto", or the loss itself."""
    if loss != "auto":
        return loss
    default = family_of(estimator).loss
    return default(estimator) if callable(default) else default


def _nameless(estimator: Any) -> Any:
    """Return an estimator that takes arrays without a warning, where it was fitted on a data frame."""
    if not hasattr(estimator, "feature_names_in_"):
        return estimator
    nameless = copy.copy(estimator)
    vars(nameless).pop("feature_names_in_", None)
    return nameless


def _plain(X: Any) -> Any:
    """Return rows of a data frame as an array; a sparse matrix by rows."""
    if hasattr(X, "tocsr"):
        return X.tocsr()
    return np.asarray(X, dtype=np.float64)


def _targets(estimator: Any, y: Any) -> NDArray[Any]:
    """Return targets as losses take them: numbers of classes for a classifier."""
    y = np.asarray(y)
    if not is_classifier(estimator):
        return np.asarray(y, dtype=np.float64)
    codes: NDArray[np.int64] = np.searchsorted(estimator.classes_, y)
    codes = np.minimum(codes, len(estimator.classes_) - 1)
    unseen = estimator.classes_[codes] != y
    if unseen.any():
        raise ValueError(
            f"The loss needs the classes of the test side in the training side, got {y[unseen][0]!r} in the test side "
            "only. Use stratified splits."
        )
    return codes
