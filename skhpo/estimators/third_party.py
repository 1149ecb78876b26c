"""xgboost, lightgbm, CatBoost and ngboost, known by name and imported by nobody."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from skhpo.estimators.facts import Facts, Path, first, needs_seed, view_of
from skhpo.estimators.seeds import is_seed, seeds_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.estimators.facts import Shape

# -- xgboost ----------------------------------------------------------------------------------------------------------


def _cut_xgboost(model: Any, value: int) -> Any:
    return view_of(model, n_estimators=value, _Booster=model.get_booster()[:value])


def _object_to_xgboost(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    """Object to rounds that change earlier ones or depend on later ones; without a seed xgboost takes 0."""
    if estimator.booster not in {None, "gbtree"}:
        return f"booster={estimator.booster!r} changes earlier rounds"
    if estimator.device not in {None, "cpu"}:
        return f"device={estimator.device!r} is not tested"
    for name in ("early_stopping_rounds", "callbacks"):
        if getattr(estimator, name, None) is not None:
            return f"{name} may end the rounds"
    return _object_to_others(estimator, frozenset())


def _object_to_others(estimator: Any, known: frozenset[str]) -> str | None:
    """Object to an objective of the user's own, and to parameters taken as ``**kwargs``, but for some."""
    if callable(estimator.objective):
        return "objective is a function, of which nothing is known"
    own = {name for kind in type(estimator).__mro__ for name in signature(kind).parameters}
    others = estimator.get_params(deep=False).keys() - own - known
    return f"{', '.join(sorted(others))} is not tested" if others else None


# -- lightgbm ---------------------------------------------------------------------------------------------------------

_KNOWN_OF_LIGHTGBM = frozenset(
    {"verbose", "verbosity", "max_bin", "extra_trees", "linear_tree", "min_data_in_bin", "feature_fraction_bynode"}
)
_KINDS_OF_LIGHTGBM = {"gbdt", "goss", "rf"}


class FirstIterations:
    """A booster of lightgbm's of which only the first iterations are asked, unless another number is asked for.

    Parameters
    ----------
    booster : lightgbm.Booster
        The whole one, which is not copied: it ends with the last who holds it.
    n : int
        How many iterations.
    """

    def __init__(self, booster: Any, n: int) -> None:
        self._booster, self._n = booster, n

    def predict(self, data: Any, start_iteration: int = 0, num_iteration: int | None = None, **kwargs: Any) -> Any:
        """Predict with the first iterations."""
        return self._booster.predict(data, start_iteration, self._number(start_iteration, num_iteration), **kwargs)

    def feature_importance(self, importance_type: str = "split", iteration: int | None = None) -> Any:
        """Return the importances of features in the first iterations."""
        return self._booster.feature_importance(importance_type, self._number(0, iteration))

    def current_iteration(self) -> int:
        """Return how many iterations there are."""
        return min(self._n, int(self._booster.current_iteration()))

    def _number(self, start: int, n: int | None) -> int:
        rest = self.current_iteration() - max(start, 0)
        return rest if n is None or n <= 0 else min(n, rest)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in {"_booster", "_n"}:  # while it is being copied
            raise AttributeError(name)
        return getattr(self._booster, name)


def _cut_lightgbm(model: Any, value: int) -> Any:
    booster = model.booster_
    whole = vars(booster)["_booster"] if isinstance(booster, FirstIterations) else booster
    return view_of(model, n_estimators=value, _Booster=FirstIterations(whole, value))


def _object_to_lightgbm(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    """Object to rounds that change earlier ones; without a seed lightgbm's are constants."""
    if estimator.boosting_type not in _KINDS_OF_LIGHTGBM:
        return f"boosting_type={estimator.boosting_type!r} changes earlier rounds"
    return _object_to_others(estimator, _KNOWN_OF_LIGHTGBM)


# -- CatBoost ---------------------------------------------------------------------------------------------------------

_KNOWN_OF_CATBOOST = frozenset(
    {
        *("iterations", "learning_rate", "leaf_estimation_iterations", "loss_function", "boosting_type"),
        *("depth", "max_depth", "grow_policy", "max_leaves", "min_data_in_leaf", "border_count", "max_bin"),
        *("l2_leaf_reg", "reg_lambda", "random_strength", "rsm", "subsample", "bootstrap_type", "bagging_temperature"),
        *("random_seed", "random_state", "thread_count", "cat_features", "auto_class_weights"),
        *("verbose", "silent", "logging_level", "allow_writing_files"),
    }
)
_LOSSES_OF_CATBOOST = {None, "Logloss", "MultiClass", "RMSE", "MAE"}


def _cut_catboost(model: Any, value: int) -> Any:
    view = model.copy()
    view.shrink(ntree_end=min(value, view.tree_count_))
    return view


def _object_to_catboost(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    """Object to all whose default depends on the number of iterations, and to what is not tested."""
    params = estimator.get_params()
    for name in ("learning_rate", "leaf_estimation_iterations"):
        if params.get(name) is None:
            return f"the default of {name} depends on iterations"
    others = params.keys() - _KNOWN_OF_CATBOOST
    if others:
        return f"{', '.join(sorted(others))} is not tested"
    if params.get("grow_policy", "SymmetricTree") != "SymmetricTree":
        return "only symmetric trees can be cut off"
    loss = params.get("loss_function")
    return None if loss in _LOSSES_OF_CATBOOST else f"loss_function={loss!r} is not tested"


# -- ngboost ----------------------------------------------------------------------------------------------------------


def _cut_ngboost(model: Any, value: int) -> Any:
    return view_of(model, n_estimators=value, **first(value, "base_models", "scalings", "col_idxs")(model))


def _object_to_ngboost(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    if estimator.early_stopping_rounds is not None:
        return "early_stopping_rounds may end the rounds"
    bases = estimator.Base if isinstance(estimator.Base, list | tuple) else [estimator.Base]
    for base in bases:
        if type(base).__module__.partition(".")[0] != "sklearn":
            return f"its members are of a class that is not known, {type(base).__name__}"
        if any(seed is not None and not is_seed(seed) for seed in seeds_of(base)):
            return "random_state of its members is a generator"
    return needs_seed(estimator, values, shape)


_XGBOOST = Facts(
    iterations="n_estimators",
    start_from="xgb_model",
    paths=(
        Path(
            "n_estimators",
            _cut_xgboost,
            objection=_object_to_xgboost,
            settings='`booster="gbtree"` on the CPU, no early stopping, no callbacks',
        ),
    ),
)
_LIGHTGBM = Facts(
    iterations="n_estimators",
    start_from="init_model",
    paths=(
        Path(
            "n_estimators",
            _cut_lightgbm,
            objection=_object_to_lightgbm,
            settings='`boosting_type="gbdt"`, `"goss"` or `"rf"`, no early stopping',
        ),
    ),
)
_CATBOOST = Facts(
    iterations="iterations",
    start_from="init_model",
    paths=(
        Path(
            "iterations",
            _cut_catboost,
            objection=_object_to_catboost,
            settings="`learning_rate` and `leaf_estimation_iterations` given, symmetric trees, no `langevin`",
        ),
    ),
)
_NGBOOST = Facts(
    paths=(
        Path(
            "n_estimators",
            _cut_ngboost,
            objection=_object_to_ngboost,
            settings="a seed; members from scikit-learn; no early stopping",
        ),
    ),
)
_XGBOOST_FOREST = Facts(start_from="xgb_model")
FACTS = {
    **{f"xgboost.XGB{kind}": _XGBOOST for kind in ("Classifier", "Regressor", "Ranker")},
    **{f"xgboost.XGBRF{kind}": _XGBOOST_FOREST for kind in ("Classifier", "Regressor")},
    **{f"lightgbm.LGBM{kind}": _LIGHTGBM for kind in ("Classifier", "Regressor", "Ranker")},
    **{f"catboost.CatBoost{kind}": _CATBOOST for kind in ("Classifier", "Regressor")},
    **{f"ngboost.NGB{kind}": _NGBOOST for kind in ("Classifier", "Regressor")},
}
