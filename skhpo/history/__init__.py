"""What a search knows.

A search is an append-only list of events: *a trial was started* (on all splits, some, or none yet), *another fit of it
was started*, *a fit finished*, *a trial was stopped*. `History` is what follows from that list; schedulers are pure
functions of it. Scores are larger-is-better everywhere.
"""

from skhpo.history.events import (
    Decision,
    Ending,
    Event,
    Family,
    FitFinished,
    FitStarted,
    Observation,
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
from skhpo.history.history import History, has_complete, partial_trials, told_trials

__all__ = [
    "Decision",
    "Ending",
    "Event",
    "Family",
    "FitFinished",
    "FitStarted",
    "History",
    "Observation",
    "Outcome",
    "Params",
    "Place",
    "Scores",
    "Status",
    "Task",
    "Trial",
    "TrialStarted",
    "TrialStopped",
    "has_complete",
    "partial_trials",
    "told_trials",
]
