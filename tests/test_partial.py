"""Searches that are stopped before any candidate is complete: the best of those that were begun is returned."""

import pickle
import warnings

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_diabetes
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from skhpo import (
    BayesSearchCV,
    Float,
    GradientSearchCV,
    GridSearchCV,
    RandomSearchCV,
    SearchCV,
    SuccessiveHalvingCV,
    load_results,
)
from skhpo.loop.finish import means_of_partial
from skhpo.search import base
from skhpo.selection import one_standard_error, unless_better

N_SPLITS = 5
X, Y = (each[:440] for each in load_diabetes(return_X_y=True))  # splits of one size, which a race takes in order
CV = KFold(N_SPLITS)
SPACE = {"alpha": Float(1e-3, 1e3, log=True)}
GRID = {"alpha": [0.1, 1.0, 10.0]}
SEARCHES = {
    "grid": lambda model, **kw: GridSearchCV(model, GRID, cv=CV, **kw),
    "random": lambda model, **kw: RandomSearchCV(model, SPACE, n_iter=3, random_state=0, cv=CV, **kw),
    "bayes": lambda model, **kw: BayesSearchCV(model, SPACE, n_iter=3, random_state=0, cv=CV, **kw),
    "two numbers": lambda model, **kw: BayesSearchCV(
        model, {**SPACE, "tol": Float(1e-6, 1e-3, log=True)}, n_iter=3, random_state=0, cv=CV, **kw
    ),
    "halving": lambda model, **kw: SuccessiveHalvingCV(
        model, GRID, n_candidates=3, min_resources=100, random_state=0, cv=CV, **kw
    ),
    "asynchronous": lambda model, **kw: SuccessiveHalvingCV(
        model, GRID, n_candidates=3, min_resources=100, random_state=0, cv=CV, asynchronous=True, **kw
    ),
    "custom": lambda model, **kw: SearchCV(model, SPACE, n_iter=3, random_state=0, cv=CV, **kw),
    "race": lambda model, **kw: GridSearchCV(model, {"alpha": [1.0]}, cv=CV, racing=True, **kw),
}
every_search = pytest.mark.parametrize("kind", SEARCHES)


class Clock:
    """Time that goes on by a second with each fit, and how many there were."""

    now, n_fits = 0.0, 0
    perf_counter = staticmethod(lambda: Clock.now)

    @classmethod
    def monotonic(cls):
        return cls.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(base, "time", Clock)
    Clock.now, Clock.n_fits = 0.0, 0


class Model(RegressorMixin, BaseEstimator):
    """Ridge regression that takes a second; its fit number ``at``, from 1 on, raises ``error``."""

    def __init__(self, alpha=1.0, tol=1e-4, at=None, error=None, seconds=1.0):
        self.alpha, self.tol, self.at, self.error, self.seconds = alpha, tol, at, error, seconds

    def fit(self, X, y):
        Clock.n_fits += 1
        if self.at is not None and Clock.n_fits >= self.at[0] and Clock.n_fits <= self.at[1]:
            raise self.error
        Clock.now += self.seconds
        self.model_ = Ridge(self.alpha, tol=self.tol).fit(X, y)
        return self

    def predict(self, X):
        return self.model_.predict(X)


def stopped(kind, seconds=3, model=None, **settings):
    Clock.now, Clock.n_fits = 0.0, 0
    search = SEARCHES[kind](Model() if model is None else model, timeout=seconds, **settings)
    with pytest.warns(UserWarning, match="No candidate was complete when the search was stopped") as caught:
        search.fit(X, Y)
    assert [each.category for each in caught if "No candidate" in str(each.message)] == [UserWarning]
    return search


def split_scores(results, row=0, metric="score"):
    return np.array([results[f"split{split}_test_{metric}"][row] for split in range(N_SPLITS)])


# -- the time is over -------------------------------------------------------------------------------------------------


@every_search
@pytest.mark.parametrize("seconds", [1, 3, 4])
def test_the_candidate_that_was_begun_is_returned_and_said_to_be_so(kind, seconds):
    search = stopped(kind, seconds)
    results, scores = search.cv_results_, split_scores(search.cv_results_)
    assert list(results["status"]) == ["partial"]
    assert list(results["n_splits_run"]) == [seconds]
    assert np.isfinite(scores).tolist() == [split < seconds for split in range(N_SPLITS)]
    assert results["mean_test_score"][0] == pytest.approx(np.nanmean(scores), rel=1e-6)
    assert results["std_test_score"][0] == pytest.approx(np.nanstd(scores))
    assert results["rank_test_score"][0] == 1
    assert search.best_index_ == 0
    assert search.best_score_ == results["mean_test_score"][0]
    assert search.best_estimator_.alpha == search.best_params_["alpha"]
    assert search.predict(X).shape == Y.shape
    assert search.stats()["stop_reason"] == "timeout"
    assert search.stats()["n_fits"] == seconds


@every_search
def test_the_report_says_so(kind):
    search = stopped(kind)
    copies = []
    if kind != "custom":  # which keeps its sampler, whatever that is
        copies.append(pickle.loads(pickle.dumps(search)))  # noqa: S301 - our own
    for each in (search, *copies):
        text = " ".join(str(each.report()).split())
        assert "1 trial, 3 fits: 3 ok" in text
        assert "None has all splits: the search was stopped before" in text
        assert f"timeout={search.timeout!r} seconds were over" in text
        assert "begun and not complete" not in text
        assert "an estimate from 3 of 5 splits" in text
        assert "no candidate with all splits" in text


def test_a_descent_that_is_stopped_has_a_loss_of_the_splits_that_it_has(monkeypatch):
    monkeypatch.setattr(Ridge, "fit", _timed(Ridge.fit))
    space = {"alpha": Float(1e-3, 1e3, log=True)}
    whole = GradientSearchCV(Ridge(), space, cv=CV, n_iter=1).fit(X, Y).cv_results_
    Clock.now = 0.0
    with pytest.warns(UserWarning, match=r"of 1 of which most .* fitted on 3 of 5 splits"):
        search = GradientSearchCV(Ridge(), space, cv=CV, timeout=3).fit(X, Y)
    results = search.cv_results_
    assert list(results["status"]) == ["partial"]
    losses, those = split_scores(results, metric="loss"), split_scores(whole, metric="loss")
    np.testing.assert_array_equal(losses[:3], those[:3])
    assert np.isnan(losses[3:]).all()
    assert search.best_loss_ == results["mean_test_loss"][0] == pytest.approx(those[:3].mean())
    assert np.isfinite(results["hypergradient_alpha"]).all()


def _timed(fit):
    def timed(self, *args, **kwargs):
        Clock.now += 1.0
        Clock.n_fits += 1
        return fit(self, *args, **kwargs)

    return timed


@every_search
def test_a_complete_candidate_is_returned_alone(kind):
    Clock.n_fits = 0
    search = SEARCHES[kind](Model(), timeout=8).fit(X, Y)
    results = search.cv_results_
    n_rows = len(results["params"])
    assert n_rows == 1
    assert np.isfinite(split_scores(results)).all()
    assert ("status" in results) == (kind == "race")
    assert "partial" not in results.get("status", ())


@pytest.mark.parametrize("kind", sorted(SEARCHES.keys() - {"race"}))  # it ends a candidate that failed
def test_without_a_score_it_is_an_error(kind):
    Clock.n_fits = 0
    search = SEARCHES[kind](Model(at=(2, 2), error=OSError("away")), timeout=3)
    with pytest.raises(ValueError, match=r"timeout must leave time .* none has a score"):
        search.fit(X, Y)
    assert not hasattr(search, "cv_results_")


def test_candidates_that_failed_are_there_too_and_are_not_the_best():
    model = Model(at=(1, 5), error=OSError("away"))
    failures = pytest.warns(FitFailedWarning, match="5 fits failed out of a total of 7")
    with failures, pytest.warns(UserWarning, match="non-finite"):
        search = stopped("grid", 2, model)
    results = search.cv_results_
    assert list(results["status"]) == ["failed", "partial"]
    assert list(results["n_splits_run"]) == [5, 2]
    assert search.best_index_ == 1
    assert search.best_params_ == {"alpha": 1.0}
    assert "an estimate from 2 of 5 splits" in " ".join(str(search.report()).split())


@pytest.mark.parametrize("kind", ["grid", "random", "bayes", "halving", "race"])
def test_a_search_with_a_checkpoint_goes_on_and_completes(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(Ridge, "fit", _timed(Ridge.fit))
    whole = SEARCHES[kind](Ridge()).fit(X, Y)
    first = stopped(kind, model=Ridge(), checkpoint=tmp_path / "search.db")
    with pytest.raises(ValueError, match="a complete candidate"):
        load_results(tmp_path / "search.db")
    Clock.now, Clock.n_fits = 0.0, 0
    second = first.set_params(timeout=None).fit(X, Y)
    assert Clock.n_fits == whole.stats()["n_fits"] - 3 + 1, "what is there is not fitted again; one is the refit"
    assert second.cv_results_.keys() == whole.cv_results_.keys()
    for name, column in whole.cv_results_.items():
        if "time" not in name:
            np.testing.assert_array_equal(
                np.array(second.cv_results_[name], dtype=object), np.array(column, dtype=object)
            )
    assert second.best_params_ == whole.best_params_


def test_several_metrics():
    search = stopped("grid", scoring=["r2", "neg_mean_absolute_error"], refit="r2")
    results = search.cv_results_
    for metric in ("r2", "neg_mean_absolute_error"):
        scores = split_scores(results, metric=metric)
        assert np.isnan(scores).sum() == 2
        assert results[f"mean_test_{metric}"][0] == pytest.approx(np.nanmean(scores))


@pytest.mark.parametrize("refit", [False, lambda results: 0, one_standard_error("alpha"), unless_better()])
def test_ways_of_choosing(refit):
    search = stopped("random", refit=refit)
    assert search.best_index_ == 0
    assert hasattr(search, "best_estimator_") == bool(refit)


def test_training_scores():
    results = stopped("grid", return_train_score=True).cv_results_
    scores = np.array([results[f"split{split}_train_score"][0] for split in range(N_SPLITS)])
    assert results["mean_train_score"][0] == pytest.approx(np.nanmean(scores))
    assert np.isnan(scores).sum() == 2


def test_no_estimate_is_made_of_what_is_not_there():
    search = stopped("grid", store_predictions=True)
    assert not hasattr(search, "predictions_")
    for estimate in (search.estimate_score, lambda: search.estimate_score("naive"), search.ensemble):
        with pytest.raises(ValueError, match=r"needs a candidate with all splits, .* Fit it again"):
            estimate()


def test_two_workers_may_have_begun_two():
    with parallel_config(backend="threading", n_jobs=2):
        search = stopped("grid", 1, Model(seconds=1.0))
    results = search.cv_results_
    assert set(results["status"]) == {"partial"}
    assert 1 <= results["n_splits_run"].sum() <= 4


# -- other ends -------------------------------------------------------------------------------------------------------


@every_search
def test_an_interrupt_is_raised_and_what_was_begun_is_in_hand(kind):
    Clock.n_fits = 0
    search = SEARCHES[kind](Model(at=(4, 4), error=KeyboardInterrupt()))
    with pytest.warns(UserWarning, match=r"No candidate .* fitted on 3 of 5 splits"), pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert list(search.cv_results_["status"]) == ["partial"]
    assert search.best_index_ == 0
    assert not hasattr(search, "best_estimator_")
    assert "the search was interrupted" in str(search.report())


def test_of_an_error_nothing_else_is_heard():
    Clock.n_fits = 0
    search = GridSearchCV(Model(at=(4, 4), error=OSError("away")), GRID, cv=CV, error_score="raise")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(OSError, match="away"):
            search.fit(X, Y)
    assert list(search.cv_results_["status"]) == ["partial"]
    assert search.stats()["stop_reason"] == "error"


# -- several ----------------------------------------------------------------------------------------------------------


def ridge_by_hand(scores):
    """The model of `means_of_partial` by least squares over all scores and effects."""
    trials, splits = np.nonzero(np.isfinite(scores))
    n, k = scores.shape
    y = scores[trials, splits]
    design = np.zeros((len(y), n + k))
    design[np.arange(len(y)), trials] = design[np.arange(len(y)), n + splits] = 1
    design, target = np.vstack([design, np.eye(n + k)]), np.concatenate([y - y.mean(), np.zeros(n + k)])
    effects = np.linalg.lstsq(design, target, rcond=None)[0]
    return y.mean() + effects[:n] + effects[n:].mean()


@pytest.mark.parametrize("seed", range(10))
def test_what_is_expected_is_that_of_a_ridge_regression(seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(6, 4))
    scores[rng.random((6, 4)) < 0.4] = np.nan
    scores[:, seed % 4] = rng.normal(size=6)
    scores[0] = rng.normal(size=4)
    scores[1, (seed + 1) % 4] = np.nan
    np.testing.assert_allclose(means_of_partial(scores), ridge_by_hand(scores))


def test_candidates_of_the_same_splits_have_their_means():
    scores = np.array([[0.1, np.nan, 0.5], [0.2, np.nan, 0.3]])
    np.testing.assert_allclose(means_of_partial(scores), [0.3, 0.25])


def test_an_easy_split_does_not_make_a_candidate_the_best():
    scores = np.array([[0.80, 0.90, np.nan], [0.70, np.nan, np.nan], [np.nan, 0.87, np.nan]])
    plain = np.nanmean(scores, axis=1)
    assert plain.argmax() == 2
    assert means_of_partial(scores).argmax() == 0


def test_of_candidates_that_share_fits_all_that_were_begun_are_there(monkeypatch):
    from sklearn.ensemble import GradientBoostingRegressor

    monkeypatch.setattr(GradientBoostingRegressor, "fit", _timed(GradientBoostingRegressor.fit))
    search = GridSearchCV(
        GradientBoostingRegressor(random_state=0), {"n_estimators": [5, 10, 20]}, cv=CV, timeout=2, refit=False
    )
    with pytest.warns(UserWarning, match="No candidate was complete"):
        search.fit(X, Y)
    results = search.cv_results_
    assert set(results["status"]) == {"partial"}
    assert set(results["n_splits_run"]) == {2}
    for row in range(len(results["params"])):
        assert results["mean_test_score"][row] == np.nanmean(split_scores(results, row))
    assert search.best_index_ == results["mean_test_score"].argmax()
