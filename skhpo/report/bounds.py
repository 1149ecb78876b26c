"""What a number of an estimator can be: no advice is worth following beyond that."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo._sklearn import Interval

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHARES = frozenset(
    {
        "bagging_fraction",
        "colsample_bylevel",
        "colsample_bynode",
        "colsample_bytree",
        "dropout",
        "feature_fraction",
        "feature_fraction_bynode",
        "l1_ratio",
        "max_features",
        "max_samples",
        "neg_bagging_fraction",
        "pos_bagging_fraction",
        "rsm",
        "subsample",
        "subsample_for_init",
        "validation_fraction",
    }
)
"""Parameters that are shares in [0, 1] where they are floats, in scikit-learn and in libraries of gradient boosting,
whose estimators do not say so."""


class Bounds(NamedTuple):
    """The interval in which a number has to lie.

    Parameters
    ----------
    low, high : float
        Its ends; infinite where there is none.
    has_low, has_high : bool
        Whether an end is part of it.
    """

    low: float = -math.inf
    high: float = math.inf
    has_low: bool = True
    has_high: bool = True


def bounds_of(estimator: Any, name: str, params: Mapping[str, Any], value: float) -> Bounds:
    """Return what a number can be: what its estimator's class declares, or what its name says.

    scikit-learn's estimators declare it in ``_parameter_constraints``. Of several intervals it is the one that the
    value lies in, so that a share and a count of ``max_features`` have different ends.

    Parameters
    ----------
    estimator : estimator or None
        Whose parameter it is, or that of a part of it; None if it is not known.
    name : str
        Full name, with those of the parts it goes through.
    params : dict
        The candidate's, which may replace such a part.
    value : float or int
        What it is.

    Examples
    --------
    >>> from sklearn.linear_model import ElasticNet
    >>> from sklearn.pipeline import make_pipeline
    >>> bounds_of(make_pipeline(ElasticNet()), "elasticnet__l1_ratio", {}, 0.5)
    Bounds(low=0.0, high=1.0, has_low=True, has_high=True)
    """
    prefix, _, own = name.rpartition("__")
    value = params.get(name, value)  # whole or not as it was tried
    declared = _declared(_holder(estimator, prefix, params), own, value)
    if declared is not None:
        return declared
    return Bounds(0.0, 1.0) if own in _SHARES and isinstance(value, float) and 0 <= value <= 1 else Bounds()


def _holder(estimator: Any, prefix: str, params: Mapping[str, Any]) -> Any:
    """Return what has the parameter: a part of the estimator, or of what the candidate puts in the place of one."""
    steps = prefix.split("__") if prefix else []
    for n in range(len(steps), 0, -1):
        replaced = params.get("__".join(steps[:n]))
        if replaced is not None:
            return _part(replaced, "__".join(steps[n:]))
    return _part(estimator, prefix)


def _part(estimator: Any, name: str) -> Any:
    if not name:
        return estimator
    known = estimator.get_params(deep=True) if hasattr(estimator, "get_params") else {}
    return known.get(name)


def _declared(holder: Any, name: str, value: Any) -> Bounds | None:
    """Return the interval that a class declares for a parameter and that holds the value; None if there is none."""
    constraints = getattr(type(holder), "_parameter_constraints", None)
    known = constraints.get(name) if isinstance(constraints, dict) else None
    for constraint in known if isinstance(known, list) else ():
        if isinstance(constraint, Interval) and constraint.is_satisfied_by(value):
            return Bounds(
                -math.inf if constraint.left is None else float(constraint.left),
                math.inf if constraint.right is None else float(constraint.right),
                constraint.closed in {"left", "both"},
                constraint.closed in {"right", "both"},
            )
    return None
