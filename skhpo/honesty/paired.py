"""How sure a mean over the splits of a cross-validation is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def corrected_error(values: NDArray[np.float64], test_share: float) -> float:
    """Return the standard error of the mean of scores, or of paired differences, one per split; NaN for one split.

    The variance of the mean is s^2 (1 / J + n_test / n_train), as training sides overlap (Nadeau and Bengio: Inference
    for the generalization error. Machine Learning 52, 2003).

    Parameters
    ----------
    values : ndarray of shape (J,)
        One per split.
    test_share : float
        Size of the test sides over that of the training sides.

    Examples
    --------
    >>> round(corrected_error(np.array([0.9, 0.8, 0.85, 0.9, 0.8]), test_share=0.25), 4)
    0.0335
    """
    n = len(values)
    return math.nan if n < 2 else float(np.sqrt(values.var(ddof=1) * (1 / n + test_share)))
