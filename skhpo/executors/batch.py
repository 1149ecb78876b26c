"""Tasks on their way, and how many to send at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from skhpo.history import Task

_BATCH_SECONDS = 0.1
"""Work sent at a time, where a fit takes less: long against the 0.2 ms a message costs, short against a search."""

_MAX_BATCH = 500


class BatchSize:
    """Learns from the durations of fits how many to send at a time.

    Parameters
    ----------
    seconds : float
        Work to send at a time.
    """

    def __init__(self, seconds: float = _BATCH_SECONDS) -> None:
        self.seconds = seconds
        self.fit_seconds: float | None = None
        """Mean duration of late; None before the first."""

    def learn(self, durations: list[float]) -> None:
        """Take durations into account, in seconds."""
        mean = sum(durations) / len(durations)
        self.fit_seconds = mean if self.fit_seconds is None else 0.8 * self.fit_seconds + 0.2 * mean

    @property
    def value(self) -> int:
        """Tasks to send at a time: one unless several fit well into the time."""
        if self.fit_seconds is None or self.fit_seconds > self.seconds / 2:
            return 1
        return min(_MAX_BATCH, int(self.seconds / max(self.fit_seconds, 1e-9)))


class Job:
    """A task on its way.

    Attributes
    ----------
    n_losses : int
        How many workers it is known to have killed.
    n_doubts : int
        How often it was lost together with other tasks, so that none could be blamed.
    n_innocent_losses : int
        How often it was lost before it began.
    n_passed_over : int
        How often another task was taken in its place.
    is_dropped : bool
        Whether it is not to be tried again if it gets lost.
    values : tuple of int
        Large values of its parameters that are on their way apart from it.
    """

    __slots__ = ("is_dropped", "n_doubts", "n_innocent_losses", "n_losses", "n_passed_over", "task", "values")

    def __init__(self, task: Task) -> None:
        self.task = task
        self.n_losses = 0
        self.n_doubts = 0
        self.n_innocent_losses = 0
        self.n_passed_over = 0
        self.is_dropped = False
        self.values: tuple[int, ...] = ()

    @property
    def number(self) -> int:
        """Number of its trial."""
        return self.task.trial.number

    @property
    def record(self) -> int:
        """How often it was there when a worker died; above 0 it travels alone."""
        return self.n_losses + self.n_doubts
