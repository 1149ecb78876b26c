"""Tuning problems of `quality`: data that scikit-learn has or makes, its estimators, spaces of all kinds.

Each is a function of the parameters that anyone can run: 3-fold cross-validation on fixed splits, and a third of the
data held out, which no search sees. Spaces are written with this library's dimensions and translated for each peer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import datasets
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingRegressor, RandomForestClassifier
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from skhpo import Categorical, Float, Int

if TYPE_CHECKING:
    from collections.abc import Callable

N_SPLITS = 3


@dataclass(frozen=True)
class Problem:
    """An estimator, or a function that makes one of the active parameters, with its data and space."""

    name: str
    kind: str  # of space: tiny, numeric, mixed, conditional, large
    data: Callable[[], tuple[Any, Any]]
    space: dict[str, Any]
    estimator: Any = None
    build: Callable[[dict[str, Any]], Any] | None = None
    scoring: str = "accuracy"
    is_regression: bool = field(default=False)

    @cached_property
    def parts(self):
        """Training data, held-out data, and the splits of the training data."""
        X, y = self.data()
        stratify = None if self.is_regression else y
        X, X_test, y, y_test = train_test_split(X, y, test_size=1 / 3, random_state=0, stratify=stratify)
        splitter = (KFold if self.is_regression else StratifiedKFold)(N_SPLITS, shuffle=True, random_state=0)
        return X, y, X_test, y_test, list(splitter.split(X, y))

    def make(self, params):
        """Return the estimator of a configuration."""
        return clone(self.estimator).set_params(**params) if self.build is None else self.build(params)

    @property
    def own(self):
        """The estimator's own values of the parameters; None where there is a choice between estimators."""
        known = {} if self.estimator is None else self.estimator.get_params()
        return {name: known.get(name) for name in self.space}

    def score(self, params, fold):
        """Fit on a fold's training side, score on its test side; of fold -1 these are all data and those held out."""
        X, y, X_test, y_test, splits = self.parts
        estimator, scorer = self.make(params), get_scorer(self.scoring)
        if fold < 0:
            return float(scorer(estimator.fit(X, y), X_test, y_test))
        train, test = splits[fold]
        return float(scorer(estimator.fit(X[train], y[train]), X[test], y[test]))


def parents(space):
    """Names of the parameters on which others depend, each before those that depend on it."""
    return [name for name in space if any(name in conditions(each) for each in space.values())]


def conditions(dimension):
    """Return for each parent the values under which a dimension is active."""
    when = getattr(dimension, "when", None) or {}
    return {
        parent: tuple(values) if isinstance(values, (list, tuple)) else (values,) for parent, values in when.items()
    }


def is_active(dimension, params):
    return all(params.get(parent) in values for parent, values in conditions(dimension).items())


def active(space, params):
    """Return the parameters that count, as plain values of Python: integers, floats, strings."""
    found = {}
    for name, dimension in space.items():  # parents stand before their children
        if is_active(dimension, found):
            value = params[name]
            found[name] = value.item() if isinstance(value, np.generic) else value
    return found


def digits(n):
    """Return the first n of the digits, of which there are 1,797."""
    X, y = datasets.load_digits(return_X_y=True)
    return X[:n], y[:n]


def cancer():
    return datasets.load_breast_cancer(return_X_y=True)


def some_classifier(params):
    """One of four classifiers on scaled data."""
    rest = {name.partition("_")[2]: value for name, value in params.items() if name != "model"}
    model = {
        "svm": SVC,
        "neighbours": KNeighborsClassifier,
        "logistic": lambda **kw: LogisticRegression(max_iter=200, **kw),
        "forest": lambda **kw: RandomForestClassifier(n_estimators=10, random_state=0, **kw),
    }[params["model"]]
    return make_pipeline(MinMaxScaler(), model(**rest))


def some_regressor(params):
    """One of four regressors on scaled data."""
    rest = {name.partition("_")[2]: value for name, value in params.items() if name != "model"}
    model = {
        "svm": SVR,
        "neighbours": KNeighborsRegressor,
        "ridge": Ridge,
        "boosting": lambda **kw: GradientBoostingRegressor(n_estimators=20, random_state=0, **kw),
    }[params["model"]]
    return make_pipeline(StandardScaler(), model(**rest))


def is_model(name):
    return {"model": [name]}


def _problems():
    yield Problem(
        "neighbours, wine",
        "tiny",
        lambda: datasets.load_wine(return_X_y=True),
        {
            "n_neighbors": [1, 2, 3, 4, 5, 7, 9, 13],
            "weights": Categorical(["uniform", "distance"]),
            "metric": Categorical(["euclidean", "manhattan", "chebyshev"]),
        },
        KNeighborsClassifier(),
    )
    yield Problem(
        "SVC, digits",
        "numeric",
        lambda: digits(600),
        {"C": Float(1e-2, 1e4, log=True), "gamma": Float(1e-6, 1e-1, log=True)},
        SVC(),
    )
    yield Problem(
        "SVR, friedman3",
        "numeric",
        lambda: datasets.make_friedman3(400, noise=0.1, random_state=0),
        {
            "svr__C": Float(1e-2, 1e3, log=True),
            "svr__gamma": Float(1e-3, 1e1, log=True),
            "svr__epsilon": Float(1e-3, 1.0, log=True),
        },
        make_pipeline(StandardScaler(), SVR(max_iter=20_000)),
        scoring="r2",
        is_regression=True,
    )
    yield Problem(
        "tree, digits",
        "mixed",
        lambda: digits(1200),
        {
            "criterion": Categorical(["gini", "entropy"]),
            "splitter": Categorical(["best", "random"]),
            "max_depth": Int(2, 30),
            "min_samples_split": Int(2, 40, log=True),
            "min_samples_leaf": Int(1, 40, log=True),
            "max_features": Float(0.05, 1.0),
            "ccp_alpha": Float(1e-5, 1e-1, log=True),
        },
        DecisionTreeClassifier(random_state=0),
    )
    yield Problem(
        "forest, hastie_10_2",
        "mixed",
        lambda: datasets.make_hastie_10_2(600, random_state=0),
        {
            "criterion": Categorical(["gini", "entropy"]),
            "max_depth": Int(1, 20),
            "min_samples_leaf": Int(1, 50, log=True),
            "max_features": Float(0.1, 1.0),
            "max_samples": Float(0.1, 1.0),
        },
        RandomForestClassifier(n_estimators=10, random_state=0),
        scoring="roc_auc",
    )
    yield Problem(
        "PCA and logistic regression, digits",
        "mixed",
        lambda: digits(600),
        {
            "pca__n_components": Int(2, 60),
            "pca__whiten": Categorical([True, False]),
            "logisticregression__C": Float(1e-5, 1e3, log=True),
            "logisticregression__fit_intercept": Categorical([True, False]),
            "logisticregression__class_weight": Categorical([None, "balanced"]),
        },
        make_pipeline(MinMaxScaler(), PCA(random_state=0), LogisticRegression(max_iter=100)),
        scoring="neg_log_loss",
    )
    yield Problem(
        "SVC and its kernels, breast cancer",
        "conditional",
        cancer,
        {
            "svc__kernel": Categorical(["rbf", "poly", "sigmoid", "linear"]),
            "svc__C": Float(1e-3, 1e3, log=True),
            "svc__gamma": Float(1e-5, 1e1, log=True, when={"svc__kernel": ["rbf", "poly", "sigmoid"]}),
            "svc__degree": Int(2, 5, when={"svc__kernel": ["poly"]}),
            "svc__coef0": Float(-1.0, 1.0, when={"svc__kernel": ["poly", "sigmoid"]}),
        },
        make_pipeline(StandardScaler(), SVC(max_iter=5_000)),
    )
    yield Problem(
        "kernel ridge and its kernels, friedman2",
        "conditional",
        lambda: datasets.make_friedman2(300, noise=50.0, random_state=0),
        {
            "kernelridge__kernel": Categorical(["rbf", "laplacian", "polynomial", "linear"]),
            "kernelridge__alpha": Float(1e-4, 1e2, log=True),
            "kernelridge__gamma": Float(
                1e-3, 1e1, log=True, when={"kernelridge__kernel": ["rbf", "laplacian", "polynomial"]}
            ),
            "kernelridge__degree": Int(2, 5, when={"kernelridge__kernel": ["polynomial"]}),
            "kernelridge__coef0": Float(0.0, 3.0, when={"kernelridge__kernel": ["polynomial"]}),
        },
        make_pipeline(StandardScaler(), KernelRidge()),
        scoring="r2",
        is_regression=True,
    )
    yield Problem(
        "SGD, breast cancer",
        "conditional",
        cancer,
        {
            "sgdclassifier__loss": Categorical(["hinge", "log_loss", "modified_huber", "squared_error"]),
            "sgdclassifier__penalty": Categorical(["l2", "l1", "elasticnet"]),
            "sgdclassifier__alpha": Float(1e-6, 1e0, log=True),
            "sgdclassifier__l1_ratio": Float(0.0, 1.0, when={"sgdclassifier__penalty": ["elasticnet"]}),
            "sgdclassifier__learning_rate": Categorical(["optimal", "constant", "invscaling", "adaptive"]),
            "sgdclassifier__eta0": Float(
                1e-4, 1e0, log=True, when={"sgdclassifier__learning_rate": ["constant", "invscaling", "adaptive"]}
            ),
            "sgdclassifier__power_t": Float(0.1, 0.9, when={"sgdclassifier__learning_rate": ["invscaling"]}),
            "sgdclassifier__average": Categorical([True, False]),
        },
        make_pipeline(StandardScaler(), SGDClassifier(max_iter=50, random_state=0)),
    )
    yield Problem(
        "four classifiers, digits",
        "conditional",
        lambda: digits(400),
        {
            "model": Categorical(["svm", "neighbours", "logistic", "forest"]),
            "svm_C": Float(1e-2, 1e3, log=True, when=is_model("svm")),
            "svm_gamma": Float(1e-4, 1e1, log=True, when=is_model("svm")),
            "neighbours_n_neighbors": Int(1, 30, log=True, when=is_model("neighbours")),
            "neighbours_weights": Categorical(["uniform", "distance"], when=is_model("neighbours")),
            "neighbours_p": Float(1.0, 4.0, when=is_model("neighbours")),
            "logistic_C": Float(1e-3, 1e3, log=True, when=is_model("logistic")),
            "forest_max_depth": Int(2, 20, when=is_model("forest")),
            "forest_max_features": Float(0.02, 1.0, log=True, when=is_model("forest")),
            "forest_min_samples_leaf": Int(1, 20, log=True, when=is_model("forest")),
        },
        build=some_classifier,
    )
    yield Problem(
        "four regressors, diabetes",
        "conditional",
        lambda: datasets.load_diabetes(return_X_y=True),
        {
            "model": Categorical(["svm", "neighbours", "ridge", "boosting"]),
            "svm_C": Float(1e-1, 1e4, log=True, when=is_model("svm")),
            "svm_gamma": Float(1e-5, 1e0, log=True, when=is_model("svm")),
            "svm_epsilon": Float(1e-2, 1e2, log=True, when=is_model("svm")),
            "neighbours_n_neighbors": Int(1, 50, log=True, when=is_model("neighbours")),
            "neighbours_weights": Categorical(["uniform", "distance"], when=is_model("neighbours")),
            "ridge_alpha": Float(1e-3, 1e4, log=True, when=is_model("ridge")),
            "boosting_learning_rate": Float(1e-2, 1e0, log=True, when=is_model("boosting")),
            "boosting_max_depth": Int(1, 6, when=is_model("boosting")),
            "boosting_subsample": Float(0.3, 1.0, when=is_model("boosting")),
            "boosting_min_samples_leaf": Int(1, 40, log=True, when=is_model("boosting")),
        },
        build=some_regressor,
        scoring="r2",
        is_regression=True,
    )
    yield Problem(
        "boosting, friedman1",
        "large",
        lambda: datasets.make_friedman1(240, noise=1.0, random_state=0),
        {
            "loss": Categorical(["squared_error", "absolute_error", "huber"]),
            "learning_rate": Float(1e-2, 1e0, log=True),
            "n_estimators": Int(10, 40),
            "max_depth": Int(1, 8),
            "min_samples_split": Int(2, 40, log=True),
            "min_samples_leaf": Int(1, 40, log=True),
            "subsample": Float(0.2, 1.0),
            "max_features": Float(0.1, 1.0),
            "ccp_alpha": Float(1e-5, 1e0, log=True),
            "min_impurity_decrease": Float(1e-5, 1e1, log=True),
            "alpha": Float(0.5, 0.99, when={"loss": ["huber"]}),
        },
        GradientBoostingRegressor(random_state=0),
        scoring="r2",
        is_regression=True,
    )
    yield Problem(
        "perceptron, moons",
        "large",
        lambda: datasets.make_moons(300, noise=0.25, random_state=0),
        {
            "activation": Categorical(["relu", "tanh", "logistic"]),
            "solver": Categorical(["adam", "sgd"]),
            "hidden_layer_sizes": Int(2, 60, log=True),
            "alpha": Float(1e-6, 1e1, log=True),
            "batch_size": Int(16, 128, log=True),
            "learning_rate_init": Float(1e-4, 1e0, log=True),
            "max_iter": Int(5, 20),
            "beta_1": Float(0.5, 0.99, when={"solver": ["adam"]}),
            "beta_2": Float(0.8, 0.9999, when={"solver": ["adam"]}),
            "momentum": Float(0.0, 0.99, when={"solver": ["sgd"]}),
            "nesterovs_momentum": Categorical([True, False], when={"solver": ["sgd"]}),
        },
        MLPClassifier(random_state=0),
        scoring="neg_log_loss",
    )


PROBLEMS = {problem.name: problem for problem in _problems()}
