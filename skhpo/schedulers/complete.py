"""The trials of a race that are complete: who is to be beaten, what is typical, and how often a new one is the best."""

from __future__ import annotations

import math
from bisect import insort
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.history import History
    from skhpo.history.standing import Standing

LARGEST = 1e100  # beyond it squares of scores overflow, and a candidate is out of the race
_N_NEW = 10  # new trials of which one was the best so far, before any were seen


class Complete:
    """The complete trials of a rung, each looked at once.

    Parameters
    ----------
    is_by_number : bool
        Whether their order is that of their numbers; else that in which they were complete.
    """

    def __init__(self, *, is_by_number: bool) -> None:
        self._is_by_number = is_by_number
        self._n_taken = 0
        self._rows: dict[int, tuple[int, NDArray[np.float64]]] = {}  # place in the order -> number, scores by split
        self._order: list[int] = []  # of the places
        self._ranking: list[tuple[float, int]] = []  # minus the mean, and the place
        self._means: dict[int, float] = {}  # in the order of the run
        self._closed: set[int] = set()
        self._n_records = [0]  # how many of the first 0, 1, ... trials were the best so far; all of these are closed
        self._best = -math.inf

    @property
    def n_usable(self) -> int:
        """How many have scores that can be calculated with."""
        return len(self._order)

    def take(self, history: History, standing: Standing) -> bool:
        """Take note of those that are complete now; returns whether there are new ones."""
        found = standing.complete[self._n_taken :]
        for i, number in enumerate(found, self._n_taken):
            seen = history.seen(number)
            self._means[number] = float(np.mean(list(seen.values())))
            row = np.array([seen[split] for split in range(history.n_splits)])
            if (np.abs(row) < LARGEST).all():
                place = number if self._is_by_number else i
                self._rows[place] = number, row
                insort(self._order, place)
                insort(self._ranking, (-float(row.mean()), place))
        self._n_taken += len(found)
        return bool(found)

    def ranked(self, i: int) -> tuple[int, NDArray[np.float64]]:
        """Return number and scores of the usable one that is ``i``-th best, from 0; the first in order among equals."""
        return self._rows[self._ranking[i][1]]

    def latest(self, n: int) -> NDArray[np.float64]:
        """Return the scores of the last ``n`` usable ones in order, shape (at most n, k)."""
        return np.array([self._rows[place][1] for place in self._order[-n:]])

    def chance_of_new(self, standing: Standing) -> float:
        """How often a new trial became the best, among the later half of those that are closed; once in ten before.

        As there were ten more of which one did, so that it is never zero. Those count that were closed when the last
        one was complete: so it depends on what happened, and not on when it is asked.
        """
        for i in range(len(self._closed), standing.n_closed_then):
            self._closed.add(standing.closed[i])
        trials, records = standing.trials, self._n_records
        while len(records) <= len(trials) and (number := trials[len(records) - 1].number) in self._closed:
            self._best, is_record = self._compared(self._best, number)
            records.append(records[-1] + is_record)
        best, later = self._best, records[-1:]  # those behind one that is open: they may not be all
        for trial in trials[len(records) :]:
            if trial.number in self._closed:
                best, is_record = self._compared(best, trial.number)
                later.append(later[-1] + is_record)
        n = len(records) + len(later) - 2
        half = n // 2
        before = records[half] if half < len(records) else later[half - len(records) + 1]
        return (1 + later[-1] - before) / (_N_NEW + n - half)

    def _compared(self, best: float, number: int) -> tuple[float, bool]:
        """Return the best mean with a trial, and whether it is that of the trial."""
        mean = self._means.get(number, -math.inf)
        return max(best, mean), mean > best
