"""Fits whose parameters say what is to happen to them, and a loop to run them in."""

import pytest

from skhpo.history import Task, Trial


@pytest.fixture
def make_task():
    def make(number, split=0, **params):
        return Task(Trial(number, params), split)

    return make


@pytest.fixture
def drive():
    """Run tasks as the search does: submit while there is room, then wait."""

    def run(executor, tasks, *, after_each=lambda outcome: None):
        left, outcomes = list(tasks), []
        while True:
            while left and executor.has_room():
                executor.submit(left.pop(0))
            if (outcome := executor.wait()) is None:
                return outcomes
            outcomes.append(outcome)
            after_each(outcome)

    return run
