"""Names of other libraries: the module says what they are called here, and is a plain module for all that looks on."""

import copy
import doctest
import inspect
import pickle

import pytest

import skhpo
import skhpo.space

ELSEWHERE = [
    ("RandomizedSearchCV", "It is called RandomSearchCV here"),
    ("HalvingRandomSearchCV", "It is called SuccessiveHalvingCV here"),
    ("HalvingGridSearchCV", "It is called SuccessiveHalvingCV, with sampler='grid', here"),
    ("Real", "It is called Float here"),
    ("Integer", "It is called Int here"),
    ("FloatDistribution", "It is called Float here"),
    ("OptunaSearchCV", "It is called BayesSearchCV here"),
]
NEAR = [
    ("BayesSearch", "Did you mean BayesSearchCV"),
    ("SuccessiveHalving", "Did you mean SuccessiveHalvingCV"),
    ("categorical", "Did you mean Categorical"),
]


@pytest.mark.parametrize(("name", "hint"), ELSEWHERE + NEAR)
def test_a_name_of_another_library_says_what_it_is_called_here(name, hint):
    with pytest.raises(AttributeError, match=f"module 'skhpo' has no attribute '{name}'. {hint}") as caught:
        getattr(skhpo, name)
    assert (caught.value.name, caught.value.obj) == (name, skhpo)


@pytest.mark.parametrize(("name", "hint"), ELSEWHERE)
def test_so_does_an_import(name, hint):
    hint = hint[0].lower() + hint[1:]
    with pytest.raises(ImportError, match=f"cannot import name '{name}' from 'skhpo': {hint}"):
        exec(f"from skhpo import {name}", {})  # noqa: S102 - the statement is what is tested


def test_an_import_of_any_other_name_fails_as_ever():
    with pytest.raises(ImportError, match="cannot import name 'Nonsense' from 'skhpo' ") as caught:
        exec("from skhpo import Nonsense", {})  # noqa: S102
    assert caught.value.name == "skhpo"


@pytest.mark.parametrize("name", ["Real", "Integer", "FloatDistribution"])
def test_the_module_of_spaces_says_it_too(name):
    with pytest.raises(AttributeError, match=f"module 'skhpo.space' has no attribute '{name}'. It is called "):
        getattr(skhpo.space, name)


@pytest.mark.parametrize("name", [*(name for name, _ in ELSEWHERE + NEAR), "xyz", "__wrapped__", "__path_hooks__"])
def test_hasattr_and_defaults_are_as_ever(name):
    assert not hasattr(skhpo, name)
    assert getattr(skhpo, name, None) is None
    assert not hasattr(skhpo.space, name)


def test_a_name_that_is_like_none_gets_no_hint():
    with pytest.raises(AttributeError) as caught:
        _ = skhpo.xyz
    assert str(caught.value) == "module 'skhpo' has no attribute 'xyz'"


def test_submodules_are_found():
    namespace = {}
    exec("from skhpo import plotting, testing, space", namespace)  # noqa: S102
    assert namespace["space"] is skhpo.space
    assert namespace["testing"].check_sampler


def test_star_import_gives_the_public_names_and_no_more():
    namespace = {}
    exec("from skhpo import *", namespace)  # noqa: S102
    assert sorted(namespace.keys() - {"__builtins__"}) == sorted(skhpo.__all__)


def test_what_looks_into_the_module_still_can():
    assert pickle.loads(pickle.dumps(skhpo.BayesSearchCV)) is skhpo.BayesSearchCV  # noqa: S301 - our own
    assert copy.deepcopy(skhpo.Float) is skhpo.Float
    assert inspect.getmodule(skhpo.GridSearchCV).__name__ == "skhpo.search.grid"
    assert inspect.getmembers(skhpo, inspect.isclass)
    assert inspect.unwrap(skhpo.load_results) is skhpo.load_results
    assert [test.name for test in doctest.DocTestFinder().find(skhpo)] == ["skhpo"]
    assert doctest.testmod(skhpo).failed == 0


def test_a_pickle_of_a_name_that_is_not_here_is_refused_as_ever():
    stored = pickle.dumps(skhpo.RandomSearchCV, protocol=0).replace(b"skhpo.search.random", b"skhpo")
    with pytest.raises(AttributeError, match="RandomizedSearchCV"):
        pickle.loads(stored.replace(b"RandomSearchCV", b"RandomizedSearchCV"))  # noqa: S301 - our own
