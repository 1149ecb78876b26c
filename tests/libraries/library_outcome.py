"""What happens to a case in scikit-learn's search, in the same once more, and in ours."""

import warnings

import numpy as np
from library_cases import EQUAL, NEITHER, OTHER, OURS, UNSTEADY
from sklearn.model_selection import GridSearchCV as TheirGrid

from skhpo import GridSearchCV


def outcome(case):
    """Return one of the words of the table of cases, or "theirs only"."""
    theirs, again, ours = (scores(search, case.make()) for search in (TheirGrid, TheirGrid, GridSearchCV))
    if ours is None:
        return NEITHER if theirs is None else "theirs only"
    if theirs is None:
        return OURS
    if not np.array_equal(theirs, again, equal_nan=True):
        return UNSTEADY
    return EQUAL if np.array_equal(theirs, ours, equal_nan=True) else OTHER


def is_as_said(case, found):
    """Whether a row is true; of fits that draw without a seed, two may be equal by chance."""
    return found in {UNSTEADY, OTHER, EQUAL} if case.expected == UNSTEADY else found == case.expected


def scores(search_class, problem):
    """Return the scores of all splits; None where the search raises or no score is finite."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # libraries warn of each other's versions; none of it is about the search
        search = search_class(problem.estimator, problem.grid, **{"cv": 3, **problem.search})
        try:
            search.fit(problem.X, problem.y, **problem.fit)
        except Exception:  # noqa: BLE001 - whatever a library raises
            return None
        if hasattr(search, "predict"):
            assert len(search.predict(problem.X)) == len(problem.X)
    found = np.array([search.cv_results_[f"split{i}_test_score"] for i in range(search.n_splits_)])
    return found if np.isfinite(found).any() else None
