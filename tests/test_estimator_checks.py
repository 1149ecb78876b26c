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

REGRESSOR = (Ridge(), {"alpha": [0.1, 1.0, 10.0, 100.0]})
CLASSIFIER = (LogisticRegression(), {"C": [0.1, 1.0]})
REGRESSORS = (make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": [0.1, 1.0]})
CLASSIFIERS = (make_pipeline(PCA(), LogisticRegression()), {"logisticregression__C": [0.1, 1.0]})

# A class, what its constructor takes beside the estimator and the space, and what it searches: what a search does with
# estimators is common to all classes, so that one of them has each kind, and each of them both tasks.
SEARCHES = [
    (skhpo.GridSearchCV, {}, [REGRESSOR, CLASSIFIER, REGRESSORS, CLASSIFIERS]),
    (skhpo.RandomSearchCV, {"n_iter": 2, "random_state": 0}, [REGRESSOR, CLASSIFIERS]),
    (skhpo.BayesSearchCV, {"n_iter": 3, "random_state": 0}, [REGRESSORS, CLASSIFIER]),
    (
        skhpo.SuccessiveHalvingCV,
        {"n_candidates": 2, "factor": 2, "min_resources": "smallest", "random_state": 0},
        [REGRESSOR, CLASSIFIERS],
    ),
]


# The checks feed estimators what makes them warn.
@pytest.mark.filterwarnings("ignore")
@checks_of(
    [
        search_class(estimator, space, cv=2, error_score="raise", **more)
        for search_class, more, searched in SEARCHES
        for estimator, space in searched
    ],
    expected_failed_checks=lambda _search: EXEMPT,
)
def test_estimator_checks(estimator, check):
    check(estimator)
