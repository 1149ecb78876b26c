"""What a search knows.

A search is an append-only list of events: *a trial was started*, *a fit finished*, and where the splits of a trial are
decided one by one (a race), *a fit was started* and *a trial was stopped*. `History` is what follows from that list;
schedulers are pure functions of it. Scores are larger-is-better everywhere.
"""

from skhpo.history.events import (
    Decision,
    Ending,
    Event,
    FitFinished,
    FitStarted,
    Outcome,
    Params,
    Place,
    Scores,
    Status,
    Task,
    Trial,
    TrialStarted,
    TrialStopped,
)
from skhpo.history.history import History

__all__ = [
    "Decision",
    "Ending",
    "Event",
    "FitFinished",
    "FitStarted",
    "History",
    "Outcome",
    "Params",
    "Place",
    "Scores",
    "Status",
    "Task",
    "Trial",
    "TrialStarted",
    "TrialStopped",
]
