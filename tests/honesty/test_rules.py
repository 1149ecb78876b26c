"""Rules for ``refit``: which row they take, and when they refuse."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import scale
from sklearn.svm import SVC

from skhpo.selection import one_standard_error, unless_better

OWN, BEST, MIDDLE = {"C": 1.0}, {"C": 10.0}, {"C": 0.1}


def results(*rows, params=(OWN, BEST, MIDDLE), metric="score"):
    """``cv_results_`` of candidates with these scores by split."""
    scores = np.array(rows, dtype=float)
    found = {f"split{i}_test_{metric}": column for i, column in enumerate(scores.T)}
    return {"params": list(params), f"mean_test_{metric}": scores.mean(axis=1), **found}


# Differences .01 to .05: mean .03, s = .0158; corrected standard error .0158 sqrt(1/5 + 1/4) = .0106: 2.83 of them.
UNTUNED = [0.80, 0.81, 0.79, 0.80, 0.80]
TUNED = [0.81, 0.83, 0.82, 0.84, 0.85]
WORSE = [0.50, 0.51, 0.52, 0.53, 0.54]


@pytest.mark.parametrize(("n", "row"), [(0, 1), (2, 1), (2.82, 1), (2.84, 0), (5, 0)])
def test_the_best_has_to_be_so_many_standard_errors_ahead(n, row):
    assert unless_better(n, untuned=SVC())(results(UNTUNED, TUNED, WORSE)) == row


def test_the_standard_error_is_the_corrected_one():
    rule = unless_better(2)
    mean, error = rule.difference(np.array(TUNED) - UNTUNED)
    spread = np.std([0.01, 0.02, 0.03, 0.04, 0.05], ddof=1)
    assert mean == pytest.approx(0.03)
    assert error == pytest.approx(spread * np.sqrt(1 / 5 + 1 / 4))
    _, error = unless_better(2, test_share=1.0).difference(np.array(TUNED) - UNTUNED)
    assert error == pytest.approx(spread * np.sqrt(1 / 5 + 1))


def test_a_failed_untuned_estimator_is_not_taken():
    rows = results([*UNTUNED[:4], np.nan], TUNED, WORSE)
    assert unless_better(9, untuned=SVC())(rows) == 1


def test_it_may_be_told_by_its_parameters():
    assert unless_better(9, untuned=OWN)(results(UNTUNED, TUNED, WORSE)) == 0
    assert unless_better(9, untuned=BEST)(results(TUNED, UNTUNED, WORSE)) == 1


def test_of_several_metrics_one_is_named():
    rows = results(UNTUNED, TUNED, WORSE, metric="auc") | results(TUNED, UNTUNED, WORSE, metric="f1")
    assert unless_better(0, untuned=SVC(), metric="auc")(rows) == 1
    assert unless_better(0, untuned=SVC(), metric="f1")(rows) == 0
    with pytest.raises(ValueError, match=r"metric needs to be one of \['auc', 'f1'\], got None"):
        unless_better(0, untuned=SVC())(rows)


def test_a_metric_whose_name_ends_like_another():
    rows = results(UNTUNED, TUNED, WORSE, metric="f1") | results(TUNED, UNTUNED, WORSE, metric="a_test_f1")
    assert unless_better(0, untuned=SVC(), metric="f1")(rows) == 1


@pytest.mark.parametrize(
    ("simplest", "row"),
    [("C", 2), ("-C", 1), (lambda params: abs(params["C"] - 1.0), 0)],
)
def test_the_simplest_within_one_standard_error(simplest, row):
    near = results([0.85, 0.83, 0.82, 0.84, 0.80], TUNED, [0.83, 0.82, 0.82, 0.84, 0.83])
    assert one_standard_error(simplest)(near) == row


def test_what_is_far_behind_is_not_simple_enough():
    assert one_standard_error("C")(results(UNTUNED, TUNED, WORSE)) == 1
    assert one_standard_error("C", n_standard_errors=3)(results(UNTUNED, TUNED, WORSE)) == 0


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (unless_better(2), "needs to know the untuned estimator, got none"),
        (unless_better(2, untuned={"C": 5.0}), "needs the estimator's own parameters among the candidates, got 3"),
        (one_standard_error("gamma"), "simplest needs to name a parameter of each candidate, got 'gamma'"),
        (unless_better(2, untuned=SVC(), metric="auc"), r"metric needs to be one of \['score'\], got 'auc'"),
    ],
)
def test_what_cannot_be_followed_is_said(rule, message):
    with pytest.raises(ValueError, match=message):
        rule(results(UNTUNED, TUNED, WORSE))


def test_without_any_score_there_is_nothing_to_take():
    nothing = results(*[[np.nan] * 5] * 3)
    with pytest.raises(ValueError, match="needs a candidate with a score on each split, got none"):
        unless_better(2, untuned=SVC())(nothing)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: unless_better(-1), ValueError, "n_standard_errors needs to be 0 or more, got -1"),
        (lambda: unless_better(float("nan")), ValueError, "n_standard_errors needs to be 0 or more, got nan"),
        (lambda: unless_better(2, test_share=0), ValueError, "test_share needs to be the size of test over training"),
        (lambda: one_standard_error(3), TypeError, "simplest needs to be a parameter's name or a function"),
    ],
)
def test_arguments_are_checked(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize("rule", [unless_better(2, untuned=SVC()), one_standard_error("C")])
def test_scikit_learns_searches_take_them(rule):
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, refit=rule)
    rows = clone(search).fit(X, y)
    assert rows.best_index_ == rule(rows.cv_results_)
    assert pickle.loads(pickle.dumps(rows)).best_index_ == rows.best_index_  # noqa: S301
    rows = RandomizedSearchCV(SVC(), {"C": loguniform(1, 1.001)}, n_iter=2, refit=one_standard_error("C")).fit(X, y)
    assert rows.best_params_["C"] == min(rows.cv_results_["param_C"])


@pytest.mark.slow
def test_with_few_rows_tuning_is_not_worse_than_not_tuning():
    """Runs with 60 rows in which tuning gains nothing: the best of many is often worse on new rows."""
    worse = {"argmax": 0, "rule": 0}
    grid = [{"n_neighbors": [5]}, {"n_neighbors": [1, 2, 3, 7, 9, 13]}]
    for seed in range(12):
        X, y = make_classification(660, 8, n_informative=4, flip_y=0.2, random_state=seed)
        X = scale(X)
        train, test = (X[:60], y[:60]), (X[60:], y[60:])
        untuned = KNeighborsClassifier().fit(*train).score(*test)
        for name, refit in {"argmax": True, "rule": unless_better(2, untuned=KNeighborsClassifier())}.items():
            search = GridSearchCV(KNeighborsClassifier(), grid, refit=refit).fit(*train)
            worse[name] += search.best_estimator_.score(*test) < untuned
    assert worse["rule"] <= 1
    assert worse["argmax"] >= 4
