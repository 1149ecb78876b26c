"""Parameters that cannot be set cost their candidates, and nothing else."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV
from skhpo._sklearn import CANNOT_SET
from skhpo.space import check_names

IRIS = load_iris(return_X_y=True)
PIPE = Pipeline([("dr", PCA()), ("clf", LogisticRegression(max_iter=500))])
SPACE = {"dr": [PCA(), "passthrough"], "dr__n_components": [1, 2, 3, 4]}

pytestmark = pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite")


class Picky(ClassifierMixin, BaseEstimator):
    """Refuses values in its own way, before anything is fitted."""

    def __init__(self, a=0, n=1):
        self.a, self.n = a, n

    def set_params(self, **params):
        if params.get("a") == 1:
            raise LookupError("There is no such thing.")
        return super().set_params(**params)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


class NotCopied:
    """A value that nobody can copy."""

    def __sklearn_clone__(self):
        raise RuntimeError("It is one of a kind.")

    def __deepcopy__(self, memo):
        raise RuntimeError("It is one of a kind.")


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize("racing", [False, True])
def test_a_part_that_is_switched_off_has_no_parameters(racing, n_jobs):
    with pytest.warns(FitFailedWarning, match="12 fits failed out of a total of 24" if not racing else None) as caught:
        search = GridSearchCV(PIPE, SPACE, cv=3, racing=racing, n_jobs=n_jobs).fit(*IRIS)
    means = search.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(np.isnan(means), [False] * 4 + [True] * 4)
    assert search.best_params_["dr__n_components"] == 3
    assert "when={...}" in str(caught[0].message)
    assert "a list of dicts" in str(caught[0].message)
    (reason,) = search.report().failures
    assert reason.startswith(
        "AttributeError: 'str' object has no attribute 'set_params' (parameters that cannot be set"
    )


@pytest.mark.parametrize(
    ("cls", "more"),
    [
        (GridSearchCV, {}),
        (RandomSearchCV, {"n_iter": 3, "random_state": 0}),
        (BayesSearchCV, {"n_iter": 3, "random_state": 0}),
    ],
)
@pytest.mark.parametrize("verbose", [0, 3])
def test_whatever_is_raised(cls, more, verbose, capsys):
    with pytest.warns(FitFailedWarning, match="LookupError: There is no such thing"):
        search = cls(Picky(), {"a": Categorical([0, 1, 2])}, cv=3, verbose=verbose, **more).fit(*IRIS)
    failed = [params["a"] == 1 for params in search.cv_results_["params"]]
    np.testing.assert_array_equal(np.isnan(search.cv_results_["mean_test_score"]), failed)
    assert sum(failed) == 1


class Once(Picky):
    """Can be told its parameters once, all of them at a time."""

    def set_params(self, **params):
        if hasattr(self, "told_"):
            raise RuntimeError("It was told already.")
        self.a, self.told_ = params["a"], True
        return self


@pytest.mark.parametrize("verbose", [0, 2])
@pytest.mark.parametrize("cls", [GridSearchCV, BayesSearchCV])
def test_they_are_set_once_and_all_at_a_time(cls, verbose, capsys):
    more = {"n_iter": 2, "random_state": 0} if cls is BayesSearchCV else {}
    search = cls(Once(), {"a": Categorical([0, 2])}, cv=3, verbose=verbose, **more).fit(*IRIS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_value_that_cannot_be_copied():
    with pytest.warns(FitFailedWarning, match="one of a kind"):
        search = GridSearchCV(Picky(), {"a": [NotCopied(), 0]}, cv=3).fit(*IRIS)
    assert search.best_params_ == {"a": 0}


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_it_is_raised_if_asked_for(n_jobs):
    search = GridSearchCV(Picky(), {"a": [0, 1]}, cv=3, error_score="raise", n_jobs=n_jobs)
    with pytest.raises(LookupError, match="There is no such thing") as caught:
        search.fit(*IRIS)
    assert CANNOT_SET in caught.value.__notes__


def test_if_none_can_be_set_that_is_said():
    with pytest.raises(ValueError, match="All the 3 fits failed") as caught:
        GridSearchCV(Picky(), {"a": [1]}, cv=3).fit(*IRIS)
    assert CANNOT_SET in str(caught.value)


def test_the_amount_of_a_resource_that_a_part_has_not():
    forest = RandomForestClassifier(9, random_state=0)
    with pytest.warns(FitFailedWarning, match="Invalid parameter 'n_estimators' for estimator SVC"):
        search = SuccessiveHalvingCV(
            Pipeline([("clf", forest)]),
            {"clf": [forest, SVC(), RandomForestClassifier(max_depth=1, random_state=0)]},
            sampler="grid",
            resource="clf__n_estimators",
            max_resources=9,
            min_resources=3,
            cv=3,
        ).fit(*IRIS)
    assert search.best_params_["clf"] is forest
    assert search.best_params_["clf__n_estimators"] == 9


def test_the_refit_says_it_too_and_the_results_are_there():
    """A number for failures that is above the scores makes one the best."""
    search = GridSearchCV(Picky(), {"a": [0, 1]}, cv=3, error_score=2.0)
    with pytest.warns(FitFailedWarning), pytest.raises(LookupError) as caught:
        search.fit(*IRIS)
    assert CANNOT_SET in caught.value.__notes__
    np.testing.assert_array_equal(search.cv_results_["rank_test_score"], [2, 1])


def test_resumed_it_is_not_tried_again(tmp_path):
    for _ in range(2):
        with pytest.warns(FitFailedWarning, match="cannot be set"):
            search = GridSearchCV(PIPE, SPACE, cv=3, checkpoint=tmp_path / "a.db").fit(*IRIS)
    assert search.stats()["n_fits"] == 24


def test_names_that_can_never_be_right_are_refused_before_the_fits():
    class Strict(Picky):
        def set_params(self, **params):
            if "b" in params:
                raise LookupError("No such parameter.")
            return super().set_params(**params)

    with pytest.raises(ValueError, match="Invalid parameter 'b' for estimator Strict"):
        check_names({"b": [1, 2]}, Strict())


def test_callbacks_count_the_fits():
    pytest.importorskip("sklearn.callback")
    told = []

    class Recorder:
        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **kwargs):
            told.append(("begin", context.task_name))

        def on_fit_task_end(self, estimator, context, **kwargs):
            told.append(("end", context.task_name))

        def teardown(self, estimator, context):
            pass

    search = GridSearchCV(Picky(), {"a": [0, 1]}, cv=3)
    search.set_callbacks(Recorder())
    with pytest.warns(FitFailedWarning):
        search.fit(*IRIS)
    assert told.count(("begin", "candidate-split-evaluation")) == 6
    assert told.count(("end", "candidate-split-evaluation")) == 6
