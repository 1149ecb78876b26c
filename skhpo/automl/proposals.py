"""Who proposes what is tried: a portfolio's list, and behind its end a model of the scores.

One model leads through all families. It knows the configurations of the list, as far as they are points of its space.
Where shorter models stand inside a longer one, a point counts by the best of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skhpo.automl.joint import CHOICE
from skhpo.history import Observation, Trial
from skhpo.samplers.base import Sampler
from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from skhpo.automl.agenda import Agenda
    from skhpo.automl.portfolio import Entry
    from skhpo.history import Params

_MOST_POINTS = 1_000
"""With so many, a model of the scores takes longer than most fits, and hardly anything is found."""


class AgendaSampler(Sampler):
    """Proposes what is on a list, by position; behind its end, what a model of the scores expects most of.

    Parameters
    ----------
    agenda : Agenda
        The list, and what may be tried behind its end.
    affordable : callable
        ``affordable(entries)``: those of which there is time for a trial.
    seed : int
        Of what is proposed.
    """

    def __init__(
        self,
        agenda: Agenda,
        affordable: Callable[[Sequence[Entry]], Sequence[Entry]] = lambda entries: entries,
        seed: int = 0,
    ) -> None:
        self._agenda, self._beyond = agenda, agenda.beyond
        self._affordable, self._seed = affordable, seed
        self.is_adaptive = self._beyond is not None
        self.n_max = len(agenda.steps) if self._beyond is None else None
        self._told: dict[Hashable, tuple[Params, dict[int, Observation]]] = {}  # point -> itself, and its trials
        self._models: dict[tuple[str, ...], BayesSampler] = {}

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return what is at a position."""
        if number < len(self._agenda.steps):
            return self._agenda.steps[number].params
        if self._beyond is None or len(self._told) >= _MOST_POINTS:
            return None
        bases = self._beyond.bases
        open_bases = {id(entry) for entry in self._affordable(list(bases.values()))}
        names = tuple(name for name, entry in bases.items() if id(entry) in open_bases)
        if not names:
            return None
        points = [point for trial in pending if (point := self._point(trial)) is not None and point[CHOICE] in names]
        found = self._model(names).ask(number, [Trial(number, point) for point in points])
        return None if found is None else self._beyond.block(found)[0].params

    def tell(self, observation: Observation) -> None:
        """Remember the scores at a point: those of the best trial there."""
        point = self._point(observation.trial)
        if point is None:
            return
        _, trials = self._told.setdefault(params_key(point), (point, {}))
        trials[observation.trial.number] = observation
        for names, model in self._models.items():
            if point[CHOICE] in names:
                model.tell(_best(point, trials))

    def _point(self, trial: Trial) -> Params | None:
        return None if self._beyond is None else self._beyond.point_of(self._agenda.step_of(trial.params))

    def _model(self, names: tuple[str, ...]) -> BayesSampler:
        assert self._beyond is not None  # noqa: S101  (asked before)
        if names not in self._models:
            model = BayesSampler(self._beyond.space(names), self._seed, options=BayesOptions(n_line=0))
            for point, trials in self._told.values():
                if point[CHOICE] in names:
                    model.tell(_best(point, trials))
            self._models[names] = model
        return self._models[names]


def _best(point: Params, trials: dict[int, Observation]) -> Observation:
    """Return the observation of the trial with most scores, and of these the largest, as one at the point."""

    def rank(observation: Observation) -> tuple[int, float]:
        scores = observation.scores[np.isfinite(observation.scores)]
        return len(scores), float(scores.mean()) if len(scores) else -np.inf

    best = max(trials.values(), key=rank)
    return best._replace(trial=Trial(best.trial.number, point))
