"""Names in a space that are no parameters of the estimator."""

import pytest
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MaxAbsScaler, StandardScaler
from sklearn.svm import SVC

from skhpo.space import Categorical, Float, Int, Space, check_names

PIPELINE = Pipeline([("scale", StandardScaler()), ("clf", SVC())])

NESTED = Pipeline(
    [
        (
            "cols",
            ColumnTransformer(
                [("num", Pipeline([("scale", StandardScaler())]), [0]), ("cat", MaxAbsScaler(), [1])], verbose=False
            ),
        ),
        ("ridge", Ridge()),
    ]
)


class Generous(BaseEstimator):
    """Takes more than it lists, as wrappers of other libraries do."""

    def __init__(self, **params):
        self.params = params

    def get_params(self, deep=True):
        del deep
        return dict(self.params)

    def set_params(self, **params):
        self.params |= params
        return self


@pytest.mark.parametrize(
    ("space", "estimator"),
    [
        ({"C": [1, 2], "gamma": stats.uniform(0, 1)}, SVC()),
        (Space({"C": Float(0.1, 1)}), SVC()),
        ([{"C": [1]}, {"kernel": ["rbf"]}], SVC()),
        ({"clf__C": [1], "scale__with_mean": [True]}, PIPELINE),
        # What the search puts in decides which names are right.
        ({"clf": [SVC()], "clf__anything": [1]}, PIPELINE),
        ({"clf__C": Int(1, 5, when={"clf": ["passthrough"]}), "clf": ["passthrough"]}, PIPELINE),
        ({"anything": [1]}, Generous()),
        ({}, SVC()),
    ],
)
def test_names_that_fit(space, estimator):
    check_names(space, estimator)


@pytest.mark.parametrize(
    ("space", "estimator", "message"),
    [
        ({"gama": [1]}, SVC(), r"Invalid parameter 'gama' for estimator SVC\(\)\. Did you mean 'gamma'\? Valid"),
        (Space([{"C": [1]}, {"Gamma": [1]}]), SVC(), "Invalid parameter 'Gamma' for estimator"),
        ({"clf__c": [1]}, PIPELINE, "Invalid parameter 'clf__c' for estimator Pipeline.* Did you mean 'clf__C'"),
        ({"xyzzy": [1]}, SVC(), r"estimator SVC\(\)\. Valid parameters are \['C', 'break_ties'"),
        ({"svc__C": Categorical([1])}, PIPELINE, "Invalid parameter 'svc__C'.* Did you mean 'clf__C'"),
        # The step is forgotten, and perhaps letters are wrong, too.
        ({"C": [1]}, PIPELINE, r"Invalid parameter 'C' for estimator Pipeline.* Did you mean 'clf__C'\? Valid"),
        ({"gama": [1]}, PIPELINE, r" Did you mean 'clf__gamma'\? Valid"),
        ({"c": [1]}, PIPELINE, r" Did you mean 'clf__C'\? Valid"),
        ({"copy": [True]}, NESTED, r" Did you mean 'cols__cat__copy' or 'cols__num__scale__copy'\? Valid"),
        ({"num__scale__with_mean": [True]}, NESTED, r" Did you mean 'cols__num__scale__with_mean'\? Valid"),
        ({"svc__alpha": [1]}, NESTED, r" Did you mean 'ridge__alpha'\? Valid"),
        ({"quite": [1]}, PIPELINE, r"\('clf', SVC\(\)\)\]\)\. Valid parameters"),
    ],
)
def test_names_that_do_not(space, estimator, message):
    with pytest.raises(ValueError, match=message):
        check_names(space, estimator)


def test_the_estimator_is_left_as_it_was():
    estimator = Generous()
    check_names({"anything": [1]}, estimator)
    assert estimator.params == {}
