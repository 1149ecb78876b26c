"""What a resource is: what trials get more or less of."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skhpo._sklearn import clone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skhpo.history import Params, Trial


class Resource:
    """What trials get more or less of. This one is nothing: every trial gets all.

    Parameters
    ----------
    name : str
        ``"n_samples"`` or a parameter.
    full : int
        What the last rung gets.
    """

    def __init__(self, name: str = "", full: int = 1) -> None:
        self.name = name
        self.full = full

    def amount(self, fraction: float) -> int:
        """Return how much a share of the full resource is."""
        return round(fraction * self.full)

    def rows(self, split: int, train: Any, fraction: float) -> Any:  # noqa: ARG002
        """Return the rows to train on, of those of a split.

        Raises
        ------
        ValueError
            If a trial is to have less than all, and nobody said of what.
        """
        if fraction != 1 and not self.name:
            raise ValueError(f"A trial with a fraction of {fraction:.3g} needs a resource, got none. Set resource=.")
        return train

    def share_of_rows(self, fraction: float) -> float:  # noqa: ARG002
        """Return how many of the rows there are at a share of the resource: at equal answers they are the same."""
        return 1.0

    def params(self, fraction: float) -> Params:  # noqa: ARG002
        """Return the parameters to set."""
        return {}

    @contextmanager
    def begun(self, trial: Trial, split: int, estimator: Any) -> Iterator[Any]:  # noqa: ARG002
        """Yield what is to be fitted: a clone, or a fitted model that goes on when it is fitted."""
        yield clone(estimator)

    def keep(self, trial: Trial, split: int, model: Any, scores: Any) -> None:
        """Take a fitted model and its test scores, for the trial that may go on from it."""

    def close(self) -> None:
        """Free what was kept."""
