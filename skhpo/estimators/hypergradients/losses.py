"""Losses of predictions, each with its slope: any of them goes with any estimator.

A loss is called with targets y (n,), raw predictions z (n,) or (n, k), and weights (n,) that sum to one. It returns the
weighted mean, and its slope in z. Of classifiers, y are the numbers of the classes, from 0, and z the output of
``decision_function``; of two classes z has the shape (n,).
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from scipy.special import expit, log_softmax, xlogy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    Loss: TypeAlias = Callable[[Any, Array, Array], tuple[float, Array]]


def squared(y: Array, z: Array, weight: Array) -> tuple[float, Array]:
    """Squared error, summed over the targets."""
    residual = z - y.reshape(z.shape)
    w = _broadcast(weight, z)
    return float(np.sum(w * residual**2)), 2 * w * residual


def absolute(y: Array, z: Array, weight: Array) -> tuple[float, Array]:
    """Absolute error: twice the pinball loss of the median."""
    value, slope = Pinball(0.5)(y, z, weight)
    return 2 * value, 2 * slope


class Pinball:
    """Pinball loss of a quantile.

    Parameters
    ----------
    quantile : float
        In (0, 1).
    """

    def __init__(self, quantile: float) -> None:
        self.quantile = quantile

    def __call__(self, y: Array, z: Array, weight: Array) -> tuple[float, Array]:
        """Return the loss and one of its subgradients."""
        residual = y.reshape(z.shape) - z
        w = _broadcast(weight, z)
        factor = np.where(residual >= 0, self.quantile, self.quantile - 1)
        return float(np.sum(w * factor * residual)), -w * factor


class Huber:
    """Huber's loss: squared within ``delta`` of the target, linear beyond.

    Parameters
    ----------
    delta : float
        Where it becomes linear, in units of the target.
    """

    def __init__(self, delta: float = 1.0) -> None:
        self.delta = delta

    def __call__(self, y: Array, z: Array, weight: Array) -> tuple[float, Array]:
        """Return the loss and its slope."""
        residual = z - y.reshape(z.shape)
        inner = np.clip(residual, -self.delta, self.delta)
        w = _broadcast(weight, z)
        return float(np.sum(w * inner * (residual - inner / 2))), w * inner


class TweedieDeviance:
    """Deviance of a Tweedie distribution, as ``sklearn.metrics.mean_tweedie_deviance`` has it.

    Parameters
    ----------
    power : float
        0 is squared error, 1 Poisson, 2 gamma.
    """

    def __init__(self, power: float) -> None:
        self.power = power

    def __call__(self, y: Array, z: Array, weight: Array) -> tuple[float, Array]:
        """Return the loss and its slope; both are infinite where a prediction has no place."""
        p = self.power
        if p == 0:
            return squared(y, z, weight)
        if (z <= 0).any():
            raise ValueError(f"A deviance of power {p:g} needs positive predictions, got {z.min():.3g}.")
        if p == 1:
            deviance = xlogy(y, y) - xlogy(y, z) - y + z
        elif p == 2:
            deviance = np.log(z / y) + y / z - 1
        else:
            deviance = (
                np.maximum(y, 0) ** (2 - p) / ((1 - p) * (2 - p)) - y * z ** (1 - p) / (1 - p) + z ** (2 - p) / (2 - p)
            )
        return float(2 * np.sum(weight * deviance)), 2 * weight * (z - y) * z**-p


def log_loss(y: NDArray[np.int64], z: Array, weight: Array) -> tuple[float, Array]:
    """Negative log-likelihood of logits."""
    if z.ndim == 1:
        sign = np.where(y == 1, 1.0, -1.0)
        return float(np.sum(weight * np.logaddexp(0, -sign * z))), -weight * sign * expit(-sign * z)
    log_p = log_softmax(z, axis=1)
    rows = np.arange(len(y))
    slope = np.exp(log_p)
    slope[rows, y] -= 1
    return -float(np.sum(weight * log_p[rows, y])), weight[:, None] * slope


def brier(y: NDArray[np.int64], z: Array, weight: Array) -> tuple[float, Array]:
    """Squared error of probabilities; of more than two classes summed over them."""
    if z.ndim == 1:
        p = expit(z)
        return float(np.sum(weight * (p - y) ** 2)), 2 * weight * (p - y) * p * (1 - p)
    P = np.exp(log_softmax(z, axis=1))
    residual = P - _one_hot(y, z)
    slope = 2 * weight[:, None] * P * (residual - np.sum(P * residual, axis=1, keepdims=True))
    return float(np.sum(weight[:, None] * residual**2)), slope


def squared_codes(y: NDArray[np.int64], z: Array, weight: Array) -> tuple[float, Array]:
    """Squared error of the decision function to -1 and 1; of more than two classes summed over them."""
    return squared(_signs(y, z), z, weight)


def smoothed_hinge(y: NDArray[np.int64], z: Array, weight: Array) -> tuple[float, Array]:
    """Hinge loss with a rounded corner: 1/2 - m below margin m = 0, (1 - m)^2 / 2 up to 1; one class against the rest.

    Rennie and Srebro: Loss functions for preference levels (2005).
    """
    sign = _signs(y, z)
    margin = sign * z
    w = _broadcast(weight, z)
    loss = np.where(margin <= 0, 0.5 - margin, np.clip(1 - margin, 0, None) ** 2 / 2)
    return float(np.sum(w * loss)), w * sign * -np.clip(1 - margin, 0, 1)


class OnPairs:
    """A loss of two classes for decisions between pairs of classes: the mean over the pairs that a sample is part of.

    Parameters
    ----------
    loss : callable
        Of two classes.
    """

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, y: NDArray[np.int64], z: Array, weight: Array) -> tuple[float, Array]:
        """Return the loss and its slope, for z of shape (n, k (k - 1) / 2), positive for the first class of a pair."""
        k = (1 + math.isqrt(1 + 8 * z.shape[1])) // 2
        value, slope = 0.0, np.zeros_like(z)
        for pair, (first, second) in enumerate(itertools.combinations(range(k), 2)):
            rows = (y == first) | (y == second)
            if rows.any():
                of_pair, u = self.loss((y[rows] == first).astype(np.int64), z[rows, pair], weight[rows] / (k - 1))
                value += of_pair
                slope[rows, pair] = u
        return value, slope


class Root:
    """The square root of a loss.

    Parameters
    ----------
    loss : callable
        Such as `squared`.
    """

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, y: Array, z: Array, weight: Array) -> tuple[float, Array]:
        """Return the root and its slope."""
        value, slope = self.loss(y, z, weight)
        root = math.sqrt(value)
        return root, slope / (2 * root) if root else slope


class Unexplained:
    """A loss over that of the mean of the targets: one minus R2, or minus the share of a deviance that is explained.

    Parameters
    ----------
    loss : callable
        `squared`, or a deviance.
    """

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __call__(self, y: Array, z: Array, weight: Array) -> tuple[float, Array]:
        """Return the share and its slope."""
        value, slope = self.loss(y, z, weight)
        mean = np.broadcast_to(np.average(y.reshape(z.shape), axis=0, weights=weight), z.shape)
        whole, _ = self.loss(y, mean, weight)
        return value / whole, slope / whole


_REGRESSION: dict[str, Loss] = {
    "squared": squared,
    "absolute": absolute,
    "huber": Huber(),
    "poisson": TweedieDeviance(1),
    "gamma": TweedieDeviance(2),
}
_CLASSIFICATION: dict[str, Loss] = {
    "log_loss": log_loss,
    "brier": brier,
    "squared": squared_codes,
    "smoothed_hinge": smoothed_hinge,
}


def loss_names(*, is_classifier: bool) -> list[str]:
    """Return the names of the losses for classifiers, or for regressors."""
    return list(_CLASSIFICATION if is_classifier else _REGRESSION)


def find_loss(loss: Any, *, is_classifier: bool) -> Loss:
    """Return a loss by its name; a callable is one itself.

    Raises
    ------
    ValueError
        If there is none of that name.
    """
    if callable(loss):
        own: Loss = loss
        return own
    known = _CLASSIFICATION if is_classifier else _REGRESSION
    if loss not in known:
        kind = "classifiers" if is_classifier else "regressors"
        raise ValueError(f'loss of {kind} needs to be "auto", one of {list(known)}, or a callable, got {loss!r}.')
    return known[loss]


def _broadcast(weight: Array, z: Array) -> Array:
    return weight if z.ndim == 1 else np.broadcast_to(weight[:, None], z.shape)


def _one_hot(y: NDArray[np.int64], z: Array) -> Array:
    return np.asarray(np.asarray(y)[:, None] == np.arange(z.shape[1]), dtype=np.float64)


def _signs(y: NDArray[np.int64], z: Array) -> Array:
    return np.asarray(2.0 * (y if z.ndim == 1 else _one_hot(y, z)) - 1, dtype=np.float64)
