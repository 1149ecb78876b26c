"""What stands in for missing values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits

_INDICATOR = {"add_indicator": Categorical([False, True])}


def _simple(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """Of categories there is no mean: whoever imputes them has set another strategy."""
    strategy = {"strategy": Categorical(["mean", "median"])} if estimator.strategy in {"mean", "median"} else {}
    return {**strategy, **_INDICATOR}


def _nearest(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {
        "n_neighbors": Int(1, data.rows(1 / 3, low=5, high=50), log=True),
        "weights": Categorical(["uniform", "distance"]),
        **_INDICATOR,
    }


SPACES: dict[str, Any] = {
    "sklearn.impute.SimpleImputer": _simple,
    "sklearn.impute.KNNImputer": _nearest,
    "sklearn.impute.IterativeImputer": {"initial_strategy": Categorical(["mean", "median"]), **_INDICATOR},
    "sklearn.impute.MissingIndicator": {},
}
