"""What a user may write for a parameter: plain lists, and dimensions of other libraries."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.model_selection import ParameterSampler

from skhpo.space import Categorical, Float, Int, Space, is_plain, warn_of_bounds
from skhpo.space.choices import Grid
from skhpo.space.interop import as_dimension


class Real:
    def __init__(self, low, high, prior="uniform"):
        self.low, self.high, self.prior = low, high, prior

    def rvs(self, n_samples=1, random_state=None):
        raise NotImplementedError


class Integer(Real):
    pass


class SkoptCategorical:
    def __init__(self, categories):
        self.categories = tuple(categories)
        self.prior = None

    rvs = Real.rvs


class FloatDistribution:
    def __init__(self, low, high, *, log=False, step=None):
        self.low, self.high, self.log, self.step = low, high, log, step


class IntDistribution:
    def __init__(self, low, high, *, log=False, step=1):
        self.low, self.high, self.log, self.step = low, high, log, step


class CategoricalDistribution:
    def __init__(self, choices):
        self.choices = tuple(choices)


FOREIGN = [
    (Real(1, 10), Float(1, 10)),
    (Real(1e-3, 10.0, "log-uniform"), Float(1e-3, 10, log=True)),
    (Integer(1, 10), Int(1, 10)),
    (Integer(1, 10, "log-uniform"), Int(1, 10, log=True)),
    (SkoptCategorical(["a", None]), Categorical(["a", None])),
    (FloatDistribution(0.0, 1.0), Float(0, 1)),
    (FloatDistribution(1e-3, 1.0, log=True), Float(1e-3, 1, log=True)),
    (IntDistribution(1, 9), Int(1, 9)),
    (IntDistribution(1, 9, log=True), Int(1, 9, log=True)),
    (IntDistribution(3, 3), Categorical([3])),
    (IntDistribution(2, 8, step=2), Grid((2, 4, 6, 8))),
    (FloatDistribution(0.0, 1.0, step=0.25), Grid((0.0, 0.25, 0.5, 0.75, 1.0))),
    (CategoricalDistribution(["a", 2]), Categorical(["a", 2])),
]


@pytest.mark.parametrize(("foreign", "ours"), FOREIGN)
def test_dimensions_of_other_libraries(foreign, ours):
    assert as_dimension("x", foreign) == ours
    assert not is_plain({"x": foreign})


def test_scikit_optimize():
    space = pytest.importorskip("skopt.space")
    params = {
        "a": space.Real(1, 10),
        "b": space.Real(1e-3, 1.0, prior="log-uniform"),
        "c": space.Integer(1, 8, prior="log-uniform"),
        "d": space.Categorical(["x", None]),
    }
    ours = {"a": Float(1, 10), "b": Float(1e-3, 1, log=True), "c": Int(1, 8, log=True), "d": Categorical(["x", None])}
    assert Space(params).parameters == ours
    assert not is_plain({"a": params["a"]})
    assert not is_plain({"d": params["d"]})


def test_optuna():
    distributions = pytest.importorskip("optuna.distributions")
    params = {
        "a": distributions.FloatDistribution(1, 10),
        "b": distributions.FloatDistribution(0.0, 1.0, step=0.1),
        "c": distributions.IntDistribution(1, 8, log=True),
        "d": distributions.IntDistribution(1, 7, step=3),
        "e": distributions.CategoricalDistribution(["x", None]),
    }
    found = Space(params).parameters
    assert found["a"] == Float(1, 10)
    assert found["b"].choices == (*(0.1 * i for i in range(10)), 1.0)
    assert found["c"] == Int(1, 8, log=True)
    assert found["d"] == Grid((1, 4, 7))
    assert found["e"] == Categorical(["x", None])
    assert not any(is_plain({name: value}) for name, value in params.items())


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        (1, 2, 3),
        np.arange(5),
        list(np.eye(3)),
        range(4),
        pd.Series([0.1, 0.2], index=[5, 6]),
        pd.Index(["a", "b"]),
        [[1], [1, 2]],
        [np.eye(2), np.eye(3)],
    ],
)
def test_whatever_can_be_listed(values):
    dimension = as_dimension("x", values)
    assert is_plain({"x": values})
    assert dimension.n_choices == len(values)
    assert all(dimension.find(value) < len(values) for value in values)


def test_plain_spaces():
    assert is_plain({})
    assert is_plain([{"a": [1, 2]}, {"b": stats.uniform(0, 1)}])
    assert not is_plain([{"a": [1, 2]}, {"b": Int(0, 1)}])
    assert Space({"a": [1, 2]}).is_plain


def test_what_scikit_learn_draws_lies_inside():
    plain = [
        {"a": stats.loguniform(1e-3, 1), "b": np.logspace(0, 3, 4), "c": [None, "x"]},
        {"a": stats.randint(1, 50), "b": [[1], [2, 3]], "d": list(np.eye(3))},
    ]
    space = Space(plain)
    drawn = list(ParameterSampler(plain, 40, random_state=0))
    again = space.decode(space.encode(drawn))
    assert [params.keys() for params in again] == [params.keys() for params in drawn]
    for params, other in zip(drawn, again, strict=True):
        assert params["a"] == pytest.approx(other["a"])
        assert params["b"] is other["b"] or params["b"] == other["b"]


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (1, TypeError, "Parameter 'x' needs a list of values, a distribution or a dimension, got 1"),
        ("abc", TypeError, "Parameter 'x' needs a list of values, a distribution or a dimension, got 'abc'"),
        ({1, 2}, TypeError, "Parameter 'x' needs a list of values"),
        ({"a": 1}, TypeError, "Parameter 'x' needs a list of values"),
        (np.array(1), TypeError, "Parameter 'x' needs a list of values"),
        (iter([1]), TypeError, "Parameter 'x' needs a list of values"),
        ([], ValueError, r"Parameter 'x' needs at least one value, got \[\]"),
        (np.array([]), ValueError, "Parameter 'x' needs at least one value"),
        ((1, 10, "uniform"), ValueError, r"a tuple is a list of values, .* Write Float\(1, 10\)"),
        ((0.1, 10, "log-uniform"), ValueError, r"Write Float\(0\.1, 10, log=True\)"),
        (Real(0.0, 1.0, "log-uniform"), ValueError, "Parameter 'x': Float needs low > 0"),
    ],
)
def test_errors(value, error, message):
    with pytest.raises(error, match=message):
        as_dimension("x", value)


@pytest.mark.parametrize("values", [np.eye(3), np.zeros((3, 1)), np.array([["a"]]), pd.DataFrame({"a": [1], "b": [2]})])
def test_arrays_of_two_dimensions_are_no_list(values):
    for make in (Space, lambda space: as_dimension("x", space["x"])):
        with pytest.raises(ValueError, match=r"(?s)array for 'x' should be one-dimensional, got: .* with shape \("):
            make({"x": values})
    with pytest.raises(ValueError, match=r"choices in one dimension, got an array of shape \("):
        Categorical(values)


@pytest.mark.parametrize(
    ("values", "right"),
    [((1e-3, 1e3), r"Float\(0.001, 1000.0\)"), ((1, 10), r"Int\(1, 10\)"), ((0, 0.5), r"Float\(0, 0.5\)")],
)
def test_bounds_in_a_tuple_are_warned_of(values, right):
    with pytest.warns(UserWarning, match=rf"'C' has two values to try.*write {right}; for the two values write \["):
        warn_of_bounds([{"C": values}])


@pytest.mark.parametrize("values", [[1, 10], (10, 1), (1, 1), ("a", "b"), (True, False), (1, 2, 3), (1, None), (5,)])
def test_other_values_are_not_warned_of(values):
    warn_of_bounds({"C": values})


@pytest.mark.parametrize("values", [(1, 10, "uniform"), (1, 10, "log-uniform"), (1, 10, "log-uniform", 2)])
def test_scikit_optimizes_tuples_are_refused(values):
    log = ", log=True" if "log" in values[2] else ""
    with pytest.raises(ValueError, match=rf"needs a dimension for a range.*Write Float\(1, 10{log}\) or Int"):
        Space({"C": values})
