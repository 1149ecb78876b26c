"""Who is tried again, when and beside whom, on a pool whose clock is ours: nothing sleeps."""

import itertools
import math
import pickle

import pytest

from skhpo.executors.batch import Job
from skhpo.executors.losses import Lost
from skhpo.executors.pooled import NotNowError, PooledExecutor
from skhpo.history import Outcome, Task, Trial


class Pool(PooledExecutor):
    """Workers with some threads each, of which a task's parameters say how long it takes and what it does.

    ``kills`` ends its worker when the task is done; ``restarts`` are moments at which all workers are lost.
    """

    def __init__(self, n_workers, n_threads=1, *, restarts=(), batch_seconds=0.0):
        super().__init__(n_workers * n_threads, max_pending=None, batch_seconds=batch_seconds)
        self.is_apart = n_threads == 1
        self.now = 0.0
        self.clock = lambda: self.now
        self.free = {(worker, 0): n_threads for worker in range(n_workers)}
        self.restarts = list(restarts)
        self.names = itertools.count()
        self.waiting, self.at_work, self.replies = {}, {}, {}
        self.n_deaths, self.busy, self.begun, self.is_shut = 0, 0.0, [], False

    def _start(self, tasks):
        if self.is_shut:
            raise NotNowError
        if any(task.trial.params.get("odd") for task in tasks):
            raise pickle.PicklingError("A parameter cannot be pickled.")
        name = next(self.names)
        self.waiting[name] = tasks
        self._occupy()
        return name

    def _occupy(self):
        for name in list(self.waiting):
            worker = max(self.free, key=lambda worker: (self.free[worker], worker), default=None)
            if worker is None or not self.free[worker]:
                return
            self.free[worker] -= 1
            tasks = self.waiting.pop(name)
            self.begun += [(self.now, task.trial.number, task.split) for task in tasks]
            seconds = sum(task.trial.params.get("seconds", 1.0) for task in tasks)
            self.at_work[name] = (self.now + seconds, worker, tasks)

    def _end(self, worker, *, reason=""):
        """A worker dies, and another comes in its place."""
        self.n_deaths += 1
        for name, (_, theirs, _) in list(self.at_work.items()):
            if theirs == worker:
                del self.at_work[name]
                self.replies[name] = Lost(reason, worker)
        n_threads = self.n_workers // len(self.free)
        del self.free[worker]
        self.free[worker[0], worker[1] + 1] = n_threads

    def _next(self, seconds):
        until = math.inf if seconds is None else self.now + seconds
        while not self.replies:
            self._occupy()
            name = min(self.at_work, key=lambda name: self.at_work[name][0], default=None)
            ends = math.inf if name is None else self.at_work[name][0]
            moment = min(ends, self.restarts[0] if self.restarts else math.inf)
            assert moment < math.inf or until < math.inf, "it would wait for ever"
            if moment > until:
                self.now = until
                return None
            self.now = max(self.now, moment)
            if ends > moment:
                self.restarts.pop(0)
                for worker in list(self.free):
                    self._end(worker)
                continue
            _, worker, tasks = self.at_work[name]
            if any(task.trial.params.get("kills") for task in tasks):
                self._end(worker)
            else:
                del self.at_work[name]
                self.free[worker] += 1
                self.replies[name] = [(1.0, Outcome(task.trial.number, task.split, 0.5)) for task in tasks]
        name = next(iter(self.replies))
        return name, self.replies.pop(name)

    def _take_back(self):
        names = list(self.waiting)
        self.waiting.clear()
        return names


def fits(n_trials, n_splits=5, **of_some):
    """Tasks in the order of a search; ``t3={...}`` are the parameters of trial 3."""
    return [
        Task(Trial(number, of_some.get(f"t{number}", {})), split)
        for number in range(n_trials)
        for split in range(n_splits)
    ]


def statuses(outcomes):
    found = {}
    for outcome in outcomes:
        found.setdefault(outcome.status, set()).add(outcome.number)
    return found


# ------------------------------------------------------------------ all at once


@pytest.mark.parametrize(("n_workers", "n_threads"), [(8, 1), (2, 4), (1, 8), (100, 1), (25, 4)])
@pytest.mark.parametrize("n_splits", [1, 2, 5])
def test_all_workers_lost_at_once_cost_what_ran(drive, n_workers, n_threads, n_splits):
    tasks = fits(8 * n_workers * n_threads // n_splits, n_splits)
    plain, hit = Pool(n_workers, n_threads), Pool(n_workers, n_threads, restarts=[2.5])
    drive(plain, tasks)
    outcomes = drive(hit, tasks)
    assert statuses(outcomes) == {"ok": {task.trial.number for task in tasks}}
    assert len(outcomes) == len(tasks)
    assert hit.now <= 1.3 * plain.now + 1.0


def test_workers_lost_at_once_twice_still_need_no_quarantine(drive):
    plain, hit = Pool(100), Pool(100, restarts=[2.5, 3.3])
    drive(plain, fits(160))
    assert set(statuses(drive(hit, fits(160)))) == {"ok"}
    assert hit.now < plain.now + 10, "100 fits that were lost twice would be 100 seconds one by one"


def test_a_half_of_the_workers_lost_at_once(drive):
    class Half(Pool):
        def _end(self, worker, **kwargs):
            if self.n_deaths < 4:
                super()._end(worker, **kwargs)

    pool = Half(8, restarts=[2.5])
    assert set(statuses(drive(pool, fits(16)))) == {"ok"}
    assert pool.now <= 13


# ------------------------------------------------------------------ one that kills


@pytest.mark.parametrize(("n_workers", "n_threads"), [(2, 1), (4, 1), (2, 4), (1, 4), (16, 1)])
@pytest.mark.parametrize("batch_seconds", [0.0, 20.0])
def test_a_killer_costs_itself_and_a_few_workers(drive, n_workers, n_threads, batch_seconds):
    pool = Pool(n_workers, n_threads, batch_seconds=batch_seconds)
    outcomes = drive(pool, fits(10, t4={"kills": True}))
    assert statuses(outcomes) == {"ok": set(range(10)) - {4}, "crashed": {4}}
    assert len(outcomes) == 50
    # What was under way when it was found, and then twice more.
    assert pool.n_deaths <= min(5, n_workers * n_threads) + 3


def test_other_fits_of_a_killer_are_not_tried(drive):
    pool = Pool(2)
    crashed = [outcome for outcome in drive(pool, fits(3, 20, t1={"kills": True})) if outcome.status == "crashed"]
    assert len(crashed) == 20
    assert len({split for _, number, split in pool.begun if number == 1}) <= 3
    texts = {outcome.error for outcome in crashed}
    assert "The fit was tried 2 times and its worker died each time." in texts
    assert "The fit was not tried: the worker of another fit of its candidate died 2 times." in texts
    assert len(texts) <= 3, "failures of equal text are told once"


def test_fits_submitted_later_of_a_killer_are_not_tried_either(make_task):
    pool = Pool(2)
    pool.submit(make_task(0, 0, kills=True))
    assert pool.wait().status == "crashed"
    pool.submit(make_task(0, 1, kills=True))
    assert "was not tried" in pool.wait().error
    assert pool.n_deaths == 2


def test_a_fit_whose_second_try_succeeds_clears_its_candidate(drive):
    """As where workers are taken away one by one, whatever they run."""

    class Unlucky(Pool):
        hit = frozenset((number, split) for number in range(10) for split in (0, 2, 3))

        def _occupy(self):
            super()._occupy()
            for name, (ends, worker, (task,)) in self.at_work.items():
                if (key := (task.trial.number, task.split)) in self.hit:
                    self.hit -= {key}
                    hit = Task(Trial(task.trial.number, {"kills": True}), task.split)
                    self.at_work[name] = (ends, worker, [hit])

    pool = Unlucky(2)
    outcomes = drive(pool, fits(10))
    assert statuses(outcomes) == {"ok": set(range(10))}
    assert pool.n_deaths == 30


@pytest.mark.parametrize("n_workers", [2, 3, 8])
def test_two_killers_that_die_at_the_same_moment_are_told_apart(drive, n_workers):
    pool = Pool(n_workers)
    outcomes = drive(pool, fits(12, 1, t0={"kills": True}, t1={"kills": True}))
    assert statuses(outcomes) == {"ok": set(range(2, 12)), "crashed": {0, 1}}
    assert pool.n_deaths <= 10


def test_a_killer_beside_others_in_one_worker_is_told_from_them(drive):
    pool = Pool(1, 4)
    outcomes = drive(pool, fits(12, 1, t2={"kills": True, "seconds": 0.5}))
    assert statuses(outcomes) == {"ok": set(range(12)) - {2}, "crashed": {2}}
    assert pool.n_deaths <= 4


def test_idle_workers_are_given_others_while_a_candidate_is_in_doubt(drive):
    tasks = fits(2, 20, t0={"kills": True})
    pool = Pool(4)
    drive(pool, tasks)
    assert pool.now < 20


def test_a_batch_lost_again_and_again_before_it_began_is_given_up(make_task):
    class Sieve(Pool):
        def _next(self, seconds):
            name = next(iter(self.at_work))
            del self.at_work[name]
            self.free[0, 0] += 1
            return name, Lost("KeyError", has_begun=False)

    pool = Sieve(1)
    pool.submit(make_task(0))
    assert pool.wait().error == "The fit was sent 10 times and lost each time before it began: KeyError"


# ------------------------------------------------------------------ pools that take nothing


class Shut(Pool):
    """Takes nothing before a moment."""

    opens = math.inf

    def _is_open(self, seconds):
        if self.now < self.opens:
            self.now += 0.5 if seconds is None else min(seconds, 0.5)
            return False
        return True


def test_a_pool_that_takes_nothing_keeps_the_time(make_task):
    pool = Shut(2)
    for split in range(5):
        pool.submit(make_task(0, split))
    assert pool.wait(10.0) is None
    assert pool.now == pytest.approx(10.0)
    assert pool.n_pending == 5
    pool.cancel()
    assert pool.wait() is None, "nothing is waited for that has not begun"


def test_what_has_not_begun_is_dropped_and_what_runs_goes_on(make_task):
    pool = Pool(2)
    for split in range(7):
        pool.submit(make_task(0, split))
    assert pool.wait(0.5) is None
    pool.cancel()
    assert pool.n_pending == 2
    assert pool.wait() is not None
    assert pool.wait() is not None
    assert pool.wait() is None
    assert pool.now == 1.0


def test_what_is_lost_after_a_cancellation_is_not_tried_again(make_task):
    pool = Pool(2)
    pool.submit(make_task(0, kills=True))
    pool.submit(make_task(1, seconds=5.0))
    assert pool.wait(0.5) is None
    pool.cancel()
    assert pool.wait().number == 1
    assert pool.wait() is None
    assert pool.n_deaths == 1


def test_jobs_of_a_batch_that_could_not_be_sent_are_put_back(make_task, drive):
    class Moody(Pool):
        n_refused = 0

        def _start(self, tasks):
            self.is_shut = self.n_refused < 5
            self.n_refused += 1
            return super()._start(tasks)

        def _is_open(self, seconds):
            self.now += 0.1
            return True

    outcomes = drive(Moody(2), fits(3))
    assert sorted((outcome.number, outcome.split) for outcome in outcomes) == [
        (number, split) for number in range(3) for split in range(5)
    ]


@pytest.mark.parametrize("batch_seconds", [0.0, 20.0])
def test_an_error_of_ours_is_raised_at_once_and_costs_nobody_else(make_task, batch_seconds):
    pool = Pool(2, batch_seconds=batch_seconds)
    pool._batch.learn([1.0])
    for split in range(6):
        pool.submit(make_task(0, split, **({"odd": True} if split == 2 else {})))
    found, n_raised = [], 0
    for _ in range(6):
        try:
            found.append(pool.wait())
        except pickle.PicklingError:
            n_raised += 1
            assert pool.now < 4
    assert n_raised == 1
    assert sorted(outcome.split for outcome in found) == [0, 1, 3, 4, 5]


def test_a_pool_that_gives_up_has_nothing_pending(make_task):
    class Leaving(Pool):
        def _next(self, seconds):
            self._give_up("It has left.")

    pool = Leaving(2)
    for split in range(5):
        pool.submit(make_task(0, split))
    assert pool.wait() is None
    assert pool.n_pending == 0
    assert pool.gave_up == "It has left."


class Closing(Pool):
    """Takes one batch, and then none for a while."""

    def _start(self, tasks):
        name = super()._start(tasks)
        self.is_shut = True
        return name


def open_again(pool):
    """Numbers of the outcomes of a pool that opens whenever it has given one."""
    numbers = []
    while (outcome := pool.wait()) is not None:
        pool.is_shut = False
        numbers.append(outcome.number)
    return numbers


def test_a_batch_that_was_taken_apart_when_the_pool_closed_is_run_once(make_task):
    pool = Closing(2)
    tasks = [make_task(0, seconds=1.0), make_task(1, seconds=1.0), make_task(2, odd=True)]
    pool._hand_out([Job(task) for task in tasks])
    assert pool.n_pending == len(tasks)
    pool.is_shut = False
    with pytest.raises(pickle.PicklingError):
        open_again(pool)
    assert sorted(open_again(pool)) == [0, 1]
