"""How the trials of a rung stand: who is on it, who is best, and who was promoted, kept up while a search goes on.

A `History` feeds it, one trial at a time. So a scheduler that asks after each fit who is best of ten thousand does not
have to look at all of them, and remembers nothing by itself.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from skhpo.history.events import Trial


class View(Protocol):
    """What somebody keeps of a rung: the numbers of trials of which there is news since he looked."""

    news: set[int]


_V = TypeVar("_V", bound=View)


class Standing:
    """The trials of one rung of one bracket.

    Attributes
    ----------
    trials : list of Trial
        All that were started, in order.
    ranking : list of (float, int)
        Minus the score, and the number, of the trials whose score may be looked at: the best first, and the older
        first among equals. None that failed.
    n_known : int
        How many have a score that may be looked at, or failed.
    n_open : int
        How many are neither stopped nor seen on all splits.
    closed : list of int
        Those that are, in the order in which it happened.
    complete : list of int
        Those of them that are seen on all splits without a failure.
    n_closed_then : int
        How many were closed when there was last news of one that is complete.
    """

    def __init__(self) -> None:
        self.trials: list[Trial] = []
        self.ranking: list[tuple[float, int]] = []
        self.n_open = 0
        self.closed: list[int] = []
        self.complete: list[int] = []
        self.n_closed_then = self._n_complete_then = 0
        self._places: dict[int, float] = {}  # trial -> minus its score, as it is in the ranking
        self._promoted: set[int] = set()
        self._waiting: list[tuple[float, int]] = []  # those of the ranking that were not promoted
        self._views: dict[Hashable, View] = {}

    def closings(self) -> dict[str, list[int]]:
        """Return what does not follow from trials and scores: which closed in what order, and when."""
        return {
            "closed": list(self.closed),
            "complete": list(self.complete),
            "then": [self.n_closed_then, self._n_complete_then],
        }

    def restore(self, closings: dict[str, list[int]], scores: dict[int, float]) -> list[int]:
        """Do again what `closings` tells of, to trials that were started; returns the closed ones.

        ``scores`` are those of the closed ones that were not stopped.
        """
        complete = set(closings["complete"])
        for number in closings["closed"]:
            self.close(number, is_complete=number in complete)
            if number in scores:
                self.rank(number, scores[number])
        self.n_closed_then, self._n_complete_then = closings["then"]
        return closings["closed"]

    @property
    def n_known(self) -> int:  # noqa: D102
        return len(self._places)

    def start(self, trial: Trial) -> None:
        """Add a trial."""
        self.trials.append(trial)
        self.n_open += 1
        self.changed(trial.number)

    def rank(self, number: int, score: float) -> None:
        """Let the score of a trial be looked at; NaN if it failed."""
        key = -score
        self._places[number] = key
        if not math.isnan(key):
            insort(self.ranking, (key, number))
            if number not in self._promoted:
                insort(self._waiting, (key, number))

    def promote(self, number: int) -> None:
        """Note that a trial is on the next rung, too."""
        self._promoted.add(number)
        _discard(self._waiting, (self._places.get(number, math.nan), number))

    def best_waiting(self, n: int) -> int | None:
        """Return the best trial that was not promoted and is among the ``n`` best; None if there is none."""
        if not self._waiting:
            return None
        first = self._waiting[0]
        return first[1] if bisect_left(self.ranking, first) < n else None

    def close(self, number: int, *, is_complete: bool) -> None:
        """Note that nothing more will be known of a trial."""
        self.n_open -= 1
        self.closed.append(number)
        if is_complete:
            self.complete.append(number)

    def view(self, key: Hashable, make: Callable[[], _V]) -> _V:
        """Return what is kept of this rung under a key; it has news of each trial from then on, and now of all."""
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = make()
            found.news.update(trial.number for trial in self.trials)
        return found  # type: ignore[return-value]  # it was made for this key

    def changed(self, number: int) -> None:
        """Tell all views that there is news of a trial."""
        if len(self.complete) > self._n_complete_then:
            self._n_complete_then, self.n_closed_then = len(self.complete), len(self.closed)
        for view in self._views.values():
            view.news.add(number)


NOBODY = Standing()
"""The standing of a rung that has no trials."""


def _discard(ordered: list[tuple[float, int]], item: tuple[float, int]) -> None:
    at = bisect_left(ordered, item)
    if at < len(ordered) and ordered[at] == item:
        del ordered[at]
