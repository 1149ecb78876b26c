"""What a Dask cluster does in the middle of a search; most clusters here are threads of this process."""

import gc
import os
import signal
import threading
import time
import uuid
import warnings
import weakref
from pathlib import Path
from typing import ClassVar

import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin

from skhpo import BayesSearchCV, Float, GridSearchCV, RandomSearchCV
from skhpo.executors import make_executor, trouble
from skhpo.executors.dask import DaskExecutor
from skhpo.history import Outcome

distributed = pytest.importorskip("distributed")
config = pytest.importorskip("dask.config")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.cluster,
    pytest.mark.filterwarnings("default"),  # Dask's own, on closing what it opened
]

X = np.random.default_rng(0).normal(size=(60, 3))
Y = np.repeat([0, 1], 30)
QUALITY = {"quality": Float(0, 1)}
N_KILLS = int(os.environ.get("SKHPO_N_KILLS", "1"))
"""Runs of each kind with a candidate that kills its workers."""


class Sleeper(ClassifierMixin, BaseEstimator):
    """Sleeps in its fit, or does harm."""

    def __init__(self, quality=0.5, seconds=0.05, harm=None):
        self.quality, self.seconds, self.harm = quality, seconds, harm

    def fit(self, X, y):
        if self.harm is not None:
            self.harm()
        time.sleep(self.seconds)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def exit_at_once():
    os._exit(1)


def exit_after_a_second():
    time.sleep(1.0)
    os._exit(1)


def leave():
    raise SystemExit(3)


def cluster_of(n_workers, n_threads=1, *, processes=False):
    return distributed.LocalCluster(
        n_workers=n_workers,
        threads_per_worker=n_threads,
        processes=processes,
        dashboard_address=None,
        silence_logs=50,
    )


@pytest.fixture
def client():
    """Two workers of one thread, in this process; after a restart the cluster soon misses and replaces them."""
    with (
        config.set({"distributed.deploy.lost-worker-timeout": "500ms"}),
        cluster_of(2) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        yield client


def at_fit(number, action):
    """An estimator's harm: an action in the caller's own process, once, at the n-th fit."""
    n_begun, lock = [0], threading.Lock()

    def harm():
        with lock:
            n_begun[0] += 1
            if n_begun[0] == number:
                THREADS.append(threading.Thread(target=action, daemon=True))
                THREADS[-1].start()

    HARMS[id(harm)] = harm
    return Harm(id(harm))


HARMS, THREADS = {}, []


class Harm:
    """One of ``HARMS``, by name: it is not to be pickled."""

    def __init__(self, name):
        self.name = name

    def __call__(self):
        HARMS[self.name]()


def warned_of(search):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, Y)
    for thread in THREADS:
        thread.join(60)
    return [warning for warning in caught if warning.filename == __file__]


# ------------------------------------------------------------------ candidates that kill


@pytest.fixture(scope="module", params=[2, 4])
def processes(request):
    """A cluster of so many processes, which replaces those that are killed."""
    with cluster_of(request.param, processes=True) as cluster:
        yield cluster


@pytest.mark.parametrize("run", range(N_KILLS))
@pytest.mark.parametrize("harm", [exit_at_once, exit_after_a_second])
def test_a_candidate_that_kills_costs_itself_only(processes, harm, run):
    grid = [{"quality": [0.1, 0.2, 0.3, 0.4]}, {"harm": [harm]}, {"quality": [0.5, 0.6, 0.7, 0.8, 0.9]}]
    with distributed.Client(processes) as client, joblib.parallel_config("dask"):
        client.wait_for_workers(len(processes.workers), timeout=60)  # those that another test has killed are back
        search = GridSearchCV(Sleeper(), grid, cv=5, refit=False, timeout=500).fit(X, Y)
    assert search.stats()["stop_reason"] == "finished"
    assert list(np.flatnonzero(np.isnan(search.cv_results_["mean_test_score"]))) == [4]
    assert search.stats()["n_fits"] == 50


def test_a_fit_that_asks_to_leave_has_failed(client):
    search = GridSearchCV(Sleeper(), {"harm": [leave, None]}, cv=3, refit=False).fit(X, Y)
    assert list(np.isnan(search.cv_results_["mean_test_score"])) == [True, False]


# ------------------------------------------------------------------ clusters without workers


@pytest.mark.parametrize("n_workers", [1, 2])
def test_without_workers_the_timeout_is_kept(n_workers):
    with cluster_of(n_workers) as cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        harm = at_fit(9, lambda: cluster.scale(0))
        search = RandomSearchCV(Sleeper(harm=harm), QUALITY, n_iter=200, cv=2, timeout=8, random_state=0, refit=False)
        search.fit(X, Y)
    assert search.stats()["stop_reason"] == "timeout"
    assert 8 <= search.stats()["search_time"] < 20


def test_a_cluster_without_workers_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(trouble, "PATIENCE_SECONDS", 3.0)
    monkeypatch.setattr(trouble, "_SILENT_SECONDS", 1.0)
    with cluster_of(2) as cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        harm = at_fit(9, lambda: cluster.scale(0))
        search = RandomSearchCV(Sleeper(harm=harm), QUALITY, n_iter=200, cv=2, random_state=0, refit=False)
        first, last = warned_of(search)
    assert str(first.message) == "The Dask cluster has no workers. The search waits, for at most 3 seconds."
    assert str(last.message).startswith("The Dask cluster has no workers, for 3 seconds. With checkpoint= the search")
    assert {first.filename, last.filename} == {__file__}, "the user's line"
    assert search.stats()["stop_reason"] == "workers"
    assert 1 <= len(search.cv_results_["params"]) < 200
    assert "all workers were lost" in str(search.report())


def test_workers_that_come_back_are_used():
    with cluster_of(2) as cluster, distributed.Client(cluster), joblib.parallel_config("dask"):

        def leave_and_come_back():
            cluster.scale(0)
            while cluster.scheduler_info["workers"]:
                time.sleep(0.05)
            cluster.scale(2)

        harm = at_fit(9, leave_and_come_back)
        search = RandomSearchCV(Sleeper(harm=harm), QUALITY, n_iter=30, cv=2, random_state=0, refit=False)
        search.fit(X, Y)
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert search.stats()["stop_reason"] == "finished"


# ------------------------------------------------------------------ data that cannot be sent


@pytest.mark.parametrize("error", [ValueError("Can not use replicate to delete data"), KeyError("a"), OSError("gone")])
def test_an_error_while_data_are_sent_again_is_tried_again(client, monkeypatch, error):
    scatter, n_calls = client.scatter, [0]

    def moody(*args, **kwargs):
        n_calls[0] += 1
        if n_calls[0] in {1, 2, 4}:
            raise error
        return scatter(*args, **kwargs)

    monkeypatch.setattr(client, "scatter", moody)
    harm = at_fit(9, client.restart)
    search = RandomSearchCV(Sleeper(harm=harm), QUALITY, n_iter=20, cv=2, random_state=0, refit=False).fit(X, Y)
    assert n_calls[0] >= 5
    assert search.stats()["n_fits"] == 40
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()


def test_data_that_were_lost_while_they_were_sent_are_sent_again(client, monkeypatch):
    """The client learns of the loss before it has the future, which then says that it is finished."""
    scatter, n_calls = client.scatter, [0]

    def late(*args, **kwargs):
        n_calls[0] += 1
        if n_calls[0] in {2, 3}:
            lost = distributed.Future(f"Content-{n_calls[0]}", client)
            client.futures[lost.key].finish()
            return [lost]
        return scatter(*args, **kwargs)

    monkeypatch.setattr(client, "scatter", late)
    harm = at_fit(9, client.restart)
    search = RandomSearchCV(Sleeper(harm=harm), QUALITY, n_iter=20, cv=2, random_state=0, refit=False).fit(X, Y)
    assert n_calls[0] >= 4
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()


# ------------------------------------------------------------------ all workers at once


class Counted(Sleeper):
    """Notes how many fits have begun, in files."""

    def __init__(self, quality=0.5, seconds=0.05, harm=None, folder=None):
        super().__init__(quality, seconds, harm)
        self.folder = folder

    def fit(self, X, y):
        Path(self.folder, uuid.uuid4().hex).touch()
        return super().fit(X, y)


@pytest.mark.parametrize(("n_workers", "n_threads"), [(1, 8), (2, 4)])
def test_a_restart_costs_what_ran(n_workers, n_threads, tmp_path):
    with (
        cluster_of(n_workers, n_threads, processes=True) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        client.wait_for_workers(n_workers)
        restarted = []

        def restart():
            while len(list(tmp_path.iterdir())) < 20:
                time.sleep(0.05)
            client.restart()
            restarted.append(time.time())

        thread = threading.Thread(target=restart)
        thread.start()
        estimator = Counted(0.5, 1.0, folder=str(tmp_path))
        search = RandomSearchCV(estimator, QUALITY, n_iter=20, cv=2, random_state=0, refit=False)
        search.fit(X, Y)
        thread.join()
    assert not np.isnan(search.cv_results_["mean_test_score"]).any()
    assert len(list(tmp_path.iterdir())) <= 40 + 16, "what ran and what was about to"
    later = [outcome for outcome in outcomes_of(search) if outcome.started > restarted[0]]
    assert len(later) >= 20
    alone = [
        one
        for one in later
        if not any(
            other is not one
            and other.started < one.started + one.fit_time
            and one.started < other.started + other.fit_time
            for other in later
        )
    ]
    assert len(alone) <= 2, "at most one is suspected, and the last may be left over"


def outcomes_of(search):
    history = search._history
    return [outcome for trial in history.trials for outcome in history.outcomes(trial.number).values()]


# ------------------------------------------------------------------ clusters that go


@pytest.mark.parametrize("what", ["client", "cluster"])
def test_a_cluster_that_is_closed_ends_the_search_with_what_there_is(what, tmp_path):
    path = tmp_path / "search.db"
    with cluster_of(2) as cluster, distributed.Client(cluster) as client, joblib.parallel_config("dask"):
        harm = at_fit(30, {"client": client, "cluster": cluster}[what].close)
        search = RandomSearchCV(
            Sleeper(harm=harm), QUALITY, n_iter=100, cv=2, random_state=0, refit=False, checkpoint=path
        )
        (warning,) = warned_of(search)
    assert "was closed. With checkpoint= the search can be continued" in str(warning.message)
    assert warning.filename == __file__
    assert search.stats()["stop_reason"] == "workers"
    n_done = len(search.cv_results_["params"])
    assert 1 <= n_done < 100
    again = RandomSearchCV(
        Sleeper(harm=harm), QUALITY, n_iter=100, cv=2, random_state=0, refit=False, checkpoint=path, timeout=60
    )
    again.fit(X, Y)
    earlier = search.cv_results_["params"]  # a candidate in between may have been incomplete
    assert [params for params in again.cv_results_["params"] if params in earlier] == earlier


# ------------------------------------------------------------------ clusters that grow


def test_a_cluster_that_grows_is_used_counted_and_told_of():
    with cluster_of(1) as cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        harm = at_fit(5, lambda: cluster.scale(8))
        search = BayesSearchCV(Sleeper(0.5, 0.2, harm), QUALITY, n_iter=40, cv=2, random_state=0, refit=False)
        (warning,) = warned_of(search)
        stats = search.stats()
        free = RandomSearchCV(Sleeper(0.5, 0.2), QUALITY, n_iter=8, cv=2, random_state=0, refit=False)
        assert warned_of(free) == []
    assert stats["n_workers"] > 4
    assert stats["search_time"] < stats["worker_time"] < stats["n_workers"] * stats["search_time"]
    assert "up to" in str(search.report())
    assert "workers now, and this search began on fewer" in str(warning.message)
    assert "look_back=" in str(warning.message)
    assert warning.filename == __file__


# ------------------------------------------------------------------ workers of others


def get_filters():
    return list(warnings.filters), warnings.showwarning.__module__


def test_a_worker_keeps_its_own_warning_filters():
    with (
        cluster_of(1, 4, processes=True) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config("dask"),
    ):
        before = client.submit(get_filters, pure=False).result()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.filterwarnings("ignore", module="distributed")
            RandomSearchCV(Sleeper(), QUALITY | {"seconds": Float(0.01, 0.2)}, n_iter=20, cv=3, refit=False).fit(X, Y)
        assert client.submit(get_filters, pure=False).result() == before


def run(task):
    return Outcome(task.trial.number, task.split, 0.0)


class Data:
    """Counts how often it was opened in this process, and whether it still lives."""

    n_opened = 0
    alive: ClassVar = weakref.WeakSet()

    def __init__(self):
        self.alive.add(self)

    def __reduce__(self):
        return open_slowly, ()

    def __call__(self, task):
        return run(task)


def open_slowly():
    Data.n_opened += 1
    time.sleep(0.3)
    return Data()


def test_a_worker_opens_data_once_and_frees_them_when_the_search_is_over(make_task, drive):
    Data.n_opened = 0
    with cluster_of(1, 4) as cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        data = [Data(), Data(), Data()]
        executors = [make_executor(each) for each in data]
        for number in range(40):
            for executor in executors:
                executor.submit(make_task(number))
        for executor in executors:
            assert len(drive(executor, [])) == 40
        assert Data.n_opened == 3
        assert len(Data.alive) == 6
        for executor in executors:
            executor.close()
        data.clear()
        executors.clear()
        del executor
        deadline = time.monotonic() + 20
        while len(Data.alive) and time.monotonic() < deadline:
            gc.collect()
            time.sleep(0.05)
        assert not len(Data.alive)


def test_a_batch_that_another_worker_had_begun_is_not_run(make_task, tmp_path):
    """Dask would try it again on the other worker by itself."""
    path = tmp_path / "begun"

    def kill(task):
        with path.open("a") as file:
            file.write("begun\n")
        os.kill(os.getpid(), signal.SIGKILL)

    with cluster_of(2, processes=True) as cluster, distributed.Client(cluster) as client:
        client.wait_for_workers(2)
        with DaskExecutor(kill, client) as executor:
            executor.submit(make_task(0))
            outcome = executor.wait()
    assert outcome.error == "The fit was tried 2 times and its worker died each time."
    assert path.read_text().split() == ["begun"] * 2
