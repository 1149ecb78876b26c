"""What happens in a search: trials, their tasks, their outcomes, and the events that a journal remembers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

Params: TypeAlias = dict[str, Any]
Scores: TypeAlias = float | dict[str, float | None]
Status: TypeAlias = Literal["ok", "failed", "crashed", "timeout"]
Ending: TypeAlias = Status | Literal["unscored"]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One row of ``cv_results_``: parameters at one level of resource.

    Parameters
    ----------
    number : int
        Position in the search, from 0; everything random in the trial derives from it.
    params : dict
        Parameter values, the user's own objects.
    fraction : float
        Share of the full resource, in (0, 1].
    rung : int
        Level of resource, from 0.
    bracket : int
        Which of a scheduler's independent races the trial belongs to.
    parent : int or None
        Number of the trial with the same parameters one rung below.
    """

    number: int
    params: Params
    fraction: float = 1.0
    rung: int = 0
    bracket: int = 0
    parent: int | None = None


class Place(NamedTuple):
    """Where another trial of a family is on the family's path.

    Parameters
    ----------
    number : int
        Of the trial.
    params : dict
        Its parameters that differ from those of the trial that is fitted: the one that is the path.
    """

    number: int
    params: Params


class Task(NamedTuple):
    """One fit of one trial on one split: the unit of work.

    ``context`` travels with the task untouched; it is for observers of the fit. ``places`` are other trials, from the
    longest to the shortest, whose models stand inside the one that is fitted: they are to be scored, too.
    """

    trial: Trial
    split: int
    context: Any = None
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, eq=False)
class Family:
    """Trials that are equal but for one parameter, along which shorter models stand inside longer ones.

    Parameters
    ----------
    parameter : str
        The parameter.
    members : tuple of Trial
        As they will be started, from the longest to the shortest.
    """

    parameter: str
    members: tuple[Trial, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a task gave.

    Parameters
    ----------
    number, split : int
        Which task it was.
    test_scores, train_scores : float, dict of str to float, or None
        One score, or one per metric; None where there is none (a failed fit, a scorer that raised, no train scores
        wanted).
    fit_time, score_time : float
        Seconds.
    n_test_samples : int
        Size of the test side.
    error : str or None
        The traceback, or the reason, of a fit that failed.
    status : {"ok", "failed", "crashed", "timeout"}
        *failed* raised an exception (in the fit or all of the scorers), *crashed* took its worker along, *timeout* was
        stopped.
    stop : bool
        An observer of the fit asked for the search to stop.
    shared : bool
        Not a fit of its own but that of an equal trial.
    started : float or None
        When it began, seconds since the epoch by the worker's clock; None where nobody knows.
    worker : str or None
        Who ran it: host, process and, where it is not the process's main one, thread; None where nobody knows.
    score_errors : dict of str to str or None
        The tracebacks of scorers that raised, by metric; a single one is called "score".
    gradient : dict of str to float or None
        Slope in parameters, by their names, where the fit knows it: of what the sampler climbs, which is minus the
        loss in a gradient search, with the value itself beside the slopes. Finite numbers only.
    predictions : dict of str to ndarray of shape (n_test_samples, ...) or None
        What was predicted for the test side, by method, on the way from a worker to who keeps it: no event has any.
    path : dict of int to Outcome or None
        What the same fit says of other trials of its family, by their numbers.
    """

    number: int
    split: int
    test_scores: Scores | None
    train_scores: Scores | None = None
    fit_time: float = 0.0
    score_time: float = 0.0
    n_test_samples: int = 0
    error: str | None = None
    status: Status = "ok"
    stop: bool = False
    shared: bool = False
    started: float | None = None
    worker: str | None = None
    score_errors: dict[str, str] | None = None
    gradient: dict[str, float] | None = None
    predictions: Mapping[str, NDArray[Any]] | None = None
    path: dict[int, Outcome] | None = None

    def found(self, metric: str | None = None) -> float | None:
        """Return what was scored on a metric, None for the only or the first one; None where nothing was."""
        found = self.test_scores
        if isinstance(found, dict):
            found = found.get(metric) if metric is not None else next(iter(found.values()), None)
        return found if self.status == "ok" else None

    def score(self, metric: str | None = None) -> float:
        """Return the score to decide by; NaN where there is none: it failed, or is not finite.

        An infinite score has no place on any scale that others have, so it counts as NaN does.
        """
        found = self.found(metric)
        return found if found is not None and math.isfinite(found) else math.nan

    def ending(self, metric: str | None = None) -> Ending:
        """Return how it ended as far as a metric goes: "unscored" where the fit succeeded and gave no usable score."""
        if self.status == "ok":
            return "unscored" if math.isnan(self.score(metric)) else "ok"
        return "unscored" if self.status == "failed" and self.error is None else self.status


class Observation(NamedTuple):
    """What a sampler hears of a trial.

    Parameters
    ----------
    trial : Trial
        What was tried.
    scores : ndarray of shape (n_splits,)
        Score on each split, larger is better. All are NaN if the trial failed on one: a failure is a fact about the
        parameters, not a low score. Single NaN are splits that it does not have, or not yet.
    seconds : ndarray of shape (n_splits,) or None
        How long fit and scoring took on each split, NaN where there is none (yet); None where nobody knows.
    gradient : mapping of str to float or None
        Mean over the fits of their slopes, by name, where all fits know them.
    """

    trial: Trial
    scores: NDArray[np.float64]
    seconds: NDArray[np.float64] | None = None
    gradient: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """Event: a trial was started.

    Parameters
    ----------
    trial : Trial
        Which.
    splits : tuple of int or None
        The splits on which its fits begin at once; None is all of them. Others may follow, each with a `FitStarted`.
    """

    trial: Trial
    splits: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class FitFinished:
    """Event: a fit finished."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FitStarted:
    """Event: a trial is to be fitted on another split."""

    number: int
    split: int


@dataclass(frozen=True, slots=True)
class TrialStopped:
    """Event: a trial is not worth its other splits.

    Parameters
    ----------
    number : int
        Which trial.
    against : int or None
        Number of the complete trial that it cannot catch up with; None where it has failed.
    """

    number: int
    against: int | None = None


Event: TypeAlias = TrialStarted | FitFinished | FitStarted | TrialStopped
Decision: TypeAlias = TrialStarted | FitStarted | TrialStopped
