"""What a sampler is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.history import Observation, Params, Trial


class Sampler(ABC):
    """Proposes the parameters of a trial from what it was told, what is pending, and ``(seed, number)``.

    * `ask` must change nothing that a later `ask` or `tell` can see: asked twice, it answers the same.
    * `tell` must only remember. It is called each time that scores of a trial have become known, so more than once
      for a trial of which some came earlier.
    * All randomness must derive from the sampler's seed and the trial number.
    """

    is_adaptive: bool = True
    """Whether what it is told changes what it proposes."""

    n_max: int | None = None
    """How many trials it can propose at most; None where there is no bound."""

    @abstractmethod
    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the parameters of trial ``number``, or None when every point of the space was proposed.

        Parameters
        ----------
        number : int
            The trial's number.
        pending : sequence of Trial
            Trials that were started and of which no score was told.
        """

    def tell(self, observation: Observation) -> None:
        """Remember what is known of a trial.

        Parameters
        ----------
        observation : Observation
            The trial with its scores. Where a trial is told again, the later observation counts.
        """

    def expected_scores(self, trials: Sequence[Trial]) -> NDArray[np.float64]:
        """What to expect of the mean scores of trials, shape (n,): NaN where the sampler has no model of scores."""
        return np.full(len(trials), np.nan)
