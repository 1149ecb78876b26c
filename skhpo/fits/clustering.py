"""Scoring clusterers by the labels that they gave, where there is nothing to predict.

DBSCAN, HDBSCAN, agglomerative clustering and others label the rows that they are fitted on and no others. So there is
no held-out part: each candidate is fitted on all rows, and its own ``labels_`` are scored.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from sklearn import metrics

from skhpo._sklearn import take_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


def _silhouette(X: Any, labels: NDArray[Any], distance: Any) -> float:
    return float(metrics.silhouette_score(X, labels, metric=distance))


def _calinski_harabasz(X: Any, labels: NDArray[Any], distance: Any) -> float:  # noqa: ARG001 - of coordinates
    return float(metrics.calinski_harabasz_score(X, labels))


def _neg_davies_bouldin(X: Any, labels: NDArray[Any], distance: Any) -> float:  # noqa: ARG001 - of coordinates
    return -float(metrics.davies_bouldin_score(X, labels))


_OF_SHAPE: dict[str, Callable[[Any, NDArray[Any], Any], float]] = {
    "silhouette": _silhouette,
    "calinski_harabasz": _calinski_harabasz,
    "neg_davies_bouldin": _neg_davies_bouldin,
}
"""How compact and far apart clusters are; noise belongs to none."""

_AGAINST_TRUTH: dict[str, Callable[[Any, Any], float]] = {
    "adjusted_mutual_info": metrics.adjusted_mutual_info_score,
    "adjusted_rand": metrics.adjusted_rand_score,
    "completeness": metrics.completeness_score,
    "fowlkes_mallows": metrics.fowlkes_mallows_score,
    "homogeneity": metrics.homogeneity_score,
    "mutual_info": metrics.mutual_info_score,
    "normalized_mutual_info": metrics.normalized_mutual_info_score,
    "rand": metrics.rand_score,
    "v_measure": metrics.v_measure_score,
}
"""How well labels agree with others that are given as y."""

_TOLD: WeakKeyDictionary[ClusteringScorer, set[str]] = WeakKeyDictionary()
"""Why scores were NaN, as far as it was said: a search over DBSCAN meets the same reasons many times."""


@dataclass(frozen=True)
class ClusteringScorer:
    """Score a clusterer by the labels of its own fit, with `AllRows` as ``cv``.

    Parameters
    ----------
    metric : str, default="silhouette"
        ``"silhouette"``, ``"calinski_harabasz"`` or ``"neg_davies_bouldin"``, negated so that larger is better.
        These three leave noise out. Where the search is given y: ``"adjusted_rand"``, ``"adjusted_mutual_info"``,
        ``"v_measure"``, ``"rand"``, ``"mutual_info"``, ``"normalized_mutual_info"``, ``"homogeneity"``,
        ``"completeness"`` or ``"fowlkes_mallows"``. These are of all rows, with noise as one more cluster, as
        scikit-learn's functions have it. Their names with ``_score`` are understood too.
    max_noise : float, default=0.5
        The largest share of rows, in [0, 1], that may be noise: labelled -1 or lower. Without a limit the best clusters
        are often a few rows, and all others noise.
    min_clusters : int, default=2
        The fewest clusters, noise not counted.
    sample_size : int or None, default=None
        Score so many rows, the same for each candidate: the silhouette's time grows with the square of the rows. None
        for all.
    distance : str or callable, default="euclidean"
        Of the silhouette, as `sklearn.metrics.silhouette_score` takes it; ``"precomputed"`` where X has distances.
    random_state : int, default=0
        Which rows are in the sample.

    Notes
    -----
    The score is NaN, which ranks last, where there is more noise than ``max_noise``, fewer clusters than
    ``min_clusters``, or where each row is a cluster. A warning says so, once for each of these reasons.

    Distances are those in X as the search got it, even if the steps of a pipeline change it. So candidates are compared
    in one space. Scale X first, as for clustering itself.

    Examples
    --------
    >>> from sklearn.cluster import AgglomerativeClustering
    >>> from sklearn.datasets import make_blobs
    >>> from skhpo import AllRows, ClusteringScorer, GridSearchCV
    >>> X, _ = make_blobs(200, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
    >>> search = GridSearchCV(
    ...     AgglomerativeClustering(),
    ...     {"n_clusters": [2, 3, 4, 5], "linkage": ["ward", "average"]},
    ...     scoring=ClusteringScorer("silhouette"),
    ...     cv=AllRows(),
    ... ).fit(X)
    >>> search.best_params_["n_clusters"]
    3
    >>> search.best_estimator_.labels_.shape
    (200,)
    """

    metric: str = "silhouette"
    max_noise: float = 0.5
    min_clusters: int = 2
    sample_size: int | None = None
    distance: Any = "euclidean"
    random_state: int = 0

    def __post_init__(self) -> None:
        if self._name not in _OF_SHAPE | _AGAINST_TRUTH:
            known = ", ".join(repr(name) for name in (*_OF_SHAPE, *_AGAINST_TRUTH))
            raise ValueError(f"metric must be one of {known}, got {self.metric!r}.")
        if not 0 <= self.max_noise <= 1:
            raise ValueError(f"max_noise must be a share of the rows in [0, 1], got {self.max_noise!r}.")
        if not isinstance(self.min_clusters, Integral) or self.min_clusters < 1:
            raise ValueError(f"min_clusters must be an integer of at least 1, got {self.min_clusters!r}.")
        if self.sample_size is not None and (not isinstance(self.sample_size, Integral) or self.sample_size < 3):
            raise ValueError(f"sample_size must be an integer of at least 3, or None, got {self.sample_size!r}.")
        if self.distance != "euclidean" and self._name != "silhouette":
            raise ValueError(
                f"distance is of metric='silhouette' only, got distance={self.distance!r} with metric={self.metric!r}."
            )

    def __call__(self, estimator: Any, X: Any, y: Any = None) -> float:
        """Score the labels of a fitted clusterer.

        Parameters
        ----------
        estimator : estimator
            With ``labels_``, or a pipeline or search whose last step or best estimator has them.
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            The rows that it was fitted on.
        y : array-like of shape (n_samples,), default=None
            Labels to compare with, for the metrics that do.

        Returns
        -------
        score : float
            Larger is better; NaN where there is none.

        Raises
        ------
        AttributeError
            If the estimator has no labels.
        ValueError
            If X has other rows than those that were fitted, or if y is missing.
        """
        labels = _labels_of(estimator)
        if len(labels) != _n_rows(X):
            raise ValueError(
                f"ClusteringScorer needs the rows that were fitted, got {_n_rows(X)} rows and {len(labels)} labels. "
                "Use cv=AllRows(), and no halving over rows."
            )
        if y is None and self._name in _AGAINST_TRUTH:
            raise ValueError(f"{self.metric} needs labels to compare with, got y=None. Pass y to fit.")
        rows = self._rows(len(labels))
        reason = self._why_undefined(labels) or self._why_undefined_in_sample(labels[rows])
        if reason is not None:
            self._tell(reason)
            return float("nan")
        if self._name in _AGAINST_TRUTH:
            return float(_AGAINST_TRUTH[self._name](np.asarray(y)[rows], labels[rows]))
        rows = rows[labels[rows] >= 0]
        return _OF_SHAPE[self._name](self._taken(X, rows), labels[rows], self.distance)

    @property
    def _name(self) -> str:
        return str(self.metric).removesuffix("_score")

    def _rows(self, n_samples: int) -> NDArray[np.intp]:
        """Return the rows to be scored, in order."""
        if self.sample_size is None or self.sample_size >= n_samples:
            return np.arange(n_samples)
        found = np.random.default_rng(self.random_state).choice(n_samples, self.sample_size, replace=False)
        return np.sort(found).astype(np.intp)

    def _taken(self, X: Any, rows: NDArray[np.intp]) -> Any:
        """Return rows of X, and the same columns where it has distances."""
        taken = take_rows(X, rows)
        has_distances = isinstance(self.distance, str) and self.distance == "precomputed"
        return take_rows(taken, rows, axis=1) if has_distances else taken

    def _why_undefined(self, labels: NDArray[Any]) -> str | None:
        """Return why a clustering has no score, None if it has one."""
        inside = labels[labels >= 0]
        n_clusters = len(np.unique(inside))
        least = self.min_clusters if self._name in _AGAINST_TRUTH else max(2, self.min_clusters)
        if len(labels) - len(inside) > self.max_noise * len(labels):
            return f"more than max_noise={self.max_noise:g} of the rows are noise"
        if n_clusters < least:
            return f"there are fewer than {least} clusters"
        if n_clusters == len(inside):
            return "each row is a cluster of its own"
        return None

    def _why_undefined_in_sample(self, labels: NDArray[Any]) -> str | None:
        """Return why the rows in the sample have no score though the clustering might have one."""
        inside = labels[labels >= 0]
        if self._name in _OF_SHAPE and not 2 <= len(np.unique(inside)) < len(inside):
            return f"the sample of sample_size={self.sample_size} rows has one cluster, or a cluster for each row"
        return None

    def _tell(self, reason: str) -> None:
        """Warn why a score is NaN, unless this was said before."""
        told = _TOLD.setdefault(self, set())
        if reason not in told:
            told.add(reason)
            warnings.warn(
                f"{self.metric} is NaN for clusterings where {reason}; they rank last.", UserWarning, stacklevel=3
            )


@dataclass(frozen=True)
class AllRows:
    """A splitter that gives all rows once, to be fitted and to be scored.

    Nothing is held out. It is for clusterers that cannot label other rows than those they were fitted on, with a scorer
    that reads their ``labels_``: `ClusteringScorer`. A model that is scored by what it predicts would be scored on what
    it has seen.

    Examples
    --------
    >>> from skhpo import AllRows
    >>> list(AllRows().split([[0.0], [1.0], [2.0]]))
    [(array([0, 1, 2]), array([0, 1, 2]))]
    """

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:  # noqa: ARG002
        """Return 1.

        Parameters
        ----------
        X, y, groups : object
            Not used.

        Returns
        -------
        n_splits : int
            Always 1.
        """
        return 1

    def split(
        self,
        X: Any,
        y: Any = None,  # noqa: ARG002
        groups: Any = None,  # noqa: ARG002
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Yield all rows as training and as test side.

        Parameters
        ----------
        X : array-like of shape (n_samples, ...)
            Samples.
        y, groups : object
            Not used.

        Yields
        ------
        train, test : ndarray of shape (n_samples,)
            All positions.
        """
        yield np.arange(_n_rows(X)), np.arange(_n_rows(X))


def _n_rows(X: Any) -> int:
    return int(X.shape[0]) if hasattr(X, "shape") else len(X)


def _labels_of(estimator: Any) -> NDArray[Any]:
    """Return the labels of the rows that an estimator was fitted on."""
    inner = estimator
    while not hasattr(inner, "labels_"):
        if hasattr(inner, "best_estimator_"):
            inner = inner.best_estimator_
        elif isinstance(getattr(inner, "steps", None), list):
            inner = inner.steps[-1][1]
        else:
            raise AttributeError(
                f"ClusteringScorer needs a clusterer that has labels_ once it is fitted, got {type(inner).__name__}."
            )
    return np.asarray(inner.labels_)
