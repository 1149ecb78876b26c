"""Likely mistakes: each message says what is wrong, what was given, and what to write."""

import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV

X, Y = load_iris(return_X_y=True)
GOOD = {"C": [1.0, 10.0]}


def four(estimator, space, **kwargs):
    yield GridSearchCV(estimator, space, cv=3, **kwargs)
    yield RandomSearchCV(estimator, space, cv=3, n_iter=2, **kwargs)
    yield BayesSearchCV(estimator, space, cv=3, n_iter=2, **kwargs)
    yield SuccessiveHalvingCV(estimator, space, cv=3, n_candidates=2, min_resources=50, **kwargs)


@pytest.mark.parametrize(
    ("space", "error", "match"),
    [
        (
            [("C", [1, 2])],
            TypeError,
            r"dict of parameter names to values, or a list .* got \[\('C', .* Write for example",
        ),
        (["C", "gamma"], TypeError, r"got \['C', 'gamma'\]\. Write for example \{\"C\": \[1, 10, 100\]\}"),
        ({"C": (1e-3, 1e3, "log-uniform")}, ValueError, r"Write Float\(0\.001, 1000\.0, log=True\) or Int"),
        ({"C": loguniform}, TypeError, r"Parameter 'C': A distribution needs its arguments, got .* Write for example"),
        ({"c": [1, 2]}, ValueError, "Invalid parameter 'c' for estimator SVC"),
        ({"gamma": Float(1, 2, when={"kernal": "rbf"})}, ValueError, "Add 'kernal' to the space, or fix the name"),
        ({"C": {"low": 1, "high": 2}}, TypeError, "Parameter .*'C' needs"),
        ({"C": Float}, TypeError, "[Pp]arameter .*'C'"),
    ],
)
def test_spaces(space, error, match):
    for search in four(SVC(), space):
        with pytest.raises(error, match=match):
            search.fit(X, Y)


@pytest.mark.parametrize("value", [Float, {"low": 1, "high": 2}, 1.0, "auto"])
def test_values_that_are_no_domains(value):
    with pytest.raises(TypeError, match=r"Parameter 'C' needs a list .* for a range write Float\(low, high\)"):
        BayesSearchCV(SVC(), {"C": value}).fit(X, Y)


@pytest.mark.parametrize(
    ("name", "near"), [("scv__C", "'svc__C'"), ("svc__c", "'svc__C'[?]"), ("svc_C", "'svc__C' or 'svc'")]
)
def test_names_in_pipelines(name, near):
    for search in four(make_pipeline(StandardScaler(), SVC()), {name: [1.0, 10.0]}):
        with pytest.raises(ValueError, match=f"Invalid parameter '{name}' .* Did you mean {near}"):
            search.fit(X, Y)


def test_a_metric_is_no_scorer():
    for search in four(SVC(), GOOD, scoring=accuracy_score):
        with pytest.raises(
            ValueError, match=r"looks like it is a metric function rather than a scorer.* `make_scorer`"
        ):
            search.fit(X, Y)
    assert GridSearchCV(SVC(), GOOD, scoring=make_scorer(accuracy_score), cv=3).fit(X, Y).best_score_ > 0.9


def test_checkpoints_that_cannot_be_written(tmp_path):
    for search in four(SVC(), GOOD, checkpoint=tmp_path / "runs" / "search.db"):
        with pytest.raises(OSError, match=r"whose directory does not exist: make it first"):
            search.fit(X, Y)
    for search in four(SVC(), GOOD, checkpoint=tmp_path):
        with pytest.raises(OSError, match="which is a directory: name a file in it"):
            search.fit(X, Y)


def test_points_to_predict():
    search = BayesSearchCV(SVC(), {"C": Float(1, 2), "gamma": Float(1, 2)}, n_iter=3, cv=3).fit(X, Y)
    with pytest.raises(ValueError, match=r"'D' is not in the space\. It has '(C|gamma)', '(C|gamma)'\."):
        search.predict_score({"D": 1})
    with pytest.raises(ValueError, match=r"'gamma' is missing\. Give it a value"):
        search.predict_score({"C": 1.5})
