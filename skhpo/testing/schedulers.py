"""The contract of schedulers as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.history import FitStarted, History, Outcome, TrialStarted
from skhpo.testing.rules import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.history import Decision, Params, Trial
    from skhpo.schedulers.base import Scheduler


def check_scheduler(make: Callable[[], Scheduler], n_splits: int = 1) -> None:
    """Check that a scheduler keeps the contract of `skhpo.schedulers.base.Scheduler`.

    Parameters
    ----------
    make : callable
        ``make() -> Scheduler``, called several times; it starts fewer than 1,000 trials.
    n_splits : int
        Fits of a trial; more than one for schedulers that decide about each of them.

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
        one, other = (_Simulation(make, make(), n_splits, look_back, hidden=hidden) for hidden in (0.0, 1.0))
        for simulation in (one, other):
            while simulation.step():
                pass
        check(one.decisions == other.decisions, "scores of trials that are not told must change nothing")
    # Whoever keeps by length, number or count what he found out once, answers in one search what holds in the other.
    shared = make()
    searches = [_Simulation(make, shared, n_splits, look_back=3, shift=shift) for shift in (0, 1)]
    while any([search.step() for search in searches]):  # noqa: C419 - each is to take its step
        pass


class _Simulation:
    """A search in which what is not told has other scores than in the end.

    Parameters
    ----------
    make : callable
        Makes schedulers that have seen nothing.
    scheduler : Scheduler
        The one that decides.
    n_splits, look_back : int
        Fits of a trial, and of how many fits the scores are hidden, the next one included.
    hidden : float
        The score of what is not told.
    shift : int or None
        Searches of different shifts have different scores. In these, the scheduler that has seen nothing is shown a
        history that nobody has seen.
    """

    def __init__(
        self,
        make: Callable[[], Scheduler],
        scheduler: Scheduler,
        n_splits: int,
        look_back: int,
        *,
        hidden: float = 0.0,
        shift: int | None = None,
    ) -> None:
        self.make, self.scheduler, self.look_back = make, scheduler, look_back
        self.hidden, self.shift = hidden, shift
        self.history = History(n_splits)
        self.decisions: list[object] = []
        self.changes: list[Callable[[History], None]] = []  # all that was done to the history

    def step(self) -> bool:
        """Make the next decision come true; returns whether there is one."""
        history = self.history
        n_steps = len(history.steps)
        self._show(n_steps + 1 - self.look_back)
        decision = self._decide()
        if decision is None and history.n_seen < n_steps:
            self._show(n_steps)
            decision = self._decide()
        if decision is None:
            return False
        self._check(decision)
        self.decisions.append(_facts(decision))
        self._change(lambda history: history.apply(decision))
        for number, split in history.steps[n_steps:]:
            self._score(number, split, is_hidden=True)
        return True

    def _change(self, change: Callable[[History], None]) -> None:
        change(self.history)
        self.changes.append(change)

    def _again(self) -> History:
        """Return another history of the same events."""
        history = History(self.history.n_splits)
        for change in self.changes:
            change(history)
        return history

    def _show(self, n: int) -> None:
        """Let the outcomes of so many fits be looked at, and be what they are."""
        if n > self.history.n_seen:
            for number, split in self.history.steps[self.history.n_seen : n]:
                self._score(number, split)
            self._change(lambda history: history.see(n))

    def _score(self, number: int, split: int, *, is_hidden: bool = False) -> None:
        """Write down a score that looks random, and for some parameters is better on all rungs; some fail."""
        trial = self.history.trials[number]
        i: int = trial.params["i"] + (self.shift or 0)
        score = (i * 7919 % 101) / 101 + (i * 31 + trial.rung * 17 + split * 23) % 13 / 26 + split % 3
        if is_hidden:
            outcome = Outcome(number, split, self.hidden)
        elif i % 7 == 3 and split == i % self.history.n_splits:
            outcome = Outcome(number, split, None, status="failed")
        else:
            outcome = Outcome(number, split, score)
        self._change(lambda history: history.record(outcome))

    def _decide(self) -> Decision | None:
        """Ask the scheduler twice, and one that knows nothing else."""
        before = self._state()
        decisions = [self._decision(self.scheduler, self.history) for _ in range(2)]
        check(self._state() == before, "a decision must not change the history")
        history = self.history if self.shift is None else self._again()
        decisions.append(self._decision(self.make(), history))
        one, twice, fresh = map(_facts, decisions)
        check(one == twice == fresh, "a decision must depend on its arguments alone")
        return decisions[0]

    def _decision(self, scheduler: Scheduler, history: History) -> Decision | None:
        return scheduler.decide(history, _proposed, look_back=self.look_back)

    def _state(self) -> tuple[object, ...]:
        history = self.history
        return list(history.trials), list(history.steps), dict(history.stopped), history.n_seen

    def _check(self, decision: Decision) -> None:
        history = self.history
        if not isinstance(decision, TrialStarted):
            check(decision.number in history.open, "only a trial that is open can be fitted or stopped")
            if isinstance(decision, FitStarted):
                check(decision.split not in history.begun(decision.number), "a trial has one fit on each split")
            return
        trial, number = decision.trial, len(history.trials)
        check(trial.number == number, f"trials must be numbered in order: expected {number}, got {trial.number}")
        check(0 < trial.fraction <= 1, f"a fraction must be in (0, 1], got {trial.fraction}")
        check(number < 1000, "a scheduler must come to an end")
        if self.scheduler.n_trials is not None:
            check(number < self.scheduler.n_trials, "no more trials may be started than `n_trials` says")
        if trial.parent is not None:
            self._check_parent(trial, trial.parent)

    def _check_parent(self, trial: Trial, number: int) -> None:
        history = self.history
        check(number in history.complete, "only a trial that is known on all splits can be promoted")
        parent = history.trials[number]
        check(parent.params is trial.params, "a promoted trial must have its parent's parameters")
        check(parent.rung < trial.rung, "a promoted trial must be on a higher rung")
        check(parent.fraction <= trial.fraction, "a promoted trial must have at least its parent's resource")


def _proposed(number: int) -> Params:
    return {"i": number}


def _facts(decision: Decision | None) -> object:
    if not isinstance(decision, TrialStarted):
        return decision
    trial = decision.trial
    return trial.params["i"], trial.fraction, trial.rung, trial.bracket, trial.parent
