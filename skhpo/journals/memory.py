"""A journal that lives as long as the search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.journals.base import Journal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skhpo.history import Event


class MemoryJournal(Journal):
    """A list of events in memory.

    Examples
    --------
    >>> from skhpo.history import Trial, TrialStarted
    >>> journal = MemoryJournal()
    >>> journal.append(TrialStarted(Trial(0, {"C": 1.0})))
    >>> [event.trial.params for event in journal]
    [{'C': 1.0}]
    """

    def __init__(self) -> None:
        self._events: list[Event] = []

    def append(self, event: Event) -> None:
        """Add an event at the end."""
        self._events.append(event)

    def __iter__(self) -> Iterator[Event]:
        """Return the events from the first to the last."""
        return iter(tuple(self._events))
