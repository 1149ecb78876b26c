"""Those who take part in a race, as arrays: when the one to beat changes, all are measured against it at once.

Notation
--------
::

    run     the splits on which a trial is seen, in order; trials with the same run are measured together
    level   who goes on first is who has most of it: 0, or as long as there is none to beat, the length of the run
    worth   and then of this: how far it is expected to be from the one to beat, or as long as there is none, its mean

A `Field` is the view that one `Race` has of a rung. It follows from the history and the rule, and the history keeps it:
after each fit it takes note of the trials of which there is news. What it does with all that are open is to look for
the first or the largest in an array, a few microseconds for ten thousand.
"""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Final

import numpy as np

from skhpo.history import FitStarted, TrialStopped
from skhpo.schedulers.complete import LARGEST, Complete

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from skhpo.history import History
    from skhpo.history.standing import Standing
    from skhpo.schedulers.racing import Judge, Race

# What can be done with a trial: nothing (it is closed, has all its fits, or is to be stopped once they are known), its
# first fit or its end, another fit, or another fit beside one that is under way.
_NOTHING, _ACT, _GO_ON, _BUSY = range(4)


def _kind(*conditions: bool) -> int:
    """Return what can be done with a trial."""
    is_open, has_begun, is_out, is_at_rest, has_more = conditions
    if not is_open:
        return _NOTHING
    if not has_begun:
        return _ACT
    if is_out:
        return _ACT if is_at_rest else _NOTHING
    if not has_more:
        return _NOTHING
    return _GO_ON if is_at_rest else _BUSY


# By these conditions, each 0 or 1.
_KINDS = np.array([_kind(*bits) for bits in product((False, True), repeat=5)], dtype=np.int8).reshape([2] * 5)
_FEWEST: Final = 64  # trials for which it is worth while to forget those that are closed


class Field:
    """The open trials of a rung by what can be done with them, in a race by one rule.

    Parameters
    ----------
    race : Race
        The rule.

    Attributes
    ----------
    news : set of int
        Numbers of trials that something has happened to.
    """

    def __init__(self, race: Race) -> None:
        self.news: set[int] = set()
        self._race = race
        self._complete = Complete(is_by_number=race.is_by_number)
        self._judge: Judge | None = None
        self._threshold = race.alpha
        self._n_admitted = 0
        self._places: dict[int, int] = {}  # trial -> its row in the table
        self._runs: dict[tuple[int, ...], int] = {}  # run -> its number
        self._table = _Table(_FEWEST)
        self._ahead: set[int] = set()  # trials that can go on, of a level above 1

    def next_split(self, history: History, standing: Standing, *, can_start: bool) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait."""
        if self.news:
            self._take_note(history, standing)
        table, n = self._table, len(self._places)
        if n == 0:
            return None
        row = int((table.kind[:n] == _ACT).argmax())
        if table.kind[row] == _ACT:
            return self._act(history, row)
        first = None if can_start else self._first()
        return None if first is None else self._race.fit(history, int(table.number[first]))

    def _act(self, history: History, row: int) -> FitStarted | TrialStopped:
        number = int(self._table.number[row])
        if not self._table.n_begun[row]:
            return self._race.fit(history, number)
        has_failed = self._race.stops_failures and self._table.has_failed[row]
        return TrialStopped(number, None if has_failed or self._judge is None else self._judge.incumbent)

    def _first(self) -> int | None:
        """Return the row of the trial that goes on first, at rest if there is one; None if there is none."""
        table, n = self._table, len(self._places)
        if self._ahead:
            return self._first_of(self._to_second() or sorted(self._places[number] for number in self._ahead))
        row = int(table.key[:n].argmax())  # of those that are level the first, which is the oldest
        if table.key[row] > -math.inf:
            return row
        # Nobody is at rest, or some are worth nothing, or there is no telling.
        rows = np.flatnonzero(table.kind[:n] == _GO_ON).tolist() or np.flatnonzero(table.kind[:n] == _BUSY).tolist()
        return self._first_of(rows) if rows else None

    def _to_second(self) -> list[int]:
        """Return the rows of which one gets its second fit before another gets a third: none, where enough have it."""
        if self._race.n_second == 1 or self._judge is not None:
            return []
        table, n = self._table, len(self._places)
        n_second = int((table.is_open[:n] & (table.n_begun[:n] > 1)).sum())
        return np.flatnonzero(np.isfinite(table.key[:n])).tolist() if n_second < self._race.n_second else []

    def _first_of(self, rows: Iterable[int]) -> int:
        """Return who goes on first of some rows in order, compared one by one."""
        table = self._table
        return max(rows, key=lambda row: (table.level[row], table.worth[row], -row))

    def _take_note(self, history: History, standing: Standing) -> None:
        self._admit(standing)
        rows = np.array([self._places[number] for number in sorted(self.news) if number in self._places], dtype=int)
        self.news.clear()
        is_seen = [self._look(history, row) for row in rows.tolist()]
        to_measure = rows[is_seen]
        if self._complete.take(history, standing):
            before, self._judge = self._judge, self._race.judge(self._complete)
            self._threshold = self._race.threshold(self._complete, standing)
            if before is not None or self._judge is not None:
                to_measure = np.flatnonzero(self._table.is_open[: len(self._places)])
                rows = np.union1d(rows, to_measure)
        if len(to_measure):
            self._measure(to_measure)
        self._sort_in(rows, history.n_splits)

    def _admit(self, standing: Standing) -> None:
        """Give new trials a row; and the rows of those that are closed to others, once these are many."""
        if self._n_admitted == len(standing.trials):
            return
        n = len(self._places)
        kept = np.flatnonzero(self._table.is_open[:n])
        if n >= _FEWEST and 2 * len(kept) < n:
            self._table.keep(kept)
            self._places = {number: row for row, number in enumerate(self._table.number[: len(kept)].tolist())}
        for trial in standing.trials[self._n_admitted :]:
            row = self._places[trial.number] = len(self._places)
            self._table.clear(row, trial.number)
        self._n_admitted = len(standing.trials)

    def _look(self, history: History, row: int) -> bool:
        """Write down what has become of a trial; returns whether it has to be measured."""
        table = self._table
        number = int(table.number[row])
        seen = history.seen(number)
        table.n_begun[row] = len(history.begun(number))
        table.is_open[row] = len(seen) < history.n_splits and number not in history.stopped
        has_changed = bool(table.is_open[row]) and len(seen) != table.n_seen[row]
        if has_changed:
            values = list(seen.values())
            table.n_seen[row] = len(seen)
            table.run[row] = self._runs.setdefault(tuple(seen), len(self._runs))
            table.has_failed[row] = any(map(math.isnan, values))
            table.mean[row] = np.mean(values) if len(values) > 1 else values[0]
            table.set_scores(row, [min(max(value, -LARGEST), LARGEST) for value in values])
        return has_changed

    def _measure(self, rows: NDArray[np.intp]) -> None:
        """Find out of open trials what they are worth, and whether they are out of the race."""
        table, judge = self._table, self._judge
        table.is_out[rows] = table.has_failed[rows] & self._race.stops_failures
        if judge is None:
            table.level[rows] = table.n_seen[rows]
            table.worth[rows] = np.where(table.n_seen[rows] > 0, table.mean[rows], -math.inf)
            return
        table.level[rows], table.worth[rows] = 0, -math.inf
        rows = rows[table.n_seen[rows] > 0]
        runs = table.run[rows]
        by_number = list(self._runs)
        for run in set(runs.tolist()):
            splits, same = by_number[run], rows[runs == run]
            scores = table.scores[same, : len(splits)]
            behind = table.worth[same] = judge.behind(splits, scores)
            if judge.df > 0:
                table.is_out[same] |= judge.probability(splits, scores, behind) < self._threshold

    def _sort_in(self, rows: NDArray[np.intp], n_splits: int) -> None:
        """Decide what can be done with trials."""
        table = self._table
        n_begun = table.n_begun[rows]
        is_at_rest, has_more = table.n_seen[rows] == n_begun, n_begun < n_splits
        conditions = np.array(
            [table.is_open[rows], n_begun > 0, table.is_out[rows], is_at_rest, has_more], dtype=np.intp
        )
        kind = table.kind[rows] = _KINDS[tuple(conditions)]
        goes_on = kind == _GO_ON
        is_ahead = goes_on & (table.level[rows] > 1)
        table.key[rows] = np.where(goes_on & ~is_ahead, table.worth[rows], -math.inf)
        if self._ahead:
            self._ahead.difference_update(table.number[rows].tolist())
        if is_ahead.any():
            self._ahead.update(table.number[rows[is_ahead]].tolist())


class _Table:
    """What is known of trials, each a row, in the order of their numbers; rows behind the last trial are free."""

    def __init__(self, n: int) -> None:
        self.number = np.zeros(n, dtype=np.int64)
        self.n_begun = np.zeros(n, dtype=np.int64)
        self.n_seen = np.zeros(n, dtype=np.int64)
        self.run = np.zeros(n, dtype=np.int64)
        self.scores = np.zeros((n, 1))  # in the order of the run
        self.mean = np.zeros(n)
        self.has_failed = np.zeros(n, dtype=bool)
        self.is_open = np.zeros(n, dtype=bool)
        self.is_out = np.zeros(n, dtype=bool)
        self.level = np.zeros(n, dtype=np.int64)
        self.worth = np.zeros(n)
        self.kind = np.zeros(n, dtype=np.int8)
        self.key = np.zeros(n)  # the worth of those that can go on, if their level is the lowest; else minus infinity

    def clear(self, row: int, number: int) -> None:
        """Make a row that of another trial."""
        for name, column in vars(self).items():
            if row == len(column):
                setattr(self, name, np.concatenate([column, np.zeros_like(column)]))
            getattr(self, name)[row] = 0
        self.number[row], self.worth[row] = number, -math.inf

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Move rows to the front, over the others."""
        for column in vars(self).values():
            column[: len(rows)] = column[rows]

    def set_scores(self, row: int, scores: Sequence[float]) -> None:
        """Set the scores of a trial."""
        n, width = self.scores.shape
        if len(scores) > width:
            self.scores = np.hstack([self.scores, np.zeros((n, len(scores) - width))])
        self.scores[row, : len(scores)] = scores
