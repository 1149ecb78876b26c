"""Estimators of other libraries, where these are installed, and the page that says what was found."""

import json
import warnings

import numpy as np
import pytest
from library_cases import CASES, EQUAL, NEITHER, SAID
from library_outcome import is_as_said, outcome
from library_page import PAGE, VERSIONS, page
from sklearn.datasets import make_classification
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV as TheirGrid

from skhpo import Float, GridSearchCV, Int, SuccessiveHalvingCV


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # libraries warn of each other's versions
@pytest.mark.parametrize("case", CASES, ids=[case.key for case in CASES])
def test_a_library_goes_as_its_row_says(case):
    for module in case.modules:
        pytest.importorskip(module)
    found = outcome(case)
    assert is_as_said(case, found), found


def test_the_page_is_made_of_the_cases():
    versions = json.loads(VERSIONS.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == page(versions), "run tests/libraries/library_page.py"


def test_each_row_says_what_else_there_is_to_know():
    assert len({case.key for case in CASES}) == len(CASES)
    for case in CASES:
        assert case.expected in SAID
        assert "|" not in case.what + case.note
        if case.expected == NEITHER:
            assert case.note, f"{case.key}: what to write instead?"
    assert sum(case.expected == EQUAL for case in CASES) > len(CASES) / 2


# ------------------------------------------------- what the pages on halving and on scikit-learn say of other libraries


def going_on(estimator, space, resource, **fit):
    """Scores with fits that start over, and with those that always go on."""
    X, y = make_classification(300, 20, n_informative=6, flip_y=0.2, random_state=0)
    held_out = make_classification(200, 20, n_informative=6, flip_y=0.2, random_state=0)
    found = []
    for resume_fits in (False, "always"):
        search = SuccessiveHalvingCV(
            estimator,
            space,
            n_candidates=9,
            resource=resource,
            max_resources=45,
            min_resources=5,
            cv=3,
            resume_fits=resume_fits,
            scoring="neg_log_loss",
            random_state=0,
        )
        search.fit(X, y, **{name: [held_out] if value is True else value for name, value in fit.items()})
        found.append(np.array([search.cv_results_[f"split{i}_test_score"] for i in range(3)]))
    return found


def boosters():
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    yield XGBClassifier, {"n_jobs": 1}, "early_stopping_rounds", {"verbose": False}
    yield LGBMClassifier, {"n_jobs": 1, "verbose": -1}, "early_stopping_round", {}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # other libraries' own, by version
def test_boosters_that_stop_early_differ_where_they_always_go_on():
    for module in ("xgboost", "lightgbm"):
        pytest.importorskip(module)
    space = {"learning_rate": Float(0.1, 0.5)}
    for kind, settings, stopping, more in boosters():
        over, on = going_on(kind(**settings), space, "n_estimators")
        np.testing.assert_array_equal(over, on)
        over, on = going_on(kind(**settings, **{stopping: 3}), space, "n_estimators", eval_set=True, **more)
        assert not np.array_equal(over, on)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # other libraries' own, by version
def test_a_balanced_forest_with_a_seed_differs_where_it_always_goes_on():
    ensemble = pytest.importorskip("imblearn.ensemble")
    forest = ensemble.BalancedRandomForestClassifier(
        random_state=0, sampling_strategy="all", replacement=True, bootstrap=False
    )
    over, on = going_on(forest, {"max_depth": Int(2, 5)}, "n_estimators")
    assert over.shape == on.shape
    assert not np.array_equal(over, on)


@pytest.mark.slow
def test_econml_takes_a_search_for_a_plain_model():
    dml = pytest.importorskip("econml.dml")
    rng = np.random.default_rng(0)
    X, W = rng.normal(size=(200, 2)), rng.normal(size=(200, 4))
    T = W[:, 0] + rng.normal(size=200)
    Y = (1 + X[:, 0]) * T + W[:, 1] + rng.normal(size=200)

    def nuisance(model):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # econml's own, by version
            estimator = dml.LinearDML(model_y=model, model_t="linear", cv=2, random_state=0).fit(Y, T, X=X, W=W)
        return estimator.models_y[0][0], estimator.effect(X)

    settings = (Ridge(), {"alpha": [0.1, 1.0, 100.0]})
    theirs, effects = nuisance(TheirGrid(*settings, cv=3))
    ours, _ = nuisance(GridSearchCV(*settings, cv=3))
    found, same_effects = nuisance(GridSearchCV(*settings, cv=3).fit(np.c_[X, W], Y).best_estimator_)
    assert [type(model).__name__ for model in (theirs, ours, found)] == ["Ridge", "GridSearchCV", "Ridge"]
    np.testing.assert_array_equal(effects, same_effects)
