"""Clusters that grow: what is counted, and of what the user is told."""

import warnings

import pytest

from skhpo.history import History
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.search.growth import watch_workers
from skhpo.search.plan import Plan
from skhpo.search.stopwatch import Stopwatch


class Proposer:
    """A sampler, as far as it is looked at."""

    def __init__(self, *, is_adaptive):
        self.is_adaptive = is_adaptive


class Workers:
    """An executor, as far as it is looked at."""

    def __init__(self, n_workers):
        self.n_workers = n_workers


def plan_of(*, is_bayes, look_back=None):
    return Plan(Proposer(is_adaptive=is_bayes), FixedScheduler(9), look_back)


def told(plan, n_workers, *, look_back=1, n_splits=2):
    """Numbers of workers at which something is said."""
    executor, found = Workers(n_workers[0]), []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        watch = watch_workers(
            executor, Stopwatch(lambda: 0.0), plan, look_back=look_back, n_splits=n_splits, then=lambda: None
        )
        for executor.n_workers in n_workers:
            watch()
            found += [(executor.n_workers, str(warning.message)) for warning in caught]
            caught.clear()
    return found


def test_a_cluster_that_outgrows_the_look_back_is_told_of_once():
    ((n_workers, text),) = told(plan_of(is_bayes=True), [1, 2, 4, 5, 8, 3, 9])
    assert n_workers == 4
    assert "There are 4 workers now" in text
    assert "at most 1 fit under way, which keeps as many workers busy" in text
    assert "look_back=6" in text


@pytest.mark.parametrize(
    "plan",
    [plan_of(is_bayes=False), plan_of(is_bayes=True, look_back=1)],
    ids=["nothing is decided from outcomes", "who set it knows"],
)
def test_others_are_not_told(plan):
    assert told(plan, [1, 100]) == []


def test_a_cluster_that_was_there_from_the_start_is_no_news():
    plan = plan_of(is_bayes=True)
    assert told(plan, [16, 16], look_back=plan.smallest_look_back(16, 2)) == []


def test_the_most_workers_and_their_time_are_counted():
    now = iter([0.0, 10.0, 30.0, 40.0, 40.0])
    cost = Stopwatch(lambda: next(now))
    cost.note_workers(1)
    cost.note_workers(1)
    cost.note_workers(8)
    cost.note_workers(2)
    stats = cost.stats(History(2), "finished")
    assert stats["n_workers"] == 8
    assert stats["worker_time"] == 1 * 10 + 8 * 20 + 2 * 10
