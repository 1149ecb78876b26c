"""A candidate that is tried before all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.samplers.base import Sampler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.history import Observation, Params, Trial


class FirstSampler(Sampler):
    """Proposes one point, and then what another sampler proposes, from its first on.

    Parameters
    ----------
    first : dict
        The point.
    sampler : Sampler
        Who proposes the others.
    n_max : int
        How many there are in all.

    Examples
    --------
    >>> from skhpo.samplers.grid import GridSampler
    >>> sampler = FirstSampler({"C": 1.0}, GridSampler({"C": [10, 100]}), n_max=3)
    >>> [sampler.ask(number, ()) for number in range(4)]
    [{'C': 1.0}, {'C': 10}, {'C': 100}, None]
    """

    def __init__(self, first: Params, sampler: Sampler, n_max: int) -> None:
        self.first, self.sampler = first, sampler
        self.n_max: int = n_max
        self.is_adaptive = sampler.is_adaptive

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the point, or the proposal of the other."""
        if number == 0:
            return self.first
        if number >= self.n_max:
            return None
        return self.sampler.ask(number - 1, pending)

    def tell(self, observation: Observation) -> None:
        """Tell the other."""
        self.sampler.tell(observation)
