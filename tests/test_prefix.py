"""Fitted prefixes are used again, and nothing but the times tells."""

import copy
import gc
import io
import pickle
import threading
import warnings
import weakref
from collections import Counter
from contextlib import redirect_stdout

import joblib
import numpy as np
import pytest
import scipy.sparse
import sklearn
from quick import slow_but
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401  (IterativeImputer needs it)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectFromModel
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC

import skhpo
from skhpo.fits.prefix import PrefixCache
from skhpo.fits.prefix.graph import Survey, twin
from skhpo.fits.prefix.key import NotReusable, step_key
from skhpo.fits.prefix.same import is_same

X, Y = load_iris(return_X_y=True)
ROWS = np.random.RandomState(0).permutation(len(X))[:90]
X, Y = X[ROWS], Y[ROWS]
N_SPLITS = 3
TEXT = [f"w{a:.0f} w{b:.0f} v{c:.0f} u{d:.0f}" for a, b, c, d in X]
HOLES = np.where(np.random.RandomState(1).uniform(size=X.shape) < 0.1, np.nan, X)
COUNTS = Counter()


class Counted(TransformerMixin, BaseEstimator):
    """Shifts, and counts its fits and transforms."""

    def __init__(self, *, shift=0.0, name="a", random_state=0, warm_start=False, copy=True, extra=None):
        self.shift = shift
        self.name = name
        self.random_state = random_state
        self.warm_start = warm_start
        self.copy = copy
        self.extra = extra

    def fit(self, X, y=None, sample_weight=None):
        COUNTS[self.name] += 1
        self.mean_ = np.average(X, axis=0, weights=sample_weight) + self.shift
        return self

    def transform(self, X):
        COUNTS[f"{self.name} transforms"] += 1
        return X - self.mean_


class Known(Counted):
    """As if it were scikit-learn's."""


Known.__module__ = "sklearn.made_up"


class Broken(Counted):
    """Fails for one shift."""

    def fit(self, X, y=None):
        super().fit(X, y)
        if self.shift == 1.0:
            raise ValueError("No shift by one.")
        return self


class BrokenLater(Counted):
    """Fails where it is used."""

    def transform(self, X):
        if self.shift == 1.0 and len(X) == 30:
            raise ValueError("No thirty rows.")
        return super().transform(X)


class Vandal(ClassifierMixin, BaseEstimator):
    """Writes into whatever it is given."""

    def __init__(self, factor=1.0):
        self.factor = factor

    def fit(self, X, y):
        self.model_ = GaussianNB().fit(X * self.factor, y)
        self.classes_ = self.model_.classes_
        X *= 100.0
        return self

    def predict(self, X):
        found = self.model_.predict(X * self.factor)
        X -= 7.0
        return found


@pytest.fixture(autouse=True)
def counts():
    COUNTS.clear()
    return COUNTS


def search(estimator, grid, data=X, y=Y, *, cls=skhpo.GridSearchCV, fit=None, **settings):
    found = cls(estimator, grid, **{"cv": N_SPLITS, **settings})
    return found.fit(data, y, **(fit or {}))


def scores(results):
    return {name: np.asarray(value) for name, value in results.items() if "_time" not in name}


def assert_equal(one, other):
    one, other = scores(one.cv_results_), scores(other.cv_results_)
    assert one.keys() == other.keys()
    for name in one:
        if name == "params" or one[name].dtype.hasobject:
            assert [str(value) for value in one[name]] == [str(value) for value in other[name]], name
        else:
            np.testing.assert_array_equal(one[name], other[name], err_msg=name)


# ------------------------------------------------------------------ to the bit

NUMBERS = ColumnTransformer(
    [("scaled", StandardScaler(), make_column_selector(pattern="[abc]")), ("binned", OneHotEncoder(), ["d"])]
)


def as_frame():
    pandas = pytest.importorskip("pandas")
    return pandas.DataFrame(X[:, :3], columns=list("abc")).assign(d=(X[:, 3] > 1).astype(int))


def two_metrics(estimator, X, y):
    """Asks the parts of a pipeline, and a pipeline about other data."""
    hidden = estimator[:-1].transform(X)
    noisy = X + np.random.RandomState(0).normal(size=X.shape)
    first = estimator[:1].transform(X)
    assert np.array_equal(estimator[1:].predict(first), estimator.predict(X))
    changed = X.copy()
    before = estimator.predict(changed)
    changed += 1.0
    return {
        "hidden": float(hidden.sum()),
        "noisy": estimator.score(noisy, y),
        "moved": float(np.mean(before == estimator.predict(changed))),
        "again": clone(estimator).fit(X[::2], y[::2]).score(X, y),
        "deep": copy.deepcopy(estimator).fit(noisy, y).score(X, y),
        "pickled": pickle.loads(pickle.dumps(estimator)).fit(noisy, y).score(X, y),  # noqa: S301
        "itself": estimator.fit(noisy, y).score(X, y),
    }


LOGISTIC = LogisticRegression(max_iter=2000, tol=0.01)
CASES = {
    "scaler": (make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1.0, 10.0]}, {}),
    "three steps": (
        make_pipeline(
            QuantileTransformer(n_quantiles=20, random_state=0), PCA(random_state=0), SGDClassifier(random_state=0)
        ),
        {"pca__n_components": [2, 3], "sgdclassifier__alpha": [1e-4, 1e-2]},
        {"return_train_score": True},
    ),
    "views with gaps": (
        make_pipeline(FunctionTransformer(lambda X: (X * 2.0)[:, ::-2]), StandardScaler(), LOGISTIC),
        {"logisticregression__C": [0.1, 1.0]},
        {"return_train_score": True},
    ),
    "the identity": (
        make_pipeline(FunctionTransformer(), SVC()), {"svc__C": [0.1, 1.0]}, {"return_train_score": True}
    ),
    "unseeded, drawing nothing": (make_pipeline(PCA(2), SVC()), {"svc__C": [0.1, 1.0]}, {}),
    "metrics": (
        make_pipeline(StandardScaler(), PCA(2, random_state=0), LOGISTIC), {"logisticregression__C": [0.1, 1.0]},
        {"scoring": ["accuracy", "neg_log_loss", "f1_macro"], "refit": "accuracy", "return_train_score": True},
    ),
    "a scorer that looks inside": (
        make_pipeline(StandardScaler(), PCA(random_state=0), LOGISTIC),
        {"pca__n_components": [2, 3], "logisticregression__C": [0.1, 1.0]},
        {"scoring": two_metrics, "refit": False, "return_train_score": True},
    ),
    "steps replaced": (
        Pipeline([("scale", StandardScaler()), ("reduce", PCA(random_state=0)), ("model", SVC())]),
        {
            "scale": ["passthrough", MinMaxScaler(), StandardScaler(with_mean=False)],
            "reduce": [None, PCA(2, random_state=0)],
            "model__C": [0.1, 1.0],
        },
        {},
    ),
    "nested": (
        make_pipeline(
            make_pipeline(StandardScaler(), PCA(3, random_state=0)),
            FeatureUnion([("same", "passthrough"), ("small", PCA(1, random_state=0))]),
            KNeighborsClassifier(),
        ),
        {"kneighborsclassifier__n_neighbors": [1, 5], "featureunion__small__whiten": [True, False]},
        {},
    ),
    "a prefix that fails": (
        make_pipeline(StandardScaler(), Broken(), SVC()), {"broken__shift": [0.0, 1.0], "svc__C": [0.1, 1.0]}, {}
    ),
    "the transform fails": (
        make_pipeline(StandardScaler(), BrokenLater(), SVC()), {"brokenlater__shift": [0.0, 1.0], "svc__C": [0.1, 1.0]},
        {},
    ),
    "a last step that writes": (
        make_pipeline(StandardScaler(), PCA(random_state=0), Vandal()),
        {"vandal__factor": [0.5, 1.0, 2.0]},
        {"return_train_score": True, "scoring": ["accuracy", "f1_macro"], "refit": False},
    ),
    "a middle step that writes": (
        make_pipeline(MinMaxScaler(), StandardScaler(copy=False), Normalizer(copy=False), LOGISTIC),
        {"logisticregression__C": [0.1, 1.0]},
        {"return_train_score": True, "scoring": ["accuracy", "roc_auc_ovr"], "refit": False},
    ),
    "a first step that writes": (
        make_pipeline(StandardScaler(copy=False), LOGISTIC), {"logisticregression__C": [0.1, 1.0]},
        {"return_train_score": True, "scoring": ["accuracy", "neg_log_loss"], "refit": False},
    ),
    "imputed": (
        make_pipeline(SimpleImputer(), IterativeImputer(sample_posterior=True, max_iter=2, random_state=0), LOGISTIC),
        {"logisticregression__C": [0.1, 1.0]},
        {"data": HOLES, "scoring": ["accuracy", "neg_log_loss"], "refit": False, "return_train_score": True},
    ),
    "draws as it transforms": (
        make_pipeline(IterativeImputer(sample_posterior=True, max_iter=2, random_state=0), LOGISTIC),
        {"logisticregression__C": [0.1, 1.0]},
        {"data": HOLES, "scoring": ["accuracy", "neg_log_loss"], "refit": False, "return_train_score": True},
    ),
    "sparse": (
        make_pipeline(StandardScaler(with_mean=False), TruncatedSVD(2, random_state=0), SVC()), {"svc__C": [0.1, 1.0]},
        {"data": scipy.sparse.csr_matrix(X)},
    ),
    "text": (
        make_pipeline(TfidfVectorizer(), SGDClassifier(random_state=0)),
        {"tfidfvectorizer__ngram_range": [(1, 1), (1, 2)], "sgdclassifier__alpha": [1e-4, 1e-2]},
        {"data": TEXT, "return_train_score": True},
    ),
    "lists": (make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1.0]}, {"data": X.tolist(), "y": Y.tolist()}),
    "columns of a data frame": (
        make_pipeline(NUMBERS, LOGISTIC),
        {"columntransformer__scaled__with_mean": [True, False], "logisticregression__C": [0.1, 1.0]},
        {"data": "frame"},
    ),
    "data frames inside": (
        make_pipeline(StandardScaler(), PCA(2, random_state=0), LOGISTIC).set_output(transform="pandas"),
        {"logisticregression__C": [0.1, 1.0], "pca__whiten": [True, False]},
        {"data": "frame", "return_train_score": True},
    ),
    "containers that differ": (
        Pipeline([("scale", StandardScaler()), ("model", LOGISTIC)]),
        {"scale": [StandardScaler(), "pandas"], "model__C": [0.1, 1.0]},
        {"data": "frame"},
    ),
    "no target": (
        make_pipeline(StandardScaler(), PCA(random_state=0)), {"pca__n_components": [1, 2]}, {"y": None}
    ),
}  # fmt: skip
LONG = {"a scorer that looks inside", "draws as it transforms"}


def prepared(name):
    estimator, grid, settings = CASES[name]
    settings = dict(settings)
    if isinstance(settings.get("data"), str):
        settings["data"] = as_frame()
    if name == "containers that differ":
        grid = {**grid, "scale": [StandardScaler(), StandardScaler().set_output(transform="pandas")]}
    return estimator, grid, settings


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:Scoring failed", "ignore:One or more of the", "ignore:.*IterativeImputer")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", slow_but(CASES.keys() - LONG, CASES))
def test_results_are_the_same_to_the_bit(name):
    estimator, grid, settings = prepared(name)
    ours = search(estimator, grid, **settings)
    assert_equal(ours, search(estimator, grid, cache_prefix=False, **settings))
    assert_equal(ours, search(estimator, grid, cls=GridSearchCV, **settings))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the")
@pytest.mark.parametrize("backend", ["loky", "threading"])
@pytest.mark.parametrize("name", ["three steps", "columns of a data frame", "text", "a prefix that fails", "metrics"])
def test_results_are_the_same_with_workers(name, backend):
    estimator, grid, settings = prepared(name)
    with joblib.parallel_config(backend):
        ours = search(estimator, grid, n_jobs=2, **settings)
    assert_equal(ours, search(estimator, grid, cache_prefix=False, **settings))


def test_samplers_see_the_same():
    pipe = make_pipeline(StandardScaler(), PCA(random_state=0), SVC())
    space = {"pca__n_components": [1, 2, 3], "svc__C": skhpo.Float(1e-2, 1e2, log=True)}
    for cls in (skhpo.RandomSearchCV, skhpo.BayesSearchCV):
        one, other = (
            cls(pipe, space, n_iter=8, cv=3, random_state=0, cache_prefix=on).fit(X, Y) for on in (True, False)
        )
        assert_equal(one, other)


def failures(estimator, grid, **settings):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search(estimator, grid, **settings)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize(
    ("name", "reason"), [("a prefix that fails", "No shift by one."), ("the transform fails", "No thirty rows.")]
)
def test_tracebacks_are_the_same(name, reason):
    estimator, grid, _ = CASES[name]
    ours, plain = (failures(estimator, grid, cache_prefix=on) for on in (True, False))
    assert ours == plain
    assert reason in ours[0]
    assert "skhpo/prefix" not in "".join(ours)


def test_metadata_is_routed_the_same():
    weights = np.random.RandomState(0).uniform(0.1, 3, size=len(X))
    pipe = make_pipeline(StandardScaler(), Counted(), SVC())
    grid = {"svc__C": [0.1, 1.0]}
    fit = {"counted__sample_weight": weights, "svc__sample_weight": weights}
    ours = search(pipe, grid, fit=fit)
    assert COUNTS["a"] == N_SPLITS + AGAIN + 1
    assert_equal(ours, search(pipe, grid, fit=fit, cls=GridSearchCV))
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=True),
            Counted().set_fit_request(sample_weight=True),
            LogisticRegression(max_iter=2000).set_fit_request(sample_weight=False),
        )
        grid = {"logisticregression__C": [0.1, 1.0]}
        settings = {
            "fit": {"sample_weight": weights},
            "scoring": get_scorer("neg_log_loss").set_score_request(sample_weight=True),
        }
        ours = search(pipe, grid, **settings)
        assert_equal(ours, search(pipe, grid, cls=GridSearchCV, **settings))
        # The requests of a step are not among its parameters.
        steps = [Counted().set_fit_request(sample_weight=asked) for asked in (True, False)]
        ours = search(pipe, {"counted": steps, **grid}, **settings)
        assert_equal(ours, search(pipe, {"counted": steps, **grid}, cls=GridSearchCV, **settings))


def test_transformed_metadata_is_the_same():
    class Validated(LogisticRegression):
        def fit(self, X, y, X_val=None):
            self.seen_ = float(X_val.sum())
            return super().fit(X, y)

    with sklearn.config_context(enable_metadata_routing=True):
        last = Validated(max_iter=2000).set_fit_request(X_val=True)
        pipe = Pipeline(
            [("a", StandardScaler()), ("b", PCA(2, random_state=0)), ("c", last)], transform_input=["X_val"]
        )
        fit = {"X_val": X[:7]}
        settings = {
            "fit": fit,
            "scoring": lambda estimator, X, y: estimator[-1].seen_ + np.mean(estimator.predict(X) == y),
        }
        ours = search(pipe, {"c__C": [0.1, 1.0]}, **settings)
        assert_equal(ours, search(pipe, {"c__C": [0.1, 1.0]}, cls=GridSearchCV, **settings))


# ------------------------------------------------------------------ how often


def counted(**params):
    return Pipeline([("a", Counted(name="a")), ("b", Counted(name="b", **params)), ("model", SVC())])


GRID = {"b__shift": [0.0, 1.0, 2.0], "model__C": [0.1, 1.0, 10.0, 100.0]}
AGAIN = 1  # a step that is not scikit-learn's is fitted once more with each of its parameters, to compare


@pytest.mark.parametrize("scoring", [None, ["accuracy", "roc_auc_ovr_weighted"]])
def test_each_prefix_is_fitted_once_per_split(scoring):
    search(counted(), GRID, refit=False, scoring=None if scoring is None else "accuracy")
    assert COUNTS["a"] == N_SPLITS + AGAIN
    assert COUNTS["b"] == 3 * (N_SPLITS + AGAIN)
    assert COUNTS["a transforms"] == 2 * (N_SPLITS + AGAIN), "the training side and the test side"
    assert COUNTS["b transforms"] == 2 * 3 * (N_SPLITS + AGAIN)


def test_what_is_known_is_fitted_once_per_split():
    """Steps of scikit-learn's own are not fitted again to compare."""
    search(Pipeline([("a", Known()), ("b", Known(name="b")), ("model", SVC())]), GRID, refit=False)
    assert COUNTS["a"] == N_SPLITS
    assert COUNTS["b"] == 3 * N_SPLITS
    assert COUNTS["b transforms"] == 2 * 3 * N_SPLITS


def test_train_scores_transform_the_training_side_once_more():
    search(counted(), GRID, refit=False, return_train_score=True)
    assert COUNTS["a transforms"] == 3 * N_SPLITS + 2 * AGAIN


def test_the_refit_is_a_fit():
    found = search(counted(), GRID)
    assert COUNTS["a"] == N_SPLITS + AGAIN + 1
    assert found.best_estimator_.memory is None
    assert "transform" not in vars(found.best_estimator_[0])


def test_threads_share_and_workers_do_not():
    pipe = counted().set_params(model=SVC(random_state=0))  # without a seed it draws, maybe while a step is watched
    with joblib.parallel_config("threading"):
        search(pipe, GRID, refit=False, n_jobs=2)
    assert N_SPLITS + AGAIN <= COUNTS["a"] <= 2 * (N_SPLITS + AGAIN), "two threads may begin the same"


def test_a_new_search_begins_anew():
    found = search(counted(), GRID, refit=False)
    first = COUNTS["a"]
    found.fit(X + 1.0, Y)
    assert COUNTS["a"] == 2 * first


@pytest.mark.slow
def test_what_is_not_in_the_cache_may_be_behind_something_that_is(monkeypatch):
    pipe = Pipeline([("wide", FunctionTransformer(np.tile, kw_args={"reps": (1, 50)})), *counted().steps])
    for max_bytes in (0, 3_000, 30_000, 150_000, 10**6):
        monkeypatch.setattr("skhpo.search.base.PrefixCache", lambda size=max_bytes: Watched(size))
        ours = search(pipe, GRID)
        assert (0 if max_bytes < 150_000 else 90_000) <= Watched.most <= max_bytes
        assert_equal(ours, search(pipe, GRID, cache_prefix=False))


class Watched(PrefixCache):
    most = 0

    def __init__(self, max_bytes):
        super().__init__(max_bytes)
        type(self).most = 0

    def put(self, key, value, n_bytes):
        super().put(key, value, n_bytes)
        assert self.n_bytes <= self.max_bytes
        assert self.n_bytes == sum(size for _, size in self._values.values())
        type(self).most = max(self.most, self.n_bytes)


# ------------------------------------------------------------------ where it is off


class Subclass(Pipeline):
    pass


class OwnClone(Counted):
    def __sklearn_clone__(self):
        return type(self)(**self.get_params())


class Holder(Counted):
    """Keeps a generator for later."""

    def fit(self, X, y=None):
        self.rng_ = np.random.default_rng(0)
        return super().fit(X, y)


class Drawing(Counted):
    """Like scikit-learn's, if it were theirs."""

    def fit(self, X, y=None):
        np.random.rand()  # noqa: NPY002
        return super().fit(X, y)


Drawing.__module__ = "sklearn.made_up"
N_FITS = 12 * N_SPLITS

OFF = {
    "turned off": (counted(), {"cache_prefix": False}),
    "no seed": (counted(random_state=None), {}),
    "a generator as a seed": (counted(random_state=np.random.RandomState(0)), {}),
    "a new generator as a seed": (counted(random_state=np.random.default_rng(0)), {}),
    "a warm start": (counted(warm_start=True), {}),
    "in place": (counted(copy=False), {}),
    "no seed inside": (counted(extra=RandomForestClassifier()), {}),
    "an object of unknown kind": (counted(extra=io.StringIO()), {}),
    "a subclass": (Subclass(counted().steps), {}),
    "inside of another": (make_pipeline(counted()), {}),
    "a clone of its own": (Pipeline([("a", Counted()), ("b", OwnClone(name="b")), ("model", SVC())]), {}),
    "keeps a generator": (Pipeline([("a", Counted()), ("b", Holder(name="b")), ("model", SVC())]), {}),
    "draws": (
        Pipeline([("a", Counted()), ("b", Drawing(name="b", random_state=None)), ("model", SVC())]), {}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OFF)
def test_where_it_is_off(name):
    estimator, settings = OFF[name]
    prefix = "pipeline__" if name == "inside of another" else ""
    search(estimator, {prefix + key: values for key, values in GRID.items()}, refit=False, **settings)
    assert COUNTS["b"] == N_FITS
    whole = {"turned off", "a subclass", "inside of another"}
    assert COUNTS["a"] == (N_FITS if name in whole else N_SPLITS + AGAIN), "what is before is used again"


def test_what_is_behind_an_unknown_step_is_off():
    pipe = Pipeline([("b", Counted(name="b", random_state=None)), ("a", Counted()), ("model", SVC())])
    search(pipe, GRID, refit=False)
    assert COUNTS["a"] == COUNTS["b"] == N_FITS


def test_off_with_a_memory_of_ones_own(tmp_path):
    pipe = Pipeline(counted().steps, memory=str(tmp_path))
    ours = search(pipe, GRID)
    assert ours.best_estimator_.memory == str(tmp_path)
    assert any(tmp_path.rglob("*.pkl")), "it was used"
    assert_equal(ours, search(pipe, GRID, cls=GridSearchCV))


def test_off_where_memory_is_searched(tmp_path):
    grid = {"memory": [None, str(tmp_path)], "model__C": [0.1, 1.0]}
    assert_equal(search(counted(), grid), search(counted(), grid, cls=GridSearchCV))


def test_pairwise_data():
    class Kernel(Counted):
        """Takes a kernel between its samples and those it was fitted on."""

        def fit(self, X, y=None):
            assert X.shape[0] == X.shape[1]
            return super().fit(X, y)

        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.input_tags.pairwise = True
            return tags

    pipe = Pipeline([("a", Kernel()), ("model", SVC(kernel="precomputed"))])
    ours = search(pipe, {"model__C": [0.1, 1.0]}, X @ X.T, refit=False)
    assert COUNTS["a"] == 2 * N_SPLITS
    assert_equal(ours, search(pipe, {"model__C": [0.1, 1.0]}, X @ X.T, refit=False, cls=GridSearchCV))


# ------------------------------------------------------------------ memory


def test_memory_is_free_at_the_end():
    alive = []

    class Watching(Counted):
        def fit(self, X, y=None):
            super().fit(X, y)
            alive.append(weakref.ref(self))
            return self

    gc.collect()
    gc.disable()
    try:
        search(Pipeline([("a", Watching()), ("model", SVC())]), {"model__C": [0.1, 1.0]}, refit=False)
        assert len(alive) == N_SPLITS + AGAIN
        assert not [each for each in alive if each() is not None], "without the garbage collector"
    finally:
        gc.enable()


def test_a_cache_travels_empty():
    cache = PrefixCache(1000)
    cache.put("a", np.arange(5), 40)
    for again in (pickle.loads(pickle.dumps(cache)), copy.deepcopy(cache)):  # noqa: S301
        assert (len(again), again.n_bytes, again.max_bytes) == (0, 0, 1000)
        assert len(cache) == 1
        again.put("b", 1, 10)
    first, second = again, pickle.loads(pickle.dumps(again))  # noqa: S301
    assert len(first) == 0, "another search has come to the worker"
    second.put("c", 1, 10)
    with cache:
        pass
    assert len(cache) == cache.n_bytes == 0


def test_least_recently_used_go_first():
    cache = PrefixCache(100)
    for name in "abc":
        cache.put(name, name, 30)
    cache.get("a")
    cache.put("d", "d", 40)
    assert [cache.get(name) for name in "abcd"] == ["a", None, "c", "d"]
    cache.put("e", "e", 101)
    assert cache.get("e") is None
    cache.put("a", "A", 20)
    assert (cache.get("a"), cache.n_bytes) == ("A", 90)


def test_threads_at_one_cache():
    cache = PrefixCache(500)

    def work(seed):
        rng = np.random.default_rng(seed)
        for key in rng.integers(30, size=2000).tolist():
            assert cache.get(key) in {None, key}
            cache.put(key, key, 10 + key)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert cache.n_bytes == sum(size for _, size in cache._values.values()) <= 500


def held_bytes(value):
    return Survey().add(value).n_bytes


def may_overlap(a, b):
    return Survey().add(a).overlaps(Survey().add(b))


def test_sizes():
    array = np.zeros(1000)
    assert 8000 <= held_bytes(array) < 8100
    assert 8000 <= held_bytes({"a": array, "b": [array, array[::2]]}) < 9000
    assert held_bytes(scipy.sparse.eye(1000, format="csr")) > 12_000
    assert held_bytes(np.array(["x" * 1000, "y" * 1000], dtype=object)) > 2000
    fitted = TfidfVectorizer().fit(TEXT)
    assert 1000 < held_bytes(fitted) < 100_000
    forest = RandomForestClassifier(20, random_state=0).fit(X, Y)
    assert held_bytes(forest) > len(pickle.dumps(forest)) / 2
    with pytest.raises(NotReusable):
        held_bytes([{"a": np.random.default_rng(0)}])


# ------------------------------------------------------------------ parts


def arrays():
    base = np.random.default_rng(0).normal(size=(20, 30))
    return {
        "C": base,
        "F": np.asfortranarray(base),
        "columns": base[:, :7],
        "backwards": base[::-2, ::-3],
        "rows": base[::3],
        "three axes": base.reshape(20, 5, 6).transpose(2, 0, 1)[:, ::2],
        "one value": np.broadcast_to(1.5, (4, 5)),
        "none": base[:0],
        "strings": np.array(["a", "bc"]),
        "objects": np.array([[1, "a"], [None, 2.0]], dtype=object),
        "flags": np.array([True, False, True]),
    }


@pytest.mark.parametrize("name", arrays())
def test_a_twin_is_the_same(name):
    array = arrays()[name]
    again = twin(array)
    assert is_same(again, array)
    assert again.strides == array.strides or not array.size
    assert again.flags.writeable == array.flags.writeable
    assert not np.may_share_memory(again, array) or not array.size
    if name not in {"objects", "strings", "none", "flags"}:
        assert again.sum() == array.sum()
        changed = array.copy()
        changed.flat[-1] = -0.0 if changed.flat[-1] == 0 else np.nextafter(changed.flat[-1], np.inf)
        assert not is_same(changed, array)


def test_what_is_the_same():
    assert is_same(np.array([np.nan]), np.array([np.nan]))
    assert not is_same(np.array([0.0]), np.array([-0.0]))
    assert not is_same(np.array([1]), np.array([1.0]))
    assert not is_same(np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2))
    assert not is_same(np.eye(3), np.asfortranarray(np.arange(9.0).reshape(3, 3)))
    assert not is_same([1], (1,))
    text = ["a b", "c"]
    assert is_same(text, list(text))
    assert not is_same(text, text[:1])
    sparse = scipy.sparse.csr_matrix(X)
    assert is_same(sparse, sparse.copy())
    assert not is_same(sparse, sparse * 2)
    assert not is_same(sparse, scipy.sparse.csc_matrix(X))
    assert not is_same(threading.Lock(), threading.Lock())
    with pytest.raises((NotReusable, TypeError)):
        twin(threading.Lock())
    assert may_overlap(text, text)
    assert may_overlap(X, X[1:])
    assert not may_overlap(X, X.copy())
    assert may_overlap(sparse, scipy.sparse.csr_matrix((sparse.data, sparse.indices, sparse.indptr)))


def test_data_frames():
    pytest.importorskip("pandas")
    frame = as_frame()
    again = twin(frame)
    assert is_same(again, frame)
    again.iloc[0, 0] = 100.0
    assert not is_same(again, frame)
    assert frame.iloc[0, 0] != 100.0
    assert not is_same(frame, frame.rename(columns={"a": "z"}))
    assert not is_same(frame, frame.set_index(np.arange(len(frame)) + 1))
    assert not is_same(frame, frame.astype({"d": float}))


def strides(frame):
    return [frame[name].to_numpy().strides for name in frame], np.asarray(frame).strides


def test_data_frames_keep_their_memory_order():
    pandas = pytest.importorskip("pandas")
    base = np.random.default_rng(0).normal(size=(20, 6))
    plain = pandas.DataFrame(base, copy=False)
    frames = [plain, pandas.DataFrame(np.asfortranarray(base), copy=False), plain.iloc[::3, 1:4], plain[[1, 2]]]
    frames.append(pandas.DataFrame(base[:, ::2], copy=False))
    for number, frame in enumerate(frames):
        again = twin(frame)
        assert is_same(again, frame), number
        assert strides(again) == strides(frame), number
        assert not may_overlap(again, frame), number
        assert not is_same(frame, frame.replace(frame.iloc[0, 0], np.nextafter(frame.iloc[0, 0], 9))), number
    assert not is_same(pandas.DataFrame({"a": [0.0]}), pandas.DataFrame({"a": [-0.0]}))
    assert not is_same(
        pandas.DataFrame({"a": ["1", 1]}, dtype=object), pandas.DataFrame({"a": ["1", True]}, dtype=object)
    )
    assert not is_same(pandas.DataFrame({1: [0.0]}), pandas.DataFrame({1.0: [0.0]}))
    kinds = [pandas.DataFrame({"a": pandas.Categorical(["x"], categories=list(each))}) for each in ("xy", "yx")]
    assert not is_same(*kinds), "the codes differ"


def test_frames_that_share_their_memory_are_not_copied():
    """They would copy on write; their copies would not."""
    pandas = pytest.importorskip("pandas")
    if int(pandas.__version__.split(".")[0]) < 3:
        pytest.skip("they do not share before")
    frame = as_frame()
    with pytest.raises(NotReusable):
        twin([frame, frame.copy(deep=False)])
    with pytest.raises(NotReusable):
        twin(frame.assign(z=frame["a"]))
    one, other = twin([frame, frame])
    assert one is other
    assert is_same(twin(frame["a"]), frame["a"])


def test_arrays_that_overlap_do_so_in_their_copies():
    base = np.arange(20.0).reshape(4, 5)
    whole, part, again = twin([base, base[1:, ::2], base])
    assert whole is again
    part[0, 0] = -1.0
    assert whole[1, 0] == -1.0
    assert base[1, 0] == 5.0
    with pytest.raises(NotReusable):
        twin([base[:3], base[1:]])


def test_polars():
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(X, schema=list("abcd"))
    assert is_same(twin(frame), frame)
    assert not is_same(frame, frame.rename({"a": "z"}))
    assert not is_same(frame, frame * 2)
    assert held_bytes(frame) >= X.nbytes
    settings = {"scoring": "accuracy", "data": frame}
    pipe = make_pipeline(StandardScaler(), SVC())
    assert_equal(
        search(pipe, {"svc__C": [0.1, 1.0]}, **settings),
        search(pipe, {"svc__C": [0.1, 1.0]}, cls=GridSearchCV, **settings),
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (StandardScaler(), StandardScaler(with_mean=False)),
        (StandardScaler(), MinMaxScaler()),
        (StandardScaler(), StandardScaler().set_output(transform="pandas")),
        (PCA(2, random_state=0), PCA(2, random_state=1)),
        (PCA(2), PCA(2.0)),
        (Counted(extra=np.eye(2)), Counted(extra=np.eye(2, dtype=int))),
        (Counted(extra=slice(0, 2)), Counted(extra=slice(0, 3))),
        (FunctionTransformer(np.tile), FunctionTransformer(np.repeat)),
        (FunctionTransformer(np.exp), FunctionTransformer(abs)),
        (Counted(extra={"a": 1}), Counted(extra={"a": True})),
        (Counted(extra=make_column_selector("a")), Counted(extra=make_column_selector("b"))),
        (SelectFromModel(Ridge(1, random_state=0)), SelectFromModel(Ridge(2, random_state=0))),
    ],
)
def test_keys_of_steps_that_differ(one, other):
    assert step_key("a", one) != step_key("a", other)
    for step in (one, other):
        assert step_key("a", step) == step_key("a", clone(step))
        assert hash(step_key("a", step)) == hash(step_key("a", clone(step)))
        assert step_key("a", step) != step_key("b", step)


# ------------------------------------------------------------------ who watches


@pytest.mark.skipif(not hasattr(Pipeline, "set_callbacks"), reason="callbacks came with scikit-learn 1.9")
def test_callbacks_see_the_same_steps():
    class Recorder:
        max_propagation_depth = None

        def __init__(self, lines):
            self.lines = lines

        def setup(self, estimator, context):
            pass

        def teardown(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
            self.lines.append(("begin", context.task_name, context.task_id, None if X is None else np.sum(X)))

        def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None):
            self.lines.append(("end", context.task_name, context.task_id, None if X is None else np.sum(X)))

    found, n_fits = [], 3 * (N_SPLITS + AGAIN)
    for on in (True, False):
        lines = []
        watched = skhpo.GridSearchCV(counted(), GRID, cv=N_SPLITS, refit=False, cache_prefix=on)
        with pytest.warns(UserWarning, match="does not support callbacks"):
            watched.set_callbacks(Recorder(lines)).fit(X, Y)
        found.append(lines)
        assert COUNTS["b"] == (n_fits if on else n_fits + N_FITS)
    assert found[0] == found[1]
    assert len(found[0]) > 2 * N_FITS


def test_lines_of_steps_are_of_those_that_are_fitted():
    with redirect_stdout(io.StringIO()) as out:
        search(counted().set_params(verbose=True), GRID, refit=False)
    assert out.getvalue().count("Processing a") == N_SPLITS + AGAIN
    assert out.getvalue().count("Processing model") == N_FITS
