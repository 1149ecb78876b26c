"""Whether a list of events is one that a search can have written: who began before he ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.history import FitFinished, FitStarted, TrialStarted, TrialStopped

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skhpo.history import Event, Outcome, Scores, Trial


def check_order(events: Iterable[Event], n_splits: int, metrics: Iterable[str] | None = None) -> None:
    """Raise ValueError at the first event that cannot follow from those before it.

    Parameters
    ----------
    events : iterable of Event
        All of a search.
    n_splits : int
        Splits of a trial.
    metrics : iterable of str or None
        Names of the metrics, none for a single one without a name; None asks only that all fits have the same.

    Examples
    --------
    >>> check_order([FitStarted(0, 0)], n_splits=3)
    Traceback (most recent call last):
    ...
    ValueError: event 1 is about trial 0, which has not begun
    """
    seen = _Seen(n_splits, None if metrics is None else set(metrics))
    for number, event in enumerate(events, start=1):
        problem = seen.problem(event)
        if problem is not None:
            raise ValueError(f"event {number} {problem}")
        seen.add(event)


class _Seen:
    """What has happened so far."""

    def __init__(self, n_splits: int, metrics: set[str] | None) -> None:
        self.n_splits, self.metrics = n_splits, metrics
        self.n_trials = 0
        self.begun: set[tuple[int, int]] = set()
        self.done: dict[int, set[int]] = {}  # splits with an outcome, by trial
        self.stopped: set[int] = set()
        self.forms: dict[str, set[str] | None] = {}  # of scores, by side

    def add(self, event: Event) -> None:
        match event:
            case TrialStarted(trial, splits):
                self.n_trials += 1
                begun = range(self.n_splits) if splits is None else splits
                self.begun.update((trial.number, split) for split in begun)
            case FitStarted(number, split):
                self.begun.add((number, split))
            case FitFinished(outcome):
                self.done.setdefault(outcome.number, set()).add(outcome.split)
            case TrialStopped(number):
                self.stopped.add(number)

    def problem(self, event: Event) -> str | None:
        """Return why an event cannot come now; None if it can."""
        match event:
            case TrialStarted(trial, splits):
                return self._about_trial(trial) or self._about_splits(trial, splits or ())
            case FitStarted(number, split):
                return self._about_fit(number, split) or self._about_start(number, split)
            case FitFinished(outcome):
                return self._about_fit(outcome.number, outcome.split) or self._about_outcome(outcome)
            case TrialStopped(number, against):
                return self._about_fit(number, 0) or self._about_stop(number, against)

    def _about_trial(self, trial: Trial) -> str | None:
        if trial.number != self.n_trials:
            return f"begins trial {trial.number}, and trial {self.n_trials} is the next"
        if trial.parent is not None and trial.parent >= trial.number:
            return f"begins trial {trial.number} as a child of trial {trial.parent}, which has not begun"
        return None

    def _about_splits(self, trial: Trial, splits: Sequence[int]) -> str | None:
        if len(set(splits)) < len(splits) or not all(0 <= split < self.n_splits for split in splits):
            return f"begins trial {trial.number} on splits {list(splits)}, and there are {self.n_splits}"
        return None

    def _about_fit(self, number: int, split: int) -> str | None:
        if number >= self.n_trials:
            return f"is about trial {number}, which has not begun"
        if split >= self.n_splits:
            return f"is about split {split}, and there are {self.n_splits}"
        return None

    def _about_start(self, number: int, split: int) -> str | None:
        if number in self.stopped:
            return f"begins a fit of trial {number}, which was stopped"
        if (number, split) in self.begun:
            return f"begins the fit of trial {number} on split {split} a second time"
        return None

    def _about_outcome(self, outcome: Outcome) -> str | None:
        if (outcome.number, outcome.split) not in self.begun:
            return f"ends the fit of trial {outcome.number} on split {outcome.split}, which has not begun"
        if outcome.status == "ok" and outcome.test_scores is None:
            return f"is a fit of trial {outcome.number} that succeeded and has no score"
        for side, scores in (("test", outcome.test_scores), ("train", outcome.train_scores)):
            if scores is not None and not self._is_known_form(side, scores):
                return f"has {side} scores of trial {outcome.number} by other metrics than those of the search"
        return None

    def _is_known_form(self, side: str, scores: Scores) -> bool:
        names = set(scores) if isinstance(scores, dict) else None
        if self.metrics is not None and (names or set()) != self.metrics:
            return False
        return self.forms.setdefault(side, names) == names

    def _about_stop(self, number: int, against: int | None) -> str | None:
        if number in self.stopped or len(self.done.get(number, ())) == self.n_splits:
            return f"stops trial {number}, which has ended"
        if against is not None and (against == number or len(self.done.get(against, ())) < self.n_splits):
            return f"stops trial {number} against trial {against}, which is not complete"
        return None
