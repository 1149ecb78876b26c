"""The executor of a Dask cluster.

It uses `distributed.Client` itself: joblib's backend of that name loses completions with workers, and scatters data so
that they are lost with one worker. Here the function is broadcast once, and again if its copies are gone.
"""

from __future__ import annotations

import contextlib
import math
import time
import uuid
import warnings
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from skhpo.executors.package import Package, opened, pack_tasks, run_batch
from skhpo.executors.pooled import Lost, PooledExecutor, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.trial import Outcome, Task

_BATCH_SECONDS = 0.5
"""A task costs some 10 ms here."""

_LOOK_AROUND_SECONDS = 2.0
"""How often futures are looked at that said nothing, and the workers counted (clusters grow)."""


class DaskExecutor(PooledExecutor):
    """Runs tasks on the workers of a Dask cluster.

    Lost workers, results and copies of the data are survived. Threads of a cluster cannot be killed: there is no
    ``fit_timeout``, and fits that run at `close` go on unheard.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``; broadcast to all workers once.
    client : distributed.Client
        Connected to the cluster.
    max_pending : int or None
        Tasks that may be submitted and not finished; None for as many as keep the workers busy.

    Raises
    ------
    pickle.PicklingError
        If ``run`` cannot be pickled.
    """

    def __init__(self, run: Callable[[Task], Outcome], client: Any, *, max_pending: int | None = None) -> None:
        super().__init__(_n_threads(client), max_pending=max_pending, batch_seconds=_BATCH_SECONDS)
        self._client = client
        self._package = Package(run)
        self._content: Any = None
        self._futures: dict[str, Any] = {}
        self._done: SimpleQueue[str] = SimpleQueue()
        self._looked_around = time.monotonic()

    def _start(self, tasks: list[Task]) -> str:
        packed = pack_tasks(tasks)
        if self._content is None or self._content.status != "finished":
            self._content = self._broadcast()
        handle = f"skhpo-{uuid.uuid4().hex}"
        future = self._client.submit(_work, self._package.key, packed, self._content, key=handle, pure=False)
        self._futures[handle] = future
        future.add_done_callback(lambda _: self._done.put(handle))  # in Dask's thread, which does nothing else
        return handle

    def _broadcast(self) -> Any:
        while True:
            try:
                # Not hashed: the same bytes scattered before may be on their way out.
                return self._client.scatter([self._package.content], broadcast=True, hash=False)[0]
            except TimeoutError:  # no worker just now; a cluster that restarts, or grows on demand, will have some
                if self._client.status != "running":
                    raise
                warnings.warn("The Dask cluster has no workers; the search waits for some.", stacklevel=5)

    def _next(self, seconds: float | None) -> tuple[str, Reply] | None:
        deadline = math.inf if seconds is None else time.monotonic() + seconds
        while True:
            handle = self._next_done(deadline)
            if handle is None:
                return None
            future = self._futures.pop(handle, None)
            if future is not None:
                return handle, self._reply(future)

    def _next_done(self, deadline: float) -> str | None:
        while True:
            if time.monotonic() > self._looked_around + _LOOK_AROUND_SECONDS:
                self._looked_around = time.monotonic()
                with contextlib.suppress(OSError, TimeoutError):
                    self.n_workers = _n_threads(self._client)
                for handle, future in self._futures.items():
                    if future.done():
                        return handle
            with contextlib.suppress(Empty):
                return self._done.get(timeout=max(0.0, min(_LOOK_AROUND_SECONDS, deadline - time.monotonic())))
            if time.monotonic() >= deadline:
                return None

    def _reply(self, future: Any) -> Reply:
        try:
            return opened(future.result())
        except Exception as error:  # noqa: BLE001 - none of the fit's, which are caught
            # Killed: it was tried on several workers, and all died. Cancelled: all workers with a copy of the data have
            # died, and it may have killed them, unless they had died before it came.
            name = type(error).__name__
            is_innocent = "Cancelled" not in name or "lost dependencies" in str(error)
            return Lost(f"{name}: {error}", weight=2 if name == "KilledWorker" else 0 if is_innocent else 1)

    def close(self) -> None:  # noqa: D102
        if self._futures:
            with contextlib.suppress(Exception):  # the cluster may be gone
                self._client.cancel(list(self._futures.values()))
        self._futures.clear()
        self._content = None
        super().close()


def _work(key: str, packed: bytes, content: bytes) -> Any:
    return run_batch(key, packed, lambda: content)


def _n_threads(client: Any) -> int:
    return max(1, sum(int(n_cores) for n_cores in client.ncores().values()))
