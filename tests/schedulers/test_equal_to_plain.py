"""Decisions are those of schedulers that look at all trials each time, on histories of all kinds."""

import numpy as np
import pytest
from plain import PlainAsha, PlainHalving, PlainRacing, PlainRacingHalving
from quick import slow_but

from skhpo.executors.base import Executor
from skhpo.history import History, Outcome, Task, TrialStarted
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.base import Scheduler
from skhpo.schedulers.halving import HalvingScheduler, halving_bracket
from skhpo.schedulers.hyperband import hyperband_brackets
from skhpo.schedulers.racing import Judge, RacingScheduler
from skhpo.schedulers.racing_halving import RacingHalvingScheduler

BRACKETS = {
    "one bracket": lambda n: [halving_bracket(n, 1, 81, 3)],
    "by halves": lambda n: [halving_bracket(n, 1, 16, 2)],
    "equal resources": lambda n: [halving_bracket(n, 5, 15, 3, aggressive_elimination=True)],
    "Hyperband": lambda n: hyperband_brackets(n, 1, 27, 3),
}


class Proposals(Sampler):
    is_adaptive = False

    def __init__(self, n):
        self.n = n

    def ask(self, number, pending):
        return {"i": number} if number < self.n else None


class Both(Scheduler):
    """Asks two schedulers; that they agree is the test."""

    def __init__(self, scheduler, plain):
        self.both = scheduler, plain
        self.n_trials = scheduler.n_trials
        self.n_decisions = 0

    def next_trial(self, history, ask):
        raise NotImplementedError

    def decide(self, history, ask, *, look_back=1):
        decision, other = [each.decide(history, ask, look_back=look_back) for each in self.both]
        assert facts(decision) == facts(other)
        self.n_decisions += 1
        return decision


def facts(decision):
    if not isinstance(decision, TrialStarted):
        return decision
    trial = decision.trial
    return (trial.number, trial.params["i"], trial.fraction, trial.rung, trial.bracket, trial.parent,
            decision.splits)  # fmt: skip


class Disorderly(Executor):
    """Fits that are done in any order."""

    def __init__(self, rng, n_workers, score):
        self.rng, self.n_workers, self.score, self.tasks = rng, n_workers, score, []

    @property
    def n_pending(self):
        return len(self.tasks)

    def has_room(self):
        return len(self.tasks) < self.n_workers

    def submit(self, task):
        self.tasks.append(task)

    def wait(self, timeout=None):
        if not self.tasks:
            return None
        trial, split, *_ = self.tasks.pop(self.rng.integers(len(self.tasks)))
        score = self.score(trial, split)
        return Outcome(trial.number, split, score, status="failed" if score is None else "ok")

    def cancel(self):
        self.tasks.clear()

    close = cancel


def scores(rng, kind, n, k):
    """The score of a trial on a split; None where it fails."""
    good, hard = rng.normal(0, 1, n), rng.normal(0, 1, k)
    noise = rng.normal(0, 0.7, (12, n, k))

    def score(trial, split):
        i = trial.params["i"]
        value = float(good[i] + hard[split] + noise[trial.rung, i, split] / (trial.rung + 1))
        if kind == "ties":
            return round(value)
        if kind == "equal but for the splits":
            return float(hard[split]) + (i % 3)
        if kind == "failures" and noise[0, i, split] > 0.8:
            return (None, float("nan"))[split % 2]
        if kind == "hopeless" and i % 4:
            return value - 30 if i % 8 else -1e160
        return value

    return score


KINDS = ["plain", "ties", "equal but for the splits", "failures", "hopeless"]


def compare(scheduler, plain, *, kind, seed, k, n_proposals):
    rng = np.random.default_rng([seed, k])
    both = Both(scheduler, plain)
    n_workers = int(rng.choice([1, 2, 7]))
    run_search(
        Proposals(n_proposals),
        both,
        Disorderly(rng, n_workers, scores(rng, kind, 200, k)),
        MemoryJournal(),
        history := History(k),
        make_task=Task,
        identity=lambda trial: (trial.params["i"], trial.fraction),
        look_back=int(rng.choice([1, 2, 5, 20])),
    )
    assert both.n_decisions > len(history.trials) > 0
    return history


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BRACKETS)
@pytest.mark.parametrize("seed", slow_but({0}, range(4)))
def test_halving_and_asynchronous_halving(name, kind, seed):
    brackets = BRACKETS[name](30 + 7 * seed)
    n_proposals = 200 if seed else 17  # fewer than the first rung takes
    settings = {"kind": kind, "seed": seed, "k": 2, "n_proposals": n_proposals}
    compare(HalvingScheduler(brackets), PlainHalving(brackets), **settings)
    factor = (3, 2.5, 2, 4)[seed]
    compare(AshaScheduler(brackets, factor), PlainAsha(brackets, factor), **settings)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", BRACKETS)
@pytest.mark.parametrize("seed", slow_but({0}, range(3)))
def test_racing_halving(name, kind, seed):
    brackets = BRACKETS[name](20 + 7 * seed)
    k = (3, 5, 2)[seed]
    settings = {"order": np.random.default_rng(seed).permutation(k).tolist(), "stops_failures": seed != 1}
    schedulers = [cls(brackets, **settings) for cls in (RacingHalvingScheduler, PlainRacingHalving)]
    compare(*schedulers, kind=kind, seed=seed, k=k, n_proposals=200 if seed else 17)


RACES = {
    "of a list": {"alpha": 0.03},
    "before a model": {"n_open": 4, "alpha": 0.05, "share": 0.5, "n_first": 2},
    "with a start": {"n_open": 4, "alpha": 0.05, "share": 0.5, "n_first": 2, "n_start": 8, "n_second": 4},
    "all at once": {"n_open": 1000, "n_turns": 1},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", RACES)
@pytest.mark.parametrize("seed", slow_but({0}, range(3)))
def test_racing(name, kind, seed):
    k = (5, 3, 9)[seed]
    settings = {"order": np.random.default_rng(seed).permutation(k).tolist(), "stops_failures": seed != 1}
    settings |= {"n_turns": k} | RACES[name]
    schedulers = [cls(60, **settings) for cls in (RacingScheduler, PlainRacing)]
    history = compare(*schedulers, kind=kind, seed=seed, k=k, n_proposals=200)
    if kind == "plain":
        assert history.stopped


@pytest.mark.parametrize("m", [1, 2, 4, 9, 40])
def test_many_challengers_are_judged_as_each_by_itself(m):
    """To the bit."""
    rng, k = np.random.default_rng(m), 41
    for _ in range(20):
        judge = Judge(0, rng.normal(size=k), rng.normal(size=k), rng.exponential(), 2 * k - 2, rng.exponential(size=k))
        splits, many = rng.permutation(k)[:m], rng.normal(0, 3, (50, m))
        many[3], many[4, 0] = np.nan, -1e100
        one_by_one = [(judge.probability(splits, row), judge.behind(splits, row)) for row in many]
        np.testing.assert_array_equal(judge.probability(splits, many), [pair[0] for pair in one_by_one])
        np.testing.assert_array_equal(judge.behind(splits, many), [pair[1] for pair in one_by_one])
