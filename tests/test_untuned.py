"""The estimator as it came is the first candidate, also where one of its values lies outside of the space."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, Categorical, Float, Int, SuccessiveHalvingCV, load_results
from skhpo.report.fitted import fitted

X, Y = load_iris(return_X_y=True)
SPACE = {
    "C": Float(1e-2, 1e2, log=True),
    "gamma": Float(1e-3, 1.0, log=True),
    "kernel": ["rbf", "poly"],
    "degree": Int(2, 5, when={"kernel": "poly"}),
}
OWN = {"C": 1.0, "gamma": "scale", "kernel": "rbf"}


def search_of(estimator=None, space=SPACE, **settings):
    return BayesSearchCV(estimator or SVC(), space, **{"n_iter": 8, "cv": 3, "random_state": 0, **settings})


@pytest.mark.parametrize("settings", [{}, {"racing": True}, {"n_jobs": 2}, {"look_back": 9}])
def test_the_first_candidate_is_the_estimator_as_it_is(settings):
    search = search_of(**settings).fit(X, Y)
    results = search.cv_results_
    assert results["params"][0] == OWN
    found = [results[f"split{split}_test_score"][0] for split in range(3)]
    np.testing.assert_array_equal(found, cross_val_score(SVC(), X, Y, cv=3))
    assert len(results["params"]) == 8
    assert not any(params["gamma"] == "scale" for params in results["params"][1:])
    assert search.report().sections["Untuned"][0].startswith("The estimator's own parameters")
    assert search.best_score_ >= results["mean_test_score"][0]


def test_the_model_hears_nothing_of_what_has_no_place():
    search = search_of().fit(X, Y)
    assert len(search._sampler._seen) == 7
    inside = search_of(SVC(gamma=0.1)).fit(X, Y)
    assert inside.cv_results_["params"][0] == {"C": 1.0, "gamma": 0.1, "kernel": "rbf"}
    assert len(inside._sampler._seen) == 8


def test_other_candidates_are_those_of_a_search_without_it():
    """One candidate later, each drawn with the seed of its own number."""
    search = search_of(SVC(C=1e9), {"C": Float(1e-3, 1e3, log=True)}, n_iter=3).fit(X, Y)
    assert [params["C"] <= 1e3 for params in search.cv_results_["params"]] == [False, True, True]


def test_parameters_that_are_not_active_are_not_there():
    first = search_of(SVC(kernel="poly"), n_iter=1).fit(X, Y).cv_results_["params"][0]
    assert first == {"C": 1.0, "degree": 3, "gamma": "scale", "kernel": "poly"}
    parts = [{"kernel": ["linear"], "C": Float(1e-2, 1e2)}, {"kernel": ["rbf"], "gamma": Float(1e-3, 1.0)}]
    first = search_of(SVC(), parts, n_iter=1).fit(X, Y).cv_results_["params"][0]
    assert first == {"C": 1.0, "gamma": "scale", "kernel": "rbf"}


def test_it_can_be_the_best():
    space = {"max_depth": Int(1, 2), "min_samples_leaf": Int(40, 50)}
    search = search_of(DecisionTreeClassifier(random_state=0), space, n_iter=4).fit(X, Y)
    assert search.best_params_ == {"max_depth": None, "min_samples_leaf": 1}
    assert search.best_estimator_.max_depth is None
    assert "are the best ones found" in search.report().sections["Untuned"][0]


def test_a_checkpoint_remembers_it(tmp_path):
    path = tmp_path / "search.db"
    first = search_of(checkpoint=path, n_iter=5).fit(X, Y)
    longer = search_of(checkpoint=path).fit(X, Y)
    assert longer.stats()["n_fits"] == 24
    whole = search_of().fit(X, Y)
    for name in ("params", "split0_test_score", "split1_test_score", "split2_test_score"):
        assert list(longer.cv_results_[name]) == list(whole.cv_results_[name]), name
    assert first.cv_results_["params"] == whole.cv_results_["params"][:5]
    stored = load_results(path)
    assert stored["params"][0] == OWN
    assert list(stored["param_gamma"]) == list(longer.cv_results_["param_gamma"])


def test_values_that_json_does_not_know_are_described_in_the_file(tmp_path):
    pipeline = make_pipeline(StandardScaler(), SVC())
    space = {"standardscaler": [MinMaxScaler(), "passthrough"], "svc__C": Float(0.1, 10.0, log=True)}
    search = search_of(pipeline, space, checkpoint=tmp_path / "a.db", n_iter=3).fit(X, Y)
    assert isinstance(search.cv_results_["params"][0]["standardscaler"], StandardScaler)
    assert load_results(tmp_path / "a.db")["params"][0] == {"standardscaler": "<StandardScaler>", "svc__C": 1.0}
    again = search_of(pipeline, space, checkpoint=tmp_path / "a.db", n_iter=4).fit(X, Y)
    assert again.stats()["n_fits"] == 12


def test_a_part_that_is_left_open_is_nothing_to_compare_with():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", "passthrough")])
    space = {"model": [SVC(), KNeighborsClassifier()], "scale__with_mean": [True, False]}
    search = search_of(pipeline, space, n_iter=3, scoring="accuracy", error_score="raise").fit(X, Y)
    assert all(params["model"] != "passthrough" for params in search.cv_results_["params"])


def test_a_finite_space_is_tried_whole_beside_it():
    search = search_of(SVC(C=7.0), {"C": Categorical([1.0, 10.0, 100.0])}, n_iter=50).fit(X, Y)
    assert sorted(params["C"] for params in search.cv_results_["params"]) == [1.0, 7.0, 10.0, 100.0]
    assert search.stats()["stop_reason"] == "exhausted"


def test_a_warm_start_passes_it_over():
    first = search_of().fit(X, Y)
    second = search_of(warm_start_from=first).fit(X, Y)
    assert second.cv_results_["params"][0] == OWN
    assert len(second._sampler._seen) == 7 + 7


def test_halving_has_it_too():
    search = SuccessiveHalvingCV(
        SVC(), SPACE, sampler="bayes", n_candidates=9, min_resources=45, cv=3, random_state=0
    ).fit(X, Y)
    assert search.cv_results_["params"][0] == OWN


@pytest.mark.parametrize("is_known", [True, False])
def test_pictures_show_what_has_a_place(is_known):
    search = search_of().fit(X, Y)
    trials = fitted(search if is_known else search.cv_results_)
    assert trials.params[0] == {name: value for name, value in OWN.items() if name != "gamma"}
    assert trials.params[1] == search.cv_results_["params"][1]
