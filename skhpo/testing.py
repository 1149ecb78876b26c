"""Conformance suites: whoever writes a new member of a family calls the family's check in a test.

Each check raises an AssertionError that says which rule of the family's contract is broken.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from skhpo.trial import History, Outcome, Task, Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from skhpo.executors.base import Executor
    from skhpo.schedulers.base import Scheduler


def _check(condition: bool, rule: str) -> None:
    if not condition:
        raise AssertionError(rule)


# -- executors --------------------------------------------------------------------------------------------------------

_UNICODE = "échec 失敗 \U0001f4a5"
_N_SPLITS = 3


def check_executor(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    """Check that an executor keeps the contract of `skhpo.executors.base.Executor`.

    Parameters
    ----------
    make : callable
        ``make(run) -> Executor``, called several times.

    Raises
    ------
    AssertionError
        If a rule is broken.

    Examples
    --------
    >>> from skhpo.executors.serial import SerialExecutor
    >>> from skhpo.testing import check_executor
    >>> check_executor(SerialExecutor)
    """
    for check in (
        _check_nothing_to_do,
        _check_every_outcome_once,
        _check_room_ends,
        _check_context_travels,
        _check_exceptions_are_raised,
        _check_cancel,
        _check_close,
        _check_two_at_once,
    ):
        check(make)


def _run(task: Task) -> Outcome:
    """Run a task: its parameters say what is to happen."""
    params = task.trial.params
    if params.get("lasts"):
        time.sleep(0.002)
    if params.get("raises"):
        raise ValueError(_UNICODE)
    error = _UNICODE if params.get("fails") else None
    return Outcome(
        task.trial.number,
        task.split,
        test_scores=None if error else task.trial.number + task.split / 10,
        train_scores={"context": float(task.context or 0)},
        error=error,
        status="failed" if error else "ok",
    )


def _run_other(task: Task) -> Outcome:
    return Outcome(task.trial.number, task.split, test_scores=-1.0)


def _tasks(n_trials: int, **params: bool) -> list[Task]:
    return [Task(Trial(number, params), split) for number in range(n_trials) for split in range(_N_SPLITS)]


def _keys(found: Iterable[Outcome] | Iterable[Task]) -> list[tuple[int, int]]:
    return sorted((one.number if isinstance(one, Outcome) else one.trial.number, one.split) for one in found)


def _drain(executor: Executor, n_most: int) -> list[Outcome]:
    """Outcomes until there are no more."""
    outcomes: list[Outcome] = []
    while (outcome := executor.wait()) is not None:
        outcomes.append(outcome)
        _check(len(outcomes) <= n_most, "`wait` must not return more outcomes than tasks were submitted")
    _check(executor.n_pending == 0, f"nothing may be pending after `wait` returned None, got {executor.n_pending}")
    return outcomes


def _check_nothing_to_do(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        _check(executor.n_workers >= 1, f"`n_workers` must be at least 1, got {executor.n_workers}")
        _check(executor.n_pending == 0, "a new executor has nothing pending")
        _check(executor.has_room(), "a new executor has room")
        _check(executor.wait() is None, "`wait` must return None when nothing is pending")


def _check_every_outcome_once(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        tasks = [*_tasks(40), Task(Trial(40, {"fails": True}), 0)]
        left, outcomes = list(tasks), []
        while True:
            while left and executor.has_room():
                n_pending = executor.n_pending
                executor.submit(left.pop(0))
                _check(executor.n_pending == n_pending + 1, "`submit` must make one more task pending")
            if (outcome := executor.wait()) is None:
                break
            outcomes.append(outcome)
        _check(_keys(outcomes) == _keys(tasks), "each task must give exactly one outcome")
        for outcome in outcomes:
            if outcome.number == 40:
                _check(outcome.error == _UNICODE, f"a failed fit is an outcome, with its text intact: {outcome.error}")
            else:
                _check(
                    outcome.test_scores == outcome.number + outcome.split / 10,
                    "an outcome must be what `run` returned for this task",
                )


def _check_room_ends(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        tasks = []
        for task in _tasks(5_000):
            if not executor.has_room():
                break
            executor.submit(task)
            tasks.append(task)
        _check(not executor.has_room(), "`has_room` must become False when many tasks wait")
        _check(_keys(_drain(executor, len(tasks))) == _keys(tasks), "each task must give exactly one outcome")
        _check(executor.has_room(), "`has_room` must become True again")
        many = _tasks(20)
        for task in many:  # more than there is room for is allowed
            executor.submit(task)
        _check(_keys(_drain(executor, len(many))) == _keys(many), "each task must give exactly one outcome")


def _check_context_travels(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        executor.submit(Task(Trial(0, {}), 0, context=7))
        outcome = executor.wait()
        _check(
            outcome is not None and outcome.train_scores == {"context": 7.0}, "the context must travel with the task"
        )


def _check_exceptions_are_raised(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        good = _tasks(2)
        for task in [*good[:3], Task(Trial(9, {"raises": True}), 0), *good[3:]]:
            executor.submit(task)
        outcomes, n_raised = [], 0
        for _ in range(len(good) + 1):
            try:
                outcome = executor.wait()
            except ValueError as error:
                _check(str(error) == _UNICODE, f"`wait` must raise what `run` raised, got {error!r}")
                n_raised += 1
            else:
                outcomes += [outcome] if outcome is not None else []
        _check(n_raised == 1, f"`wait` must raise an exception of `run` once, raised {n_raised} times")
        _check(_keys(outcomes) == _keys(good), "an exception must cost no other task's outcome")
        _check(executor.wait() is None, "`wait` must return None when nothing is pending")


def _check_cancel(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        executor.cancel()
        tasks = _tasks(100, lasts=True)
        for task in tasks:
            executor.submit(task)
        first = executor.wait()
        executor.cancel()
        outcomes = _drain(executor, len(tasks)) + ([] if first is None else [first])
        keys = _keys(outcomes)
        _check(len(set(keys)) == len(keys), "no task may give two outcomes")
        _check(set(keys) <= set(_keys(tasks)), "outcomes must be of submitted tasks")
        _check(len(keys) < len(tasks), "`cancel` must drop tasks that have not begun")
        again = _tasks(4)
        for task in again:
            executor.submit(task)
        _check(_keys(_drain(executor, len(again))) == _keys(again), "`cancel` must not touch what is submitted later")


def _check_close(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    executor = make(_run)
    for task in _tasks(10):
        executor.submit(task)
    executor.close()
    executor.close()
    _check(executor.n_pending == 0, "nothing may be pending after `close`")
    make(_run).close()  # unused
    with make(_run_other) as executor:
        for task in _tasks(2):
            executor.submit(task)
        scores = {outcome.test_scores for outcome in _drain(executor, 6)}
        _check(scores == {-1.0}, "an executor made after another was closed must run its own function")


def _check_two_at_once(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as one, make(_run_other) as other:
        for task in _tasks(3):
            one.submit(task)
            other.submit(task)
        _check({outcome.test_scores for outcome in _drain(other, 9)} == {-1.0}, "executors must not mix")
        _check(-1.0 not in {outcome.test_scores for outcome in _drain(one, 9)}, "executors must not mix")


# -- schedulers -------------------------------------------------------------------------------------------------------


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
        _check(
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
        _check(trial.number == number, f"trials must be numbered in order: expected {number}, got {trial.number}")
        _check(0 < trial.fraction <= 1, f"a fraction must be in (0, 1], got {trial.fraction}")
        _check_parent(history, trial)
        _check(number < 1000, "a scheduler must come to an end")
        history.start(trial)
        history.record(Outcome(number, 0, hidden))
        _tell(history, max(history.n_told, number + 2 - look_back))
        if scheduler.n_trials is not None:
            _check(number < scheduler.n_trials, "no more trials may be started than `n_trials` says")


def _tell(history: History, n_told: int) -> None:
    for trial in history.trials[:n_told]:
        has_failed = trial.params["i"] % 7 == 3
        score = None if has_failed else _score(trial)
        history.record(Outcome(trial.number, 0, score, status="failed" if has_failed else "ok"))
    history.n_told = n_told


def _asked_twice(make: Callable[[], Scheduler], scheduler: Scheduler, history: History) -> Trial | None:
    before = (list(history.trials), history.n_told)
    trials = [one.next_trial(history, lambda number: {"i": number}) for one in (scheduler, scheduler, make())]
    _check((history.trials, history.n_told) == before, "`next_trial` must not change the history")
    answers = [None if trial is None else _facts(trial) for trial in trials]
    _check(answers[0] == answers[1] == answers[2], "`next_trial` must depend on its arguments alone")
    return trials[0]


def _check_parent(history: History, trial: Trial) -> None:
    if trial.parent is None:
        return
    _check(trial.parent < history.n_told, "only a trial that was told can be promoted")
    parent = history.trials[trial.parent]
    _check(parent.params is trial.params, "a promoted trial must have its parent's parameters")
    _check(parent.rung < trial.rung, "a promoted trial must be on a higher rung")
    _check(parent.fraction <= trial.fraction, "a promoted trial must have at least its parent's resource")
