"""What a search knows: the history of its trials and of the outcomes of their tasks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.history.events import FitFinished, FitStarted, Outcome, Trial, TrialStarted, TrialStopped
from skhpo.history.plain import columns, records
from skhpo.history.standing import NOBODY, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.history.events import Ending, Event

_STORED = ("n_splits", "metric", "n_seen", "stopped", "n_proposed", "has_partial", "_n_finished", "_n_known")
"""What a pickled history has of its attributes as they are."""


class History:
    """All trials of a search and the outcomes of their fits, in order.

    What may be looked at when something is decided are the outcomes of the first fits, in the order in which the fits
    were started (`see`): so no decision depends on timing.

    Parameters
    ----------
    n_splits : int
        Fits of a trial.
    metric : str or None
        The metric that decides; None for a single unnamed one.

    Attributes
    ----------
    trials : list of Trial
        All that were started; ``trials[i].number == i``.
    steps : list of (int, int)
        The fits that were started, trial and split, in order.
    n_seen : int
        The outcomes of ``steps[:n_seen]`` may be looked at.
    stopped : dict of int to int or None
        The trials that were stopped, and against which other.
    n_proposed : int
        How many of the trials the sampler proposed; the others were promoted.
    has_partial : bool
        Whether a trial began on fewer than all splits.
    """

    def __init__(self, n_splits: int, metric: str | None = None) -> None:
        self.n_splits = n_splits
        self.metric = metric
        self.trials: list[Trial] = []
        self.steps: list[tuple[int, int]] = []
        self.n_seen = 0
        self.stopped: dict[int, int | None] = {}
        self.n_proposed = 0
        self.has_partial = False
        self._outcomes: list[dict[int, Outcome]] = []
        self._n_finished = 0
        self._n_known = 0
        self._begun: dict[int, list[int]] = {}
        self._seen: dict[int, dict[int, float]] = {}
        self._open: dict[int, None] = {}
        self._untried: dict[int, None] = {}
        self._complete: list[int] = []
        self._rungs: dict[tuple[int, int], Standing] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Return it in Python's and NumPy's own types: what follows from the rest is left out."""
        return {
            **{name: getattr(self, name) for name in _STORED},
            "trials": columns(self.trials, Trial),
            "outcomes": columns([each for of_trial in self._outcomes for each in of_trial.values()], Outcome),
            "steps": np.array(self.steps, dtype=np.int64).reshape(-1, 2),
            "complete": np.array(self._complete, dtype=np.int64),
            "rungs": [[*key, standing.closings()] for key, standing in self._rungs.items()],
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["n_splits"])  # type: ignore[misc]
        for trial in records(state["trials"], Trial):
            self.start(trial, ())
        for outcome in records(state["outcomes"], Outcome):
            self._outcomes[outcome.number][outcome.split] = outcome
        vars(self).update({name: state[name] for name in _STORED})
        for number, split in state["steps"].tolist():
            self._begin(number, split)
        for number, split in self.steps[: self.n_seen]:
            self._note_score(number, split)
        self._complete = state["complete"].tolist()
        for bracket, rung, closings in state["rungs"]:
            closed = self._rungs[bracket, rung].restore(
                closings, {number: self.score(number) for number in closings["closed"] if number not in self.stopped}
            )
            for number in closed:
                del self._open[number]
                self._untried.pop(number, None)

    # -- what happens -------------------------------------------------------------------------------------------------

    def apply(self, event: Event) -> None:
        """Add an event."""
        match event:
            case TrialStarted(trial, splits):
                self.start(trial, splits)
            case FitFinished(outcome):
                self.record(outcome)
            case FitStarted(number, split):
                self._begin(number, split)
            case TrialStopped(number, against):
                self.stopped[number] = against
                self._close(number, is_complete=False)
                self._rung_of(number).changed(number)
                self._count_finished()

    def start(self, trial: Trial, splits: Sequence[int] | None = None) -> None:
        """Add a trial, and begin its fits on these splits; None is all.

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
        if splits is None:
            splits = range(self.n_splits)
        else:
            self.has_partial = True
        for split in splits:
            self._begin(trial.number, split)

    def record(self, outcome: Outcome) -> None:
        """Add the outcome of one fit of a started trial."""
        self._outcomes[outcome.number][outcome.split] = outcome
        self._count_finished()

    def see(self, n_steps: int) -> None:
        """Let the outcomes of the first fits be looked at; they are known."""
        news = self.steps[self.n_seen : n_steps]
        for number, split in news:
            seen = self._note_score(number, split)
            if len(seen) == self.n_splits and number in self._open:
                self._close(number, is_complete=not any(map(math.isnan, seen.values())))
        for number in dict(news):
            self._rung_of(number).changed(number)
        self.n_seen = max(self.n_seen, n_steps)

    def _note_score(self, number: int, split: int) -> dict[int, float]:
        """Let one outcome be looked at; returns the scores of its trial that may be."""
        seen = self._seen.setdefault(number, {})
        seen[split] = self._outcomes[number][split].score(self.metric)
        self._untried.pop(number, None)
        return seen

    def _begin(self, number: int, split: int) -> None:
        self.steps.append((number, split))
        self._begun.setdefault(number, []).append(split)
        self._rung_of(number).changed(number)

    def _close(self, number: int, *, is_complete: bool) -> None:
        del self._open[number]
        self._untried.pop(number, None)
        standing = self._rung_of(number)
        standing.close(number, is_complete=is_complete)
        if number not in self.stopped:
            standing.rank(number, self.score(number))
        if is_complete:
            self._complete.append(number)

    def _count_finished(self) -> None:
        while self._n_finished < len(self.trials) and self.is_finished(self._n_finished):
            self._n_finished += 1

    # -- what is known ------------------------------------------------------------------------------------------------

    @property
    def n_finished(self) -> int:
        """Length of the longest prefix of ``trials`` in which every trial is finished."""
        return self._n_finished

    @property
    def n_known(self) -> int:
        """Length of the longest prefix of ``steps`` in which every fit has an outcome."""
        while self._n_known < len(self.steps) and self._has_outcome(*self.steps[self._n_known]):
            self._n_known += 1
        return self._n_known

    def _has_outcome(self, number: int, split: int) -> bool:
        return split in self._outcomes[number]

    def outcomes(self, number: int) -> Mapping[int, Outcome]:
        """Outcomes of a trial so far, by split."""
        return self._outcomes[number]

    def begun(self, number: int) -> Sequence[int]:
        """Splits of a trial on which fits were started, in order."""
        return self._begun.get(number, [])

    def is_finished(self, number: int) -> bool:
        """Whether all fits that the trial is to have, have an outcome."""
        n_fits = len(self.begun(number)) if number in self.stopped else self.n_splits
        return len(self._outcomes[number]) == n_fits

    def scores(self, number: int) -> NDArray[np.float64]:
        """Scores of a trial on the deciding metric, shape (n_splits,); NaN where there is no finite one."""
        scores = np.full(self.n_splits, np.nan)
        for split, outcome in self._outcomes[number].items():
            scores[split] = outcome.score(self.metric)
        return scores

    def score(self, number: int) -> float:
        """Mean score of a trial over its splits; NaN if one is missing, failed or not finite."""
        return float(self.scores(number).mean())

    def ending(self, outcome: Outcome) -> Ending:
        """How a fit ended as far as the deciding metric goes."""
        return outcome.ending(self.metric)

    # -- what may be looked at ----------------------------------------------------------------------------------------

    def seen(self, number: int) -> Mapping[int, float]:
        """Scores of a trial that may be looked at, by split, in order; NaN where there is no finite one."""
        return self._seen.get(number, {})

    @property
    def told(self) -> Sequence[Trial]:
        """Trials that were stopped, or of which all scores may be looked at."""
        return [trial for trial in self.trials if trial.number not in self._open]

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

    def rung(self, bracket: int, number: int) -> Standing:
        """Return how the trials of a rung stand, by the scores that may be looked at."""
        return self._rungs.get((bracket, number), NOBODY)

    @property
    def rungs(self) -> Mapping[tuple[int, int], Standing]:
        """How the trials of each rung stand, by bracket and number, in the order of their first trials."""
        return self._rungs

    def _rung_of(self, number: int) -> Standing:
        trial = self.trials[number]
        return self._rungs[trial.bracket, trial.rung]


def told_trials(history: History) -> list[int]:
    """Return the trials that a search tells of, by number: those that are finished.

    As long as none of these has a score, those that have some of their splits are told of, too.

    Parameters
    ----------
    history : History
        What has happened.
    """
    finished = [trial.number for trial in history.trials if history.is_finished(trial.number)]
    return finished if has_complete(history) else sorted([*finished, *partial_trials(history)])


def has_complete(history: History) -> bool:
    """Whether a trial has a finite score on each split, by all that is known."""
    return bool(history.complete) or any(math.isfinite(history.score(trial.number)) for trial in history.trials)


def partial_trials(history: History) -> list[int]:
    """Return the trials that have a score and lack splits, were not stopped, and did not fail; by number.

    Parameters
    ----------
    history : History
        What has happened.
    """

    def is_partial(number: int) -> bool:
        outcomes = history.outcomes(number).values()
        is_some = number not in history.stopped and 0 < len(outcomes) < history.n_splits
        return is_some and all(history.ending(outcome) == "ok" for outcome in outcomes)

    return [trial.number for trial in history.trials if is_partial(trial.number)]
