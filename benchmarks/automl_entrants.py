"""Who takes part in `benchmarks/automl.py`: ours, parts of ours, untuned models, and the peers.

A function of an entrant is given a `Problem` and returns ``{variant: predict}``: ``predict(X)`` gives probabilities, a
column for each class, or numbers. The variant ``""`` is the entrant; others are what can be had from it for comparison.
Libraries are imported where they are needed, since each entrant may have an environment of its own.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, SVR

if TYPE_CHECKING:
    from collections.abc import Callable

SCIKIT_LEARN = ("boosting", "linear", "extra_trees", "random_forest", "svm", "neural_network", "nearest_neighbors")
"""The families that need no other library; in classification there is naive Bayes as well."""


class Problem(NamedTuple):
    X: pd.DataFrame
    y: pd.Series
    is_classifier: bool
    budget: float
    seed: int

    @property
    def scoring(self):
        return "neg_log_loss" if self.is_classifier else "neg_root_mean_squared_error"

    def one_of(self, classifier, regressor, *arguments, **settings):
        return (classifier if self.is_classifier else regressor)(*arguments, **settings)

    def predict_of(self, model):
        return model.predict_proba if self.is_classifier else model.predict


@dataclass(frozen=True)
class Entrant:
    """One of those that are compared.

    Parameters
    ----------
    title : str
        Its name in tables.
    library : str
        The distribution that it needs.
    fit : callable
        See above.
    is_timed : bool
        Whether it is given a budget.
    """

    title: str
    library: str
    fit: Callable
    is_timed: bool = True


# -- ours -------------------------------------------------------------------------------------------------------------


def automl(problem, **settings):
    """Return our estimator, fitted."""
    import skhpo

    auto = problem.one_of(
        skhpo.AutoClassifier,
        skhpo.AutoRegressor,
        time_budget=problem.budget,
        scoring=problem.scoring,
        random_state=problem.seed,
        **settings,
    )
    return auto.fit(problem.X, problem.y)


def ours(problem):
    auto = automl(problem)
    found = {"": problem.predict_of(auto), "best member alone": problem.predict_of(auto.best_estimator_)}
    if problem.is_classifier:
        found["no temperature"] = auto.ensemble_.predict_proba
    return found | {"models of the folds": Later(lambda: of_folds(auto, problem))}


def of_folds(auto, problem):
    """Return how the ensemble predicts where its members are fitted five times, without a fold each, in place of once.

    The temperature stays, so that nothing else differs.
    """
    from sklearn.base import clone

    folds = problem.one_of(StratifiedKFold, KFold, 5, shuffle=True, random_state=problem.seed)
    ensemble = clone(auto.ensemble_).set_params(cv=folds).fit(problem.X, problem.y)
    if not problem.is_classifier:
        return ensemble.predict
    return lambda X: sharpened(ensemble.predict_proba(X), auto.temperature_)


def sharpened(probabilities, power):
    """Return probabilities to a power, which sum to one again."""
    found = np.clip(probabilities, 1e-6, 1.0) ** power
    return found / found.sum(axis=1, keepdims=True)


class Later:
    """A variant that has to be fitted first, after the entrant's seconds are counted."""

    def __init__(self, make):
        self._make = make

    def __call__(self, X):
        return self._make()(X)


def plain_families(problem):
    families = [*SCIKIT_LEARN, "naive_bayes"] if problem.is_classifier else list(SCIKIT_LEARN)
    return {"": problem.predict_of(automl(problem, estimators=families))}


def single(problem):
    return {"": problem.predict_of(automl(problem, ensemble=1))}


def bayes(problem):
    """A search as it is written by hand: four families, a preparation of the table, and ranges in one space."""
    import skhpo

    trees = {"model__max_features": skhpo.Float(0.05, 1.0), "model__min_samples_leaf": skhpo.Int(1, 20, log=True)}
    boosting = {
        "model__learning_rate": skhpo.Float(0.01, 0.3, log=True),
        "model__max_leaf_nodes": skhpo.Int(4, 64, log=True),
        "model__max_iter": skhpo.Int(50, 500, log=True),
    }
    seeded = {"random_state": problem.seed}
    svm = {"model__C": skhpo.Float(1e-2, 1e3, log=True), "model__gamma": skhpo.Float(1e-4, 1.0, log=True)}
    linear = {"model__C" if problem.is_classifier else "model__alpha": skhpo.Float(1e-3, 1e3, log=True)}
    families = [
        (problem.one_of(HistGradientBoostingClassifier, HistGradientBoostingRegressor, **seeded), boosting),
        (problem.one_of(ExtraTreesClassifier, ExtraTreesRegressor, 200, **seeded), trees),
        (SVC(probability=True, **seeded) if problem.is_classifier else SVR(), svm),
        (problem.one_of(LogisticRegression, Ridge, **({"max_iter": 1000} if problem.is_classifier else {})), linear),
    ]
    search = skhpo.BayesSearchCV(
        Pipeline([("columns", columns()), ("model", families[0][0])]),
        [{"model": [model], **ranges} for model, ranges in families],
        n_iter=10_000,
        timeout=problem.budget,
        scoring=problem.scoring,
        random_state=problem.seed,
    )
    return {"": problem.predict_of(search.fit(problem.X, problem.y))}


# -- untuned models ---------------------------------------------------------------------------------------------------


def columns():
    """Return what makes numbers of a table: medians and scales, and a column for each text that comes twice."""
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(missing_values=None, strategy="constant", fill_value="missing"),
        OneHotEncoder(handle_unknown="ignore", min_frequency=2, sparse_output=False),
    )
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (texts, make_column_selector(dtype_exclude="number"))
    )


def texts_of(X):
    return [name for name in X if not pd.api.types.is_numeric_dtype(X[name])]


class Categories:
    """Turns texts into categories, always the same."""

    def __init__(self, X):
        self._types = {name: pd.CategoricalDtype(sorted(X[name].dropna().unique())) for name in texts_of(X)}

    def __call__(self, X):
        return X.astype(self._types)


def on_categories(problem, model):
    categories = Categories(problem.X)
    predict = problem.predict_of(model.fit(categories(problem.X), problem.y))
    return {"": lambda X: predict(categories(X))}


def hist_gradient_boosting(problem):
    kinds = HistGradientBoostingClassifier, HistGradientBoostingRegressor
    return on_categories(problem, problem.one_of(*kinds, categorical_features="from_dtype", random_state=problem.seed))


def lightgbm(problem):
    from lightgbm import LGBMClassifier, LGBMRegressor

    settings = {"n_jobs": 1, "random_state": problem.seed, "verbose": -1}
    return on_categories(problem, problem.one_of(LGBMClassifier, LGBMRegressor, **settings))


def random_forest(problem):
    forest = problem.one_of(RandomForestClassifier, RandomForestRegressor, 500, random_state=problem.seed)
    return {"": problem.predict_of(make_pipeline(columns(), forest).fit(problem.X, problem.y))}


def catboost(problem):
    from catboost import CatBoostClassifier, CatBoostRegressor

    texts = texts_of(problem.X)

    def filled(X):
        X = X.copy()
        X[texts] = X[texts].astype(object).fillna("missing").astype(str)
        return X

    model = problem.one_of(
        CatBoostClassifier,
        CatBoostRegressor,
        thread_count=1,
        random_state=problem.seed,
        verbose=0,
        allow_writing_files=False,
        cat_features=texts,
    )
    predict = problem.predict_of(model.fit(filled(problem.X), problem.y))
    return {"": lambda X: predict(filled(X))}


# -- peers ------------------------------------------------------------------------------------------------------------


def flaml(problem):
    from flaml import AutoML

    auto = AutoML()
    auto.fit(
        problem.X,
        problem.y,
        task="classification" if problem.is_classifier else "regression",
        metric="log_loss" if problem.is_classifier else "rmse",
        time_budget=problem.budget,
        n_jobs=1,
        seed=problem.seed,
        verbose=0,
        log_file_name=str(Path(tempfile.mkdtemp()) / "flaml.log"),
    )
    return {"": problem.predict_of(auto)}


def autogluon(preset):
    def fit(problem):
        from autogluon.tabular import TabularPredictor

        n_labels = problem.y.nunique()
        kind = ("binary" if n_labels == 2 else "multiclass") if problem.is_classifier else "regression"
        metric = "log_loss" if problem.is_classifier else "root_mean_squared_error"
        predictor = TabularPredictor(
            "target", problem_type=kind, eval_metric=metric, path=tempfile.mkdtemp(), verbosity=0
        )
        table = pd.concat([problem.X, problem.y.rename("target")], axis=1)
        predictor.fit(table, time_limit=problem.budget, presets=preset, num_cpus=1, num_gpus=0)
        predict = problem.predict_of(predictor)
        return {"": lambda X: predict(X).to_numpy()}

    return fit


ENTRANTS = {
    "skhpo": Entrant("**skhpo**", "skhpo", ours),
    "skhpo-plain": Entrant("skhpo, families of scikit-learn only", "skhpo", plain_families),
    "skhpo-single": Entrant("skhpo, `ensemble=1`", "skhpo", single),
    "skhpo-bayes": Entrant("skhpo `BayesSearchCV`, a space by hand", "skhpo", bayes),
    "hgb": Entrant("HistGradientBoosting, untuned", "scikit-learn", hist_gradient_boosting, is_timed=False),
    "rf": Entrant("RandomForest, 500 trees", "scikit-learn", random_forest, is_timed=False),
    "lightgbm": Entrant("LightGBM, untuned", "lightgbm", lightgbm, is_timed=False),
    "catboost": Entrant("CatBoost, untuned", "catboost", catboost, is_timed=False),
    "flaml": Entrant("FLAML", "flaml", flaml),
    "autogluon-medium": Entrant("AutoGluon medium", "autogluon.tabular", autogluon("medium_quality")),
    "autogluon-good": Entrant("AutoGluon good", "autogluon.tabular", autogluon("good_quality")),
}
OURS = "skhpo"
PARTS_OF_OURS = ("skhpo-plain", "skhpo-single")
