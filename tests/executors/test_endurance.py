"""How long a fit may take and how often workers are replaced, without workers."""

import math

import pytest

from skhpo.executors import endurance
from skhpo.executors.endurance import FitLimit, Restarts


def test_a_first_fit_may_take_five_times_as_long_but_a_minute_more_at_most():
    limit = FitLimit(3.0)
    assert (limit.of(is_first=False), limit.of(is_first=True)) == (3.0, 15.0)
    assert FitLimit(3600.0).of(is_first=True) == 3660.0
    assert FitLimit(None).of(is_first=True) == math.inf


def test_extra_time_that_is_of_no_use_ends_and_the_user_is_told_once():
    limit = FitLimit(2.0)
    assert limit.stopped(is_first=False) is None
    assert limit.stopped(is_first=True) is None
    assert limit.first == 10.0
    advice = limit.stopped(is_first=True)
    assert "stopped, the second after 10 seconds with fit_timeout=2.0" in advice
    assert "set fit_timeout to more than that takes" in advice
    assert limit.first == 2.0
    assert limit.stopped(is_first=True) is None


def test_extra_time_that_was_of_use_is_given_again():
    limit = FitLimit(2.0)
    limit.stopped(is_first=True)
    limit.finished(1.0)
    limit.finished(5.0)
    limit.stopped(is_first=True)
    assert limit.first == 10.0


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(endurance, "time", clock)
    return clock


def lose(restarts, clock, n=1):
    for _ in range(n):
        clock.now += 1.0
        restarts.lost(clock.now, "SIGKILL")


def test_workers_that_are_lost_are_replaced_more_and_more_slowly(clock):
    restarts = Restarts(8)
    restarts.ready()
    seen = []
    while not restarts.is_over:
        lose(restarts, clock)
        seen.append((restarts.n_wanted, restarts.seconds_left))
    assert seen == [(8, 0), (8, 0), (4, 1), (2, 2), (1, 5), (1, 10), (1, 30), (1, math.inf)]
    assert restarts.why().startswith(
        "8 worker processes in a row were lost before they began a fit, the last with SIGKI"
    )


def test_workers_of_which_none_was_ever_ready_are_given_up_soon(clock):
    restarts = Restarts(2)
    lose(restarts, clock, 3)
    assert restarts.is_over


def test_workers_lost_at_the_same_moment_are_one_loss(clock):
    restarts = Restarts(8)
    born = clock.now
    for _ in range(8):
        clock.now += 0.01
        restarts.lost(born, "SIGKILL")
    assert not restarts.is_over
    assert (restarts.n_wanted, restarts.seconds_left) == (8, 0.0)


def test_who_works_again_gets_all_workers_back(clock):
    restarts = Restarts(4)
    restarts.ready()
    lose(restarts, clock, 4)
    assert restarts.n_wanted == 1
    restarts.worked()
    assert (restarts.n_wanted, restarts.seconds_left) == (1, 0.0)
    clock.now += 31.0
    for n in (2, 3, 4, 4):
        restarts.worked()
        assert restarts.n_wanted == n
    lose(restarts, clock, 7)
    assert not restarts.is_over
