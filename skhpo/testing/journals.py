"""The contract of journals as a test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skhpo.history import FitFinished, FitStarted, Outcome, Trial, TrialStarted, TrialStopped
from skhpo.testing.rules import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from skhpo.history import Event
    from skhpo.journals.base import Journal


def check_journal(open_journal: Callable[[], Journal], *, is_durable: bool = False) -> None:
    """Check that a journal keeps the contract of `skhpo.journals.base.Journal`.

    Parameters
    ----------
    open_journal : callable
        ``open_journal() -> Journal``: empty the first time. Parameters are numbers and strings under the names "C" and
        "kernel".
    is_durable : bool
        Whether a journal that is opened after the first was closed must have the first one's events and constants.

    Raises
    ------
    AssertionError
        If a rule is broken.

    Examples
    --------
    >>> from skhpo.journals.memory import MemoryJournal
    >>> from skhpo.testing import check_journal
    >>> check_journal(MemoryJournal)
    """
    journal = open_journal()
    check(list(journal) == [], "a new journal must be empty")
    events = _events()
    for count, event in enumerate(events):
        journal.append(event)
        check(len(list(journal)) == count + 1, "an event must be there when `append` returns, and once")
    check(_flat(journal) == _flat(events), "events must come back as they were, in order")
    check(_flat(journal) == _flat(events), "a journal must be readable more than once")
    check(journal.constant("seed", 1) == 1, "a constant must be the first value given")
    journal.close()
    journal.close()
    if is_durable:
        again = open_journal()
        check(_flat(again) == _flat(events), "events must outlive the journal's closing")
        check(again.constant("seed", 2) == 1, "a constant must outlive the journal's closing")
        again.append(events[0])
        check(_flat(again) == _flat([*events, events[0]]), "later events must come after earlier ones")
        again.close()


def _events() -> list[Event]:
    scores = {"accuracy": 1 / 3, "loss": -math.inf, "auc": math.nan, "f1": None}
    return [
        TrialStarted(Trial(0, {"C": 0.1 + 0.2, "kernel": "rbf"}, fraction=1 / 3, rung=2, bracket=1)),
        TrialStarted(Trial(1, {"C": 1e-300, "kernel": "lïnear"}, parent=0)),
        FitStarted(1, 0),
        FitFinished(Outcome(1, 0, scores, dict.fromkeys(scores, 0.5), 0.25, 0.125, 30, score_errors={"f1": "no"})),
        FitFinished(Outcome(0, 1, 1 / 7, stop=True, started=1.7e9 + 1 / 3, worker="host:1")),
        FitFinished(Outcome(0, 0, None, error="Traceback: \n\t\u2717", status="crashed")),
        FitFinished(Outcome(1, 1, None, error="too long", status="timeout", shared=True)),
        TrialStopped(1, against=0),
        TrialStopped(0),
    ]


def _flat(events: Iterable[Event]) -> list[str]:
    """Return events in a form in which equal ones are equal, NaN included."""
    bodies = [
        event.trial if isinstance(event, TrialStarted) else event.outcome if isinstance(event, FitFinished) else event
        for event in events
    ]
    return [repr([type(body), *((name, getattr(body, name)) for name in body.__slots__)]) for body in bodies]
