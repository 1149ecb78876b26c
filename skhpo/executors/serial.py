"""The executor without workers: fits run in the caller's thread."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from skhpo.executors.base import Executor

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.history import Outcome, Task


class SerialExecutor(Executor):
    """Runs one task at a time, in `wait`, in the caller's thread.

    Parameters
    ----------
    run : callable
        ``run(task) -> Outcome``.

    Examples
    --------
    >>> from skhpo.history import Outcome, Task, Trial
    >>> executor = SerialExecutor(lambda task: Outcome(task.trial.number, task.split, test_scores=0.5))
    >>> executor.submit(Task(Trial(0, {"alpha": 1.0}), split=0))
    >>> executor.wait().test_scores
    0.5
    """

    def __init__(self, run: Callable[[Task], Outcome]) -> None:
        self.run = run
        self._queue: deque[Task] = deque()

    @property
    def n_pending(self) -> int:  # noqa: D102
        return len(self._queue)

    def has_room(self) -> bool:  # noqa: D102
        return not self._queue

    def submit(self, task: Task) -> None:  # noqa: D102
        self._queue.append(task)

    def wait(self, seconds: float | None = None) -> Outcome | None:  # noqa: ARG002, D102  (a fit of ours has no end)
        return self.run(self._queue.popleft()) if self._queue else None

    def cancel(self) -> None:  # noqa: D102
        self._queue.clear()

    def close(self) -> None:  # noqa: D102
        self._queue.clear()
