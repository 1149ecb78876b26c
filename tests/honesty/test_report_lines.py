"""What a report says about new data."""

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import KFold, RepeatedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import GridSearchCV

X, Y = load_iris(return_X_y=True)
KNN = KNeighborsClassifier()


def lines(search, heading="New data"):
    return " ".join(search.report().sections.get(heading, []))


def fitted(space, estimator=KNN, **settings):
    return GridSearchCV(estimator, space, **{"scoring": "accuracy", **settings}).fit(X, Y)


def test_the_estimate_and_the_untuned_estimator():
    search = fitted({"n_neighbors": [1, 5, 15]}, store_predictions=True)
    estimate = search.estimate_score(n_bootstraps=200)
    said = lines(search)
    assert f"Expect about {estimate.value:.3g} ({estimate.interval[0]:.3g} to {estimate.interval[1]:.3g}, 95%)" in said
    assert f"the best candidate has {estimate.naive:.3g} on the rows by which it was chosen" in said
    untuned = (search.predictions_.values[1].argmax(axis=1) == Y).mean()
    assert f"The untuned estimator, which was not chosen, has {untuned:.3g}." in said


def test_where_there_is_no_estimate_the_reason_is_said():
    search = fitted({"n_neighbors": [1, 5]}, scoring=lambda estimator, X, y: float(X[0, 0]), store_predictions=True)
    assert "needs to read nothing but predictions" in lines(search)


def test_without_predictions_nothing_is_said():
    assert "New data" not in fitted({"n_neighbors": [1, 5]}).report().sections


def test_how_long_ago_the_last_real_improvement_was():
    late = fitted({"n_neighbors": [5, *range(6, 26)]})
    assert "The last real improvement was 20 trials ago: trial 0 is already within one standard error" in lines(late)


def test_when_repeats_were_the_better_use_of_the_fits(monkeypatch):
    monkeypatch.setattr("skhpo.report.new_data._MANY_CANDIDATES", 10)
    space = {"n_neighbors": list(range(1, 12))}
    assert "With 150 rows, 2 candidates on 5 x 5 folds (RepeatedKFold) take as many fits as 11 on 5" in lines(
        fitted(space)
    )
    assert "5 x 5" not in lines(fitted(space, cv=RepeatedKFold(n_splits=5, n_repeats=1, random_state=0)))


@pytest.mark.parametrize("early_stopping", ["auto", True])
@pytest.mark.parametrize("make", [lambda model: model, lambda model: make_pipeline(StandardScaler(), model)])
def test_what_the_last_fit_does_that_no_fold_did(monkeypatch, make, early_stopping):
    monkeypatch.setattr("skhpo.report.refit.EARLY_FROM", 130)
    model = HistGradientBoostingClassifier(max_iter=2, early_stopping=early_stopping)
    name = "max_depth" if make(model) is model else "histgradientboostingclassifier__max_depth"
    search = fitted({name: [1, 2]}, make(model))
    said = (
        'with early_stopping="auto" stops early above 130 rows: the fit on all 150 rows did, those on folds of at most'
    )
    assert (said in lines(search)) == (early_stopping == "auto")
    assert "stops early" not in lines(fitted({"n_neighbors": [1, 2]}))
    assert np.isfinite(search.best_score_)


@pytest.mark.parametrize(
    ("n_columns", "n_components", "on_all", "on_folds"),
    [(14, 3, "covariance_eigh", "full"), (100, 10, "randomized", "full"), (100, 90, "full", "full"), (10, 3, "", "")],
)
def test_a_solver_that_goes_by_the_rows(n_columns, n_components, on_all, on_folds):
    n_rows = 550 if n_columns == 100 else 150
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(n_rows, n_columns)), rng.integers(0, 2, n_rows)
    model = make_pipeline(PCA(n_components, random_state=0), KNeighborsClassifier())
    search = GridSearchCV(model, {"kneighborsclassifier__n_neighbors": [1, 3]}, store_predictions=True).fit(X, y)
    said = f"the fit on all {n_rows} used '{on_all}', those on folds of at most {n_rows * 4 // 5} used '{on_folds}'"
    assert (said in lines(search)) == (on_all != on_folds)
    assert search.best_estimator_[0]._fit_svd_solver == (on_all or "covariance_eigh")


@pytest.mark.parametrize(("n_neighbors", "is_said"), [(7, False), (8, True), (9, True), (10, False)])
def test_neighbours_that_are_found_otherwise_on_all_rows(n_neighbors, is_said):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 2)), np.arange(20) % 2
    search = GridSearchCV(
        KNeighborsClassifier(), {"n_neighbors": [n_neighbors]}, cv=KFold(5), store_predictions=True
    ).fit(X, y)
    assert ("so ties may fall out otherwise" in lines(search)) == is_said
