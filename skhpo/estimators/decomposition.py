"""Decompositions: components that are found one after the other, or all at once."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import pinv
from sklearn import get_config

from skhpo.estimators.facts import Facts, Path, Whole, view_of

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


def _holds_for_pca(estimator: Any, X: Any) -> bool:
    """Whether the components that are wanted are the first of all, found by the same solver."""
    k = estimator.n_components
    if not isinstance(X, np.ndarray) or X.ndim != 2 or not isinstance(k, Integral) or isinstance(k, bool):
        return False
    n_rows, n_columns = X.shape
    if not 1 <= int(k) <= min(n_rows, n_columns):
        return False
    is_tall = n_columns <= 1_000 and n_rows >= 10 * n_columns
    solver = estimator.svd_solver
    solves_all = (
        solver == "full"
        or (solver == "covariance_eigh" and n_columns <= n_rows)  # else what is noise has more of them than are kept
        or (solver == "auto" and (is_tall or max(n_rows, n_columns) <= 500))
    )
    gives_arrays = not vars(estimator).get("_sklearn_output_config") and get_config()["transform_output"] == "default"
    return solves_all and bool(estimator.copy) and gives_arrays


def _cut_pca(model: Any, value: int) -> Any:
    """Keep the first components; what is noise is then the rest."""
    names = ("components_", "explained_variance_", "explained_variance_ratio_", "singular_values_")
    part = {name: np.array(vars(model)[name][:value], copy=True) for name in names}
    rest = model.explained_variance_[value:]
    noise = np.mean(rest) if value < min(model.n_features_in_, model.n_samples_) else 0.0
    return view_of(model, n_components=value, n_components_=value, noise_variance_=noise, **part)


def _output_of_pca(result: Any, model: Any, value: int) -> Any:
    """Return what ``fit_transform`` gives: columns of U, or the product with the components, which is another one."""
    return result[:, :value] if vars(model)["_fit_svd_solver"] == "full" else None


FACTS = {
    "sklearn.cross_decomposition.PLSRegression": Facts(paths=(Path("n_components", _cut_pls),)),
    "sklearn.decomposition.PCA": Facts(
        whole=Whole("n_components", _cut_pca, _holds_for_pca, longest={"n_components": None}, output=_output_of_pca)
    ),
}
