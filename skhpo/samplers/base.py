"""What a sampler is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from skhpo.history import Params, Trial


class Sampler(ABC):
    """Proposes the parameters of a trial from what it was told, what is pending, and ``(seed, number)``.

    * `ask` must change nothing that a later `ask` or `tell` can see: asked twice, it answers the same.
    * `tell` must only remember, and is called in the order of trial numbers, once per trial; in a race each time that
      there is another score of a trial.
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
            Trials that were started and not told.
        """

    def tell(self, trial: Trial, scores: NDArray[np.float64]) -> None:
        """Remember a finished trial.

        Parameters
        ----------
        trial : Trial
            What was tried.
        scores : ndarray of shape (n_splits,)
            Score on each split, larger is better. All are NaN if the trial failed on one: a failure is a fact about the
            parameters, not a low score. In a race, some are NaN where there is none (yet).
        """
