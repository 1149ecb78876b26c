"""What a Ray cluster does in the middle of a search."""

import itertools
import os
import sys
import threading
import time
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from skhpo import Float, GridSearchCV, RandomSearchCV
from skhpo.executors import make_executor
from skhpo.executors.ray import RayExecutor
from skhpo.executors.serial import SerialExecutor
from skhpo.history import Outcome

ray = pytest.importorskip("ray")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.cluster,
    pytest.mark.filterwarnings("default"),  # Ray's own
]

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.repeat([0, 1], 30)
QUALITY = {"quality": Float(0, 1)}


class Sleeper(ClassifierMixin, BaseEstimator):
    """Sleeps in its fit, or does harm."""

    def __init__(self, quality=0.5, seconds=0.05, harm=None, log=None):
        self.quality, self.seconds, self.harm, self.log = quality, seconds, harm, log

    def fit(self, X, y):
        if self.log is not None:
            with Path(self.log).open("a") as file:
                file.write(f"{os.getpid()}\n")
        if self.harm == "kill":
            os._exit(1)
        if self.harm == "leave":
            raise SystemExit(3)
        if self.harm == "warn":
            warnings.warn(f"It has not converged: {self.quality}", UserWarning, stacklevel=1)
        time.sleep(self.seconds)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


@pytest.fixture
def two_places(ray_of_two):
    with joblib.parallel_config("ray"):
        yield


def run(task):
    return Outcome(task.trial.number, task.split, 0.0)


def test_without_a_number_all_places_are_used(two_places):
    with make_executor(run) as executor:
        assert isinstance(executor, RayExecutor)
        assert executor.n_workers == 2
    with make_executor(run, 1) as executor:
        assert isinstance(executor, SerialExecutor)
    with joblib.parallel_config("ray", n_jobs=1), make_executor(run) as executor:
        assert isinstance(executor, SerialExecutor)
    search = RandomSearchCV(Sleeper(), QUALITY, n_iter=4, refit=False).fit(X, Y)
    assert search.stats()["n_workers"] == 2


def test_a_candidate_that_kills_costs_itself_and_few_workers(two_places, tmp_path):
    log = tmp_path / "log"
    grid = [{"quality": [0.1, 0.2]}, {"harm": ["kill"], "log": [str(log)]}, {"quality": [0.5, 0.6]}]
    search = GridSearchCV(Sleeper(), grid, cv=5, refit=False).fit(X, Y)
    assert list(np.flatnonzero(np.isnan(search.cv_results_["mean_test_score"]))) == [2]
    assert len(log.read_text().split()) <= 5


def test_a_fit_that_asks_to_leave_has_failed(two_places):
    search = GridSearchCV(Sleeper(), {"harm": ["leave", None]}, cv=3, refit=False).fit(X, Y)
    assert list(np.isnan(search.cv_results_["mean_test_score"])) == [True, False]


def test_fits_that_have_not_begun_are_dropped_and_those_that_run_go_on(two_places, make_task, tmp_path):
    log = tmp_path / "log"

    def slow(task):
        with log.open("a") as file:
            file.write("begun\n")
        time.sleep(3.0)
        return run(task)

    with make_executor(slow) as executor:
        for number in range(3):
            executor.submit(make_task(number))
        executor.wait(0.0)
        while not log.exists() or len(log.read_text().split()) < 2:
            time.sleep(0.05)
        executor.cancel()
        numbers = set()
        while (outcome := executor.wait()) is not None:
            numbers.add(outcome.number)
    assert numbers == {0, 1}


def test_all_workers_killed_at_once_cost_what_ran(two_places, tmp_path):
    log = tmp_path / "log"

    def kill_all():
        while not log.exists() or len(log.read_text().split()) < 6:
            time.sleep(0.05)
        for pid in set(log.read_text().split()):
            os.kill(int(pid), 9)

    thread = threading.Thread(target=kill_all)
    thread.start()
    search = RandomSearchCV(Sleeper(seconds=0.5, log=str(log)), QUALITY, n_iter=8, cv=2, refit=False).fit(X, Y)
    thread.join()
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert len(log.read_text().split()) <= 16 + 3


def test_ray_that_is_shut_down_ends_the_search_with_what_there_is(two_places, tmp_path, monkeypatch):
    wait, calls = RayExecutor.wait, itertools.count()

    def wait_or_shut_down(executor, *args, **kwargs):
        if next(calls) == 20:
            ray.shutdown()
        return wait(executor, *args, **kwargs)

    # Not by another thread while this one waits: of 13 such runs on a busy machine, Ray ended the process in one.
    monkeypatch.setattr(RayExecutor, "wait", wait_or_shut_down)
    search = RandomSearchCV(Sleeper(), QUALITY, n_iter=60, cv=2, refit=False, checkpoint=tmp_path / "search.db")
    with pytest.warns(RuntimeWarning, match=r"Ray was shut down, .* With checkpoint= the search can be continued"):
        search.fit(X, Y)
    assert not ray.is_initialized(), "and not started anew"
    assert search.stats()["stop_reason"] == "workers"
    assert 1 <= len(search.cv_results_["params"]) < 60


def test_the_places_of_a_cluster_that_grows_are_counted(make_task, monkeypatch):
    from ray.cluster_utils import Cluster
    from ray.util.joblib import register_ray

    register_ray()
    ray.shutdown()  # what others have left
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # of this file and of skhpo, where it is not installed
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    try:
        ray.init(address=cluster.address, log_to_driver=False)
        with joblib.parallel_config("ray"), make_executor(run) as executor:
            assert executor.n_workers == 1
            cluster.add_node(num_cpus=3)
            deadline = time.monotonic() + 60
            while executor.n_workers == 1 and time.monotonic() < deadline:
                executor.submit(make_task(0))
                executor.wait()
            assert executor.n_workers == 4
    finally:
        ray.shutdown()
        cluster.shutdown()
