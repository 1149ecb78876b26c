"""Schedules against the papers' tables, and the schedulers against transcriptions of the papers' algorithms."""

import itertools
import math
from contextlib import suppress
from functools import partial

import numpy as np
import pytest

from skhpo.executors.base import Executor
from skhpo.history import History, Outcome, Task
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.halving import HalvingScheduler, halving_bracket, n_possible_rungs, n_required_rungs
from skhpo.schedulers.hyperband import hyperband_brackets
from skhpo.testing import check_scheduler


def table(bracket):
    return [(rung.n_trials, rung.n_resources) for rung in bracket]


def run(scheduler, score, n_params=10**6, failed=()):
    """All trials of a search in which everything is known at once; trial i proposes i."""
    history = History(n_splits=1)
    while (trial := scheduler.next_trial(history, lambda i: {"i": i} if i < n_params else None)) is not None:
        history.start(trial)
        ok = trial.params["i"] not in failed
        history.record(Outcome(trial.number, 0, score(trial) if ok else None, status="ok" if ok else "failed"))
        history.see(len(history.steps))
    return history


def by_rung(history):
    """Params of each rung, as sets."""
    found = {}
    for trial in history.trials:
        found.setdefault((trial.bracket, trial.rung), []).append(trial.params["i"])
    return found


def noisy(trial, seed=0):
    rng = np.random.default_rng([seed, trial.params["i"]])
    return rng.normal() + np.random.default_rng([seed, trial.params["i"], trial.rung]).normal() / 2


# Li et al. 2018, table 1: R = 81, eta = 3. Trials and what each gets, for s = 4 ... 0.
LI_2018 = [
    [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    [(34, 3), (11, 9), (3, 27), (1, 81)],
    [(15, 9), (5, 27), (1, 81)],
    [(8, 27), (2, 81)],
    [(5, 81)],
]


def test_hyperband_is_the_papers_table():
    assert [table(bracket) for bracket in hyperband_brackets(81, 1, 81, 3)] == LI_2018


@pytest.mark.parametrize("n_brackets", range(1, 6))
def test_fewer_brackets_are_the_first_of_the_table(n_brackets):
    brackets = hyperband_brackets(81, 1, 81, 3, n_brackets=n_brackets)
    assert [table(bracket) for bracket in brackets] == LI_2018[:n_brackets]


def algorithm_1(R, eta):
    """Li et al. 2018, algorithm 1, in its own letters."""
    s_max = round(math.log(R, eta))
    B = (s_max + 1) * R
    for s in range(s_max, -1, -1):
        n = math.ceil(B / R * eta**s / (s + 1) - 1e-9)
        r = R * eta**-s
        yield [(math.floor(n * eta**-i + 1e-9), round(r * eta**i)) for i in range(s + 1)]


@pytest.mark.parametrize(("R", "eta"), [(81, 3), (243, 3), (729, 3), (16, 2), (256, 2), (64, 4), (1000, 10)])
def test_hyperband_is_the_papers_algorithm(R, eta):
    assert [table(b) for b in hyperband_brackets(R, 1, R, eta)] == list(algorithm_1(R, eta))


def test_rungs_of_equal_number_have_equal_resources_in_all_brackets():
    levels = {}
    for rung in itertools.chain(*hyperband_brackets(81, 1, 81, 3)):
        assert levels.setdefault(rung.number, rung.n_resources) == rung.n_resources
        assert rung.fraction == rung.n_resources / 81


@pytest.mark.parametrize("n", [2, 4, 16, 64, 256])
def test_halving_is_jamieson_and_talwalkars(n):
    # Jamieson & Talwalkar 2016, figure 1, with a budget that gives each arm one pull in the first round:
    # S_k halves, r_k = B / (|S_k| log2 n), so each round costs the same, and log2 n rounds leave one arm.
    n_rounds = round(math.log2(n))
    B = n * n_rounds
    arms, expected = n, []
    for _ in range(n_rounds):
        expected.append((arms, B // (arms * n_rounds)))
        arms //= 2
    bracket = halving_bracket(n, 1, n, 2)
    assert table(bracket)[:n_rounds] == expected
    assert table(bracket)[n_rounds:] == [(1, n)]  # what is left is tried on everything


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        # scikit-learn's tables, where the full resource is a multiple of the least
        ((60, 20, 180, 3, True), [(60, 20), (20, 20), (7, 60), (3, 180)]),
        ((60, 20, 180, 3, False), [(60, 20), (20, 60), (7, 180)]),
        ((6, 20, 60, 3, False), [(6, 20), (2, 60)]),
        ((20, 4, 512, 2, False), [(20, 32), (10, 64), (5, 128), (3, 256), (2, 512)]),
        # theirs ends with 999 and 597: ours with all there is
        ((60, 20, 1000, 3, False), [(60, 37), (20, 111), (7, 333), (3, 1000)]),
        ((60, 20, 1000, 3, True), [(60, 37), (20, 111), (7, 333), (3, 1000)]),
        ((6, 20, 599, 3, False), [(6, 199), (2, 599)]),
        # theirs uses 51 % of 1500 here (https://github.com/scikit-learn/scikit-learn/issues/27422)
        ((192, 20, 1500, 2, False), [(192, 23), (96, 46), (48, 93), (24, 187), (12, 375), (6, 750), (3, 1500)]),
        # no room for a second rung
        ((6, 20, 59, 3, False), [(6, 59)]),
        ((6, 20, 20, 3, False), [(6, 20)]),
        # less than the factor: nothing to be told apart on less
        ((2, 1, 1000, 3, False), [(2, 1000)]),
        ((1, 1, 1000, 3, False), [(1, 1000)]),
        # factors that are no integers
        ((10, 1, 100, 1.5, False), [(10, 13), (7, 19), (5, 29), (4, 44), (3, 66), (2, 100)]),
        # an iteration parameter of 100
        ((27, 4, 100, 3, False), [(27, 11), (9, 33), (3, 100)]),
        ((27, 3, 100, 3, False), [(27, 3), (9, 11), (3, 33), (1, 100)]),
    ],
)
def test_halving_bracket(arguments, expected):
    bracket = halving_bracket(*arguments[:4], aggressive_elimination=arguments[4])
    assert table(bracket) == expected


@pytest.mark.parametrize("factor", [1.3, 2, 2.5, 3, 4, 10])
def test_the_last_rung_always_has_the_full_resource_and_none_less_than_the_least(factor):
    for n, least, most in itertools.product([1, 2, 7, 27, 100, 1000], [1, 3, 20, 100], [100, 101, 719, 10_000]):
        bracket = halving_bracket(n, least, most, factor)
        assert bracket[-1].n_resources == most
        assert bracket[-1].fraction == 1.0
        assert bracket[0].n_resources >= least
        assert bracket[0].n_trials == n
        resources = [rung.n_resources for rung in bracket]
        assert resources == sorted(resources)
        assert [round(rung.fraction * most) for rung in bracket] == resources


def test_counting_rungs_is_not_left_to_logarithms():
    # log(243, 3) is 4.999..., log(1000, 10) 2.999...
    assert [n_required_rungs(3**k, 3) for k in range(12)] == list(range(1, 13))
    assert [n_required_rungs(3**k - 1, 3) for k in range(1, 12)] == list(range(1, 12))
    assert [n_possible_rungs(1, 10**k, 10) for k in range(12)] == list(range(1, 13))


def successive_halving(score, bracket):
    """The best of each rung, in one page of plain Python."""
    params, rungs = list(range(bracket[0].n_trials)), []
    for rung, more in zip(bracket, [*bracket[1:], None], strict=True):
        rungs.append(params)
        if more is not None:
            params = sorted(params, key=lambda i, r=rung: -score(i, r.number))[: more.n_trials]
    return rungs


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [1, 3, 8, 27, 40])
def test_halving_scheduler_is_successive_halving(n, seed):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n, 8))
    bracket = halving_bracket(n, 1, 81, 3)
    history = run(HalvingScheduler([bracket]), lambda trial: scores[trial.params["i"], trial.rung])
    expected = successive_halving(lambda i, rung: scores[i, rung], bracket)
    assert list(by_rung(history).values()) == expected
    assert len(history.trials) == HalvingScheduler([bracket]).n_trials


def test_promoted_trials_know_where_they_come_from():
    history = run(HalvingScheduler([halving_bracket(27, 1, 27, 3)]), noisy)
    for trial in history.trials:
        if trial.rung:
            parent = history.trials[trial.parent]
            assert parent.params is trial.params
            assert parent.rung == trial.rung - 1
            assert parent.fraction < trial.fraction
        else:
            assert trial.parent is None


def test_hyperband_runs_its_brackets_one_after_the_other_each_on_new_trials():
    brackets = hyperband_brackets(81, 1, 81, 3)
    history = run(HalvingScheduler(brackets), noisy)
    found = by_rung(history)
    for number, bracket in enumerate(brackets):
        assert [(len(found[number, rung.number]), rung.n_resources) for rung in bracket] == LI_2018[number]
    first = [trial.params["i"] for trial in history.trials if trial.parent is None]
    assert first == list(range(81 + 34 + 15 + 8 + 5))
    assert [trial.bracket for trial in history.trials] == sorted(trial.bracket for trial in history.trials)


def test_the_order_of_trials_does_not_depend_on_when_scores_are_told():
    brackets = hyperband_brackets(9, 1, 9, 3)
    expected = [(t.params["i"], t.rung, t.bracket) for t in run(HalvingScheduler(brackets), noisy).trials]
    scheduler, history = HalvingScheduler(brackets), History(n_splits=1)
    while len(history.trials) < len(expected):
        trial = scheduler.next_trial(history, lambda i: {"i": i})
        if trial is None:  # told only where it cannot be avoided
            assert history.n_seen < len(history.steps)
            history.see(len(history.steps))
            continue
        history.start(trial)
        history.record(Outcome(trial.number, 0, noisy(trial)))
    assert [(t.params["i"], t.rung, t.bracket) for t in history.trials] == expected


def test_what_failed_is_not_promoted():
    failed = {0, 1, 2, 3, 4, 5, 6}
    history = run(HalvingScheduler([halving_bracket(9, 1, 9, 3)]), noisy, failed=failed)
    assert [len(found) for found in by_rung(history).values()] == [9, 2, 1]
    assert run(HalvingScheduler([halving_bracket(9, 1, 9, 3)]), noisy, failed=range(9)).n_finished == 9


def test_equal_scores_promote_the_older():
    history = run(HalvingScheduler([halving_bracket(9, 1, 9, 3)]), lambda trial: 0.5)
    assert list(by_rung(history).values()) == [list(range(9)), [0, 1, 2], [0]]


@pytest.mark.parametrize("make", [HalvingScheduler, partial(AshaScheduler, factor=3)])
def test_an_exhausted_space_is_halved_all_the_same(make):
    history = run(make([halving_bracket(27, 1, 27, 3)]), noisy, n_params=10)
    found = by_rung(history)
    assert len(found[0, 0]) == 10
    assert len(found[0, 3]) >= 1
    assert not run(make([halving_bracket(27, 1, 27, 3)]), noisy, n_params=0).trials


# -- asynchronous -----------------------------------------------------------------------------------------------------


def algorithm_2(score, s_max, eta, n_new):
    """Li et al. 2020, algorithm 2, ``get_job`` with one worker, until ``n_new`` configurations were begun."""
    rungs = [[] for _ in range(s_max + 1)]  # configurations whose loss at the rung is known
    raised = [set() for _ in range(s_max + 1)]
    jobs, n_begun = [], 0
    while True:
        job = None
        for k in range(s_max - 1, -1, -1):
            candidates = sorted(rungs[k], key=lambda i, k=k: -score(i, k))[: len(rungs[k]) // eta]
            promotable = [i for i in candidates if i not in raised[k]]
            if promotable:
                raised[k].add(promotable[0])
                job = (promotable[0], k + 1)
                break
        if job is None:
            if n_begun == n_new:
                return jobs
            job, n_begun = (n_begun, 0), n_begun + 1
        rungs[job[1]].append(job[0])
        jobs.append(job)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("n", "eta", "s"), [(9, 3, 2), (81, 3, 4), (40, 4, 2), (64, 2, 6)])
def test_asha_promotes_as_in_the_paper(n, eta, s, seed):
    scores = np.random.default_rng(seed).normal(size=(n, s + 1))
    scheduler = AshaScheduler([halving_bracket(n, 1, eta**s, eta)[: s + 1]], eta)
    history = run(scheduler, lambda trial: scores[trial.params["i"], trial.rung])
    jobs = [(trial.params["i"], trial.rung) for trial in history.trials]
    expected = algorithm_2(lambda i, k: scores[i, k], s, eta, n)
    assert jobs[: len(expected)] == expected


def test_asha_promotes_at_once_and_by_hand():
    # Nine configurations, eta = 3, each worse than the one before: with every third one more may go on.
    history = run(AshaScheduler([halving_bracket(9, 1, 9, 3)], 3), lambda trial: -trial.params["i"])
    jobs = [(trial.params["i"], trial.rung) for trial in history.trials]
    assert jobs == [
        *[(0, 0), (1, 0), (2, 0), (0, 1)],
        *[(3, 0), (4, 0), (5, 0), (1, 1)],
        *[(6, 0), (7, 0), (8, 0), (2, 1), (0, 2)],
    ]


@pytest.mark.parametrize("n", [1, 2, 5, 8, 10, 25, 28])
def test_asha_always_reaches_the_full_resource(n):
    bracket = halving_bracket(n, 1, 27, 3)
    found = by_rung(run(AshaScheduler([bracket], 3), noisy))
    expected = successive_halving(lambda i, rung: noisy(type("T", (), {"params": {"i": i}, "rung": rung})), bracket)
    for rung in bracket:
        assert len(found[0, rung.number]) >= rung.n_trials
    assert set(expected[1 if len(expected) > 1 else 0]) <= set(found[0, bracket[min(1, len(bracket) - 1)].number])


class SimulatedExecutor(Executor):
    """Workers in simulated time: a fit takes its share of the resource, times a random factor."""

    def __init__(self, n_workers):
        self.n_workers = n_workers
        self.rng = np.random.default_rng(0)
        self.queue, self.running, self.now, self.busy = [], [], 0.0, 0.0

    @property
    def n_pending(self):
        return len(self.queue) + len(self.running)

    def has_room(self):
        return self.n_pending <= self.n_workers

    def submit(self, task):
        self.queue.append(task)
        self._start()

    def wait(self, seconds=None):
        if not self.running:
            return None
        self.running.sort(key=lambda pair: pair[0])
        self.now, task = self.running.pop(0)
        self._start()
        return Outcome(task.trial.number, task.split, noisy(task.trial))

    def _start(self):
        while self.queue and len(self.running) < self.n_workers:
            task = self.queue.pop(0)
            duration = task.trial.fraction * self.rng.uniform(0.5, 2)
            self.busy += duration
            self.running.append((self.now + duration, task))

    def cancel(self):
        self.queue.clear()

    close = cancel


class Counter(Sampler):
    is_adaptive = False

    def ask(self, number, pending):
        return {"i": number}


def utilisation(scheduler, n_workers, n_splits):
    executor = SimulatedExecutor(n_workers)
    run_search(
        Counter(),
        scheduler,
        executor,
        MemoryJournal(),
        History(n_splits),
        make_task=Task,
        identity=lambda trial: trial.number,
        look_back=math.ceil(n_workers / n_splits) * n_splits + 1,
    )
    return executor.busy / (n_workers * executor.now)


@pytest.mark.parametrize("n_splits", [3, 5])
def test_asha_keeps_two_workers_busy(n_splits):
    assert utilisation(AshaScheduler([halving_bracket(27, 1, 9, 3)], 3), 2, n_splits) >= 0.95


def test_brackets_of_asha_share_the_promotions():
    history = run(AshaScheduler(hyperband_brackets(9, 1, 9, 3), 3), noisy)
    found = by_rung(history)
    for number, bracket in enumerate(hyperband_brackets(9, 1, 9, 3)):
        for rung in bracket:
            assert len(found[number, rung.number]) >= rung.n_trials


SCHEDULERS = [
    lambda: FixedScheduler(20),
    lambda: HalvingScheduler([halving_bracket(27, 1, 27, 3)]),
    lambda: HalvingScheduler([halving_bracket(30, 10, 90, 3, aggressive_elimination=True)]),
    lambda: HalvingScheduler(hyperband_brackets(27, 1, 27, 3)),
    lambda: AshaScheduler([halving_bracket(27, 1, 27, 3)], 3),
    lambda: AshaScheduler(hyperband_brackets(27, 1, 27, 3), 3),
]


@pytest.mark.parametrize("make", SCHEDULERS)
def test_conformance(make):
    check_scheduler(make)


def test_conformance_finds_who_looks_at_what_is_not_told():
    class Peeking(FixedScheduler):
        def next_trial(self, history, ask):
            if len(history.trials) > 5 and history.score(len(history.trials) - 1) > 0:
                return None
            return super().next_trial(history, ask)

    with pytest.raises(AssertionError, match="told"):
        check_scheduler(lambda: Peeking(20))


def test_conformance_finds_who_remembers():
    class Counting(FixedScheduler):
        n_calls = 0

        def next_trial(self, history, ask):
            self.n_calls += 1
            return None if self.n_calls > 7 else super().next_trial(history, ask)

    with pytest.raises(AssertionError, match="depend on its arguments alone"):
        check_scheduler(lambda: Counting(20))


# -- in the loop ------------------------------------------------------------------------------------------------------


class Mean(Sampler):
    """Proposes what depends on all it was told and on what is pending."""

    def __init__(self):
        self.told = []

    def ask(self, number, pending):
        rng = np.random.default_rng([number, len(pending)])
        return {"i": int(rng.integers(10**6) + 10**6 * round(1000 * sum(self.told)) % 10**9)}

    def tell(self, observation):
        scores = observation.scores
        self.told.append(float(scores.mean()))


class Workers(SimulatedExecutor):
    def __init__(self, n_workers, limit=None):
        super().__init__(n_workers)
        self.limit = limit

    def wait(self, seconds=None):
        if self.limit is not None:
            self.limit -= 1
            if self.limit < 0:
                raise KeyboardInterrupt
        return super().wait()


def search(make, journal, limit=None, n_workers=3):
    history = History(2)
    run_search(
        Mean(),
        make(),
        Workers(n_workers, limit),
        journal,
        history,
        make_task=Task,
        identity=lambda trial: trial.number,
        look_back=11,
    )
    return [(t.params["i"], t.rung, t.bracket, t.parent) for t in history.trials]


@pytest.mark.parametrize("kill_after", [0, 1, 25, 50, 78, 80, 90, 100, 112, 114, 128])
@pytest.mark.parametrize("make", SCHEDULERS[3:])
def test_a_search_with_rungs_that_is_resumed_equals_one_that_was_not_interrupted(make, kill_after):
    whole = search(make, MemoryJournal())
    journal = MemoryJournal()
    with suppress(KeyboardInterrupt):
        search(make, journal, limit=kill_after)
    assert search(make, journal) == whole


@pytest.mark.parametrize("make", SCHEDULERS[1:])
def test_trials_do_not_depend_on_the_number_of_workers_at_equal_look_back(make):
    whole = search(make, MemoryJournal())
    assert all(search(make, MemoryJournal(), n_workers=n) == whole for n in (1, 2, 8))
