"""Float, Int, Categorical and the grid of a plain list: encoding, value semantics, errors."""

import copy
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.gaussian_process.kernels import RBF
from sklearn.model_selection import RandomizedSearchCV
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo.space import Categorical, Float, Int
from skhpo.space.choices import Grid, listed

repeatable = settings(deadline=None, derandomize=True, max_examples=60)
unit = st.floats(0.0, 1.0)


@st.composite
def floats(draw):
    log = draw(st.booleans())
    low = draw(st.floats(1e-8, 1e4) if log else st.floats(-1e6, 1e6))
    return Float(low, low + draw(st.floats(1e-3, 1e6)), log=log)


@st.composite
def ints(draw):
    log = draw(st.booleans())
    low = draw(st.integers(1 if log else -(10**6), 10**6))
    return Int(low, low + draw(st.integers(1, 10**9)), log=log)


@st.composite
def grids(draw):
    numbers = st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6)
    return listed(draw(st.lists(numbers, min_size=3, max_size=12, unique_by=float)))


categoricals = st.lists(st.none() | st.booleans() | st.text(max_size=3), min_size=1, max_size=6, unique_by=repr).map(
    Categorical
)
dimensions = floats() | ints() | grids() | categoricals


@repeatable
@given(dimensions, st.lists(unit, min_size=1, max_size=20))
def test_round_trips(dimension, places):
    u = np.array(places)
    values = dimension.decode(u)
    encoded = dimension.encode(values)
    snapped = dimension.snap(u)
    assert ((encoded >= 0) & (encoded <= 1)).all()
    np.testing.assert_allclose(encoded, snapped, atol=1e-8)
    np.testing.assert_array_equal(dimension.snap(snapped), snapped)
    assert [dimension.canonical(value) for value in values] == values
    assert [dimension.from_json(dimension.to_json(value)) for value in values] == values


@repeatable
@given(ints() | grids() | categoricals, st.data())
def test_each_level_stands_in_its_own_cell(dimension, data):
    level = data.draw(st.integers(0, dimension.n_choices - 1))
    u = dimension.center_of(np.array([level]))
    assert 0 < u[0] < 1
    assert dimension.level_of(u)[0] == level
    assert dimension.find(dimension.value_at(level)) == level


@repeatable
@given(floats())
def test_float_keeps_its_bounds_to_the_last_bit(dimension):
    values = dimension.decode(np.array([-1.0, 0.0, 0.5, 1.0, 2.0]))
    assert all(type(value) is float and dimension.low <= value <= dimension.high for value in values)
    np.testing.assert_allclose(dimension.encode([dimension.low, dimension.high]), [0.0, 1.0], atol=1e-12)


def test_log_scales():
    np.testing.assert_allclose(Float(1e-4, 1.0, log=True).decode(np.array([0.25, 0.5])), [1e-3, 1e-2])
    trees = Int(1, 1000, log=True)
    assert trees.decode(np.array([0.0, 1.0])) == [1, 1000]
    half_steps = np.log([0.5, 1000.5])
    np.testing.assert_allclose(trees.encode([30]), (np.log(30) - half_steps[0]) / np.diff(half_steps))


def test_int_gives_ints_in_equal_cells():
    values = Int(3, 6).decode(np.linspace(0.0, 0.999, 1000))
    assert {type(value) for value in values} == {int}
    assert [values.count(value) for value in (3, 4, 5, 6)] == [250] * 4


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ([1, 2, 3, 4], [0.125, 0.375, 0.625, 0.875]),  # evenly spaced: as an Int
        ([100, 1, 10], [1 / 6, 1 / 2, 5 / 6]),  # evenly spaced ratios, sorted
        ([0, 0.001, 0.01, 0.1], [0.125, 0.375, 0.625, 0.875]),  # even on no scale: ranks
        ([0.0, 1.0, 3.0], [1 / 9, 3 / 9, 7 / 9]),  # cells end midway, and half a step beyond
    ],
)
def test_a_list_of_numbers_is_a_grid(values, places):
    grid = listed(values)
    assert isinstance(grid, Grid)
    assert not grid.is_categorical
    np.testing.assert_allclose(grid.encode(sorted(values)), places)


@pytest.mark.parametrize(
    "values", [["a", "b", "c"], [1, 2], [True, False, 3], [1, 2, None], [1, 1.0, 0.5], [0.0, 1.0, math.inf]]
)
def test_other_lists_are_categories(values):
    dimension = listed(values)
    assert dimension.is_categorical
    assert all(a is b for a, b in zip(dimension.choices, values, strict=True))


def test_repeated_values_of_a_list_count_once():
    assert listed(["a", "b", "a"]).choices == ("a", "b")
    assert listed([1, 10, 100, 10]).n_choices == 3


def test_grid_gives_the_users_own_numbers():
    values = np.logspace(-3, 3, 7)
    assert [type(value) for value in listed(values).decode(np.array([0.5]))] == [np.float64]
    assert listed(values).find(float(values[2])) == 2


class TestChoices:
    values = (
        SVC(),
        DecisionTreeClassifier(),
        [("a", SVC())],
        {"k": [1]},
        np.arange(3),
        (5, 5),
        None,
        True,
        1,
        "1",
        len,
    )

    def test_any_object_comes_back_as_itself(self):
        dimension = Categorical(self.values)
        u = dimension.encode(self.values)
        np.testing.assert_allclose(u, (np.arange(11) + 0.5) / 11)
        assert all(a is b for a, b in zip(dimension.decode(u), self.values, strict=True))

    def test_equal_objects_are_found(self):
        dimension = Categorical([RBF(1.0), SVC(C=2.0), SVC(C=3.0), [("a", SVC())], np.arange(3), 2])
        found = [RBF(1.0), SVC(C=2.0), SVC(C=3.0), [("a", SVC())], np.arange(3), 2.0]
        assert [dimension.find(value) for value in found] == list(range(6))

    def test_identity_comes_before_equality(self):
        fitted, other = SVC(), SVC()
        assert Categorical([fitted, other]).find(other) == 1

    @pytest.mark.parametrize("value", [True, 2, "1", None, SVC(C=7.0), [1], np.array([1])])
    def test_unequal_values_are_not(self, value):
        with pytest.raises(ValueError, match="lies outside of Categorical"):
            Categorical([1, "a", SVC(), (1,)]).find(value)


class TestValueObjects:
    dimensions = (
        Float(0.1, 10, log=True),
        Int(1, 5, when={"kernel": ["poly", "rbf"]}),
        Categorical([SVC(), None], when={"scale": True}),
        Categorical([np.arange(2), [1]]),
        listed([1, 2, 3]),
    )

    @pytest.mark.parametrize("dimension", dimensions)
    def test_copies_are_equal_and_work(self, dimension):
        dimension.decode(np.array([0.1]))
        dimension.encode(dimension.decode(np.array([0.1])))
        for twin in (copy.deepcopy(dimension), pickle.loads(pickle.dumps(dimension))):  # noqa: S301
            assert twin == dimension
            assert hash(twin) == hash(dimension)
            values = twin.decode(np.array([0.1, 0.9]))
            np.testing.assert_allclose(twin.encode(values), dimension.snap(np.array([0.1, 0.9])))

    def test_clone_of_a_search_keeps_them(self):
        space = {"C": Float(0.1, 10), "degree": Int(2, 5, when={"kernel": "poly"}), "kernel": ["rbf", "poly"]}
        assert clone(RandomizedSearchCV(SVC(), space)).param_distributions == space

    def test_unequal(self):
        assert Float(0, 1) != Float(0, 2)
        assert Float(1, 2) != Float(1, 2, log=True)
        assert Int(1, 2) != Float(1, 2)
        assert Int(1, 2) != Int(1, 2, when={"a": 1})
        assert Categorical([1, 2]) != Categorical([True, 2])

    def test_repr(self):
        assert repr(Float(1, 10, log=True)) == "Float(1.0, 10.0, log=True)"
        assert repr(Int(low=1, high=5, when={"a": 1, "b": [2, 3]})) == "Int(1, 5, when={'a': [1], 'b': [2, 3]})"
        assert repr(Categorical(["a", None])) == "Categorical(('a', None))"

    def test_frozen(self):
        with pytest.raises(AttributeError):
            Float(0, 1).low = 2

    def test_log_is_keyword_only(self):
        with pytest.raises(TypeError):
            Float(1, 2, True)

    def test_a_tuple_in_when_is_one_value(self):
        assert Int(1, 2, when={"sizes": (5, 5)}).when == {"sizes": [(5, 5)]}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Float(1, 1), ValueError, r"Float needs low < high, got low=1\.0, high=1\.0"),
        (lambda: Float(2, 1), ValueError, r"Float needs low < high"),
        (lambda: Float(0, math.inf), ValueError, r"Float needs finite bounds, got low=0\.0, high=inf"),
        (lambda: Float(math.nan, 1), ValueError, r"Float needs finite bounds"),
        (lambda: Float(-1e308, 1e308), ValueError, r"Float needs finite bounds"),
        (lambda: Float(0, 1, log=True), ValueError, r"Float needs low > 0 for log=True, got low=0\.0"),
        (lambda: Float("0", 1), TypeError, r"Float needs numbers as bounds, got low='0'"),
        (lambda: Float(0, True), TypeError, r"Float needs numbers as bounds, got high=True"),
        (lambda: Float(1, 2, log="yes"), TypeError, r"Float needs log to be True or False, got log='yes'"),
        (lambda: Int(3, 3), ValueError, r"Int needs low < high, got low=3, high=3\. Write \[3\]"),
        (lambda: Int(1.5, 3), TypeError, r"Int needs integers as bounds, got low=1\.5\. Use Float"),
        (lambda: Int(0, 10, log=True), ValueError, r"Int needs low > 0 for log=True, got low=0"),
        (lambda: Int(0, 2**41), ValueError, r"Int needs bounds of at most 2\*\*40 in size"),
        (lambda: Categorical([]), ValueError, r"Categorical needs at least one choice, got \[\]"),
        (lambda: Categorical("abc"), TypeError, r"Categorical needs a list of choices, got 'abc'"),
        (lambda: Categorical(3), TypeError, r"Categorical needs a list of choices, got 3"),
        (lambda: Categorical(["a", "b", "a"]), ValueError, r"Categorical needs distinct choices, got 'a' more than"),
        (lambda: Float(0, 1, when="kernel"), TypeError, r"Float needs when to be a dict .* got when='kernel'"),
        (lambda: Int(0, 1, when={"a": []}), ValueError, r"Int needs at least one value of 'a' in when, got \[\]"),
    ],
)
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("dimension", "value"),
    [
        (Float(0, 1), 1.1),
        (Float(0, 1), math.nan),
        (Float(0, 1), None),
        (Float(0, 1), True),
        (Int(1, 5), 6),
        (Int(1, 5), 2.5),
        (Int(1, 5), math.inf),
        (Int(1, 5), "2"),
        (listed([1, 2, 3]), 4),
    ],
)
def test_values_outside(dimension, value):
    with pytest.raises(ValueError, match="lies outside of"):
        dimension.encode([value])


@pytest.mark.parametrize("stored", [-1, 2, "a", True, None])
def test_stored_indices_are_checked(stored):
    with pytest.raises(ValueError, match="is not an index into the 2 choices"):
        Categorical(["a", "b"]).from_json(stored)
