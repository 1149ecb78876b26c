"""The same search, whatever runs it: backends and numbers of workers change how long it takes and nothing else."""

import random
import time
from functools import cache

import numpy as np
import pytest
from joblib import parallel_config
from quick import slow_but
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.svm import SVC

import skhpo
from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV

X, Y = load_iris(return_X_y=True)
SPACE = {"C": Float(1e-2, 1e2, log=True), "kernel": Categorical(["linear", "rbf", "wrong"])}

# Each a class, a space, and what else makes its candidates: a new class joins with a line.
SEARCHES = {
    "grid": (GridSearchCV, {"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf", "wrong"]}, {}),
    "random": (RandomSearchCV, SPACE, {"n_iter": 9, "random_state": 0}),
    "random, scipy": (RandomSearchCV, {"C": loguniform(1e-2, 1e2)}, {"n_iter": 9, "random_state": 0}),
    "bayes, one by one": (BayesSearchCV, SPACE, {"n_iter": 9, "random_state": 0, "look_back": 1}),
    "bayes": (BayesSearchCV, SPACE, {"n_iter": 9, "random_state": 0, "look_back": 3}),
    "grid, racing": (GridSearchCV, {"C": list(np.logspace(-3, 3, 12))}, {"racing": True, "look_back": 4}),
    "random, racing": (RandomSearchCV, SPACE, {"n_iter": 12, "random_state": 0, "racing": True, "look_back": 4}),
    "bayes, racing": (BayesSearchCV, SPACE, {"n_iter": 12, "random_state": 0, "racing": True, "look_back": 4}),
    "halving": (
        SuccessiveHalvingCV,
        SPACE,
        {"n_candidates": 9, "min_resources": 40, "random_state": 0, "look_back": 3},
    ),
    "halving, racing": (
        SuccessiveHalvingCV,
        SPACE,
        {"n_candidates": 12, "min_resources": 40, "random_state": 0, "look_back": 4, "racing": True},
    ),
    "asha": (
        SuccessiveHalvingCV,
        SPACE,
        {"n_candidates": 9, "min_resources": 40, "random_state": 0, "look_back": 3, "asynchronous": True},
    ),
}
every_search = pytest.mark.parametrize("kind", SEARCHES)


class Unpunctual(ClassifierMixin, BaseEstimator):
    """Takes its time, another one at each fit, so that fits finish in another order in each run."""

    def __init__(self, C=1.0, kernel="rbf"):
        self.C, self.kernel = C, kernel

    def fit(self, X, y):
        time.sleep(random.SystemRandom().random() / 50)
        if self.kernel == "wrong":
            raise ValueError("There is no such kernel.")
        self.model_ = SVC(C=self.C, kernel=self.kernel).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


def run(kind, backend, n_jobs):
    cls, space, more = SEARCHES[kind]
    with parallel_config(backend=backend, n_jobs=n_jobs):
        search = cls(Unpunctual(), space, cv=3, return_train_score=True, **more)
        return search.fit(X, Y)


@cache
def alone(kind):
    """Return the search without any pool."""
    return run(kind, "sequential", 1)


def assert_same(search, kind):
    expected = alone(kind)
    assert search.cv_results_["params"] == expected.cv_results_["params"]
    assert search.best_params_ == expected.best_params_
    assert list(search.cv_results_) == list(expected.cv_results_)
    for key, column in expected.cv_results_.items():
        if "time" not in key:
            np.testing.assert_array_equal(search.cv_results_[key], column, err_msg=key)


pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:One or more of the .* scores are non-finite:UserWarning"),
]


def test_every_public_class_is_here():
    public = {name for name in skhpo.__all__ if name.endswith("CV")} - {"SearchCV", "GradientSearchCV"}
    assert {cls.__name__ for cls, _, _ in SEARCHES.values()} == public


@every_search
@pytest.mark.parametrize("n_jobs", slow_but({2}, [1, 2, 3]))
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_on_this_machine(backend, n_jobs, kind):
    assert_same(run(kind, backend, n_jobs), kind)


# ------------------------------------------------------------------ clusters


@pytest.fixture(scope="module", params=[1, 3])
def dask_workers(request):
    """A cluster of so many processes."""
    distributed = pytest.importorskip("distributed")
    options = {"processes": True, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with (
        distributed.LocalCluster(n_workers=request.param, **options) as cluster,
        distributed.Client(cluster),
    ):
        yield request.param


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.filterwarnings("default")  # Dask's own, on closing what it opened
@every_search
def test_on_dask(dask_workers, kind):
    assert_same(run(kind, "dask", dask_workers), kind)


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.filterwarnings("default")  # Ray's own
@every_search
def test_on_ray(ray_of_two, kind):
    assert_same(run(kind, "ray", 2), kind)
