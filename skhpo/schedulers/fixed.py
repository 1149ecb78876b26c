"""A given number of trials, each on the full resource."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.history import Trial
from skhpo.schedulers.base import Scheduler

if TYPE_CHECKING:
    from skhpo.history import History
    from skhpo.schedulers.base import Ask


class FixedScheduler(Scheduler):
    """Starts ``n_trials`` trials.

    Parameters
    ----------
    n_trials : int
        How many.

    Examples
    --------
    >>> from skhpo.history import History
    >>> FixedScheduler(3).next_trial(History(n_splits=5), lambda number: {"C": 10.0**number}).params
    {'C': 1.0}
    """

    is_adaptive = False

    def __init__(self, n_trials: int) -> None:
        self.n_trials: int = n_trials

    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the trial to start now, or None when all were started or the space is exhausted."""
        number = len(history.trials)
        if number >= self.n_trials:
            return None
        params = ask(number)
        return None if params is None else Trial(number, params)
