"""No advice goes beyond what a parameter can be."""

import math

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import load_diabetes
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import ElasticNet, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import Float, GridSearchCV, Int
from skhpo.report.bounds import Bounds, bounds_of
from skhpo.report.range_ends import at_ends
from skhpo.space import Space


class Searched:
    """What `at_ends` needs of the trials."""

    is_space_known = True

    def __init__(self, space):
        self.parameters = Space(space).parameters

    def dimensions(self, name):
        return [self.parameters[name]] if name in self.parameters else []


class Boosted(RegressorMixin, BaseEstimator):
    """Says nothing of what its parameters can be, like those of other libraries."""

    def __init__(self, subsample=1.0, rate=0.1):
        self.subsample, self.rate = subsample, rate

    def fit(self, X, y):
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)

    def score(self, X, y):
        return self.subsample + self.rate


def advice(estimator, name, dimension, value, **others):
    found = at_ends(Searched({name: dimension}), {name: value, **others}, estimator)
    return [(each.end, each.suggestion) for each in found]


IN_PIPELINE = make_pipeline(StandardScaler(), ElasticNet())
NESTED = Pipeline([("outer", Pipeline([("net", ElasticNet())]))])


@pytest.mark.parametrize(
    ("estimator", "name", "dimension", "value", "expected"),
    [
        # A closed end that the range has reached: nothing is beyond.
        (ElasticNet(), "l1_ratio", Float(0, 1), 0.0, []),
        (ElasticNet(), "l1_ratio", Float(0, 1), 0.996, []),
        (ElasticNet(), "l1_ratio", [0.0, 0.5, 1.0], 1.0, []),
        (KNeighborsClassifier(), "n_neighbors", Int(1, 30), 1, []),
        (RandomForestClassifier(), "max_features", Float(0.1, 1.0), 1.0, []),
        # One that it has not: no further than there.
        (ElasticNet(), "l1_ratio", Float(0.1, 0.9), 0.9, [("upper", 1.0)]),
        (ElasticNet(), "l1_ratio", Float(0.1, 0.9), 0.1, [("lower", 0.0)]),
        (ElasticNet(), "l1_ratio", Float(0.4, 0.5), 0.5, [("upper", 0.55)]),
        (KNeighborsClassifier(), "n_neighbors", Int(3, 30), 3, [("lower", 1.0)]),
        # An open one: on the way to it.
        (MLPClassifier(), "validation_fraction", Float(0.1, 0.9), 0.9, [("upper", 0.95)]),
        # One way there is an end, the other way there is none.
        (SVC(), "C", Float(1e-2, 1e2, log=True), 1e2, [("upper", 1e3)]),
        (SVC(), "C", Float(1e-2, 1e2, log=True), 1e-2, [("lower", 1e-3)]),
        (SVC(), "C", Float(0, 100), 0.5, []),
        # A count and a share of the same name.
        (RandomForestClassifier(), "max_features", Int(1, 10), 10, [("upper", 15.0)]),
        (RandomForestClassifier(), "max_features", Int(1, 10), 1, []),
        # Inside of pipelines.
        (IN_PIPELINE, "elasticnet__l1_ratio", Float(0, 1), 1.0, []),
        (IN_PIPELINE, "elasticnet__alpha", Float(1e-3, 1, log=True), 1.0, [("upper", 10.0)]),
        (NESTED, "outer__net__l1_ratio", Float(0, 1), 0.0, []),
        # Estimators that do not say: known names, where they are shares.
        (Boosted(), "subsample", Float(0.2, 1.0), 1.0, []),
        (Boosted(), "subsample", Float(0.2, 0.8), 0.8, [("upper", 1.0)]),
        (Boosted(), "rate", Float(0.2, 1.0), 1.0, [("upper", 1.4)]),
        (make_pipeline(Boosted()), "boosted__subsample", Float(0.0, 1.0), 1.0, []),
        # Nothing is known.
        (None, "alpha", Float(0.2, 1.0), 1.0, [("upper", 1.4)]),
        (object(), "step__alpha", Float(0.2, 1.0), 1.0, [("upper", 1.4)]),
    ],
)
def test_advice_ends_where_the_parameter_ends(estimator, name, dimension, value, expected):
    assert advice(estimator, name, dimension, value) == expected


def test_a_step_that_the_candidate_brings_is_asked():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", Ridge())])
    assert advice(pipeline, "model__l1_ratio", Float(0, 0.5), 0.5, model=ElasticNet()) == [("upper", 0.75)]
    assert bounds_of(pipeline, "model__l1_ratio", {"model": ElasticNet()}, 0.5) == Bounds(0.0, 1.0)
    inner = Pipeline([("net", ElasticNet())])
    assert bounds_of(pipeline, "model__net__alpha", {"model": inner}, 0.5) == Bounds(0.0, math.inf, True, False)
    assert bounds_of(pipeline, "model__gamma", {"model": "passthrough"}, 0.5) == Bounds()


@pytest.mark.parametrize(
    "constraints", [None, {"rate": "no_validation"}, {"rate": []}, {"rate": [None, "array-like"]}, 3]
)
def test_constraints_of_any_form_are_read_or_left(constraints):
    class Odd(Boosted):
        _parameter_constraints = constraints

    assert bounds_of(Odd(), "rate", {}, 0.5) == Bounds()
    assert bounds_of(Odd(), "subsample", {}, 0.5) == Bounds(0.0, 1.0)
    assert bounds_of(Odd(), "subsample", {}, 5) == Bounds()  # a number of rows


def test_the_report_keeps_to_it():
    X, y = load_diabetes(return_X_y=True)
    space = {"elasticnet__l1_ratio": [0.5, 0.75, 1.0], "elasticnet__alpha": [0.1, 0.2, 0.4]}
    search = GridSearchCV(make_pipeline(ElasticNet()), space, cv=2).fit(X, y)
    assert search.best_params_["elasticnet__l1_ratio"] == 1.0
    assert [each.name for each in search.report().at_end] == ["elasticnet__alpha"]
    assert "l1_ratio" not in " ".join(search.report().sections["Ranges"])
    boosted = GridSearchCV(Boosted(), {"subsample": [0.5, 0.75, 1.0], "rate": [0.1, 0.2, 0.3]}, cv=2).fit(X, y).report()
    assert [each.name for each in boosted.at_end] == ["rate"]
