"""How long a fit may take, and how often a worker may be lost: the two rules by which `LocalExecutor` goes on."""

from __future__ import annotations

import math
import time

START_SECONDS = 120.0
"""A worker that takes longer to start, to open what a search has sent it or to begin its tasks is taken for lost."""

_FIRST_FACTOR = 5.0
_FIRST_MOST = 60.0
"""A worker's first fit in a search may take five times ``fit_timeout``, but at most a minute more: libraries compile,
or load, what they need when they first run."""

_MAX_USELESS = 2
"""First fits in a row that used up their extra time, after which there is none any more."""

_PAUSES = (0.0, 0.0, 0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before another worker is started, by how many in a row have been lost before they began anything. The search
gives up at the next one."""

_MAX_FALSE_STARTS = len(_PAUSES)

_MAX_FIRST_STARTS = 3
"""The same if none has ever become ready in this search: then it is no accident."""

_RECOVERY_SECONDS = 30.0
"""After so long without a loss there may be one more worker again, with each outcome."""


class FitLimit:
    """How long fits may take.

    Parameters
    ----------
    seconds : float or None
        ``fit_timeout``.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = math.inf if seconds is None else seconds
        self._n_useless = 0
        self._n_first_stopped = 0

    @property
    def first(self) -> float:
        """Seconds for a worker's first fit."""
        if self._n_useless >= _MAX_USELESS:
            return self.seconds
        return self.seconds + min((_FIRST_FACTOR - 1) * self.seconds, _FIRST_MOST)

    def of(self, *, is_first: bool) -> float:
        """Seconds that a fit may take."""
        return self.first if is_first else self.seconds

    def finished(self, seconds: float) -> None:
        """Take note of a fit that finished."""
        if seconds > self.seconds:  # the extra time was of use
            self._n_useless = 0

    def stopped(self, *, is_first: bool) -> str | None:
        """Take note of a fit that was stopped; returns what the user should know of it, once."""
        if not is_first:
            return None
        allowed = self.first
        self._n_useless += 1
        self._n_first_stopped += 1
        if self._n_first_stopped != _MAX_USELESS:
            return None
        return (
            f"Two fits that were the first in their worker process were stopped, the second after {allowed:g} seconds "
            f"with fit_timeout={self.seconds!r}. If the estimator compiles or loads something when it first runs, set "
            "fit_timeout to more than that takes: the process that follows a stopped one has to do it again. Other "
            "fits that are stopped need no larger fit_timeout."
        )


class Restarts:
    """When lost workers are replaced, and by how many.

    Workers that are lost before they begin a fit say nothing of any fit: something outside, say a system short of
    memory, ends them, or they cannot start. They are replaced after pauses that grow, by half as many each time.

    Parameters
    ----------
    n_workers : int
        How many there should be.

    Attributes
    ----------
    n_wanted : int
        How many there should be now.
    """

    def __init__(self, n_workers: int) -> None:
        self.n_workers = self.n_wanted = n_workers
        self._n_lost = 0  # in a row
        self._has_worked = False
        self._lost_at = -math.inf
        self._reason = ""

    @property
    def seconds_left(self) -> float:
        """For how long no worker should be started; infinite if none should be any more."""
        return math.inf if self.is_over else max(0.0, self._lost_at + _PAUSES[self._n_lost] - time.monotonic())

    @property
    def is_over(self) -> bool:
        """Whether it is of no use to start another."""
        return self._n_lost >= (_MAX_FALSE_STARTS if self._has_worked else _MAX_FIRST_STARTS)

    def ready(self) -> None:
        """Take note that a worker can be given tasks."""
        self._has_worked = True

    def worked(self) -> None:
        """Take note that a worker did something."""
        self._n_lost = 0
        if time.monotonic() > self._lost_at + _RECOVERY_SECONDS:
            self.n_wanted = min(self.n_workers, self.n_wanted + 1)

    def lost(self, born: float, reason: str) -> None:
        """Take note that a worker was lost before it began anything; several at a time were lost for one reason.

        Parameters
        ----------
        born : float
            When it was started (monotonic seconds).
        reason : str
            How it ended.
        """
        if born < self._lost_at:
            return
        self._lost_at, self._reason = time.monotonic(), reason
        self._n_lost += 1
        if _PAUSES[min(self._n_lost, len(_PAUSES) - 1)] > 0:
            self.n_wanted = max(1, self.n_wanted // 2)

    def why(self) -> str:
        """Return what there is to say when it is over."""
        return (
            f"{self._n_lost} worker processes in a row were lost before they began a fit, the last with {self._reason}"
            ". Their own messages are on the standard error; n_jobs=1 needs no processes."
        )
