"""What a search takes over from its journal, checked: it may be a file that somebody has changed."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.utils import check_random_state

from skhpo.fits import splits as kept_splits
from skhpo.history import FitFinished, TrialStarted
from skhpo.journals.base import damaged
from skhpo.journals.order import check_order

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from skhpo.fits.splits import Sides, Splits
    from skhpo.history import Params
    from skhpo.journals.base import Journal

_N_SEEDS = 2**31 - 1


class Remembered:
    """What a journal tells of earlier runs of a search.

    Parameters
    ----------
    journal : Journal
        The search's.
    path : path-like or None
        Its file, for messages.
    n_splits : int
        Splits of a trial.
    metrics : iterable of str or None
        Names of the metrics, none for a single one without a name; None where only scores will tell.

    Attributes
    ----------
    params : list of dict
        Of the trials that were begun.
    metrics : list of str or None
        By which the first fit that succeeded was scored; None where there is none, or the metric has no name.

    Raises
    ------
    JournalError
        If the events cannot be those of a search.
    """

    def __init__(
        self,
        journal: Journal,
        path: str | os.PathLike[str] | None,
        n_splits: int,
        metrics: Iterable[str] | None,
    ) -> None:
        self._journal, self._path = journal, path
        events = list(journal)
        try:
            check_order(events, n_splits, metrics)
        except ValueError as error:
            raise damaged(path or "", error) from error
        self.params: list[Params] = [event.trial.params for event in events if isinstance(event, TrialStarted)]
        scores = (event.outcome.test_scores for event in events if isinstance(event, FitFinished))
        found = next((found for found in scores if found is not None), None)
        self.metrics = list(found) if isinstance(found, dict) else None

    def integer(self, name: str, value: int, *, low: int = 0) -> int:
        """Return an integer as it was in the first run; ``value`` where this is the first."""
        found = self._journal.constant(name, value)
        if type(found) is not int or not low <= found <= _N_SEEDS:
            raise damaged(self._path or "", f"the description of a search has {name}={found!r}")
        return found

    def random_state(self, random_state: Any) -> Any:
        """Return a seed, or the one that was drawn in the first run where it is not the same each time."""
        if self._path is None or isinstance(random_state, Integral):
            return random_state
        return self.integer("seed", int(check_random_state(random_state).randint(_N_SEEDS)))

    def splits(self, splits: Splits) -> Sequence[Sides]:
        """Return the splits of the first run; these, where they are the same or this is the first."""
        if splits.drawn_by is None:
            return splits.sides
        ours = kept_splits.to_json(splits)
        found = self._journal.constant("splits", ours)
        if found is ours:
            return splits.sides
        try:
            return kept_splits.from_json(found, len(splits.sides), splits.n_rows)
        except ValueError as error:
            raise damaged(self._path or "", f"the splits of a search are not usable: {error}") from error
