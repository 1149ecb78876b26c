"""The contract of executors as a test."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from skhpo.history import Outcome, Task, Trial
from skhpo.testing.rules import check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from skhpo.executors.base import Executor

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
    for rule in (
        _check_nothing_to_do,
        _check_every_outcome_once,
        _check_room_ends,
        _check_context_travels,
        _check_exceptions_are_raised,
        _check_patience,
        _check_cancel,
        _check_close,
        _check_two_at_once,
    ):
        rule(make)


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
        check(len(outcomes) <= n_most, "`wait` must not return more outcomes than tasks were submitted")
    check(executor.n_pending == 0, f"nothing may be pending after `wait` returned None, got {executor.n_pending}")
    return outcomes


def _check_nothing_to_do(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        check(executor.n_workers >= 1, f"`n_workers` must be at least 1, got {executor.n_workers}")
        check(executor.n_pending == 0, "a new executor has nothing pending")
        check(executor.has_room(), "a new executor has room")
        check(executor.wait() is None, "`wait` must return None when nothing is pending")


def _check_every_outcome_once(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        tasks = [*_tasks(40), Task(Trial(40, {"fails": True}), 0)]
        left, outcomes = list(tasks), []
        while True:
            while left and executor.has_room():
                n_pending = executor.n_pending
                executor.submit(left.pop(0))
                check(executor.n_pending == n_pending + 1, "`submit` must make one more task pending")
            if (outcome := executor.wait()) is None:
                break
            outcomes.append(outcome)
        check(_keys(outcomes) == _keys(tasks), "each task must give exactly one outcome")
        for outcome in outcomes:
            if outcome.number == 40:
                check(outcome.error == _UNICODE, f"a failed fit is an outcome, with its text intact: {outcome.error}")
            else:
                check(
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
        check(not executor.has_room(), "`has_room` must become False when many tasks wait")
        check(_keys(_drain(executor, len(tasks))) == _keys(tasks), "each task must give exactly one outcome")
        check(executor.has_room(), "`has_room` must become True again")
        many = _tasks(20)
        for task in many:  # more than there is room for is allowed
            executor.submit(task)
        check(_keys(_drain(executor, len(many))) == _keys(many), "each task must give exactly one outcome")


def _check_context_travels(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        executor.submit(Task(Trial(0, {}), 0, context=7))
        outcome = executor.wait()
        check(outcome is not None and outcome.train_scores == {"context": 7.0}, "the context must travel with the task")


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
                check(str(error) == _UNICODE, f"`wait` must raise what `run` raised, got {error!r}")
                n_raised += 1
            else:
                outcomes += [outcome] if outcome is not None else []
        check(n_raised == 1, f"`wait` must raise an exception of `run` once, raised {n_raised} times")
        check(_keys(outcomes) == _keys(good), "an exception must cost no other task's outcome")
        check(executor.wait() is None, "`wait` must return None when nothing is pending")


def _check_patience(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as executor:
        tasks = _tasks(4)
        for task in tasks:
            executor.submit(task)
        outcomes = [outcome for _ in range(3) if (outcome := executor.wait(0.0)) is not None]
        check(
            executor.n_pending == len(tasks) - len(outcomes),
            "a `wait` that returns None early must leave tasks pending",
        )
        check(_keys(outcomes + _drain(executor, len(tasks))) == _keys(tasks), "a short `wait` must cost no outcome")
        check(executor.wait(0.0) is None, "`wait` must return None when nothing is pending")


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
        check(len(set(keys)) == len(keys), "no task may give two outcomes")
        check(set(keys) <= set(_keys(tasks)), "outcomes must be of submitted tasks")
        check(len(keys) < len(tasks), "`cancel` must drop tasks that have not begun")
        again = _tasks(4)
        for task in again:
            executor.submit(task)
        check(_keys(_drain(executor, len(again))) == _keys(again), "`cancel` must not touch what is submitted later")


def _check_close(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    executor = make(_run)
    for task in _tasks(10):
        executor.submit(task)
    executor.close()
    executor.close()
    check(executor.n_pending == 0, "nothing may be pending after `close`")
    make(_run).close()  # unused
    with make(_run_other) as executor:
        for task in _tasks(2):
            executor.submit(task)
        scores = {outcome.test_scores for outcome in _drain(executor, 6)}
        check(scores == {-1.0}, "an executor made after another was closed must run its own function")


def _check_two_at_once(make: Callable[[Callable[[Task], Outcome]], Executor]) -> None:
    with make(_run) as one, make(_run_other) as other:
        for task in _tasks(3):
            one.submit(task)
            other.submit(task)
        check({outcome.test_scores for outcome in _drain(other, 9)} == {-1.0}, "executors must not mix")
        check(-1.0 not in {outcome.test_scores for outcome in _drain(one, 9)}, "executors must not mix")
