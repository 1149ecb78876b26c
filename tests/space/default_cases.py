"""An instance of every class with a default space, and data that it takes."""

import functools
import importlib
import inspect

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split

from skhpo.space.defaults.registry import SPACES

OTHERS = ("xgboost", "lightgbm", "catboost")
NAMES = sorted(name for name in SPACES if not name.startswith(OTHERS))
BOOSTERS = sorted(name for name in SPACES if name.startswith(OTHERS))

_SETTINGS = {
    "SelectFromModel": {"estimator": RandomForestClassifier(n_estimators=5, random_state=0)},
    "RFE": {"estimator": LogisticRegression()},
    "RFECV": {"estimator": LogisticRegression()},
    "LatentDirichletAllocation": {"max_iter": 1},
    "OneHotEncoder": {"handle_unknown": "ignore"},
    **{name: {"n_jobs": 1} for name in ("XGBClassifier", "XGBRegressor", "XGBRFClassifier", "XGBRFRegressor")},
    **{f"LGBM{kind}": {"n_jobs": 1, "verbose": -1} for kind in ("Classifier", "Regressor", "Ranker")},
    **{
        f"CatBoost{kind}": {"iterations": 20, "thread_count": 1, "verbose": False, "allow_writing_files": False}
        for kind in ("Classifier", "Regressor")
    },
    **{
        f"{kind}{role}": {"n_estimators": 5}
        for kind in ("RandomForest", "ExtraTrees", "Bagging", "XGBRF")
        for role in ("Classifier", "Regressor")
    },
    "IsolationForest": {"n_estimators": 5},
}
_SLOW = {"n_estimators": 10, "max_iter": 10}
"""What makes a fit slow and is no more wrong where it is small: no test waits for 500 trees."""

_COUNTED = {"MultinomialNB", "BernoulliNB", "ComplementNB", "NMF", "LatentDirichletAllocation", "TfidfTransformer"}
_CATEGORIES = {"CategoricalNB", "OneHotEncoder", "OrdinalEncoder", "TargetEncoder"}
_TEXTS = {"CountVectorizer", "TfidfVectorizer", "HashingVectorizer"}
_POSITIVE = {"PoissonRegressor", "GammaRegressor"}
_TWO_TARGETS = {"MultiTaskLasso", "MultiTaskElasticNet"}
_REGRESSORS = {
    *("Ridge", "Lasso", "LassoLars", "ElasticNet", "Lars", "OrthogonalMatchingPursuit", "SVR", "NuSVR", "LinearSVR"),
    *("KernelRidge", "PLSRegression"),
}


def make(name):
    """Return an instance of a class, with what it needs or what makes it fast."""
    module, _, kind = name.rpartition(".")
    if kind == "IterativeImputer":
        importlib.import_module("sklearn.experimental.enable_iterative_imputer")
    cls = getattr(importlib.import_module(module), kind)
    settings = dict(_SETTINGS.get(kind, {}))
    if "random_state" in inspect.signature(cls).parameters:
        settings["random_state"] = 0
    return cls(**settings)


def quick(params):
    """Return parameters of which none makes a fit slow."""
    return {name: min(value, _SLOW.get(name, value)) if name in _SLOW else value for name, value in params.items()}


def groups(name, n_samples):
    """Return what rankers want in `fit` besides."""
    if name == "xgboost.XGBRanker":
        return {"qid": np.repeat([0, 1], [n_samples // 2, n_samples - n_samples // 2])}
    return {"group": [n_samples]} if name == "lightgbm.LGBMRanker" else {}


@functools.cache
def data(name, n_samples):
    """Return ``X, y`` and half of their rows, as a training side of two folds has them."""
    X, y = _whole(name.rpartition(".")[2], n_samples)
    is_class = y.dtype.kind != "f"
    half, _, y_half, _ = train_test_split(X, y, train_size=0.5, random_state=0, stratify=y if is_class else None)
    return X, y, half, y_half


def _whole(kind, n_samples):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 6))
    signal = X[:, 0] - X[:, 1] + rng.normal(size=n_samples)
    y = 7 * signal if kind.endswith("Regressor") or kind in _REGRESSORS else np.digitize(signal, [-0.75, 0.75])
    y = np.exp(signal) if kind in _POSITIVE else np.column_stack([signal, -signal]) if kind in _TWO_TARGETS else y
    if kind in _TEXTS:
        words = np.array([f"word{number}" for number in range(60)])
        share = 1 / np.arange(1, 61)  # as in languages
        X = [" ".join(rng.choice(words, 10, p=share / share.sum())) for _ in range(n_samples)]
    elif kind in _COUNTED:
        X = rng.poisson(2.0, size=(n_samples, 6))
    elif kind in _CATEGORIES:
        X = rng.integers(3, size=(n_samples, 6))
    return X, y
