"""scikit-learn's boosting: stage after stage is added, and none knows how many there will be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.estimators.facts import Facts, Path, first, needs_seed, view_of
from skhpo.estimators.forests import members_objection
from skhpo.estimators.seeds import is_seeded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.estimators.facts import Shape

_STOPS_EARLY_ABOVE = 10_000
"""Rows from which on ``early_stopping="auto"`` is on, and a validation side is drawn."""
_BINS_A_SAMPLE_ABOVE = 200_000
"""Rows from which on the bins are those of a random sample."""


def _cut_histogram(model: Any, value: int) -> Any:
    """Keep the first iterations; of one that stopped early, all it has."""
    scores = first(value + 1, "train_score_", "validation_score_")(model)  # the first is from before all iterations
    return view_of(model, max_iter=value, **first(value, "_predictors")(model), **scores)


def _object_to_histogram(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    if estimator.warm_start:
        return "warm_start=True"
    if callable(estimator.scoring):
        return "scoring is a function, of which nothing is known"
    may_stop = estimator.early_stopping is True or (
        estimator.early_stopping == "auto" and shape.most > _STOPS_EARLY_ABOVE
    )
    draws = may_stop or estimator.max_features != 1.0 or shape.most >= _BINS_A_SAMPLE_ABOVE
    return "random_state is not an integer, and there are draws" if draws and not is_seeded(estimator) else None


def _cut_gradient(model: Any, value: int) -> Any:
    """Keep the first stages; of one that stopped early, all it has."""
    stages = first(value, "estimators_", "train_score_", "oob_improvement_", "oob_scores_")(model)
    last = {"oob_score_": stages["oob_scores_"][-1]} if "oob_scores_" in stages else {}
    return view_of(model, n_estimators=value, n_estimators_=min(value, model.n_estimators_), **stages, **last)


def _object_to_gradient(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:
    if estimator.init is not None and estimator.init != "zero":
        return "init is an estimator, of which nothing is known"
    return needs_seed(estimator, values, shape)


def _cut_ada(model: Any, value: int) -> Any:
    """Keep the first members and weights.

    scikit-learn's own stages add the weights one by one, its models sum all of them in pairs: not the same to the bit.
    """
    return view_of(
        model, n_estimators=value, **first(value, "estimators_", "estimator_weights_", "estimator_errors_")(model)
    )


_HISTOGRAM = Facts(
    iterations="max_iter",
    continues=lambda _: True,
    counts=("max_iter", "n_iter_"),
    paths=(
        Path(
            "max_iter",
            _cut_histogram,
            objection=_object_to_histogram,
            settings="a seed where random numbers are drawn: `max_features` below 1, early stopping, 200,000 rows",
        ),
    ),
)
_GRADIENT = Facts(
    iterations="n_estimators",
    # For how long the loss has not improved is forgotten between two fits.
    continues=lambda model: model.n_iter_no_change is None,
    counts=("n_estimators", "n_estimators_"),
    paths=(
        Path("n_estimators", _cut_gradient, objection=_object_to_gradient, settings="a seed, no estimator as `init`"),
    ),
)
_ADA = Facts(
    iterations="n_estimators",
    paths=(
        Path(
            "n_estimators",
            _cut_ada,
            objection=members_objection,
            settings="a seed; members from scikit-learn",
            is_watched=True,
        ),
    ),
)
FACTS = {
    f"sklearn.ensemble.{name}{kind}": facts
    for name, facts in {"HistGradientBoosting": _HISTOGRAM, "GradientBoosting": _GRADIENT, "AdaBoost": _ADA}.items()
    for kind in ("Classifier", "Regressor")
}
