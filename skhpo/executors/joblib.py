"""Joblib: which backend and how many workers it would use, and an executor on such a backend.

Only here are joblib's internals touched (and its loky in `slot`). `_initialize_backend`, `_backend` and
`_effective_n_jobs` of `joblib.Parallel` have been what they are since joblib 1.0; a backend's `submit` was called
`apply_async` before joblib 1.5.
"""

from __future__ import annotations

import copy
import threading
import time
import weakref
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

import joblib
import sklearn
from joblib.parallel import SequentialBackend
from threadpoolctl import ThreadpoolController

from skhpo.executors.losses import Lost
from skhpo.executors.nested import limit_nested_parallelism, n_cores
from skhpo.executors.package import Package, opened
from skhpo.executors.pooled import PooledExecutor, Reply, caught

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.history import Outcome, Task


def active_backend(n_jobs: int | None) -> tuple[Any, int]:
    """Backend and number of workers that ``joblib.Parallel(n_jobs=n_jobs)`` would use here and now."""
    parallel = joblib.Parallel(n_jobs=n_jobs)
    return parallel._backend, int(parallel._effective_n_jobs())  # noqa: SLF001


def wants_all_workers(n_jobs: int | None, backend: Any) -> bool:
    """Whether a backend is to use all workers it has: no number was given, here or to ``parallel_config``, or -1."""
    if n_jobs is None:
        asked = copy.copy(backend)
        asked.default_n_jobs = -1  # what `joblib.Parallel` falls back on
        n_jobs = joblib.Parallel(n_jobs=None, backend=asked).n_jobs
    return bool(n_jobs == -1)


class JoblibExecutor(PooledExecutor):
    """Runs tasks through a joblib backend's own ``submit``.

    Made for threads (``joblib.parallel_config(backend="threading")``): useful for fits that spend their time in code
    that releases Python's lock, and for what cannot be pickled. Threads cannot be killed: `close` waits for the fits
    that run. Backends of others work too if they report back through callbacks; to these the function is sent with each
    batch, and opened once per worker.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``; shared by all threads.
    n_jobs : int or None
        As in `joblib.Parallel`, at least two workers.
    max_pending : int or None
        Tasks that may be submitted and not finished; None for as many as keep the workers busy.

    Raises
    ------
    ValueError
        If joblib's active backend cannot be used.
    pickle.PicklingError
        If ``run`` has to be pickled and cannot be.
    """

    def __init__(
        self, run: Callable[[Task], Outcome], n_jobs: int | None = None, *, max_pending: int | None = None
    ) -> None:
        parallel = joblib.Parallel(n_jobs=n_jobs)
        n_workers = int(parallel._initialize_backend())  # noqa: SLF001
        self._backend = parallel._backend  # noqa: SLF001
        if isinstance(self._backend, SequentialBackend) or not self._backend.supports_retrieve_callback:
            raise ValueError(
                "JoblibExecutor needs a joblib backend with two or more workers that reports through callbacks, got "
                f"{type(self._backend).__name__} with {n_workers}; use SerialExecutor, or "
                'joblib.parallel_config(backend="threading", n_jobs=2).'
            )
        self._is_shared = bool(getattr(self._backend, "supports_sharedmem", False))
        super().__init__(n_workers, max_pending=max_pending, batch_seconds=0.0 if self._is_shared else 0.1)
        self._results: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self._n_started = 0
        self._batches: dict[int, _ThreadBatch] = {}
        self._threads = _ThreadState(run, max(1, n_cores() // n_workers)) if self._is_shared else None
        self._package = None if self._is_shared else Package(run)
        self._backend.start_call()
        self._finalizer = weakref.finalize(self, _stop, self._backend, self._batches, self._threads)

    def _start(self, tasks: list[Task]) -> int:
        self._n_started += 1
        handle = self._n_started
        call: Any
        if self._threads is not None:
            call = self._batches[handle] = _ThreadBatch(self._threads, tasks)
        else:
            assert self._package is not None  # noqa: S101 - for the type checker
            call = self._package.batch(tasks)
        submit = getattr(self._backend, "submit", None) or self._backend.apply_async
        # Only this runs in joblib's threads.
        submit(call, lambda result: self._results.put((handle, result)))
        return handle

    def _next(self, seconds: float | None) -> tuple[int, Reply] | None:
        try:
            handle, result = self._results.get(timeout=seconds)
        except Empty:
            return None
        self._batches.pop(handle, None)
        try:
            reply = self._backend.retrieve_result_callback(result)
        except Exception as error:  # noqa: BLE001 - none of ours, which are caught
            return handle, Lost(f"{type(error).__name__}: {error}")
        return handle, reply if self._is_shared else opened(reply)

    def cancel(self) -> None:  # noqa: D102
        super().cancel()
        for batch in self._batches.values():
            batch.is_wanted = False

    def close(self) -> None:  # noqa: D102
        self.cancel()
        self._finalizer()
        super().close()


def _stop(backend: Any, batches: dict[int, _ThreadBatch], threads: _ThreadState | None) -> None:
    for batch in batches.values():
        batch.is_wanted = False
    backend.stop_call()
    backend.terminate()
    if threads is not None:
        threads.limits.restore_original_limits()


class _ThreadState:
    """What the threads of one search share."""

    def __init__(self, run: Callable[[Task], Outcome], inner_threads: int) -> None:
        self.run = run
        self.inner_threads = inner_threads
        self.config = sklearn.get_config()
        self.libraries = ThreadpoolController()
        # The threads of BLAS libraries are the process's, those of OpenMP are each calling thread's own.
        self.limits = self.libraries.limit(limits=inner_threads, user_api="blas")
        self._prepared = threading.local()

    def prepare(self) -> None:
        """Once per thread: scikit-learn's configuration and the limits are the thread's own."""
        if not hasattr(self._prepared, "is_done"):
            sklearn.set_config(**self.config)
            self.libraries.limit(limits=self.inner_threads, user_api="openmp")
            limit_nested_parallelism(self.inner_threads)
            self._prepared.is_done = True


class _ThreadBatch:
    """Tasks to be run in a thread."""

    def __init__(self, state: _ThreadState, tasks: list[Task]) -> None:
        self.is_wanted = True
        self._state = state
        self._tasks = tasks

    def __call__(self) -> list[tuple[float, Any]]:
        self._state.prepare()
        return [self._run(task) for task in self._tasks]

    def _run(self, task: Task) -> tuple[float, Any]:
        if not self.is_wanted:
            return 0.0, None
        began = time.monotonic()
        outcome = caught(self._state.run, task)
        return time.monotonic() - began, outcome
