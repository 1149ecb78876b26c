"""The space as a whole: properties over random trees of conditions, numbering, storage."""

import json
import math
import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo.space import Categorical, Float, Int, Space, params_key

repeatable = settings(deadline=None, derandomize=True, max_examples=50)


@st.composite
def finite_dicts(draw, names="abcde", tag=""):
    """A dictionary of finite parameters, each of which may depend on earlier ones."""
    levels, space = {}, {}
    for name in names[: draw(st.integers(0, len(names)))]:
        parents = draw(st.lists(st.sampled_from(sorted(levels)), max_size=2, unique=True)) if levels else []
        when = {p: draw(st.lists(st.sampled_from(levels[p]), min_size=1, unique=True)) for p in parents} or None
        size = draw(st.integers(1, 4))
        if size > 1 and draw(st.booleans()):
            space[name], levels[name] = Int(1, size, when=when), list(range(1, size + 1))
        else:
            values = [f"{tag}{name}{i}" for i in range(size)]
            space[name], levels[name] = Categorical(values, when=when), values
    return space


@st.composite
def finite_spaces(draw):
    """One dictionary, or several that may overlap."""
    return Space(draw(finite_dicts() | st.lists(finite_dicts("abc"), min_size=1, max_size=3)))


@st.composite
def mixed_spaces(draw):
    """One or several dictionaries apart from each other, with ranges and distributions."""
    dicts = []
    for i in range(draw(st.integers(1, 3))):
        space = {"branch": [i]} | draw(finite_dicts("abc", tag=str(i)))
        when = {"a": [space["a"].value_at(0)]} if "a" in space else None
        space["x"] = Float(0.1, 10, log=draw(st.booleans()), when=when)
        space["y"] = draw(st.sampled_from([stats.norm(), stats.randint(1, 9), stats.poisson(2), [0.1, 1.0, 10.0]]))
        dicts.append(space)
    return Space(dicts)


def points(space, seed=0, n=40):
    return np.random.default_rng(seed).random((n, space.n_columns))


@repeatable
@given(finite_spaces())
def test_at_is_a_bijection_onto_the_configurations(space):
    grid = list(space.grid())
    keys = {space.key(params) for params in grid}
    assert len(grid) == len(keys) == space.n_choices
    assert keys == {params_key(params) for params in grid}
    assert all(space.contains(params) for params in grid)
    assert {space.key(params) for params in space.decode(points(space, n=300))} <= keys


@repeatable
@given(finite_dicts())
def test_count_agrees_with_enumeration(param_distributions):
    space = Space(param_distributions)
    cells = product(*((np.arange(n) + 0.5) / n for n in space.n_levels))
    assert space.n_choices == len({tuple(space.snap([u])[0]) for u in cells})


@repeatable
@given(mixed_spaces(), st.integers(0, 10**6))
def test_round_trips(space, seed):
    U = points(space, seed)
    params = space.decode(U)
    snapped = space.snap(U)
    np.testing.assert_allclose(space.encode(params), snapped, atol=1e-8)
    np.testing.assert_array_equal(space.snap(snapped), snapped)
    np.testing.assert_array_equal(space.active(snapped), space.active(U))
    assert (snapped[~space.active(U)] == 0.5).all()
    for found in params:
        assert space.contains(found)
        assert space.canonical(found) == found
        stored = json.loads(json.dumps(space.to_json(found)))
        assert space.from_json(stored) == found
        assert space.key(space.from_json(stored)) == space.key(found) == params_key(found)


@repeatable
@given(mixed_spaces())
def test_a_sample_is_what_uniform_points_mean(space):
    drawn = space.sample(np.random.default_rng(3), 10)
    assert drawn == space.decode(points(space, seed=3, n=10))
    assert all(list(params) == sorted(params) for params in drawn)


class TestCounts:
    def test_without_enumerating(self):
        space = {f"p{i}": Int(1, 1000) for i in range(20)} | {
            "n": Int(1, 10**9),
            "m": Int(1, 5, when={"n": [3, 10**9]}),
        }
        assert Space(space).n_choices == 1000**20 * (10**9 - 2 + 2 * 5)

    def test_numbers_of_a_huge_space(self):
        space = Space({"n": Int(1, 10**9), "m": Int(1, 5, when={"n": [3, 10**9]}), "k": ["a", "b"]})
        indices = [0, 1, 12345678, space.n_choices - 1]
        assert len({space.key(space.at(index)) for index in indices}) == len(indices)

    def test_overlapping_dictionaries(self):
        space = Space([{"a": [1, 2], "b": [1, 2]}, {"a": [2, 3], "b": [2]}, {}, {"a": [1]}])
        assert space.n_choices == 4 + 1 + 1 + 1
        assert list(space.grid())[4:] == [{"a": 3, "b": 2}, {}, {"a": 1}]

    def test_equal_numbers_of_two_types_are_two_values(self):
        assert Space([{"max_features": [1]}, {"max_features": [1.0]}]).n_choices == 2

    @pytest.mark.parametrize("space", [{}, [{}], {"a": [1]}, {"a": ["x"], "b": Categorical([1], when={"a": "x"})}])
    def test_one_point(self, space):
        space = Space(space)
        assert space.n_choices == 1
        assert space.n_columns == 0
        assert space.encode([space.at(0)]).shape == (1, 0)
        assert space.sample(np.random.default_rng(0), 2) == [space.at(0)] * 2

    def test_infinite(self):
        space = Space([{"a": [1]}, {"a": Float(0, 1)}])
        assert space.n_choices == math.inf
        for ask in (lambda: space.at(0), space.grid):
            with pytest.raises(ValueError, match="needs finitely many configurations"):
                ask()

    @pytest.mark.parametrize("index", [-1, 4])
    def test_index_outside(self, index):
        with pytest.raises(IndexError, match=f"needs to lie in 0 to 3, got {index}"):
            Space({"a": [1, 2], "b": [1, 2]}).at(index)


class TestStorage:
    svc, array = SVC(), np.arange(3)
    space = Space(
        {"clf": [svc, None], "w": [array, [1, 2]], "x": Float(0, 1), "n": stats.randint(1, 9), "g": [1, 2, 3]}
    )

    def test_objects_come_back_as_themselves(self):
        params = {"clf": self.svc, "w": self.array, "x": 0.1 + 0.2, "n": np.int64(3), "g": 2}
        stored = self.space.to_json(params)
        assert stored == {"clf": 0, "g": 1, "n": 3, "w": 0, "x": 0.30000000000000004}
        restored = self.space.from_json(json.loads(json.dumps(stored)))
        assert restored["clf"] is self.svc
        assert restored["w"] is self.array
        assert restored["x"] == 0.1 + 0.2

    @pytest.mark.parametrize(
        ("stored", "message"),
        [
            ({"x": 0.5}, "is missing"),
            ({"clf": 0, "g": 1, "n": 3, "w": 9, "x": 0.5}, "not an index"),
            ({"clf": 0, "g": 1, "n": 3, "w": 0, "x": 7}, "lies outside of Float"),
            ({"clf": 0, "g": 1, "n": 3, "w": 0, "x": 0.5, "y": 1}, "needs the active parameters of its space"),
            ({"<branch>": 4}, "needs a dict of this space, got number 4"),
        ],
    )
    def test_a_strangers_json(self, stored, message):
        with pytest.raises(ValueError, match=message):
            self.space.from_json(stored)

    def test_signature(self):
        def make(C=1.0, high=10, order=1):
            space = {
                "clf": [SVC(C=C), StandardScaler()],
                "a": Float(0, high),
                "b": stats.uniform(0, 1),
                "c": [len, None],
            }
            return json.dumps(Space(dict(list(space.items())[::order])).signature(), allow_nan=False)

        assert make() == make() == make(order=-1)
        assert len({make(), make(C=2.0), make(high=11)}) == 3
        assert "0x" not in make()


class TestErrors:
    space = Space({"kernel": ["rbf", "poly"], "C": Float(0, 1)})

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"kernel": "rbf", "C": 2}, r"Parameter 'C': 2 lies outside of Float\(0\.0, 1\.0\)"),
            ({"kernel": "sigmoid", "C": 1}, "Parameter 'kernel': 'sigmoid' lies outside of Categorical"),
            ({"kernel": "rbf"}, "Parameter 'C' is missing"),
            ({"kernel": "rbf", "C": 1, "kernal": 1}, "'kernal' is not in the space. Did you mean 'kernel'?"),
        ],
    )
    def test_params_outside(self, params, message):
        assert not self.space.contains(params)
        for ask in (lambda: self.space.encode([params]), lambda: self.space.key(params)):
            with pytest.raises(ValueError, match=message):
                ask()


def test_order_of_names_does_not_matter():
    a, b = Space({"b": [1, 2], "a": Float(0, 1)}), Space({"a": Float(0, 1), "b": [1, 2]})
    assert a.names == b.names == ("a", "b")


def test_snap_is_fast():
    dimensions = [Float(1e-3, 1, log=True), Int(1, 1000), Int(1, 1000, log=True), ["a", "b", "c"], [0.1, 1, 10]]
    space = Space({f"p{i}": dimensions[i % 5] for i in range(14)} | {"c": Float(0, 1, when={"p3": "a"})})
    U = points(space, n=2000)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        space.snap(U)
        times.append(time.perf_counter() - start)
    # Takes 0.3 ms; the margin is for a loaded machine, and what it guards against is a loop over rows (30 ms).
    assert min(times) < 5e-3
