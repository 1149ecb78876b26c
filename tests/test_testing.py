"""The public conformance suites pass for every member of a family, and fail for those that break a rule."""

import itertools

import numpy as np
import pytest
from quick import slow_but
from scipy.stats import loguniform

from skhpo.history import FitStarted, TrialStopped
from skhpo.journals.base import Journal
from skhpo.journals.events import Codec
from skhpo.journals.memory import MemoryJournal
from skhpo.journals.sqlite import SqliteJournal
from skhpo.samplers.base import Sampler
from skhpo.samplers.bayes import BayesSampler
from skhpo.samplers.grid import GridSampler
from skhpo.samplers.random import RandomSampler
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.halving import HalvingScheduler, halving_bracket
from skhpo.schedulers.racing import RacingScheduler
from skhpo.space import Categorical, Float, Int, Space
from skhpo.testing import check_journal, check_sampler, check_scheduler

OURS = {"k": Categorical(["a", "b"]), "x": Float(0, 1, when={"k": "a"}), "i": Int(1, 9)}
PLAIN = {"C": loguniform(1e-2, 1e2), "kernel": ["linear", "rbf"]}
SAMPLERS = {
    "grid": lambda: GridSampler({"C": [1, 2, 3], "kernel": ["linear", "rbf"]}),
    "random, scikit-learn's": lambda: RandomSampler(PLAIN, n_iter=20, random_state=0),
    "random, ours": lambda: RandomSampler(OURS, n_iter=20, random_state=0),
    "bayes": lambda: BayesSampler(Space(OURS), 0),
    "bayes, finite": lambda: BayesSampler(Space({"i": Int(1, 8)}), 0),
    "bayes, given points": lambda: BayesSampler(Space(OURS), 0, initial_params=[{"k": "b", "i": 3}]),
    "bayes, warm": lambda: BayesSampler(Space({"x": Float(0, 1)}), 0, prior=([{"x": 0.1}, {"x": 0.2}], [1, 2])),
}


@pytest.mark.parametrize("name", slow_but(SAMPLERS.keys() - {"bayes, given points", "bayes, warm"}, SAMPLERS))
def test_samplers(name):
    contains = Space(OURS).contains if name in {"random, ours", "bayes"} else lambda params: True
    check_sampler(SAMPLERS[name], contains)


class Broken(Sampler):
    """A sampler that breaks the rule it is made for."""

    def __init__(self, how):
        self.how, self.count, self.n_asked_before_told = how, itertools.count(), 0

    def ask(self, number, pending):
        self.n_asked_before_told = number
        if self.how == "counts":
            return {"x": next(self.count)}
        if self.how == "unseeded":
            return {"x": np.random.default_rng().random()}
        if self.how == "ends":
            return {"x": number} if number < 3 else None
        return {"x": number, "remembered": self.remembered}

    remembered = 0

    def tell(self, observation):
        self.remembered += self.n_asked_before_told


@pytest.mark.parametrize(
    ("how", "n_max", "rule"),
    [
        ("counts", None, "asked more often"),
        ("unseeded", None, "same seed"),
        ("ends", 5, "all points were proposed"),
        ("ends", 2, "no more than `n_max`"),
        ("remembers when it was asked", None, "told all at once"),
    ],
)
def test_broken_samplers_are_found(how, n_max, rule):
    def make():
        sampler = Broken(how)
        sampler.n_max = n_max
        return sampler

    with pytest.raises(AssertionError, match=rule):
        check_sampler(make)


def test_proposals_outside_of_the_space_are_found():
    with pytest.raises(AssertionError, match="lie in the space"):
        check_sampler(SAMPLERS["grid"], lambda params: params["C"] < 3)


def test_journals(tmp_path):
    check_journal(MemoryJournal)

    def open_journal():
        return SqliteJournal(tmp_path / "search.db", {"X": "1"}, codec=Codec(dict, dict), header={})

    check_journal(open_journal, is_durable=True)


def test_broken_journals_are_found():
    class Forgetful(MemoryJournal):
        def append(self, event):
            if len(self._events) < 3:
                super().append(event)

    class Backwards(MemoryJournal):
        def __iter__(self):
            return iter(self._events[::-1])

    for broken, rule in ((Forgetful, "when `append` returns"), (Backwards, "in order")):
        with pytest.raises(AssertionError, match=rule):
            check_journal(broken)
    with pytest.raises(AssertionError, match="outlive"):
        check_journal(MemoryJournal, is_durable=True)
    assert issubclass(MemoryJournal, Journal)


class ByLength(AshaScheduler):
    """Keeps its answers by how many trials there are, and how many fits are seen."""

    def __init__(self, brackets):
        super().__init__(brackets)
        self.known = {}

    def next_trial(self, history, ask):
        key = len(history.trials), history.n_seen
        if key not in self.known:
            self.known[key] = super().next_trial(history, ask)
        return self.known[key]


class ByRung(HalvingScheduler):
    """Ranks a rung once, when it is finished."""

    def __init__(self, brackets):
        super().__init__(brackets)
        self.rankings = {}

    def next_trial(self, history, ask):
        trial = super().next_trial(history, ask)
        if trial is None or trial.parent is None:
            return trial
        ranking = self.rankings.setdefault(
            trial.rung, [number for _, number in history.rung(0, trial.rung - 1).ranking]
        )
        parent = history.trials[ranking[len(history.rung(0, trial.rung).trials)]]
        return type(trial)(trial.number, parent.params, trial.fraction, trial.rung, 0, parent.number)


class ByTrial(RacingScheduler):
    """Keeps who is to be stopped by how many of his splits are seen and how many are complete."""

    def __init__(self, n_trials, order):
        super().__init__(n_trials, order=order)
        self.known = {}

    def next_split(self, history, *, look_back, can_start):
        decision = super().next_split(history, look_back=look_back, can_start=can_start)
        for number in history.open:
            key = number, len(history.seen(number)), len(history.complete)
            found = isinstance(decision, TrialStopped) and decision.number == number
            if (
                history.seen(number)
                and self.known.setdefault(key, found)
                and len(history.seen(number)) == len(history.begun(number))
            ):
                return TrialStopped(number, decision.against if found else None)
        return decision


class Blind(RacingScheduler):
    """Does not know which fits it started."""

    def next_split(self, history, *, look_back, can_start):
        decision = super().next_split(history, look_back=look_back, can_start=can_start)
        return FitStarted(decision.number, 0) if isinstance(decision, FitStarted) else decision


@pytest.mark.parametrize(
    ("make", "n_splits", "rule"),
    [
        (lambda: ByLength([halving_bracket(27, 1, 27)]), 1, "depend on its arguments alone"),
        (lambda: ByRung([halving_bracket(27, 1, 27)]), 1, "depend on its arguments alone"),
        (lambda: ByTrial(30, order=[0, 1, 2]), 3, "depend on its arguments alone"),
        (lambda: Blind(30, order=[0, 1, 2]), 3, "one fit on each split"),
    ],
)
def test_broken_schedulers_are_found(make, n_splits, rule):
    """The first three answer right as long as there is one history, asked twice or not."""
    with pytest.raises(AssertionError, match=rule):
        check_scheduler(make, n_splits)


def test_a_scheduler_that_cannot_decide_about_splits_is_found():
    class Raising(RacingScheduler):
        def next_split(self, history, *, look_back, can_start):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        check_scheduler(lambda: Raising(12, order=[0]))
