"""What a search costs, measured while it runs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from skhpo.history import History


class Stopwatch:
    """A stopwatch for the search as a whole, and, as a context manager, for its decisions.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.

    Attributes
    ----------
    began : float
        When the search began, by the clock.
    deciding : float
        Seconds inside of the context, which may be entered again and again.
    started : float
        When the search began, seconds since the epoch.
    n_workers : int or None
        Fits that could run at the same time, at most; None before that is known.

    Examples
    --------
    >>> from skhpo.search.stopwatch import Stopwatch
    >>> now = iter([0.0, 1.0, 1.5, 4.0, 4.25])
    >>> cost = Stopwatch(clock=lambda: next(now))
    >>> for _ in range(2):
    ...     with cost:
    ...         pass
    >>> cost.deciding
    0.75
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.began = self._entered = clock()
        self.started = time.time()
        self.deciding = 0.0
        self.n_workers: int | None = None
        self._there = 0  # workers, of late
        self._changed = self.began
        self._worker_time = 0.0  # until they last changed

    def note_workers(self, n_workers: int) -> None:
        """Take note of how many fits can run at the same time, now and until it is said again."""
        if n_workers != self._there:
            now = self.began if self.n_workers is None else self._clock()
            self._worker_time += self._there * (now - self._changed)
            self._there, self._changed = n_workers, now
            self.n_workers = max(n_workers, self.n_workers or 0)

    def __enter__(self) -> Self:
        self._entered = self._clock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.deciding += self._clock() - self._entered

    def stats(self, history: History, reason: str) -> dict[str, Any]:
        """Return what a search's `stats` tells."""
        every = [outcome for trial in history.trials for outcome in history.outcomes(trial.number).values()]
        fits = [outcome for outcome in every if not outcome.shared]
        # What was scored along with a fit took its own time, which a copy of an outcome did not.
        spent = {(outcome.worker, outcome.started): outcome for outcome in every if outcome.started is not None}
        spent.update(((None, number), outcome) for number, outcome in enumerate(fits) if outcome.started is None)
        now = self._clock()
        return {
            "n_fits": len(fits),
            "fit_time": sum(outcome.fit_time + outcome.score_time for outcome in spent.values()),
            "suggest_time": self.deciding,
            "started": self.started,
            "search_time": now - self.began,
            "n_workers": self.n_workers,
            "worker_time": self._worker_time + self._there * (now - self._changed),
            "stop_reason": reason,
        }
