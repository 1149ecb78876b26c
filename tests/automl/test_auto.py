"""AutoClassifier and AutoRegressor: what they learn from, what they refuse, and that nothing is fitted twice."""

import pickle

import numpy as np
import pandas as pd
import pytest
from quick import slow_but
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_iris, make_classification
from sklearn.metrics import get_scorer, log_loss
from sklearn.model_selection import train_test_split

from skhpo import AutoClassifier, AutoRegressor
from skhpo.automl.job import Job
from skhpo.honesty.ensemble import EnsembleClassifier

CHEAP = ["linear", "nearest_neighbors"]


def auto_classifier(n_iter=3, estimators=CHEAP, **params):
    return AutoClassifier(time_budget=None, n_iter=n_iter, estimators=estimators, random_state=0, **params)


def auto_regressor(n_iter=3, estimators=CHEAP, **params):
    return AutoRegressor(time_budget=None, n_iter=n_iter, estimators=estimators, random_state=0, **params)


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True, as_frame=True)


@pytest.fixture(scope="module")
def fitted(iris):
    return auto_classifier().fit(*iris)


def test_what_a_classifier_tells(fitted, iris):
    X, y = iris
    assert isinstance(fitted.ensemble_, EnsembleClassifier)
    assert sum(row.weight for row in fitted.leaderboard_) == pytest.approx(1.0)
    assert list(fitted.classes_) == [0, 1, 2]
    assert list(fitted.feature_names_in_) == list(X.columns)
    scores = [row.score for row in fitted.leaderboard_]
    assert scores == sorted(scores, reverse=True)
    found = fitted.predict_proba(X)
    assert found.shape == (150, 3)
    assert found.sum(axis=1) == pytest.approx(1.0)
    assert (fitted.predict(X) == fitted.classes_[found.argmax(axis=1)]).all()
    assert fitted.best_estimator_ in [one for (one,) in fitted.ensemble_.estimators_]
    assert fitted.score(X, y) > 0.95


def test_the_scores_of_the_leaderboard_are_out_of_fold(iris):
    """One nearest neighbour knows its own rows by heart."""
    X = np.random.default_rng(0).normal(size=(200, 5))
    y = np.random.default_rng(1).integers(0, 2, size=200)
    auto = auto_classifier(estimators=["nearest_neighbors"], n_iter=1, scoring="accuracy").fit(X, y)
    assert auto.leaderboard_[0].score < 0.6
    assert auto.score(X, y) == 1.0


def test_the_estimate_is_what_the_bootstrap_says(fitted):
    estimate = fitted.score_estimate_
    assert estimate is fitted.score_estimate_, "computed once"
    assert estimate.value <= estimate.naive
    assert estimate.metric == "neg_log_loss"


@pytest.mark.slow
def test_a_second_fit_has_an_estimate_of_its_own(iris):
    X, y = iris
    auto = auto_classifier(n_iter=1, estimators=["linear"])
    first = auto.fit(X, y).score_estimate_.value
    noise = np.random.default_rng(0).permutation(y)
    assert auto.fit(X, noise).score_estimate_.value < first - 0.5


def test_the_report_says_what_was_found(fitted):
    text = str(fitted.report())
    for part in ("AutoClassifier", "configurations", "Ensemble", fitted.leaderboard_[0].name):
        assert part in text
    assert "<table" in fitted.report()._repr_html_()


def test_the_leaderboard_is_a_table(fitted):
    frame = pd.DataFrame(fitted.leaderboard_)
    assert list(frame.columns) == ["name", "family", "score", "fit_seconds", "weight"]
    assert fitted.leaderboard_[0].name in str(fitted.leaderboard_)


def test_a_regressor():
    X, y = load_diabetes(return_X_y=True)
    a, b, ya, yb = train_test_split(X, y, random_state=0)
    auto = auto_regressor(n_iter=4).fit(a, ya)
    assert auto.score(b, yb) > 0.3
    assert auto.score_estimate_.metric == "neg_root_mean_squared_error"
    assert auto.predict(b).shape == yb.shape


def test_the_same_seed_gives_the_same_model(iris):
    first, second = (clone(auto_classifier()).fit(*iris) for _ in range(2))
    assert np.array_equal(first.predict_proba(iris[0]), second.predict_proba(iris[0]))
    assert [row[:3] for row in first.leaderboard_] == [row[:3] for row in second.leaderboard_]


@pytest.mark.slow
def test_two_workers_give_the_same_model_as_one(iris, fitted):
    two = auto_classifier(n_jobs=2).fit(*iris)
    assert np.allclose(two.predict_proba(iris[0]), fitted.predict_proba(iris[0]))


def test_pickled_and_cloned(fitted, iris):
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    assert np.array_equal(again.predict_proba(iris[0]), fitted.predict_proba(iris[0]))
    assert not hasattr(clone(fitted), "ensemble_")


def test_one_pick_is_the_best_alone(iris):
    auto = auto_classifier(ensemble=1).fit(*iris)
    assert [row.weight for row in auto.leaderboard_] == [1.0, *[0.0] * (len(auto.leaderboard_) - 1)]


def test_probabilities_are_sharpened_after_the_log_loss(iris):
    """Neighbours by distance say 1 too often; the power is below 1."""
    X, y = make_classification(400, 6, flip_y=0.3, random_state=0)
    auto = auto_classifier(estimators=["nearest_neighbors"], n_iter=1).fit(X[:200], y[:200])
    plain = log_loss(y[200:], np.clip(auto.ensemble_.predict_proba(X[200:]), 1e-6, 1 - 1e-6))
    assert auto.temperature_ < 1
    assert log_loss(y[200:], auto.predict_proba(X[200:])) < plain


@pytest.mark.parametrize(
    "scoring", slow_but({"accuracy", "neg_brier_score"}, ["accuracy", "roc_auc", "neg_brier_score", "f1"])
)
def test_metrics(scoring):
    X, y = make_classification(200, 6, random_state=0)
    auto = auto_classifier(scoring=scoring).fit(X, y)
    assert get_scorer(scoring)(auto, X, y) > -1
    assert auto.score_estimate_.metric == scoring


@pytest.mark.slow
def test_a_path_is_fitted_once(iris):
    auto = auto_classifier(estimators=["boosting"], n_iter=2).fit(*iris)
    assert len(auto.leaderboard_) == 2
    assert auto._stats["n_fits"] == 5, "a longer boosting has all that a shorter one needs"
    shown = {row.name for row in auto.leaderboard_}
    assert shown == {"boosting, max_iter=100", "boosting, max_iter=50"}
    alone = auto_classifier(estimators=["boosting"], n_iter=1).fit(*iris)
    assert alone.leaderboard_[0].name == "boosting, max_iter=100"


def test_a_second_fit_goes_on_from_its_checkpoint(iris, tmp_path):
    path = tmp_path / "auto.db"
    first = auto_classifier(n_iter=2, checkpoint=path).fit(*iris)
    again = auto_classifier(n_iter=3, checkpoint=path).fit(*iris)
    assert len(first.leaderboard_) == 2
    assert len(again.leaderboard_) == 3
    fresh = auto_classifier(n_iter=3).fit(*iris)
    assert np.allclose(again.predict_proba(iris[0]), fresh.predict_proba(iris[0]))


def test_a_second_fit_takes_the_rows_that_a_clock_chose_for_the_first(tmp_path, monkeypatch):
    X, y = make_classification(1600, 5, random_state=0)
    path, found = tmp_path / "auto.db", []
    for n_rows, n_iter in ((1500, 1), (1200, 2)):
        monkeypatch.setattr(Job, "_n_rows", lambda job, n_rows=n_rows: n_rows)
        settings = {"time_budget": 1e4, "n_iter": n_iter, "checkpoint": path, "estimators": ["linear"]}
        found.append(AutoClassifier(random_state=0, **settings).fit(X, y))
    assert [len(auto._evidence[0].table.y) for auto in found] == [1500, 1500]
    assert [len(auto.leaderboard_) for auto in found] == [1, 2]
    first = found[0].cv_results_["mean_test_score"][0]
    assert found[1].cv_results_["mean_test_score"][0] == first


def test_lines_are_printed_while_it_runs(iris, capsys):
    auto_classifier(n_iter=2, verbose=1).fit(*iris)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert "linear" in lines[0]


# ------------------------------------------------------------------ data


def table(n=120, seed=0):
    rng = np.random.default_rng(seed)
    number = rng.normal(size=n)
    said = rng.choice(["a good day for it", "a bad day for it all", "no day at all is good"], size=n)
    frame = pd.DataFrame(
        {
            "number": np.where(rng.random(n) < 0.1, np.nan, number),
            "kind": rng.choice(["red", "green", "blue"], size=n),
            "flag": rng.random(n) < 0.5,
            "when": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 1000, n), unit="D"),
            "said": [f"{said}{number}" for said, number in zip(said, rng.integers(0, 99, n), strict=True)],
            "nothing": np.nan,
        }
    )
    y = np.where(number + (frame["kind"] == "red") + 0.3 * rng.normal(size=n) > 0.3, "yes", "no")
    return frame, y


def test_mixed_columns_missing_values_dates_and_texts():
    X, y = table()
    auto = auto_classifier(n_iter=4, estimators=["boosting", "linear", "nearest_neighbors"]).fit(X, y)
    fresh, of_fresh = table(seed=1)
    fresh.loc[0, "kind"] = "never seen"
    assert auto.score(fresh, of_fresh) > 0.75
    assert set(auto.predict(fresh)) <= {"yes", "no"}


def test_rows_of_rare_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 3))
    y = np.array(["a"] * 60 + ["b"] * 37 + ["rare"] * 2 + ["alone"])
    auto = auto_classifier(estimators=["linear", "boosting"], n_iter=3).fit(X, y)
    assert list(auto.classes_) == ["a", "alone", "b", "rare"]
    assert np.isfinite([row.score for row in auto.leaderboard_]).all()


def test_many_labels():
    rng = np.random.default_rng(0)
    y = np.repeat(np.arange(30), 8)
    X = np.eye(30)[y] + 0.3 * rng.normal(size=(240, 30))
    assert auto_classifier().fit(X, y).score(X, y) > 0.8


@pytest.mark.slow
def test_more_columns_than_rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2000))
    y = (X[:, :5].sum(axis=1) > 0).astype(int)
    assert auto_classifier(n_iter=2).fit(X, y).predict(X).shape == (60,)


def test_weights_are_for_the_fits_and_the_choice():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    y = (X[:, 0] > 0).astype(int)
    wrong = rng.random(300) < 0.45
    y[wrong] = 1 - y[wrong]
    weight = np.where(wrong, 1e-3, 1.0)
    plain = auto_classifier(estimators=["linear"], n_iter=1).fit(X, y)
    weighted = auto_classifier(estimators=["linear"], n_iter=1).fit(X, y, sample_weight=weight)
    truth = (X[:, 0] > 0).astype(int)
    assert log_loss(truth, weighted.predict_proba(X)) < 0.5 * log_loss(truth, plain.predict_proba(X))


def test_weights_need_no_routing(iris):
    X, y = iris
    weight = np.where(y == 2, 0.1, 1.0)
    found = auto_classifier(n_iter=2, estimators=["linear"]).fit(X, y, sample_weight=weight)
    with config_context(enable_metadata_routing=True):
        routed = auto_classifier(n_iter=2, estimators=["linear"]).fit(X, y, sample_weight=weight)
    assert routed.predict_proba(X) == pytest.approx(found.predict_proba(X))


def test_models_that_take_no_weights_are_left_out():
    X, y = load_iris(return_X_y=True)
    auto = auto_classifier(n_iter=3).fit(X, y, sample_weight=np.ones(150))
    assert {row.family for row in auto.leaderboard_} == {"linear"}


def test_rows_of_a_group_stay_together():
    """Each group is one point, many times: neighbours would know it by heart."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    X = rng.normal(size=(40, 4))[groups] + 1e-3 * rng.normal(size=(200, 4))
    y = rng.integers(0, 2, size=40)[groups]
    kwargs = {"estimators": ["nearest_neighbors"], "n_iter": 1, "scoring": "accuracy"}
    assert auto_classifier(**kwargs).fit(X, y).leaderboard_[0].score > 0.9
    assert auto_classifier(**kwargs).fit(X, y, groups=groups).leaderboard_[0].score < 0.75


# ------------------------------------------------------------------ what is refused

X2, Y2 = np.random.default_rng(0).normal(size=(20, 2)), np.tile([0, 1], 10)


@pytest.mark.parametrize(
    ("X", "y", "says"),
    [
        (None, Y2, "X is None"),
        ("data.csv", Y2, "pandas.read_csv"),
        ({"a": [1, 2]}, Y2, "as a table"),
        (X2[:, 0], Y2, "reshape"),
        (X2[None], Y2, "two dimensions"),
        (X2[:, :0], Y2, "rows and columns"),
        (X2[:0], Y2[:0], "rows and columns"),
        ([[1, 2], [3]], [0, 1], "one length"),
        (X2.astype(complex), Y2, "complex"),
        (X2, None, "y is None"),
        (X2, Y2[:-1], "target for each row"),
        (X2, np.c_[Y2, Y2], "one target"),
        (X2, np.where(Y2, np.nan, 1.0), "missing"),
        (X2, np.array([None, *Y2[1:]], dtype=object), "missing"),
        (X2, np.zeros(20), "at least two labels"),
        (X2, np.linspace(0, 1, 20), "AutoRegressor"),
        (X2, np.arange(20).astype(str), "most occur once"),
        (X2, np.array(["a", 1] * 10, dtype=object), "one kind"),
        (X2[:4], Y2[:4], "5 rows or more"),
    ],
)
def test_data_that_cannot_be(X, y, says):
    with pytest.raises((ValueError, TypeError), match=says):
        auto_classifier().fit(X, y)


@pytest.mark.parametrize(
    ("y", "says"),
    [
        (np.array(["a", "b"] * 10), "AutoClassifier"),
        (np.full(20, 3.0), "differ"),
        (np.r_[np.inf, np.arange(19.0)], "finite"),
        (np.r_[np.nan, np.arange(19.0)], "missing"),
    ],
)
def test_targets_that_are_no_numbers(y, says):
    with pytest.raises(ValueError, match=says):
        auto_regressor().fit(X2, y)


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"time_budget": 0}, "time_budget"),
        ({"time_budget": -1}, "time_budget"),
        ({"time_budget": None, "n_iter": None}, "time_budget or n_iter"),
        ({"n_iter": 0}, "n_iter"),
        ({"ensemble": 0}, "ensemble"),
        ({"estimators": "linear"}, "names of families"),
        ({"estimators": []}, "at least one family"),
        ({"estimators": ["linaer"]}, "linaer"),
        ({"scoring": "no such"}, "scoring"),
        ({"cv": 1}, "k-fold|cv"),
    ],
)
def test_arguments_that_cannot_be(params, says):
    with pytest.raises(ValueError, match=says):
        auto_classifier().set_params(**params).fit(X2, Y2)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"sample_weight": np.ones(3)}, "one number for each"),
        ({"sample_weight": -np.ones(20)}, "0 or more"),
        ({"sample_weight": np.zeros(20)}, "above zero"),
        ({"groups": np.ones(3)}, "one value for each"),
        ({"groups": np.ones(20)}, "two different"),
    ],
)
def test_weights_and_groups_that_cannot_be(given, says):
    with pytest.raises(ValueError, match=says):
        auto_classifier().fit(X2, Y2, **given)


def test_other_columns_are_refused(fitted, iris):
    with pytest.raises(ValueError, match="feature"):
        fitted.predict(iris[0].iloc[:, :2])


@pytest.mark.slow
def test_the_estimate_draws_groups_and_weighs_rows():
    """Rows of a group are the same point: drawn one by one, neighbours of theirs would be on both sides."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 5)
    X, y = rng.normal(size=(40, 4))[groups], rng.integers(0, 2, size=40)[groups]
    weight = rng.random(200) + 0.5
    auto = auto_classifier(n_iter=2).fit(X, y, groups=groups)
    table = auto._evidence[0].table
    assert np.array_equal(table.groups, groups)
    assert table.sample_weight is None
    low, high = auto.score_estimate_.interval
    plain_low, plain_high = auto_classifier(n_iter=2, estimators=["linear"]).fit(X, y).score_estimate_.interval
    assert high - low > plain_high - plain_low, "40 points say less than 200 rows"
    weighted = auto_classifier(n_iter=1, estimators=["linear"]).fit(X, y, sample_weight=weight)
    assert np.allclose(weighted._evidence[0].table.sample_weight, weight)
