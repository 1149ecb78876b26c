"""Estimators without scikit-learn's tags: every search runs, and gives what the same class with tags would give."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import BaggingRegressor
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV as TheirGrid
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC

from skhpo import BayesSearchCV, GridSearchCV, Int, RandomSearchCV, SuccessiveHalvingCV
from skhpo.estimators.tags import has_tags, tags_of, with_tags


class Plain:
    """Nearest centroid in the first k columns, with what a search needs and nothing of scikit-learn's."""

    def __init__(self, k=1):
        self.k = k

    def get_params(self, deep=True):
        return {"k": self.k}

    def set_params(self, **params):
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.centres_ = np.array([X[y == label].mean(axis=0) for label in self.classes_])
        return self

    def _distances(self, X):
        return ((X[:, None] - self.centres_)[..., : self.k] ** 2).sum(axis=-1)

    def predict(self, X):
        return self.classes_[self._distances(X).argmin(axis=1)]

    def predict_proba(self, X):
        near = np.exp(-self._distances(X))
        return near / near.sum(axis=1, keepdims=True)

    def score(self, X, y):
        return float((self.predict(X) == y).mean())


class Typed(Plain):
    _estimator_type = "classifier"


class Mixed(ClassifierMixin, Plain):
    """A mixin asks the tags of a base class that is not there."""


class Tagged(ClassifierMixin, Plain, BaseEstimator):
    """The same with tags."""


class PlainRegressor:
    _estimator_type = "regressor"

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def get_params(self, deep=True):
        return {"alpha": self.alpha}

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, y):
        self.coef_ = np.linalg.solve(X.T @ X + self.alpha * np.eye(X.shape[1]), X.T @ y)
        return self

    def predict(self, X):
        return X @ self.coef_


class TaggedRegressor(RegressorMixin, PlainRegressor, BaseEstimator):
    pass


class Growing(Plain):
    """Has iterations that halving knows how to count."""

    def __init__(self, k=1, n_estimators=8):
        super().__init__(k)
        self.n_estimators = n_estimators

    def get_params(self, deep=True):
        return {"k": self.k, "n_estimators": self.n_estimators}


class Resetting(Typed):
    """Deletes in `fit` what is no parameter, as sktime's estimators do."""

    def fit(self, X, y):
        for name in set(vars(self)) - {"k"}:
            delattr(self, name)
        return super().fit(X, y)


class TaggedResetting(ClassifierMixin, Resetting, BaseEstimator):
    pass


class Slotted(Plain):
    """Nothing can be added to it."""

    __slots__ = ()


WITHOUT = [Plain, Typed, Mixed]
LENDS = "needs __sklearn_tags__"


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    y = np.repeat(["a", "b", "c"], 30)
    return rng.normal(size=(90, 4)) + np.equal.outer(y, ["a", "b", "c", "c"]) * 1.5, y


def searches(estimator, **kwargs):
    return [
        GridSearchCV(estimator, {"k": [1, 2, 4]}, **kwargs),
        RandomSearchCV(estimator, {"k": [1, 2, 4]}, n_iter=2, random_state=0, **kwargs),
        BayesSearchCV(estimator, {"k": Int(1, 4)}, n_iter=3, random_state=0, **kwargs),
        SuccessiveHalvingCV(estimator, {"k": [1, 2, 4]}, n_candidates=3, min_resources=30, random_state=0, **kwargs),
    ]


def function_of_three(estimator, X, y):
    return 1 - get_scorer("accuracy")(estimator, X, y)


def scores_of(results):
    return {name: value for name, value in results.items() if name.startswith(("split", "mean_t", "std_t", "rank"))}


def assert_same(found, expected):
    found, expected = scores_of(found), scores_of(expected)
    assert found.keys() == expected.keys()
    for name in found:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
        assert np.isfinite(found[name]).all()


@pytest.mark.parametrize("kind", WITHOUT)
@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize(
    ("scoring", "refit"),
    [
        (None, True),
        ("accuracy", True),
        ("roc_auc_ovr", True),
        (["accuracy", "balanced_accuracy"], "accuracy"),
        (function_of_three, True),
    ],
    ids=["own score", "predictions", "probabilities", "two", "function"],
)
def test_every_search_gives_what_it_gives_with_tags(data, kind, number, scoring, refit):
    if kind is Plain and (number == 3 or scoring == "roc_auc_ovr"):
        pytest.skip("rows are drawn by class, and probabilities asked for, where the type is known")
    settings = {"scoring": scoring, "refit": refit, "cv": StratifiedKFold(3)}
    with_ = searches(Tagged(), **settings)[number].fit(*data)
    with pytest.warns(UserWarning, match=LENDS) as told:
        without = searches(kind(), **settings)[number].fit(*data)
    assert len(told) == 1
    assert told[0].filename == __file__
    assert_same(without.cv_results_, with_.cv_results_)

    X, y = data
    assert type(without.best_estimator_) is kind
    np.testing.assert_array_equal(without.predict(X), with_.predict(X))
    np.testing.assert_array_equal(without.predict_proba(X), with_.predict_proba(X))
    assert without.score(X, y) == with_.score(X, y)
    assert list(without.classes_) == ["a", "b", "c"]
    assert str(without.report())
    assert without._repr_html_()


@pytest.mark.parametrize("scoring", [None, "accuracy"])
def test_scores_are_those_of_scikit_learns_search(data, scoring):
    settings = {"scoring": scoring, "return_train_score": True, "cv": 3}
    theirs = TheirGrid(Tagged(), {"k": [1, 2, 4]}, **settings).fit(*data)
    with pytest.warns(UserWarning, match="the search takes it for a classifier"):
        ours = GridSearchCV(Typed(), {"k": [1, 2, 4]}, **settings).fit(*data)
    assert_same(ours.cv_results_, theirs.cv_results_)


def test_a_regressor(data):
    X, _ = data
    y = X @ [1.0, 2.0, 0.0, 0.0]
    theirs = TheirGrid(TaggedRegressor(), {"alpha": [0.1, 1.0]}, scoring="r2").fit(X, y)
    with pytest.warns(UserWarning, match="the search takes it for a regressor"):
        ours = GridSearchCV(PlainRegressor(), {"alpha": [0.1, 1.0]}, scoring="r2").fit(X, y)
    assert_same(ours.cv_results_, theirs.cv_results_)
    assert ours.__sklearn_tags__().estimator_type == "regressor"
    assert not hasattr(ours, "predict_proba")


def test_what_the_warning_says_where_the_type_is_unknown(data):
    X, y = data
    shuffled = np.random.default_rng(0).permutation(len(y))
    with pytest.warns(UserWarning, match="for no classifier: a number as cv stands for KFold"):
        search = GridSearchCV(Plain(), {"k": [1, 2]}, cv=3).fit(X[shuffled], y[shuffled])
    assert type(search._checked_cv_orig).__name__ == "KFold"


def test_estimators_with_tags_are_left_alone(data):
    search = GridSearchCV(Tagged(), {"k": [1, 2]}, scoring="accuracy").fit(*data)  # warnings are errors
    assert type(search.scorer_) is type(get_scorer("accuracy"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Plain, Typed])
@pytest.mark.parametrize("number", range(4))
def test_two_workers_and_a_checkpoint(data, tmp_path, kind, number):
    settings = {"scoring": "accuracy", "cv": StratifiedKFold(3), "checkpoint": tmp_path / "search.db"}
    with pytest.warns(UserWarning, match=LENDS):
        first = searches(kind(), n_jobs=2, **settings)[number].fit(*data)
    with pytest.warns(UserWarning, match=LENDS):
        again = searches(kind(), n_jobs=2, **settings)[number].fit(*data)
    assert_same(again.cv_results_, first.cv_results_)
    np.testing.assert_array_equal(again.cv_results_["mean_fit_time"], first.cv_results_["mean_fit_time"])


def test_clones_pickles_and_outer_validation(data):
    X, y = data
    search = GridSearchCV(Typed(), {"k": [1, 2, 4]}, scoring="accuracy", cv=3)
    with pytest.warns(UserWarning, match=LENDS):
        outer = cross_val_score(search, X, y, scoring="accuracy", cv=3)
    expected = cross_val_score(TheirGrid(Tagged(), {"k": [1, 2, 4]}, scoring="accuracy", cv=3), X, y, cv=3)
    np.testing.assert_array_equal(outer, expected)
    with pytest.warns(UserWarning, match=LENDS):
        clone(search).fit(X, y)
    with pytest.warns(UserWarning, match=LENDS):
        search.fit(X, y)
    loaded = pickle.loads(pickle.dumps(search))  # noqa: S301
    assert loaded.score(X, y) == search.score(X, y) == search.scorer_(search.best_estimator_, X, y)
    assert repr(loaded.scorer_) == repr(get_scorer("accuracy"))


def test_halving_over_iterations(data):
    with pytest.warns(UserWarning, match=LENDS):
        search = SuccessiveHalvingCV(
            Growing(), {"k": [1, 2, 4]}, resource="n_estimators", max_resources=8, n_candidates=3, cv=3, random_state=0
        ).fit(*data)
    assert search.best_estimator_.n_estimators == 8


def test_fits_that_fail_cost_their_candidate(data):
    class Failing(Typed):
        def fit(self, X, y):
            if self.k == 2:
                raise ValueError("no")
            return super().fit(X, y)

    with pytest.warns() as told:
        search = GridSearchCV(Failing(), {"k": [1, 2, 4]}, scoring="accuracy", cv=3).fit(*data)
    assert len(told) == 3  # tags, failed fits, scores that are not finite
    assert list(np.isnan(search.cv_results_["mean_test_score"])) == [False, True, False]


def test_callbacks_see_the_fits(data):
    callback = pytest.importorskip("sklearn.callback")
    search = GridSearchCV(Typed(), {"k": [1, 2]}, scoring="accuracy", cv=3).set_callbacks(callback.ProgressBar())
    with pytest.warns() as told:
        search.fit(*data)
    assert sum(LENDS in str(warning.message) for warning in told) == 1
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize("kind", [Resetting, TaggedResetting])
@pytest.mark.filterwarnings(f"ignore:.*{LENDS}")
def test_estimators_that_reset_themselves_in_fit(data, kind):
    search = GridSearchCV(kind(), {"k": [1, 2]}, scoring="accuracy", cv=3).fit(*data)
    assert set(vars(search.best_estimator_)) == {"k", "classes_", "centres_"}


@pytest.mark.parametrize("kind", [Resetting, TaggedResetting])
@pytest.mark.filterwarnings(f"ignore:.*{LENDS}", "ignore:.*does not support callbacks")
def test_estimators_that_reset_themselves_while_callbacks_look_on(data, kind):
    callback = pytest.importorskip("sklearn.callback")
    search = GridSearchCV(kind(), {"k": [1, 2]}, scoring="accuracy", cv=3).set_callbacks(callback.ProgressBar())
    assert np.isfinite(search.fit(*data).cv_results_["mean_test_score"]).all()


def test_an_error_that_is_not_about_missing_tags_is_raised(data):
    class Broken(Plain):
        def __sklearn_tags__(self):
            raise AttributeError("something else")

    with pytest.raises(AttributeError, match="something else"):
        GridSearchCV(Broken(), {"k": [1]}).fit(*data)
    with pytest.raises(TypeError, match=r"class|type\.mro"):  # scikit-learn's own words, by version
        GridSearchCV(Plain, {"k": [1]}).fit(*data)


def test_a_view_is_the_estimator_but_for_its_tags():
    real = Typed(k=3)
    view = with_tags(real)
    assert isinstance(view, Typed)
    assert view.__class__ is Typed
    assert repr(view) == repr(real)
    assert view.set_params(k=2) is view
    assert real.k == 2
    view.note = "here"
    assert real.note == "here"
    del view.note
    assert not hasattr(real, "note")
    assert type(copy.copy(view)) is type(copy.deepcopy(view)) is type(clone(view)) is Typed
    assert type(pickle.loads(pickle.dumps(view))) is Typed  # noqa: S301
    assert with_tags(view) is view
    assert with_tags(Slotted()).__sklearn_tags__().estimator_type is None


def test_tags_of_what_has_some_are_its_own():
    for estimator in (SVC(), BaggingRegressor(), Tagged()):
        assert has_tags(estimator)
        assert with_tags(estimator) is estimator
        assert tags_of(estimator) == estimator.__sklearn_tags__()
