"""Ridge and RidgeClassifier: ``F = X' S (X w + b - y) + alpha w``."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import Ridge, RidgeClassifier

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.curvature import Curvature

if TYPE_CHECKING:
    from numpy.typing import NDArray


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return predictions and their vector-Jacobian product; one factorisation for all targets."""
    weight = weights_of(estimator, X, y, sample_weight)
    alpha = float(estimator.alpha)
    curvature = Curvature(X, weight, alpha, fit_intercept=estimator.fit_intercept)
    coef = np.atleast_2d(estimator.coef_)
    z = estimator.decision_function(X_test) if hasattr(estimator, "decision_function") else estimator.predict(X_test)

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        U = u.reshape(len(u), -1)
        G = np.asarray(X_test.T @ U)
        products = sum(
            w * curvature.solve(g, total) for w, g, total in zip(coef, G.T, U.sum(axis=0), strict=True)
        )  # w_j q_j, summed over the targets
        return {"alpha": -float(np.sum(products)), COLUMNS: 2 * alpha * np.asarray(products)}

    return Differentiated(np.asarray(z, dtype=np.float64), vjp)


def refuse(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.positive:
        return "positive=True has constraints. Set positive=False."
    if not isinstance(estimator.alpha, Real):
        return f"alpha needs to be one number, got {estimator.alpha!r}."
    return None


register_hypergradient(Ridge, differentiate, parameters=("alpha",), refuse=refuse, has_columns=True)
register_hypergradient(RidgeClassifier, differentiate, parameters=("alpha",), refuse=refuse, has_columns=True)
