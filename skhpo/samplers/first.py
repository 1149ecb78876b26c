"""A candidate that is tried before all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skhpo.samplers.base import Sampler
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.history import Observation, Params, Trial


class FirstSampler(Sampler):
    """Proposes one point, and then what another sampler proposes, from its first on.

    The other hears nothing of the point, which may lie outside of its space.

    Parameters
    ----------
    first : dict
        The point.
    sampler : Sampler
        Who proposes the others.
    n_max : int or None
        How many there are in all; None where there is no bound.

    Examples
    --------
    >>> from skhpo.samplers.grid import GridSampler
    >>> sampler = FirstSampler({"C": 1.0}, GridSampler({"C": [10, 100]}), n_max=3)
    >>> [sampler.ask(number, ()) for number in range(4)]
    [{'C': 1.0}, {'C': 10}, {'C': 100}, None]
    """

    def __init__(self, first: Params, sampler: Sampler, n_max: int | None) -> None:
        self.first, self.sampler, self.n_max = first, sampler, n_max
        self.is_adaptive = sampler.is_adaptive
        self._key = params_key(first)

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the point, or the proposal of the other."""
        if number == 0:
            return self.first
        if self.n_max is not None and number >= self.n_max:
            return None
        return self.sampler.ask(number - 1, [trial for trial in pending if not self._is_first(trial)])

    def tell(self, observation: Observation) -> None:
        """Tell the other of all but the point."""
        if not self._is_first(observation.trial):
            self.sampler.tell(observation)

    def expected_scores(self, trials: Sequence[Trial]) -> NDArray[np.float64]:
        """What the other expects; NaN for the point, of which it knows nothing."""
        is_first = np.array([self._is_first(trial) for trial in trials], dtype=bool)
        scores = np.full(len(trials), np.nan)
        scores[~is_first] = self.sampler.expected_scores([trial for trial in trials if not self._is_first(trial)])
        return scores

    def _is_first(self, trial: Trial) -> bool:
        return params_key(trial.params) == self._key
