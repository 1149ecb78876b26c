"""What an executor is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from skhpo.history import Outcome, Task


class Executor(ABC):
    """Runs tasks, somewhere, and knows nothing else.

    It is made from a function ``run(task) -> Outcome``. All methods are called from one thread.

    * A submitted task must give exactly one outcome through `wait`, unless `cancel` or `close` dropped it first or
      `wait` raised.
    * An exception that ``run`` raises must be raised by `wait`. (A failed fit does not raise: it is an outcome.)
    * Outcomes may come in any order.
    * An executor that has lost all its workers for good must say so in `gave_up` and have nothing pending; `wait` must
      then return None.
    * After `close` no task may be running.
    """

    n_workers: int = 1
    """How many tasks can run at the same time."""

    gave_up: str | None = None
    """Why no task can be run any more, a sentence for users; None while tasks can be run."""

    @property
    @abstractmethod
    def n_pending(self) -> int:
        """Tasks that were submitted and whose outcome `wait` has not yet returned."""

    @abstractmethod
    def has_room(self) -> bool:
        """Whether another task would help to keep the workers busy."""

    @abstractmethod
    def submit(self, task: Task) -> None:
        """Take a task; returns at once."""

    @abstractmethod
    def wait(self, seconds: float | None = None) -> Outcome | None:
        """Return the next outcome, or None when nothing is pending any more.

        Parameters
        ----------
        seconds : float or None
            After about so long None is returned too, where the executor does not run the tasks itself; None is no
            limit.
        """

    @abstractmethod
    def cancel(self) -> None:
        """Drop the tasks that have not begun; those that run go on."""

    @abstractmethod
    def close(self) -> None:
        """Stop everything and free what is held; calling it twice is fine."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
