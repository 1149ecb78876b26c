"""Which search a file belongs to: never another's scores, and never a refusal where nothing has changed."""

import gc
import sqlite3
import threading
import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from skhpo import BayesSearchCV, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV, load_results
from skhpo.content import changes

X, Y = load_iris(return_X_y=True)
X, Y = X[::5], Y[::5]
GRID = {"C": [0.1, 1.0]}


def made(text, name="f", **names):
    namespace = {"__name__": "script", **names}
    exec(compile(text, "script.py", "exec"), namespace)  # noqa: S102
    return namespace[name]


class Keeps(ClassifierMixin, BaseEstimator):
    """Scores what its parameter says, and calls what it is given."""

    def __init__(self, a=None, C=1.0):
        self.a, self.C = a, C

    def fit(self, X, y, callbacks=(), lock=None, note=None):
        for call in callbacks:
            call(self)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return float(self.a(X)) if callable(self.a) else self.C


class Weight:
    """Has no repr of its own."""

    def __init__(self, value):
        self.value = value

    def __call__(self, X):
        return self.value


class OnSlots:
    __slots__ = ("__weakref__", "value")

    def __init__(self, value):
        self.value = value

    def __call__(self, X):
        return self.value


class Counts:
    """A callback that changes when it is called."""

    def __init__(self, every=1):
        self.every, self.n_calls, self.seen = every, 0, []

    def __call__(self, model):
        self.n_calls += 1
        self.seen.append(self.n_calls)


def run(folder, estimator=None, space=GRID, *, cls=GridSearchCV, X=X, Y=Y, params=None, **kwargs):
    kwargs = {"cv": 3, "checkpoint": folder / "search.db", **kwargs}
    return cls(SVC() if estimator is None else estimator, space, **kwargs).fit(X, Y, **(params or {}))


def other(part):
    return pytest.raises(ValueError, match=f"is the journal of another search: {part} differ")


# ------------------------------------------------------------------ another search, though the names are the same


def constant(n):
    return lambda e, X, y: float(n)


def noting(seen):
    return lambda m: seen.append(1)


def holding(value):
    return lambda e, X, y: 1.0 if value else 0.0


PAIRS = {
    "scorer": lambda n: {"scoring": made(f"def f(e, X, y): return {n}.0")},
    "scorer of a function": lambda n: {"scoring": make_scorer(made(f"def f(t, p): return {n}.0"))},
    "scorer's settings": lambda n: {"scoring": make_scorer(accuracy_score, normalize=n == 1)},
    "scorer by a global": lambda n: {"scoring": made("def f(e, X, y): return N", N=float(n))},
    "scorer by a closure": lambda n: {"scoring": constant(n)},
    "several scorers": lambda n: {"scoring": {"s": made(f"def f(e, X, y): return {n}.0")}, "refit": "s"},
    "function of a transformer": lambda n: {
        "estimator": make_pipeline(FunctionTransformer(made(f"f = lambda X: X * {n}")), SVC()),
        "space": {"svc__C": [1.0]},
    },
    "estimator": lambda n: {"estimator": made(f"class f(Keeps):\n def score(self, X, y): return {n}.0", Keeps=Keeps)()},
    "transformer in a list of steps": lambda n: {
        "estimator": make_pipeline(
            made(f"class f(B):\n def transform(self, X): return X * {n}", B=FunctionTransformer)(), SVC()
        ),
        "space": {"svc__C": [1.0]},
    },
    "parameter": lambda n: {"estimator": Keeps(a=Weight(n))},
    "callback": lambda n: {"estimator": Keeps(), "params": {"callbacks": [Counts(n)]}},
    "callback's code": lambda n: {"estimator": Keeps(), "params": {"callbacks": [made(f"f = lambda m: {n}")]}},
    "array": lambda n: {"estimator": Keeps(), "params": {"note": np.arange(2000) * n}},
    "order": lambda n: {"space": {"C": [0.1, 1.0, 10.0][:: 3 - 2 * n]}},
    "order of a range": lambda n: {"estimator": Keeps(), "space": {"C": range(1, 4)[:: 3 - 2 * n]}},
    "lambdas": lambda n: {"estimator": Keeps(), "space": {"a": [lambda X: 1.0, lambda X: 2.0][:: 3 - 2 * n]}},
    "objects": lambda n: {"estimator": Keeps(), "space": {"a": [Weight(1.0), Weight(2.0)][:: 3 - 2 * n]}},
    "objects on slots": lambda n: {"estimator": Keeps(), "space": {"a": [OnSlots(1.0), OnSlots(2.0)][:: 3 - 2 * n]}},
    "long arrays": lambda n: {
        "estimator": Keeps(),
        "space": {"a": [np.arange(2000), np.arange(2000) + (n == 2) * (np.arange(2000) == 999)]},
    },
    "splitter's data": lambda n: {"cv": KFold(3, shuffle=True, random_state=n)},
    "value of X": lambda n: {"X": X + 1e-12 * n},
}


@pytest.mark.parametrize("name", PAIRS)
def test_another_search_is_refused(name, tmp_path):
    first = run(tmp_path, **PAIRS[name](1))
    again = run(tmp_path, **PAIRS[name](1))
    column = "mean_test_s" if name == "several scorers" else "mean_test_score"
    np.testing.assert_array_equal(again.cv_results_[column], first.cv_results_[column])
    with other(".*"):
        run(tmp_path, **PAIRS[name](2))


@pytest.mark.parametrize("cls", [RandomSearchCV, BayesSearchCV, SuccessiveHalvingCV])
def test_swapped_values_are_refused_by_every_search(cls, tmp_path):
    kwargs = {"cls": cls, "random_state": 0, "estimator": Keeps()}
    kwargs |= {"n_candidates": 2, "min_resources": 12} if cls is SuccessiveHalvingCV else {"n_iter": 2}
    run(tmp_path, space={"a": [lambda X: 1.0, lambda X: 2.0]}, **kwargs)
    with other("space"):
        run(tmp_path, space={"a": [lambda X: 2.0, lambda X: 1.0]}, **kwargs)


def test_lightgbms_objective(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")

    def regressor(objective):
        return lightgbm.LGBMRegressor(objective=objective, n_estimators=3, verbose=-1, n_jobs=1, min_child_samples=2)

    kwargs = {"space": {"learning_rate": [0.1, 0.5]}, "Y": X[:, 0]}
    run(tmp_path, regressor(lambda t, p: (p - t, np.ones_like(t))), **kwargs)
    run(tmp_path, regressor(lambda t, p: (p - t, np.ones_like(t))), **kwargs)
    with other("estimator"):
        run(tmp_path, regressor(lambda t, p: (p - 2 * t, np.ones_like(t))), **kwargs)


def test_what_was_written_by_an_earlier_format_is_refused_in_one_sentence_and_can_be_read(tmp_path):
    scores = run(tmp_path).cv_results_["mean_test_score"]
    connection = sqlite3.connect(tmp_path / "search.db")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    with pytest.raises(ValueError, match=r"older development version of skhpo wrote .* load_results reads this"):
        run(tmp_path)
    np.testing.assert_array_equal(load_results(tmp_path / "search.db")["mean_test_score"], scores)


# ------------------------------------------------------------------ the same search, though something was done


def looks(frame):
    _ = frame.index.year, frame.index.is_unique, frame.values


@pytest.mark.parametrize(
    "make", [lambda: TfidfVectorizer().fit_transform([f"a{i % 3} b{i % 5} c{i}" for i in range(30)])]
)
@pytest.mark.parametrize("estimator", [SVC(), LogisticRegression()])
def test_a_sparse_matrix_is_the_same_after_the_refit(make, estimator, tmp_path):
    matrix = make()
    run(tmp_path, estimator, X=matrix)
    run(tmp_path, estimator, X=matrix)
    matrix.sort_indices()
    run(tmp_path, estimator, X=make())


def test_a_frame_is_the_same_whatever_was_done_with_it(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=list("abcd"), index=pd.date_range("2026-01-01", periods=len(X)))
    run(tmp_path, X=frame)
    looks(frame)
    run(tmp_path, X=frame)
    again = pd.DataFrame(index=frame.index)
    for name in frame:
        again[name] = frame[name]
    run(tmp_path, X=again, Y=Y.copy())
    if pytest.importorskip("pyarrow"):
        frame.to_parquet(tmp_path / "X.parquet")
        run(tmp_path, X=pd.read_parquet(tmp_path / "X.parquet"))
    with other("X"):
        run(tmp_path, X=frame.astype("float32"))


def test_arrays_are_the_same_in_any_layout(tmp_path):
    run(tmp_path)
    run(tmp_path, X=np.asfortranarray(X), Y=np.append(Y, 0)[:-1])


def test_scorers_and_estimators_that_were_used_are_the_same(tmp_path):
    estimator, scorer = SVC(), make_scorer(accuracy_score)
    run(tmp_path, estimator, scoring=scorer)
    estimator.fit(X, Y)
    scorer(estimator, X, Y)
    run(tmp_path, estimator, scoring=scorer)
    (tmp_path / "search.db").unlink()
    run(tmp_path, estimator)
    run(tmp_path, clone(estimator))


CHANGING = {
    "counting": lambda: [Counts()],
    "two": lambda: [Counts(), Counts(2)],
    "inside of another": lambda: [
        made("class f:\n def __init__(self, c): self.c = c\n def __call__(self, m): self.c(m)")(Counts())
    ],
    "function with a list": lambda: [made("def f(m): SEEN.append(1)", SEEN=[])],
    "closure": lambda: [noting([])],
    "class that counts": lambda: [made("class f:\n n = 0\n def __call__(self, m): type(self).n += 1")()],
}


@pytest.mark.parametrize("name", CHANGING)
def test_callbacks_that_change_in_a_fit_are_known_again(name, tmp_path):
    callbacks = CHANGING[name]()
    for _ in range(3):
        run(tmp_path, Keeps(), params={"callbacks": callbacks})
    run(tmp_path, Keeps(), params={"callbacks": CHANGING[name]()})
    if name in {"counting", "two"}:
        callbacks[0].every = 7
        with other("fit parameters"):
            run(tmp_path, Keeps(), params={"callbacks": callbacks})


def interrupt_once(model, path):
    if path.exists():
        path.unlink()
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", CHANGING)
def test_callbacks_that_have_changed_in_an_interrupted_fit_are_known_again(name, tmp_path):
    callbacks = [*CHANGING[name](), partial(interrupt_once, path=tmp_path / "now")]
    (tmp_path / "now").touch()
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Keeps(), params={"callbacks": callbacks})
    run(tmp_path, Keeps(), params={"callbacks": callbacks})


def test_what_has_changed_is_forgotten_with_its_object(tmp_path):
    callback = Counts()
    run(tmp_path, Keeps(), params={"callbacks": [callback]})
    number = id(callback)
    assert number in changes._KNOWN
    del callback
    gc.collect()
    assert number not in changes._KNOWN


def test_an_object_in_the_state_of_a_used_one_is_another(tmp_path):
    used = Counts()
    run(tmp_path, Keeps(), params={"callbacks": [used]})
    alike = Counts()
    vars(alike).update({**vars(used), "seen": used.seen.copy()})
    run(tmp_path, Keeps(), params={"callbacks": [used]})
    with other("fit parameters"):
        run(tmp_path, Keeps(), params={"callbacks": [alike]})


def test_lightgbms_callbacks(tmp_path):
    lightgbm = pytest.importorskip("lightgbm")
    model = lightgbm.LGBMClassifier(n_estimators=8, verbose=-1, n_jobs=1, min_child_samples=2)
    record = {}
    params = {
        "eval_set": [(X, Y)],
        "callbacks": [
            lightgbm.early_stopping(2, verbose=False),
            lightgbm.log_evaluation(0),
            lightgbm.record_evaluation(record),
        ],
    }
    kwargs = {"space": {"num_leaves": [2, 4]}, "params": params}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            run(tmp_path, model, **kwargs)
        assert record
        with other("fit parameters"):
            params["callbacks"][0] = lightgbm.early_stopping(3, verbose=False)
            run(tmp_path, model, **kwargs)


def test_scikit_learns_callbacks(tmp_path):
    callback = pytest.importorskip("sklearn.callback")

    def model():
        return LogisticRegression().set_callbacks(callback.ScoringMonitor(scoring="accuracy"))

    one = model()
    run(tmp_path, one, n_jobs=1)
    run(tmp_path, one)
    run(tmp_path, model())


# ------------------------------------------------------------------ what pickle refuses


@pytest.mark.parametrize(
    "make", [threading.Lock, lambda: [lambda m: None, threading.RLock()], lambda: made("f = lambda: 1")]
)
def test_what_pickle_refuses_may_be_given(make, tmp_path):
    run(tmp_path, Keeps(), params={"lock": make()})
    run(tmp_path, Keeps(), params={"lock": make()})


@pytest.mark.parametrize("make", [object, lambda: (i for i in "ab"), lambda: {"secret": [memoryview(b"secret")]}])
def test_what_shows_nothing_is_refused_by_name_before_the_search(make, tmp_path):
    for kwargs, name in (
        ({"params": {"note": make()}}, "fit parameter 'note'"),
        ({"space": {"C": [1.0], "a": [make(), None]}}, "parameter 'a'"),
        ({"scoring": holding(make())}, "scoring"),
    ):
        with pytest.raises(TypeError, match=rf"checkpoint needs {name} to be something that can be told") as error:
            run(tmp_path, **{"estimator": Keeps(), **kwargs})
        assert len(str(error.value)) < 300
        assert "secret" not in str(error.value)
        assert not (tmp_path / "search.db").exists()
    with pytest.raises(TypeError, match="checkpoint needs the estimator to be something"):
        run(tmp_path, Keeps(a=object()))


def test_without_a_checkpoint_nothing_is_described(tmp_path):
    class Silent:
        def __reduce_ex__(self, protocol):
            raise AssertionError

    run(tmp_path, Keeps(a=None), params={"note": Silent()}, checkpoint=None)
    run(tmp_path, Ridge(), {"alpha": [1.0]}, scoring=holding(Silent()), checkpoint=None)
