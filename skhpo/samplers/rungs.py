"""Learning from trials on little of the resource as if they had been on all of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from skhpo.samplers.base import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skhpo.history import Observation, Params, Trial


class RungSampler(Sampler):
    """Lets a sampler that knows one score per candidate learn from all rungs.

    Of each candidate it is told the scores with most of the resource, plus what more of the resource is worth: from
    each level to the next, the median gain of those that were tried on both. The order within a level stays as it is,
    and what was learnt on little of the resource places the first trials on more.

    Parameters
    ----------
    make : callable
        ``make() -> Sampler``, called again when what was told turns out to be worth something else.
    """

    def __init__(self, make: Callable[[], Sampler]) -> None:
        self._make = make
        self._sampler = make()
        self._told: dict[int, Observation] = {}
        self._passed_on: list[Observation] = []
        self.is_adaptive = self._sampler.is_adaptive
        self.n_max = self._sampler.n_max

    def tell(self, observation: Observation) -> None:
        """Remember the scores of a trial; where they come one by one there are more of them each time."""
        self._told[observation.trial.number] = observation

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the parameters of proposal ``number``."""
        known = self.at_full_resource()
        n_same = len(self._passed_on)
        if len(known) < n_same or not all(map(_is_same, known, self._passed_on)):
            self._sampler, n_same = self._make(), 0
        for observation in known[n_same:]:
            self._sampler.tell(observation)
        self._passed_on = known
        return self._sampler.ask(number, [trial for trial in pending if trial.parent is None])

    def at_full_resource(self) -> list[Observation]:
        """Return one observation for each candidate, in the order of their first trials."""
        gains = self._gains()
        latest: dict[int, Observation] = {}  # first trial of a candidate -> what is known of the last
        first: dict[int, int] = {}
        for observation in self._told.values():
            trial = observation.trial
            number = first[trial.number] = trial.number if trial.parent is None else first[trial.parent]
            if np.isnan(observation.scores).all() and number in latest:
                continue  # that it fails on more than it was tried on is no score; the one with less is
            gain = sum(gain for level, gain in gains.items() if level >= trial.fraction)
            latest[number] = observation._replace(scores=observation.scores + gain)
        return list(latest.values())

    def _gains(self) -> dict[float, float]:
        """Return what the next level of the resource adds to a mean score, by level."""
        found: dict[float, list[float]] = {told.trial.fraction: [] for told in self._told.values()}
        for told in self._told.values():
            if told.trial.parent is None:
                continue
            before = self._told[told.trial.parent]
            is_known = ~np.isnan(told.scores)  # on all splits of those that are complete, as parents are
            if before.trial.fraction != told.trial.fraction and is_known.any():
                gain = float(told.scores[is_known].mean()) - float(before.scores[is_known].mean())
                found[before.trial.fraction].append(gain)
        return {level: float(np.median(found[level])) for level, _ in pairwise(sorted(found)) if found[level]}


def _is_same(one: Observation, other: Observation) -> bool:
    return one.trial is other.trial and np.array_equal(one.scores, other.scores, equal_nan=True)
