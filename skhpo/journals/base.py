"""What a journal is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skhpo.trial import Event

T = TypeVar("T")


class Journal(ABC):
    """The append-only list of events that a search is.

    * When `append` returns, the event must be as durable as the journal can make it.
    * Iteration must give all events, in the order in which they were appended, also those of an earlier process.
    """

    @abstractmethod
    def append(self, event: Event) -> None:
        """Add an event at the end."""

    @abstractmethod
    def __iter__(self) -> Iterator[Event]:
        """Return the events from the first to the last."""

    def constant(self, name: str, value: T) -> T:  # noqa: ARG002  (for journals that outlive the process)
        """Return the JSON-able value that ``name`` had when the search first ran; ``value`` where it runs first."""
        return value

    def close(self) -> None:
        """Free what is held; calling it twice is fine."""
