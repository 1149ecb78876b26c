"""One line about a search while it runs."""

from __future__ import annotations

import math
import shutil
import sys
import time
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from skhpo.history import History

_REDRAW_SECONDS = 0.2
"""Often enough to look alive, seldom enough to cost nothing: a redraw takes some 20 microseconds."""

_LINE_SECONDS = 30.0
"""Where lines pile up, in a log file, there is one as often as this."""


class Progress:
    """Says how far a search is: trials done, the best score, time left, failures.

    On a terminal that is one line, redrawn in place and gone at the end. Elsewhere nothing is said for half a minute,
    so that a short search prints what scikit-learn's prints; after that, a line now and then and one at the end.

    Parameters
    ----------
    history : History
        What is looked at.
    n_trials : int or None
        How many trials there will be; None if nobody knows.
    stream : text stream or None
        Where to; None for nowhere.
    clock : callable
        Seconds, never going back.
    seconds_left : float
        The most that the search may take from now on.

    Examples
    --------
    >>> import sys
    >>> from skhpo.history import History, Outcome, Trial
    >>> history, now = History(n_splits=1), iter([0.0, 40.0, 41.0])
    >>> with Progress(history, 4, sys.stdout, clock=lambda: next(now)) as progress:
    ...     history.start(Trial(0, {}))
    ...     history.record(Outcome(0, 0, test_scores=0.75))
    ...     progress.update()
    1/4 trials, best 0.75, 2:00 left
    1/4 trials, best 0.75, 2:03 left
    """

    def __init__(
        self,
        history: History,
        n_trials: int | None,
        stream: TextIO | None,
        *,
        clock: Callable[[], float] = time.monotonic,
        seconds_left: float = math.inf,
    ) -> None:
        self.history = history
        self.n_trials = n_trials
        self.stream = stream
        self.clock = clock
        self.seconds_left = seconds_left
        self._is_terminal = stream is not None and stream.isatty()
        self._began = self._said = clock() if stream is not None else 0.0
        self._length = 0  # of what stands on the line
        self._has_said = False
        self._n_seen = 0
        self._open: list[int] = []
        self._n_done = self._n_failed = self._n_fits = 0
        self._n_fits_before: int | None = None  # an earlier process did these
        self._best = -math.inf

    def __enter__(self) -> Self:
        if self._is_terminal:
            self._draw(self._began)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._is_terminal:
            self._write("\r" + " " * self._length + "\r")
        elif self._has_said:
            self._look()
            self._write(f"{self._text(self.clock())}\n")

    def update(self) -> None:
        """Take note that a fit has finished."""
        if self.stream is None:
            return
        self._look()
        now = self.clock()
        if self._is_terminal:
            if now - self._said >= _REDRAW_SECONDS:
                self._draw(now)
        elif now - self._said >= _LINE_SECONDS:
            self._said, self._has_said = now, True
            self._write(f"{self._text(now)}\n")

    def _look(self) -> None:
        """Count what has been finished since the last look."""
        history = self.history
        self._open += range(self._n_seen, len(history.trials))
        self._n_seen = len(history.trials)
        for number in [number for number in self._open if history.is_finished(number)]:
            self._open.remove(number)
            self._n_done += 1
            self._n_failed += sum(history.ending(outcome) != "ok" for outcome in history.outcomes(number).values())
            score = history.score(number)
            self._best = max(self._best, score)  # in this order: NaN is then not larger
        self._n_fits = self._n_done * history.n_splits + sum(len(history.outcomes(number)) for number in self._open)
        if self._n_fits_before is None:
            self._n_fits_before = self._n_fits - 1

    def _text(self, now: float) -> str:
        parts = [f"{self._n_done} trials" if self.n_trials is None else f"{self._n_done}/{self.n_trials} trials"]
        if self._best > -math.inf:
            parts.append(f"best {self._best:.5g}")
        if (left := self._time_left(now)) < math.inf:
            parts.append(f"{_clock_face(left)} left")
        if self._n_failed:
            parts.append(f"{self._n_failed} fit{'s' if self._n_failed > 1 else ''} failed")
        return ", ".join(parts)

    def _time_left(self, now: float) -> float:
        """Return the seconds that what remains will take at the pace so far; infinity if nobody knows."""
        allowed = max(0.0, self._began + self.seconds_left - now)
        n_own = self._n_fits - (self._n_fits_before or 0)
        if self.n_trials is None or n_own == 0:
            return allowed
        n_left = max(0, min(self.n_trials * self.history.n_splits, sys.maxsize) - self._n_fits)
        return min(allowed, n_left * (now - self._began) / n_own)

    def _draw(self, now: float) -> None:
        self._said = now
        # The last column stays free: some terminals begin a new line behind it.
        text = self._text(now)[: max(0, shutil.get_terminal_size().columns - 1)]
        self._write("\r" + text.ljust(self._length))
        self._length = len(text)

    def _write(self, text: str) -> None:
        if self.stream is not None:
            self.stream.write(text)
            self.stream.flush()


def _clock_face(seconds: float) -> str:
    """Return a duration as on a clock: 0:07, 12:30, 1:02:30."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
