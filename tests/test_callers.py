"""Warnings point at the line of the user."""

import warnings

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV
from skhpo.messages.callers import warn

X = np.random.default_rng(0).normal(size=(40, 2))
Y = np.repeat([0, 1], 20)


def place_of(call, text):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    (found,) = [warning for warning in caught if text in str(warning.message)]
    return found.filename


def test_right_above():
    assert place_of(lambda: warn("Look.", UserWarning), "Look") == __file__


@pytest.mark.parametrize("wrap", [lambda search: search, make_pipeline], ids=["search", "in a pipeline"])
@pytest.mark.parametrize(
    ("search", "text"),
    [
        (RandomSearchCV(SVC(), {"C": Categorical([1.0, 2.0])}, n_iter=10, cv=2), "smaller than n_iter"),
        (SuccessiveHalvingCV(SVC(), {"C": [1.0, 2.0, 3.0, 4.0]}, n_candidates=4, cv=2), "leaves no room below"),
        (GridSearchCV(SVC(), {"C": [-1.0, 1.0]}, cv=2), "One or more of the test scores are non-finite"),
        (BayesSearchCV(SVC(), {"C": (0.1, 1.0)}, n_iter=2, cv=2), "has two values to try"),
    ],
    ids=["random", "halving", "not finite", "two values"],
)
def test_of_searches(search, text, wrap):
    assert place_of(lambda: wrap(search).fit(X, Y), text) == __file__
