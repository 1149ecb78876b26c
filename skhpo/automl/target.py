"""What targets are good for when categories are encoded by them."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import TargetEncoder
from sklearn.utils.multiclass import type_of_target

from skhpo.estimators.tags import tags_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_CLASSES = 10
"""Classes up to which categories are encoded by them, as each category column becomes one for each class."""
_MOST_SPLITS = 5
_MOST_INTEGERS = 20
"""Different integers up to which targets are classes, where no model says what they are."""


_SHUFFLE = signature(TargetEncoder).parameters.get("shuffle")
_TAKES_SPLITTER = _SHUFFLE is None or _SHUFFLE.default is not True  # since scikit-learn 1.9


class Target(NamedTuple):
    """How categories are encoded by the targets.

    Parameters
    ----------
    kind : {"binary", "multiclass", "continuous"} or None
        As `TargetEncoder` takes it; None where there is nothing to encode by.
    n_splits : int
        Of its cross-fitting.
    """

    kind: str | None = None
    n_splits: int = _MOST_SPLITS

    @property
    def is_usable(self) -> bool:
        """Whether there is something to encode by."""
        return self.kind is not None


def target_encoder(target: Target, random_state: Any) -> TargetEncoder:
    """Return an encoder of categories by targets that is cross-fitted on shuffled splits.

    Since scikit-learn 1.9 a splitter says how the rows are shuffled, before parameters of the encoder did.
    """
    kind, n_splits = target.kind, target.n_splits
    if not _TAKES_SPLITTER:
        return TargetEncoder(target_type=kind, cv=n_splits, shuffle=True, random_state=random_state)
    splitter = KFold if kind == "continuous" else StratifiedKFold
    return TargetEncoder(target_type=kind, cv=splitter(n_splits, shuffle=True, random_state=random_state))


def target_of(y: Any, estimator: Any) -> Target:
    """Return how categories are encoded by targets.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or None
        The targets. Several outputs, a single class or many, and classes of a single row are not encoded by.
    estimator : estimator or None
        A classifier or regressor says what the targets are.
    """
    if y is None:
        return Target()
    y = np.asarray(y)
    kind = _kind(y, estimator)
    if kind in {None, "continuous"}:
        return Target(kind, min(_MOST_SPLITS, len(y))) if len(y) > 1 else Target()
    _, counts = np.unique(y, return_counts=True)
    if counts.min() < 2 or not 2 <= len(counts) <= _MOST_CLASSES:
        return Target()
    return Target(kind, int(min(_MOST_SPLITS, counts.min())))


def _kind(y: NDArray[Any], estimator: Any) -> str | None:
    if y.ndim != 1 or (y.dtype.kind == "f" and not np.isfinite(y).all()):
        return None
    try:
        found = type_of_target(y)
    except ValueError:
        return None
    role = None if estimator is None else tags_of(estimator).estimator_type
    if role == "regressor" or (role is None and _are_counts(y)):
        return "continuous" if y.dtype.kind in "fiub" else None
    return found if found in ({"binary", "multiclass"} if role == "classifier" else _KINDS) else None


_KINDS = {"binary", "multiclass", "continuous"}


def _are_counts(y: NDArray[Any]) -> bool:
    return y.dtype.kind in "fiu" and len(np.unique(y)) > _MOST_INTEGERS
