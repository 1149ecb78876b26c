"""Nearest neighbours: one query for the most of them answers for fewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.sparse import issparse

from skhpo.estimators.facts import Facts, Path, anywhere, view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.estimators.facts import Shape

_Known: TypeAlias = "tuple[NDArray[Any], NDArray[Any], NDArray[Any]]"

_METHOD = "kneighbors"


_MOST_KNOWN = 2
"""The test side and the training side of a split."""


class Query:
    """The method ``kneighbors`` of a view: looks into one long query of the samples that were asked for of late.

    The nearest k are the first k of more, unless distances are equal: then it depends on how many are wanted who comes
    first. Such rows are asked for anew.

    Parameters
    ----------
    view : estimator
        The fitted neighbours with their own, smaller ``n_neighbors``.
    most : int
        How many the long query is to give.
    known : list
        Samples, distances and indices of the latest long queries, common to all views of a model.
    """

    def __init__(self, view: Any, most: int, known: list[_Known]) -> None:
        self.view, self.most, self.known = view, most, known

    def __call__(self, X: Any = None, n_neighbors: int | None = None, return_distance: bool = True) -> Any:
        """Return distances and indices, or indices only, as ``KNeighborsMixin.kneighbors``."""
        plain = getattr(type(self.view), _METHOD)
        if n_neighbors is not None or not isinstance(X, np.ndarray) or X.dtype.kind not in "fiu" or X.ndim != 2:
            return plain(self.view, X, n_neighbors, return_distance)
        k = self.view.n_neighbors
        distances, indices = self._longest(plain, X)
        if k >= distances.shape[1]:
            return plain(self.view, X, n_neighbors, return_distance)
        has_ties = (np.diff(distances[:, : k + 1], axis=1) <= 0).any(axis=1)
        distances, indices = distances[:, :k].copy(), indices[:, :k].copy()
        if has_ties.any():
            distances[has_ties], indices[has_ties] = plain(self.view, X[has_ties])
        return (distances, indices) if return_distance else indices

    def _longest(self, plain: Any, X: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        for samples, distances, indices in self.known:
            if samples.dtype == X.dtype and np.array_equal(samples, X):
                return distances, indices
        distances, indices = plain(self.view, X, min(self.most, self.view.n_samples_fit_))
        self.known.append((X.copy(), distances, indices))
        del self.known[:-_MOST_KNOWN]
        return distances, indices


def _cut(model: Any, value: int) -> Any:
    """Return neighbours with fewer of them; only trees compare the distances that they give."""
    view = view_of(model, n_neighbors=value)
    before = vars(view).pop(_METHOD, None)
    if vars(model)["_fit_method"] in {"kd_tree", "ball_tree"} and not issparse(vars(model)["_fit_X"]):
        most, known = (model.n_neighbors, []) if before is None else (before.most, before.known)
        vars(view)[_METHOD] = Query(view, most, known)
    return view


def _objection(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    if estimator.algorithm == "auto" and max(values) >= shape.fewest // 2:
        return 'algorithm="auto" changes where n_neighbors is half of the samples'
    return "warm_start=True" if getattr(estimator, "warm_start", False) else None


def _cut_radius(model: Any, value: float) -> Any:
    return view_of(model, radius=value)


_NEAREST = Facts(
    paths=(
        Path(
            "n_neighbors",
            _cut,
            objection=_objection,
            settings='with `algorithm="auto"`, fewer than half of the samples; one query where a tree is used',
        ),
    )
)
_RADIUS = Facts(paths=(Path("radius", _cut_radius, length=anywhere(low=0.0)),))
FACTS = {
    f"sklearn.neighbors.{name}Neighbors{kind}": facts
    for name, facts in {"K": _NEAREST, "Radius": _RADIUS}.items()
    for kind in ("Classifier", "Regressor")
}
