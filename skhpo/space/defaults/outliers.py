"""Outliers: how much of the data a member sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _isolation(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"max_samples": Float(0.1, 1.0, log=True), "max_features": Float(0.3, 1.0)}


def _local(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"n_neighbors": Int(2, data.rows(1 / 3, low=20, high=100), log=True)}


SPACES: dict[str, Any] = {
    "sklearn.ensemble.IsolationForest": _isolation,
    "sklearn.neighbors.LocalOutlierFactor": _local,
}
