"""Learning from trials on little of the resource as if they had been on all of it."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from skhpo.samplers.base import Sampler

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.history import Params, Trial


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
        self._told: dict[int, tuple[Trial, NDArray[np.float64]]] = {}
        self._passed_on: list[tuple[Trial, NDArray[np.float64]]] = []
        self.is_adaptive = self._sampler.is_adaptive
        self.n_max = self._sampler.n_max

    def tell(self, trial: Trial, scores: NDArray[np.float64]) -> None:
        """Remember the scores of a trial; in a race there are more of them each time."""
        self._told[trial.number] = trial, scores

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the parameters of proposal ``number``."""
        known = self.at_full_resource()
        n_same = len(self._passed_on)
        if len(known) < n_same or not all(map(_is_same, known, self._passed_on)):
            self._sampler, n_same = self._make(), 0
        for trial, scores in known[n_same:]:
            self._sampler.tell(trial, scores)
        self._passed_on = known
        return self._sampler.ask(number, [trial for trial in pending if trial.parent is None])

    def at_full_resource(self) -> list[tuple[Trial, NDArray[np.float64]]]:
        """Return a trial and its scores for each candidate, in the order of their first trials."""
        gains = self._gains()
        latest: dict[int, tuple[Trial, NDArray[np.float64]]] = {}  # first trial of a candidate -> the last
        first: dict[int, int] = {}
        for trial, found in self._told.values():
            number = first[trial.number] = trial.number if trial.parent is None else first[trial.parent]
            if np.isnan(found).all() and number in latest:
                continue  # that it fails on more than it was tried on is no score; the one with less is
            latest[number] = trial, found + sum(gain for level, gain in gains.items() if level >= trial.fraction)
        return list(latest.values())

    def _gains(self) -> dict[float, float]:
        """Return what the next level of the resource adds to a mean score, by level."""
        found: dict[float, list[float]] = {trial.fraction: [] for trial, _ in self._told.values()}
        for trial, scores in self._told.values():
            if trial.parent is None:
                continue
            parent, before = self._told[trial.parent]
            is_known = ~np.isnan(scores)  # on all splits of those that are complete, as parents are
            if parent.fraction != trial.fraction and is_known.any():
                found[parent.fraction].append(float(scores[is_known].mean()) - float(before[is_known].mean()))
        return {level: float(np.median(found[level])) for level, _ in pairwise(sorted(found)) if found[level]}


def _is_same(one: tuple[Trial, NDArray[np.float64]], other: tuple[Trial, NDArray[np.float64]]) -> bool:
    return one[0] is other[0] and np.array_equal(one[1], other[1], equal_nan=True)
