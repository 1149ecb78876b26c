"""Dask and Ray, on this machine."""

import os
import pickle
import signal

import joblib
import pytest

from skhpo.executors import make_executor
from skhpo.history import Outcome
from skhpo.testing import check_executor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.cluster,
    pytest.mark.filterwarnings("default"),  # theirs, on closing what they opened
]


def make_run():
    """A fit whose first parameter says what is to happen to it; pickled by value."""

    def run(task):
        if "do" in task.trial.params:
            task.trial.params["do"]()
        return Outcome(task.trial.number, task.split, test_scores=float(os.getpid()))

    return run


def exit_at_once():
    os._exit(7)


@pytest.fixture(scope="module")
def dask_client():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.fixture(params=["dask", "ray"])
def cluster(request):
    request.getfixturevalue({"dask": "dask_client", "ray": "ray_of_two"}[request.param])
    with joblib.parallel_config(backend=request.param, n_jobs=2):
        yield request.param


def test_conformance(cluster):
    check_executor(make_executor)


def test_the_kind_of_executor(cluster):
    with make_executor(make_run()) as executor:
        assert type(executor).__name__ == {"dask": "DaskExecutor", "ray": "RayExecutor"}[cluster]
        assert executor.n_workers == 2


def test_a_time_limit_that_cannot_be_kept_is_refused(cluster):
    with pytest.raises(ValueError, match="fit_timeout needs worker processes that can be killed"):
        make_executor(make_run(), fit_timeout=1.0)


def test_the_function_is_opened_once_per_worker(cluster, tmp_path, make_task, drive):
    class Noted:
        def __reduce__(self):
            return note_and_make, (tmp_path,)

        def __call__(self, task):
            raise AssertionError

    def note_and_make(directory):
        with (directory / "opened").open("a") as file:
            file.write(f"{os.getpid()}\n")
        return make_run()

    with make_executor(Noted()) as executor:
        outcomes = drive(executor, [make_task(i) for i in range(60)])
    assert len(outcomes) == 60
    pids = (tmp_path / "opened").read_text().split()
    assert len(pids) == len(set(pids))


def test_a_fit_that_kills_costs_nobody_else(cluster, make_task, drive):
    tasks = [make_task(i, **({"do": exit_at_once} if i == 5 else {})) for i in range(20)]
    with make_executor(make_run()) as executor:
        outcomes = drive(executor, tasks)
    assert sorted(outcome.number for outcome in outcomes) == list(range(20))
    assert [outcome.number for outcome in outcomes if outcome.status == "crashed"] == [5]


def test_what_cannot_be_opened_there_is_an_error(cluster, make_task):
    class Spoiled:
        def __call__(self, task):
            raise AssertionError

        def __reduce__(self):
            return int, ("no number",)

    with make_executor(Spoiled()) as executor:
        executor.submit(make_task(0))
        with pytest.raises(pickle.PicklingError, match="opening it there failed with ValueError: invalid literal"):
            executor.wait()


def test_all_workers_lost_from_outside(dask_client, make_task, drive):
    """With them go results on their way, and every copy of the data."""
    dask_client.wait_for_workers(2)
    killed = []

    def kill_all(outcome):
        if outcome.number == 10:
            for pid in dask_client.run(os.getpid).values():
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)

    with joblib.parallel_config(backend="dask"), make_executor(make_run()) as executor:
        outcomes = drive(executor, [make_task(i) for i in range(60)], after_each=kill_all)
    assert len(killed) == 2
    assert sorted(outcome.number for outcome in outcomes) == list(range(60))
    assert {outcome.status for outcome in outcomes} == {"ok"}
    assert not {outcome.test_scores for outcome in outcomes} <= set(map(float, killed))
