"""AutoClassifier and AutoRegressor among others: scikit-learn's checks, pipelines, frames, sparse tables, names."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sklearn
from estimator_checks import checks_of
from scipy.sparse import csr_matrix
from scipy.sparse import random as random_sparse
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import AutoClassifier, AutoRegressor

FAST = {"time_budget": None, "n_iter": 1, "estimators": ["linear"], "random_state": 0}


def auto_classifier(**params):
    return AutoClassifier(**{**FAST, **params})


def auto_regressor(**params):
    return AutoRegressor(**{**FAST, **params})


# ------------------------------------------------------------------ scikit-learn's checks

WHY_NOT = {
    "check_sample_weight_equivalence_on_dense_data": "a row twice may be in two folds, one of weight 2 is not",
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the checks feed estimators what makes them warn
@checks_of([auto_classifier(), auto_regressor()], expected_failed_checks=lambda _auto: WHY_NOT)
def test_estimator_checks(estimator, check):
    check(estimator)


# ------------------------------------------------------------------ inside of what scikit-learn has


def test_in_a_pipeline():
    X, y = load_iris(return_X_y=True, as_frame=True)
    pipeline = make_pipeline(StandardScaler(), auto_classifier()).fit(X, y)
    assert pipeline.score(X, y) > 0.9
    assert np.allclose(pipeline.predict_proba(X).sum(axis=1), 1.0)
    assert list(pipeline.classes_) == [0, 1, 2]


def test_behind_a_transformer_of_columns():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    some = make_column_transformer((StandardScaler(), ["bmi", "bp"]), ("passthrough", ["s5"]))
    assert make_pipeline(some, auto_regressor()).fit(X, y).score(X, y) > 0.4


@pytest.mark.parametrize(
    ("auto", "load", "least"), [(auto_classifier, load_iris, 0.9), (auto_regressor, load_diabetes, 0.4)]
)
def test_in_a_cross_validation(auto, load, least):
    X, y = load(return_X_y=True)
    assert cross_val_score(auto(), X, y, cv=3).mean() > least
    assert cross_val_predict(auto(), X, y, cv=3).shape == y.shape


@pytest.mark.slow
def test_the_estimate_is_what_an_outer_cross_validation_says():
    X, y = load_diabetes(return_X_y=True)
    auto = auto_regressor(scoring="r2", n_iter=2).fit(X, y)
    outer = cross_val_score(auto_regressor(scoring="r2", n_iter=2), X, y, cv=5, scoring="r2").mean()
    low, high = auto.score_estimate_.interval
    assert low < outer < high
    assert auto.score_estimate_.value == pytest.approx(outer, abs=0.05)


def test_in_a_search():
    X, y = load_iris(return_X_y=True)
    grid = GridSearchCV(auto_classifier(), {"estimators": [["linear"], ["nearest_neighbors"]]}, cv=2).fit(X, y)
    assert grid.best_score_ > 0.9


# ------------------------------------------------------------------ tables


def test_a_frame_of_polars():
    polars = pytest.importorskip("polars")
    rng = np.random.default_rng(0)
    n = 90
    number = rng.normal(size=n)
    frame = polars.DataFrame(
        {
            "number": [None if i % 9 == 0 else float(value) for i, value in enumerate(number)],
            "kind": rng.choice(["red", "green"], n).tolist(),
            "when": [f"20{i % 20:02d}-03-01" for i in range(n)],
        }
    ).with_columns(polars.col("when").str.to_date())
    y = polars.Series("y", np.where(number > 0, "yes", "no").tolist())
    auto = auto_classifier().fit(frame, y)
    assert auto.score(frame, y) > 0.8
    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 7):
        return  # scikit-learn 1.6 does not see the names of polars
    assert list(auto.feature_names_in_) == ["number", "kind", "when"]
    with pytest.raises(ValueError, match="feature names"):
        auto.predict(frame.rename({"kind": "sort"}))


def test_a_frame_of_pandas_with_its_own_missing_values():
    rng = np.random.default_rng(0)
    number = rng.normal(size=80)
    frame = pd.DataFrame(
        {
            "count": pd.array([pd.NA if i % 7 == 0 else i for i in range(80)], dtype="Int64"),
            "number": pd.array(number, dtype="Float64"),
            "flag": pd.array([pd.NA if i % 5 == 0 else i % 2 == 0 for i in range(80)], dtype="boolean"),
            "kind": pd.array(["a", None] * 40, dtype="string"),
            "sort": pd.Categorical(["u", "v", "v", None] * 20),
        }
    )
    y = pd.Series(np.where(number > 0, "yes", "no"), dtype="string")
    auto = auto_classifier(n_iter=2, estimators=["linear", "nearest_neighbors"]).fit(frame, y)
    assert auto.score(frame, y) > 0.8
    assert {type(label) for label in auto.classes_.tolist()} == {str}


@pytest.mark.parametrize("families", [["linear"], ["boosting"], ["nearest_neighbors"], ["svm"]])
def test_a_sparse_table(families):
    X = csr_matrix(random_sparse(80, 30, density=0.2, random_state=0))
    y = (np.asarray(X.sum(axis=1)).ravel() > X.sum() / 80).astype(int)
    auto = auto_classifier(estimators=families).fit(X, y)
    assert np.isfinite(auto.leaderboard_[0].score)
    assert np.array_equal(auto.predict(X), auto.predict(X.toarray()))


def test_names_that_are_numbers_are_no_names():
    """scikit-learn takes names of columns where all are texts, and so is it here."""
    X, y = load_iris(return_X_y=True)
    auto = auto_classifier().fit(pd.DataFrame(X), y)
    assert not hasattr(auto, "feature_names_in_")
    assert np.array_equal(auto.predict(pd.DataFrame(X)), auto.predict(X))


def test_names_that_are_texts_of_numbers_are_names():
    X, y = load_iris(return_X_y=True)
    frame = pd.DataFrame(X, columns=["0", "1", "2", "3"])
    auto = auto_classifier().fit(frame, y)
    assert list(auto.feature_names_in_) == ["0", "1", "2", "3"]
    with pytest.raises(ValueError, match="same order"):
        auto.predict(frame[["3", "2", "1", "0"]])


def test_names_of_two_kinds_are_refused():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(TypeError, match="only supported if all input features have string names"):
        auto_classifier().fit(pd.DataFrame(X, columns=["a", "b", 2, 3]), y)


def test_names_that_are_twice_there_are_refused():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="column names that differ, got 'a'"):
        auto_classifier().fit(pd.DataFrame(X, columns=["a", "a", "b", "c"]), y)


def test_every_configuration_takes_a_table_with_texts():
    """Words are sparse where a model is linear, which splines before it do not take."""
    from skhpo.automl.portfolio import Task, portfolio

    X = pd.DataFrame({"number": np.arange(40.0), "said": [f"word{i} and {i % 3} more words" for i in range(40)]})
    for is_classifier in (True, False):
        y = np.arange(40) % 3 if is_classifier else np.arange(40.0)
        for entry in portfolio(Task(is_classifier, 40, 2, 3), ("linear",)):
            assert len(entry.pipeline.fit(X, y).predict(X)) == 40, entry.name


@pytest.mark.parametrize("library", ["catboost", "lightgbm"])
def test_a_checkpoint_with_boosters_of_other_libraries(library, tmp_path, monkeypatch):
    pytest.importorskip(library)
    from skhpo.automl import portfolio

    monkeypatch.setattr(portfolio, "_others", lambda task, made=portfolio._others: map(_small, made(task)))
    X, y = load_iris(return_X_y=True)
    params = {"estimators": ["linear", library], "checkpoint": tmp_path / "auto.db"}
    first = auto_classifier(n_iter=3, **params).fit(X, y)
    again = auto_classifier(n_iter=3, **params).fit(X, y)
    assert {row.family for row in first.leaderboard_} == {"linear", library}
    assert np.array_equal(first.predict_proba(X), again.predict_proba(X))
    assert [row.fit_seconds for row in first.leaderboard_] == [row.fit_seconds for row in again.leaderboard_]


def _small(listed):
    """A booster with few trees."""
    listed.model.set_params(**{"iterations" if listed.family == "catboost" else "n_estimators": 5})
    return listed._replace(path=None, values=())


@pytest.mark.parametrize("by_lightgbm", [True, False])
def test_the_guide_has_the_portfolio_in_its_order(by_lightgbm, monkeypatch):
    if by_lightgbm:
        pytest.importorskip("lightgbm")
    else:
        monkeypatch.setattr("skhpo.automl.portfolio._is_installed", lambda name: False)
    from skhpo.automl.portfolio import Task, portfolio

    page = (Path(__file__).parents[2] / "docs" / "guide" / "automl.md").read_text(encoding="utf-8")
    table = page.partition("\n## The portfolio\n")[2].partition("Where it came from")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", table, re.MULTILINE)
    tried = [(entry.name, entry.family) for entry in portfolio(Task(True, 1000, 20, 3))]
    if not by_lightgbm:
        rows = [_without_lightgbm(*row) for row in rows if row[0] != "lightgbm" and row[1] != "boosting"]
    others = {"catboost"} - {family for _, family in tried}  # where it is not installed
    assert [row for row in rows if row[1] not in others] == tried


def _without_lightgbm(name, family):
    if family != "lightgbm":
        return name, family
    name = name.replace("lightgbm_untuned", "lightgbm").replace("lightgbm_random", "lightgbm_slow")
    return name.replace("lightgbm", "boosting"), "boosting"


# ------------------------------------------------------------------ what there was no time for


def test_a_configuration_that_was_given_up_is_no_failure(monkeypatch):
    from skhpo.automl.pace import Pace

    monkeypatch.setattr(
        Pace, "affords", lambda self, step, n_fits, history, is_early=False: step.name != "splines" or n_fits == 3
    )
    X, y = load_iris(return_X_y=True)
    auto = auto_classifier(time_budget=1000, n_iter=3, cv=3).fit(X, y)
    assert [row.name for row in auto.leaderboard_ if np.isnan(row.score)] == []
    assert {row.name for row in auto.leaderboard_} == {"linear", "linear_strong"}
    assert auto._stats["n_fits"] == 7
    assert "error" not in str(auto.report())


def test_a_configuration_that_fails_is_told(monkeypatch):
    from sklearn.preprocessing import SplineTransformer

    def fit(self, X, y=None):
        raise ValueError("no splines today")

    monkeypatch.setattr(SplineTransformer, "fit", fit)
    X, y = load_iris(return_X_y=True)
    auto = auto_classifier(n_iter=3).fit(X, y)
    assert [row.name for row in auto.leaderboard_ if np.isnan(row.score)] == ["splines"]
    assert "splines: a fit raised an error" in str(auto.report())


@pytest.mark.slow
def test_the_estimate_is_that_of_the_members_that_were_fitted(monkeypatch):
    """The heaviest is the first to be fitted; here there is time for no other."""
    from skhpo.automl import base

    def only_the_heaviest(members, fit, left, n_jobs):
        place = max(range(len(members)), key=lambda place: members[place].weight)
        return {place: fit(members[place].estimator)}

    X, y = load_diabetes(return_X_y=True)
    params = {"n_iter": 4, "estimators": ["linear", "nearest_neighbors"]}
    whole = auto_regressor(**params).fit(X, y)
    monkeypatch.setattr(base, "fit_members", only_the_heaviest)
    auto = auto_regressor(**params).fit(X, y)
    (member,) = [row for row in auto.leaderboard_ if row.weight]
    n_left_out = sum(row.weight > 0 for row in whole.leaderboard_) - 1
    assert n_left_out > 0
    others = "another member" if n_left_out == 1 else f"{n_left_out} other members"
    assert f"no time was left to fit {others}" in str(auto.report())
    assert auto.score_estimate_.naive == pytest.approx(member.score, rel=0.01)
    assert auto.score_estimate_.naive < whole.score_estimate_.naive
    assert "no time was left" not in str(whole.report())


def test_members_are_selected_from_each_family():
    X, y = load_diabetes(return_X_y=True)
    auto = auto_regressor(n_iter=4, estimators=["linear", "nearest_neighbors"]).fit(X, y)
    kinds = auto._evidence[0].table.kinds.tolist()
    assert sorted(kinds) == sorted(row.family for row in auto.leaderboard_)
    assert set(kinds) == {"linear", "nearest_neighbors"}
