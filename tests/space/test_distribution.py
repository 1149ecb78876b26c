"""Distributions of scipy.stats, and objects that only look like them."""

import numpy as np
import pytest
from scipy import stats

from skhpo.space import Space
from skhpo.space.discrete import DiscreteDistribution, WideDistribution
from skhpo.space.interop import as_dimension

CONTINUOUS = [
    stats.uniform(0.5, 2.0),
    stats.loguniform(1e-4, 1.0),
    stats.beta(0.5, 0.5),
    stats.norm(3.0, 2.0),
    stats.expon(),
    stats.t(3),
    stats.truncnorm(-1, 2),
    stats.uniform,
]
DISCRETE = [
    stats.randint(1, 20),
    stats.randint(0, 100_000),
    stats.randint(0, 2**31),
    stats.bernoulli(0.3),
    stats.poisson(3.0),
    stats.geom(0.01),
    stats.zipf(1.5),
    stats.skellam(3, 4),
    stats.binom(100, 0.01),
    stats.rv_discrete(values=([1, 3, 7], [0.2, 0.3, 0.5])),
    stats.rv_discrete(values=([1, 3, 7], [0.2, 0.3, 0.5]))(loc=2),
    stats.rv_discrete(values=([0.5, 3, 7], [0.2, 0.3, 0.5])),
]
U = np.concatenate([[0.0, 1.0], np.random.default_rng(0).random(200)])


class OnlyDraws:
    def rvs(self, random_state=None):
        return tuple(random_state.randint(1, 100, size=2).tolist())


@pytest.mark.parametrize("distribution", CONTINUOUS + DISCRETE)
def test_round_trips(distribution):
    dimension = as_dimension("x", distribution)
    values = dimension.decode(U)
    assert np.isfinite(values).all()
    snapped = dimension.snap(U)
    np.testing.assert_allclose(dimension.encode(values), snapped, atol=2e-9)
    np.testing.assert_array_equal(dimension.snap(snapped), snapped)
    assert [dimension.from_json(dimension.to_json(value)) for value in values] == values


@pytest.mark.parametrize("distribution", CONTINUOUS + DISCRETE)
def test_every_draw_lies_inside(distribution):
    dimension = as_dimension("x", distribution)
    draws = distribution.rvs(size=200, random_state=1)
    u = dimension.encode(draws)
    assert ((u >= 0) & (u <= 1)).all()
    assert [dimension.canonical(draw) for draw in draws] == draws.tolist()


@pytest.mark.parametrize("distribution", CONTINUOUS)
def test_continuous_ones_are_not_snapped(distribution):
    dimension = as_dimension("x", distribution)
    assert dimension.n_choices == np.inf
    np.testing.assert_array_equal(dimension.snap(U), U)
    assert {type(value) for value in dimension.decode(U)} == {float}


def test_log_uniform_is_on_the_log_scale():
    np.testing.assert_allclose(as_dimension("x", stats.loguniform(1e-4, 1.0)).encode([1e-2]), [0.5])


@pytest.mark.parametrize(
    ("distribution", "n_choices"),
    [(stats.randint(1, 20), 19), (stats.bernoulli(0.3), 2), (stats.randint(0, 2**31), 2**31), (DISCRETE[9], 3)],
)
def test_levels_of_discrete_ones(distribution, n_choices):
    assert as_dimension("x", distribution).n_choices == n_choices


def test_cells_are_as_wide_as_values_are_probable():
    dimension = as_dimension("x", stats.rv_discrete(values=([1, 3, 7], [0.2, 0.3, 0.5])))
    np.testing.assert_allclose(dimension.encode([1, 3, 7]), [0.1, 0.35, 0.75])
    assert dimension.decode(np.array([0.19, 0.21, 0.49, 0.51])) == [1, 3, 3, 7]


def test_a_wide_support_is_computed_and_not_tabulated():
    assert isinstance(as_dimension("x", stats.randint(0, 2**31)), WideDistribution)
    assert isinstance(as_dimension("x", stats.randint(0, 2**10)), DiscreteDistribution)


def test_one_value_is_a_constant():
    space = Space({"x": stats.randint(3, 4)})
    assert space.n_columns == 0
    assert space.decode(np.empty((1, 0))) == [{"x": 3}]


def test_equal_where_the_arguments_are():
    assert as_dimension("x", stats.uniform(0, 1)) == as_dimension("x", stats.uniform(0, 1))
    assert as_dimension("x", stats.uniform(0, 1)) != as_dimension("x", stats.uniform(0, 2))
    assert as_dimension("x", stats.randint(0, 9)) != as_dimension("x", stats.randint(0, 10))


class TestOnlyDraws:
    def test_a_random_search_can_use_it(self):
        space = Space({"x": OnlyDraws(), "y": ["a", "b"]})
        assert space.is_plain
        assert space.n_choices == np.inf
        drawn = space.sample(np.random.default_rng(0), 3)
        assert drawn == space.sample(np.random.default_rng(0), 3)
        assert len({params["x"] for params in drawn}) == 3
        assert space.from_json(space.to_json(drawn[0])) == drawn[0]
        assert space.key(drawn[0]) == space.key(dict(drawn[0]))

    def test_a_model_cannot(self):
        space = Space({"x": OnlyDraws()})
        with pytest.raises(TypeError, match=r"needs a distribution with cdf and ppf, got .*OnlyDraws"):
            space.encode([{"x": (1, 2)}])

    def test_objects_cannot_be_stored(self):
        with pytest.raises(TypeError, match="needs to be a number, a string, or a tuple or list of them"):
            Space({"x": OnlyDraws()}).to_json({"x": object()})

    def test_lists_and_numpy_numbers_can(self):
        space = Space({"x": OnlyDraws()})
        stored = space.to_json({"x": [np.float64(0.1), ("a", None)]})
        assert space.from_json(stored) == {"x": [0.1, ("a", None)]}


@pytest.mark.parametrize(
    ("distribution", "error", "message"),
    [
        (stats.randint, TypeError, "Parameter 'x': A distribution needs its arguments"),
        (stats.randint(0, 2**50), ValueError, r"Parameter 'x': A discrete distribution needs fewer than 2\*\*40"),
    ],
)
def test_errors(distribution, error, message):
    with pytest.raises(error, match=message):
        as_dimension("x", distribution)


@pytest.mark.parametrize(
    ("distribution", "value"),
    [
        (stats.uniform(0, 1), 1.5),
        (stats.uniform(0, 1), "a"),
        (stats.norm(), np.inf),
        (stats.randint(1, 5), 5),
        (stats.randint(1, 5), 2.5),
        (stats.poisson(3), -1),
        (stats.randint(0, 2**31), -1),
        (stats.randint(0, 2**31), 0.5),
    ],
)
def test_values_outside(distribution, value):
    with pytest.raises(ValueError, match="lies outside of"):
        as_dimension("x", distribution).encode([value])
