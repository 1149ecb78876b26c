"""Scalers and other transformers of single columns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _quantiles(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """More quantiles than rows are cut with a warning; half of the rows are in each training side."""
    return {
        "n_quantiles": Int(10, data.rows(0.5, low=11, high=1000), log=True),
        "output_distribution": Categorical(["uniform", "normal"]),
    }


def _bins(estimator: Any, data: Traits) -> dict[str, Any]:
    """How quantiles are computed is about to change; the new way is written where it can be."""
    space: dict[str, Any] = {"n_bins": Int(2, data.rows(0.1, low=5, high=64), log=True)}
    if estimator.strategy == "quantile" and getattr(estimator, "quantile_method", "") == "warn":
        space["quantile_method"] = Categorical(["averaged_inverted_cdf"])
    return space


def _polynomial(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """The third degree of 15 columns has 800 of them."""
    return {"degree": Int(1, 3 if data.n_features <= 15 else 2), "interaction_only": Categorical([False, True])}


def _splines(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"n_knots": Int(3, data.rows(0.1, low=5, high=25), log=True), "degree": Int(1, 3)}


_RANGES = [(25.0, 75.0), (10.0, 90.0), (5.0, 95.0)]

SPACES: dict[str, Any] = {
    "sklearn.preprocessing.StandardScaler": {},
    "sklearn.preprocessing.MinMaxScaler": {},
    "sklearn.preprocessing.MaxAbsScaler": {},
    "sklearn.preprocessing.PowerTransformer": {},
    "sklearn.preprocessing.FunctionTransformer": {},
    "sklearn.preprocessing.Binarizer": {},
    "sklearn.preprocessing.RobustScaler": {"quantile_range": Categorical(_RANGES)},
    "sklearn.preprocessing.Normalizer": {"norm": Categorical(["l1", "l2", "max"])},
    "sklearn.preprocessing.QuantileTransformer": _quantiles,
    "sklearn.preprocessing.KBinsDiscretizer": _bins,
    "sklearn.preprocessing.PolynomialFeatures": _polynomial,
    "sklearn.preprocessing.SplineTransformer": _splines,
}
