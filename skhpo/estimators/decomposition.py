"""Decompositions: components that are found one after the other, or all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import pinv

from skhpo.estimators.facts import Facts, Path, view_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MATRICES = ("x_weights_", "y_weights_", "x_loadings_", "y_loadings_", "_x_scores", "_y_scores")


def _cut_pls(model: Any, value: int) -> Any:
    """Keep the first components, which are deflated one after the other; what follows from them is computed anew.

    The last columns of the rotations depend on all components, and the coefficients are a product with them: cut from
    the longer ones, both are off in the last bits.
    """
    part = {name: np.ascontiguousarray(vars(model)[name][:, :value]) for name in _MATRICES if name in vars(model)}
    x_rotations = _rotations(part["x_weights_"], part["x_loadings_"])
    y_rotations = _rotations(part["y_weights_"], part["y_loadings_"])
    coef = np.dot(x_rotations, part["y_loadings_"].T)
    coef = (coef * vars(model)["_y_std"]).T / vars(model)["_x_std"]
    changes = {"n_components": value, "_n_features_out": value, "n_iter_": model.n_iter_[:value]}
    return view_of(model, x_rotations_=x_rotations, y_rotations_=y_rotations, coef_=coef, **part, **changes)


def _rotations(weights: NDArray[np.float64], loadings: NDArray[np.float64]) -> NDArray[np.float64]:
    rotations: NDArray[np.float64] = np.dot(weights, pinv(np.dot(loadings.T, weights), check_finite=False))
    return rotations


FACTS = {"sklearn.cross_decomposition.PLSRegression": Facts(paths=(Path("n_components", _cut_pls),))}
