"""Kernel ridge, Gaussian processes, partial least squares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, RationalQuadratic, WhiteKernel

from skhpo.space.choices import Categorical
from skhpo.space.defaults.svm import gamma
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def _ridge(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {
        "alpha": Float(1e-4, 1e3, log=True),
        "kernel": Categorical(["linear", "rbf", "laplacian"]),
        "gamma": gamma(data, when={"kernel": ["rbf", "laplacian"]}),
    }


def _shapes() -> list[Any]:
    return [RBF(), Matern(nu=1.5), Matern(nu=2.5), RationalQuadratic()]


def _process(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """Widths and noise are learnt by the process itself, from the marginal likelihood."""
    if estimator.kernel is not None:
        return {"alpha": Float(1e-10, 1e-1, log=True)}
    kernels = [ConstantKernel() * shape + WhiteKernel() for shape in _shapes()]
    return {"kernel": Categorical(kernels), "normalize_y": Categorical([False, True])}


def _classifier(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    if estimator.kernel is not None:
        return {}
    return {"kernel": Categorical([ConstantKernel() * shape for shape in _shapes()])}


def _least_squares(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    most = min(data.n_features, data.rows(0.4, low=1, high=50))
    return {"n_components": Int(1, most, log=True)} if data.has_width and most > 1 else {}


SPACES: dict[str, Any] = {
    "sklearn.kernel_ridge.KernelRidge": _ridge,
    "sklearn.gaussian_process.GaussianProcessRegressor": _process,
    "sklearn.gaussian_process.GaussianProcessClassifier": _classifier,
    "sklearn.cross_decomposition.PLSRegression": _least_squares,
}
