"""Identity and equality of arbitrary values."""

import math

import numpy as np
import pytest
from sklearn.gaussian_process.kernels import RBF
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo.space import params_key
from skhpo.space.values import freeze, same

ESTIMATOR = SVC()


class Unfriendly:
    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None


def test_key_goes_by_name_and_value_whatever_the_order():
    assert params_key({"a": 1, "b": [2, {"c": (3,)}]}) == params_key({"b": [2, {"c": (3,)}], "a": 1})
    assert params_key({"a": 1}) != params_key({"b": 1})
    assert len({params_key({"a": np.arange(3), "b": ESTIMATOR}) for _ in range(3)}) == 1


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, np.int64(1)),
        (0.1, np.float64(0.1)),
        ("a", np.str_("a")),
        (math.nan, float("nan")),
        ({1, 2}, {2, 1}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (np.array([1, 2]), np.array([1, 2])),
        (np.array([None, "a"]), np.array([None, "a"])),
        (ESTIMATOR, ESTIMATOR),
    ],
)
def test_frozen_alike(a, b):
    assert freeze(a) == freeze(b)
    assert hash(freeze(a)) == hash(freeze(b))
    assert same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, True),
        (1, "1"),
        (None, False),
        ([1], (1,)),
        (np.array([1, 2]), np.array([1.5, 2])),
        (np.array([1, 2]), np.array([[1, 2]])),
        (SVC(C=1.0), SVC(C=2.0)),
        (SVC, SVC()),
        (Unfriendly(), Unfriendly()),
        (len, max),
    ],
)
def test_told_apart(a, b):
    assert freeze(a) != freeze(b)
    assert not same(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (1, 1.0),
        ([1, (2,)], [1.0, (2.0,)]),
        ({"a": 1}, {"a": 1.0}),
        (SVC(C=2.0), SVC(C=2.0)),
        (RBF(1.0), RBF(1.0)),
        (make_pipeline(StandardScaler(), SVC()), make_pipeline(StandardScaler(), SVC())),
    ],
)
def test_meant_alike_and_yet_two_values(a, b):
    assert freeze(a) != freeze(b)
    assert same(a, b)


def test_a_key_keeps_its_object_alive():
    keys = {freeze(object()) for _ in range(100)}
    assert len(keys) == 100
