"""How long a search waits for a cluster that has no workers, or does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.messages.callers import warn

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 900.0
"""Long against the start of a machine and the restart of a cluster, short against a night."""

CONTINUED = "With checkpoint= the search can be continued by the same fit, on this cluster or another."

_SILENT_SECONDS = 10.0
"""A worker that is started again is there by then; of what lasts longer the user is told."""


class Trouble:
    """What keeps a cluster from taking work, and since when.

    Parameters
    ----------
    clock : callable
        Seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._since: float | None = None
        self._is_told = False

    def note(self, what: str) -> str | None:
        """Say that it is there, or still there; returns why to give up once it has lasted too long.

        Parameters
        ----------
        what : str
            A main clause, such as "The Dask cluster has no workers".
        """
        if self._since is None:
            self._since, self._is_told = self._clock(), False
        seconds = self._clock() - self._since
        if seconds >= _SILENT_SECONDS and not self._is_told:
            self._is_told = True
            warn(f"{what}. The search waits, for at most {PATIENCE_SECONDS:g} seconds.", UserWarning)
        if seconds < PATIENCE_SECONDS:
            return None
        return f"{what}, for {PATIENCE_SECONDS:g} seconds. {CONTINUED}"

    def end(self) -> None:
        """Say that it is over."""
        self._since = None
