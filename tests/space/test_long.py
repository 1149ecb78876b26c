"""Ranges and long lists: the places of a short list, without a list."""

import math
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from skhpo.space import Categorical, Float, Int, Space
from skhpo.space.choices import Grid, listed
from skhpo.space.dimension import OutsideError
from skhpo.space.long import LONG, SortedNumbers, Steps

RANGES = [range(3), range(10), range(-7, 20, 3), range(2**52, 2**52 + 70, 7), range(0, 10**6, 997)]
BIG = 10**400


@pytest.mark.parametrize("values", RANGES)
def test_steps_have_the_places_of_a_grid_to_the_bit(values):
    steps, grid = Steps(values), Grid(tuple(values))
    levels = np.arange(len(values))
    np.testing.assert_array_equal(steps.center_of(levels), grid.center_of(levels))
    ends = grid._cells.ends
    u = np.concatenate([np.random.default_rng(0).random(500), ends, np.nextafter(ends, 0), np.nextafter(ends, 1)])
    u = np.append(u, [-1.0, 0.0, 1.0, 2.0])
    np.testing.assert_array_equal(steps.level_of(u), grid.level_of(u))
    assert steps.decode(u) == grid.decode(u)


@pytest.mark.parametrize(
    "values",
    [range(LONG + 1), range(LONG, -1, -1), np.logspace(-3, 3, LONG + 1), list(np.linspace(0, 1, LONG + 2).tolist())],
)
def test_long_lists_have_the_values_and_places_of_a_grid(values):
    dimension, grid = listed(values), Grid(tuple(sorted(values)))
    u = np.random.default_rng(0).random(200)
    assert isinstance(dimension, Steps | SortedNumbers)
    assert dimension.decode(u) == grid.decode(u)
    assert [type(v) for v in dimension.decode(u)] == [type(v) for v in grid.decode(u)]
    np.testing.assert_array_equal(dimension.snap(u), grid.snap(u))
    for level in (0, 1, LONG // 3, LONG):
        value = dimension.value_at(level)
        assert dimension.find(value) == dimension.find(np.float64(value)) == level
        assert dimension.from_json(dimension.to_json(value)) == value


@pytest.mark.parametrize("value", [-1, LONG + 1, 0.5, "1", True, math.nan, math.inf, BIG, None])
@pytest.mark.parametrize("make", [listed, Categorical, lambda values: listed(list(values))])
def test_what_is_not_in_a_long_list(make, value):
    with pytest.raises(OutsideError):
        make(range(LONG + 1)).find(value)


def test_numbers_of_other_types_are_found_in_a_range():
    dimension = Categorical(range(5, 10**9, 5))
    assert [dimension.find(value) for value in (5, 10.0, np.int8(15), Fraction(20))] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    "values", [range(10**7), range(10**7, 0, -1), Categorical(range(10**7)), range(2**62), Int(0, 2**40)]
)
def test_a_range_takes_no_memory(values):
    tracemalloc.start()
    space = Space({"a": values})
    (params,) = space.decode(np.full((1, space.n_columns), 0.3))
    assert space.from_json(space.to_json(params)) == params
    assert len(str(space.signature())) < 200
    assert tracemalloc.get_traced_memory()[1] < 10**6
    tracemalloc.stop()


def test_equal_values_of_a_long_list_are_the_first_of_them():
    names = [f"v{i}" for i in range(LONG)] + ["v0"]
    dimension = listed(names)
    assert dimension.n_choices == LONG + 1
    assert dimension.find("v0") == 0
    assert dimension.canonical("v0") == "v0"


def test_repeated_numbers_of_a_long_array_count_once():
    dimension = listed(np.tile(np.arange(5.0), LONG))
    assert dimension.n_choices == 5
    assert isinstance(dimension.value_at(0), np.float64)


@pytest.mark.parametrize(
    "values", [np.array([0.0, np.nan] * LONG), np.array([0.0, np.inf] * LONG), [0, 2**60] * LONG, [True, 1] * LONG]
)
def test_long_lists_that_are_no_grid(values):
    assert isinstance(listed(values), Categorical)


@pytest.mark.parametrize("make", [lambda v: Space({"a": v}), lambda v: Space({"a": [1], "b": v})])
def test_more_values_than_python_counts(make):
    with pytest.raises(ValueError, match=r"needs fewer than 2\*\*63 values, got range"):
        make(range(10**20))


# ------------------------------------------------------------------ beyond double precision


def test_numbers_beyond_double_precision_are_categories():
    dimension = listed([1, 2, BIG])
    assert isinstance(dimension, Categorical)
    assert dimension.find(BIG) == 2
    assert Space({"a": [BIG, -BIG, 3]}).n_choices == 3


def test_numbers_beyond_double_precision_lie_outside_and_are_no_bounds():
    space = Space({"a": Float(0, 1), "b": Int(0, 5), "c": [1.0, 2.0, 3.0]})
    for name in "abc":
        assert not space.contains({"a": 0.5, "b": 1, "c": 2.0, name: BIG})
    for cls in (Float, Int):
        with pytest.raises(ValueError, match="needs finite bounds"):
            cls(0, BIG)
        with pytest.raises(ValueError, match="needs finite bounds"):
            cls(-BIG, 0)


@pytest.mark.parametrize("name", ["norm", "poisson", "expon"])
def test_numbers_beyond_double_precision_are_drawn_from_no_distribution(name):
    stats = pytest.importorskip("scipy.stats")
    frozen = stats.poisson(3) if name == "poisson" else getattr(stats, name)()
    assert not Space({"a": frozen}).contains({"a": BIG})


# ------------------------------------------------------------------ no repr


class Mute:
    def __repr__(self):
        raise RuntimeError


def test_messages_do_without_a_repr():
    mute = Mute()
    shown = "<Mute whose repr raises RuntimeError>"
    with pytest.raises(ValueError, match=f"{shown} more than once"):
        Categorical([mute, mute])
    with pytest.raises(TypeError, match=f"Parameter 'a' needs a list of values.* got {shown}"):
        Space({"a": mute})
    with pytest.raises(ValueError, match=f"{shown} lies outside of Categorical"):
        Categorical([1, mute]).find(Mute())
    assert shown in repr(Categorical([1, mute]))
    with pytest.raises(ValueError, match="got: <ndarray whose repr raises RuntimeError> with shape"):
        Space({"a": np.array([[mute, mute]])})


def test_large_dicts_of_a_list_are_not_compared_point_by_point():
    space = Space([{"a": range(10**7)}, {"a": Int(5, 10**8)}])
    assert space.n_choices >= 10**8
    assert space.at(10**7) == {"a": 5}
    assert space.encode([{"a": 7}]).tolist() == space.encode([space.at(7)]).tolist()
