"""On the same candidates every entry of ``cv_results_`` that is not a time is scikit-learn's, to the bit."""

import copy
import functools
import re
import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.sparse
import scipy.stats
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.datasets import load_diabetes, load_iris
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, make_scorer, silhouette_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RandomizedSearchCV,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KernelDensity, KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skhpo

# ------------------------------------------------------------------ data


def as_frame(X, y):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X[:, :3], columns=list("abc"))
    return frame.assign(d=np.array(["low", "high"])[(X[:, 3] > 1).astype(int)]), pandas.Series(y, name="y")


def with_holes(X, y):
    return np.where(np.random.RandomState(1).uniform(size=X.shape) < 0.05, np.nan, X), y


IRIS = {
    "iris": lambda X, y: (X, y),
    "binary": lambda X, y: (X[y != 0], y[y != 0]),
    "strings": lambda X, y: (X, np.array(["a", "b", "c"])[y]),
    "unsupervised": lambda X, _y: (X, None),
    "sparse": lambda X, y: (scipy.sparse.csr_matrix(X), y),
    "gram": lambda X, y: (X @ X.T, y),
    "float32": lambda X, y: (X.astype(np.float32), y),
    "lists": lambda X, y: (X.tolist(), y.tolist()),
    "text": lambda X, y: ([f"w{a:.0f} w{b:.0f} v{c:.0f}" for a, b, c in X[:, :3]], y),
    "missing": with_holes,
    "frame": as_frame,
}
DIABETES = {"diabetes": lambda X, y: (X, y), "two targets": lambda X, y: (X, np.c_[y, y[::-1]])}


@functools.cache
def load(name):
    if name in DIABETES:
        X, y = load_diabetes(return_X_y=True)
        return DIABETES[name](X[:80], y[:80])
    X, y = load_iris(return_X_y=True)
    rows = np.random.RandomState(0).permutation(len(X))[:90]
    return IRIS[name](X[rows], y[rows])


# ------------------------------------------------------------------ scorers, refits and estimators


def two_metrics(estimator, X, y):
    prediction = estimator.predict(X)
    return {"acc": accuracy_score(y, prediction), "f1": f1_score(y, prediction, average="macro")}


def one_number(estimator, X, y):
    return np.mean(estimator.predict(X) == y)


def silhouette(estimator, X, _y=None):
    return silhouette_score(X, estimator.predict(X))


def fails_for_two(estimator, X, y):
    if estimator.n_neighbors == 2:
        raise RuntimeError("No score for two neighbours.")
    return estimator.score(X, y)


def infinite_for_two(estimator, X, y):
    return np.inf if estimator.n_neighbors == 2 else estimator.score(X, y)


def the_worst(results):
    return int(results["mean_test_score"].argmin())


def the_worst_of_two(results):
    return int(results["mean_test_f1"].argmin())


class Stubborn(ClassifierMixin, BaseEstimator):
    """Predicts one class, refuses others, and takes parameters of any shape."""

    def __init__(self, answer=0, shape=None):
        self.answer = answer
        self.shape = shape

    def fit(self, _X, y):
        if self.answer < 0:
            raise ValueError(f"Not {self.answer}.")
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.answer)


class WeightedMean(RegressorMixin, BaseEstimator):
    """Uses a weight, an array that is no weight, and a scalar."""

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, _X, y, sample_weight=None, other=None, scale=1.0):
        assert other is None or len(other) == len(y)
        self.mean_ = scale * np.average(y, weights=sample_weight) + self.shift
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


# ------------------------------------------------------------------ cases


class Case(NamedTuple):
    name: str
    estimator: Any
    space: Any
    data: str = "iris"
    search: Mapping = MappingProxyType({})
    fit: Mapping = MappingProxyType({})


COLUMNS = ColumnTransformer([("number", StandardScaler(), ["a", "b", "c"]), ("word", OneHotEncoder(), ["d"])])
LOGISTIC = LogisticRegression(max_iter=1000, tol=1e-2)  # equal is equal after few iterations, too
C = {"C": [0.01, 0.1, 1.0, 10.0]}
NEIGHBORS = {"n_neighbors": [1, 2, 5, 9]}
GROUPS = np.arange(90) % 6
WEIGHTS = np.random.RandomState(1).uniform(0.1, 2, size=90)

CASES = [
    Case("classifier", LOGISTIC, C),
    Case("classifier, train scores", KNeighborsClassifier(), NEIGHBORS, search={"return_train_score": True}),
    Case("classifier, string scoring", KNeighborsClassifier(), NEIGHBORS, "strings", {"scoring": "balanced_accuracy"}),
    Case("classifier, probabilities", LOGISTIC, C, "binary", {"scoring": "neg_log_loss"}),
    Case("classifier, threshold scorer", SVC(), C, "binary", {"scoring": "roc_auc"}),
    Case("seeded forest", RandomForestClassifier(5, random_state=0), {"max_depth": [1, 2, None]}),
    Case("seed as an object", SGDClassifier(random_state=np.random.RandomState(3)), {"alpha": [1e-4, 1e-2]}),
    Case("regressor", Ridge(), {"alpha": np.logspace(-3, 3, 5)}, "diabetes"),
    Case("regressor, negated error", DecisionTreeRegressor(random_state=0), {"max_depth": [1, 2, 3]}, "diabetes",
         {"scoring": "neg_mean_absolute_error", "cv": ShuffleSplit(4, random_state=0)}),
    Case("two targets", Ridge(), {"alpha": [0.1, 1], "fit_intercept": [True, False]}, "two targets"),
    Case("transformed target", TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
         {"regressor__alpha": [0.1, 1.0], "transformer": [None, MinMaxScaler()]}, "diabetes"),
    Case("density", KernelDensity(), {"bandwidth": [0.1, 0.5, 1.0]}, "unsupervised"),
    Case("clusterer", KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3, 4]}, "unsupervised"),
    Case("clusterer, callable scorer", KMeans(n_init=1, random_state=0), {"n_clusters": [2, 3, 4]}, "unsupervised",
         {"scoring": silhouette}),
    Case("clusterer with labels", MiniBatchKMeans(n_init=1, random_state=0), {"n_clusters": [2, 3]},
         search={"scoring": "adjusted_rand_score"}),
    Case("decomposition", PCA(), {"n_components": [1, 2, 3]}, "unsupervised", {"cv": KFold(3)}),
    Case("pipeline", make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1, 1], "svc__kernel": ["linear", "rbf"]}),
    Case("text", make_pipeline(CountVectorizer(), LOGISTIC),
         {"countvectorizer__ngram_range": [(1, 1), (1, 2)], "countvectorizer__binary": [True, False]}, "text"),
    Case("columns of a data frame", make_pipeline(COLUMNS, LOGISTIC),
         {"columntransformer__number__with_mean": [True, False], "logisticregression__C": [0.1, 1.0]}, "frame"),
    Case("step replaced", Pipeline([("scale", StandardScaler()), ("model", LOGISTIC)]),
         [{"scale": ["passthrough", MinMaxScaler()], "model__C": [0.1, 1.0]},
          {"model": [KNeighborsClassifier(3), DecisionTreeClassifier(max_depth=2, random_state=0)]}]),
    Case("list of dicts", SVC(), [{"kernel": ["rbf"], "gamma": [0.1, 1]}, {"kernel": ["poly"], "degree": [2, 3]}, {}]),
    Case("ragged values", Stubborn(), {"shape": [[1], [1, 2], (3,), None], "answer": [0, 1]}),
    Case("values of two dimensions", Stubborn(), {"shape": [np.eye(2), np.ones((2, 2))]}),
    Case("unhashable values", LOGISTIC, {"class_weight": [{0: 1, 1: 2, 2: 3}, None, "balanced"]}),
    Case("tuples of layers", MLPRegressor(max_iter=2000, solver="lbfgs", random_state=0, tol=0.1),
         {"hidden_layer_sizes": [(2,), (2, 2)]}, "diabetes"),
    Case("arrays as values", GaussianNB(), {"priors": [None, np.array([0.2, 0.3, 0.5])]}),
    Case("mixed types of numbers", Ridge(), {"alpha": [1, 0.5, np.float32(2), True]}, "diabetes"),
    Case("metrics as a list", SVC(), C, search={"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro"}),
    Case("metrics as a tuple", SVC(), C, search={"scoring": ("accuracy", "f1_macro"), "refit": False}),
    Case("metrics as a dict", SVC(), C, search={
        "scoring": {"acc": "accuracy", "f1": make_scorer(f1_score, average="macro")}, "refit": "acc",
        "return_train_score": True}),
    Case("callable scorer", SVC(), C, search={"scoring": one_number}),
    Case("callable of two metrics", SVC(), C, search={
        "scoring": two_metrics, "refit": "f1", "return_train_score": True}),
    Case("callable refit", SVC(), C, search={"refit": the_worst}),
    Case("callable refit of two metrics", SVC(), C, search={"scoring": two_metrics, "refit": the_worst_of_two}),
    Case("no refit", SVC(), C, search={"refit": False}),
    Case("failing candidates", Stubborn(), {"answer": [0, -1, 1, -2]}, search={"return_train_score": True}),
    Case("failing candidates, error score", Stubborn(), {"answer": [0, -1, 1]}, search={"error_score": -1}),
    Case("failing candidates, two metrics", Stubborn(), {"answer": [-1, 1]}, search={
        "scoring": two_metrics, "refit": "acc", "return_train_score": True}),
    Case("failing first with a list of metrics", Stubborn(), {"answer": [-1, 0]}, search={
        "scoring": ["accuracy", "recall_macro"], "refit": "accuracy", "error_score": 0.1}),
    Case("failing splits", KNeighborsClassifier(), {"n_neighbors": [1, 75, 5]},
         search={"cv": PredefinedSplit(np.repeat([0, 1, 1, 1, 1, 1], 15))}),
    Case("failing scorer", KNeighborsClassifier(), NEIGHBORS, search={"scoring": fails_for_two}),
    Case("failing scorer, error score", KNeighborsClassifier(), NEIGHBORS, search={
        "scoring": fails_for_two, "error_score": -3.0, "return_train_score": True}),
    Case("infinite scores", KNeighborsClassifier(), NEIGHBORS, search={"scoring": infinite_for_two, "refit": False}),
    Case("invalid values", LOGISTIC, {"C": [1.0, -1.0]}),
    Case("ties", DummyClassifier(), {"constant": [0, 1, 2]}, search={"cv": 2}),
    Case("all candidates the same", LinearRegression(), {"fit_intercept": [True, True, True]}, "diabetes"),
    Case("precomputed kernel", SVC(kernel="precomputed"), C, "gram"),
    Case("sparse X", LOGISTIC, C, "sparse"),
    Case("sparse X in a tree", DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, "sparse"),
    Case("lists", KNeighborsClassifier(), NEIGHBORS, "lists"),
    Case("float32", LOGISTIC, C, "float32"),
    Case("missing values", DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, "missing"),
    Case("groups", LOGISTIC, C, search={"cv": GroupKFold(3)}, fit={"groups": GROUPS}),
    Case("leave one group out", LOGISTIC, C, search={"cv": LeaveOneGroupOut()}, fit={"groups": GROUPS.tolist()}),
    Case("weights", LOGISTIC, C, fit={"sample_weight": WEIGHTS}),
    Case("weights and metrics", LOGISTIC, C, fit={"sample_weight": WEIGHTS},
         search={"scoring": ["accuracy", "f1_macro"], "refit": "accuracy"}),
    Case("weights to a callable that takes none", LOGISTIC, C, fit={"sample_weight": WEIGHTS},
         search={"scoring": one_number}),
    Case("other parameters of fit", WeightedMean(), {"shift": [0.0, 5.0]}, "diabetes",
         fit={"sample_weight": WEIGHTS[:80], "other": list(range(80)), "scale": 0.9}),
    Case("seeded shuffle", LOGISTIC, C, search={"cv": StratifiedKFold(3, shuffle=True, random_state=1)}),
    Case("seeded shuffle by an object", LOGISTIC, C, search={
        "cv": KFold(3, shuffle=True, random_state=np.random.RandomState(1))}),
    Case("time series", Ridge(), {"alpha": [0.1, 1.0]}, "diabetes", {"cv": TimeSeriesSplit(3)}),
    Case("repeated splits", LOGISTIC, C, search={
        "cv": RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)}),
    Case("splits as a list", LOGISTIC, C, search={
        "cv": [(np.arange(60), np.arange(60, 90)), (np.arange(30, 90), np.arange(30))]}),
    Case("one split", LOGISTIC, C, search={"cv": [(list(range(60)), list(range(60, 90)))]}),
    Case("masks as splits", LOGISTIC, C, search={"cv": [(np.arange(90) < 60, np.arange(90) >= 60)] * 2}),
]  # fmt: skip

CONTINUOUS = [
    Case("distribution", LOGISTIC, {"C": scipy.stats.loguniform(1e-3, 1e3)}),
    Case("distributions and lists", SVC(), {
        "gamma": scipy.stats.expon(scale=0.1), "kernel": ["rbf", "poly"], "C": scipy.stats.uniform(1, 10),
        "degree": scipy.stats.randint(1, 4)}),
    Case("distributions in a list of dicts", SVC(), [
        {"kernel": ["rbf"], "gamma": scipy.stats.loguniform(1e-3, 1)}, {"kernel": ["linear"], "C": [0.1, 1.0]}]),
    Case("one candidate drawn many times", KNeighborsClassifier(), {
        "n_neighbors": scipy.stats.randint(1, 3), "weights": ["uniform", "distance"]}),
    Case("few failing", Stubborn(), {"answer": scipy.stats.randint(-1, 3)}),
    Case("estimators as values", make_pipeline(StandardScaler(), SVC()), {
        "standardscaler": [StandardScaler(), MinMaxScaler(), "passthrough"], "svc__C": scipy.stats.uniform(1, 10)}),
    Case("all lists", SVC(), {"C": [0.1, 1.0, 10.0], "kernel": ["rbf", "linear"], "gamma": [0.1, 1.0]}),
]  # fmt: skip


def named(cases):
    return pytest.mark.parametrize("case", cases, ids=[case.name for case in cases])


# ------------------------------------------------------------------ comparison

TIMES = re.compile(r"(mean|std)_(fit|score)_time$")


def fit(search_class, case, **more):
    """The fitted search, and the category and first line of each warning."""
    X, y = load(case.data)
    search = search_class(case.estimator, case.space, **{"cv": 3, **copy.deepcopy(dict(case.search)), **more})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        search.fit(X, y, **case.fit)
    lines = [(w.category, masked(str(w.message).strip().splitlines()[0])) for w in caught]
    return search, [line for line in lines if line != INF_MINUS_INF]


# What NumPy says where scikit-learn takes the deviation of infinite scores; a warning that means something follows it.
INF_MINUS_INF = (RuntimeWarning, "invalid value encountered in subtract")


def masked(text):
    """Text without what differs from object to object and in the names of our classes."""
    return re.sub(r"0x[0-9a-fA-F]+", "0x0", text).replace("RandomizedSearchCV", "RandomSearchCV")


def assert_same(ours, theirs):
    assert type(ours) is type(theirs)
    if isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        if theirs.dtype == object:
            for one, other in zip(ours.tolist(), theirs.tolist(), strict=True):
                assert_same(one, other)
        else:
            assert np.array_equal(ours, theirs, equal_nan=theirs.dtype.kind == "f")
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            assert_same(ours[key], theirs[key])
    elif isinstance(theirs, float):
        assert ours == theirs or (np.isnan(ours) and np.isnan(theirs))
    else:
        assert ours is theirs or ours == theirs


def assert_same_results(ours, theirs):
    assert [key for key in ours if key in theirs] == list(theirs), "keys, in their order"
    for key, expected in theirs.items():
        found = ours[key]
        assert type(found) is type(expected), key
        if TIMES.match(key):
            assert found.dtype == expected.dtype
            assert found.shape == expected.shape
            assert (found >= 0).all()
        elif isinstance(expected, np.ma.MaskedArray):
            assert_same(np.ma.getmaskarray(found), np.ma.getmaskarray(expected))
            assert_same(found.fill_value, expected.fill_value)
            assert found.dtype == expected.dtype, key
            assert_same(np.asarray(found[~found.mask]), np.asarray(expected[~expected.mask]))
        elif key == "params":
            assert len(found) == len(expected)
            for one, other in zip(found, expected, strict=True):
                assert_same(one, other)
        else:
            assert_same(found, expected)


def assert_same_search(ours, theirs, X):
    assert_same_results(ours.cv_results_, theirs.cv_results_)
    for name in ("n_splits_", "multimetric_", "best_index_", "best_score_", "best_params_"):
        assert hasattr(ours, name) == hasattr(theirs, name), name
        if hasattr(theirs, name):
            assert_same(getattr(ours, name), getattr(theirs, name))
    fitted, expected = ({n for n in vars(s) if n.endswith("_")} for s in (ours, theirs))
    assert fitted == expected

    assert isinstance(ours.scorer_, dict) == isinstance(theirs.scorer_, dict)
    if isinstance(theirs.scorer_, dict):
        assert list(ours.scorer_) == list(theirs.scorer_)
    if hasattr(theirs, "best_estimator_"):
        assert masked(repr(ours.best_estimator_)) == masked(repr(theirs.best_estimator_))
        if hasattr(theirs, "predict"):
            assert_same(ours.predict(X), theirs.predict(X))


# ------------------------------------------------------------------ tests


@named(CASES)
def test_grid(case):
    (ours, said), (theirs, expected) = fit(skhpo.GridSearchCV, case), fit(GridSearchCV, case)
    assert_same_search(ours, theirs, load(case.data)[0])
    assert said == expected


@named(CASES)
def test_random_draws_of_lists(case):
    more = {"n_iter": 2, "random_state": 5}
    (ours, said), (theirs, expected) = fit_or_error(skhpo.RandomSearchCV, case, more), fit_or_error(
        RandomizedSearchCV, case, more)  # fmt: skip
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs)
        assert str(ours).splitlines()[:3] == str(theirs).splitlines()[:3]
    else:
        assert_same_search(ours, theirs, load(case.data)[0])
    assert said == expected


def fit_or_error(search_class, case, more):
    """As `fit`; with the error in place of the search where both draws fail."""
    try:
        return fit(search_class, case, **more)
    except ValueError as error:
        return error, []


@pytest.mark.parametrize("seed", [0, 7])
@named(CONTINUOUS)
def test_random_draws_of_distributions(case, seed):
    more = {"n_iter": 6, "random_state": seed}
    (ours, said), (theirs, expected) = fit(skhpo.RandomSearchCV, case, **more), fit(RandomizedSearchCV, case, **more)
    assert_same_search(ours, theirs, load(case.data)[0])
    assert said == expected


@named(CONTINUOUS[:3])
def test_random_draws_from_a_generator_that_goes_on(case):
    ours, theirs = np.random.RandomState(3), np.random.RandomState(3)
    for _ in range(2):
        one, _said = fit(skhpo.RandomSearchCV, case, n_iter=4, random_state=ours)
        other, _said = fit(RandomizedSearchCV, case, n_iter=4, random_state=theirs)
        assert_same_search(one, other, load(case.data)[0])
    assert ours.randint(1 << 30) == theirs.randint(1 << 30), "as many numbers were taken from it"


def test_random_search_of_the_global_generator():
    case = CONTINUOUS[1]
    np.random.seed(4)  # noqa: NPY002  (what random_state=None means in scikit-learn)
    ours, _ = fit(skhpo.RandomSearchCV, case, n_iter=4)
    np.random.seed(4)  # noqa: NPY002
    theirs, _ = fit(RandomizedSearchCV, case, n_iter=4)
    assert_same_search(ours, theirs, load(case.data)[0])


IN_PARALLEL = ["classifier", "columns of a data frame", "callable of two metrics", "failing candidates", "weights"]


@pytest.mark.parametrize("n_jobs", [2])
@named([case for case in CASES if case.name in IN_PARALLEL])
def test_grid_in_parallel(case, n_jobs):
    (ours, said), (theirs, expected) = (fit(c, case, n_jobs=n_jobs) for c in (skhpo.GridSearchCV, GridSearchCV))
    assert_same_search(ours, theirs, load(case.data)[0])
    assert said == expected


def test_random_search_in_parallel_is_the_serial_one():
    case = CONTINUOUS[1]
    more = {"n_iter": 6, "random_state": 0}
    theirs, _ = fit(RandomizedSearchCV, case, **more)
    for n_jobs in (1, 2):
        ours, _ = fit(skhpo.RandomSearchCV, case, n_jobs=n_jobs, **more)
        assert_same_search(ours, theirs, load(case.data)[0])


def test_splits_from_a_generator():
    X, _ = load("iris")
    case = CASES[0]
    ours, _ = fit(skhpo.GridSearchCV, case, cv=KFold(3).split(X))
    theirs, _ = fit(GridSearchCV, case, cv=KFold(3).split(X))
    assert_same_search(ours, theirs, X)


@pytest.mark.parametrize("n_iter", [7, 8, 100])
def test_a_space_smaller_than_n_iter(n_iter):
    case = Case("small", KNeighborsClassifier(), {"n_neighbors": [1, 2, 3, 4], "weights": ["uniform", "distance"]})
    more = {"n_iter": n_iter, "random_state": 0}
    (ours, said), (theirs, expected) = fit(skhpo.RandomSearchCV, case, **more), fit(RandomizedSearchCV, case, **more)
    assert_same_search(ours, theirs, load(case.data)[0])
    assert said == expected
