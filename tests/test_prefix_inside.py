"""Steps inside of a step, as in a `ColumnTransformer`: fitted once, and nothing but the times tells."""

import pickle
import warnings
import zlib
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from quick import slow_but
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.datasets import make_classification
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.feature_selection import RFE, SelectKBest, SelectPercentile, chi2, mutual_info_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler
from sklearn.svm import SVC

import skhpo
from skhpo.fits.prefix import loan
from skhpo.fits.prefix.key import NotReusable, step_key

N_SPLITS = 3
X, Y = make_classification(120, 8, n_informative=5, random_state=0)
FRAME = pd.DataFrame(X.copy(), columns=list("abcdefgh"))
FRAME.loc[::7, "c"] = np.nan
FRAME["kind"] = np.random.default_rng(0).choice(["one", "two", "three"], len(X))
FRAME["text"] = [
    f"w{abs(a):.0f} v{abs(b):.0f} {kind}" for a, b, kind in zip(X[:, 0], X[:, 1], FRAME["kind"], strict=True)
]
NUMBERS = list("abcdefgh")
KINDS = ("kinds", OneHotEncoder(handle_unknown="ignore"), ["kind"])


@pytest.fixture(autouse=True)
def _all_is_worth_keeping(monkeypatch):
    monkeypatch.setattr(loan, "WORTH_KEEPING", 0.0)


def numbers(*last):
    return Pipeline([("fill", SimpleImputer()), ("scale", StandardScaler()), *last])


def columns(*branches, **settings):
    return Pipeline([("prep", ColumnTransformer(list(branches), **settings)), ("model", SVC(random_state=0))])


def seen(model, X, y):
    """Return all that is known of the columns that the model was given, as numbers."""
    whole = model[0]
    given = model[:-1].transform(X)
    held = given.toarray() if hasattr(given, "toarray") else np.asarray(given, dtype=float)
    facts = [type(given).__name__, getattr(whole, "output_indices_", None), getattr(whole, "sparse_output_", None)]
    try:
        names = list(whole.get_feature_names_out())
    except AttributeError:  # of a transformer that gives none
        names = []
    again = pickle.loads(pickle.dumps(model)).predict(X)  # noqa: S301  (what the test itself made)
    return {
        "score": model.score(X, y),
        "decision": float(zlib.crc32(model.decision_function(X).tobytes())),
        "columns": float(zlib.crc32(np.ascontiguousarray(held).tobytes())),
        "names": float(zlib.crc32(repr(names).encode())),
        "facts": float(zlib.crc32(repr(facts).encode())),
        "copied": float(np.mean(again == y)),
    }


def search(estimator, grid, data=FRAME, *, kind=skhpo.GridSearchCV, fit=None, **settings):
    settings = {"cv": N_SPLITS, "scoring": seen, "refit": "score", "return_train_score": True} | settings
    return kind(estimator, grid, **settings).fit(data, Y, **(fit or {}))


def same(theirs, ours):
    assert theirs.cv_results_["params"] == ours.cv_results_["params"]
    for name, column in theirs.cv_results_.items():
        if "test_" in name or "train_" in name:
            assert column.tobytes() == ours.cv_results_[name].tobytes(), name


def counted(monkeypatch, kind, name="fit_transform"):
    calls = []
    plain = getattr(kind, name)
    monkeypatch.setattr(kind, name, lambda self, *args, **kwargs: calls.append(1) or plain(self, *args, **kwargs))
    return calls


MUTUAL = partial(mutual_info_classif, random_state=0)
SHARED = {
    "PCA": (
        columns(("numbers", numbers(("pca", PCA())), NUMBERS), KINDS),
        {"prep__numbers__pca__n_components": [2, 5, 3]},
        PCA,
    ),
    "PCA, full": (
        columns(("numbers", numbers(("pca", PCA(svd_solver="full"))), NUMBERS), KINDS),
        {"prep__numbers__pca__n_components": [2, 5, 3], "model__C": [0.1, 1.0]},
        PCA,
    ),
    "PCA alone, of an array": (
        columns(("numbers", PCA(), [0, 1, 2, 3, 4]), ("rest", StandardScaler(), slice(5, 8))),
        {"prep__numbers__n_components": [2, 5, 3]},
        PCA,
    ),
    "the best, alone": (
        columns(("best", SelectKBest(), NUMBERS[3:]), KINDS),
        {"prep__best__k": [1, 4, 2]},
        SelectKBest,
    ),
    "the best by information": (
        columns(("best", numbers(("best", SelectKBest(MUTUAL))), NUMBERS), KINDS, remainder="drop"),
        {"prep__best__best__k": [1, 4, 2]},
        SelectKBest,
    ),
    "eliminations": (
        columns(("best", numbers(("rfe", RFE(LogisticRegression(random_state=0)))), NUMBERS), KINDS),
        {"prep__best__rfe__n_features_to_select": [1, 4, 2]},
        RFE,
    ),
    "the rest": (
        columns(
            ("few", StandardScaler(), ["a", "b"]),
            KINDS,
            ("none", "drop", ["text"]),
            remainder=numbers(("best", SelectPercentile())),
        ),
        {"prep__remainder__best__percentile": [20, 60, 100]},
        SelectPercentile,
    ),
    "columns by their type": (
        columns(("numbers", numbers(("pca", PCA())), make_column_selector(dtype_include=float)), KINDS),
        {"prep__numbers__pca__n_components": [2, 5, 3]},
        PCA,
    ),
    "columns by a mask": (
        columns(("numbers", PCA(), np.arange(8) < 5), ("as they are", "passthrough", [6, 7])),
        {"prep__numbers__n_components": [2, 5, 3]},
        PCA,
    ),
    "sparse or not, as it comes": (
        columns(
            ("words", make_pipeline(CountVectorizer(), SelectKBest(chi2)), "text"),
            ("number", StandardScaler(), ["a", "b"]),
        ),
        {"prep__words__selectkbest__k": [1, 3, 12], "prep__sparse_threshold": [0.0, 0.45, 1.0]},
        CountVectorizer,
    ),
    "weights": (
        columns(
            ("one", PCA(), [0, 1, 2, 3]), ("two", SelectKBest(), [3, 4, 5]), transformer_weights={"one": 0.3, "two": 7}
        ),
        {"prep__one__n_components": [1, 3], "prep__two__k": [1, 2]},
        PCA,
    ),
    "frames": (
        columns(("best", numbers(("best", SelectKBest())), NUMBERS), ("as it is", "passthrough", ["h"])).set_output(
            transform="pandas"
        ),
        {"prep__best__best__k": [1, 4, 2]},
        SelectKBest,
    ),
    "short names": (
        columns(("best", numbers(("best", SelectKBest())), NUMBERS), KINDS, verbose_feature_names_out=False),
        {"prep__best__best__k": [1, 4, 2]},
        SelectKBest,
    ),
    "a union": (
        Pipeline(
            [
                ("u", FeatureUnion([("pca", PCA()), ("best", make_pipeline(MinMaxScaler(), SelectKBest()))])),
                ("model", SVC()),
            ]
        ),
        {"u__pca__n_components": [1, 3], "u__best__selectkbest__k": [1, 2, 8]},
        PCA,
    ),
    "a pipeline": (
        Pipeline([("prep", make_pipeline(StandardScaler(), "passthrough", PCA())), ("model", SVC())]),
        {"prep__pca__n_components": [1, 3], "model__C": [0.1, 1.0]},
        PCA,
    ),
    "columns in a pipeline in a pipeline": (
        Pipeline(
            [
                (
                    "prep",
                    Pipeline(
                        [
                            ("split", ColumnTransformer([("best", numbers(("best", SelectKBest())), NUMBERS), KINDS])),
                            ("scale", StandardScaler(with_mean=False)),
                        ]
                    ),
                ),
                ("model", SVC()),
            ]
        ),
        {"prep__split__best__best__k": [1, 4, 2], "prep__scale__with_std": [True, False]},
        SelectKBest,
    ),
    "columns of columns": (
        columns(
            ("all", ColumnTransformer([("best", SelectKBest(), [0, 1, 2]), ("pca", PCA(), [2, 3, 4])]), [7, 6, 5, 4, 3])
        ),
        {"prep__all__best__k": [1, 3], "prep__all__pca__n_components": [1, 2]},
        PCA,
    ),
}
SHARED = {
    name: (
        *case,
        X
        if name
        in {"PCA alone, of an array", "columns by a mask", "weights", "a union", "a pipeline", "columns of columns"}
        else FRAME,
    )
    for name, case in SHARED.items()
}


QUICK = {"PCA alone, of an array", "columns by a mask", "a pipeline", "PCA", "the best, alone", "weights"}


@pytest.mark.parametrize("name", slow_but(QUICK, SHARED))
def test_the_steps_inside_are_fitted_once(monkeypatch, name):
    estimator, grid, kind, data = SHARED[name]
    theirs = search(estimator, grid, data, kind=GridSearchCV)
    fits = counted(monkeypatch, kind)
    ours = search(estimator, grid, data)
    same(theirs, ours)
    assert len(fits) == N_SPLITS + 1, "once for each split, and for the best"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["PCA", "sparse or not, as it comes", "a union"])
def test_with_workers(name):
    estimator, grid, _, data = SHARED[name]
    settings = {"scoring": ["accuracy", "roc_auc"], "refit": "accuracy"}
    same(
        search(estimator, grid, data, kind=GridSearchCV, **settings),
        search(estimator, grid, data, n_jobs=2, **settings),
    )


def test_what_is_not_worth_keeping_is_fitted_each_time(monkeypatch):
    monkeypatch.setattr(loan, "WORTH_KEEPING", 1000.0)
    estimator, grid, kind, data = SHARED["PCA"]
    theirs = search(estimator, grid, data, kind=GridSearchCV)
    fits = counted(monkeypatch, kind)
    same(theirs, search(estimator, grid, data))
    assert len(fits) == 3 * N_SPLITS + 1


@pytest.mark.parametrize(("worth", "n_looks"), [(1000.0, 2), (0.0, 4 * N_SPLITS)])
def test_a_branch_whose_steps_are_cheap_is_left_alone_after_two_fits(monkeypatch, worth, n_looks):
    monkeypatch.setattr(loan, "WORTH_KEEPING", worth)
    estimator = columns(("numbers", numbers(), NUMBERS))
    looks = counted(monkeypatch, loan.Loan, "inner")
    grid = {"prep__numbers__scale__with_mean": [True, False], "prep__numbers__scale__with_std": [True, False]}
    search(estimator, grid, refit=False)
    assert len(looks) == n_looks


@pytest.mark.slow
def test_sides_are_transformed_once(monkeypatch):
    estimator, grid, _, data = SHARED["sparse or not, as it comes"]
    settings = {"scoring": None, "refit": True}
    theirs = search(estimator, grid, data, kind=GridSearchCV, **settings)
    calls = counted(monkeypatch, CountVectorizer, "transform")
    same(theirs, search(estimator, grid, data, **settings))
    assert len(calls) == 2 * N_SPLITS, "both sides of each split"


@pytest.mark.slow
def test_weights_are_passed_on():
    weights = np.linspace(0.1, 3, len(X))
    with sklearn.config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        for selected in (PCA(), SelectKBest()):
            estimator = columns(("numbers", Pipeline([("scale", scaler), ("last", selected)]), list(range(8))))
            estimator.set_params(model=SVC().set_fit_request(sample_weight=True))
            name = "n_components" if isinstance(selected, PCA) else "k"
            grid = {f"prep__numbers__last__{name}": [2, 5, 3]}
            settings = {"scoring": get_scorer("roc_auc").set_score_request(sample_weight=False), "refit": False}
            ours = search(estimator, grid, X, fit={"sample_weight": weights}, **settings)
            same(search(estimator, grid, X, kind=GridSearchCV, fit={"sample_weight": weights}, **settings), ours)
            unweighted = search(estimator, grid, X, **settings)
            assert (unweighted.cv_results_["mean_test_score"] != ours.cv_results_["mean_test_score"]).any()


# ------------------------------------------------------------------ who is fitted each time


def by_a_function(frame):
    return NUMBERS


class Shift(TransformerMixin, BaseEstimator):
    """A stranger's."""

    n_fits = 0

    def __init__(self, by=1.0):
        self.by = by

    def fit(self, X, y=None):
        Shift.n_fits += 1
        self.n_features_ = X.shape[1]
        return self

    def transform(self, X):
        return np.asarray(X) + self.by


EACH_TIME = {
    "no seed": (columns(("best", SelectKBest(mutual_info_classif), [0, 1, 2, 3])), "prep__best__k", SelectKBest),
    "workers of its own": (columns(("best", SelectKBest(), [0, 1, 2, 3]), n_jobs=2), "prep__best__k", SelectKBest),
    "other components": (
        columns(("svd", TruncatedSVD(random_state=0), [0, 1, 2, 3])),
        "prep__svd__n_components",
        TruncatedSVD,
    ),
}


@pytest.mark.parametrize("name", slow_but({"no seed", "other components"}, EACH_TIME))
def test_who_is_fitted_each_time(monkeypatch, name):
    estimator, parameter, kind = EACH_TIME[name]
    grid = {parameter: [1, 3, 2]}
    settings = {"scoring": None, "refit": False}
    if name != "no seed":
        same(search(estimator, grid, X, kind=GridSearchCV, **settings), search(estimator, grid, X, **settings))
    with joblib.parallel_config("threading"):
        fits = counted(monkeypatch, kind)
        search(estimator, grid, X, **settings)
    assert len(fits) == 3 * N_SPLITS


@pytest.mark.slow
def test_columns_by_a_function_of_somebody(monkeypatch):
    estimator = columns(("best", numbers(("best", SelectKBest())), by_a_function), KINDS)
    grid = {"prep__best__best__k": [1, 4, 2]}
    theirs = search(estimator, grid, kind=GridSearchCV)
    fits = counted(monkeypatch, SelectKBest)
    same(theirs, search(estimator, grid))
    assert len(fits) == 3 * N_SPLITS + 1


def test_a_stranger_inside_is_fitted_twice_before_it_is_trusted():
    estimator = columns(
        ("shift", Pipeline([("shift", Shift()), ("best", SelectKBest())]), [0, 1, 2, 3]), ("two", PCA(), [4, 5])
    )
    grid = {"prep__shift__best__k": [1, 2, 3, 4]}
    settings = {"scoring": None, "refit": False}
    theirs = search(estimator, grid, X, kind=GridSearchCV, **settings)
    Shift.n_fits = 0
    same(theirs, search(estimator, grid, X, **settings))
    assert Shift.n_fits == N_SPLITS + 1


class Broken(Shift):
    """Fails for one shift."""

    def fit(self, X, y=None):
        if self.by == 1.0:
            raise ValueError("No shift by one.")
        return super().fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize("is_union", [True, False])
def test_tracebacks_are_the_same(is_union):
    branch = Pipeline([("scale", StandardScaler()), ("broken", Broken())])
    whole = FeatureUnion([("a", branch)]) if is_union else ColumnTransformer([("a", branch, [0, 1])])
    estimator = Pipeline([("prep", whole), ("model", SVC())])
    said = []
    for on in (True, False):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            grid = {"prep__a__broken__by": [2.0, 1.0]}
            search(estimator, grid, X, scoring=None, refit=False, cache_prefix=on, return_train_score=False)
        said.append([str(each.message) for each in caught])
    assert said[0] == said[1]
    assert "No shift by one." in said[0][0]
    assert "skhpo/fits/prefix" not in "".join(said[0])


def test_names_that_clash():
    estimator = columns(
        ("best", SelectKBest(), ["a", "b"]), ("other", StandardScaler(), ["a", "b"]), verbose_feature_names_out=False
    )
    estimator.set_output(transform="pandas")
    said = []
    for kind in (GridSearchCV, skhpo.GridSearchCV):
        with pytest.raises(ValueError, match=r"not unique|Duplicated feature names") as caught:
            search(estimator, {"prep__best__k": [1, 2]}, kind=kind, error_score="raise", scoring=None)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_one_object_in_two_places():
    scaler = StandardScaler()
    whole = ColumnTransformer([("one", scaler, [0]), ("two", scaler, [1])])
    with pytest.raises(NotReusable):
        step_key("prep", whole)
    step_key("prep", sklearn.clone(whole))


def test_draws_are_seen_where_steps_are_fitted_in_this_process():
    def may_draw(step):
        return step_key("step", step).may_draw

    assert may_draw(ColumnTransformer([("one", PCA(), [0])]))
    assert not may_draw(ColumnTransformer([("one", PCA(random_state=0), [0])]))
    for step in (
        ColumnTransformer([("one", PCA(), [0])], n_jobs=2),
        make_pipeline(PCA(), memory="somewhere"),
        RFE(LogisticRegression()),
    ):
        with pytest.raises(NotReusable):
            step_key("step", step)


def test_functions_that_only_pass_on_are_kept_apart_from_the_samples():
    estimator = columns(("same", FunctionTransformer(), [0, 1]), ("best", SelectKBest(), [1, 2, 3]))
    grid = {"prep__best__k": [1, 2]}
    same(search(estimator, grid, X, kind=GridSearchCV), search(estimator, grid, X))


def test_frames_of_all_transformers():
    with sklearn.config_context(transform_output="pandas"):
        for step in (PCA(svd_solver="full"), PCA(), SelectKBest()):
            estimator = Pipeline([("step", step), ("model", SVC())])
            grid = {"step__k" if isinstance(step, SelectKBest) else "step__n_components": [2, 5, 3]}
            settings = {"scoring": None, "error_score": "raise"}
            same(search(estimator, grid, X, kind=GridSearchCV, **settings), search(estimator, grid, X, **settings))
