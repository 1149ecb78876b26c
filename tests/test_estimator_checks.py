"""scikit-learn's checks of estimators, on every public search."""

import pytest
from estimator_checks import checks_of
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skhpo

# Of the two checks from which scikit-learn exempts its own searches, the one that is needed. (The other is
# check_requires_y_none.)
EXEMPT = {"check_supervised_y_2d": "DataConversionWarning not caught"}

# A class, and what its constructor takes beside the estimator and the space.
SEARCHES = [
    (skhpo.GridSearchCV, {}),
    (skhpo.RandomSearchCV, {"n_iter": 2, "random_state": 0}),
    (skhpo.BayesSearchCV, {"n_iter": 3, "random_state": 0}),
    (skhpo.SuccessiveHalvingCV, {"n_candidates": 2, "factor": 2, "min_resources": "smallest", "random_state": 0}),
]

ESTIMATORS = [
    (Ridge(), {"alpha": [0.1, 1.0, 10.0, 100.0]}),
    (LogisticRegression(), {"C": [0.1, 1.0]}),
    (make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]}),
]
PIPELINE = (make_pipeline(PCA(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]})


def checks_of_searches(estimators):
    return checks_of(
        [
            search_class(estimator, space, cv=2, error_score="raise", **more)
            for search_class, more in SEARCHES
            for estimator, space in estimators
        ],
        expected_failed_checks=lambda _search: EXEMPT,
    )


# The checks feed estimators what makes them warn.
@pytest.mark.filterwarnings("ignore")
@checks_of_searches(ESTIMATORS)
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@checks_of_searches([PIPELINE])
def test_estimator_checks_of_a_pipeline(estimator, check):
    check(estimator)
