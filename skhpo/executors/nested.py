"""Parallelism inside a fit: workers times threads must not exceed the cores."""

from __future__ import annotations

from typing import Any

import joblib
from joblib.parallel import SequentialBackend, ThreadingBackend
from threadpoolctl import ThreadpoolController


def n_cores() -> int:
    """Cores this process may use, as joblib counts them (affinity, cgroups, ``LOKY_MAX_CPU_COUNT``)."""
    return int(joblib.cpu_count())


def limit_nested_parallelism(n_workers: int) -> None:
    """Let joblib calls in this thread use threads, at most ``n_workers``, until the next call of this function.

    Processes in processes would multiply, and those of another cluster's backend would wait for each other.
    """
    backend = _LimitedThreadingBackend(n_workers) if n_workers > 1 else SequentialBackend(nesting_level=1)
    joblib.parallel_config(backend=backend, n_jobs=1)  # in force from its construction, not only in a with statement


class _LimitedThreadingBackend(ThreadingBackend):  # type: ignore[misc]
    """Threads, never more than a number."""

    def __init__(self, n_workers: int) -> None:
        super().__init__(nesting_level=1)
        self._n_workers = n_workers

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Joblib's answer, bounded."""
        return min(self._n_workers, int(super().effective_n_jobs(n_jobs)))

    def __reduce__(self) -> Any:
        return _LimitedThreadingBackend, (self._n_workers,)


def limit_native_threads(n_threads: int) -> None:
    """Lower the threads of BLAS and OpenMP libraries to at most ``n_threads``, for good."""
    controller = ThreadpoolController()
    crowded = {library["prefix"] for library in controller.info() if library["num_threads"] > n_threads}
    controller.limit(limits=dict.fromkeys(crowded, n_threads))
