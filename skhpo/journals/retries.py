"""Which failed fits are run again, and what a journal then says: the later outcome counts, as if it were the first.

What is written stays. A fit that is to be run again is named by a record of its own behind its outcome; whoever reads
the journal leaves that outcome out, and puts the next one of the same fit in its place. So what was decided when
the fit had failed stays decided, but is gone through again with the score that is known now; and a trial that a race
stopped for its failure, or against a trial that had one, is open again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from skhpo.history import FitFinished, FitStarted, TrialStarted, TrialStopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skhpo.history import Event, Outcome

Fit: TypeAlias = tuple[int, int]  # trial, split


@dataclass(frozen=True, slots=True)
class Limits:
    """Record: a search runs, and what may end its fits from outside.

    Parameters
    ----------
    fit_timeout : float or None
        Seconds for one fit; None where there is no limit.
    workers : str
        Who runs the fits, and how many at a time.
    """

    fit_timeout: float | None
    workers: str


@dataclass(frozen=True, slots=True)
class Retried:
    """Record: fits that failed are to be run again."""

    fits: tuple[Fit, ...]


Record: TypeAlias = TrialStarted | FitFinished | FitStarted | TrialStopped | Limits | Retried


def effective(records: Iterable[Record]) -> list[Event]:
    """Return the events of a search as they count now.

    Examples
    --------
    >>> from skhpo.history import Outcome, Trial
    >>> failed = FitFinished(Outcome(0, 0, None, error="no licence", status="failed"))
    >>> events = effective(
    ...     [
    ...         TrialStarted(Trial(0, {"C": 1.0})),
    ...         failed,
    ...         TrialStarted(Trial(1, {"C": 2.0})),
    ...         Retried(((0, 0),)),
    ...         FitFinished(Outcome(0, 0, 0.9)),
    ...     ]
    ... )
    >>> [type(event).__name__ for event in events], events[1].outcome.test_scores
    (['TrialStarted', 'FitFinished', 'TrialStarted'], 0.9)
    """
    events: list[Event | None] = []
    places: dict[Fit, int] = {}
    for record in _told_apart(list(records)):
        if isinstance(record, Limits):
            continue
        if isinstance(record, Retried):
            _open_again(events, places, record.fits)
        elif isinstance(record, FitFinished):
            fit = record.outcome.number, record.outcome.split
            place = places.setdefault(fit, len(events))
            events[place : place + 1] = [record]
        else:
            events.append(record)
    return [event for event in events if event is not None]


def _told_apart(records: list[Record]) -> list[Record]:
    """Return records in which trials of a race begin on no split; files of format 2 do not say so.

    A fit that is begun by itself was not begun with its trial, so such a file is a race.
    """
    started = [record for record in records if isinstance(record, TrialStarted)]
    is_old_race = any(isinstance(record, FitStarted) for record in records)
    if not is_old_race or any(record.splits is not None for record in started):
        return records
    return [replace(record, splits=()) if isinstance(record, TrialStarted) else record for record in records]


def _open_again(events: list[Event | None], places: dict[Fit, int], fits: Sequence[Fit]) -> None:
    """Take out the outcomes of fits, and the stops that followed from them."""
    since: dict[int, int] = {}
    for fit in fits:
        if (place := places.get(fit)) is not None:
            events[place] = None
            since[fit[0]] = min(since.get(fit[0], place), place)
    for place, event in enumerate(events if since else ()):
        if isinstance(event, TrialStopped) and (
            place > since.get(event.number, place)
            or (event.against is not None and place > since.get(event.against, place))
        ):
            events[place] = None


def failures(records: Iterable[Record]) -> dict[Fit, tuple[Outcome, Limits | None]]:
    """Return the outcomes of fits that have failed and are not being run again, with the limits they had, if known.

    A fit has failed where a scorer has, whatever it is worth by the others.
    """
    failed: dict[Fit, tuple[Outcome, Limits | None]] = {}
    limits = None
    for record in records:
        if isinstance(record, Limits):
            limits = record
        elif isinstance(record, Retried):
            for fit in record.fits:
                failed.pop(fit, None)
        elif isinstance(record, FitFinished):
            outcome = record.outcome
            failed.pop((outcome.number, outcome.split), None)
            if outcome.status != "ok" or getattr(outcome, "score_errors", None):
                failed[outcome.number, outcome.split] = outcome, limits
    return failed


def worth_a_retry(records: Iterable[Record], now: Limits) -> Retried:
    """Return the fits that failed for want of what there is now: time, or other workers.

    A fit that raised an exception would do so again; `skhpo.retry_failures` is for those whose cause is gone.
    """
    return Retried(
        tuple(fit for fit, (outcome, then) in failures(records).items() if _may_succeed(outcome.status, then, now))
    )


def _may_succeed(status: str, then: Limits | None, now: Limits) -> bool:
    if status == "timeout":
        if then is None or now.fit_timeout is None:
            return True
        return then.fit_timeout is not None and now.fit_timeout > then.fit_timeout
    return status == "crashed" and (then is None or then.workers != now.workers)
