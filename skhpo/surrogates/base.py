"""What a surrogate is: arrays in, a posterior out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from typing import Self

    import numpy as np
    from numpy.typing import NDArray


class Posterior(NamedTuple):
    """Mean and standard deviation of the latent function, each of shape (m,)."""

    mean: NDArray[np.float64]
    std: NDArray[np.float64]


class Surrogate(Protocol):
    """A model of the score over the unit cube.

    `fit` must never raise for finite inputs and returns the surrogate; `predict` must be a pure function of what was
    fitted.
    """

    def fit(self, X: NDArray[np.float64], y: NDArray[np.float64], noise: NDArray[np.float64] | None = None) -> Self:
        """Condition on scores ``y`` of shape (n,) at points ``X`` of shape (n, d), with known noise variances."""
        ...

    def predict(self, X: NDArray[np.float64]) -> Posterior:
        """Return the posterior at points of shape (m, d)."""
        ...
