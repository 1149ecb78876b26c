"""The executor of a Ray cluster.

It uses Ray itself: in joblib's backend for Ray the function would travel with each batch, and one dead worker ends all.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any

from skhpo.executors.losses import Lost
from skhpo.executors.package import Package, opened, pack_tasks, run_batch
from skhpo.executors.pooled import NotNowError, PooledExecutor, Reply
from skhpo.executors.trouble import CONTINUED, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from skhpo.history import Outcome, Task

_ASK_AGAIN_SECONDS = 0.01
_LOOK_AROUND_SECONDS = 2.0
"""How often the places of the cluster are counted: clusters grow."""


class RayExecutor(PooledExecutor):
    """Runs tasks on the workers of a Ray cluster.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``; put into Ray's store once.
    n_workers : int or None
        Tasks to run at the same time; None for as many as the cluster has places for, while it grows and shrinks.
    max_pending : int or None
        Tasks that may be submitted and not finished; None for as many as keep the workers busy.
    remote_args : dict or None
        Options of the remote function, such as ``num_cpus``.

    Raises
    ------
    pickle.PicklingError
        If ``run`` cannot be pickled.
    """

    is_apart = True  # each batch has a process of its own

    def __init__(
        self,
        run: Callable[[Task], Outcome],
        n_workers: int | None = None,
        *,
        max_pending: int | None = None,
        remote_args: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(n_workers or 1, max_pending=max_pending, batch_seconds=0.1)
        self._ray = ray = import_module("ray")
        if not ray.is_initialized():
            ray.init()
        self._wants_all = n_workers is None
        self._cpus = float((remote_args or {}).get("num_cpus") or 1)
        self._trouble = Trouble(self.clock)
        self._look_around()
        self._package = Package(run)
        self._content = ray.put(self._package.content.stream)
        # Ray's own retries would run a fit that kills again and again, and not alone.
        self._work = ray.remote(_work).options(max_retries=0, **(remote_args or {}))

    def _start(self, tasks: list[Task]) -> Hashable:
        packed = pack_tasks(tasks)
        if self._is_closed():  # else Ray would start a cluster of its own
            raise NotNowError
        try:
            # In a list, the reference is passed as it is, and the content fetched only by workers that lack it.
            handle: Hashable = self._work.remote(self._package.key, packed, [self._content])
        except self._ray.exceptions.RayError as error:
            self._note_trouble(f"The Ray cluster takes no tasks ({type(error).__name__})")
            raise NotNowError from error
        return handle

    def _is_open(self, seconds: float | None) -> bool:  # noqa: ARG002 - it never waits
        return not self._is_closed()

    def _next(self, seconds: float | None) -> tuple[Hashable, Reply] | None:
        if time.monotonic() >= self._look_at:
            self._look_around()
        limit = self._look_at if seconds is None else min(self._look_at, time.monotonic() + seconds)
        try:
            # Ray's own waiting never ends where another thread shuts Ray down meanwhile: it is asked, and asked again.
            while not self._is_closed():  # else asking would start a cluster of its own
                done, _ = self._ray.wait(list(self._running), num_returns=1, timeout=0)
                if done:
                    return done[0], self._reply(done[0])
                if (left := limit - time.monotonic()) <= 0:
                    return None
                time.sleep(min(left, _ASK_AGAIN_SECONDS))
        except SystemExit:
            if not self._is_closed():
                raise
        return None  # Ray was shut down by another thread, which may end the process that asks: its way to say so

    def _reply(self, handle: Hashable) -> Reply:
        try:
            return opened(self._ray.get(handle))
        except self._ray.exceptions.TaskCancelledError:
            return Lost("TaskCancelledError", has_begun=False)
        except self._ray.exceptions.RayError as error:
            # The text names processes and addresses: no two would be equal.
            return Lost(type(error).__name__, handle)

    def _take_back(self) -> Iterable[Hashable]:
        if not self._is_closed():
            for handle in self._running:  # those that run do not let themselves be interrupted
                with contextlib.suppress(Exception):
                    self._ray.cancel(handle)
        return ()

    def _look_around(self) -> None:
        self._look_at = time.monotonic() + _LOOK_AROUND_SECONDS
        if self._is_closed():
            return
        try:
            n_places = int(self._ray.cluster_resources().get("CPU", 0) // self._cpus)
        except Exception as error:  # noqa: BLE001 - of the connection, of many kinds
            self._note_trouble(f"The Ray cluster does not answer ({type(error).__name__})")
            return
        if n_places == 0:
            self._note_trouble("The Ray cluster has no CPU for a fit")
            return
        self._trouble.end()
        if self._wants_all:
            self.n_workers = n_places

    def _is_closed(self) -> bool:
        if not self._ray.is_initialized():
            self._give_up(f"Ray was shut down, or its cluster is gone. {CONTINUED}")
        return self.gave_up is not None

    def _note_trouble(self, what: str) -> None:
        if (sentence := self._trouble.note(what)) is not None:
            self._give_up(sentence)

    def _stop(self) -> None:
        if self._ray.is_initialized():
            for handle in self._running:
                with contextlib.suppress(Exception):  # the cluster may be gone
                    self._ray.cancel(handle, force=True)
        super()._stop()


def _work(key: str, packed: bytes, reference: list[Any]) -> Any:
    def fetch() -> Any:
        return import_module("ray").get(reference[0])

    with _uninterrupted():
        return run_batch(key, packed, fetch)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let no interrupt end a fit that runs: Ray sends one with each cancellation of what may have begun."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
