"""What a journal is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from skhpo.history import Event
    from skhpo.journals.retries import Limits

T = TypeVar("T")


class JournalError(ValueError):
    """A file that is no journal of this search: another's, damaged, or changed by something else."""


def damaged(path: str | os.PathLike[str], what: object) -> JournalError:
    """Return the error about a file whose content cannot be what a search has written."""
    return JournalError(
        f"{str(path)!r} is no journal as skhpo writes it: {what}. It was damaged, or changed by something else. Use a "
        "copy of it from before, or choose another file."
    )


class Journal(ABC):
    """The append-only list of events that a search is.

    * When `append` returns, the event must be as durable as the journal can make it.
    * Iteration must give all events, in the order in which they were appended, also those of an earlier process.
    * The ``path`` of an outcome may be left out: what it says of other trials is then fitted again after a kill.
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

    def begin(self, limits: Limits | None = None) -> None:
        """Take note that the search runs now, within these limits; what is refused has been refused before.

        A journal may then leave out outcomes of fits that failed, so that these are run again, and give what comes of
        it in their place.
        """

    def append_arrays(self, number: int, split: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Keep the arrays of a fit, by name, in place of those that it had; they are no events."""

    def drop_arrays(self, number: int) -> None:
        """Forget the arrays of all fits of a trial."""

    def arrays(self) -> Iterator[tuple[int, int, dict[str, NDArray[Any]]]]:
        """Yield trial, split and arrays of the fits that have any, those of an earlier process."""
        return iter(())

    def close(self) -> None:
        """Free what is held; calling it twice is fine."""
