"""What a family is: ``differentiate(fitted, data) -> predictions and their vector-Jacobian product``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from sklearn.utils.class_weight import compute_sample_weight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

COLUMNS = "<columns>"
"""Name of the slopes in the logarithms of the columns' scales, shape (n_features,)."""

Vjp: TypeAlias = "Callable[[NDArray[np.float64]], Mapping[str, Any]]"


class Differentiated(NamedTuple):
    """Predictions of a fitted estimator, and how they depend on its hyperparameters.

    Parameters
    ----------
    z : ndarray of shape (n_test,) or (n_test, k)
        Raw predictions of the test samples: of classifiers ``decision_function``, of regressors ``predict``.
    vjp : callable
        ``vjp(u)``, for u of the shape of z: for each hyperparameter the slope of the sum of ``u * z`` in it. May have
        an entry `COLUMNS`: the slopes in the logarithms of factors on the columns of X, in training and test alike, or
        a function that returns them, where they take long.
    is_of_pairs : bool
        Whether the columns of z belong to pairs of classes, in the order 0-1, 0-2, ..., 1-2, ..., and are positive for
        the first of a pair.
    """

    z: NDArray[np.float64]
    vjp: Vjp
    is_of_pairs: bool = False


def refuse_nothing(estimator: Any) -> str | None:  # noqa: ARG001
    """Return None: whatever its settings, an estimator can be differentiated."""
    return None


@dataclass(frozen=True)
class Family:
    """Estimators of one class.

    Parameters
    ----------
    differentiate : callable
        ``differentiate(estimator, X, y, X_test, sample_weight) -> Differentiated``, for an estimator that was fitted on
        X and y. It must factorise once; ``vjp`` must only solve.
    parameters : tuple of str or callable
        What it can be differentiated in; a callable returns the names for an estimator.
    loss : str or callable
        What is descended if the user names no loss; a callable returns the name for an estimator.
    refuse : callable
        ``refuse(estimator)``: why this one cannot be differentiated, and what to do, or None.
    has_columns : bool or callable
        Whether ``vjp`` has the entry `COLUMNS`; a callable tells it for an estimator.
    shares : tuple of str
        Parameters that are shares in [0, 1], of which the odds matter.
    """

    differentiate: Callable[..., Differentiated]
    parameters: tuple[str, ...] | Callable[[Any], tuple[str, ...]]
    loss: str | Callable[[Any], Any] = "squared"
    refuse: Callable[[Any], str | None] = refuse_nothing
    has_columns: bool | Callable[[Any], bool] = False
    shares: tuple[str, ...] = ()

    def parameters_of(self, estimator: Any) -> tuple[str, ...]:
        """Return what an estimator can be differentiated in."""
        return self.parameters(estimator) if callable(self.parameters) else self.parameters

    def has_columns_of(self, estimator: Any) -> bool:
        """Return whether there are slopes in the scales of an estimator's columns."""
        return self.has_columns(estimator) if callable(self.has_columns) else self.has_columns


FAMILIES: dict[type, Family] = {}


def register_hypergradient(
    cls: type,
    differentiate: Callable[..., Any],
    *,
    parameters: tuple[str, ...] | Callable[[Any], tuple[str, ...]],
    loss: Any = "squared",
    refuse: Callable[[Any], str | None] = refuse_nothing,
    has_columns: bool | Callable[[Any], bool] = False,
    shares: tuple[str, ...] = (),
) -> None:
    """Say how an estimator's predictions depend on its hyperparameters.

    Parameters
    ----------
    cls : type
        A class of estimators; subclasses are not meant.
    differentiate : callable
        ``differentiate(estimator, X, y, X_test, sample_weight) -> (z, vjp)``. The estimator is fitted on X and y. ``z``
        are the predictions of X_test; of classifiers those of ``decision_function``. ``vjp(u)`` returns a dict with the
        slope of ``(u * z).sum()`` in each parameter.
    parameters : tuple of str or callable
        Parameters of the estimator that ``vjp`` knows; a callable returns their names for an estimator.
    loss : str or callable, default="squared"
        The loss for ``GradientSearchCV(loss="auto")``; a callable returns its name for an estimator.
    refuse : callable, default=refuse_nothing
        ``refuse(estimator)`` returns why an estimator with these settings cannot be differentiated, or None.
    has_columns : bool or callable, default=False
        Whether ``vjp(u)`` has the entry ``"<columns>"``: slopes in the logarithm of each column's scale. A callable
        tells it for an estimator.
    shares : tuple of str, default=()
        Parameters that are shares in [0, 1] and are searched by the logarithm of their odds, as an ``l1_ratio``.

    Raises
    ------
    TypeError
        If ``cls`` is no class.
    ValueError
        If no parameters are named.

    Examples
    --------
    The mean of the targets, shrunk towards zero:

    >>> import numpy as np
    >>> from sklearn.base import BaseEstimator, RegressorMixin
    >>> from skhpo import register_hypergradient
    >>> class ShrunkMean(RegressorMixin, BaseEstimator):
    ...     def __init__(self, shrinkage=0.5):
    ...         self.shrinkage = shrinkage
    ...     def fit(self, X, y):
    ...         self.mean_ = np.mean(y)
    ...         return self
    ...     def predict(self, X):
    ...         return np.full(len(X), (1 - self.shrinkage) * self.mean_)
    >>> def differentiate(estimator, X, y, X_test, sample_weight):
    ...     return estimator.predict(X_test), lambda u: {"shrinkage": -u.sum() * estimator.mean_}
    >>> register_hypergradient(ShrunkMean, differentiate, parameters=("shrinkage",))
    """
    if not isinstance(cls, type):
        raise TypeError(f"register_hypergradient needs a class of estimators, got {cls!r}. Pass type(estimator).")
    if isinstance(parameters, str) or not parameters:
        raise ValueError(f'parameters needs a tuple of names, got {parameters!r}. Write for example ("alpha",).')
    names = parameters if callable(parameters) else tuple(parameters)
    FAMILIES[cls] = Family(differentiate, names, loss, refuse, has_columns, tuple(shares))


def weights_of(estimator: Any, X: Any, y: Any, sample_weight: Any) -> NDArray[np.float64]:
    """Return the weights of the samples, those of their classes included, shape (n,)."""
    weight = np.ones(X.shape[0]) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    if getattr(estimator, "class_weight", None) is not None:
        weight = weight * compute_sample_weight(estimator.class_weight, y)
    return weight
