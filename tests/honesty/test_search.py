"""Searches that store predictions: what they keep, estimate, take and put together."""

import pickle
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, get_scorer, roc_auc_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneOut,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo import BayesSearchCV, EnsembleClassifier, EnsembleRegressor, Float, GridSearchCV, Int, RandomSearchCV
from skhpo.selection import one_standard_error, unless_better

X, Y = load_iris(return_X_y=True)
GRID = {"n_neighbors": [1, 3, 5, 7, 11, 15, 25]}
KNN = KNeighborsClassifier()
FOLDS = StratifiedKFold(5, shuffle=True, random_state=0)


def fitted(estimator=KNN, space=GRID, kind=GridSearchCV, *, X=X, y=Y, fit_params=None, **settings):
    settings = {"cv": FOLDS, "store_predictions": True, **settings}
    return kind(estimator, space, **settings).fit(X, y, **(fit_params or {}))


# -- what is kept -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scoring", "n_jobs"),
    [
        (None, 1),
        pytest.param("accuracy", 2, marks=pytest.mark.slow),
        ("neg_log_loss", 1),
        (["accuracy", "roc_auc_ovr"], 1),
    ],
)
def test_predictions_are_those_of_cross_val_predict(scoring, n_jobs):
    refit = "accuracy" if isinstance(scoring, list) else True
    search = fitted(scoring=scoring, refit=refit, n_jobs=n_jobs)
    found = search.predictions_
    assert found.method == "predict_proba"
    np.testing.assert_array_equal(found.rows, np.arange(150))
    np.testing.assert_array_equal(found.trials, np.arange(7))
    assert found.values.shape == (7, 150, 3)
    for row, params in zip(found.values, search.cv_results_["params"], strict=True):
        expected = cross_val_predict(clone(KNN).set_params(**params), X, Y, cv=FOLDS, method="predict_proba")
        np.testing.assert_allclose(row, expected, rtol=1e-6)
    assert all(each["predict_proba"].dtype == np.float32 for each in found.table.candidates)


@pytest.mark.parametrize("return_train_score", [False, True])
def test_results_are_the_same_with_and_without(return_train_score):
    with_them, without = (
        fitted(
            store_predictions=on,
            scoring=["accuracy", "f1_macro"],
            refit="accuracy",
            return_train_score=return_train_score,
        )
        for on in (True, False)
    )
    for name, column in without.cv_results_.items():
        if "_time" not in name and name != "params":
            np.testing.assert_array_equal(with_them.cv_results_[name], column)
    assert not hasattr(without, "predictions_")
    assert with_them.best_params_ == without.best_params_


def test_numbers_and_their_targets():
    X, y = load_diabetes(return_X_y=True)
    search = fitted(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, X=X, y=y, cv=KFold(4), scoring="r2")
    np.testing.assert_allclose(search.predictions_.values[1], cross_val_predict(Ridge(), X, y, cv=KFold(4)), rtol=1e-6)
    assert search.estimate_score().naive == pytest.approx(search.best_score_, abs=0.03)


def test_labels_that_are_words():
    names = np.array(["setosa", "versicolor", "virginica"])[Y]
    search = fitted(SVC(), {"C": [0.1, 1.0]}, y=names)
    assert search.predictions_.method == "predict"
    assert set(search.predictions_.values[0]) == set(names)
    estimate = search.estimate_score(n_bootstraps=50)
    assert estimate.naive == pytest.approx(search.best_score_)
    assert set(search.ensemble(3, n_bootstraps=0).fit(X, names).predict(X)) == set(names)


def test_repeats_are_kept_apart_and_averaged_for_users():
    folds = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0)
    search = fitted(cv=folds)
    assert search.predictions_.table.n_repeats == 2
    assert search.predictions_.values.shape == (7, 150, 3)
    estimate = search.estimate_score(n_bootstraps=50)
    assert estimate.naive == pytest.approx(search.best_score_)
    fitted(cv=folds, refit=one_standard_error("-n_neighbors")).estimate_score(n_bootstraps=10)


def test_equal_trials_are_there_once_and_the_chosen_one_is_found():
    space = {"n_neighbors": [25, 1, 5, 5, 25, 5]}
    search = fitted(space=space)
    np.testing.assert_array_equal(search.predictions_.trials, [0, 1, 2])
    search.estimate_score(n_bootstraps=20)


def test_prefixes_are_shared_as_ever():
    pipe = make_pipeline(StandardScaler(), KNN)
    space = {"standardscaler__with_mean": [True, False], "kneighborsclassifier__n_neighbors": [3, 9]}
    on, off = (fitted(pipe, space, cache_prefix=each).predictions_.values for each in (True, False))
    np.testing.assert_array_equal(on, off)


@pytest.mark.parametrize(
    ("estimator", "space"),
    [
        (RandomForestClassifier(random_state=0), {"n_estimators": [2, 4, 7]}),
        (KNN, {"n_neighbors": [1, 5, 9]}),
        (
            make_pipeline(StandardScaler(), DecisionTreeClassifier(random_state=0)),
            {"decisiontreeclassifier__max_depth": [1, 2, 4]},
        ),
    ],
)
def test_fits_that_answer_for_many_candidates_predict_for_each(estimator, space, tmp_path):
    settings = {"scoring": "accuracy", "cv": FOLDS, "checkpoint": tmp_path / "search.db"}
    search = fitted(estimator, space, **settings)
    for row, params in zip(search.predictions_.values, search.cv_results_["params"], strict=True):
        expected = cross_val_predict(clone(estimator).set_params(**params), X, Y, cv=FOLDS, method="predict_proba")
        np.testing.assert_allclose(row, expected, rtol=1e-6)
    again = fitted(estimator, space, **settings)
    np.testing.assert_array_equal(again.predictions_.values, search.predictions_.values)
    assert search.estimate_score(n_bootstraps=20).naive == pytest.approx(search.best_score_)


def test_a_race_keeps_its_complete_trials():
    rng = np.random.default_rng(0)
    y = rng.permutation(Y)
    y[:75] = Y[:75]
    search = fitted(kind=RandomSearchCV, space={"n_neighbors": Int(1, 80)}, y=y, racing=True, n_iter=30, random_state=0)
    is_complete = search.cv_results_["n_splits_run"] == 5
    assert not is_complete.all()
    assert set(search.predictions_.trials) == set(np.flatnonzero(is_complete))
    search.estimate_score(n_bootstraps=20)


def test_a_halving_keeps_those_with_all_of_the_resource():
    search = fitted(
        RandomForestClassifier(random_state=0),
        {"max_depth": Int(1, 20)},
        skhpo.SuccessiveHalvingCV,
        resource="n_estimators",
        max_resources=9,
        min_resources=1,
        n_candidates=9,
        random_state=0,
    )
    last = np.flatnonzero(search.cv_results_["n_resources"] == 9)
    assert set(search.predictions_.trials) <= set(last)
    assert len(search.predictions_.trials) >= 1
    assert not hasattr(search.ensemble(2, n_bootstraps=5), "estimate_")
    with pytest.raises(ValueError, match=r'got a search with rungs, .* Use estimate_score\(method="nested"\)'):
        search.estimate_score()


def test_more_than_fits_is_dropped_but_for_the_best_and_the_untuned(monkeypatch):
    monkeypatch.setattr("skhpo.honesty.store._MOST_BYTES", 4 * 150 * 3 * 5)
    monkeypatch.setattr("skhpo.honesty.store._FEWEST", 3)
    space = {"n_neighbors": [*range(20, 100, 10), 5, 3, 60]}  # the untuned one has 5
    search = fitted(space=space, scoring="neg_log_loss")
    kept = {search.cv_results_["params"][row]["n_neighbors"] for row in search.predictions_.trials}
    assert 5 in kept
    assert len(kept) == 5
    best = np.argsort(search.cv_results_["rank_test_score"])[:3]
    assert {search.cv_results_["params"][row]["n_neighbors"] for row in best} <= kept
    with pytest.raises(ValueError, match="needs the predictions of all candidates, got 5, and 5 more without"):
        search.estimate_score()
    search.ensemble(3, n_bootstraps=0)


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"cv": ShuffleSplit(3, random_state=0)}, "got cv=ShuffleSplit, which tests some rows more often"),
        ({"cv": TimeSeriesSplit(3)}, "needs rows that can be drawn anew, got cv=TimeSeriesSplit"),
        ({"y": None, "scoring": lambda estimator, X, y=None: 0.0, "cv": KFold(3)}, "store_predictions needs y"),
        ({"cv": [(np.arange(150), np.arange(150))]}, "got 150 rows on both sides of split 0"),
    ],
)
def test_splits_without_predictions_for_each_row_are_refused_before_any_fit(settings, message):
    class Unfit(KNeighborsClassifier):
        def fit(self, X, y):
            raise AssertionError("It was refused too late.")

    with pytest.raises(ValueError, match=message):
        fitted(Unfit(), **settings)


def test_without_predictions_the_way_to_have_them_is_said():
    search = fitted(store_predictions=False)
    with pytest.raises(ValueError, match="Write store_predictions=True, or use estimate_score"):
        search.estimate_score()
    with pytest.raises(ValueError, match="Write store_predictions=True"):
        search.ensemble()
    assert search.estimate_score("naive").value == pytest.approx(search.best_score_)


class OwnScore(ClassifierMixin, BaseEstimator):
    def __init__(self, a=1):
        self.a = a

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return float(X[0, 0]) * self.a


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"estimator": OwnScore(), "space": {"a": [1, 2]}},
            "scoring=None, by which those of split 0 have .* it reads something else",
        ),
        ({"scoring": lambda estimator, X, y: X[0, 0]}, "needs to read nothing but predictions and targets"),
        (
            {"scoring": ["accuracy", "f1_macro"], "refit": False},
            "needs a search that chose one candidate, got refit=False",
        ),
    ],
)
def test_what_cannot_be_estimated_is_said(settings, message):
    search = fitted(**settings)
    with pytest.raises((ValueError, TypeError), match=message):
        search.estimate_score(n_bootstraps=10)


def test_arguments_are_checked():
    search = fitted()
    for settings, message in [
        ({"method": "boot"}, r"method needs to be one of \['bbc', 'nested', 'naive'\], got 'boot'"),
        ({"confidence": 2}, "confidence needs to be between 0 and 1, got 2"),
        ({"n_bootstraps": 0}, "n_bootstraps needs to be 1 or more, got 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            search.estimate_score(**settings)
    with pytest.raises(ValueError, match="members needs to be 'refit' or 'folds', got 'all'"):
        search.ensemble(members="all")
    with pytest.raises(ValueError, match="size and n_candidates need to be 1 or more"):
        search.ensemble(0)


# -- checkpoints ------------------------------------------------------------------------------------------------------

RANDOM = {"kind": RandomSearchCV, "space": {"n_neighbors": Int(1, 100)}, "random_state": 0}


def test_a_resumed_search_has_them(tmp_path):
    path = tmp_path / "search.db"
    fitted(**RANDOM, n_iter=4, checkpoint=path)
    longer = fitted(**RANDOM, n_iter=8, checkpoint=path)
    whole = fitted(**RANDOM, n_iter=8)
    assert longer.stats()["n_fits"] == whole.stats()["n_fits"]
    np.testing.assert_array_equal(longer.predictions_.values, whole.predictions_.values)
    np.testing.assert_array_equal(longer.estimate_score().scores, whole.estimate_score().scores)


def test_predictions_of_a_run_that_did_not_keep_them_are_missing(tmp_path):
    path = tmp_path / "search.db"
    fitted(**RANDOM, n_iter=4, checkpoint=path, store_predictions=False)
    longer = fitted(**RANDOM, n_iter=8, checkpoint=path)
    np.testing.assert_array_equal(longer.predictions_.trials, [4, 5, 6, 7])
    with pytest.raises(ValueError, match="got 4, and 4 more without"):
        longer.estimate_score()


def test_what_is_dropped_is_deleted(tmp_path, monkeypatch):
    monkeypatch.setattr("skhpo.honesty.store._MOST_BYTES", 4 * 150 * 4 * 5)
    monkeypatch.setattr("skhpo.honesty.store._FEWEST", 2)
    path = tmp_path / "search.db"
    search = fitted(**RANDOM, n_iter=12, checkpoint=path)
    with closing(sqlite3.connect(path)) as connection:
        numbers = {number for (number,) in connection.execute("SELECT DISTINCT number FROM array")}
    assert numbers == set(search.predictions_.trials.tolist())
    assert len(numbers) < 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("UPDATE array SET dtype = 'O'", "numbers of kind 'O'"),
        ("UPDATE array SET shape = '[1000000000000, 3]'", "a body of another size"),
        ("UPDATE array SET shape = '[[30, 3]]'", "where a count was expected"),
        ("UPDATE array SET shape = 'null'", "shape 'null'"),
        ("UPDATE array SET body = x'80049500'", "a body of another size"),
        ("UPDATE array SET name = '__reduce__' WHERE name = 'predict'", "the name '__reduce__'"),
        ("UPDATE array SET body = zeroblob(4)", "a body of another size"),
        ("UPDATE array SET body = 'text'", "a body of another size"),
    ],
)
def test_a_damaged_file_is_said_to_be_one(tmp_path, change, message):
    path = tmp_path / "search.db"
    fitted(**RANDOM, n_iter=3, checkpoint=path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(change)
    with pytest.raises(ValueError, match=f"is no journal as skhpo writes it: .*{message}"):
        fitted(**RANDOM, n_iter=4, checkpoint=path)


def test_there_is_no_pickle_and_no_array_among_the_events(tmp_path):
    path = tmp_path / "search.db"
    fitted(**RANDOM, n_iter=3, checkpoint=path)
    with closing(sqlite3.connect(path)) as connection:
        bodies = [body for (body,) in connection.execute("SELECT body FROM event")]
        kinds = {kind for (kind,) in connection.execute("SELECT DISTINCT dtype FROM array")}
    assert not any("predict" in body for body in bodies)
    assert kinds == {"<f4", "<i4"}
    assert len(skhpo.load_results(path)["params"]) == 3


# -- estimates --------------------------------------------------------------------------------------------------------


def noise(n=100, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 5)), rng.permutation(np.arange(n) % 2)


@pytest.mark.slow
def test_on_labels_of_noise_the_estimate_is_a_half_where_the_best_score_is_not():
    found = []
    for seed in range(8):
        A, b = noise(seed=seed)
        space = {"max_depth": [1, 2, 3, 5], "max_features": [1, 2, 3, 4, 5]}
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        search = fitted(DecisionTreeClassifier(random_state=0), space, X=A, y=b, cv=folds, scoring="accuracy")
        found.append((search.best_score_, search.estimate_score(n_bootstraps=100).value))
    best, estimate = np.mean(found, axis=0)
    assert best > 0.54
    assert estimate == pytest.approx(0.5, abs=0.04)  # a standard deviation of .05 / sqrt(8), twice


def test_groups_and_weights_of_fit_are_those_of_the_estimate():
    groups, weight = np.repeat(np.arange(30), 5), np.random.default_rng(0).random(150)
    A = np.repeat(np.random.default_rng(1).normal(size=(30, 3)), 5, axis=0)
    y = np.repeat(np.arange(30) % 2, 5)
    tree = DecisionTreeClassifier(random_state=0)
    space = {"max_depth": [1, 2, 3]}
    search = fitted(tree, space, X=A, y=y, cv=GroupKFold(5), fit_params={"groups": groups, "sample_weight": weight})
    assert search.predictions_.table.groups is not None
    alone = fitted(tree, space, X=A, y=y, cv=list(GroupKFold(5).split(A, y, groups)))
    assert np.ptp(search.estimate_score().interval) > 1.2 * np.ptp(alone.estimate_score().interval)


@pytest.mark.parametrize("kind", [GridSearchCV, BayesSearchCV])
def test_nested_is_an_outer_cross_validation_and_says_its_cost_first(kind, capsys):
    settings = {} if kind is GridSearchCV else {"n_iter": 3, "random_state": 0}
    search = fitted(kind=kind, space={"n_neighbors": [1, 5, 25]}, **settings)
    estimate = search.estimate_score("nested", outer_cv=KFold(3, shuffle=True, random_state=0))
    printed = capsys.readouterr().out
    assert printed.startswith("Nested cross-validation: 3 searches like this one, about ")
    expected = cross_val_score(clone(search), X, Y, cv=KFold(3, shuffle=True, random_state=0))
    np.testing.assert_allclose(estimate.scores, expected)
    assert estimate.value == pytest.approx(expected.mean())
    assert [*estimate.chosen[0]] == ["n_neighbors"]


def test_the_rule_of_refit_is_what_is_estimated():
    search = fitted(refit=one_standard_error("-n_neighbors", n_standard_errors=100))
    assert search.best_params_ == {"n_neighbors": 25}
    only = fitted(space={"n_neighbors": [25]})
    assert search.estimate_score().value == pytest.approx(only.estimate_score().value, abs=0.01)


def test_a_callable_that_gives_several_metrics():
    def several(estimator, X, y):
        found = estimator.predict(X)
        return {"right": float(np.mean(found == y)), "wrong": -float(np.mean(found != y))}

    search = fitted(scoring=several, refit="wrong")
    estimate = search.estimate_score(n_bootstraps=30)
    assert estimate.naive == pytest.approx(search.best_score_)
    assert estimate.metric == "wrong"
    assert search.estimate_score("naive").value == pytest.approx(search.best_score_)


def test_splits_of_leave_one_out_are_not_pickled():
    search = fitted(cv=LeaveOneOut(), space={"n_neighbors": [5]}, scoring="accuracy", X=X[::2], y=Y[::2])
    assert len(pickle.dumps(search)) < 100_000


def test_a_pickled_search_estimates_and_asks_for_data_where_it_fits():
    search = pickle.loads(pickle.dumps(fitted()))  # noqa: S301
    assert search.estimate_score(n_bootstraps=20).value > 0.9
    with pytest.raises(ValueError, match="does not have its data: it keeps them with store_predictions=True"):
        search.ensemble()
    with pytest.raises(ValueError, match="members='folds' needs the splits of GridSearchCV, which it had until"):
        search.ensemble(members="folds", X=X, y=Y)
    assert search.ensemble(3, X=X, y=Y, n_bootstraps=0).score(X, Y) > 0.9
    assert len(pickle.dumps(fitted(X=np.tile(X, 100)))) < 1_000_000


# -- leaks ------------------------------------------------------------------------------------------------------------


class Remembers(ClassifierMixin, BaseEstimator):
    """Knows the label of each row that it was trained on, and guesses all others: a leak shows at once."""

    def __init__(self, seed=0):
        self.seed = seed

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.known_ = {row.tobytes(): label for row, label in zip(X, y, strict=True)}
        return self

    def predict(self, X):
        rng = np.random.default_rng(self.seed)
        return np.array([self.known_.get(row.tobytes(), rng.choice(self.classes_)) for row in X])


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_no_row_is_predicted_by_a_model_that_was_trained_on_it(n_jobs):
    A, b = noise(200)
    search = fitted(Remembers(), {"seed": list(range(8))}, X=A, y=b, n_jobs=n_jobs)
    for labels in search.predictions_.values:
        assert accuracy_score(b, labels) < 0.65  # two hundred guesses; each known row would be right
    assert search.estimate_score().value == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("members", ["refit", "folds"])
def test_nested_in_a_checkpoint_with_predictions_and_ensembles_leaks_nothing(tmp_path, members):
    """Four outer folds of noise: what is scored there is .5 whatever the copies share."""
    A, b = noise(400)
    search = GridSearchCV(
        Remembers(), {"seed": [0, 1, 2, 3]}, cv=3, checkpoint=tmp_path / "search.db", store_predictions=True
    )
    outer = StratifiedKFold(4, shuffle=True, random_state=0)
    scores, ensembles, estimates = [], [], []
    for train, test in outer.split(A, b):
        inner = clone(search).fit(A[train], b[train])
        assert len(inner.predictions_.rows) == len(train)
        scores.append(inner.score(A[test], b[test]))
        ensemble = inner.ensemble(3, members=members, n_bootstraps=5)
        ensembles.append(ensemble.score(A[test], b[test]))
        estimates.append(inner.estimate_score(n_bootstraps=50).value)
    # 400 guesses have a standard deviation of .025.
    np.testing.assert_allclose([np.mean(scores), np.mean(ensembles), np.mean(estimates)], 0.5, atol=0.09)


# -- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "space", "settings"),
    [
        (GridSearchCV, GRID, {}),
        (GridSearchCV, {"n_neighbors": [1, 2, 3]}, {}),
        (RandomSearchCV, {"n_neighbors": Int(1, 50)}, {"n_iter": 6, "random_state": 0}),
        (RandomSearchCV, {"n_neighbors": [20, 30, 40]}, {"n_iter": 2, "random_state": 0}),
        (BayesSearchCV, {"n_neighbors": Int(10, 50)}, {"n_iter": 6, "random_state": 0}),
    ],
)
def test_unless_better_has_the_untuned_estimator_among_the_candidates(kind, space, settings):
    search = kind(KNN, space, refit=unless_better(50), cv=3, **settings).fit(X, Y)
    assert search.best_params_ == {"n_neighbors": 5}
    assert search.best_score_ == pytest.approx(cross_val_score(KNN, X, Y, cv=3).mean())
    free = kind(KNN, space, refit=unless_better(0), cv=3, **settings).fit(X, Y)
    assert free.best_score_ == free.cv_results_["mean_test_score"].max()
    n = settings["n_iter"] if settings else len({*space["n_neighbors"], 5})
    assert len(search.cv_results_["params"]) == n


def test_other_candidates_of_a_random_search_are_those_without_the_rule():
    settings = {"n_iter": 4, "cv": 3, "random_state": 0}
    space = {"n_neighbors": list(range(10, 50))}
    plain = RandomSearchCV(KNN, space, **settings).fit(X, Y).cv_results_["params"]
    ruled = RandomSearchCV(KNN, space, refit=unless_better(), **settings).fit(X, Y).cv_results_["params"]
    assert ruled == [{"n_neighbors": 5}, *plain[:3]]


def test_a_checkpoint_with_the_untuned_estimator_first_goes_on(tmp_path):
    settings = {"cv": 3, "random_state": 0, "refit": unless_better(), "checkpoint": tmp_path / "search.db"}
    space = {"n_neighbors": Int(10, 50)}
    RandomSearchCV(KNN, space, n_iter=3, **settings).fit(X, Y)
    longer = RandomSearchCV(KNN, space, n_iter=5, **settings).fit(X, Y)
    whole = RandomSearchCV(KNN, space, n_iter=5, **{**settings, "checkpoint": None}).fit(X, Y)
    assert longer.cv_results_["params"] == whole.cv_results_["params"]


def test_of_several_metrics_a_rule_names_one():
    search = fitted(scoring=["accuracy", "neg_log_loss"], refit=unless_better(0, metric="neg_log_loss"))
    assert search.best_score_ == search.cv_results_["mean_test_neg_log_loss"].max()
    assert search.estimate_score(n_bootstraps=20).metric == "neg_log_loss"
    with pytest.raises(ValueError, match=r"metric needs to be one of \['accuracy', 'neg_log_loss'\], got None"):
        fitted(scoring=["accuracy", "neg_log_loss"], refit=unless_better())


def test_rungs_may_leave_the_untuned_estimator_behind():
    search = skhpo.SuccessiveHalvingCV(
        RandomForestClassifier(),
        {"max_depth": Int(1, 5)},
        resource="n_estimators",
        max_resources=9,
        refit=unless_better(),
    )
    with pytest.raises(ValueError, match="needs the untuned estimator on all data, got a search with rungs"):
        search.fit(X, Y)


# -- ensembles --------------------------------------------------------------------------------------------------------


def test_an_ensemble_is_fitted_told_and_estimated():
    A, b = make_classification(200, 8, flip_y=0.1, random_state=0)
    space = {"max_depth": Int(1, 6), "max_features": Float(0.2, 1.0)}
    search = fitted(
        DecisionTreeClassifier(random_state=0), space, RandomSearchCV, X=A, y=b, n_iter=15, random_state=0,
        scoring="neg_log_loss",
    )  # fmt: skip
    ensemble = search.ensemble(10, n_bootstraps=10)
    assert isinstance(ensemble, EnsembleClassifier)
    assert sum(ensemble.weights) == pytest.approx(1.0)
    assert ensemble.estimate_.method == "bbc"
    blend = search.predictions_.values
    rows = [
        next(
            row
            for row, params in enumerate(search.cv_results_["params"])
            if params["max_features"] == each.max_features
        )
        for each in ensemble.estimators
    ]
    weighted = sum(weight * blend[row] for weight, row in zip(ensemble.weights, rows, strict=True))
    expected = -np.log(weighted[np.arange(200), b]).mean()
    assert ensemble.estimate_.naive == pytest.approx(-expected)
    assert ensemble.estimate_.naive > search.best_score_
    assert pickle.loads(pickle.dumps(ensemble)).score(A, b) == ensemble.score(A, b)  # noqa: S301
    folds = search.ensemble(10, members="folds", n_bootstraps=0)
    assert [len(each) for each in folds.estimators_] == [5] * len(folds.estimators)
    assert not hasattr(folds, "estimate_")


def test_an_ensemble_of_regressors():
    A, b = load_diabetes(return_X_y=True)
    search = fitted(KNeighborsRegressor(), {"n_neighbors": [3, 10, 30], "p": [1, 2]}, X=scale(A), y=b, cv=KFold(4))
    ensemble = search.ensemble(8, n_bootstraps=5)
    assert isinstance(ensemble, EnsembleRegressor)
    assert ensemble.estimate_.naive >= get_scorer("r2")._score_func(b, search.predictions_.values[0])
    low, high = ensemble.estimate_.interval
    assert low < ensemble.estimate_.naive < high


def test_candidates_without_probabilities_vote():
    search = fitted(SVC(), {"C": [0.01, 0.1, 1.0, 10.0]}, scoring="accuracy")
    ensemble = search.ensemble(5, n_bootstraps=0)
    assert ensemble.voting == "hard"
    binary = fitted(SVC(), {"C": [0.1, 1.0]}, y=(Y == 1).astype(int), scoring="roc_auc")
    binary.estimate_score(n_bootstraps=20)
    with pytest.raises(ValueError, match="ensemble needs candidates that all have predict_proba"):
        binary.ensemble()


def test_estimators_of_different_kinds():
    pipe = make_pipeline(StandardScaler(), DummyClassifier())
    space = {"dummyclassifier": [SVC(), KNN, LogisticRegression(), DummyClassifier()]}
    y = (Y == 1).astype(int)
    search = fitted(pipe, space, y=y, scoring="roc_auc", cv=FOLDS)
    assert search.predictions_.method is None
    estimate = search.estimate_score(n_bootstraps=50)
    best = clone(pipe).set_params(**search.best_params_)
    method = "decision_function" if hasattr(clone(best).fit(X, y), "decision_function") else "predict_proba"
    answers = cross_val_predict(best, X, y, cv=FOLDS, method=method)
    assert estimate.naive == pytest.approx(roc_auc_score(y, answers if answers.ndim == 1 else answers[:, 1]), abs=1e-6)


@pytest.mark.parametrize("settings", [{}, pytest.param({"n_jobs": 2}, marks=pytest.mark.slow), {"checkpoint": True}])
def test_shared_fits_are_predicted_with_as_fits_of_their_own(settings, tmp_path):
    X, y = load_breast_cancer(return_X_y=True)
    grid = {"n_estimators": [3, 6, 9], "max_depth": [2, 4]}
    if settings.get("checkpoint"):
        settings = {"checkpoint": tmp_path / "search.db"}

    def found(**more):
        forest = RandomForestClassifier(random_state=0)
        return GridSearchCV(forest, grid, cv=3, store_predictions=True, **more).fit(X, y)

    shared, apart = found(**settings), found(share_fits=False)
    assert (shared.stats()["n_fits"], apart.stats()["n_fits"]) == (6, 18)
    np.testing.assert_array_equal(shared.predictions_.trials, range(6))
    np.testing.assert_array_equal(shared.predictions_.values, apart.predictions_.values)
    if settings.get("checkpoint"):
        again = found(**settings)
        np.testing.assert_array_equal(again.predictions_.values, apart.predictions_.values)
