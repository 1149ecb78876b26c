"""Forests and bags: members have seeds of their own, drawn one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.estimators.facts import Facts, Path, first, needs_seed, view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.estimators.facts import Shape


def _cut_forest(model: Any, value: int) -> Any:
    return view_of(model, n_estimators=value, **first(value, "estimators_")(model))


def _object_to_forest(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    """Object to what is of all trees, and to threads that add in the order in which they finish."""
    if estimator.oob_score:
        return "oob_score is of all trees"
    if estimator.n_jobs not in {None, 1}:
        return "n_jobs of its own: threads add up the trees in any order"
    return needs_seed(estimator, values, shape)


def _cut_bag(model: Any, value: int) -> Any:
    """Keep the first members, with what each has seen."""
    return view_of(model, n_estimators=value, **first(value, "estimators_", "estimators_features_", "_seeds")(model))


def members_objection(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    """Object to members that are not scikit-learn's: they may draw random numbers that no seed is for."""
    member = estimator.estimator
    if member is not None and type(member).__module__.partition(".")[0] != "sklearn":
        return f"its members are of a class that is not known, {type(member).__name__}"
    if member is not None and "n_jobs" in (params := member.get_params()) and params["n_jobs"] not in {None, 1}:
        return "its members have n_jobs of their own"
    return needs_seed(estimator, values, shape)


def _object_to_bag(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    if estimator.oob_score:
        return "oob_score is of all members"
    if estimator.estimator is not None and estimator.n_jobs not in {None, 1}:
        return "its members are fitted by other processes, where nobody sees what they draw"
    return members_objection(estimator, values, shape)


def _cut_isolation(model: Any, value: int) -> Any:
    depths = first(value, "_decision_path_lengths", "_average_path_length_per_tree")(model)
    return view_of(_cut_bag(model, value), **depths)


def _object_to_isolation(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    if estimator.contamination != "auto":
        return "a contamination makes the offset depend on all trees"
    return needs_seed(estimator, values, shape)


_FOREST = Facts(
    iterations="n_estimators",
    continues=lambda _: True,
    paths=(
        Path(
            "n_estimators",
            _cut_forest,
            objection=_object_to_forest,
            settings="a seed, no `n_jobs` of its own, `oob_score=False`",
        ),
    ),
)
_BAG = Facts(
    iterations="n_estimators",
    # Out-of-bag scores of a continued ensemble would be of its new members only: scikit-learn refuses.
    continues=lambda model: not model.oob_score,
    refits_oob=True,
    paths=(
        Path(
            "n_estimators",
            _cut_bag,
            objection=_object_to_bag,
            settings="a seed; members from scikit-learn; `oob_score=False`",
            is_watched=True,
        ),
    ),
)
_ISOLATION = Facts(
    paths=(
        Path(
            "n_estimators",
            _cut_isolation,
            objection=_object_to_isolation,
            settings='a seed, `contamination="auto"`',
        ),
    ),
)
FACTS = {
    **{
        f"sklearn.ensemble.{name}{kind}": facts
        for name, facts in {"RandomForest": _FOREST, "ExtraTrees": _FOREST, "Bagging": _BAG}.items()
        for kind in ("Classifier", "Regressor")
    },
    "sklearn.ensemble.IsolationForest": _ISOLATION,
}
