"""A given number of trials at most, fewer where the sampler has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.schedulers.fixed import FixedScheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.history import History, Trial
    from skhpo.schedulers.base import Ask


class DescentScheduler(FixedScheduler):
    """Starts trials until the sampler has arrived.

    Parameters
    ----------
    n_trials : int
        How many at most.
    has_arrived : callable
        Whether the sampler has nothing to propose any more; it must depend on what it was told alone.

    Examples
    --------
    >>> from skhpo.history import History
    >>> DescentScheduler(3, lambda: True).next_trial(History(n_splits=5), lambda number: {"C": 1.0}) is None
    True
    """

    def __init__(self, n_trials: int, has_arrived: Callable[[], bool]) -> None:
        super().__init__(n_trials)
        self.has_arrived = has_arrived

    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the trial to start now, or None."""
        return None if self.has_arrived() else super().next_trial(history, ask)
