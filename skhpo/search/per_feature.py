"""One range for each feature: as many parameters as a `ColumnScale` has factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from skhpo.estimators.columns import ColumnScale


@dataclass(frozen=True)
class PerFeature:
    """The same range for each factor of a :class:`~skhpo.ColumnScale`.

    Parameters
    ----------
    dimension : Float
        The range of each factor.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.kernel_ridge import KernelRidge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skhpo import ColumnScale, Float, PerFeature
    >>> pipeline = make_pipeline(ColumnScale(np.ones(10)), KernelRidge(kernel="rbf"))
    >>> space = {"columnscale__scale": PerFeature(Float(0.01, 100.0, log=True))}
    """

    dimension: Any


def expanded(space: Any, estimator: Any) -> dict[str, Any]:
    """Return a space with a parameter for each factor.

    Raises
    ------
    ValueError
        If the space is no dict, or names something else than the ``scale`` of a `ColumnScale`.
    """
    if not isinstance(space, Mapping):
        raise ValueError(  # noqa: TRY004 - searches refuse spaces so
            f"GradientSearchCV needs one dict of Float ranges, got {type(space).__name__}. Use BayesSearchCV for a "
            "list of dicts."
        )
    found: dict[str, Any] = {}
    known = estimator.get_params(deep=True)
    for name, value in space.items():
        if isinstance(value, PerFeature):
            found |= {f"{name}_{j}": value.dimension for j in range(_n_factors(name, known, estimator))}
        else:
            found[name] = value
    return found


def _n_factors(name: str, known: Mapping[str, Any], estimator: Any) -> int:
    owner, _, own = name.rpartition("__")
    part = known.get(owner) if owner else estimator
    if own != "scale" or not isinstance(part, ColumnScale):
        raise ValueError(
            f"PerFeature needs the scale of a ColumnScale, got parameter {name!r}. Put "
            'ColumnScale(np.ones(n_features)) right before the last step, and write "columnscale__scale".'
        )
    return len(part.scale)
