"""Clusters and mixtures: how many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _number(data: Traits, high: int) -> Int:
    return Int(2, data.rows(0.1, low=4, high=high), log=True)


def _means(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"n_clusters": _number(data, 50)}


def _agglomeration(estimator: Any, data: Traits) -> dict[str, Any]:
    space: dict[str, Any] = {"linkage": Categorical(["ward", "complete", "average"])} if _is_plain(estimator) else {}
    return space if estimator.distance_threshold is not None else {"n_clusters": _number(data, 50), **space}


def _is_plain(estimator: Any) -> bool:
    return bool(estimator.metric == "euclidean")


def _mixture(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {
        "n_components": Int(1, data.rows(0.05, low=3, high=20), log=True),
        "covariance_type": Categorical(["full", "tied", "diag", "spherical"]),
    }


SPACES: dict[str, Any] = {
    "sklearn.cluster.KMeans": _means,
    "sklearn.cluster.MiniBatchKMeans": _means,
    "sklearn.cluster.BisectingKMeans": _means,
    "sklearn.cluster.AgglomerativeClustering": _agglomeration,
    "sklearn.mixture.GaussianMixture": _mixture,
}
