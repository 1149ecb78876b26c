"""Random draws: scikit-learn's where the space is scikit-learn's, ours elsewhere."""

import itertools

import pytest
from scipy.stats import loguniform
from sklearn.model_selection import ParameterSampler

from skhpo.samplers.random import RandomSampler
from skhpo.space import Categorical, Float, Int

OURS = {"k": Categorical(["a", "b"]), "x": Float(0, 1, when={"k": "a"}), "i": Int(1, 3)}


def draws(sampler):
    return list(itertools.takewhile(bool, (sampler.ask(number, ()) for number in itertools.count())))


@pytest.mark.parametrize("space", [{"a": list(range(50))}, {"a": list(range(50)), "b": loguniform(1, 2)}])
def test_the_stream_is_scikit_learns(space):
    expected = list(ParameterSampler(space, 20, random_state=3))
    assert draws(RandomSampler(space, n_iter=20, random_state=3)) == expected


def test_our_dimensions_are_drawn_by_number_whatever_is_wanted_in_all():
    few, many = (draws(RandomSampler(OURS, n_iter=n, random_state=0)) for n in (5, 30))
    assert many[:5] == few
    assert len(many) == 30


def test_a_finite_space_is_drawn_from_without_repetition_and_then_exhausted():
    space = {"k": Categorical(["a", "b"]), "i": Int(1, 3, when={"k": "a"})}
    with pytest.warns(UserWarning, match=r"total space of parameters 4 is smaller than n_iter=9"):
        found = draws(RandomSampler(space, n_iter=9, random_state=0))
    assert sorted(map(repr, found)) == sorted(map(repr, [{"i": i, "k": "a"} for i in (1, 2, 3)] + [{"k": "b"}]))


def test_points_are_drawn_when_they_are_asked_for():
    sampler = RandomSampler({"x": loguniform(1, 2), "y": Float(0, 1)}, n_iter=10**9, random_state=0)
    assert sampler.ask(3, ()) == sampler.ask(3, ())
    assert len(sampler._drawn) == 4


def test_continued_with_all_there_are_repeats_nothing():
    """scikit-learn's stream of all 30 is another order than that of 25."""
    space = {"a": list(range(30))}
    done = draws(RandomSampler(space, n_iter=25, random_state=0))
    found = draws(RandomSampler(space, n_iter=30, random_state=0, done=done))
    assert found[:25] == done
    assert sorted(params["a"] for params in found) == list(range(30))


@pytest.mark.parametrize(
    "space",
    [
        {"a": list(range(40))},
        {"a": list(range(2000))},  # of which scikit-learn draws 10 and 25 in two ways
        {"a": loguniform(1, 2)},
        {"a": Int(1, 40)},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_continued_with_more_keeps_what_was_done_and_repeats_nothing(space, seed):
    done = draws(RandomSampler(space, n_iter=10, random_state=seed))
    found = draws(RandomSampler(space, n_iter=25, random_state=seed, done=done))
    assert found[:10] == done
    assert len(found) == len({params["a"] for params in found}) == 25
