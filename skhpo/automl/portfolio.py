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
    is_proposed : bool
        Whether it stands for all configurations of a family that are proposed, which take more or less time.
    """

    name: str
    family: str
    pipeline: Any
    path: str | None = None
    values: tuple[int, ...] = ()
    growth: float = 1.0
    amount: str | None = None
    is_proposed: bool = False

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
    is_lightgbm_wanted = families is None or _LIGHTGBM in families
    listed = _listed(task, by_lightgbm=_is_installed(_LIGHTGBM) and is_lightgbm_wanted)
    return [_entry(task, each) for each in listed if families is None or each.family in families]


def families_of(task: Task) -> list[str]:
    """Return the names of the families that there are for a task, those that are installed."""
    return sorted({listed.family for listed in _listed(task, by_lightgbm=_is_installed(_LIGHTGBM))})


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


_LIGHTGBM = "lightgbm"
_BY_TREES = {"boosting", "extra_trees", "random_forest", _LIGHTGBM, "catboost"}
_AMOUNTS = ("n_estimators", "iterations", "max_iter")


class _Listed(NamedTuple):
    """A configuration without what is in front of the model."""

    name: str
    family: str
    model: Any
    path: str | None = None
    values: tuple[int, ...] = ()


class _Boosting(NamedTuple):
    """Settings of a boosting, whoever does it.

    Parameters
    ----------
    name : str
        What the configuration is called behind its family.
    rate : float
        Of learning.
    n_leaves, n_rows : int
        Leaves of a tree, and rows of a leaf at least.
    columns : float
        Share that is looked at.
    penalty : float
        L2, of the leaves.
    values : tuple of int
        Numbers of iterations.
    """

    name: str
    rate: float
    n_leaves: int
    n_rows: int
    columns: float
    penalty: float
    values: tuple[int, ...]


_SLOW = _Boosting("slow", 0.04, 24, 10, 1.0, 1.0, (700, 450, 250, 120))
_SHALLOW = _Boosting("shallow", 0.08, 6, 8, 1.0, 0.1, (900, 500, 250, 120))
_DEEP = _Boosting("deep", 0.03, 48, 4, 0.35, 2.0, (900, 600, 350, 180))
_SPARSE = _Boosting("sparse", 0.05, 12, 20, 0.2, 10.0, (900, 500, 250))
_STUMPS = _Boosting("stumps", 0.15, 3, 5, 1.0, 0.1, (1000, 500, 250))


def _listed(task: Task, *, by_lightgbm: bool) -> Iterator[_Listed]:
    """Yield the configurations in order.

    LightGBM makes a tree of a small table several times faster than scikit-learn. Where it is there, it has the
    settings that scikit-learn's boosting would have, which has them at the end.
    """
    boosted = _by_lightgbm if by_lightgbm else _by_histograms
    untuned = _Listed("boosting", "boosting", _boosting(task), "max_iter", (100, 50))
    yield _by_lightgbm(task, None) if by_lightgbm else untuned
    yield _Listed("linear", "linear", _linear(task, 1.0))
    yield from _others(task)
    yield from _first(task)
    yield _by_lightgbm(task, _RANDOM, extra_trees=True) if by_lightgbm else _by_histograms(task, _SLOW)
    if task.n_features <= _MOST_SPLINED:
        yield _Listed("splines", "linear", make_pipeline(_splines(), _linear(task, 1.0)))
    yield boosted(task, _SHALLOW)
    yield _Listed("neural_network", "neural_network", _network(task, (128, 64), 1e-3))
    yield boosted(task, _DEEP)
    yield from _second(task)
    yield boosted(task, _SPARSE)
    yield from _third(task)
    yield boosted(task, _STUMPS)
    yield from _fourth(task)
    if by_lightgbm:
        yield untuned
        yield from (_by_histograms(task, each) for each in (_SLOW, _SHALLOW, _DEEP, _SPARSE, _STUMPS))


def _first(task: Task) -> Iterator[_Listed]:
    """Yield one of each kind that is cheap for what it is worth."""
    yield _Listed("svm", "svm", _svm(task, C=3.0))
    yield _Listed("extra_trees", "extra_trees", _extra_trees(task, max_features=0.5))
    yield _Listed("random_forest", "random_forest", _forest(task, max_features=0.4))


def _second(task: Task) -> Iterator[_Listed]:
    """Yield those that fill the gaps."""
    yield _Listed("extra_trees_smooth", "extra_trees", _extra_trees(task, max_features=0.4, min_samples_leaf=3))
    yield _Listed("svm_stiff", "svm", _svm(task, C=20.0, gamma="auto"))
    yield _Listed("linear_strong", "linear", _linear(task, 0.03))
    yield _Listed("random_forest_smooth", "random_forest", _forest(task, max_features=0.25, min_samples_leaf=3))
    yield _Listed("nearest_neighbors", "nearest_neighbors", _neighbours(task, 15))


def _third(task: Task) -> Iterator[_Listed]:
    """Yield further ones."""
    if task.is_classifier:
        yield _Listed("discriminant", "linear", LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
        yield _Listed("naive_bayes", "naive_bayes", GaussianNB(var_smoothing=1e-3))
    yield _Listed("neural_network_wide", "neural_network", _network(task, (256,), 1e-1))
    yield _Listed("svm_smooth", "svm", _svm(task, C=1.0))


def _fourth(task: Task) -> Iterator[_Listed]:
    """Yield the last ones."""
    yield _Listed("extra_trees_all", "extra_trees", _extra_trees(task, max_features=1.0, min_samples_leaf=2))
    yield _Listed("neural_network_deep", "neural_network", _network(task, (128, 128, 64), 1e-2))


_USUAL = _Boosting("", 0.03, 24, 8, 0.6, 0.0, (900, 600, 350, 180))
_RANDOM = _Boosting("random", 0.05, 32, 5, 0.8, 1.0, (900, 600, 350, 180))


def _others(task: Task) -> Iterator[_Listed]:
    """Yield boosters of other libraries, where they are installed."""
    if _is_installed(_LIGHTGBM):
        yield _by_lightgbm(task, _USUAL)
    if _is_installed("catboost"):
        model = _catboost(task, iterations=700, learning_rate=0.06)
        yield _Listed("catboost", "catboost", model, "iterations", (700, 400, 250, 120))


def _by_histograms(task: Task, settings: _Boosting) -> _Listed:
    model = _boosting(
        task,
        learning_rate=settings.rate,
        max_leaf_nodes=settings.n_leaves,
        min_samples_leaf=settings.n_rows,
        max_features=settings.columns,
        l2_regularization=settings.penalty,
    )
    return _Listed(f"boosting_{settings.name}", "boosting", model, "max_iter", settings.values)


def _by_lightgbm(task: Task, settings: _Boosting | None, **others: Any) -> _Listed:
    """Return LightGBM with some settings; each tree has four fifths of the rows. Without settings it is untuned."""
    lightgbm = importlib.import_module(_LIGHTGBM)
    kind = lightgbm.LGBMClassifier if task.is_classifier else lightgbm.LGBMRegressor
    model = kind(random_state=task.seed, n_jobs=1, verbose=-1, deterministic=True)
    if settings is None:
        return _Listed(f"{_LIGHTGBM}_untuned", _LIGHTGBM, model, "n_estimators", (100, 50))
    model.set_params(
        learning_rate=settings.rate,
        num_leaves=settings.n_leaves,
        min_child_samples=settings.n_rows,
        colsample_bytree=settings.columns,
        reg_lambda=settings.penalty,
        subsample=0.8,
        subsample_freq=1,
        **others,
    )
    name = "_".join(filter(None, (_LIGHTGBM, settings.name)))
    return _Listed(name, _LIGHTGBM, model, "n_estimators", settings.values)


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
