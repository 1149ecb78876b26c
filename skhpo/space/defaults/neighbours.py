"""Neighbours: how many, and how far is far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _nearest(estimator: Any, data: Traits) -> dict[str, Any]:
    """A third of all rows is less than each training side has, even of two folds."""
    space: dict[str, Any] = {
        "n_neighbors": Int(1, data.rows(1 / 3, low=5, high=200), log=True),
        "weights": Categorical(["uniform", "distance"]),
    }
    if estimator.metric == "minkowski":
        space["p"] = Categorical([1, 2])
    return space


def _centroid(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"shrink_threshold": Float(1e-2, 10.0, log=True)}


SPACES: dict[str, Any] = {
    "sklearn.neighbors.KNeighborsClassifier": _nearest,
    "sklearn.neighbors.KNeighborsRegressor": _nearest,
    "sklearn.neighbors.NearestCentroid": _centroid,
}
