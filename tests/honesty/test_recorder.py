"""What is taken down of a fitted estimator while it is scored."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import get_scorer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skhpo.fits.recorder import Recorder

X, Y = load_iris(return_X_y=True)
CLASSES = np.arange(3)


def record(estimator, scoring, X=X, y=Y, classes=CLASSES):
    recorder = Recorder(classes)
    with recorder.listening(estimator, X):
        score = get_scorer(scoring)(estimator, X, y)
    return score, recorder.predicted()


@pytest.mark.parametrize(
    ("estimator", "scoring", "methods"),
    [
        (LogisticRegression(max_iter=500), "accuracy", {"predict", "predict_proba"}),
        (LogisticRegression(max_iter=500), "neg_log_loss", {"predict_proba"}),
        (SVC(), "accuracy", {"predict"}),
        (make_pipeline(StandardScaler(), SVC()), "f1_macro", {"predict"}),
        (make_pipeline(StandardScaler(), KNeighborsClassifier()), "f1_macro", {"predict", "predict_proba"}),
    ],
)
def test_what_scorers_ask_for_and_the_most_telling_is_kept(estimator, scoring, methods):
    estimator.fit(X, Y)
    expected = get_scorer(scoring)(estimator, X, Y)
    score, predicted = record(estimator, scoring)
    assert score == expected
    assert set(predicted) == methods
    for name, values in predicted.items():
        np.testing.assert_allclose(values, getattr(estimator, name)(X), rtol=1e-6, atol=1e-12)
        assert values.dtype == (np.int32 if name == "predict" else np.float32)
    assert not {"predict", "predict_proba", "decision_function"} & set(vars(estimator))
    pickle.dumps(estimator)


def test_numbers():
    ridge = Ridge().fit(X, Y.astype(float))
    _, predicted = record(ridge, "r2", y=Y.astype(float), classes=None)
    np.testing.assert_array_equal(predicted["predict"], ridge.predict(X).astype(np.float32))


class Counting(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_, self.n_calls = np.unique(y), 0
        return self

    def predict_proba(self, X):
        self.n_calls += 1
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))

    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmax(axis=1)]


def test_what_predict_asks_itself_is_not_asked_again():
    estimator = Counting().fit(X, Y)
    _, predicted = record(estimator, "accuracy")
    assert estimator.n_calls == 1
    assert set(predicted) == {"predict", "predict_proba"}


def test_a_forest_predicts_once(monkeypatch):
    forest = RandomForestClassifier(5, random_state=0).fit(X, Y)
    expected, n_calls = forest.predict(X), []
    real = RandomForestClassifier.predict_proba

    def counted(self, X):
        n_calls.append(1)
        return real(self, X)

    monkeypatch.setattr(RandomForestClassifier, "predict_proba", counted)
    score, predicted = record(forest, "accuracy")
    assert len(n_calls) == 1
    np.testing.assert_array_equal(predicted["predict"], expected)
    assert score == np.mean(expected == Y)


def test_rows_that_a_scorer_asks_about_besides_are_not_kept():
    estimator = LogisticRegression(max_iter=500).fit(X, Y)
    recorder = Recorder(CLASSES)
    with recorder.listening(estimator, X):
        estimator.predict(X[:3])
    np.testing.assert_array_equal(recorder.predicted()["predict_proba"].shape, (150, 3))


def test_a_scorer_may_write_into_what_it_gets():
    estimator = Ridge().fit(X, Y)
    recorder = Recorder(None)
    with recorder.listening(estimator, X):
        estimator.predict(X)[:] = 0.0
    np.testing.assert_allclose(recorder.predicted()["predict"], Ridge().fit(X, Y).predict(X), rtol=1e-5)


def test_only_the_first_scoring_counts():
    estimator = Ridge().fit(X, Y)
    recorder = Recorder(None)
    with recorder.listening(estimator, X[:5]):
        estimator.predict(X[:5])
    with recorder.listening(estimator, X):
        estimator.predict(X)
    assert recorder.predicted()["predict"].shape == (5,)


def test_labels_that_a_training_side_lacks_are_aligned():
    seen = Y != 1
    estimator = LogisticRegression(max_iter=500).fit(X[seen], Y[seen])
    _, predicted = record(estimator, "accuracy")
    np.testing.assert_array_equal(predicted["predict_proba"][:, 1], 0.0)
    np.testing.assert_allclose(predicted["predict_proba"][:, [0, 2]], estimator.predict_proba(X), rtol=1e-6)
    machine, recorder = SVC().fit(X[seen], Y[seen]), Recorder(CLASSES)
    with recorder.listening(machine, X):
        machine.decision_function(X)
        machine.predict(X)
    predicted = recorder.predicted()
    assert predicted["decision_function"].shape == (150, 3)
    np.testing.assert_array_equal(predicted["decision_function"].argmax(axis=1), predicted["predict"])


def test_a_scorer_that_raises_leaves_nothing_behind():
    estimator = Ridge().fit(X, Y)
    recorder = Recorder(None)
    with pytest.raises(ZeroDivisionError), recorder.listening(estimator, X):
        _ = 1 / 0
    assert "predict" not in vars(estimator)
    assert recorder.predicted() is None


class Slotted:
    __slots__ = ()

    def predict(self, X):
        return np.zeros(len(X))


class Strict(BaseEstimator):
    """Cannot be given attributes in the usual way, and has no `predict_proba` that works."""

    def __setattr__(self, name, value):
        raise AttributeError(name)

    def predict_proba(self, X):
        raise NotImplementedError

    def predict(self, X):
        return np.zeros(len(X))


@pytest.mark.parametrize("estimator", [Slotted(), Strict()])
def test_estimators_of_any_kind(estimator):
    recorder = Recorder(None)
    with recorder.listening(estimator, X):
        estimator.predict(X)
    np.testing.assert_array_equal(recorder.predicted()["predict"], np.zeros(150))


def test_what_is_not_finite_is_not_kept():
    estimator = Counting().fit(X, Y)
    estimator.predict_proba = lambda X: np.full((len(X), 3), np.nan)
    recorder = Recorder(CLASSES)
    with recorder.listening(estimator, X):
        pass
    assert recorder.predicted() is None or "predict_proba" not in recorder.predicted()
