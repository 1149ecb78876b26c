"""The public conformance suites pass for every member of a family, and fail for those that break a rule."""

import itertools

import numpy as np
import pytest
from scipy.stats import loguniform

from skhpo.journals.base import Journal
from skhpo.journals.memory import MemoryJournal
from skhpo.journals.sqlite import Codec, SqliteJournal
from skhpo.samplers.base import Sampler
from skhpo.samplers.bayes import BayesSampler
from skhpo.samplers.grid import GridSampler
from skhpo.samplers.random import RandomSampler
from skhpo.space import Categorical, Float, Int, Space
from skhpo.testing import check_journal, check_sampler

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


@pytest.mark.parametrize("name", SAMPLERS)
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

    def tell(self, trial, scores):
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
