"""Paths of xgboost, lightgbm, CatBoost and ngboost: those that hold, and those that are refused."""

import numpy as np
import pytest
from sklearn.datasets import make_classification, make_regression
from sklearn.tree import DecisionTreeRegressor

from skhpo.estimators.facts import Shape
from skhpo.estimators.hops import NoRouteError
from skhpo.estimators.routes import objection_to, route_to
from skhpo.estimators.table import TESTED
from skhpo.testing import check_path

pytestmark = pytest.mark.filterwarnings("ignore")

N = 300
BINARY = make_classification(N, 8, n_informative=5, random_state=1)
THREE = make_classification(N, 8, n_informative=5, n_classes=3, random_state=2)
NUMBERS = make_regression(N, 8, n_informative=5, noise=20.0, random_state=3)
TIES = (np.round(THREE[0]), THREE[1])
COUNTS = [2, 11, 5, 30]


def library(name):
    """Return a library whose version was tested, or skip."""
    found = pytest.importorskip(name)
    low, high = (tuple(map(int, version.split("."))) for version in TESTED[name])
    if not low <= tuple(map(int, found.__version__.split(".")[:2])) <= high:
        pytest.skip(f"{name} {found.__version__} shares nothing")
    return found


def refusal(estimator, parameter):
    try:
        return objection_to(route_to(estimator, parameter), COUNTS, Shape(N, N)) or "nothing is said"
    except NoRouteError as error:
        return str(error)


XGBOOST = {
    "plain": ("XGBClassifier", {}, BINARY),
    "multiclass": ("XGBClassifier", {"subsample": 0.5, "colsample_bytree": 0.5, "random_state": 0}, TIES),
    "exact": ("XGBClassifier", {"tree_method": "exact", "colsample_bylevel": 0.5}, THREE),
    "approx": ("XGBRegressor", {"tree_method": "approx", "colsample_bynode": 0.5}, NUMBERS),
    "lossguide": ("XGBRegressor", {"grow_policy": "lossguide", "max_leaves": 6, "n_jobs": 2}, NUMBERS),
    "parallel trees": ("XGBClassifier", {"num_parallel_tree": 3, "subsample": 0.5}, BINARY),
    "absolute error": ("XGBRegressor", {"objective": "reg:absoluteerror"}, NUMBERS),
}


@pytest.mark.parametrize("name", XGBOOST)
def test_xgboost(name):
    kind, settings, data = XGBOOST[name]
    settings = {"n_jobs": 1, "max_depth": 3} | settings
    check_path(getattr(library("xgboost"), kind)(**settings), "n_estimators", COUNTS, *data)


def test_what_xgboost_is_refused():
    xgboost = library("xgboost")
    for settings, why in [
        ({"booster": "dart", "rate_drop": 0.1}, "booster='dart' changes earlier rounds"),
        ({"booster": "gblinear"}, "booster='gblinear'"),
        ({"early_stopping_rounds": 3}, "early_stopping_rounds may end the rounds"),
        ({"device": "cuda"}, "device='cuda' is not tested"),
        ({"process_type": "update"}, "process_type is not tested"),
        ({"objective": lambda y, p: (p - y, p * 0 + 1)}, "objective is a function"),
    ]:
        assert why in refusal(xgboost.XGBClassifier(**settings), "n_estimators")
    assert "no path along n_estimators" in refusal(xgboost.XGBRFClassifier(), "n_estimators")


LIGHTGBM = {
    "plain": ("LGBMClassifier", {}, BINARY),
    "multiclass": ("LGBMClassifier", {"subsample": 0.5, "subsample_freq": 1, "colsample_bytree": 0.5}, TIES),
    "goss": ("LGBMClassifier", {"boosting_type": "goss", "random_state": 0, "class_weight": "balanced"}, THREE),
    "rf": ("LGBMClassifier", {"boosting_type": "rf", "subsample": 0.5, "subsample_freq": 1}, THREE),
    "extra trees": ("LGBMRegressor", {"extra_trees": True, "feature_fraction_bynode": 0.5}, NUMBERS),
    "linear trees": ("LGBMRegressor", {"linear_tree": True}, NUMBERS),
    "absolute error": ("LGBMRegressor", {"objective": "mae", "n_jobs": 2}, NUMBERS),
}


@pytest.mark.parametrize("name", LIGHTGBM)
def test_lightgbm(name):
    kind, settings, data = LIGHTGBM[name]
    settings = {"n_jobs": 1, "num_leaves": 7, "min_child_samples": 5, "verbose": -1} | settings
    check_path(getattr(library("lightgbm"), kind)(**settings), "n_estimators", COUNTS, *data)


def test_what_lightgbm_is_refused():
    lightgbm = library("lightgbm")
    for settings, why in [
        ({"boosting_type": "dart"}, "boosting_type='dart' changes earlier rounds"),
        ({"early_stopping_round": 3}, "early_stopping_round is not tested"),
        ({"num_iterations": 3}, "num_iterations is not tested"),
        ({"objective": lambda y, p: (p - y, p * 0 + 1)}, "objective is a function"),
    ]:
        assert why in refusal(lightgbm.LGBMClassifier(**settings), "n_estimators")


def test_importances_of_a_cut_lightgbm():
    model = library("lightgbm").LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1)
    short = model.__class__(n_estimators=4, verbose=-1, n_jobs=1).fit(*BINARY)
    view = route_to(model, "n_estimators").cut(model.fit(*BINARY), 4)
    assert view.feature_importances_.tolist() == short.feature_importances_.tolist()
    assert view.booster_.current_iteration() == 4
    for options in ({"raw_score": True}, {"pred_leaf": True}, {"pred_contrib": True}, {"start_iteration": 1}):
        assert view.predict(BINARY[0], **options).tobytes() == short.predict(BINARY[0], **options).tobytes()
    assert view.score(*BINARY) == short.score(*BINARY)


CATBOOST = {
    "plain": ("CatBoostClassifier", {}, BINARY),
    "multiclass": ("CatBoostClassifier", {"rsm": 0.5, "bootstrap_type": "MVS", "random_seed": 0}, THREE),
    "Bernoulli": ("CatBoostClassifier", {"bootstrap_type": "Bernoulli", "subsample": 0.5}, TIES),
    "ordered": ("CatBoostRegressor", {"boosting_type": "Ordered", "thread_count": 2}, NUMBERS),
    "absolute error": ("CatBoostRegressor", {"loss_function": "MAE", "l2_leaf_reg": 5.0}, NUMBERS),
}


@pytest.mark.parametrize("name", CATBOOST)
def test_catboost(name):
    kind, settings, data = CATBOOST[name]
    settings = {
        "learning_rate": 0.1,
        "leaf_estimation_iterations": 1,
        "depth": 3,
        "thread_count": 1,
        "verbose": False,
        "allow_writing_files": False,
    } | settings
    model = getattr(library("catboost"), kind)(**settings)
    check_path(model, "iterations", [2, 5, 30] if name != "plain" else [60, 199, 200, 201, 250], *data)


def test_what_catboost_is_refused():
    catboost = library("catboost")
    given = {"learning_rate": 0.1, "leaf_estimation_iterations": 1}
    for settings, why in [
        ({}, "the default of learning_rate depends on iterations"),
        ({"learning_rate": 0.1}, "the default of leaf_estimation_iterations depends on iterations"),
        ({**given, "langevin": True}, "langevin is not tested"),
        ({**given, "grow_policy": "Lossguide"}, "only symmetric trees can be cut off"),
        ({**given, "od_type": "Iter"}, "od_type is not tested"),
        ({**given, "loss_function": "Quantile"}, "loss_function='Quantile' is not tested"),
    ]:
        assert why in refusal(catboost.CatBoostClassifier(**settings), "iterations")


def test_refused_settings_of_catboost_would_be_wrong():
    """What a default that depends on the number of iterations does: the reason for the two that must be given."""
    kind = library("catboost").CatBoostClassifier
    settings = {"learning_rate": 0.1, "thread_count": 1, "verbose": False, "allow_writing_files": False, "depth": 3}
    long = kind(iterations=250, **settings).fit(*BINARY)
    short = kind(iterations=60, **settings).fit(*BINARY)
    cut = long.copy()
    cut.shrink(ntree_end=60)
    assert abs(cut.predict_proba(BINARY[0]) - short.predict_proba(BINARY[0])).max() > 1e-3


NGBOOST = {
    "plain": ("NGBRegressor", {}, NUMBERS),
    "samples of rows and columns": ("NGBRegressor", {"minibatch_frac": 0.5, "col_sample": 0.5}, NUMBERS),
    "members": ("NGBRegressor", {"Base": DecisionTreeRegressor(max_depth=2, max_features=3)}, TIES),
    "classes": ("NGBClassifier", {"natural_gradient": False}, BINARY),
}


@pytest.mark.parametrize("name", NGBOOST)
def test_ngboost(name):
    kind, settings, data = NGBOOST[name]
    model = getattr(library("ngboost"), kind)(random_state=0, verbose=False, learning_rate=0.1, **settings)
    check_path(model, "n_estimators", COUNTS, *data)


def test_distributions_of_a_cut_ngboost():
    model = library("ngboost").NGBRegressor(n_estimators=20, random_state=0, verbose=False)
    short = model.__class__(n_estimators=4, random_state=0, verbose=False).fit(*NUMBERS)
    view = route_to(model, "n_estimators").cut(model.fit(*NUMBERS), 4)
    for name, values in short.pred_dist(NUMBERS[0]).params.items():
        assert view.pred_dist(NUMBERS[0]).params[name].tobytes() == values.tobytes()


def test_what_ngboost_is_refused():
    ngboost = library("ngboost")
    for settings, why in [
        ({"random_state": None}, "random_state is not an integer"),
        ({"early_stopping_rounds": 3}, "early_stopping_rounds may end the rounds"),
        ({"Base": Unknown()}, "of a class that is not known, Unknown"),
        (
            {"Base": DecisionTreeRegressor(random_state=np.random.RandomState(0))},
            "random_state of its members is a generator",
        ),
    ]:
        assert why in refusal(ngboost.NGBRegressor(**{"random_state": 0} | settings), "n_estimators")


class Unknown(DecisionTreeRegressor):
    """May do anything."""


def categories():
    """Return a frame with names, a column of categories, and gaps."""
    pandas = pytest.importorskip("pandas")
    X, y = BINARY
    frame = pandas.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])
    frame["category"] = pandas.Categorical(np.array(["a", "b", "c"])[(X[:, 0] * 2).astype(int) % 3])
    frame.iloc[::7, 0] = np.nan
    return frame, y


@pytest.mark.parametrize(
    ("name", "kind", "settings"),
    [
        ("xgboost", "XGBClassifier", {"enable_categorical": True, "n_jobs": 1}),
        ("lightgbm", "LGBMClassifier", {"verbose": -1, "n_jobs": 1}),
    ],
)
def test_frames_with_names_and_categories(name, kind, settings):
    check_path(getattr(library(name), kind)(**settings), "n_estimators", COUNTS, *categories())
