"""GaussianProcessRegressor with a given kernel: ``(K + alpha I) c = y``, predictions ``K_test c``.

Slopes of the kernel are scikit-learn's own. It has them for the kernel of samples with themselves; those between test
and training samples are a block of it.
"""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import linalg
from sklearn.base import clone
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    Exponentiation,
    KernelOperator,
    Matern,
    WhiteKernel,
)

from skhpo.estimators.hypergradients.base import COLUMNS, Differentiated, register_hypergradient

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_STATIONARY = (RBF, Matern)
_CONSTANT = (ConstantKernel, WhiteKernel)


def differentiate(estimator: Any, X: Any, y: Any, X_test: Any, sample_weight: Any = None) -> Differentiated:
    """Return the means of the predictions and their vector-Jacobian product.

    Raises
    ------
    ValueError
        If there are weights, which a Gaussian process does not take.
    """
    if sample_weight is not None:
        raise ValueError("GaussianProcessRegressor takes no sample_weight, got one. Leave it out.")
    n, c = len(X), np.reshape(estimator.alpha_, (len(X), -1))
    factor = (estimator.L_, True)
    scale = np.reshape(np.std(np.asarray(y, dtype=np.float64), axis=0), (1, -1)) if estimator.normalize_y else 1.0
    kernel = estimator.kernel_
    K_test = kernel(X_test, X)

    def vjp(u: NDArray[np.float64]) -> dict[str, Any]:
        U = u.reshape(len(u), -1) * scale
        Q = linalg.cho_solve(factor, K_test.T @ U)
        M = np.vstack([-Q @ c.T, U @ c.T])  # of the kernels of X and X_test with X
        samples = np.vstack([X, X_test])
        in_theta = _contracted(kernel, samples, M, n)
        slopes = {
            f"kernel__{name}": slope / value for (name, value), slope in zip(_names(kernel), in_theta, strict=True)
        }
        return {
            **slopes,
            "alpha": -float(np.sum(Q * c)),
            COLUMNS: lambda: (
                -_contracted(_per_column(kernel, X.shape[1]), samples, M, n).reshape(-1, X.shape[1]).sum(0)
            ),
        }

    return Differentiated(np.asarray(estimator.predict(X_test), dtype=np.float64), vjp)


def _contracted(kernel: Any, samples: NDArray[np.float64], M: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return the slopes of ``(M * K(samples, samples[:n])).sum()`` in the logarithms of the kernel's parameters."""
    _, slopes = kernel(samples, eval_gradient=True)
    return np.asarray(np.einsum("ij,ijk->k", M, slopes[:, :n]))


def _names(kernel: Any) -> Iterator[tuple[str, float]]:
    """Return name and value of each entry of ``theta``, in its order; of a vector, each entry has the vector's name."""
    values = np.exp(kernel.theta)
    names = [h.name for h in kernel.hyperparameters if not h.fixed for _ in range(h.n_elements)]
    return zip(names, values, strict=True)


def parameters_of(estimator: Any) -> tuple[str, ...]:
    """Return the noise and the single numbers of the kernel that are not fixed."""
    free = [] if estimator.kernel is None else estimator.kernel.hyperparameters
    return ("alpha", *(f"kernel__{h.name}" for h in free if not h.fixed and h.n_elements == 1))


def has_columns(estimator: Any) -> bool:
    """Return whether all parts of the kernel are RBF, Matern or constant."""
    leaves = [RBF()] if estimator.kernel is None else _leaves(estimator.kernel)
    return all(isinstance(leaf, _STATIONARY + _CONSTANT) for leaf in leaves)


def _leaves(kernel: Any) -> list[Any]:
    if isinstance(kernel, KernelOperator):
        return [*_leaves(kernel.k1), *_leaves(kernel.k2)]
    return _leaves(kernel.kernel) if isinstance(kernel, Exponentiation) else [kernel]


def _per_column(kernel: Any, p: int) -> Any:
    """Return an equal kernel of which the length scales, one for each column, are the only free parameters."""
    found = clone(kernel)
    for leaf in _leaves(found):
        is_stationary = isinstance(leaf, _STATIONARY)
        for h in leaf.hyperparameters:
            leaf.set_params(**{f"{h.name}_bounds": (1e-5, 1e5) if is_stationary else "fixed"})
        if is_stationary:
            leaf.length_scale = np.ones(p) * leaf.length_scale
    return found


def refuse(estimator: Any) -> str | None:
    """Return what cannot be differentiated."""
    if estimator.optimizer is not None:
        return (
            f"optimizer={estimator.optimizer!r} chooses the kernel anew in each fit, by its marginal likelihood. Set "
            "optimizer=None to tune it by cross-validation, or leave it to the fit."
        )
    if not isinstance(estimator.alpha, Real):
        return f"alpha needs to be one number, got {type(estimator.alpha).__name__}."
    return None


register_hypergradient(
    GaussianProcessRegressor, differentiate, parameters=parameters_of, refuse=refuse, has_columns=has_columns
)
