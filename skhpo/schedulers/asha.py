"""Asynchronous successive halving: whoever is good enough so far is promoted; nobody waits for a rung.

References
----------
L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht, A. Talwalkar: A system for massively
parallel hyperparameter tuning. MLSys 2020, algorithm 2.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from skhpo.schedulers.base import Scheduler
from skhpo.schedulers.halving import new_trial, promoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.history import History, Trial
    from skhpo.schedulers.base import Ask
    from skhpo.schedulers.halving import Bracket


class AshaScheduler(Scheduler):
    """Runs brackets of successive halving without waiting for rungs.

    A trial is promoted as soon as it is in the best ``1 / factor`` of what its rung has so far, looking from the top
    down; where there is none, a new trial is started (algorithm 2, ``get_job``). Two things end it, where the paper
    goes on for ever: a bracket starts as many new trials as its first rung says, and when all of a rung is known, those
    are promoted whom `HalvingScheduler` would promote, so that the last rung is always reached.

    Parameters
    ----------
    brackets : sequence of sequences of Rung
        Ascending resources in each. The numbers of trials are those of the synchronous schedule; early promotions that
        turn out to be wrong come on top.
    factor : float
        Eta, above 1.

    Examples
    --------
    >>> from skhpo.schedulers.halving import halving_bracket
    >>> from skhpo.history import History
    >>> scheduler = AshaScheduler([halving_bracket(9, 1, 9)], factor=3)
    >>> scheduler.next_trial(History(n_splits=5), lambda number: {"C": 10.0**number}).params
    {'C': 1.0}
    """

    slack = 5
    """Beside a trial on the full resource there is time for many on little of it. In simulations with 2 and 8 workers,
    27 to 81 trials and factors 2 and 3, workers were busiest with 5 to 10."""

    def __init__(self, brackets: Sequence[Bracket], factor: float = 3) -> None:
        self.brackets = brackets
        self.factor = factor

    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the trial to start now, or None: wait for results, or all is done."""
        for number, bracket in enumerate(self.brackets):
            for lower, upper in reversed(list(pairwise(bracket))):
                standing = history.rung(number, lower.number)
                winner = standing.best_waiting(int(standing.n_known / self.factor))
                if winner is not None:
                    return promoted(history, winner, upper)
        for number, bracket in enumerate(self.brackets):
            is_full = len(history.rung(number, bracket[0].number).trials) >= bracket[0].n_trials
            new = None if is_full else new_trial(history, ask, number, bracket[0])
            if new is not None:
                return new
        return self._last_promotion(history)

    def _last_promotion(self, history: History) -> Trial | None:
        """Return a promotion that completes a rung nothing can come to any more."""
        for number, bracket in enumerate(self.brackets):
            for lower, upper in pairwise(bracket):
                standing = history.rung(number, lower.number)
                if standing.n_known < len(standing.trials):
                    break  # the rungs above wait for this one
                winner = standing.best_waiting(upper.n_trials)
                if winner is not None:
                    return promoted(history, winner, upper)
        return None
