"""Reducers: how many components stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.defaults.svm import gamma
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _components(data: Traits, *, name: str = "n_components", high: int = 512) -> dict[str, Any]:
    """Return a number below those of the columns and of the rows of each training side."""
    most = min(data.n_features - 1, data.rows(0.4, low=1, high=high))
    return {name: Int(2, most, log=True)} if data.has_width and most > 2 else {}


def _principal(estimator: Any, data: Traits) -> dict[str, Any]:
    """A share of the variance means the same whatever the width; sparse data and some solvers need a number."""
    if data.is_sparse or estimator.svd_solver not in {"auto", "full"}:
        return _components(data)
    return {"n_components": Float(0.5, 0.999), "whiten": Categorical([False, True])}


def _number(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return _components(data)


def _clusters(estimator: Any, data: Traits) -> dict[str, Any]:
    return {} if estimator.distance_threshold is not None else _components(data, name="n_clusters")


def _kernel(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {
        "n_components": Int(2, data.rows(0.3, low=5, high=100), log=True),
        "kernel": Categorical(["linear", "rbf"]),
        "gamma": gamma(data, when={"kernel": "rbf"}),
    }


def _landmarks(estimator: Any, data: Traits) -> dict[str, Any]:
    """As many rows are drawn from a training side."""
    space: dict[str, Any] = {"n_components": Int(5, data.rows(0.4, low=10, high=500), log=True)}
    return {**space, "gamma": gamma(data)} if estimator.kernel == "rbf" else space


def _fourier(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"n_components": Int(20, 500, log=True), "gamma": gamma(data)}


def _projection(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return _components(data)


def _topics(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"n_components": Int(5, 100, log=True), "learning_decay": Float(0.5, 0.9)}


def _manifold(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"n_neighbors": Int(5, data.rows(0.25, low=10, high=50), log=True), "n_components": Int(2, 5)}


def _analysis(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return _components(data, high=100)


SPACES: dict[str, Any] = {
    "sklearn.decomposition.PCA": _principal,
    "sklearn.decomposition.TruncatedSVD": _number,
    "sklearn.decomposition.KernelPCA": _kernel,
    "sklearn.decomposition.NMF": _analysis,
    "sklearn.decomposition.FastICA": _analysis,
    "sklearn.decomposition.FactorAnalysis": _analysis,
    "sklearn.decomposition.IncrementalPCA": _analysis,
    "sklearn.decomposition.LatentDirichletAllocation": _topics,
    "sklearn.kernel_approximation.Nystroem": _landmarks,
    "sklearn.kernel_approximation.RBFSampler": _fourier,
    "sklearn.random_projection.GaussianRandomProjection": _projection,
    "sklearn.random_projection.SparseRandomProjection": _projection,
    "sklearn.cluster.FeatureAgglomeration": _clusters,
    "sklearn.manifold.Isomap": _manifold,
    "sklearn.neighbors.NeighborhoodComponentsAnalysis": _analysis,
}
