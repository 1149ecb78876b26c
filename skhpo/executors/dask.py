"""The executor of a Dask cluster.

It uses `distributed.Client` itself: joblib's backend of that name loses completions with workers, and scatters data so
that they are lost with one worker. Here the function is broadcast once, and again if its copies are gone.

Dask itself tries a task again, on another worker, when its worker dies: one that kills would take several along. So a
worker notes with the scheduler that it begins a batch; a worker that finds such a note sends the batch back unrun.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
import uuid
from collections import deque
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.executors.losses import Lost
from skhpo.executors.package import Content, Package, opened, pack_tasks
from skhpo.executors.pooled import NotNowError, PooledExecutor, Reply
from skhpo.executors.trouble import CONTINUED, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from skhpo.history import Outcome, Task

_BATCH_SECONDS = 0.5
"""A task costs some 10 ms here."""

_LOOK_AROUND_SECONDS = 1.0
"""How often futures are looked at that said nothing, and the workers counted (clusters grow, and workers die)."""

_RETRY_SECONDS = 0.2
"""How soon a cluster is asked again that could not take work."""

_ASK_AGAIN_SECONDS = 10.0
"""How long a cluster may take to start workers before it is asked again."""

_ANSWER_SECONDS = 5.0
"""How long the scheduler may take to answer a question."""


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
        super().__init__(1, max_pending=max_pending, batch_seconds=_BATCH_SECONDS)
        self._client = client
        self._package = Package(run)
        self._content: Any = None
        self._futures: dict[str, Any] = {}
        self._sent_with: dict[str, str] = {}  # of each batch, the key of the data that it needs
        self._done: SimpleQueue[str] = SimpleQueue()
        self._found: deque[tuple[str, Lost]] = deque()  # batches whose worker is gone
        self._trouble = Trouble(self.clock)
        self._workers: set[str] = set()
        self._probe: Any = None
        self._asked_at = -math.inf
        self._take_count(client.ncores())

    # -- handing out --------------------------------------------------------------------------------------------------

    def _is_open(self, seconds: float | None) -> bool:
        """Whether there are workers and they have the data."""
        if self._content is not None and self._content.status == "finished":
            return True
        limit = math.inf if seconds is None else seconds
        try:
            if self._count_workers():
                # Not hashed: the same bytes scattered before may be on their way out.
                timeout = max(_RETRY_SECONDS, min(limit, _LOOK_AROUND_SECONDS))
                self._content = self._client.scatter(
                    [self._package.content], broadcast=True, hash=False, timeout=timeout
                )[0]
                self._trouble.end()
                return True
        except Exception as error:  # noqa: BLE001 - workers that die meanwhile give errors of many kinds
            self._note_trouble(f"The data could not be sent to the Dask cluster ({_said(error)})")
        if self.gave_up is None:
            time.sleep(min(limit, _RETRY_SECONDS))
        return False

    def _start(self, tasks: list[Task]) -> str:
        packed = pack_tasks(tasks)
        handle = uuid.uuid4().hex  # the key is another text: Dask may take equal ones for a task that needs itself
        try:
            future = self._client.submit(
                _work, self._package.key, handle, packed, self._content, key=f"skhpo-{handle}", pure=False
            )
            self._sent_with[handle] = self._content.key
        except Exception as error:
            self._content = None  # to be asked for anew: `_is_open` says what the matter is
            raise NotNowError from error
        self._futures[handle] = future
        future.add_done_callback(lambda _: self._done.put(handle))  # in Dask's thread, which does nothing else
        return handle

    # -- taking in ----------------------------------------------------------------------------------------------------

    def _next(self, seconds: float | None) -> tuple[str, Reply] | None:
        if self._found:
            return self._found.popleft()
        now = time.monotonic()
        if now >= self._look_at:
            self._look_around()
            if self._found or self.gave_up is not None:
                return self._found.popleft() if self._found else None
        patience = max(0.0, self._look_at - now)
        with contextlib.suppress(Empty):
            handle = self._done.get(timeout=patience if seconds is None else min(seconds, patience))
            future = self._futures.pop(handle, None)
            if future is not None and (reply := self._reply(handle, future)) is not None:
                return handle, reply
        return None

    def _reply(self, handle: str, future: Any) -> Reply | None:
        sent_with = self._sent_with.pop(handle, None)
        try:
            reply = future.result()
        except Exception as error:  # noqa: BLE001 - none of the fit's, which are caught
            # Of the batches whose data were lost with all workers, some may have killed them: those that had begun.
            if self._is_closed():
                return None
            if self._content is not None and sent_with == self._content.key:
                # Its status may still say otherwise: data that were lost while they were being sent look as if sent.
                self._content = None
            return _lost(handle, self._notes(), type(error).__name__)
        if reply is None:
            return _lost(handle, self._notes())
        return opened(reply)

    def _look_around(self) -> None:
        """Count the workers, and find batches that were lost with theirs or said nothing when they were done."""
        if self._is_closed():
            return
        before = self._workers
        try:
            n_workers = self._count_workers()
        except Exception as error:  # noqa: BLE001 - of the connection
            self._note_trouble(f"The Dask cluster does not answer ({_said(error)})")
            return
        if n_workers and self._content is not None and self._content.status == "finished":
            self._trouble.end()
        if before - self._workers:
            notes = self._notes()
            for handle, note in notes.items():
                if note.worker not in self._workers and (future := self._futures.pop(handle, None)) is not None:
                    self._sent_with.pop(handle, None)
                    self._found.append((handle, _lost(handle, notes)))
                    self._release([future])
        for handle, future in self._futures.items():
            if future.done():
                self._done.put(handle)

    def _take_back(self) -> Iterable[str]:
        begun = {} if self._is_closed() else self._notes()
        waiting = [handle for handle in self._futures if handle not in begun]
        self._release([self._futures.pop(handle) for handle in waiting])
        return waiting

    # -- the cluster --------------------------------------------------------------------------------------------------

    def _count_workers(self) -> int:
        """Threads there are; takes note of them."""
        if self._is_closed():
            return 0
        n_threads = self._take_count(self._ask("ncores"))
        if not n_threads:
            self._note_trouble("The Dask cluster has no workers")
            with contextlib.suppress(Exception):
                self._ask_for_workers()
        return n_threads

    def _ask_for_workers(self) -> None:
        """Ask for the workers that there should be: nothing here asks for more."""
        if self._probe is None or self._probe.done():  # a cluster that grows on demand needs a demand
            self._probe = self._client.submit(_do_nothing, key=f"skhpo-{uuid.uuid4().hex}", pure=False)
        cluster, now = self._client.cluster, self.clock()
        n_wanted = len(getattr(cluster, "worker_spec", ()))
        if len(getattr(cluster, "workers", ())) < n_wanted and now >= self._asked_at + _ASK_AGAIN_SECONDS:
            # A cluster of Dask's own drops workers that took longer than "lost-worker-timeout" to start again, and
            # starts none in their place until it is told what it was told before.
            self._asked_at = now
            cluster.scale(n_wanted)

    def _take_count(self, n_cores: dict[str, int]) -> int:
        self._look_at = time.monotonic() + _LOOK_AROUND_SECONDS
        self._workers = set(n_cores)
        self.is_apart = all(n == 1 for n in n_cores.values())
        n_threads = int(sum(n_cores.values()))
        self.n_workers = max(1, n_threads)
        return n_threads

    def _ask(self, what: str, **details: Any) -> Any:
        """Ask the scheduler, which may be gone."""
        return self._client.sync(getattr(self._client.scheduler, what), callback_timeout=_ANSWER_SECONDS, **details)

    def _is_closed(self) -> bool:
        cluster = getattr(getattr(self._client.cluster, "status", None), "name", None)
        if {self._client.status, cluster} & {"closed", "closing"}:
            self._give_up(f"The Dask cluster, or the client that was connected to it, was closed. {CONTINUED}")
        return self.gave_up is not None

    def _note_trouble(self, what: str) -> None:
        if not self._is_closed() and (sentence := self._trouble.note(what)) is not None:
            self._give_up(sentence)

    def _notes(self) -> dict[str, Note]:
        """Which batches have begun, and where."""
        try:
            found = self._ask("get_metadata", keys=[self._package.key], default=None) or {}
            return {handle: Note(*note) for handle, note in found.items()}
        except Exception:  # noqa: BLE001 - the scheduler does not answer, or has been started anew
            return {}

    def _release(self, futures: list[Any]) -> None:
        with contextlib.suppress(Exception):  # the cluster may be gone
            if futures:
                self._client.cancel(futures)

    def close(self) -> None:  # noqa: D102
        self._stop()
        if self._client.status == "running" and self.gave_up is None:
            with contextlib.suppress(Exception):
                self._ask("set_metadata", keys=[self._package.key], value=None)
        super().close()

    def _stop(self) -> None:
        self._release(list(self._futures.values()))
        self._futures.clear()
        self._sent_with.clear()
        self._found.clear()
        self._probe = self._content = None  # with the last future workers forget what they hold
        super()._stop()


class Note(NamedTuple):
    """Where and when a batch began."""

    worker: str
    thread: int
    moment: float


def _lost(handle: str, notes: Mapping[str, Note], reason: str = "") -> Lost:
    """What is known of a batch that did not come back."""
    note = notes.get(handle)
    # What the same thread began later shows that this had ended: only its results were lost.
    has_ended = note is not None and any(
        other[:2] == note[:2] and other.moment > note.moment for other in notes.values()
    )
    if note is None or has_ended:
        return Lost(reason, has_begun=False)
    return Lost("", note.worker)


def _work(search: str, handle: str, packed: bytes, content: Content) -> Any:
    """Run a batch; None if another worker had begun it, which is gone then."""
    return content.run(packed) if _note(search, handle) else None


def _note(search: str, handle: str) -> bool:
    """Note that this worker begins a batch; returns whether it is the first."""
    from distributed import get_worker  # noqa: PLC0415 - an option, and here in a worker of Dask
    from distributed.utils import sync  # noqa: PLC0415

    async def note(thread: int) -> bool:
        if await worker.scheduler.get_metadata(keys=[search, handle], default=None) is not None:
            return False
        await worker.scheduler.set_metadata(keys=[search, handle], value=[worker.address, thread, time.time()])
        return True

    try:
        worker = get_worker()
        return bool(sync(worker.loop, note, threading.get_ident()))
    except Exception:  # noqa: BLE001 - without notes a killer costs more workers, and nothing else
        return True


def _do_nothing() -> None:
    """Be a task, so that a cluster that grows on demand does."""


def _said(error: Exception) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
