"""Spaces of any size: what is not tried is not made, and what was tried is there in the end."""

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV as TheirGridSearchCV
from sklearn.model_selection import RandomizedSearchCV

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV, load_results

X, Y = np.zeros((40, 1)), np.zeros(40)
HUGE = {name: range(1000) for name in "abcdefg"}  # 10**21 points
BIG = 10**400


class Sum(BaseEstimator):
    def __init__(self, *, a=0, b=0, c=0, d=0, e=0, f=0, g=0):
        self.a, self.b, self.c, self.d, self.e, self.f, self.g = a, b, c, d, e, f, g

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return float(np.size(self.a)) + self.b + self.g


def halving(space, **kwargs):
    return SuccessiveHalvingCV(Sum(), space, cv=2, min_resources=10, **kwargs)


@pytest.mark.parametrize("names", ["ab", "abcd", "abcdefg"])
@pytest.mark.parametrize("racing", [False, True])
def test_a_grid_that_is_too_large_gives_the_best_so_far(names, racing):
    grid = {name: HUGE[name] for name in names}
    search = GridSearchCV(Sum(), grid, cv=2, timeout=0.5, racing=racing).fit(X, Y)
    assert search.stats()["stop_reason"] == "timeout"
    assert racing or search.cv_results_["params"][1] == dict.fromkeys(names, 0) | {names[-1]: 1}
    assert search.best_score_ == search.cv_results_["mean_test_score"].max()


@pytest.mark.parametrize("sampler", ["grid", "random", "bayes"])
@pytest.mark.parametrize("asynchronous", [False, True])
def test_halving_over_a_space_that_is_too_large(sampler, asynchronous):
    more = {"timeout": 0.5} if sampler == "grid" else {"n_candidates": 9}
    search = halving(HUGE, sampler=sampler, asynchronous=asynchronous, random_state=0, **more).fit(X, Y)
    assert len(search.cv_results_["params"]) > (5 if sampler == "grid" else 8)


@pytest.mark.parametrize("verbose", [0, 1])
def test_halving_over_a_grid_of_more_points_than_double_precision_counts(verbose):
    search = halving({f"a{i}": range(10**9) for i in range(40)}, sampler="grid", timeout=0.3, verbose=verbose)
    search.estimator = Anything()
    assert search.fit(X, Y).stats()["stop_reason"] == "timeout"


def test_a_grid_of_more_points_than_double_precision_counts(capsys):
    grid = {f"a{i}": range(10**9) for i in range(40)}
    assert GridSearchCV(Anything(), grid, cv=2, timeout=0.3, verbose=1).fit(X, Y).stats()["n_fits"] > 2
    assert f"totalling {2 * 10**360} fits" in capsys.readouterr().out


class Anything(BaseEstimator):
    def get_params(self, deep=True):
        return vars(self).copy()

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, y=None):
        return self

    def score(self, X, y=None):
        return 1.0


@pytest.mark.parametrize("cls", [RandomSearchCV, BayesSearchCV])
def test_random_and_bayesian_search_beyond_64_bits(cls):
    search = cls(Sum(), HUGE, n_iter=4, cv=2, random_state=0).fit(X, Y)
    again = cls(Sum(), HUGE, n_iter=4, cv=2, random_state=0).fit(X, Y)
    assert search.cv_results_["params"] == again.cv_results_["params"]


LONG = {
    "range": range(10**7),
    "Categorical": Categorical(range(10**7)),
    "beyond double precision": range(2**62),
    "array": np.linspace(0, 1, 10**6),
    "list": list(range(10**5)),
    "mixed list": [0.5, *range(10**5)],
}


@pytest.mark.parametrize("values", LONG.values(), ids=LONG)
@pytest.mark.parametrize("make", [RandomSearchCV, BayesSearchCV, GridSearchCV, SuccessiveHalvingCV])
def test_ranges_and_long_arrays_in_every_search_and_its_file(make, values, tmp_path):
    if make is GridSearchCV and isinstance(values, list):
        pytest.skip("its time depends on the machine: a list is looked through once")
    kwargs = {"checkpoint": tmp_path / "search.db", "cv": 2}
    kwargs |= {"timeout": 0.5} if make is GridSearchCV else {"random_state": 0}
    if make is SuccessiveHalvingCV:
        kwargs |= {"n_candidates": 4, "min_resources": 10}
    elif make is not GridSearchCV:
        kwargs |= {"n_iter": 4}
    search = make(Sum(), {"b": values}, **kwargs).fit(X, Y)
    results = load_results(tmp_path / "search.db")
    assert results["params"] == search.cv_results_["params"]
    again = make(Sum(), {"b": values}, **kwargs).fit(X, Y)
    n = len(results["params"])
    assert again.cv_results_["params"][:n] == results["params"]


def test_long_lists_of_strings_are_read_back(tmp_path):
    space = {"a": [f"w{i}" for i in range(20_000)], "b": [1, BIG, float("inf")]}
    kwargs = {"cv": 2, "n_iter": 5, "random_state": 0, "checkpoint": tmp_path / "search.db"}
    search = RandomSearchCV(Sum(), space, scoring=lambda e, X, y: 1.0, **kwargs).fit(X, Y)
    assert load_results(tmp_path / "search.db")["params"] == search.cv_results_["params"]
    assert RandomSearchCV(Sum(), space, scoring=lambda e, X, y: 1.0, **kwargs).fit(X, Y).stats()["n_fits"] == 10
    assert (tmp_path / "search.db").stat().st_size < 10**5


def test_parity_with_long_lists():
    space = {"b": range(10**7), "g": np.linspace(0, 1, 10**6), "a": list(range(10**5))}
    ours = RandomSearchCV(Sum(), space, n_iter=5, cv=2, random_state=3).fit(X, Y).cv_results_
    theirs = RandomizedSearchCV(Sum(), space, n_iter=5, cv=2, random_state=3).fit(X, Y).cv_results_
    assert [list(p.items()) for p in ours["params"]] == [list(p.items()) for p in theirs["params"]]
    assert list(ours) == list(theirs)


# ------------------------------------------------------------------ what is no list of values


def searches(space):
    kwargs = {"cv": 2, "random_state": 0}
    return [
        RandomSearchCV(Sum(), space, n_iter=2, **kwargs),
        BayesSearchCV(Sum(), space, n_iter=2, **kwargs),
        halving(space, n_candidates=2, random_state=0),
        halving(space, n_candidates=2, random_state=0, sampler="bayes"),
    ]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("other", [{}, {"g": Float(0, 1)}])
def test_two_numbers_in_a_tuple_are_tried_with_a_warning(number, other):
    search = searches({"b": (1e-3, 1e3), **other})[number]
    with pytest.warns(UserWarning, match=r"'b' has two values to try.*write Float\(0.001, 1000.0\)") as found:
        search.fit(X, Y)
    assert len([w for w in found if "two values" in str(w.message)]) == 1
    assert {params["b"] for params in search.cv_results_["params"]} <= {1e-3, 1e3, search.estimator.b}


def test_a_grid_takes_a_tuple_without_a_warning():
    assert GridSearchCV(Sum(), {"b": (1e-3, 1e3)}, cv=2).fit(X, Y).best_params_ == {"b": 1e3}
    search = halving({"b": (1e-3, 1e3)}, sampler="grid").fit(X, Y)
    assert search.best_params_ == {"b": 1e3}


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("values", [(1e-3, 1e3, "log-uniform"), (1, 9, "uniform")])
def test_scikit_optimizes_ranges_are_refused(number, values):
    with pytest.raises(ValueError, match=r"'b' needs a dimension for a range.*Write Float"):
        searches({"b": values})[number].fit(X, Y)


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("other", [{}, {"g": Float(0, 1)}, {"g": "uniform"}])
def test_an_array_of_two_dimensions_is_refused(number, other):
    from scipy.stats import uniform

    space = {"a": np.eye(3), **{name: uniform() if value == "uniform" else value for name, value in other.items()}}
    if number == 4 and other:
        return
    search = [*searches(space), GridSearchCV(Sum(), space, cv=2)][number]
    with pytest.raises(ValueError, match="array for 'a' should be one-dimensional"):
        search.fit(X, Y)


@pytest.mark.parametrize("number", range(5))
def test_a_number_beyond_double_precision_is_a_value_as_others(number):
    space = {"a": [1, 2, BIG]}
    search = [*searches(space), GridSearchCV(Sum(), space, cv=2)][number]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        search.fit(X, Y)
    assert {params["a"] for params in search.cv_results_["params"]} <= {1, 2, BIG, search.estimator.a}
    if number == 4:
        theirs = TheirGridSearchCV(Sum(), space, cv=2).fit(X, Y)
        assert search.cv_results_["params"] == theirs.cv_results_["params"]
