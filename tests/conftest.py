"""What all tests share."""

import os
import sys

import pytest

# One BLAS thread, in this process and in workers: sums then add up in one order, and equal fits are equal to the bit.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
# Ray's workers have niceness 15 by default: beside tests that compute they would hardly get to run.
os.environ.setdefault("RAY_worker_niceness", "0")


@pytest.fixture(scope="session")
def _ray_ends():
    """Whatever the tests have started of Ray is ended with them."""
    ray = pytest.importorskip("ray")
    yield ray
    ray.shutdown()


@pytest.fixture
def ray_of_two(_ray_ends):
    """Ray with two places, which all tests share; where it was shut down, or is another, it is started anew."""
    from ray.util.joblib import register_ray

    register_ray()
    if _ray_ends.is_initialized() and _ray_ends.cluster_resources().get("CPU") != 2:
        _ray_ends.shutdown()
    if not _ray_ends.is_initialized():
        with pytest.MonkeyPatch.context() as patch:
            # Of the tests and of skhpo, where it is not installed. A runtime_env with it would have other workers
            # started in the place of those that Ray starts by itself. Another process may have a Ray: not that one.
            patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
            _ray_ends.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False)
    return _ray_ends
