"""Thresholds of classifiers: the estimator inside knows nothing of them."""

from __future__ import annotations

from typing import Any

from skhpo.estimators.facts import Facts, Path, anywhere, view_of


def _cut(model: Any, value: Any) -> Any:
    return view_of(model, threshold=value)


FACTS = {
    "sklearn.model_selection.FixedThresholdClassifier": Facts(
        paths=(
            Path(
                "threshold",
                _cut,
                length=anywhere("auto"),
                settings="nothing inside that draws random numbers without a seed",
                is_watched=True,
            ),
        )
    )
}
