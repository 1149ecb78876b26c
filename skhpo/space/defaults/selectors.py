"""Selectors: how many columns stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _best(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """More columns than there are would be a mistake: where their number is not known, none is proposed."""
    return {"k": Int(1, data.n_features, log=True)} if data.has_width and data.n_features > 1 else {}


def _from_model(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"threshold": Categorical(["0.5*mean", "mean", "1.5*mean", "median"])}


def _rounds(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """A share that leaves one column at least."""
    low = max(1.05 / data.n_features, 0.05)
    return {"n_features_to_select": Float(low, 1.0, log=True)} if data.has_width and low < 1 else {}


_TEST = {"alpha": Float(1e-4, 0.5, log=True)}

SPACES: dict[str, Any] = {
    "sklearn.feature_selection.SelectKBest": _best,
    "sklearn.feature_selection.SelectPercentile": {"percentile": Int(2, 100, log=True)},
    "sklearn.feature_selection.SelectFpr": _TEST,
    "sklearn.feature_selection.SelectFdr": _TEST,
    "sklearn.feature_selection.SelectFwe": _TEST,
    "sklearn.feature_selection.SelectFromModel": _from_model,
    "sklearn.feature_selection.RFE": _rounds,
    "sklearn.feature_selection.RFECV": {},
    "sklearn.feature_selection.VarianceThreshold": {},
}
