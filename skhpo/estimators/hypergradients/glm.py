"""Poisson, gamma and Tweedie regression: mean half deviance plus ``alpha |w|^2 / 2``, with a logarithmic link.

The curvature of a sample's half deviance of power p in the linear predictor is
``(2 - p) mu^(2 - p) - (1 - p) y mu^(1 - p)``: mu for Poisson (p = 1), y / mu for gamma (p = 2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.curvature import Curvature
from skhpo.estimators.hypergradients.losses import TweedieDeviance

if TYPE_CHECKING:
    from numpy.typing import NDArray


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return predictions and their vector-Jacobian product."""
    weight = weights_of(estimator, X, y, sample_weight)
    weight = weight / weight.sum()
    alpha, w = float(estimator.alpha), estimator.coef_
    has_log_link = not _is_identity(estimator)
    mu = estimator.predict(X)
    d = weight * _curvature(np.asarray(y, dtype=np.float64), mu, _power(estimator)) if has_log_link else weight
    curvature = Curvature(X, d, alpha, fit_intercept=estimator.fit_intercept)
    z = np.asarray(estimator.predict(X_test), dtype=np.float64)

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        v = u * z if has_log_link else u
        products = w * curvature.solve(np.asarray(X_test.T @ v).ravel(), v.sum())
        return {"alpha": -float(products.sum()), COLUMNS: 2 * alpha * products}

    return Differentiated(z, vjp)


def _curvature(y: NDArray[np.float64], mu: NDArray[np.float64], p: float) -> NDArray[np.float64]:
    return (2 - p) * mu ** (2 - p) - (1 - p) * y * mu ** (1 - p)


def _power(estimator: Any) -> float:
    return {PoissonRegressor: 1.0, GammaRegressor: 2.0}.get(type(estimator)) or float(estimator.power)


def _is_identity(estimator: Any) -> bool:
    link = getattr(estimator, "link", "log")
    return bool(link == "identity" or (link == "auto" and estimator.power <= 0))


def _loss(estimator: Any) -> TweedieDeviance:
    return TweedieDeviance(_power(estimator))


def refuse(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if _is_identity(estimator) and estimator.power != 0:
        return f'link="identity" needs power=0, got power={estimator.power!r}. Use link="log".'
    return None


for _cls in (PoissonRegressor, GammaRegressor, TweedieRegressor):
    register_hypergradient(_cls, differentiate, parameters=("alpha",), loss=_loss, refuse=refuse, has_columns=True)
