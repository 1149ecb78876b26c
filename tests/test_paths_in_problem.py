"""One task for many candidates: what a worker says of the shorter models inside the one that it fits."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.metrics import accuracy_score, check_scoring, make_scorer
from sklearn.model_selection import FixedThresholdClassifier, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from skhpo.estimators.table import path_of
from skhpo.fits.prefix import PrefixCache
from skhpo.fits.problem import Problem
from skhpo.history import Place, Task, Trial

X, Y = make_classification(240, 6, random_state=0)
SPLITS = list(StratifiedKFold(3).split(X, Y))
FOREST = RandomForestClassifier(random_state=0, max_depth=3)
PATHS = [
    (FOREST, "n_estimators", [30, 10, 3]),
    (HistGradientBoostingClassifier(max_leaf_nodes=5), "max_iter", [12, 4, 1]),
    (GradientBoostingClassifier(random_state=0), "n_estimators", [12, 4, 1]),
    (DecisionTreeClassifier(random_state=0), "ccp_alpha", [0.0, 0.01, 0.02]),
    (DecisionTreeClassifier(random_state=0), "max_leaf_nodes", [20, 10, 3]),
    (KNeighborsClassifier(), "n_neighbors", [30, 10, 3]),
    (make_pipeline(StandardScaler(), FOREST), "randomforestclassifier__n_estimators", [30, 10, 3]),
    (FixedThresholdClassifier(FOREST), "threshold", [0.2, 0.5, 0.9]),
]


def problem(estimator, scoring=None, **settings):
    scorer = check_scoring(estimator, scoring)
    settings = {"prefixes": PrefixCache(), "return_train_score": True} | settings
    return Problem(estimator, X, Y, SPLITS, scorer, **settings)


def asked(name, values, split=1):
    """Return the task of the first value, which takes the others along, and the tasks of each of them."""
    trials = [Trial(number, {name: value}) for number, value in enumerate(values)]
    places = tuple(Place(trial.number, trial.params) for trial in trials[1:])
    return Task(trials[0], split, None, places), [Task(trial, split) for trial in trials]


def known(outcome):
    return (
        outcome.number,
        outcome.split,
        outcome.test_scores,
        outcome.train_scores,
        outcome.n_test_samples,
        outcome.error,
        outcome.status,
        outcome.score_errors,
    )


@pytest.mark.parametrize(("estimator", "name", "values"), PATHS)
@pytest.mark.parametrize("scoring", [None, ["accuracy", "roc_auc", "neg_log_loss"]])
@pytest.mark.filterwarnings("ignore:(?s)Scoring failed:UserWarning", "ignore:divide by zero:RuntimeWarning")
def test_other_places_are_scored_as_if_fitted_by_themselves(estimator, name, values, scoring):
    run = problem(estimator, scoring)
    together, alone = asked(name, values)
    first, *others = (run(task) for task in alone)
    found = run(together)
    assert known(found) == known(first)
    assert [*found.path] == [other.number for other in others]
    for other in others:
        assert known(found.path[other.number]) == known(other)
        assert found.path[other.number].shared
        assert found.path[other.number].fit_time >= 0
        assert found.path[other.number].score_time > 0
    assert found.fit_time > 0


def test_without_places_nothing_is_said_of_others():
    assert problem(FOREST)(asked("n_estimators", [3])[1][0]).path is None


def test_a_fit_that_fails_answers_for_itself():
    class Tired(RandomForestClassifier):
        def fit(self, X, y):
            raise RuntimeError("tired")

    found = problem(Tired(random_state=0))(asked("n_estimators", [30, 10])[0])
    assert found.status == "failed"
    assert found.path is None


def test_a_class_that_is_not_known_answers_for_itself():
    class Unknown(RandomForestClassifier):
        pass

    found = problem(Unknown(random_state=0))(asked("n_estimators", [30, 10])[0])
    assert found.status == "ok"
    assert found.path is None


class Drawing(ClassifierMixin, BaseEstimator):
    """Draws from the global generator, in a library that is known."""

    __module__ = "sklearn.drawing"

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.chance_ = np.random.uniform()  # noqa: NPY002
        return self

    def predict_proba(self, X):
        return np.full((len(X), 2), [1 - self.chance_, self.chance_])

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_a_fit_that_drew_from_the_global_generator_answers_for_itself():
    estimator = FixedThresholdClassifier(Drawing(), response_method="predict_proba")
    assert path_of(estimator, "threshold").is_watched
    assert problem(estimator)(asked("threshold", [0.2, 0.9])[0]).path is None
    quiet = FixedThresholdClassifier(LinearSVC(random_state=0))
    assert [*problem(quiet)(asked("threshold", [0.2, 0.9])[0]).path] == [1]


def test_places_at_which_a_scorer_raises():
    def fussy(model, X, y):
        if model.n_estimators == 10:
            raise ValueError("ten is not liked")
        return accuracy_score(y, model.predict(X))

    together, alone = asked("n_estimators", [30, 10, 3])
    run = problem(FOREST, fussy, return_train_score=False)
    with pytest.warns(UserWarning, match="ten is not liked"):
        found = run(together)
    with pytest.warns(UserWarning, match="ten is not liked"):
        expected = run(alone[1])
    assert known(found.path[1])[:7] == known(expected)[:7]
    assert "ten is not liked" in found.path[1].score_errors["score"]
    assert found.path[1].status == "failed"
    assert found.path[2].status == found.status == "ok"

    # Where an error ends the search, it is the fit of its own that raises it.
    found = problem(FOREST, fussy, return_train_score=False, error_score="raise")(together)
    assert [*found.path] == [2]


def test_a_scorer_that_changes_the_model_changes_no_other():
    def rude(model, X, y):
        score = accuracy_score(y, model.predict(X))
        model.estimators_ = model.estimators_[:1]
        model.steps = None
        return score

    together, alone = asked("n_estimators", [30, 10, 3])
    run = problem(FOREST, rude, return_train_score=False)
    found = run(together)
    assert [known(one) for one in (found, *found.path.values())] == [known(run(task)) for task in alone]


def test_scorers_get_what_is_aligned_with_the_samples():
    weight = np.linspace(0, 3, len(X))
    scorer = make_scorer(accuracy_score)
    settings = {"fit_params": {"sample_weight": weight}, "score_params": {"sample_weight": weight}}
    together, alone = asked("n_estimators", [30, 10, 3])
    run = problem(FOREST, scorer, **settings)
    found = run(together)
    assert [known(one) for one in (found, *found.path.values())] == [known(run(task)) for task in alone]
    assert known(found) != known(problem(FOREST, scorer)(alone[0]))


def test_one_fit_is_all_that_is_run(monkeypatch):
    fits = []
    plain = RandomForestClassifier.fit
    monkeypatch.setattr(RandomForestClassifier, "fit", lambda self, *args: fits.append(self) or plain(self, *args))
    problem(make_pipeline(StandardScaler(), FOREST))(asked("randomforestclassifier__n_estimators", [30, 10, 3])[0])
    assert len(fits) == 1
