"""scikit-learn's boosting and bagging: step, number of steps, size of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.defaults.trees import leaf
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def step() -> Float:
    """Return the learning rate."""
    return Float(1e-2, 0.3, log=True)


def steps(data: Traits) -> Int:
    """Return the number of trees: up to 300 where data is small, which is fast, and up to 1,000 from 4,000 rows on."""
    return Int(30, data.rows(0.25, low=300, high=1000), log=True)


def _histogram(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """Bounds hold the default of scikit-learn even where data is small: it is one of the points to learn from."""
    return {
        "learning_rate": step(),
        "max_iter": steps(data),
        "max_leaf_nodes": Int(3, data.rows(0.2, low=31, high=255), log=True),
        "min_samples_leaf": Int(1, data.rows(0.1, low=20, high=100), log=True),
        "max_features": Float(0.3, 1.0),
    }


def _gradient(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {
        "learning_rate": step(),
        "n_estimators": steps(data),
        "max_depth": Int(1, 8),
        "min_samples_leaf": leaf(data, 50),
        "subsample": Float(0.5, 1.0),
    }


def _ada(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"learning_rate": Float(1e-2, 2.0, log=True), "n_estimators": Int(25, 500, log=True)}


def _bagging(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """Of less than ten rows nothing can be learnt: scikit-learn warns of it."""
    low = 0.3 if data.n_samples >= 100 else 0.5
    return {"max_samples": Float(low, 1.0), "max_features": Float(0.3, 1.0)}


SPACES: dict[str, Any] = {
    "sklearn.ensemble.HistGradientBoostingClassifier": _histogram,
    "sklearn.ensemble.HistGradientBoostingRegressor": _histogram,
    "sklearn.ensemble.GradientBoostingClassifier": _gradient,
    "sklearn.ensemble.GradientBoostingRegressor": _gradient,
    "sklearn.ensemble.AdaBoostClassifier": _ada,
    "sklearn.ensemble.AdaBoostRegressor": _ada,
    "sklearn.ensemble.BaggingClassifier": _bagging,
    "sklearn.ensemble.BaggingRegressor": _bagging,
}
