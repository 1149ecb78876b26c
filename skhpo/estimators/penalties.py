"""Penalties: one factorisation or one warm start after the other is close to fits of their own, not the same.

*Notation*: X (n, p) centred samples, y (n,) or (n, m) centred targets, a the penalty, w the coefficients.

*Ridge.* w(a) = V (S + a)^-1 V' X'y with X'X = V S V', where p <= n; else w(a) = X' U (S + a)^-1 U' y with XX' = U S U'.
scikit-learn solves a system for each a. Both are off by the condition number of X'X + a times the machine's precision;
above `_WORST_CONDITION` the penalty is fitted by itself.

*Lasso, logistic regression.* From the most penalised one on, each starts at the solution before. It ends where the
estimator's own ``tol`` is reached, as a fit of its own does, and not at the same place.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.linalg import eigh
from sklearn.base import clone
from sklearn.metrics.pairwise import pairwise_kernels

from skhpo.estimators.facts import Facts, Path, from_above, view_of
from skhpo.estimators.seeds import is_seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.estimators.facts import Shape, Training

_WORST_CONDITION = 1e8
"""Half of the digits are then left, of which scikit-learn's own solution has no more."""


def _penalty(value: Any) -> float | None:
    """Whether a value is a penalty of which a solution for all others can be had."""
    return 0.0 if _strength(value) is not None else None


def _strength(value: Any) -> float | None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    return float(value) if is_number and 0 < float(value) < math.inf else None


class Spectrum:
    """Solutions of (K + a) w = b for one symmetric matrix K and right sides b, and all penalties a.

    Parameters
    ----------
    K : ndarray of shape (n, n)
        Positive semi-definite.
    b : ndarray of shape (n,) or (n, m)
        Right sides.
    """

    def __init__(self, K: NDArray[np.float64], b: NDArray[np.float64]) -> None:
        self._values, self._vectors = eigh(K)
        self._rotated = self._vectors.T @ b

    def solution(self, a: float) -> NDArray[np.float64]:
        """Return w.

        Raises
        ------
        ArithmeticError
            If the system is so near to a singular one that two ways to solve it would be far apart.
        """
        shifted = self._values + a
        if shifted[0] <= 0 or shifted[-1] > _WORST_CONDITION * shifted[0]:
            raise ArithmeticError("the condition number is too large")
        found: NDArray[np.float64] = self._vectors @ (self._rotated.T / shifted).T
        return found


def _array(X: Any) -> NDArray[np.float64]:
    """Return samples or targets as doubles; others are rounded in other ways."""
    if not isinstance(X, np.ndarray) or (X.dtype.kind not in "iu" and X.dtype != np.float64):
        raise TypeError("only arrays of doubles are known")
    return X.astype(np.float64, copy=False)


def _root_of_weights(training: Training, n: int) -> NDArray[np.float64]:
    weight = training.params.get("sample_weight")
    return np.ones(n) if weight is None else np.sqrt(np.broadcast_to(np.asarray(weight, np.float64), n))


# -- ridge ------------------------------------------------------------------------------------------------------------


class _Ridge:
    """Ridge regression on one set of samples for all penalties."""

    def __init__(
        self, X: NDArray[np.float64], y: NDArray[np.float64], root: NDArray[np.float64], centred: bool
    ) -> None:
        self._means = np.average(X, axis=0, weights=root**2), np.average(y, axis=0, weights=root**2)
        if not centred:
            self._means = np.zeros_like(self._means[0]), np.zeros_like(self._means[1])
        X, y = (X - self._means[0]) * root[:, None], ((y - self._means[1]).T * root).T
        self._is_wide = X.shape[1] > X.shape[0]
        self._X = X
        self._spectrum = Spectrum(X @ X.T, y) if self._is_wide else Spectrum(X.T @ X, X.T @ y)

    def __call__(self, a: float) -> tuple[NDArray[np.float64], Any]:
        """Return coefficients, (p,) or (m, p), and intercepts."""
        w = self._spectrum.solution(a)
        coef = (self._X.T @ w if self._is_wide else w).T
        return coef, self._means[1] - coef @ self._means[0]


def _cut_ridge(model: Any, value: float, training: Training) -> Any:
    if "ridge" not in training.notes:
        X, y = _array(training.X), training.y
        binarizer = vars(model).get("_label_binarizer")
        y = _array(y if binarizer is None else binarizer.transform(y)).astype(np.float64)
        training.notes["ridge"] = _Ridge(X, y, _root_of_weights(training, len(X)), model.fit_intercept)
    coef, intercept = training.notes["ridge"](float(value))
    intercept = np.reshape(intercept, np.shape(model.intercept_)) if np.ndim(model.intercept_) else float(intercept)
    return view_of(
        model, alpha=value, coef_=coef.reshape(model.coef_.shape), intercept_=intercept if model.fit_intercept else 0.0
    )


def _object_to_ridge(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    if estimator.solver not in {"auto", "cholesky", "svd"}:
        return f"solver={estimator.solver!r} ends at a tolerance"
    if estimator.positive:
        return "positive=True"
    if getattr(estimator, "class_weight", None) is not None:
        return "class_weight is not tested"
    return None if estimator.copy_X else "copy_X=False changes the samples"


def _cut_kernel_ridge(model: Any, value: float, training: Training) -> Any:
    y = training.notes.get("spectrum") or _array(training.y).astype(np.float64)
    if "spectrum" not in training.notes:
        root = _root_of_weights(training, len(y))
        K = _kernel(model, _array(training.X)) * np.outer(root, root)
        training.notes["spectrum"] = Spectrum(K, (y.T * root).T), root
    spectrum, root = training.notes["spectrum"]
    return view_of(model, alpha=value, dual_coef_=(spectrum.solution(float(value)).T * root).T)


def _kernel(model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
    names = ("gamma", "degree", "coef0")
    params = (model.kernel_params or {}) if callable(model.kernel) else {name: getattr(model, name) for name in names}
    found: NDArray[np.float64] = pairwise_kernels(X, metric=model.kernel, filter_params=True, **params)
    return found


# -- warm starts ------------------------------------------------------------------------------------------------------


def _went_on(parameter: str, *learnt: str) -> Callable[[Any, Any, Training], Any]:
    """Return a cut that fits on from the solution of another penalty."""

    def cut(model: Any, value: Any, training: Training) -> Any:
        view = clone(model).set_params(**{parameter: value, "warm_start": True})
        vars(view).update({name: np.array(vars(model)[name], copy=True) for name in learnt})
        view.fit(training.X, training.y, **training.params)
        if np.max(view.n_iter_) >= view.max_iter:
            raise ArithmeticError("it did not converge")
        return view.set_params(warm_start=model.warm_start)

    return cut


def _object_to_lasso(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    if estimator.warm_start:
        return "warm_start=True"
    if estimator.selection == "random" and not is_seeded(estimator):
        return "random_state is not an integer"
    return None if estimator.copy_X else "copy_X=False changes the samples"


def _upwards(value: Any) -> float | None:
    """Return how far along a path a penalty is that starts with the largest."""
    strength = _strength(value)
    return None if strength is None else strength


_fit_on = _went_on("C", "coef_", "intercept_")


def _cut_logistic(model: Any, value: float, training: Training) -> Any:
    """Fit on; with several classes, newton-cholesky of scikit-learn 1.6 fits each against the rest, and ends apart."""
    if model.solver == "newton-cholesky" and len(model.classes_) > 2:
        raise ArithmeticError("newton-cholesky is tested with two classes only")
    return _fit_on(model, value, training)


_SMOOTH = {"lbfgs", "newton-cg", "newton-cholesky"}


def _object_to_logistic(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    if estimator.warm_start:
        return "warm_start=True"
    if estimator.solver not in _SMOOTH:
        return f"solver={estimator.solver!r} is not tested"
    if estimator.penalty not in {"l2", "deprecated"} or estimator.l1_ratio not in {None, 0}:
        return "the penalty is not l2"
    return None if estimator.n_jobs in {None, 1} else "n_jobs of its own"


def _weakness(value: Any) -> float | None:
    """Return how far along a path a C is that starts with the smallest: it is the most penalised."""
    return None if _strength(value) is None else from_above(value)


_FACTORISED = "predictions to 1e-7 of the largest"
_RIDGE = Facts(
    paths=(
        Path(
            "alpha",
            _cut_ridge,
            length=_penalty,
            objection=_object_to_ridge,
            settings='`solver="auto"`, `"cholesky"` or `"svd"`, dense samples, condition below 1e8',
            needs_training=True,
            close=_FACTORISED,
        ),
    )
)
_LASSO = Facts(
    paths=(
        Path(
            "alpha",
            _went_on("alpha", "coef_"),
            length=_upwards,
            objection=_object_to_lasso,
            settings="where it converges; `selection` cyclic or with a seed",
            needs_training=True,
            close="both reach `tol`: training predictions to 2 (2 tol)^1/2 of the targets' norm",
        ),
    )
)
FACTS = {
    "sklearn.linear_model.Ridge": _RIDGE,
    "sklearn.linear_model.RidgeClassifier": _RIDGE,
    "sklearn.kernel_ridge.KernelRidge": Facts(
        paths=(
            Path(
                "alpha",
                _cut_kernel_ridge,
                length=_penalty,
                settings="dense samples, condition below 1e8",
                needs_training=True,
                close=_FACTORISED,
            ),
        )
    ),
    "sklearn.linear_model.Lasso": _LASSO,
    "sklearn.linear_model.ElasticNet": _LASSO,
    "sklearn.linear_model.LogisticRegression": Facts(
        paths=(
            Path(
                "C",
                _cut_logistic,
                length=_weakness,
                objection=_object_to_logistic,
                settings="`lbfgs`, `newton-cg`, for two classes `newton-cholesky`; an l2 penalty; where it converges",
                needs_training=True,
                close="both reach `tol`, which bounds the slope of the loss, and not the coefficients",
            ),
        )
    ),
}
