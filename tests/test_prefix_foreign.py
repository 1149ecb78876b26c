"""Steps that a stranger wrote: they write where they should not, draw in secret, and raise when they are looked at."""

import itertools
import random
from collections import Counter

import numpy as np
import pytest
import scipy.sparse
from quick import slow_but
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.datasets import load_iris
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.manifold import Isomap
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PowerTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

import skhpo
from skhpo.fits.prefix import graph, loan

X, Y = load_iris(return_X_y=True)
ROWS = np.random.RandomState(0).permutation(len(X))[:90]
X, Y = X[ROWS], Y[ROWS]
N_SPLITS = 2
C = {"model__C": [0.01, 1.0, 100.0]}
TWO = {
    "scoring": {"a": make_scorer(accuracy_score), "b": lambda model, X, y: model.score(X, y)},
    "refit": False,
    "return_train_score": True,
}
COUNTS = Counter()
CLOCK = itertools.count()


class Step(TransformerMixin, BaseEstimator):
    """Shifts; counts its fits."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y=None):
        COUNTS["fits"] += 1
        self.mean_ = np.mean(X, axis=0) + self.shift
        return self

    def transform(self, X):
        COUNTS["transforms"] += 1
        return X - self.mean_


@pytest.fixture(autouse=True)
def anew():
    begin_anew()


def begin_anew():
    global CLOCK  # noqa: PLW0603  (what no parameter tells)
    COUNTS.clear()
    CLOCK = itertools.count()
    np.random.seed(0)  # noqa: NPY002  (the generator that is watched)
    random.seed(0)


def pipeline(*steps, model=None):
    named = [(f"s{number}", step) for number, step in enumerate(steps)]
    return Pipeline([*named, ("model", model or LogisticRegression(max_iter=3000, tol=0.01))])


def outcome(cls, make, grid=None, data=X, y=Y, **settings):
    begin_anew()
    settings = {"cv": N_SPLITS, "refit": False, **settings}
    data = data() if callable(data) else data
    results = cls(make(), C if grid is None else grid, **settings).fit(data, y).cv_results_
    found = {name: value for name, value in results.items() if "_test_" in name or "_train_" in name}
    return found, COUNTS["fits"]


def compare(make, *args, **settings):
    """Assert that the scores are scikit-learn's; return how many fits were counted, ours and theirs."""
    theirs, n_theirs = outcome(GridSearchCV, make, *args, **settings)
    ours, n_ours = outcome(skhpo.GridSearchCV, make, *args, **settings)
    for name in theirs:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
        assert not np.isnan(np.asarray(ours[name], float)).any(), "the fits succeed"
    return n_ours, n_theirs


# ------------------------------------------------------------------ steps that write


def test_in_place_through_copy_on_write():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(np.random.RandomState(0).lognormal(size=(90, 4)), columns=list("abcd"))
    target = np.log(frame).to_numpy().sum(axis=1) + np.random.RandomState(1).normal(size=90)

    def make():
        return make_pipeline(SimpleImputer().set_output(transform="pandas"), PowerTransformer(copy=False), Ridge())

    compare(make, {"ridge__alpha": [0.1, 1.0, 10.0]}, frame, target, return_train_score=True)


def ruin(data):  # noqa: C901  (one branch per container)
    """Write into samples, whatever holds them, and around whatever protects them."""
    if isinstance(data, np.ndarray):
        if data.dtype == object:
            for each in data.flat:
                if isinstance(each, list):
                    each[0] = 7.0 - each[0]
        else:
            data.flags.writeable = True
            data[:] = data[::-1].copy()
    elif isinstance(data, list):
        for row in data:
            if isinstance(row, list):
                row[:] = [7.0 - each for each in row]
        data.reverse()
    elif scipy.sparse.issparse(data):
        data.data[:] = data.data[::-1].copy()
    elif type(data).__module__.startswith("pandas"):
        whole = np.asarray(data)
        if whole.dtype == float:
            whole.flags.writeable = True  # as scikit-learn does where it is told not to copy
            whole[:] = whole[::-1].copy()
        data.iloc[0, 0] = data.iloc[1, 0]
        data[data.columns[-1]] = data[data.columns[0]]
    else:  # polars
        data[0, 0] = data[1, 0]
        data.replace_column(1, data.to_series(0).alias("x1"))


def numbers(data):
    """Return the samples as numbers, in an array of their own."""
    if isinstance(data, np.ndarray) and data.dtype == object:
        return np.array([[each[0] if isinstance(each, list) else float(each) for each in row] for row in data])
    if type(data).__module__.startswith("pandas"):
        columns = [data[name] for name in data]
        return np.column_stack([c.cat.codes if str(c.dtype) == "category" else c.astype(float) for c in columns])
    return np.array(data.toarray() if scipy.sparse.issparse(data) else data, dtype=float)


class Ruins(TransformerMixin, BaseEstimator):
    """Writes into what it is given after it has used it."""

    def __init__(self, when="fit", shift=0.0):
        self.when = when
        self.shift = shift

    def fit(self, X, y=None):
        self.mean_ = numbers(X).mean(axis=0) + self.shift
        if self.when == "fit":
            ruin(X)
        return self

    def transform(self, X):
        found = numbers(X) - self.mean_
        if self.when == "transform":
            ruin(X)
        return found


class RuinsLast(ClassifierMixin, BaseEstimator):
    """A last step that does the same."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        self.model_ = LogisticRegression(C=self.C, max_iter=3000).fit(numbers(X), y)
        self.classes_ = self.model_.classes_
        ruin(X)
        y[:5] = y[5]
        return self

    def predict(self, X):
        found = self.model_.predict(numbers(X))
        ruin(X)
        return found


def gaps(X):
    return np.repeat(X, 2, axis=1)[:, ::2]


def with_lists(X):
    found = np.empty((len(X), 2), dtype=object)
    found[:, 0] = [[each] for each in X[:, 0].tolist()]
    found[:, 1] = X[:, 1]
    return found


def framed(X, **columns):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X.copy(), columns=[f"x{number}" for number in range(X.shape[1])], copy=False)
    return frame.assign(**columns)


def mixed(X):
    pandas = pytest.importorskip("pandas")
    return framed(
        X,
        text=[f"{each:.1f}" for each in X[:, 0]],
        kind=pandas.Categorical([f"{each:.0f}" for each in X[:, 1]]),
        whole=pandas.array(X[:, 2].astype(int), dtype="Int64"),
        flag=X[:, 3] > 1,
    ).drop(columns=["x3"])


def in_polars(X):
    return pytest.importorskip("polars").DataFrame(X, schema=[f"x{number}" for number in range(X.shape[1])])


CONTAINERS = {
    "array": np.copy,
    "columns": np.asfortranarray,
    "gaps": gaps,
    "small numbers": lambda X: X.astype(np.float32),
    "lists": lambda X: X.tolist(),
    "objects": with_lists,
    "csr": scipy.sparse.csr_matrix,
    "csc": scipy.sparse.csc_array,
    "frame": framed,
    "frame of several kinds": mixed,
    "polars": in_polars,
}


def skip_without_library(name):
    if "frame" in name:
        pytest.importorskip("pandas")
    if name == "polars":
        pytest.importorskip("polars")


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("when", slow_but({"fit"}, ["fit", "transform"]))
def test_nothing_kept_is_written_into(name, when):
    """By a step behind one that is reused."""
    skip_without_library(name)
    grid = {"s1__shift": [0.0, 1.0, 2.0], "model__var_smoothing": [1e-9, 1.0]}
    compare(lambda: pipeline(FunctionTransformer(CONTAINERS[name]), Ruins(when), model=GaussianNB()), grid, **TWO)


@pytest.mark.parametrize("name", CONTAINERS)
def test_nothing_kept_is_written_into_by_a_last_step(name):
    skip_without_library(name)
    compare(lambda: pipeline(FunctionTransformer(CONTAINERS[name]), model=RuinsLast()), C, **TWO)


@pytest.mark.parametrize("name", CONTAINERS)
@pytest.mark.parametrize("when", ["fit", "transform"])
def test_who_writes_into_the_samples_is_not_reused(name, when):
    """By the first step: who scores the training side sees what it wrote."""
    skip_without_library(name)
    grid = {"model__var_smoothing": [1e-9, 1e-2, 1.0]}
    compare(lambda: pipeline(Ruins(when), model=GaussianNB()), grid, data=lambda: CONTAINERS[name](X), **TWO)


def test_who_writes_into_the_target_is_not_reused():
    class WritesTarget(Step):
        def fit(self, X, y):
            y[:10] = y[10]
            return super().fit(X, y)

    ours, theirs = compare(lambda: pipeline(WritesTarget()), return_train_score=True)
    assert ours == theirs


@pytest.mark.parametrize("name", ["array", "frame"])
def test_samples_that_are_passed_on_are_written_into_behind(name):
    skip_without_library(name)
    make = CONTAINERS[name]
    compare(lambda: pipeline(FunctionTransformer(), model=RuinsLast()), data=lambda: make(X), **TWO)
    compare(lambda: pipeline(FunctionTransformer(np.asarray), model=RuinsLast()), data=lambda: make(X), **TWO)


@pytest.mark.parametrize("step", [StandardScaler(), Step()], ids=["scikit-learn's", "foreign"])
def test_a_scorer_that_writes_into_fitted_steps(step):
    def writes(model, X, y):
        found = model.score(X, y)
        model[0].mean_ *= 100.0
        return found + model.score(X, y)

    ours, theirs = compare(lambda: pipeline(step), scoring=writes, return_train_score=True)
    assert ours < theirs or isinstance(step, StandardScaler), "it is reused all the same"


class Embeds(Step):
    """Gives its own array away, and looks it up later."""

    def fit_transform(self, X, y=None):
        super().fit(X, y)
        self.rows_, self.embedding_ = X, X - self.mean_
        return self.embedding_

    def transform(self, X):
        nearest = ((X[:, None] - self.rows_) ** 2).sum(axis=2).argmin(axis=1)
        return self.embedding_[nearest]


@pytest.mark.parametrize("step", [Isomap(n_neighbors=20), Embeds()], ids=["scikit-learn's", "foreign"])
def test_what_is_one_array_in_a_step_and_behind_it_stays_one(step):
    compare(lambda: pipeline(step, StandardScaler(copy=False)), **TWO)
    compare(lambda: pipeline(step, model=RuinsLast()), **TWO)


def test_a_step_that_keeps_its_samples():
    def writes(model, X, y):
        found = model.score(X, y)
        X *= 0.5
        return found + model.score(X, y)

    compare(lambda: pipeline(Embeds()), scoring=writes, return_train_score=True)


class Moving(Step):
    """Changes as it transforms."""

    def transform(self, X):
        self.mean_ = self.mean_ + 0.5
        return super().transform(X)


class MovingInside(Step):
    """Changes an array of its own as it transforms."""

    def transform(self, X):
        found = super().transform(X)
        self.mean_ += 0.5
        return found


@pytest.mark.parametrize("cls", [Moving, MovingInside])
def test_a_step_that_transforming_changes(cls):
    compare(lambda: pipeline(cls()), **TWO)
    compare(lambda: pipeline(StandardScaler(), cls(), MinMaxScaler()), **TWO)


# ------------------------------------------------------------------ steps that draw


def noisy(X):
    return X + np.random.randn(*X.shape)  # noqa: NPY002


def noisy_in_python(X):
    return X + random.gauss(0.0, 1.0)


def ticks():
    """Return what differs each time, as a clock or a generator without a seed; the same in each search."""
    return np.random.RandomState(next(CLOCK)).normal(size=4)


class Draws(Step):
    """Draws while it is fitted or transforms, from where it is told to."""

    def __init__(self, when="transform", what="numpy", shift=0.0):
        super().__init__(shift)
        self.when = when
        self.what = what

    def _noise(self):
        if self.what == "numpy":
            return np.random.randn(4)  # noqa: NPY002
        if self.what == "numpy, seeded":
            np.random.seed(3)  # noqa: NPY002
            return np.random.randn(4)  # noqa: NPY002
        return random.gauss(0, 1) if self.what == "python" else ticks()

    def fit(self, X, y=None):
        super().fit(X, y)
        if self.when == "fit":
            self.mean_ = self.mean_ + self._noise()
        return self

    def fit_transform(self, X, y=None):
        return Step.transform(self.fit(X, y), X) if self.when == "later" else self.fit(X, y).transform(X)

    def transform(self, X):
        return super().transform(X) + (0.0 if self.when == "fit" else self._noise())


@pytest.mark.parametrize("what", ["numpy", "numpy, seeded", "python", "secret"])
@pytest.mark.parametrize("when", slow_but({"later"}, ["fit", "transform", "later"]))
def test_who_draws_is_not_reused(when, what):
    ours, theirs = compare(lambda: pipeline(Draws(when, what)), **TWO)
    assert ours == theirs, "fitted each time"
    compare(
        lambda: pipeline(StandardScaler(), Draws(when, what), Step(), model=NEIGHBOURS), GRID, return_train_score=True
    )


NEIGHBOURS = KNeighborsClassifier()
GRID = {"model__n_neighbors": [1, 5, 9], "s2__shift": [0.0, 1.0]}


@pytest.mark.parametrize("function", [noisy, noisy_in_python], ids=["numpy", "python"])
def test_functions_that_draw(function):
    compare(lambda: pipeline(FunctionTransformer(function)), return_train_score=True)


def test_a_function_with_a_generator_of_its_own():
    def make():
        rng = np.random.default_rng(0)
        return pipeline(FunctionTransformer(lambda X: X + rng.normal(size=X.shape)))

    compare(make, return_train_score=True)
    compare(lambda: pipeline(FunctionTransformer(lambda X: X + ticks())), return_train_score=True)


def test_drawing_for_some_parameters_only():
    grid = {**C, "s0__when": ["fit", "transform"], "s0__what": ["numpy", "secret"], "s0__shift": [0.0]}
    compare(lambda: pipeline(Draws()), grid)


def test_who_only_says_to_be_random_is_reused():
    ours, theirs = compare(lambda: pipeline(Step()))
    assert (ours, theirs) == (N_SPLITS + 1, 3 * N_SPLITS), "fitted once more, to compare"


def test_drawing_inside_of_a_step_of_scikit_learns():
    compare(lambda: pipeline(SelectFromModel(DecisionTreeClassifier(random_state=0)), FunctionTransformer(noisy)))
    compare(lambda: pipeline(Pipeline([("a", StandardScaler()), ("b", Draws("fit", "secret"))])), **TWO)


# ------------------------------------------------------------------ steps that cannot be looked at


class RaisesOnNames(Step):
    """Answers to unknown names as a dictionary would."""

    def __getattr__(self, name):
        raise AttributeError(name) if name.startswith("_") else KeyError(name)


class Raw:
    """Has no bases, and every special method of it raises but for those that scikit-learn calls."""

    def __init__(self, shift=0.0):
        vars(self)["shift"] = shift

    def get_params(self, deep=True):
        return {"shift": vars(self)["shift"]}

    def set_params(self, **params):
        vars(self).update(params)
        return self

    def fit(self, X, y=None):
        vars(self)["mean_"] = np.mean(X, axis=0) + vars(self)["shift"]
        return self

    def transform(self, X):
        return X - vars(self)["mean_"]

    def __getattr__(self, name):
        raise AttributeError(name) if name.startswith("_") or name == "fit_transform" else RuntimeError(name)

    def __setattr__(self, name, value):
        if not name.startswith("_"):
            raise RuntimeError(name)
        vars(self)[name] = value

    def _raises(self, *args):
        raise RuntimeError("no")

    __len__ = __iter__ = __sizeof__ = __copy__ = __deepcopy__ = __reduce__ = __reduce_ex__ = _raises
    __getstate__ = __setstate__ = __dir__ = __bool__ = __hash__ = _raises


class Property(BaseEstimator):
    """Its transform is a property."""

    __init__, fit = Step.__init__, Step.fit

    @property
    def transform(self):
        return lambda X: X - self.mean_


class Slots:
    """Has no dictionary."""

    __slots__ = ("_parent_callback_ctx", "mean_", "shift")  # the first is what scikit-learn sets

    def __init__(self, shift=0.0):
        self.shift = shift

    def get_params(self, deep=True):
        return {"shift": self.shift}

    def set_params(self, shift):
        self.shift = shift
        return self

    def fit(self, X, y=None):
        COUNTS["fits"] += 1
        self.mean_ = np.mean(X, axis=0) + self.shift
        return self

    def transform(self, X):
        return X - self.mean_


class Frozen(Step):
    """Lets nobody set what is not its own."""

    def __setattr__(self, name, value):
        if name not in {"shift", "mean_", "_parent_callback_ctx"}:
            raise TypeError(name)
        super().__setattr__(name, value)


class Watcher(Step):
    """Looks up all names in its own way."""

    def __getattribute__(self, name):
        return object.__getattribute__(self, name)


class Handle:
    """Stands for memory that another library keeps: nobody may copy it, nor ask it anything."""

    def __init__(self):
        self.address = 1

    def __getattr__(self, name):
        raise OSError(name)

    def __deepcopy__(self, memo):
        raise ValueError("no copies")

    __reduce_ex__ = __eq__ = __sizeof__ = __iter__ = __len__ = __bool__ = __repr__ = __hash__ = __deepcopy__


class HoldsHandle(Step):
    def fit(self, X, y=None):
        self.handle_ = Handle()
        return super().fit(X, y)


class HoldsHandleInDict(Step):
    def fit(self, X, y=None):
        self.handles_ = {"one": [Handle()], 2: (Handle(),)}
        return super().fit(X, y)


class HoldsFile(Step):
    def fit(self, X, y=None):
        self.lock_, self.rows_ = iter(()), (row for row in X)
        return super().fit(X, y)


class Chain:
    def __init__(self, n):
        self.next = None
        here = self
        for _ in range(n):
            here.next = type(self).__new__(type(self))
            here = here.next
        here.next = None


class HoldsChain(Step):
    """Holds more objects, one in the other, than there may be calls."""

    def fit(self, X, y=None):
        self.chain_ = Chain(5000)
        return super().fit(X, y)


class HoldsMany(Step):
    """Holds more objects than it would be cheap to look at."""

    def fit(self, X, y=None):
        self.many_ = [[number] for number in range(1000)]
        return super().fit(X, y)


STRANGE = {"names": RaisesOnNames, "raw": Raw, "property": Property, "slots": Slots, "frozen": Frozen, "looks": Watcher}
KEPT_OUT = {
    "handle": HoldsHandle, "handles": HoldsHandleInDict, "file": HoldsFile, "chain": HoldsChain, "many": HoldsMany
}  # fmt: skip


@pytest.mark.parametrize("name", [*STRANGE, *KEPT_OUT])
def test_strange_steps_are_fitted_as_ever(name, monkeypatch):
    monkeypatch.setattr(graph, "MAX_OBJECTS", 500)
    cls = {**STRANGE, **KEPT_OUT}[name]
    ours, theirs = compare(lambda: pipeline(StandardScaler(), cls()), {**C, "s1__shift": [0.0, 1.0]}, **TWO)
    if name in KEPT_OUT:
        assert ours == theirs, "what cannot be copied is not kept"
    elif theirs:
        assert ours == 2 * (N_SPLITS + 1) < theirs, "and reused where it can be"


def test_what_cannot_be_kept_is_looked_at_once(monkeypatch):
    surveys = []

    class Counting(graph.Survey):
        def add(self, value):
            surveys.append(type(value))
            return super().add(value)

    monkeypatch.setattr(loan, "Survey", Counting)
    monkeypatch.setattr(graph, "MAX_OBJECTS", 500)
    compare(lambda: pipeline(HoldsMany()))
    assert surveys.count(tuple) <= 2, "the training side and the steps, in the first of nine fits"


class Strange:
    """Samples of a kind of their own."""

    def __init__(self, values):
        self.values = values

    def __len__(self):
        return len(self.values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype)

    @property
    def shape(self):
        return self.values.shape

    def __getattr__(self, name):
        if name.startswith("__") or name in {"dtype", "sparse", "dtypes", "iloc", "columns", "ndim"}:
            raise AttributeError(name)
        raise KeyError(name)

    def __reduce_ex__(self, protocol):
        raise OSError("not to be copied")

    __copy__ = __deepcopy__ = __reduce_ex__


def test_samples_of_a_strange_kind():
    compare(lambda: pipeline(FunctionTransformer(Strange), FunctionTransformer(np.asarray)), return_train_score=True)


@pytest.mark.parametrize("name", ["twin", "Survey", "is_same", "Watch", "step_key", "class_attribute"])
@pytest.mark.parametrize("after", slow_but({5}, [0, 5]))
def test_whatever_fails_in_the_cache_no_fit_does(monkeypatch, name, after):
    calls, real = itertools.count(), getattr(loan, name)

    def fails(*args, **kwargs):
        if next(calls) >= after:
            raise MemoryError
        return real(*args, **kwargs)

    monkeypatch.setattr(loan, name, fails)
    compare(lambda: pipeline(StandardScaler(), Step()), {**C, "s1__shift": [0.0, 1.0]}, **TWO)
    assert next(calls) > after


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_umap():
    umap = pytest.importorskip("umap")
    reducer = umap.UMAP(random_state=0, n_epochs=20)
    compare(
        lambda: Pipeline([("umap", reducer), ("model", KNeighborsClassifier())]),
        {"model__n_neighbors": [1, 3, 5, 9]},
        return_train_score=True,
    )
