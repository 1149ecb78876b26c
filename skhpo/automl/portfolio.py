"""The configurations that are tried first, over all families of models: what is known to be good on most tables.

Each is the estimator of a pipeline behind `tabular_preprocessor`. Their order is that of their worth per second: the
untuned boosting first, then what differs most from it, then slower and finer ones of each family. Where the ranges and
the order come from is said in docs/guide/automl.md.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import SplineTransformer, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.utils.validation import has_fit_parameter

from skhpo.automl.preprocessing import tabular_preprocessor

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Task:
    """What a portfolio is for.

    Parameters
    ----------
    is_classifier : bool
        Whether labels are predicted.
    n_samples, n_features : int
        Size of the table.
    n_classes : int
        Labels; 0 in regression.
    seed : int
        Of all models.
    """

    is_classifier: bool
    n_samples: int
    n_features: int
    n_classes: int = 0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Entry:
    """A configuration.

    Parameters
    ----------
    name : str
        Of the configuration, as the leaderboard shows it.
    family : str
        Of the model.
    pipeline : estimator
        Not fitted.
    path : str or None
        A parameter along which one fit contains the shorter ones.
    values : tuple of int
        Its values, the largest first.
    growth : float
        Power of the rows by which a fit grows.
    amount : str or None
        A parameter that the time of a fit is proportional to.
    """

    name: str
    family: str
    pipeline: Any
    path: str | None = None
    values: tuple[int, ...] = ()
    growth: float = 1.0
    amount: str | None = None

    @property
    def takes_weights(self) -> bool:
        """Whether the model takes ``sample_weight``."""
        model = self.pipeline[-1]
        inner = getattr(model, "regressor", model)  # what is beside the scaling of targets
        return bool(has_fit_parameter(inner, "sample_weight"))

    @property
    def work(self) -> float:
        """How much its longest fit has to do, beside others of its family."""
        if self.amount is None:
            return 1.0
        return float(max(self.values, default=self.pipeline.get_params()[self.amount]))

    def shortened(self) -> tuple[Any, float]:
        """Return the pipeline with less work to do, and how many times as long the fit of the whole model takes."""
        if self.amount is None or self.work <= _LITTLE:
            return self.pipeline, 1.0
        return clone(self.pipeline).set_params(**{self.amount: _LITTLE}), self.work / _LITTLE


_LITTLE = 20  # trees


def portfolio(task: Task, families: tuple[str, ...] | None = None) -> list[Entry]:
    """Return the configurations for a task, in the order in which they are tried.

    Parameters
    ----------
    task : Task
        What they are for.
    families : tuple of str or None, default=None
        Which to take; None for all that are installed.
    """
    return [_entry(task, listed) for listed in _listed(task) if families is None or listed.family in families]


def families_of(task: Task) -> list[str]:
    """Return the names of the families that there are for a task, those that are installed."""
    return sorted({listed.family for listed in _listed(task)})


_GROWTH = {"svm": 2.0, "nearest_neighbors": 1.3}


def _entry(task: Task, listed: _Listed) -> Entry:
    name, family, model, path, values = listed
    pipeline = Pipeline([("prep", tabular_preprocessor(model, random_state=task.seed)), ("model", model)])
    amount = next((each for each in _AMOUNTS if each in model.get_params()), None)
    return Entry(
        name,
        family,
        pipeline,
        path=None if path is None else f"model__{path}",
        values=values,
        growth=_GROWTH.get(family, 1.0),
        amount=None if amount is None or family not in _BY_TREES else f"model__{amount}",
    )


_BY_TREES = {"boosting", "extra_trees", "random_forest", "lightgbm", "catboost"}
_AMOUNTS = ("n_estimators", "iterations", "max_iter")


class _Listed(NamedTuple):
    """A configuration without what is in front of the model."""

    name: str
    family: str
    model: Any
    path: str | None = None
    values: tuple[int, ...] = ()


def _listed(task: Task) -> Iterator[_Listed]:
    """Yield name, family, model, and the path with its values."""
    yield _Listed("boosting", "boosting", _boosting(task), "max_iter", (100, 50))
    yield _Listed("linear", "linear", _linear(task, 1.0))
    yield from _others(task)
    yield from _first(task)
    yield from _second(task)
    yield from _third(task)


def _first(task: Task) -> Iterator[_Listed]:
    """Yield one of each kind that is cheap for what it is worth."""
    yield _Listed("svm", "svm", _svm(task, C=3.0))
    yield _Listed("extra_trees", "extra_trees", _extra_trees(task, max_features=0.5))
    yield _Listed("random_forest", "random_forest", _forest(task, max_features=0.4))
    slow = _boosting(task, learning_rate=0.04, max_leaf_nodes=24, min_samples_leaf=10, l2_regularization=1.0)
    yield _Listed("boosting_slow", "boosting", slow, "max_iter", (700, 450, 250, 120))


def _second(task: Task) -> Iterator[_Listed]:
    """Yield those that fill the gaps."""
    if task.n_features <= _MOST_SPLINED:
        yield _Listed("splines", "linear", make_pipeline(_splines(), _linear(task, 1.0)))
    shallow = _boosting(task, learning_rate=0.08, max_leaf_nodes=6, min_samples_leaf=8, l2_regularization=0.1)
    yield _Listed("boosting_shallow", "boosting", shallow, "max_iter", (900, 500, 250, 120))
    yield _Listed("neural_network", "neural_network", _network(task, (128, 64), 1e-3))
    deep = _boosting(
        task, learning_rate=0.03, max_leaf_nodes=48, min_samples_leaf=4, max_features=0.35, l2_regularization=2.0
    )
    yield _Listed("boosting_deep", "boosting", deep, "max_iter", (900, 600, 350, 180))
    yield _Listed("extra_trees_smooth", "extra_trees", _extra_trees(task, max_features=0.4, min_samples_leaf=3))
    yield _Listed("svm_stiff", "svm", _svm(task, C=20.0, gamma="auto"))


def _third(task: Task) -> Iterator[_Listed]:
    """Yield further ones for larger budgets."""
    yield _Listed("linear_strong", "linear", _linear(task, 0.03))
    yield _Listed("random_forest_smooth", "random_forest", _forest(task, max_features=0.25, min_samples_leaf=3))
    yield _Listed("nearest_neighbors", "nearest_neighbors", _neighbours(task, 15))
    sparse = _boosting(
        task, learning_rate=0.05, max_leaf_nodes=12, min_samples_leaf=20, max_features=0.2, l2_regularization=10.0
    )
    yield _Listed("boosting_sparse", "boosting", sparse, "max_iter", (900, 500, 250))
    if task.is_classifier:
        yield _Listed("discriminant", "linear", LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
        yield _Listed("naive_bayes", "naive_bayes", GaussianNB(var_smoothing=1e-3))
    yield _Listed("neural_network_wide", "neural_network", _network(task, (256,), 1e-1))
    yield _Listed("svm_smooth", "svm", _svm(task, C=1.0))
    stumps = _boosting(task, learning_rate=0.15, max_leaf_nodes=3, min_samples_leaf=5, l2_regularization=0.1)
    yield _Listed("boosting_stumps", "boosting", stumps, "max_iter", (1000, 500, 250))
    yield _Listed("extra_trees_all", "extra_trees", _extra_trees(task, max_features=1.0, min_samples_leaf=2))
    yield _Listed("neural_network_deep", "neural_network", _network(task, (128, 128, 64), 1e-2))


def _others(task: Task) -> Iterator[_Listed]:
    """Yield boosters of other libraries, where they are installed."""
    if _is_installed("lightgbm"):
        lightgbm = importlib.import_module("lightgbm")
        kind = lightgbm.LGBMClassifier if task.is_classifier else lightgbm.LGBMRegressor
        settings = {"random_state": task.seed, "n_jobs": 1, "verbose": -1, "subsample_freq": 1, "deterministic": True}
        model = kind(
            learning_rate=0.03, num_leaves=24, min_child_samples=8, subsample=0.8, colsample_bytree=0.6, **settings
        )
        yield _Listed("lightgbm", "lightgbm", model, "n_estimators", (900, 600, 350, 180))
    if _is_installed("catboost"):
        yield _Listed("catboost", "catboost", _catboost(task, learning_rate=0.08), "iterations", (400, 250, 120))


_MOST_SPLINED = 60


def _catboost(task: Task, **settings: Any) -> Any:
    """Return a model of CatBoost; what it would choose by the number of iterations is given."""
    catboost = importlib.import_module("catboost")
    kind = catboost.CatBoostClassifier if task.is_classifier else catboost.CatBoostRegressor
    steps = 10 if task.n_classes == 2 else 1  # as by default
    return kind(
        random_seed=task.seed,
        thread_count=1,
        verbose=0,
        allow_writing_files=False,
        leaf_estimation_iterations=steps,
        **settings,
    )


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def _boosting(task: Task, **settings: Any) -> Any:
    kind = HistGradientBoostingClassifier if task.is_classifier else HistGradientBoostingRegressor
    return kind(early_stopping=False, random_state=task.seed, **settings)


def _extra_trees(task: Task, **settings: Any) -> Any:
    kind = ExtraTreesClassifier if task.is_classifier else ExtraTreesRegressor
    return kind(n_estimators=200, random_state=task.seed, **settings)


def _forest(task: Task, **settings: Any) -> Any:
    kind = RandomForestClassifier if task.is_classifier else RandomForestRegressor
    return kind(n_estimators=200, random_state=task.seed, **settings)


def _linear(task: Task, strength: float) -> Any:
    """Return a linear model; ``strength`` is C, or one over the penalty."""
    if task.is_classifier:
        return LogisticRegression(C=strength, max_iter=2000)
    return Ridge(alpha=1.0 / strength, solver="auto")


def _splines() -> Any:
    return SplineTransformer(n_knots=6, knots="quantile", extrapolation="linear", include_bias=False)


def _scaled_target(model: Any) -> Any:
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def _svm(task: Task, *, C: float, gamma: Any = "scale") -> Any:
    if task.is_classifier:
        machine = SVC(C=C, gamma=gamma, cache_size=500, random_state=task.seed)
        return CalibratedClassifierCV(machine, ensemble=False, cv=3)
    return _scaled_target(SVR(C=C, gamma=gamma, cache_size=500, epsilon=0.05))


def _network(task: Task, layers: tuple[int, ...], alpha: float) -> Any:
    settings: dict[str, Any] = {
        "hidden_layer_sizes": layers,
        "alpha": alpha,
        "learning_rate_init": 2e-3,
        "max_iter": 150,
        "n_iter_no_change": 12,
        "early_stopping": task.n_samples >= _FEWEST_TO_STOP,
        "random_state": task.seed,
    }
    if task.is_classifier:
        return MLPClassifier(**settings)
    return _scaled_target(MLPRegressor(**settings))


_FEWEST_TO_STOP = 1000


def _neighbours(task: Task, n: int) -> Any:
    kind = KNeighborsClassifier if task.is_classifier else KNeighborsRegressor
    return kind(n_neighbors=n, weights="distance")
