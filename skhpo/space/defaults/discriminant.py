"""Discriminant analysis: how far covariances are shrunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Float

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _linear(estimator: Any, data: Traits) -> dict[str, Any]:
    """The solver that shrinks can predict only, and does not transform for a later step."""
    if not data.is_last or estimator.covariance_estimator is not None:
        return {}
    return {"solver": Categorical(["svd", "lsqr"]), "shrinkage": Float(0.0, 1.0, when={"solver": "lsqr"})}


SPACES: dict[str, Any] = {
    "sklearn.discriminant_analysis.LinearDiscriminantAnalysis": _linear,
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis": {"reg_param": Float(0.0, 1.0)},
}
