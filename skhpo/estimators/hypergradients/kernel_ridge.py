"""KernelRidge: ``(K + alpha S^-1) c = y``, predictions ``K_test c``."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg
from sklearn.kernel_ridge import KernelRidge

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient, weights_of
from skhpo.estimators.hypergradients.kernel import Kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray


_LEAST_WEIGHT = 1e-12
"""A sample without weight is as good as absent; its reciprocal must be finite."""


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return predictions and their vector-Jacobian product."""
    weight = np.maximum(weights_of(estimator, X, y, sample_weight), _LEAST_WEIGHT)
    kernel = Kernel(estimator.kernel, 1 / X.shape[1] if estimator.gamma is None else float(estimator.gamma))
    (K, slope), (K_test, slope_test) = kernel(X, X), kernel(X_test, X)
    regularised = K.copy()
    regularised[np.diag_indices_from(K)] += estimator.alpha / weight
    factor = linalg.cho_factor(regularised)
    c = np.asarray(estimator.dual_coef_).reshape(X.shape[0], -1)
    z = (K_test @ c).reshape(len(K_test), *np.shape(estimator.dual_coef_)[1:])

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        U = u.reshape(len(u), -1)
        Q = linalg.cho_solve(factor, K_test.T @ U)
        return {
            "alpha": -float(np.sum(Q * c / weight[:, None])),
            "gamma": float(np.sum(U * (slope_test @ c)) - np.sum(Q * (slope @ c))),
            COLUMNS: lambda: kernel.in_columns(U @ c.T, K_test, X_test, X) - kernel.in_columns(Q @ c.T, K, X, X),
        }

    return Differentiated(z, vjp)


def refuse(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.kernel not in {"linear", "rbf"}:
        return f'kernel needs to be "linear" or "rbf", got {estimator.kernel!r}. Use BayesSearchCV for others.'
    if not isinstance(estimator.alpha, Real):
        return f"alpha needs to be one number, got {estimator.alpha!r}."
    return None


register_hypergradient(KernelRidge, differentiate, parameters=("alpha", "gamma"), refuse=refuse, has_columns=True)
