"""The contract of schedulers as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.testing.rules import check
from skhpo.trial import History, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.schedulers.base import Scheduler
    from skhpo.trial import Trial


def check_scheduler(make: Callable[[], Scheduler]) -> None:
    """Check that a scheduler keeps the contract of `skhpo.schedulers.base.Scheduler`.

    Parameters
    ----------
    make : callable
        ``make() -> Scheduler``, called several times; it starts fewer than 1,000 trials.

    Raises
    ------
    AssertionError
        If a rule is broken.

    Examples
    --------
    >>> from skhpo.schedulers.fixed import FixedScheduler
    >>> from skhpo.testing import check_scheduler
    >>> check_scheduler(lambda: FixedScheduler(12))
    """
    for look_back in (1, 3, 7):
        one = _simulated(make, look_back, hidden=0.0)
        other = _simulated(make, look_back, hidden=1.0)
        check(
            [_facts(trial) for trial in one.trials] == [_facts(trial) for trial in other.trials],
            "scores of trials that are not told must change nothing",
        )


def _facts(trial: Trial) -> tuple[object, ...]:
    return trial.params["i"], trial.fraction, trial.rung, trial.bracket, trial.parent


def _score(trial: Trial) -> float:
    """Return a score that looks random, and for some parameters is better on all rungs."""
    i: int = trial.params["i"]
    return (i * 7919 % 101) / 101 + (i * 31 + trial.rung * 17) % 13 / 26


def _simulated(make: Callable[[], Scheduler], look_back: int, hidden: float) -> History:
    """Return the history of a search in which trials that are not told have other scores than in the end."""
    scheduler, history = make(), History(n_splits=1)
    while True:
        number = len(history.trials)
        history.n_told = max(history.n_told, number + 1 - look_back)
        trial = _asked_twice(make, scheduler, history)
        if trial is None and history.n_told < number:
            _tell(history, number)
            trial = _asked_twice(make, scheduler, history)
        if trial is None:
            return history
        check(trial.number == number, f"trials must be numbered in order: expected {number}, got {trial.number}")
        check(0 < trial.fraction <= 1, f"a fraction must be in (0, 1], got {trial.fraction}")
        _check_parent(history, trial)
        check(number < 1000, "a scheduler must come to an end")
        history.start(trial)
        history.record(Outcome(number, 0, hidden))
        _tell(history, max(history.n_told, number + 2 - look_back))
        if scheduler.n_trials is not None:
            check(number < scheduler.n_trials, "no more trials may be started than `n_trials` says")


def _tell(history: History, n_told: int) -> None:
    for trial in history.trials[:n_told]:
        has_failed = trial.params["i"] % 7 == 3
        score = None if has_failed else _score(trial)
        history.record(Outcome(trial.number, 0, score, status="failed" if has_failed else "ok"))
    history.n_told = n_told


def _asked_twice(make: Callable[[], Scheduler], scheduler: Scheduler, history: History) -> Trial | None:
    before = (list(history.trials), history.n_told)
    trials = [one.next_trial(history, lambda number: {"i": number}) for one in (scheduler, scheduler, make())]
    check((history.trials, history.n_told) == before, "`next_trial` must not change the history")
    answers = [None if trial is None else _facts(trial) for trial in trials]
    check(answers[0] == answers[1] == answers[2], "`next_trial` must depend on its arguments alone")
    return trials[0]


def _check_parent(history: History, trial: Trial) -> None:
    if trial.parent is None:
        return
    check(trial.parent < history.n_told, "only a trial that was told can be promoted")
    parent = history.trials[trial.parent]
    check(parent.params is trial.params, "a promoted trial must have its parent's parameters")
    check(parent.rung < trial.rung, "a promoted trial must be on a higher rung")
    check(parent.fraction <= trial.fraction, "a promoted trial must have at least its parent's resource")
