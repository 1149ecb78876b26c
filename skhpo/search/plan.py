"""How a search goes about it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skhpo.fits.amounts import Resource
from skhpo.schedulers.fixed import FixedScheduler

if TYPE_CHECKING:
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler


@dataclass(frozen=True)
class Plan:
    """How a search goes about it.

    Parameters
    ----------
    sampler : Sampler
        Who proposes parameters.
    scheduler : Scheduler
        Who decides what to start.
    look_back : int or None
        How many trials may be under way when the next one is decided; None for the fewest that keep the workers busy.
    resource : Resource
        What a trial's fraction is a fraction of.
    """

    sampler: Sampler
    scheduler: Scheduler
    look_back: int | None = None
    resource: Resource = field(default_factory=Resource)

    @property
    def n_trials(self) -> int | None:
        """How many trials there will be at most, where that is known."""
        bounds = (self.scheduler.n_trials, self.sampler.n_max if isinstance(self.scheduler, FixedScheduler) else None)
        return min((bound for bound in bounds if bound is not None), default=None)

    def smallest_look_back(self, n_workers: int, n_splits: int) -> int:
        """Return the smallest look-back that keeps all workers busy.

        A trial is ``n_splits`` tasks; in a race the look-back counts tasks.
        """
        if n_workers == 1:
            return 1
        n = n_workers if self.scheduler.is_racing else math.ceil(n_workers / n_splits)
        return max(n + 1, self.scheduler.slack * n)

    def most_workers(self, look_back: int, n_splits: int) -> float:
        """Return how many workers a look-back can keep busy; infinite where nothing is decided from outcomes."""
        if not (self.sampler.is_adaptive or self.scheduler.is_adaptive):
            return math.inf
        return look_back if self.scheduler.is_racing else look_back * n_splits
