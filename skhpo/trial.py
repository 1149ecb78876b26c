"""What a search knows: trials, their tasks, their outcomes, and the history of all of them.

A search is an append-only list of events: *a trial was started*, *a fit finished*, and where the splits of a trial are
decided one by one (a race), *a fit was started* and *a trial was stopped*. `History` is what follows from that list;
schedulers are pure functions of it. Scores are larger-is-better everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from skhpo.standing import NOBODY, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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


class Task(NamedTuple):
    """One fit of one trial on one split: the unit of work.

    ``context`` travels with the task untouched; it is for observers of the fit.
    """

    trial: Trial
    split: int
    context: Any = None


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


@dataclass(frozen=True, slots=True)
class TrialStarted:
    """Event: a trial was started."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class FitFinished:
    """Event: a fit finished."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FitStarted:
    """Event of a race: a trial is to be fitted on a split."""

    number: int
    split: int


@dataclass(frozen=True, slots=True)
class TrialStopped:
    """Event of a race: a trial is not worth its other splits.

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


class History:
    """All trials of a search and the outcomes of their tasks, in order.

    Parameters
    ----------
    n_splits : int
        Tasks of a trial.
    metric : str or None
        The metric that decides; None for a single unnamed one.

    Attributes
    ----------
    trials : list of Trial
        All that were started; ``trials[i].number == i``.
    n_told : int
        Scores of ``trials[:n_told]`` may be looked at: the rest count as pending whatever is known of them, so that
        no decision depends on timing.
    steps : list of (int, int)
        Of a race, the fits that were started, trial and split, in order.
    n_seen : int
        Of a race: the outcomes of ``steps[:n_seen]`` may be looked at.
    stopped : dict of int to int or None
        Of a race, the trials that were stopped, and against which other.
    n_proposed : int
        How many of the trials the sampler proposed; the others were promoted.
    """

    def __init__(self, n_splits: int, metric: str | None = None) -> None:
        self.n_splits = n_splits
        self.metric = metric
        self.trials: list[Trial] = []
        self.n_told = 0
        self.steps: list[tuple[int, int]] = []
        self.n_seen = 0
        self.stopped: dict[int, int | None] = {}
        self.n_proposed = 0
        self._outcomes: list[dict[int, Outcome]] = []
        self._n_finished = 0
        self._begun: dict[int, list[int]] = {}
        self._seen: dict[int, dict[int, float]] = {}
        self._open: dict[int, None] = {}
        self._untried: dict[int, None] = {}
        self._complete: list[int] = []
        self._rungs: dict[tuple[int, int], Standing] = {}
        self._n_ranked = 0

    def __getstate__(self) -> dict[str, Any]:
        """Return it in Python's own types, apart from trials and outcomes: formats that are not pickle know no more."""
        rungs = [[bracket, number, standing.__getstate__()] for (bracket, number), standing in self._rungs.items()]
        return {**vars(self), "_rungs": rungs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _rungs={})
        for bracket, number, of_rung in state["_rungs"]:
            standing = self._rungs[bracket, number] = Standing()
            standing.__setstate__(of_rung)

    def apply(self, event: Event) -> None:
        """Add an event."""
        match event:
            case TrialStarted(trial):
                self.start(trial)
            case FitFinished(outcome):
                self.record(outcome)
            case FitStarted(number, split):
                self.steps.append((number, split))
                self._begun.setdefault(number, []).append(split)
                self._rung_of(number).changed(number)
            case TrialStopped(number, against):
                self.stopped[number] = against
                self._close(number, is_complete=False)
                self._rung_of(number).changed(number)
                self._count_finished()

    def start(self, trial: Trial) -> None:
        """Add a trial.

        Raises
        ------
        ValueError
            If its number is not the next one.
        """
        if trial.number != len(self.trials):
            raise ValueError(f"Trials start in order: expected number {len(self.trials)}, got {trial.number}.")
        self.trials.append(trial)
        self._outcomes.append({})
        self._open[trial.number] = self._untried[trial.number] = None
        self._rungs.setdefault((trial.bracket, trial.rung), Standing()).start(trial)
        if trial.parent is None:
            self.n_proposed += 1
        else:
            self._rung_of(trial.parent).promote(trial.parent)

    def record(self, outcome: Outcome) -> None:
        """Add the outcome of one task of a started trial."""
        number = outcome.number
        self._outcomes[number][outcome.split] = outcome
        if number < self._n_ranked:
            self._rung_of(number).rank(number, self.score(number))
        self._count_finished()

    def _count_finished(self) -> None:
        while self._n_finished < len(self.trials) and self.is_finished(self._n_finished):
            self._n_finished += 1

    @property
    def n_finished(self) -> int:
        """Length of the longest prefix of ``trials`` in which every trial is finished."""
        return self._n_finished

    @property
    def told(self) -> Sequence[Trial]:
        """The trials whose scores may be looked at."""
        return self.trials[: self.n_told]

    @property
    def pending(self) -> Sequence[Trial]:
        """The trials that were started and not told."""
        return self.trials[self.n_told :]

    def outcomes(self, number: int) -> Mapping[int, Outcome]:
        """Outcomes of a trial so far, by split."""
        return self._outcomes[number]

    def is_finished(self, number: int) -> bool:
        """Whether all tasks that the trial is to have, have an outcome."""
        n_tasks = len(self.begun(number)) if number in self.stopped else self.n_splits
        return len(self._outcomes[number]) == n_tasks

    def scores(self, number: int) -> NDArray[np.float64]:
        """Scores of a trial on the deciding metric, shape (n_splits,); NaN where there is no finite one."""
        scores = np.full(self.n_splits, np.nan)
        for split, outcome in self._outcomes[number].items():
            scores[split] = outcome.score(self.metric)
        return scores

    def ending(self, outcome: Outcome) -> Ending:
        """How a fit ended as far as the deciding metric goes."""
        return outcome.ending(self.metric)

    def score(self, number: int) -> float:
        """Mean score of a trial over its splits; NaN if one is missing, failed or not finite."""
        return float(self.scores(number).mean())

    # -- rungs --------------------------------------------------------------------------------------------------------

    def rung(self, bracket: int, number: int) -> Standing:
        """Return how the trials of a rung stand, by the scores that may be looked at."""
        return self.rungs.get((bracket, number), NOBODY)

    @property
    def rungs(self) -> Mapping[tuple[int, int], Standing]:
        """How the trials of each rung stand, by bracket and number, in the order of their first trials."""
        if self.n_told < self._n_ranked:
            self._n_ranked = 0
            for standing in self._rungs.values():
                standing.hide()
        while self._n_ranked < self.n_told:
            self._rung_of(self._n_ranked).rank(self._n_ranked, self.score(self._n_ranked))
            self._n_ranked += 1
        return self._rungs

    def _rung_of(self, number: int) -> Standing:
        trial = self.trials[number]
        return self._rungs[trial.bracket, trial.rung]

    # -- races: the splits of a trial one by one ----------------------------------------------------------------------

    @property
    def open(self) -> Sequence[int]:
        """Trials that are neither stopped nor seen on all splits, in order."""
        return list(self._open)

    @property
    def untried(self) -> Sequence[int]:
        """Those of ``open`` that are not seen on any split, in order."""
        return list(self._untried)

    @property
    def complete(self) -> Sequence[int]:
        """Trials that are seen on all splits without a failure, in the order in which they were."""
        return self._complete

    def begun(self, number: int) -> Sequence[int]:
        """Splits of a trial on which fits were started, in order."""
        return self._begun.get(number, [])

    def seen(self, number: int) -> Mapping[int, float]:
        """Scores of a trial that may be looked at, by split, in order; NaN where there is no finite one."""
        return self._seen.get(number, {})

    def is_known(self, n_steps: int) -> bool:
        """Whether all of the first steps have outcomes."""
        return all(split in self._outcomes[number] for number, split in self.steps[self.n_seen : n_steps])

    def see(self, n_steps: int) -> None:
        """Let the outcomes of the first steps be looked at; they are known."""
        news = self.steps[self.n_seen : n_steps]
        for number, split in news:
            seen = self._seen.setdefault(number, {})
            seen[split] = self._outcomes[number][split].score(self.metric)
            self._untried.pop(number, None)
            if len(seen) == self.n_splits and number in self._open:
                self._close(number, is_complete=not any(map(math.isnan, seen.values())))
        for number, _ in news:
            self._rung_of(number).changed(number)
        self.n_seen = max(self.n_seen, n_steps)

    def _close(self, number: int, *, is_complete: bool) -> None:
        del self._open[number]
        self._untried.pop(number, None)
        standing = self._rung_of(number)
        standing.close(number, is_complete=is_complete)
        if is_complete:
            self._complete.append(number)
            standing.rank(number, self.score(number))
