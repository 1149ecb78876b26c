"""Steps in front of the last one of which one fit holds all values of a parameter: selectors, PCA."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA
from sklearn.feature_selection import (
    RFE,
    SelectFdr,
    SelectFpr,
    SelectFwe,
    SelectKBest,
    SelectPercentile,
    f_classif,
    mutual_info_classif,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

import skhpo

X, Y = make_classification(210, 12, n_informative=6, random_state=0)
WIDE = np.c_[X, np.random.default_rng(0).normal(size=(210, 600))]
N_SPLITS = 3


def pipeline(step):
    return Pipeline([("scale", StandardScaler()), ("step", step), ("model", SVC())])


def both(step, grid, data=X, **settings):
    """Search with scikit-learn's class and with ours."""
    found = []
    for kind in (GridSearchCV, skhpo.GridSearchCV):
        search = kind(
            pipeline(step), {**grid, "model__C": [0.1, 1.0]}, cv=N_SPLITS, return_train_score=True, **settings
        )
        found.append(search.fit(data, Y))
    return found


def same(theirs, ours):
    assert theirs.cv_results_["params"] == ours.cv_results_["params"]
    for name, column in theirs.cv_results_.items():
        if "score" in name and "time" not in name:
            assert column.tobytes() == ours.cv_results_[name].tobytes(), name


def counted(monkeypatch, kind, name="fit"):
    """Count the fits of a class while ours searches."""
    fits = []
    plain = getattr(kind, name)
    monkeypatch.setattr(kind, name, lambda self, *args, **kwargs: fits.append(1) or plain(self, *args, **kwargs))
    return fits


STEPS = [
    (SelectKBest(), {"step__k": [1, 5, 12, "all", 3]}),
    (SelectKBest(partial(mutual_info_classif, random_state=0)), {"step__k": [1, 5, 3]}),
    (SelectPercentile(), {"step__percentile": [10, 100, 50]}),
    *((kind(), {"step__alpha": [0.5, 0.9, 0.01]}) for kind in (SelectFpr, SelectFdr, SelectFwe)),
]


@pytest.mark.parametrize(("step", "grid"), STEPS)
def test_selectors_are_fitted_once(monkeypatch, step, grid):
    fits = counted(monkeypatch, type(step))
    theirs, ours = both(step, grid)
    same(theirs, ours)
    n_candidates = len(theirs.cv_results_["params"])
    assert len(fits) == (n_candidates * N_SPLITS + 1) + (N_SPLITS + 1)


ELIMINATIONS = [
    pytest.param(RFE(LogisticRegression(random_state=0)), [1, 5, 12, 3], 1, marks=pytest.mark.slow),
    (RFE(LinearSVC(random_state=0), step=2), [2, 4, 8], 1),
    (RFE(LogisticRegression(random_state=0), step=5), [2, 3, 7], 2),  # no round leaves three
    # Each goes further than the one before.
    pytest.param(RFE(LogisticRegression(random_state=0)), [12, 6, 3], 3, marks=pytest.mark.slow),
    (RFE(LogisticRegression(random_state=0)), [0.5, 3, None], 3),
]


@pytest.mark.parametrize(("step", "counts", "n_eliminations"), ELIMINATIONS)
def test_eliminations_are_done_once(monkeypatch, step, counts, n_eliminations):
    fits = counted(monkeypatch, RFE)
    theirs, ours = both(step, {"step__n_features_to_select": counts})
    same(theirs, ours)
    assert len(fits) == (2 * len(counts) * N_SPLITS + 1) + (n_eliminations * N_SPLITS + 1)


def test_a_scorer_sees_the_estimator_of_the_features_that_are_left():
    def of_inside(model, X, y):
        rfe = model["step"]
        return rfe.estimator_.coef_.sum() + rfe.ranking_ @ np.arange(12) + rfe.n_features_

    same(*both(RFE(LogisticRegression(random_state=0)), {"step__n_features_to_select": [1, 5, 3]}, scoring=of_inside))


PCAS = [
    (PCA(svd_solver="full"), [1, 9, 4, 12], X, True),
    (PCA(svd_solver="full", whiten=True), [1, 9, 4], X, True),
    (PCA(svd_solver="covariance_eigh"), [1, 9, 4], X, True),
    (PCA(), [1, 9, 4], X, True),
    (PCA(svd_solver="full"), [0.5, 4, "mle", None], X, False),
    (PCA(svd_solver="arpack", random_state=0), [1, 4, 9], X, False),
    (PCA(svd_solver="randomized", random_state=0), [1, 4, 9], X, False),
    (PCA(random_state=0), [1, 9, 139], WIDE, False),
    (PCA(svd_solver="covariance_eigh"), [1, 9, 139], WIDE, False),
    (PCA(svd_solver="full"), [1, 9, 139], WIDE, True),
]


@pytest.mark.parametrize(("step", "values", "data", "is_shared"), PCAS)
def test_components_are_found_once(monkeypatch, step, values, data, is_shared):
    fits = counted(monkeypatch, PCA, "_fit")
    theirs, ours = both(step, {"step__n_components": values}, data)
    same(theirs, ours)
    n_fits = len(fits) - (2 * len(values) * N_SPLITS + 1) - 1
    if is_shared:
        assert n_fits == N_SPLITS
    else:
        assert n_fits > N_SPLITS


@pytest.mark.filterwarnings("ignore:(?s).*fits failed out of", "ignore:One or more of the")
@pytest.mark.parametrize(
    ("step", "grid"),
    [
        (PCA(svd_solver="full"), {"step__n_components": [3, 13, 5]}),
        (SelectKBest(), {"step__k": [3, -1, 5]}),
        (SelectPercentile(), {"step__percentile": [3, 101, 5]}),
        (SelectFpr(), {"step__alpha": [0.9, 1.5, 0.8]}),
    ],
)
def test_a_value_that_cannot_be_fails_as_it_does_alone(step, grid):
    theirs, ours = both(step, grid)
    same(theirs, ours)
    assert np.isnan(ours.cv_results_["mean_test_score"]).sum() == 2


def test_more_features_than_there_are_give_the_same_warning():
    with pytest.warns(UserWarning, match="k=20 is greater than n_features=12"):
        same(*both(SelectKBest(), {"step__k": [3, 20, 5]}))


def test_a_score_that_draws_is_computed_each_time(monkeypatch):
    calls = []

    def drawing(X, y):
        calls.append(1)
        return f_classif(X, y)

    drawing.__module__ = "sklearn.made_up"  # as if it were scikit-learn's
    fits = counted(monkeypatch, SelectKBest)
    grid = {"step__k": [1, 5], "model__C": [0.1, 1.0]}
    skhpo.GridSearchCV(pipeline(SelectKBest(mutual_info_classif)), grid, cv=N_SPLITS, refit=False).fit(X, Y)
    assert len(fits) == 4 * N_SPLITS, "its random numbers are drawn without a seed"
    fits.clear()
    skhpo.GridSearchCV(pipeline(SelectKBest(drawing)), grid, cv=N_SPLITS, refit=False).fit(X, Y)
    assert len(fits) == N_SPLITS, "this one does not draw"


@pytest.mark.slow
def test_containers_are_what_they_were():
    with config_context(transform_output="pandas"):
        same(*both(PCA(svd_solver="full"), {"step__n_components": [1, 4]}, pd.DataFrame(X)))
        same(*both(SelectKBest(), {"step__k": [1, 4]}, pd.DataFrame(X)))
    step = PCA(svd_solver="full").set_output(transform="pandas")
    same(*both(step, {"step__n_components": [1, 4]}))


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"n_jobs": 2}, {"scoring": ["accuracy", "roc_auc"], "refit": "roc_auc"}])
def test_with_workers_and_metrics(settings):
    same(*both(SelectKBest(), {"step__k": [1, 5, 3]}, **settings))
    same(*both(PCA(svd_solver="full"), {"step__n_components": [1, 5, 3]}, **settings))
