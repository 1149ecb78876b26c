import joblib
import pytest

from skhpo.executors import make_executor
from skhpo.executors.joblib import JoblibExecutor
from skhpo.executors.local import LocalExecutor
from skhpo.executors.serial import SerialExecutor
from skhpo.testing import check_executor


def test_serial():
    check_executor(SerialExecutor)


@pytest.mark.parametrize("n_workers", [1, 2, 3])
def test_local(n_workers):
    # The same number of threads for all, so that the idle workers of one case serve the next.
    check_executor(lambda run: LocalExecutor(run, n_workers, inner_threads=1))


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"max_pending": 3}, {"fit_timeout": 60.0}], ids=str)
def test_local_with_limits(options):
    check_executor(lambda run: LocalExecutor(run, 2, inner_threads=1, **options))


@pytest.mark.parametrize("max_pending", [None, 2])
def test_threads(max_pending):
    with joblib.parallel_config(backend="threading"):
        check_executor(lambda run: JoblibExecutor(run, 2, max_pending=max_pending))


@pytest.mark.slow
def test_any_backend_of_joblib_that_reports_back():
    with joblib.parallel_config(backend="loky"):
        check_executor(lambda run: JoblibExecutor(run, 2))


@pytest.mark.parametrize(
    "config", [{"n_jobs": 1}, {"n_jobs": 2, "inner_max_num_threads": 1}, {"backend": "threading", "n_jobs": 2}], ids=str
)
def test_whatever_the_user_configured(config):
    if "inner_max_num_threads" in config:
        config = {"backend": "loky", **config}
    with joblib.parallel_config(**config):
        check_executor(make_executor)


def test_a_suite_that_finds_what_is_wrong():
    class Forgetful(SerialExecutor):
        def wait(self, seconds=None):
            super().wait()
            return super().wait()

    with pytest.raises(AssertionError, match="exactly one outcome"):
        check_executor(Forgetful)

    class Impatient(SerialExecutor):
        def wait(self, seconds=None):
            outcome = super().wait()
            return outcome if seconds is None else None

    with pytest.raises(AssertionError, match="must leave tasks pending"):
        check_executor(Impatient)
