"""Clusterers that have `fit_predict` only: scored by the labels of the very fit, in our searches and scikit-learn's."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn import metrics
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import DBSCAN, HDBSCAN, OPTICS, AgglomerativeClustering, KMeans, SpectralClustering
from sklearn.datasets import make_blobs
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.model_selection import KFold, RandomizedSearchCV, check_cv
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import (
    AllRows,
    BayesSearchCV,
    ClusteringScorer,
    Float,
    GridSearchCV,
    Int,
    RandomSearchCV,
    SuccessiveHalvingCV,
)

X, Y = make_blobs(120, centers=[[0, 0], [6, 0], [0, 6]], random_state=0)
OF_SHAPE = {
    "silhouette": metrics.silhouette_score,
    "calinski_harabasz": metrics.calinski_harabasz_score,
    "neg_davies_bouldin": lambda X, labels: -metrics.davies_bouldin_score(X, labels),
}
AGAINST_TRUTH = [
    "adjusted_rand",
    "adjusted_mutual_info",
    "v_measure",
    "rand",
    "mutual_info",
    "normalized_mutual_info",
    "homogeneity",
    "completeness",
    "fowlkes_mallows",
]


class Labelled(BaseEstimator):
    """Has the labels that it is given."""

    def __init__(self, labels=()):
        self.labels = labels

    def fit(self, X, y=None):
        self.labels_ = np.asarray(self.labels)
        return self


def labelled(labels):
    return Labelled(labels).fit(None)


@pytest.mark.parametrize("suffix", ["", "_score"])
@pytest.mark.parametrize("metric", OF_SHAPE)
def test_metrics_of_shape_are_scikit_learns_on_rows_that_are_no_noise(metric, suffix):
    fitted = DBSCAN(eps=0.7).fit(X)
    inside = fitted.labels_ >= 0
    assert 0 < (~inside).sum() < 60
    assert ClusteringScorer(metric + suffix)(fitted, X) == OF_SHAPE[metric](X[inside], fitted.labels_[inside])


@pytest.mark.parametrize("metric", AGAINST_TRUTH)
def test_metrics_against_truth_are_scikit_learns_on_all_rows(metric):
    fitted = DBSCAN(eps=0.7).fit(X)
    expected = getattr(metrics, f"{metric}_score")(Y, fitted.labels_)
    assert ClusteringScorer(metric)(fitted, X, Y) == ClusteringScorer(f"{metric}_score")(fitted, X, Y) == expected


@pytest.mark.parametrize(
    ("labels", "settings", "reason"),
    [
        ([0] * 6, {}, "fewer than 2 clusters"),
        ([-1] * 6, {}, r"more than max_noise=0\.5"),
        ([-1] * 6, {"max_noise": 1.0}, "fewer than 2 clusters"),
        ([0, 0, -1, -1, -1, -1], {"max_noise": 1.0}, "fewer than 2 clusters"),
        ([0, 1, -1, -1, -1, -1], {"max_noise": 1.0}, "each row is a cluster"),
        ([0, 0, 1, -1, -1, -1], {"max_noise": 0.3}, r"more than max_noise=0\.3"),
        ([0, 0, 1, 1, -2, -3], {"max_noise": 0.3}, r"more than max_noise=0\.3"),  # HDBSCAN's for infinite and missing
        ([0, 1, 2, 3, 4, 5], {}, "each row is a cluster"),
        ([0, 0, 0, 1, 1, 1], {"min_clusters": 3}, "fewer than 3 clusters"),
        ([0, 0, 0, 0, 0, 0], {"min_clusters": 1}, "fewer than 2 clusters"),
        ([0, 0, 0, 0, 0, 0], {"metric": "adjusted_rand"}, "fewer than 2 clusters"),
    ],
)
def test_where_there_is_no_score_it_is_nan_and_the_reason_is_told_once(labels, settings, reason):
    scorer = ClusteringScorer(**{"random_state": hash((tuple(labels), reason)) % 1000, **settings})  # told of its own
    with pytest.warns(UserWarning, match=reason) as told:
        scores = [scorer(labelled(labels), X[:6], Y[:6]) for _ in range(3)]
    assert np.isnan(scores).all()
    assert len(told) == 1


@pytest.mark.parametrize(
    ("labels", "settings"),
    [
        ([0, 0, 1, -1, -1, -1], {}),  # as much noise as there may be
        ([0, 0, 1, 1, 1, 1], {"max_noise": 0.0}),
        ([0, 0, 0, 0, 0, 0], {"metric": "v_measure", "min_clusters": 1}),
    ],
)
def test_what_is_just_allowed_has_a_score(labels, settings):
    assert np.isfinite(ClusteringScorer(**settings)(labelled(labels), X[:6], Y[:6]))


def test_a_sample_is_the_same_rows_for_all_candidates():
    scorer = ClusteringScorer(sample_size=40, random_state=3)
    rows = np.sort(np.random.default_rng(3).choice(120, 40, replace=False))
    for estimator in (AgglomerativeClustering(3), AgglomerativeClustering(5)):
        labels = estimator.fit(X).labels_
        assert scorer(estimator, X) == metrics.silhouette_score(X[rows], labels[rows])
    assert ClusteringScorer(sample_size=500)(estimator, X) == metrics.silhouette_score(X, labels)
    one_apart = np.where(np.arange(120) == 119, 1, 0)
    with pytest.warns(UserWarning, match="the sample of sample_size=3 rows has one cluster"):
        assert np.isnan(ClusteringScorer(sample_size=3)(labelled(one_apart), X))


def test_distances():
    distances = metrics.pairwise_distances(X, metric="manhattan")
    labels = AgglomerativeClustering(3).fit(X).labels_
    expected = metrics.silhouette_score(X, labels, metric="manhattan")
    assert ClusteringScorer(distance="manhattan")(labelled(labels), X) == expected
    precomputed = ClusteringScorer(distance="precomputed")
    assert precomputed(labelled(labels), distances) == pytest.approx(expected)
    noisy = np.where(np.arange(120) < 10, -1, labels)
    assert precomputed(labelled(noisy), distances) == pytest.approx(
        metrics.silhouette_score(X[10:], labels[10:], metric="manhattan")
    )
    assert ClusteringScorer()(labelled(labels), csr_matrix(X)) == pytest.approx(metrics.silhouette_score(X, labels))
    search = GridSearchCV(DBSCAN(metric="precomputed"), {"eps": [1.0, 1.5]}, scoring=precomputed, cv=AllRows())
    by_rows = GridSearchCV(
        DBSCAN(metric="manhattan"), {"eps": [1.0, 1.5]}, scoring=ClusteringScorer(distance="manhattan"), cv=AllRows()
    )
    np.testing.assert_allclose(
        search.fit(distances).cv_results_["mean_test_score"], by_rows.fit(X).cv_results_["mean_test_score"]
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"metric": "davies_bouldin"},
            "metric must be one of 'silhouette', .*'neg_davies_bouldin'.*got 'davies_bouldin'",
        ),
        ({"max_noise": 1.5}, r"max_noise must be a share of the rows in \[0, 1\], got 1\.5"),
        ({"min_clusters": 0}, "min_clusters must be an integer of at least 1, got 0"),
        ({"sample_size": 2}, "sample_size must be an integer of at least 3, or None, got 2"),
        ({"metric": "adjusted_rand", "distance": "cosine"}, "distance is of metric='silhouette' only"),
    ],
)
def test_what_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ClusteringScorer(**settings)


def test_what_is_refused_of_what_was_fitted():
    with pytest.raises(ValueError, match=r"got 60 rows and 120 labels\. Use cv=AllRows"):
        ClusteringScorer()(DBSCAN().fit(X), X[:60])
    with pytest.raises(AttributeError, match="labels_ once it is fitted, got StandardScaler"):
        ClusteringScorer()(StandardScaler().fit(X), X)
    with pytest.raises(ValueError, match="adjusted_rand needs labels to compare with, got y=None"):
        ClusteringScorer("adjusted_rand")(DBSCAN().fit(X), X)


def test_scorers_and_splitters_are_values():
    scorer = ClusteringScorer("v_measure", max_noise=0.1)
    for one in (scorer, AllRows()):
        assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == clone(one, safe=False) == one  # noqa: S301
    assert repr(AllRows()) == "AllRows()"
    assert ClusteringScorer() != ClusteringScorer(max_noise=0.4)
    assert check_cv(AllRows()).get_n_splits(X) == 1
    for rows in (X, X.tolist(), csr_matrix(X)):
        ((train, test),) = AllRows().split(rows)
        np.testing.assert_array_equal(train, np.arange(120))
        np.testing.assert_array_equal(test, train)


CLUSTERERS = [
    (DBSCAN(), {"eps": [0.6, 0.9, 1.5], "min_samples": [3, 5]}),
    (HDBSCAN(copy=True), {"min_cluster_size": [4, 8, 15]}),
    (OPTICS(max_eps=3), {"min_samples": [10]}),
    (AgglomerativeClustering(), {"n_clusters": [2, 3, 4], "linkage": ["ward", "single"]}),
    (SpectralClustering(random_state=0), {"n_clusters": [2, 3]}),
    (KMeans(random_state=0), {"n_clusters": [2, 3, 4]}),
]


@pytest.mark.parametrize(("estimator", "grid"), CLUSTERERS, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("metric", ["silhouette", "adjusted_rand"])
def test_grids_are_scikit_learns_to_the_bit(estimator, grid, metric):
    """And the scores are those of the labels of the very fit."""
    settings = {"scoring": ClusteringScorer(metric), "cv": AllRows()}
    ours, theirs = GridSearchCV(estimator, grid, **settings), TheirGrid(estimator, grid, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours.fit(X, Y)
        theirs.fit(X, Y)
    for name in ("split0_test_score", "mean_test_score", "std_test_score", "rank_test_score"):
        np.testing.assert_array_equal(ours.cv_results_[name], theirs.cv_results_[name], err_msg=name)
    assert ours.n_splits_ == 1
    best = clone(estimator).set_params(**ours.best_params_).fit(X)
    np.testing.assert_array_equal(ours.best_estimator_.labels_, best.labels_)
    assert ours.best_score_ == ClusteringScorer(metric)(best, X, Y)
    assert ours.score(X, Y) == theirs.score(X, Y) == ours.best_score_


def test_labels_are_scored_and_nothing_is_predicted():
    class Once(DBSCAN):
        n_fits = 0

        def fit(self, X, y=None, sample_weight=None):
            Once.n_fits += 1
            return super().fit(X, y, sample_weight)

        def predict(self, X):
            raise AssertionError

        fit_predict = fit_transform = score = predict

    GridSearchCV(Once(), {"eps": [0.8, 1.0]}, scoring=ClusteringScorer(), cv=AllRows()).fit(X)
    assert Once.n_fits == 3  # and the last on all rows


@pytest.mark.parametrize("racing", [False, True])
def test_random_and_bayesian_search(racing, tmp_path):
    space = {"eps": Float(0.7, 2, log=True), "min_samples": Int(3, 6)}
    settings = {"scoring": ClusteringScorer(), "cv": AllRows(), "random_state": 0, "racing": racing, "n_iter": 6}
    for search_class in (RandomSearchCV, BayesSearchCV):
        plain = search_class(DBSCAN(eps=0.8), space, **settings).fit(X)
        kept = search_class(DBSCAN(eps=0.8), space, checkpoint=tmp_path / f"{search_class.__name__}.db", **settings)
        for _ in range(2):
            kept.fit(X)
            np.testing.assert_array_equal(kept.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"])
        assert len(plain.cv_results_["params"]) == 6
        assert plain.best_estimator_.labels_.shape == (120,)
        assert "6 fits: 6 ok" in str(plain.report())
        assert "over 1 split" not in str(plain.report())


def test_a_checkpoint_of_another_scorer_is_refused(tmp_path):
    settings = {"cv": AllRows(), "checkpoint": tmp_path / "search.db"}
    GridSearchCV(DBSCAN(), {"eps": [0.8, 1.0]}, scoring=ClusteringScorer(), **settings).fit(X)
    with pytest.raises(ValueError, match="scoring differ"):
        GridSearchCV(DBSCAN(), {"eps": [0.8, 1.0]}, scoring=ClusteringScorer(max_noise=0.4), **settings).fit(X)


def test_candidates_without_a_score_rank_last():
    grid = {"eps": [1e-3, 1.0, 100.0]}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        search = GridSearchCV(DBSCAN(), grid, scoring=ClusteringScorer(random_state=7), cv=AllRows()).fit(X)
    assert list(search.cv_results_["rank_test_score"]) == [2, 1, 2]
    assert sum("they rank last" in str(one.message) for one in told) == 2


def test_several_metrics():
    scoring = {"shape": ClusteringScorer(), "truth": ClusteringScorer("adjusted_rand")}
    settings = {"scoring": scoring, "refit": "truth", "cv": AllRows()}
    ours = GridSearchCV(DBSCAN(), {"eps": [0.8, 1.0]}, **settings).fit(X, Y)
    theirs = TheirGrid(DBSCAN(), {"eps": [0.8, 1.0]}, **settings).fit(X, Y)
    for name in ("mean_test_shape", "mean_test_truth"):
        np.testing.assert_array_equal(ours.cv_results_[name], theirs.cv_results_[name])


def test_in_a_pipeline_distances_are_those_of_x():
    scaled = make_pipeline(StandardScaler(), DBSCAN())
    grid = {"dbscan__eps": [0.2, 0.3, 0.4]}
    search = GridSearchCV(scaled, grid, scoring=ClusteringScorer(), cv=AllRows()).fit(X * [1, 100])
    labels = search.best_estimator_[-1].labels_
    inside = labels >= 0
    assert search.best_score_ == metrics.silhouette_score((X * [1, 100])[inside], labels[inside])
    without_cache = clone(search).set_params(cache_prefix=False).fit(X * [1, 100])
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], without_cache.cv_results_["mean_test_score"])


def test_a_search_in_a_search():
    inner = GridSearchCV(DBSCAN(), {"eps": [0.8, 1.0]}, scoring=ClusteringScorer(), cv=AllRows())
    outer = GridSearchCV(inner, {"estimator__min_samples": [3, 5]}, scoring=ClusteringScorer(), cv=AllRows()).fit(X)
    assert outer.best_estimator_.best_estimator_.labels_.shape == (120,)


def test_splits_that_hold_rows_out_are_told_what_to_write():
    with pytest.warns() as told:
        search = GridSearchCV(DBSCAN(), {"eps": [0.8]}, scoring=ClusteringScorer(), cv=KFold(3)).fit(X)
    assert np.isnan(search.cv_results_["mean_test_score"]).all()
    assert any("Use cv=AllRows" in str(one.message) for one in told)


def test_halving_over_rows_is_told_what_to_write():
    """A clustering of some rows is another clustering: there is nothing to be scored on all of them."""
    search = SuccessiveHalvingCV(
        DBSCAN(), {"eps": [0.8, 1.0, 1.2]}, n_candidates=3, min_resources=40, scoring=ClusteringScorer(), cv=AllRows()
    )
    with pytest.warns() as told:
        search.fit(X)
    assert any("no halving over rows" in str(one.message) for one in told)


def test_halving_over_iterations():
    search = SuccessiveHalvingCV(
        KMeans(n_init=1, random_state=0),
        {"n_clusters": [2, 3, 4]},
        n_candidates=3,
        resource="max_iter",
        max_resources=90,
        scoring=ClusteringScorer(),
        cv=AllRows(),
        random_state=0,
    ).fit(X)
    assert search.best_params_["n_clusters"] == 3


@pytest.mark.slow
def test_workers_see_the_labels_too():
    settings = {"scoring": ClusteringScorer(), "cv": AllRows()}
    one = GridSearchCV(DBSCAN(), {"eps": [0.8, 1.0, 1.2]}, **settings).fit(X)
    two = GridSearchCV(DBSCAN(), {"eps": [0.8, 1.0, 1.2]}, n_jobs=2, **settings).fit(X)
    np.testing.assert_array_equal(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


def test_scikit_learns_random_search():
    space, settings = {"eps": [0.8, 1.0, 1.2]}, {"scoring": ClusteringScorer(), "cv": AllRows(), "random_state": 0}
    theirs = RandomizedSearchCV(DBSCAN(), space, n_iter=2, **settings).fit(X)
    ours = RandomSearchCV(DBSCAN(), space, n_iter=2, **settings).fit(X)
    np.testing.assert_array_equal(ours.cv_results_["mean_test_score"], theirs.cv_results_["mean_test_score"])
