"""Scores of all splits at once."""

import pickle
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, make_classification
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.model_selection import LeaveOneOut, RepeatedKFold, ShuffleSplit, cross_val_predict
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, Float, GridSearchCV, Int, PooledScorer, RandomSearchCV, SuccessiveHalvingCV

A, B = make_classification(24, 5, flip_y=0.2, random_state=0)
GRID = {"C": [0.01, 1.0]}


def fitted(scoring="roc_auc", *, kind=GridSearchCV, space=GRID, estimator=None, **settings):
    settings = {"cv": LeaveOneOut(), "scoring": PooledScorer(scoring), **settings}
    return kind(estimator or LogisticRegression(), space, **settings).fit(A, B)


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("scoring", "metric", "method"),
    [
        ("roc_auc", roc_auc_score, "decision_function"),
        ("balanced_accuracy", balanced_accuracy_score, "predict"),
    ],
)
def test_leave_one_out_has_a_score(scoring, metric, method, n_jobs):
    search = fitted(scoring, n_jobs=n_jobs)
    for row, params in enumerate(search.cv_results_["params"]):
        answers = cross_val_predict(LogisticRegression(**params), A, B, cv=LeaveOneOut(), method=method)
        assert search.cv_results_["mean_test_score"][row] == pytest.approx(metric(B, answers), abs=1e-6)
        of_split = search.cv_results_["split7_test_score"][row]
        assert of_split == pytest.approx(search.cv_results_["mean_test_score"][row])
    assert search.best_index_ == search.cv_results_["mean_test_score"].argmax()
    assert not hasattr(search, "predictions_")


def test_numbers_and_repeats():
    X, y = load_diabetes(return_X_y=True)
    X, y = X[:40], y[:40]
    grid = {"alpha": [0.01, 1.0]}
    search = GridSearchCV(Ridge(), grid, cv=LeaveOneOut(), scoring=PooledScorer("r2")).fit(X, y)
    expected = [r2_score(y, cross_val_predict(Ridge(a), X, y, cv=LeaveOneOut())) for a in grid["alpha"]]
    np.testing.assert_allclose(search.cv_results_["mean_test_score"], expected, rtol=1e-5)
    folds = RepeatedKFold(n_splits=4, n_repeats=2, random_state=0)
    search = GridSearchCV(Ridge(), grid, cv=folds, scoring=PooledScorer("r2")).fit(X, y)
    splits, answers = list(folds.split(X)), np.empty((2, 40))
    for number, (train, test) in enumerate(splits):
        answers[number // 4, test] = Ridge(0.01).fit(X[train], y[train]).predict(X[test])
    expected = np.mean([r2_score(y, each) for each in answers])
    assert search.cv_results_["mean_test_score"][0] == pytest.approx(expected, rel=1e-5)


def test_elsewhere_it_is_the_plain_scorer():
    plain = TheirGridSearchCV(LogisticRegression(), GRID, scoring="roc_auc").fit(A, B)
    pooled = TheirGridSearchCV(LogisticRegression(), GRID, scoring=PooledScorer("roc_auc")).fit(A, B)
    np.testing.assert_array_equal(plain.cv_results_["mean_test_score"], pooled.cv_results_["mean_test_score"])


def test_a_model_learns_from_them():
    search = fitted(
        kind=BayesSearchCV, space={"C": Float(1e-3, 1e3, log=True)}, n_iter=6, random_state=0, cv=10, scoring="roc_auc"
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_rungs_have_them():
    search = fitted(
        kind=SuccessiveHalvingCV,
        space={"min_samples_leaf": Int(1, 10)},
        estimator=DecisionTreeClassifier(random_state=0),
        min_resources=10,
        n_candidates=4,
        random_state=0,
        cv=5,
    )
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert np.ptp([search.cv_results_[f"split{i}_test_score"][0] for i in range(5)]) == 0


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the test scores")
def test_a_fit_that_fails_fails_its_candidate_only():
    search = fitted(space={"C": [-1.0, 1.0]}, cv=5)
    assert np.isnan(search.cv_results_["mean_test_score"][0])
    assert np.isfinite(search.cv_results_["mean_test_score"][1])


def test_a_resumed_search_has_the_same(tmp_path):
    settings = {"kind": RandomSearchCV, "space": {"C": Float(1e-3, 1e3, log=True)}, "random_state": 0, "cv": 5}
    fitted(**settings, n_iter=2, checkpoint=tmp_path / "search.db")
    longer = fitted(**settings, n_iter=4, checkpoint=tmp_path / "search.db")
    whole = fitted(**settings, n_iter=4)
    np.testing.assert_array_equal(longer.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"])
    assert longer.stats()["n_fits"] == 20


def test_a_kill_between_the_outcomes_of_a_trial(tmp_path):
    """The file has some splits of a candidate with the score of all: the others get it too."""
    path = tmp_path / "search.db"
    settings = {"kind": RandomSearchCV, "space": {"C": Float(1e-3, 1e3, log=True)}, "random_state": 0, "cv": 5}
    whole = fitted(**settings, n_iter=3, checkpoint=path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM event WHERE id > (SELECT max(id) FROM event) - 2")
    again = fitted(**settings, n_iter=3, checkpoint=path)
    np.testing.assert_array_equal(again.cv_results_["mean_test_score"], whole.cv_results_["mean_test_score"])


def test_with_stored_predictions_it_is_estimated():
    search = fitted(store_predictions=True)
    estimate = search.estimate_score(n_bootstraps=100)
    assert estimate.naive == pytest.approx(search.best_score_)
    assert estimate.metric == "roc_auc"


def test_what_cannot_be_pooled_is_said():
    with pytest.raises(
        ValueError, match="scores all splits at once, and racing=True compares candidates split by split"
    ):
        fitted(racing=True, cv=5)
    with pytest.raises(ValueError, match="cv=ShuffleSplit, which tests some rows more often"):
        fitted(cv=ShuffleSplit(5, test_size=0.5, random_state=0))
    assert repr(pickle.loads(pickle.dumps(PooledScorer("r2")))) == "PooledScorer('r2')"  # noqa: S301
