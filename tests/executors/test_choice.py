import subprocess
import sys
from pathlib import Path

import joblib
import pytest

import skhpo
from skhpo.executors import make_executor
from skhpo.executors.choice import parse_pre_dispatch
from skhpo.executors.joblib import JoblibExecutor
from skhpo.executors.local import LocalExecutor
from skhpo.executors.serial import SerialExecutor
from skhpo.history import Outcome


def run(task):
    return Outcome(task.trial.number, task.split, 0.0)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, 3, -1, -2])
@pytest.mark.parametrize(
    "config", [{}, {"backend": "loky"}, {"n_jobs": 2}, {"backend": "threading", "n_jobs": 3}, {"backend": "sequential"}]
)
def test_as_many_workers_as_joblib_would_use(n_jobs, config):
    with joblib.parallel_config(**config):
        with make_executor(run, n_jobs) as executor:
            n_workers = executor.n_workers
        assert n_workers == joblib.effective_n_jobs(joblib.Parallel(n_jobs=n_jobs).n_jobs)


@pytest.mark.parametrize(
    ("config", "kind"),
    [
        ({}, SerialExecutor),
        ({"n_jobs": 2}, LocalExecutor),
        ({"backend": "loky", "n_jobs": 2}, LocalExecutor),
        ({"backend": "multiprocessing", "n_jobs": 2}, LocalExecutor),
        ({"backend": "threading", "n_jobs": 2}, JoblibExecutor),
        ({"backend": "threading", "n_jobs": 1}, SerialExecutor),
        ({"backend": "sequential", "n_jobs": 2}, SerialExecutor),
    ],
)
def test_joblibs_configuration_decides(config, kind):
    with joblib.parallel_config(**config), make_executor(run) as executor:
        assert type(executor) is kind


def test_a_time_limit_needs_a_process_even_for_one_worker():
    with make_executor(run, fit_timeout=1.0) as executor:
        assert type(executor) is LocalExecutor
        assert (executor.n_workers, executor.fit_timeout) == (1, 1.0)


def test_a_time_limit_that_cannot_be_kept_is_refused():
    with (
        joblib.parallel_config(backend="threading", n_jobs=2),
        pytest.raises(
            ValueError, match=r"fit_timeout needs worker .* got fit_timeout=1\.0 with joblib's ThreadingBack"
        ),
    ):
        make_executor(run, fit_timeout=1.0)


@pytest.mark.parametrize("n_jobs", [None, 1, 2, -1])
def test_inside_of_joblibs_own_threads_a_time_limit_is_kept_by_one_process(n_jobs):
    """Joblib nests threads that nobody asked for: in its workers, in its threads, and in those of ours."""

    def look():
        with make_executor(run, n_jobs, fit_timeout=1.0) as executor:
            return type(executor), executor.n_workers

    with joblib.parallel_config("threading"):
        found = joblib.Parallel(n_jobs=2)(joblib.delayed(look)() for _ in range(2))
    assert found == [(LocalExecutor, 1)] * 2


def test_inside_of_a_fit_in_a_thread_a_time_limit_is_kept_by_one_process(make_task):
    def look(task):
        with make_executor(run, 2, fit_timeout=1.0) as executor:
            return Outcome(0, 0, (type(executor), executor.n_workers))

    with joblib.parallel_config("threading", n_jobs=2), make_executor(look) as executor:
        executor.submit(make_task(0))
        assert executor.wait().test_scores == (LocalExecutor, 1)


@pytest.mark.parametrize("fit_timeout", [0, -1.0, float("nan")])
def test_a_time_limit_that_is_none_is_refused(fit_timeout):
    with pytest.raises(ValueError, match="fit_timeout must be a number of seconds above 0"):
        make_executor(run, fit_timeout=fit_timeout)


def test_inside_a_worker_there_is_one_worker(make_task):
    def count(task):
        with make_executor(run, -1) as executor:
            return Outcome(0, 0, (executor.n_workers, type(executor).__name__))

    with LocalExecutor(count, 2, inner_threads=1) as executor:
        executor.submit(make_task(0))
        assert executor.wait().test_scores == (1, "SerialExecutor")


def test_what_joblib_was_told_about_threads_inside_is_kept():
    with joblib.parallel_config(backend="loky", n_jobs=2, inner_max_num_threads=3), make_executor(run) as executor:
        assert executor._inner_threads == 3


@pytest.mark.parametrize(
    ("pre_dispatch", "expected"),
    [
        ("all", None),
        ("2*n_jobs", None),
        ("2 * n_jobs", None),
        (1, 1),
        (7, 7),
        ("3", 3),
        ("3*n_jobs", 12),
        ("1.5*n_jobs", 6),
        ("(n_jobs + 1) // 2 - -1", 3),
        ("n_jobs - 10", 1),
    ],
)
def test_pre_dispatch(pre_dispatch, expected):
    assert parse_pre_dispatch(pre_dispatch, n_jobs=4) == expected


@pytest.mark.parametrize(
    "pre_dispatch",
    ["", "every", "n_jobs.real", "__import__('os')", "2**n_jobs", "1/0", "n_jobs if 1 else 2", "'a'*3", "(" * 99, None],
)
def test_pre_dispatch_is_arithmetic_and_nothing_else(pre_dispatch):
    with pytest.raises(ValueError, match="pre_dispatch must be a number, 'all', or arithmetic"):
        parse_pre_dispatch(pre_dispatch, n_jobs=4)


@pytest.mark.slow
def test_no_cluster_is_imported_that_is_not_used():
    code = "import sys, skhpo.executors; assert not {'dask', 'distributed', 'ray'} & set(sys.modules)"
    root = Path(skhpo.__file__).parents[1]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)  # noqa: S603
