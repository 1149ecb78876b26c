"""Successive halving in which a trial that will not be promoted does not get all of its splits.

Of a rung's trials the best ``n`` are promoted, so the one to beat is the ``n``-th best of those that are complete, and
the rule is that of `skhpo.schedulers.racing`. What is typical of a split, and how much scores vary from split to split,
is known from the complete trials of the same rung of the same bracket: with more of the resource both are others.

To stop one wrongly does not lose the winner here: the last of ``n`` places goes to another that is about as good, and
the winner is seldom who had the last place. So the probability below which to stop may be about ``n`` times what it
is where one is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.schedulers.base import SplitScheduler
from skhpo.schedulers.halving import HalvingScheduler
from skhpo.schedulers.racing import CAREFUL, Race

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.history import FitStarted, History, TrialStopped
    from skhpo.schedulers.halving import Bracket


_PER_PLACE = 0.005  # for each that is promoted, of the probability of being among them below which to stop
_BOLDEST = 0.1  # who is promoted with a chance of one in ten is not without hope, however many there are


class RacingHalvingScheduler(SplitScheduler, HalvingScheduler):
    """Runs brackets of successive halving, each rung a race for promotion.

    All trials of a rung are under way side by side and get their first split before any gets a second. Those that are
    promoted have all their splits; on the last rung there is one to be found. Where a rung has no more of the resource
    than the one below, its scores are known, and nobody is stopped.

    Parameters
    ----------
    brackets : sequence of sequences of Rung
        As for `HalvingScheduler`.
    order : sequence of int
        The splits in the order in which they are tried, the same for all trials.
    stops_failures : bool
        Whether a trial of which one fit failed is stopped: where its score will be NaN whatever the others give.

    Examples
    --------
    >>> from skhpo.schedulers.halving import halving_bracket
    >>> from skhpo.history import History
    >>> scheduler = RacingHalvingScheduler([halving_bracket(9, 1, 9)], order=[2, 0, 1])
    >>> history = History(n_splits=3)
    >>> propose = lambda number: {"C": 10.0**number}
    >>> history.apply(scheduler.decide(history, propose))
    >>> scheduler.decide(history, propose)
    FitStarted(number=0, split=2)
    """

    def __init__(self, brackets: Sequence[Bracket], *, order: Sequence[int], stops_failures: bool = True) -> None:
        super().__init__(brackets)
        self._places = {(b, rung.number): i for b, bracket in enumerate(brackets) for i, rung in enumerate(bracket)}
        self._races = {
            (b, rung.number): Race(
                tuple(order),
                n_best=_n_best(bracket, i),
                alpha=_alpha(bracket, i),
                stops_failures=stops_failures,
                is_by_number=True,
            )
            for b, bracket in enumerate(brackets)
            for i, rung in enumerate(bracket)
        }

    def next_split(
        self,
        history: History,
        *,
        look_back: int,  # noqa: ARG002 - all of a rung are under way, whatever is hidden of them
        can_start: bool,
    ) -> FitStarted | TrialStopped | None:
        """Return the next fit, or a trial to stop; None to start another trial, or to wait."""
        for (bracket, rung), standing in history.rungs.items():
            if standing.n_open:
                can_join = can_start and len(standing.trials) < self._size(history, bracket, rung)
                decision = self._races[bracket, rung].next_split(history, standing, can_start=can_join)
                if decision is not None or can_join:
                    return decision
        return None

    def _size(self, history: History, bracket: int, rung: int) -> int:
        """Return how many trials a rung will have."""
        place = self._places[bracket, rung]
        n_trials = self.brackets[bracket][place].n_trials
        if place == 0:
            return n_trials
        below = history.rung(bracket, self.brackets[bracket][place - 1].number)
        return min(n_trials, len(below.complete))


def _n_best(bracket: Bracket, place: int) -> int:
    """Return how many of a rung's trials are wanted."""
    rung = bracket[place]
    if place > 0 and bracket[place - 1].fraction == rung.fraction:
        return rung.n_trials  # fitted on the rung below: to stop one would save nothing
    return bracket[place + 1].n_trials if place + 1 < len(bracket) else 1


def _alpha(bracket: Bracket, place: int) -> float:
    """Return the probability of being promoted below which a trial of a rung is stopped; on the last, of winning."""
    is_last = place + 1 == len(bracket)
    return CAREFUL if is_last else min(_PER_PLACE * bracket[place + 1].n_trials, _BOLDEST)
