"""The executor of a Ray cluster.

It uses Ray itself: in joblib's backend for Ray the function would travel with each batch, and one dead worker ends all.
"""

from __future__ import annotations

import contextlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

from skhpo.executors.package import Package, opened, pack_tasks, run_batch
from skhpo.executors.pooled import Lost, PooledExecutor, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from skhpo.trial import Outcome, Task


class RayExecutor(PooledExecutor):
    """Runs tasks on the workers of a Ray cluster.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``; put into Ray's store once.
    n_workers : int
        Tasks to run at the same time.
    max_pending : int or None
        Tasks that may be submitted and not finished; None for as many as keep the workers busy.
    remote_args : dict or None
        Options of the remote function, such as ``num_cpus``.

    Raises
    ------
    pickle.PicklingError
        If ``run`` cannot be pickled.
    """

    def __init__(
        self,
        run: Callable[[Task], Outcome],
        n_workers: int,
        *,
        max_pending: int | None = None,
        remote_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(n_workers, max_pending=max_pending, batch_seconds=0.1)
        self._ray = ray = import_module("ray")
        if not ray.is_initialized():
            ray.init()
        self._package = Package(run)
        self._content = ray.put(self._package.content)
        # Ray's own retries would run a fit that kills again and again, and not alone.
        self._work = ray.remote(_work).options(max_retries=0, **(remote_args or {}))

    def _start(self, tasks: list[Task]) -> Hashable:
        # In a list, the reference is passed as it is, and the content fetched only by workers that lack it.
        handle: Hashable = self._work.remote(self._package.key, pack_tasks(tasks), [self._content])
        return handle

    def _next(self, seconds: float | None) -> tuple[Hashable, Reply] | None:
        done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=seconds)
        if not done:
            return None
        handle = done[0]
        try:
            return handle, opened(self._ray.get(handle))
        except self._ray.exceptions.RayError as error:
            return handle, Lost(f"{type(error).__name__}: {error}", is_known=True)

    def close(self) -> None:  # noqa: D102
        for handle in self._running:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self._ray.cancel(handle, force=True)
        super().close()


def _work(key: str, packed: bytes, reference: list[Any]) -> Any:
    def fetch() -> bytes:
        content: bytes = import_module("ray").get(reference[0])
        return content

    return run_batch(key, packed, fetch)
