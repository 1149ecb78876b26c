"""How sure probabilities ought to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize_scalar

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COLDEST, _HOTTEST = 0.4, 2.5
_SMALLEST = 1e-6


def temperature(probabilities: NDArray[np.float64], labels: NDArray[np.intp], weight: Any = None) -> float:
    """Return the power of probabilities that makes the log loss smallest.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Out of fold.
    labels : ndarray of shape (n_rows,)
        Positions of the right ones.
    weight : ndarray of shape (n_rows,) or None, default=None
        Of the rows.

    References
    ----------
    C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger: On calibration of modern neural networks. ICML 2017.
    """

    def loss(log_power: float) -> float:
        right = with_power(probabilities, float(np.exp(log_power)))[np.arange(len(labels)), labels]
        return float(np.average(-np.log(right), weights=weight))

    bounds = (np.log(_COLDEST), np.log(_HOTTEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-3}).x))


def with_power(probabilities: NDArray[np.float64], power: float) -> NDArray[np.float64]:
    """Return probabilities raised to a power, which sum to one; none is nought."""
    logs = power * np.log(np.clip(probabilities, _SMALLEST, 1.0))
    found = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(found / found.sum(axis=1, keepdims=True))
