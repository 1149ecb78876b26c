"""Estimators that are made of others: what their parts have, with the names of the parts in front."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from skhpo.space.defaults.conditions import nested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from skhpo.space.defaults.traits import Traits
    from skhpo.space.dimension import Dimension

    Of: TypeAlias = Callable[..., dict[str, Dimension]]

# Behind these, a step has the columns that went in. An indicator of missing values adds columns.
_KEEP_WIDTH = {
    *("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "QuantileTransformer", "PowerTransformer"),
    *("Normalizer", "SimpleImputer", "KNNImputer", "IterativeImputer", "OrdinalEncoder", "ColumnScale", "Binarizer"),
}


def _pipeline(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    found: dict[str, Dimension] = {}
    for name, step in estimator.steps[:-1]:
        if is_part(step):
            found |= nested(of(step, replace(data, is_last=False), is_lenient=True), name)
            keeps = type(step).__name__ in _KEEP_WIDTH and not getattr(step, "add_indicator", False)
            data = data.after(keeps_width=keeps)
    name, last = estimator.steps[-1]
    return found | nested(of(last, data), name) if is_part(last) else found


def _named(parts: Iterable[tuple[str, Any]], data: Traits, of: Of, *, is_lenient: bool) -> dict[str, Dimension]:
    found: dict[str, Dimension] = {}
    for name, part in parts:
        if is_part(part):
            found |= nested(of(part, data, is_lenient=is_lenient), name)
    return found


def _columns(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    """Each transformer sees some of the columns, nobody knows how many."""
    parts = [(name, part) for name, part, _ in estimator.transformers]
    return _named(parts, replace(data, has_width=False, is_last=False), of, is_lenient=True)


def _union(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    return _named(estimator.transformer_list, replace(data, is_last=False), of, is_lenient=True)


def _members(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    return _named(estimator.estimators, data, of, is_lenient=False)


def _stack(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    last = [("final_estimator", estimator.final_estimator)]
    seen = replace(data.after(keeps_width=False), n_features=len(estimator.estimators))
    return _members(estimator, data, of) | _named(last, seen, of, is_lenient=True)


def inside(parameter: str) -> Callable[[Any, Traits, Of], dict[str, Dimension]]:
    """Return what reads the space of an estimator around another one, which stands in this parameter."""

    def wrapped(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
        return _named([(parameter, getattr(estimator, parameter, None))], data, of, is_lenient=False)

    return wrapped


def _transformed_target(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    """Behind a transformer or a function, a target has about unit scale, or nobody knows."""
    is_same = estimator.transformer is None and estimator.func is None
    return inside("regressor")(estimator, data if is_same else replace(data, y_scale=1.0, slope=None), of)


def _choice(estimator: Any, data: Traits, of: Of) -> dict[str, Dimension]:
    """Each candidate has its space where it is chosen."""
    spaces = {name: of(candidate, data) for name, candidate in estimator.candidates.items() if is_part(candidate)}
    found: dict[str, Dimension] = estimator.joint_space(spaces)
    return found


def is_part(part: Any) -> bool:
    """Whether a step is an estimator, and not a word such as "passthrough"."""
    return hasattr(part, "get_params") and not isinstance(part, type)


PARTS: dict[str, Callable[[Any, Traits, Of], dict[str, Dimension]]] = {
    "sklearn.pipeline.Pipeline": _pipeline,
    "sklearn.pipeline.FeatureUnion": _union,
    "sklearn.compose.ColumnTransformer": _columns,
    "sklearn.compose.TransformedTargetRegressor": _transformed_target,
    "sklearn.calibration.CalibratedClassifierCV": inside("estimator"),
    "sklearn.multiclass.OneVsRestClassifier": inside("estimator"),
    "sklearn.multiclass.OneVsOneClassifier": inside("estimator"),
    "sklearn.multiclass.OutputCodeClassifier": inside("estimator"),
    "sklearn.multioutput.MultiOutputClassifier": inside("estimator"),
    "sklearn.multioutput.MultiOutputRegressor": inside("estimator"),
    "sklearn.model_selection.FixedThresholdClassifier": inside("estimator"),
    "sklearn.model_selection.TunedThresholdClassifierCV": inside("estimator"),
    "skhpo.automl.Choice": _choice,
    "sklearn.ensemble.VotingClassifier": _members,
    "sklearn.ensemble.VotingRegressor": _members,
    "sklearn.ensemble.StackingClassifier": _stack,
    "sklearn.ensemble.StackingRegressor": _stack,
}
