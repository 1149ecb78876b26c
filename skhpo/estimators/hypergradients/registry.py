"""Which family an estimator belongs to; scikit-learn's own are registered when the first one is asked for."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import TYPE_CHECKING, Any

from skhpo.estimators.hypergradients.base import FAMILIES

if TYPE_CHECKING:
    from skhpo.estimators.hypergradients.base import Family

_FILES = ("ridge", "logistic", "lasso", "linear_svm", "svm", "kernel_ridge", "gaussian_process", "glm")


@functools.cache
def _register_ours() -> None:
    """Import the files of the families, each of which registers some classes; what a user registered stays."""
    given = dict(FAMILIES)
    for name in _FILES:
        import_module(f"skhpo.estimators.hypergradients.{name}")
    FAMILIES.update(given)


def family_of(estimator: Any) -> Family:
    """Return the family of an estimator, by its exact class.

    Raises
    ------
    ValueError
        If it has none, or if its settings are none that can be differentiated.
    """
    _register_ours()
    family = FAMILIES.get(type(estimator))
    if family is None:
        known = ", ".join(sorted(cls.__name__ for cls in FAMILIES))
        raise ValueError(
            f"Gradients need an estimator of a known family, got {type(estimator).__name__}. Known are {known}. "
            "Use BayesSearchCV, or register_hypergradient."
        )
    reason = family.refuse(estimator)
    if reason is not None:
        raise ValueError(f"{estimator!r} cannot be differentiated: {reason}")
    return family
