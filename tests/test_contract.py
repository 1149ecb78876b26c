"""What a search keeps of scikit-learn's manners, and what it promises beyond them."""

import contextlib
import io
import pickle
import re
import time
import warnings
from inspect import Parameter, signature
from types import SimpleNamespace
from typing import NamedTuple

import joblib
import numpy as np
import pytest
import scipy.sparse
import scipy.stats
import sklearn
from quick import slow_but
from sklearn.base import BaseEstimator, ClassifierMixin, clone, is_classifier, is_clusterer, is_regressor
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning, NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer, make_scorer
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    RandomizedSearchCV,
    ShuffleSplit,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

import skhpo
import skhpo.search.base

PAIRS = [(skhpo.GridSearchCV, GridSearchCV), (skhpo.RandomSearchCV, RandomizedSearchCV)]
SEARCHES = [ours for ours, _ in PAIRS]
X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
N_ROWS = len(X)
ROWS = np.arange(N_ROWS, dtype=float).reshape(-1, 1)  # samples that say which they are

every_search = pytest.mark.parametrize("search_class", SEARCHES)
every_pair = pytest.mark.parametrize(("ours", "theirs"), PAIRS, ids=["grid", "random"])


# ------------------------------------------------------------------ an estimator that keeps a diary


class Fit(NamedTuple):
    params: dict
    rows: tuple
    start: float


DIARY: list[Fit] = []


@pytest.fixture
def diary():
    """What `Diarist` was asked to fit in this process, in order; the refit is the last."""
    DIARY.clear()
    yield DIARY
    DIARY.clear()


class Diarist(ClassifierMixin, BaseEstimator):
    """Writes down each fit; fails, dawdles or is interrupted on request."""

    def __init__(self, value=0, seconds=0.0, fails_at=(), interrupted_at=None):
        self.value = value
        self.seconds = seconds
        self.fails_at = fails_at
        self.interrupted_at = interrupted_at

    def fit(self, X, y):
        DIARY.append(Fit({"value": self.value}, tuple(np.ravel(X[:, 0])), time.monotonic()))
        end = time.monotonic() + self.seconds
        while time.monotonic() < end:
            pass
        if len(DIARY) == self.interrupted_at:
            raise KeyboardInterrupt
        if self.value in self.fails_at:
            raise RuntimeError(f"No fit for {self.value}.")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, _X, _y):
        return float(self.value)


def make(search_class, estimator, space, n_iter=None, **kwargs):
    """A search of either kind that tries the whole of a small space."""
    if search_class in {skhpo.RandomSearchCV, RandomizedSearchCV}:
        kwargs = {"n_iter": n_iter or 4, "random_state": 0, **kwargs}
    return search_class(estimator, space, **kwargs)


def fit_quietly(search, *args, **params):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return search.fit(*args, **params)


# ------------------------------------------------------------------ constructors and attributes


@every_pair
def test_constructors_are_scikit_learns_and_timeout(ours, theirs):
    mine, expected = signature(ours).parameters, signature(theirs).parameters
    assert list(mine)[: len(expected)] == list(expected)
    for name, parameter in expected.items():
        assert mine[name].kind is parameter.kind, name
        assert mine[name].default is parameter.default or mine[name].default == parameter.default, name
    beyond = [mine[name] for name in mine if name not in expected]
    assert all(parameter.kind is Parameter.KEYWORD_ONLY for parameter in beyond)
    assert mine["timeout"].default is None


@every_pair
def test_public_names_are_scikit_learns(ours, theirs):
    def public(cls):
        return {name for name in dir(cls) if not name.startswith("_")}

    assert public(ours) == public(theirs) | {"stats", "report", "estimate_score", "ensemble"}


@pytest.mark.parametrize("timeout", [0, -1.0, "1s"])
@every_search
def test_timeout_is_positive_seconds(search_class, timeout):
    search = make(search_class, Ridge(), {"alpha": [1.0]}, timeout=timeout)
    with pytest.raises(ValueError, match="timeout"):
        search.fit(X, Y)


@every_search
def test_parameters_are_stored_untouched(search_class):
    space, cv, estimator = {"value": [1, 0]}, KFold(3), Diarist()
    search = make(search_class, estimator, space, n_iter=2, cv=cv, timeout=60)
    search.fit(ROWS, Y)
    assert search.estimator is estimator
    assert search.cv is cv
    assert search.timeout == 60
    assert next(iter(v for k, v in search.get_params(deep=False).items() if k.startswith("param_"))) is space
    assert not hasattr(estimator, "classes_")
    assert space == {"value": [1, 0]}


@every_search
def test_attributes_of_a_search_that_went_through(search_class, diary):
    before = time.monotonic()
    search = make(search_class, Diarist(seconds=0.002), {"value": [0, 1, 2, 3]}, cv=3).fit(ROWS, Y)
    elapsed = time.monotonic() - before
    assert type(search.stats()["n_fits"]) is int
    assert search.stats()["n_fits"] == 12 == len(diary) - 1
    assert 12 * 0.002 <= search.stats()["search_time"] <= elapsed
    assert 12 * 0.002 <= search.stats()["fit_time"] <= search.stats()["search_time"]
    assert 0 < search.stats()["suggest_time"] < search.stats()["search_time"]
    assert search.stats()["n_workers"] == 1
    assert search.stats()["stop_reason"] == "finished"
    assert search.best_params_ == {"value": 3}
    assert search.refit_time_ >= 0.002


@every_search
def test_values_in_the_results_are_the_users_own_objects(search_class):
    models = [LogisticRegression(C=0.1), KNeighborsClassifier()]
    pipeline = make_pipeline(StandardScaler(), SVC())
    search = make(search_class, pipeline, {"svc": models}, n_iter=2, cv=3).fit(X, Y)
    found = [params["svc"] for params in search.cv_results_["params"]]
    assert {id(model) for model in found} == {id(model) for model in models}
    assert search.best_params_["svc"] in models
    assert search.best_estimator_[-1] not in models, "what is fitted is a clone"
    assert not any(hasattr(model, "classes_") for model in models)


# ------------------------------------------------------------------ splits


@pytest.mark.parametrize("cv", [KFold(3, shuffle=True), StratifiedKFold(3, shuffle=True), ShuffleSplit(3)])
@pytest.mark.parametrize("backend", [None, "threading"])
@every_search
def test_an_unseeded_shuffle_gives_all_candidates_the_same_splits(search_class, cv, backend, diary):
    search = make(search_class, Diarist(), {"value": [0, 1, 2, 3]}, cv=cv, refit=False)
    with joblib.parallel_config(backend, n_jobs=2) if backend else contextlib.nullcontext():
        search.fit(ROWS, Y)
    seen = {value: {fit.rows for fit in diary if fit.params["value"] == value} for value in range(4)}
    assert len(seen[0]) == 3
    assert all(splits == seen[0] for splits in seen.values())


@every_search
def test_the_splitter_is_asked_once(search_class):
    class Counting(KFold):
        calls = 0

        def split(self, *args, **kwargs):
            type(self).calls += 1
            return super().split(*args, **kwargs)

    make(search_class, Diarist(), {"value": [0, 1, 2, 3]}, cv=Counting(3)).fit(ROWS, Y)
    assert Counting.calls == 1


# ------------------------------------------------------------------ no point twice


@pytest.mark.parametrize("backend", [None, "threading"])
def test_equal_candidates_of_a_grid_are_fitted_once(backend, diary):
    search = skhpo.GridSearchCV(Diarist(), {"value": [0, 1, 0, 1, 1]}, cv=3)
    with joblib.parallel_config(backend, n_jobs=2) if backend else contextlib.nullcontext():
        search.fit(ROWS, Y)
    assert search.stats()["n_fits"] == 6 == len(diary) - 1
    assert [params["value"] for params in search.cv_results_["params"]] == [0, 1, 0, 1, 1]
    assert search.cv_results_["mean_test_score"].tolist() == [0, 1, 0, 1, 1]
    assert search.cv_results_["rank_test_score"].tolist() == [4, 1, 4, 1, 1]


def test_a_candidate_drawn_again_is_a_row_and_no_fit(diary):
    space = {"value": scipy.stats.randint(0, 3)}
    search = skhpo.RandomSearchCV(Diarist(), space, n_iter=12, cv=3, random_state=0).fit(ROWS, Y)
    values = [params["value"] for params in search.cv_results_["params"]]
    assert len(values) == 12
    assert len(set(values)) == 3
    assert search.stats()["n_fits"] == 9 == len(diary) - 1
    assert search.cv_results_["mean_test_score"].tolist() == values


def test_values_that_are_equal_but_not_the_same_are_all_fitted(diary):
    search = skhpo.GridSearchCV(Diarist(), {"value": [1, 1.0, True]}, cv=3, refit=False).fit(ROWS, Y)
    assert search.stats()["n_fits"] == 9
    assert [type(fit.params["value"]) for fit in diary[::3]] == [int, float, bool]


# ------------------------------------------------------------------ failures


@pytest.mark.parametrize("n_jobs", [1, 2])
@every_search
def test_one_failing_candidate_ends_nothing(search_class, n_jobs):
    estimator = Diarist(fails_at=(2,))
    search = make(search_class, estimator, {"value": [0, 1, 2, 3]}, cv=3, n_jobs=n_jobs)
    with (
        pytest.warns(FitFailedWarning, match="3 fits failed out of a total of 12") as failed,
        pytest.warns(UserWarning, match="One or more of the test scores are non-finite"),
    ):
        search.fit(ROWS, Y)
    assert any("No fit for 2" in str(warning.message) for warning in failed)
    scores = dict(
        zip((p["value"] for p in search.cv_results_["params"]), search.cv_results_["mean_test_score"], strict=True)
    )
    assert np.isnan(scores.pop(2))
    assert scores == {0: 0, 1: 1, 3: 3}
    assert search.best_params_ == {"value": 3}


@pytest.mark.parametrize("error_score", [np.nan, 0.0])
@every_pair
def test_all_failing_is_scikit_learns_error(ours, theirs, error_score):
    def message(search_class):
        search = make(search_class, Diarist(fails_at=(1, 2)), {"value": [1, 2]}, n_iter=2, cv=3)
        with pytest.raises(ValueError, match="All the 6 fits failed") as caught:
            search.set_params(error_score=error_score).fit(ROWS, Y)
        text = re.sub(r'File ".*", line \d+, in \w+', "File", str(caught.value))
        # The frames between are the engine's own.
        return [line for line in text.splitlines() if not line.startswith("    ") and "File" not in line]

    assert message(ours) == message(theirs)


@pytest.mark.parametrize("n_jobs", [1, 2])
@every_search
def test_a_failure_is_raised_on_request(search_class, n_jobs):
    search = make(
        search_class, Diarist(fails_at=(1,)), {"value": [0, 1]}, n_iter=2, cv=3, error_score="raise", n_jobs=n_jobs
    )
    with pytest.raises(RuntimeError, match="No fit for 1"):
        search.fit(ROWS, Y)


@every_search
def test_a_failing_refit_is_raised(search_class):
    search = make(search_class, Diarist(fails_at=(3,)), {"value": [0, 3]}, n_iter=2, cv=3, error_score=9)
    with pytest.warns(FitFailedWarning), pytest.raises(RuntimeError, match="No fit for 3"):
        search.fit(ROWS, Y)


@pytest.mark.parametrize("n_jobs", [1, 2])
@every_search
def test_a_name_that_is_no_parameter_is_met_with_the_nearest(search_class, n_jobs, diary):
    search = make(search_class, make_pipeline(Diarist()), {"diarist__valeu": [1]}, n_iter=1, cv=3, n_jobs=n_jobs)
    with pytest.raises(ValueError, match="diarist__value") as caught:
        search.fit(ROWS, Y)
    assert "diarist__valeu" in str(caught.value)
    assert diary == []


def test_a_grid_of_a_continuum_is_refused():
    with pytest.raises(ValueError, match="RandomSearchCV"):
        skhpo.GridSearchCV(Ridge(), {"alpha": skhpo.Float(0.1, 1.0)}).fit(X, Y)


# ------------------------------------------------------------------ time


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_no_fit_starts_after_the_timeout(n_jobs, diary):
    estimator, timeout = Diarist(seconds=0.02), 0.6
    search = skhpo.RandomSearchCV(
        estimator, {"value": list(range(20_000))}, n_iter=10_000, cv=3, timeout=timeout, random_state=0
    )
    before = time.monotonic()
    with joblib.parallel_config("threading", n_jobs=n_jobs):
        search.fit(ROWS, Y)
    assert search.stats()["stop_reason"] == "timeout"
    *fits, refit = diary
    # A busy machine may pause us between the look at the clock and the fit.
    assert sum(fit.start > before + timeout + 0.1 for fit in fits) == 0
    assert refit.rows == tuple(ROWS.ravel())
    assert_complete(search, n_splits=3)
    assert 1 <= len(search.cv_results_["params"]) <= n_jobs * timeout / 0.02
    assert search.stats()["n_fits"] == len(fits)
    assert search.best_estimator_.value == search.best_params_["value"] == search.best_score_


def assert_complete(search, n_splits):
    """Every row has a score on every split, and every column as many rows."""
    n_rows = len(search.cv_results_["params"])
    assert {len(column) for column in search.cv_results_.values()} == {n_rows}
    for split in range(n_splits):
        assert np.isfinite(search.cv_results_[f"split{split}_test_score"]).all()
    assert min(search.cv_results_["rank_test_score"]) == 1


@every_search
def test_the_clock_decides_which_fits_run(search_class, monkeypatch, diary):
    clock = SimpleNamespace(now=100.0)

    class Slow(Diarist):
        def fit(self, X, y):
            clock.now += 1.0
            return super().fit(X, y)

    fake = SimpleNamespace(monotonic=lambda: clock.now, perf_counter=lambda: clock.now)
    monkeypatch.setattr(skhpo.search.base, "time", fake)
    search = make(search_class, Slow(), {"value": [0, 1, 2, 3]}, cv=2, timeout=5.5).fit(ROWS, Y)
    assert search.stats()["stop_reason"] == "timeout"
    assert len(diary) - 1 == search.stats()["n_fits"] == 6, "the sixth starts at 5 s, the seventh would at 6 s"
    assert len(search.cv_results_["params"]) == 3
    assert search.stats()["search_time"] == 6.0
    assert search.refit_time_ == 1.0


@every_search
def test_only_whole_candidates_become_rows(search_class, monkeypatch):
    clock = SimpleNamespace(now=0.0)

    class Slow(Diarist):
        def fit(self, X, y):
            clock.now += 1.0
            return super().fit(X, y)

    fake = SimpleNamespace(monotonic=lambda: clock.now, perf_counter=time.perf_counter)
    monkeypatch.setattr(skhpo.search.base, "time", fake)
    search = make(search_class, Slow(), {"value": [0, 1, 2, 3]}, cv=2, timeout=4.5).fit(ROWS, Y)
    assert search.stats()["n_fits"] == 5
    assert len(search.cv_results_["params"]) == 2
    assert_complete(search, n_splits=2)


@every_search
def test_a_timeout_too_short_for_one_candidate_returns_what_was_begun(search_class):
    search = make(search_class, Diarist(seconds=0.05), {"value": [0, 1]}, n_iter=2, cv=5, timeout=0.06)
    with pytest.warns(UserWarning, match="No candidate was complete"):
        search.fit(ROWS, Y)
    assert search.cv_results_["status"].tolist() == ["partial"]


@every_search
def test_a_timeout_too_short_for_one_fit_is_an_error(search_class):
    search = make(search_class, Diarist(), {"value": [0, 1]}, n_iter=2, cv=5, timeout=1e-9)
    with pytest.raises(ValueError, match="timeout"):
        search.fit(ROWS, Y)


@every_search
def test_a_timeout_that_is_not_reached_changes_nothing(search_class):
    space = {"n_neighbors": [1, 3, 5, 7]}
    one, other = (
        make(search_class, KNeighborsClassifier(), space, timeout=timeout).fit(X, Y) for timeout in (None, 600)
    )
    assert other.stats()["stop_reason"] == "finished"
    assert one.cv_results_["mean_test_score"].tolist() == other.cv_results_["mean_test_score"].tolist()


# ------------------------------------------------------------------ Ctrl-C


@every_search
def test_an_interrupt_keeps_what_is_finished(search_class, diary):
    search = make(search_class, Diarist(interrupted_at=8), {"value": [0, 1, 2, 3]}, cv=3)
    with pytest.raises(KeyboardInterrupt):
        search.fit(ROWS, Y)
    assert len(diary) == 8
    assert len(search.cv_results_["params"]) == 2
    assert_complete(search, n_splits=3)
    assert search.best_params_ in search.cv_results_["params"]
    assert search.best_score_ == max(search.cv_results_["mean_test_score"])
    assert not hasattr(search, "best_estimator_")
    assert search.stats()["search_time"] > 0
    assert search.stats()["n_fits"] in {7, 8}


@every_search
def test_an_interrupt_before_anything_is_finished_is_only_that(search_class):
    DIARY.clear()
    search = make(search_class, Diarist(interrupted_at=1), {"value": [0, 1, 2, 3]}, cv=3)
    with pytest.raises(KeyboardInterrupt):
        search.fit(ROWS, Y)
    assert not hasattr(search, "cv_results_")


@every_search
def test_an_interrupt_before_a_candidate_is_complete_keeps_its_fits(search_class):
    DIARY.clear()
    search = make(search_class, Diarist(interrupted_at=2), {"value": [0, 1, 2, 3]}, cv=3)
    with pytest.raises(KeyboardInterrupt):
        search.fit(ROWS, Y)
    assert search.cv_results_["status"].tolist() == ["partial"]
    assert np.isfinite([search.cv_results_[f"split{split}_test_score"][0] for split in range(3)]).tolist() == [
        True,
        False,
        False,
    ]


@every_search
def test_an_interrupt_after_failures_only_is_still_an_interrupt(search_class, diary):
    search = make(search_class, Diarist(interrupted_at=8, fails_at=(0, 1, 2, 3)), {"value": [0, 1, 2, 3]}, cv=3)
    with pytest.raises(KeyboardInterrupt):
        fit_quietly(search, ROWS, Y)
    assert len(diary) == 8


@every_search
def test_an_interrupted_fit_leaves_nothing_of_the_one_before(search_class, diary):
    search = make(search_class, Diarist(), {"value": [0, 1, 2, 3]}, cv=3).fit(ROWS, Y)
    search.set_params(estimator__interrupted_at=len(diary) + 5)
    with pytest.raises(KeyboardInterrupt):
        search.fit(ROWS, Y)
    assert len(search.cv_results_["params"]) == 1
    with pytest.raises((AttributeError, NotFittedError)):
        search.predict(ROWS)


# ------------------------------------------------------------------ our own spaces


CONDITIONAL = {
    "kernel": skhpo.Categorical(["linear", "rbf", "poly"]),
    "C": skhpo.Float(1e-2, 1e2, log=True),
    "gamma": skhpo.Float(1e-3, 1e1, log=True, when={"kernel": ["rbf", "poly"]}),
    "degree": skhpo.Int(2, 4, when={"kernel": "poly"}),
}


def test_random_search_in_a_conditional_space():
    search = skhpo.RandomSearchCV(SVC(), CONDITIONAL, n_iter=30, cv=2, random_state=0).fit(X, Y)
    kernels = set()
    for params in search.cv_results_["params"]:
        kernels.add(params["kernel"])
        active = {"kernel", "C"}
        active |= {"gamma"} if params["kernel"] != "linear" else set()
        active |= {"degree"} if params["kernel"] == "poly" else set()
        assert set(params) == active
        assert 1e-2 <= params["C"] <= 1e2
        assert 1e-3 <= params.get("gamma", 1) <= 1e1
        assert params.get("degree", 2) in {2, 3, 4}
    assert kernels == {"linear", "rbf", "poly"}
    gamma = search.cv_results_["param_gamma"]
    assert gamma.mask.tolist() == [params["kernel"] == "linear" for params in search.cv_results_["params"]]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_seed_gives_the_same_candidates_of_our_own_spaces(n_jobs):
    one = skhpo.RandomSearchCV(SVC(), CONDITIONAL, n_iter=8, cv=2, random_state=1).fit(X, Y)
    other = skhpo.RandomSearchCV(SVC(), CONDITIONAL, n_iter=8, cv=2, random_state=1, n_jobs=n_jobs).fit(X, Y)
    assert one.cv_results_["params"] == other.cv_results_["params"]
    assert one.cv_results_["mean_test_score"].tolist() == other.cv_results_["mean_test_score"].tolist()
    more = skhpo.RandomSearchCV(SVC(), CONDITIONAL, n_iter=12, cv=2, random_state=1).fit(X, Y)
    assert more.cv_results_["params"][:8] == one.cv_results_["params"], "a longer search goes on with the same"


def test_grid_search_over_integers_and_categories():
    space = {
        "weights": skhpo.Categorical(["uniform", "distance"]),
        "p": skhpo.Int(1, 3, when={"weights": "distance"}),
        "n_neighbors": [1, 5],
    }
    search = skhpo.GridSearchCV(KNeighborsClassifier(), space, cv=2).fit(X, Y)
    found = [tuple(params.get(name) for name in space) for params in search.cv_results_["params"]]
    expected = [("uniform", None, 1), ("uniform", None, 5)]
    expected += [("distance", p, n) for p in (1, 2, 3) for n in (1, 5)]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert search.stats()["n_fits"] == 8, "both n_neighbors share a fit per split"


def test_a_finite_space_of_ours_that_is_smaller_than_n_iter():
    search = skhpo.RandomSearchCV(Diarist(), {"value": skhpo.Int(0, 4)}, n_iter=9, cv=2, random_state=0)
    with pytest.warns(UserWarning, match="total space of parameters 5 is smaller than n_iter=9"):
        search.fit(ROWS, Y)
    assert sorted(params["value"] for params in search.cv_results_["params"]) == [0, 1, 2, 3, 4]
    assert search.stats()["stop_reason"] in {"finished", "exhausted"}


def test_random_draws_of_our_own_spaces_do_not_repeat(diary):
    space = {"value": skhpo.Int(1, 20)}
    search = skhpo.RandomSearchCV(Diarist(), space, n_iter=19, cv=2, random_state=0).fit(ROWS, Y)
    assert len({params["value"] for params in search.cv_results_["params"]}) == 19
    assert search.stats()["n_fits"] == 38 == len(diary) - 1


# ------------------------------------------------------------------ nested use


@every_search
def test_a_search_in_a_pipeline_and_a_pipeline_in_a_search(search_class):
    inner = make(search_class, make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1.0]}, n_iter=2, cv=2)
    outer = make_pipeline(StandardScaler(), inner).fit(X, Y)
    assert outer.score(X, Y) > 0.8
    assert outer.predict(X).shape == (N_ROWS,)
    assert list(outer.classes_) == [0, 1, 2]


@pytest.mark.parametrize("n_jobs", [1, 2])
@every_search
def test_a_search_within_a_search(search_class, n_jobs):
    inner = make(search_class, SVC(), {"C": [0.1, 1.0, 10.0]}, n_iter=3, cv=2, n_jobs=n_jobs)
    outer = make(search_class, inner, {"estimator__kernel": ["linear", "rbf"]}, n_iter=2, cv=2, n_jobs=n_jobs)
    outer.fit(X, Y)
    assert outer.best_estimator_.best_params_["C"] in {0.1, 1.0, 10.0}
    assert outer.best_estimator_.best_estimator_.kernel == outer.best_params_["estimator__kernel"]
    assert outer.stats()["n_fits"] == 4


@pytest.mark.parametrize("n_jobs", [1, 2])
@every_pair
def test_a_search_in_cross_validation(ours, theirs, n_jobs):
    one, other = (
        cross_val_score(make(c, SVC(), {"C": [0.1, 1.0, 10.0]}, n_iter=3, cv=2), X, Y, cv=2, n_jobs=n_jobs)
        for c in (ours, theirs)
    )
    assert one.tolist() == other.tolist()


@every_search
def test_the_searches_of_a_cross_validation(search_class):
    search = make(search_class, SVC(), {"C": [0.1, 1.0, 10.0]}, n_iter=3, cv=2)
    found = cross_validate(search, X, Y, cv=2, return_estimator=True)
    assert [each.stats()["n_fits"] for each in found["estimator"]] == [6, 6]


# ------------------------------------------------------------------ pickling, cloning, showing


def dumped(search):
    file = io.BytesIO()
    joblib.dump(search, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("copy", [lambda search: pickle.loads(pickle.dumps(search)), dumped], ids=["pickle", "joblib"])  # noqa: S301
@every_search
def test_pickling(search_class, copy):
    search = make(search_class, SVC(), {"C": [0.1, 1.0]}, n_iter=2, cv=2, timeout=60)
    again = copy(search)
    assert again.get_params()["timeout"] == 60
    with pytest.raises(NotFittedError):
        again.predict(X)
    again = copy(search.fit(X, Y))
    assert again.predict(X).tolist() == search.predict(X).tolist()
    assert again.best_params_ == search.best_params_
    assert again.stats()["n_fits"] == search.stats()["n_fits"]
    assert again.fit(X, Y).best_score_ == search.best_score_


def test_pickling_a_search_of_our_own_space():
    search = skhpo.RandomSearchCV(SVC(), CONDITIONAL, n_iter=4, cv=2, random_state=0).fit(X, Y)
    again = pickle.loads(pickle.dumps(search))  # noqa: S301
    assert again.best_params_ == search.best_params_
    assert again.param_distributions == CONDITIONAL
    assert again.fit(X, Y).best_params_ == search.best_params_


@every_search
def test_a_clone_is_unfitted_and_equal(search_class):
    search = make(search_class, SVC(), {"C": [0.1, 1.0]}, n_iter=2, cv=2, timeout=60).fit(X, Y)
    again = clone(search)
    assert not [name for name in vars(again) if name.endswith("_")]
    assert repr(again) == repr(search)
    assert again.fit(X, Y).best_score_ == search.best_score_


@every_search
def test_html(search_class):
    search = make(search_class, Ridge(), {"alpha": [0.1, 1.0]}, n_iter=2, cv=2)
    before = search._repr_html_()
    assert "estimator: Ridge" in before
    assert "best_estimator_: Ridge" not in before
    after = search.fit(X, Y)._repr_html_()
    assert "best_estimator_: Ridge" in after
    assert search_class.__name__ in after


@every_search
def test_repr_shows_what_was_changed(search_class):
    text = repr(make(search_class, Ridge(), {"alpha": [1]}, timeout=5))
    assert "timeout=5" in text
    assert "refit" not in text


@pytest.mark.parametrize("estimator", [SVC(), Ridge(), KMeans(), StandardScaler(), SVC(kernel="precomputed")])
@every_pair
def test_tags_are_the_estimators(ours, theirs, estimator):
    one, other = (make(c, estimator, {}) for c in (ours, theirs))
    for question in (is_classifier, is_regressor, is_clusterer):
        assert question(one) == question(other) == question(estimator)
    assert repr(one.__sklearn_tags__()) == repr(other.__sklearn_tags__())


@pytest.mark.parametrize("refit", [True, False])
@every_pair
def test_methods_are_there_where_the_estimator_has_them(ours, theirs, refit):
    names = ["predict", "predict_proba", "predict_log_proba", "decision_function", "score_samples", "transform"]
    names += ["inverse_transform", "classes_", "n_features_in_", "feature_names_in_", "fit_predict", "fit_transform"]
    for estimator in (SVC(), LogisticRegression(), StandardScaler(), KMeans(n_init=1)):
        one, other = (make(c, estimator, {}, n_iter=1, refit=refit, cv=2) for c in (ours, theirs))
        for is_fitted in (False, True):
            if is_fitted and hasattr(estimator, "score"):
                fit_quietly(one, X, Y)
                fit_quietly(other, X, Y)
            for name in names:
                assert hasattr(one, name) == hasattr(other, name), (estimator, name)


# ------------------------------------------------------------------ kinds of data


@every_search
def test_pandas(search_class):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"), index=range(100, 100 + N_ROWS))
    target = pandas.Series(Y, index=frame.index)
    search = make(search_class, SVC(), {"C": [0.1, 1.0]}, n_iter=2, cv=2).fit(frame, target)
    assert search.feature_names_in_.tolist() == list("abcd")
    assert search.n_features_in_ == 4
    assert search.predict(frame).tolist() == search.best_estimator_.predict(frame).tolist()
    assert not hasattr(
        make(search_class, SVC(), {"C": [1.0]}, n_iter=1, refit=False).fit(frame, Y), "feature_names_in_"
    )


@pytest.mark.parametrize("n_jobs", [1, 2])
@every_pair
def test_polars(ours, theirs, n_jobs):
    polars = pytest.importorskip("polars")
    frame, target = polars.DataFrame(X, schema=list("abcd")), polars.Series(Y)
    one, other = (
        make(c, SVC(), {"C": [0.1, 1.0]}, n_iter=2, cv=2, n_jobs=n_jobs).fit(frame, target) for c in (ours, theirs)
    )
    assert one.cv_results_["mean_test_score"].tolist() == other.cv_results_["mean_test_score"].tolist()
    # scikit-learn 1.6 does not learn the names of polars' columns.
    names = [getattr(each, "feature_names_in_", np.array([])).tolist() for each in (one, other)]
    assert names[0] == names[1]
    assert names[0] in ([], list("abcd"))


@pytest.mark.parametrize("container", [scipy.sparse.csr_matrix, scipy.sparse.csr_array, scipy.sparse.csc_matrix])
@pytest.mark.parametrize("n_jobs", [1, 2])
@every_search
def test_sparse(search_class, container, n_jobs):
    search = make(search_class, SVC(kernel="linear"), {"C": [0.1, 1.0]}, n_iter=2, cv=2, n_jobs=n_jobs)
    dense = clone(search).fit(X, Y).cv_results_["mean_test_score"].tolist()
    assert search.fit(container(X), Y).cv_results_["mean_test_score"].tolist() == dense


# ------------------------------------------------------------------ metadata

WEIGHTS = np.random.RandomState(0).uniform(0.1, 3, size=N_ROWS)
GROUPS = np.arange(N_ROWS) % 5


def accuracy_of(pair, *, estimator, cv=3, scoring=None, n_jobs=None, **params):
    """Scores of our class and of scikit-learn's."""
    one, other = (
        fit_quietly(
            make(c, estimator, {"C": [0.01, 1.0]}, n_iter=2, cv=cv, scoring=scoring, n_jobs=n_jobs), X, Y, **params
        )
        for c in pair
    )
    assert one.cv_results_["mean_test_score"].tolist() == other.cv_results_["mean_test_score"].tolist()
    assert one.best_estimator_.coef_.tolist() == other.best_estimator_.coef_.tolist()
    return one.cv_results_["mean_test_score"].tolist()


@pytest.mark.parametrize("n_jobs", slow_but({None}, [None, 2]))
@pytest.mark.parametrize("pair", PAIRS, ids=["grid", "random"])
def test_weights_and_groups_without_routing(pair, n_jobs):
    estimator = LogisticRegression(max_iter=1000)
    plain = accuracy_of(pair, estimator=estimator, scoring="neg_log_loss")
    weighted = accuracy_of(pair, estimator=estimator, scoring="neg_log_loss", sample_weight=WEIGHTS, n_jobs=n_jobs)
    grouped = accuracy_of(pair, estimator=estimator, cv=LeaveOneGroupOut(), groups=GROUPS, n_jobs=n_jobs)
    assert plain != weighted
    assert len(grouped) == 2


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("pair", PAIRS, ids=["grid", "random"])
def test_weights_and_groups_with_routing(pair, n_jobs):
    with sklearn.config_context(enable_metadata_routing=True):
        estimator = LogisticRegression(max_iter=1000).set_fit_request(sample_weight=True)
        scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=True)
        both = {"sample_weight": WEIGHTS, "groups": GROUPS}
        scores = accuracy_of(pair, estimator=estimator, scoring=scorer, cv=GroupKFold(3), n_jobs=n_jobs, **both)
        scorer = get_scorer("neg_log_loss").set_score_request(sample_weight=False)
        unweighted = accuracy_of(pair, estimator=estimator, scoring=scorer, cv=GroupKFold(3), **both)
        assert scores != unweighted


@every_search
def test_what_nobody_asked_for_is_refused_with_routing(search_class):
    search = make(search_class, LogisticRegression(), {"C": [1.0]}, n_iter=1)
    with (
        sklearn.config_context(enable_metadata_routing=True),
        pytest.raises(ValueError, match=r"sample_weight.* are passed but are not explicitly set as requested"),
    ):
        search.fit(X, Y, sample_weight=WEIGHTS)


@every_search
def test_a_parameter_of_the_wrong_length_is_passed_as_it_is(search_class):
    class Takes(Diarist):
        def fit(self, X, y, other=None):
            assert other == [1, 2]
            return super().fit(X, y)

    make(search_class, Takes(), {"value": [1]}, n_iter=1, cv=2).fit(ROWS, Y, other=[1, 2])


@every_search
def test_score_uses_the_search_scoring(search_class):
    def half(estimator, X, y):
        return estimator.score(X, y) / 2

    search = make(search_class, SVC(), {"C": [1.0]}, n_iter=1, scoring=half).fit(X, Y)
    assert search.score(X, Y) == search.best_estimator_.score(X, Y) / 2
    several = {"one": make_scorer(lambda _y, _p: 0.25), "two": "accuracy"}
    search = make(search_class, SVC(), {"C": [1.0]}, n_iter=1, scoring=several, refit="one").fit(X, Y)
    assert search.score(X, Y) == 0.25


# ------------------------------------------------------------------ what is printed, and how fits are dispatched


@pytest.mark.parametrize("verbose", slow_but({0, 2, 3, 11}, [0, 1, 2, 3, 4, 10, 11]))
@every_pair
def test_printed_lines_are_scikit_learns(ours, theirs, verbose, capsys):
    def lines(search_class, **more):
        search = make(search_class, SVC(), {"C": [0.1, 1.0], "kernel": ["linear", "rbf"]}, cv=2, verbose=verbose)
        search.set_params(**more).fit(X, Y)
        out, err = capsys.readouterr()
        assert err == ""
        return re.sub(r"total time= *[\d.]+(s|min)", "total time=", out).splitlines()

    assert len(lines(ours)) == [0, 1, 9, 9, 9, 17, 17][[0, 1, 2, 3, 4, 10, 11].index(verbose)]
    several = {"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"}
    for more in ({}, {"return_train_score": True}, several):
        assert lines(ours, **more) == lines(theirs, **more)


@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("pre_dispatch", ["all", 1, 3, "n_jobs", "2*n_jobs", "n_jobs + 1"])
def test_pre_dispatch(pre_dispatch, backend):
    search = skhpo.GridSearchCV(
        KNeighborsClassifier(), {"n_neighbors": [1, 3, 5, 7]}, cv=3, n_jobs=2, pre_dispatch=pre_dispatch
    )
    with joblib.parallel_config(backend):
        search.fit(X, Y)
    serial = search.set_params(n_jobs=1).cv_results_["mean_test_score"].tolist()
    assert search.fit(X, Y).cv_results_["mean_test_score"].tolist() == serial


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_n_jobs_and_the_context(n_jobs, diary):
    search = skhpo.GridSearchCV(Diarist(), {"value": [0, 1, 2]}, cv=2, n_jobs=n_jobs)
    with joblib.parallel_config("threading", n_jobs=2):
        search.fit(ROWS, Y)
    assert len(diary) == 7
    assert search.best_params_ == {"value": 2}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_unpicklable_is_no_obstacle_where_nothing_is_pickled(n_jobs):
    class Local(Diarist):
        lock = io.StringIO()

    search = skhpo.GridSearchCV(Local(), {"value": [0, 1]}, cv=2, n_jobs=n_jobs)
    with joblib.parallel_config("threading"):
        assert search.fit(ROWS, Y).best_params_ == {"value": 1}
