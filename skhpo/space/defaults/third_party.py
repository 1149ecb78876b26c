"""xgboost, lightgbm, catboost: by name, imported by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.defaults.boosting import step, steps
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _rounds(data: Traits, *, is_stopped: bool) -> dict[str, Any]:
    """Where a fit stops by itself, the number of trees is only a limit."""
    return {} if is_stopped else {"n_estimators": steps(data)}


def _xgboost(estimator: Any, data: Traits) -> dict[str, Any]:
    rounds = _rounds(data, is_stopped=estimator.early_stopping_rounds is not None)
    if estimator.booster == "gblinear":
        return {**rounds, "learning_rate": Float(1e-2, 1.0, log=True), **_penalties()}
    return {
        **rounds,
        "learning_rate": step(),
        "max_depth": Int(2, 10),
        "min_child_weight": Float(1e-2, 20.0, log=True),
        "subsample": Float(0.6, 1.0),
        "colsample_bynode": Float(0.4, 1.0),
        "reg_lambda": Float(1e-2, 10.0, log=True),
    }


def _penalties() -> dict[str, Any]:
    return {"reg_lambda": Float(1e-4, 10.0, log=True), "reg_alpha": Float(1e-4, 10.0, log=True)}


def _xgboost_forest(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {
        "max_depth": Int(3, 15),
        "min_child_weight": Float(1e-2, 20.0, log=True),
        "subsample": Float(0.5, 1.0),
        "colsample_bynode": Float(0.2, 1.0),
        "reg_lambda": Float(1e-5, 10.0, log=True),
    }


def _lightgbm(estimator: Any, data: Traits) -> dict[str, Any]:
    """Rows are drawn only where ``subsample_freq`` is above 0: without it, ``subsample`` has no effect."""
    is_stopped = getattr(estimator, "early_stopping_rounds", None) is not None
    space = {
        **_rounds(data, is_stopped=is_stopped),
        "learning_rate": step(),
        "num_leaves": Int(3, data.rows(0.2, low=31, high=255), log=True),
        "min_child_samples": Int(1, data.rows(0.1, low=20, high=100), log=True),
        "colsample_bytree": Float(0.4, 1.0),
    }
    return {**space, "subsample": Float(0.6, 1.0)} if estimator.subsample_freq else space


def _catboost(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """A learning rate goes with the penalty: once that is given, even as its default, catboost computes no rate.

    The number of trees stays: from 200 on, leaves are computed otherwise.
    """
    return {
        "learning_rate": Float(1e-2, 0.3, log=True),
        "depth": Int(3, 8),
        "l2_leaf_reg": Float(0.1, 30.0, log=True),
        "random_strength": Float(0.1, 10.0, log=True),
    }


SPACES: dict[str, Any] = {
    **{f"xgboost.XGB{kind}": _xgboost for kind in ("Classifier", "Regressor", "Ranker")},
    **{f"xgboost.XGBRF{kind}": _xgboost_forest for kind in ("Classifier", "Regressor")},
    **{f"lightgbm.LGBM{kind}": _lightgbm for kind in ("Classifier", "Regressor", "Ranker")},
    **{f"catboost.CatBoost{kind}": _catboost for kind in ("Classifier", "Regressor")},
}
