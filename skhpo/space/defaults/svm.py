"""Support vector machines: the penalty, and the width of the kernel round what ``gamma="scale"`` would be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.defaults.traits import short
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def gamma(data: Traits, when: Any = None) -> Float:
    """Return the width of a kernel: two decades below and above ``gamma="scale"``.

    With less of it the model is a linear one: the penalty makes the same models, and they go far beyond the data.
    """
    return Float(short(1e-2 * data.gamma), short(1e2 * data.gamma), log=True, when=when)


def _kernel(estimator: Any, data: Traits) -> dict[str, Any]:
    """Return the parameters of the kernel that an estimator has.

    The kernel itself is not searched: on data without scaling a linear or polynomial one may not end, and one of
    radial basis functions comes near a linear one where gamma is small and C large.
    """
    kernel = estimator.kernel
    space: dict[str, Any] = {"gamma": gamma(data)} if kernel in {"rbf", "poly", "sigmoid"} else {}
    if kernel == "poly":
        space["degree"] = Int(2, 4)
    if kernel in {"poly", "sigmoid"}:
        space["coef0"] = Float(0.0, 1.0)
    return space


def _svc(estimator: Any, data: Traits) -> dict[str, Any]:
    return {"C": Float(1e-2, 1e3, log=True), **_kernel(estimator, data)}


def _svr(estimator: Any, data: Traits) -> dict[str, Any]:
    """Penalty and width of the tube are on the scale of the target."""
    C = Float(short(1e-2 * data.y_scale), short(1e3 * data.y_scale), log=True)
    return {"C": C, "epsilon": _epsilon(data), **_kernel(estimator, data)}


def _epsilon(data: Traits) -> Float:
    return Float(short(1e-3 * data.y_scale), short(0.5 * data.y_scale), log=True)


def _nu_svc(estimator: Any, data: Traits) -> dict[str, Any]:
    """More than twice the share of the rarest class cannot be met; a training side may have less of it."""
    share = (data.smallest_class or data.n_samples) / data.n_samples
    return {"nu": Float(short(0.02 * share), short(1.6 * min(share, 0.5))), **_kernel(estimator, data)}


def _nu_svr(estimator: Any, data: Traits) -> dict[str, Any]:
    C = Float(short(1e-2 * data.y_scale), short(1e3 * data.y_scale), log=True)
    return {"C": C, "nu": Float(0.05, 0.95), **_kernel(estimator, data)}


def _linear_svc(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"C": Float(1e-4, 1e2, log=True)}


def _linear_svr(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    C = Float(short(1e-4 * data.y_scale), short(1e2 * data.y_scale), log=True)
    return {"C": C, "epsilon": _epsilon(data)}


def _one_class(estimator: Any, data: Traits) -> dict[str, Any]:
    return {"nu": Float(0.01, 0.5, log=True), **_kernel(estimator, data)}


SPACES: dict[str, Any] = {
    "sklearn.svm.SVC": _svc,
    "sklearn.svm.SVR": _svr,
    "sklearn.svm.NuSVC": _nu_svc,
    "sklearn.svm.NuSVR": _nu_svr,
    "sklearn.svm.LinearSVC": _linear_svc,
    "sklearn.svm.LinearSVR": _linear_svr,
    "sklearn.svm.OneClassSVM": _one_class,
}
