"""The word "default" in the place of a space, in every search."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import (
    BayesSearchCV,
    Float,
    GradientSearchCV,
    GridSearchCV,
    Int,
    RandomSearchCV,
    SearchCV,
    SuccessiveHalvingCV,
    default_space,
    load_results,
)
from skhpo.space import Space

X, Y = load_iris(return_X_y=True)
PIPELINE = Pipeline([("scale", StandardScaler()), ("pca", PCA()), ("svc", SVC())])


def own(search, estimator):
    """The estimator's own values of what was searched."""
    known = estimator.get_params()
    return {name: known[name] for name in search.cv_results_["params"][0]}


@pytest.mark.parametrize("kind", [BayesSearchCV, RandomSearchCV, SearchCV])
def test_a_search_without_a_space_begins_with_the_estimator_as_it_is(kind):
    search = kind(PIPELINE, "default", n_iter=5, random_state=0).fit(X, Y)
    first, *others = search.cv_results_["params"]
    assert first == own(search, PIPELINE)
    assert search.space_ == default_space(PIPELINE, X, Y)
    assert len(others) == 4
    assert all(map(Space(search.space_).contains, others))


@pytest.mark.parametrize("sampler", ["random", "bayes"])
def test_a_halving_has_no_range_of_its_resource(sampler):
    model = GradientBoostingClassifier(n_estimators=9, random_state=0)
    search = SuccessiveHalvingCV(
        model,
        "default",
        n_candidates=4,
        resource="n_estimators",
        min_resources=3,
        sampler=sampler,
        cv=3,
        random_state=0,
    ).fit(X, Y)
    assert "n_estimators" not in search.space_
    assert {"learning_rate", "max_depth"} <= search.space_.keys()
    assert search.n_resources_ == [3, 9]
    first = search.cv_results_["params"][0]
    assert {name: first[name] for name in search.space_} == {name: model.get_params()[name] for name in search.space_}


def test_a_resource_of_a_search_with_rungs_is_not_searched():
    search = SearchCV(GradientBoostingClassifier(n_estimators=4), "default", resource="n_estimators", n_iter=2, cv=2)
    assert "n_estimators" not in search.fit(X, Y).space_


def test_a_step_has_its_default_beside_what_was_written():
    search = BayesSearchCV(PIPELINE, {"svc": "default", "pca__n_components": Int(1, 4)}, n_iter=4, random_state=0)
    search.fit(X, Y)
    assert list(search.space_) == ["pca__n_components", "svc__C", "svc__gamma"]
    assert search.param_distributions["svc"] == "default"


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Ridge(), ["alpha"]),
        (ElasticNet(), ["alpha", "l1_ratio"]),
        (make_pipeline(StandardScaler(), KernelRidge(kernel="rbf")), ["kernelridge__alpha", "kernelridge__gamma"]),
        (make_pipeline(PCA(), Ridge()), ["ridge__alpha"]),
    ],
)
def test_a_descent_has_what_has_slopes(model, names):
    x, y = load_diabetes(return_X_y=True)
    search = GradientSearchCV(model, "default", cv=3, n_iter=8).fit(x[:150], y[:150])
    assert list(search.space_) == names
    assert search.best_loss_ <= search.cv_results_["mean_test_loss"][0]


def test_a_grid_needs_values():
    with pytest.raises(ValueError, match='GridSearchCV needs values to try, got "default"'):
        GridSearchCV(SVC(), "default").fit(X, Y)
    with pytest.raises(ValueError, match="Use BayesSearchCV or RandomSearchCV, or list values"):
        GridSearchCV(PIPELINE, {"svc": "default"}).fit(X, Y)


class Unknown(ClassifierMixin, BaseEstimator):
    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y):
        raise AssertionError("nothing is fitted")

    def predict(self, X):
        raise AssertionError("nothing is fitted")


def test_an_unknown_estimator_is_refused_before_a_fit():
    with pytest.raises(ValueError, match="say once what to search"):
        BayesSearchCV(Unknown(), "default").fit(X, Y)


def test_other_words_are_refused():
    for kind in (BayesSearchCV, RandomSearchCV, GridSearchCV, GradientSearchCV, SuccessiveHalvingCV, SearchCV):
        with pytest.raises(ValueError, match="got 'defaults'"):
            kind(SVC(), "defaults").fit(X, Y)


def test_a_checkpoint_goes_on_with_the_same_ranges(tmp_path):
    path = tmp_path / "search.db"
    settings = {"random_state": 0, "checkpoint": path}
    first = BayesSearchCV(DecisionTreeClassifier(random_state=0), "default", n_iter=4, **settings).fit(X, Y)
    search = BayesSearchCV(DecisionTreeClassifier(random_state=0), "default", n_iter=6, **settings).fit(X, Y)
    times = search.cv_results_["mean_fit_time"]
    assert times[:4].tolist() == first.cv_results_["mean_fit_time"].tolist()  # those were not fitted again
    whole = BayesSearchCV(DecisionTreeClassifier(random_state=0), "default", n_iter=6, random_state=0).fit(X, Y)
    assert search.cv_results_["params"] == whole.cv_results_["params"]
    assert len(load_results(path)["params"]) == 6
    with pytest.raises(ValueError, match="another search"):
        BayesSearchCV(DecisionTreeClassifier(random_state=0), "default", n_iter=6, **settings).fit(X[:140], Y[:140])


def test_pictures_and_reports_know_what_was_searched():
    search = RandomSearchCV(LogisticRegression(), "default", n_iter=6, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        search.fit(StandardScaler().fit_transform(X), Y)
    assert "C" in str(search.report())
    assert search.space_ == {"C": Float(1e-4, 1e3, log=True)}


def test_random_candidates_of_neighbours_share_their_fits():
    search = RandomSearchCV(KNeighborsClassifier(), "default", n_iter=20, random_state=0).fit(X, Y)
    assert search.stats()["n_fits"] <= 20
    alone = RandomSearchCV(KNeighborsClassifier(), "default", n_iter=20, random_state=0, share_fits=False).fit(X, Y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


def test_ranges_follow_the_data_of_the_fit():
    few = BayesSearchCV(SVC(), "default", n_iter=2, random_state=0).fit(X, Y).space_["gamma"]
    more = BayesSearchCV(SVC(), "default", n_iter=2, random_state=0).fit(10 * X, Y).space_["gamma"]
    np.testing.assert_allclose(more.low, few.low / 100, rtol=0.1)  # bounds have two digits


class Boosting(ClassifierMixin, BaseEstimator):
    """Lists only the parameters that it was given, as those of catboost do."""

    __module__ = "catboost.core"

    def __init__(self, **params):
        self.params = params

    def get_params(self, deep=True):
        return dict(self.params)

    def set_params(self, **params):
        self.params |= params
        return self

    def fit(self, X, y):
        self.model_ = DecisionTreeClassifier(max_depth=self.params.get("depth", 6)).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


def test_an_estimator_of_catboost_that_lists_nothing_is_tried_as_it_is():
    search = BayesSearchCV(Boosting(), {"depth": Int(1, 3)}, n_iter=4, random_state=0).fit(X, Y)
    assert search.cv_results_["params"][0] == {}
    assert search.cv_results_["param_depth"].mask.tolist() == [True, False, False, False]
