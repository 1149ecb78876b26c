"""Linear models that take up one feature after the other: the first k of a longer path are the path of k."""

from __future__ import annotations

from operator import methodcaller
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import orthogonal_mp, orthogonal_mp_gram

from skhpo.estimators.facts import Facts, Path, view_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.estimators.facts import Shape, Training


def _cut_lars(model: Any, value: int, training: Training) -> Any:
    """Keep the first steps; the intercept follows from the coefficients and the means, which no model keeps."""
    X, y = _floats(training)
    path = model.coef_path_[:, : value + 1]
    n_steps = path.shape[1] - 1
    view = view_of(
        model,
        n_nonzero_coefs=value,
        coef_path_=path,
        coef_=np.ascontiguousarray(path[:, -1]),
        alphas_=model.alphas_[: n_steps + 1],
        active_=model.active_[:n_steps],
        n_iter_=min(model.n_iter_, value),
    )
    if model.fit_intercept:
        means = np.average(X, axis=0), np.average(y, axis=0), np.ones(X.shape[1])
        methodcaller("_set_intercept", *means)(view)
    return view


def _object_to_lars(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    if not estimator.fit_path:
        return "fit_path=False keeps no path"
    if not isinstance(estimator.precompute, bool | str):
        return "precompute is a matrix"
    if not estimator.copy_X:
        return "copy_X=False changes the samples"
    return None if estimator.jitter is None else "a jitter changes the mean of the targets"


def _cut_pursuit(model: Any, value: int, training: Training) -> Any:
    """Take a solution of a path that was computed once more with all of its steps, as no model keeps it."""
    if "path" not in training.notes:
        training.notes["path"] = _pursuit(model, *_floats(training))
    coefs, means = training.notes["path"]
    if value > coefs.shape[1]:
        raise ValueError("the path ended before so many steps")
    view = view_of(
        model, n_nonzero_coefs=value, n_nonzero_coefs_=value, n_iter_=value, coef_=coefs[:, value - 1].copy()
    )
    if model.fit_intercept:
        methodcaller("_set_intercept", *means, np.ones(len(coefs)))(view)
    return view


def _pursuit(model: Any, X: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], Any]:
    """Return the coefficients after each step, shape (n_features, n_steps), and the means of X and y."""
    n = model.n_nonzero_coefs
    means = np.average(X, axis=0), np.average(y, axis=0)
    if model.fit_intercept:
        X, y = X - means[0], y - means[1]
    if model.precompute is True or (model.precompute == "auto" and X.shape[0] > X.shape[1]):
        coefs = orthogonal_mp_gram(np.dot(X.T, X), np.dot(X.T, y), n_nonzero_coefs=n, return_path=True)
    else:
        coefs = orthogonal_mp(X, y, n_nonzero_coefs=n, return_path=True)
    return np.reshape(coefs, (X.shape[1], -1)), means


def _floats(training: Training) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return samples and one target, where both are arrays of doubles: others are converted before they are used."""
    X, y = training.X, training.y
    if any(not isinstance(part, np.ndarray) or part.dtype != np.float64 for part in (X, y)) or y.ndim != 1:
        raise TypeError("only arrays of doubles are known to have the same means to the bit")
    return X, y


def _object_to_pursuit(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    if estimator.tol is not None:
        return "with a tol, n_nonzero_coefs counts for nothing"
    return None if isinstance(estimator.precompute, bool | str) else "precompute is a matrix"


FACTS = {
    "sklearn.linear_model.Lars": Facts(
        paths=(
            Path(
                "n_nonzero_coefs",
                _cut_lars,
                objection=_object_to_lars,
                settings="`fit_path=True`, one target, no `jitter`",
                needs_training=True,
            ),
        )
    ),
    "sklearn.linear_model.OrthogonalMatchingPursuit": Facts(
        paths=(
            Path(
                "n_nonzero_coefs",
                _cut_pursuit,
                objection=_object_to_pursuit,
                settings="`tol=None`, one target",
                needs_training=True,
            ),
        )
    ),
}
