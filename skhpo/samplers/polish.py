"""A descent from the best candidate of another sampler, inside of its branch of the space."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.samplers.base import Sampler
from skhpo.samplers.gradient import GradientSampler
from skhpo.space import Float, Space, params_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.history import Observation, Params, Trial


class PolishSampler(Sampler):
    """Proposes what another sampler does, and later the points of a descent from the best of that.

    The descent keeps to the branch of the best candidate: what has no slope stays as it is. Where a proposal of the
    descent is still pending, where it has arrived, and where the best candidate has no slopes, the other sampler
    proposes.

    Parameters
    ----------
    sampler : Sampler
        Whose best candidate is polished. It is told of all candidates.
    space : Space
        Its space.
    seed : int
        Of the descent.
    n_before : int
        Trials before the descent begins.
    shares : collection of str
        Parameters that are shares, and are descended in the logarithm of their odds.
    """

    def __init__(self, sampler: Sampler, space: Space, seed: int, *, n_before: int, shares: Sequence[str] = ()) -> None:
        self.sampler, self.space, self.seed = sampler, space, seed
        self.n_before, self.shares = n_before, shares
        self.n_max = sampler.n_max
        self._told: dict[int, Observation] = {}

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the next point of the descent, or what the other sampler proposes."""
        params = self._next(pending) if number >= self.n_before else None
        return self.sampler.ask(number, pending) if params is None else params

    def tell(self, observation: Observation) -> None:
        """Remember a trial, and tell the other sampler."""
        self._told[observation.trial.number] = observation
        self.sampler.tell(observation)

    def _next(self, pending: Sequence[Trial]) -> Params | None:
        best = self._best()
        if best is None or best.gradient is None or not self.space.contains(best.trial.params):
            return None
        ranges = self._ranges(best)
        if not ranges:
            return None
        found = self._descent(best, ranges).ask(1, ())
        if found is None:
            return None
        params = {**best.trial.params, **found}
        return None if params_key(params) in {params_key(trial.params) for trial in pending} else params

    def _best(self) -> Observation | None:
        """Return the best of the trials before the descent."""
        scored = [
            told
            for number, told in sorted(self._told.items())
            if number < self.n_before and not np.isnan(told.scores).any()
        ]
        return max(scored, key=lambda told: float(np.mean(told.scores)), default=None)

    def _ranges(self, best: Observation) -> dict[str, Float]:
        """Return the ranges of what has a slope in the branch of a candidate."""
        slopes, active = best.gradient or {}, best.trial.params
        return {
            name: Float(dimension.low, dimension.high, log=dimension.log)
            for name, dimension in zip(self.space.names, self.space.dimensions, strict=True)
            if name in active and name in slopes and isinstance(dimension, Float)
        }

    def _descent(self, best: Observation, ranges: dict[str, Float]) -> GradientSampler:
        """Return a descent that was told of all trials of the branch."""
        own = {name: best.trial.params[name] for name in ranges}
        branch = Space(ranges)
        shares = [name for name in self.shares if name in ranges]
        descent = GradientSampler(branch, self.seed, own=own, start=branch.encode([own])[0], shares=shares)
        fixed = _without(best.trial.params, ranges)
        for _, told in sorted(self._told.items()):
            params = told.trial.params
            if set(ranges) <= set(params) and _without(params, ranges) == fixed:
                descent.tell(told._replace(trial=_part(told.trial, ranges)))
        return descent


def _without(params: Params, names: Any) -> Any:
    """Return what stays as it is, as something to compare."""
    return params_key({name: value for name, value in params.items() if name not in names})


def _part(trial: Trial, names: Any) -> Trial:
    """Return a trial with some of its parameters."""
    return replace(trial, params={name: trial.params[name] for name in names})
