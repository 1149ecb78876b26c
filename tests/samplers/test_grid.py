"""Grids: scikit-learn's points in scikit-learn's order, made when they are asked for."""

import itertools

import numpy as np
import pytest
from sklearn.model_selection import ParameterGrid, ParameterSampler

from skhpo.samplers.grid import GridSampler
from skhpo.samplers.random import RandomSampler
from skhpo.space import Categorical, Int

HUGE = {name: range(1000) for name in "abcdefg"}  # 10**21 points


def points(sampler):
    return list(itertools.takewhile(lambda p: p is not None, (sampler.ask(number, ()) for number in itertools.count())))


@pytest.mark.parametrize(
    "grid",
    [
        {"b": [1, 2], "a": ["x", "y", "z"], "c": np.linspace(0, 1, 2)},
        [{"b": [1, 2]}, {}, {"z": (None,), "a": range(3)}],
        {},
    ],
)
def test_points_are_scikit_learns_with_the_names_in_its_order(grid):
    ours, theirs = points(GridSampler(grid)), list(ParameterGrid(grid))
    assert [list(p.items()) for p in ours] == [list(p.items()) for p in theirs]
    assert [[type(v) for v in p.values()] for p in ours] == [[type(v) for v in p.values()] for p in theirs]


@pytest.mark.parametrize("wrap", [lambda grid: grid, lambda grid: [grid, {"a": [1]}]])
def test_a_grid_of_any_size_is_read_by_number(wrap):
    sampler = GridSampler(wrap(HUGE))
    assert sampler.n_max >= 10**21
    assert sampler.ask(1001, ()) == dict.fromkeys("abcde", 0) | {"f": 1, "g": 1}
    assert sampler.ask(10**21 - 1, ()) == dict.fromkeys("abcdefg", 999)


def test_a_grid_of_our_dimensions_of_any_size_is_read_by_number():
    sampler = GridSampler({**HUGE, "k": Categorical(["x", "y"]), "i": Int(1, 1000)})
    assert sampler.n_max == 2 * 10**24
    assert sampler.ask(10**24, ())["a"] == 500


@pytest.mark.parametrize("n_values", [2**31, 2**62, 2**63 - 1])
def test_up_to_64_bits_random_points_are_scikit_learns(n_values):
    space = {"a": range(n_values)}
    theirs = list(ParameterSampler(space, 5, random_state=0))
    assert points(RandomSampler(space, n_iter=5, random_state=0)) == theirs


@pytest.mark.parametrize("random_state", [0, None, np.random.RandomState(0)])
def test_beyond_64_bits_random_points_are_drawn_all_the_same(random_state):
    found = points(RandomSampler([HUGE, {"x": range(2**62)}], n_iter=50, random_state=random_state))
    assert len(found) == len({tuple(p.values()) for p in found}) == 50
    if random_state == 0:
        assert found == points(RandomSampler([HUGE, {"x": range(2**62)}], n_iter=50, random_state=0))
        more = points(RandomSampler([HUGE, {"x": range(2**62)}], n_iter=60, random_state=0, done=found))
        assert more[:50] == found


def test_each_value_beyond_64_bits_is_drawn_with_the_same_probability():
    found = points(RandomSampler(HUGE, n_iter=3000, random_state=0))
    means = [np.mean([p[name] for p in found]) for name in HUGE]
    np.testing.assert_allclose(means, 499.5, atol=5 * 289 / 3000**0.5)  # a false alarm in two million
