"""Frozen distributions of scipy.stats, and whatever else has their methods.

A distribution is its own scale: a value's place in the unit interval is ``cdf(value)``, so that a log-uniform parameter
is on the log scale, and uniform places follow the user's prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.space.dimension import Dimension, OutsideError
from skhpo.space.values import is_finite, is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# An infinite tail is cut where it holds this share of the probability.
_TAIL = 1e-9


@dataclass(frozen=True, eq=False, repr=False)
class Distributed:
    """What all distributions share: what they are known by."""

    distribution: Any

    def _parts(self) -> dict[str, Any]:
        # Two frozen distributions are equal where they freeze the same arguments; scipy has no == for them.
        frozen = self.distribution
        family = getattr(frozen, "dist", None)
        if family is None:
            return {"distribution": frozen}
        atoms = {name: getattr(family, name) for name in ("xk", "pk") if hasattr(family, name)}
        return {"family": family.name, "class": type(family), "args": frozen.args, "kwds": frozen.kwds, **atoms}


@dataclass(frozen=True, eq=False, repr=False)
class ContinuousDistribution(Distributed, Dimension):
    """A continuous distribution with ``cdf`` and ``ppf``."""

    @property
    def n_choices(self) -> float:
        """Number of distinct values: infinite."""
        return math.inf

    def canonical(self, value: Any) -> float:
        """Return the value as a Python float."""
        low, high = self._support
        if not (is_number(value) and low <= value <= high and is_finite(value)):
            raise OutsideError(value, self)
        return float(value)

    def encode(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Return the cumulative probabilities of values, shape (n,), in [0, 1]."""
        x = np.array([self.canonical(value) for value in values], dtype=np.float64)
        return np.clip(np.asarray(self.distribution.cdf(x), dtype=np.float64), 0.0, 1.0)

    def decode(self, u: NDArray[np.float64]) -> list[float]:
        """Return the quantiles at places of shape (n,); those at infinity give way to the ones of 1e-9."""
        low, high = self._support
        lowest = 0.0 if math.isfinite(low) else _TAIL
        highest = 1.0 if math.isfinite(high) else 1.0 - _TAIL
        x: list[float] = np.clip(self.distribution.ppf(np.clip(u, lowest, highest)), low, high).tolist()
        return x

    def snap(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the places, shape (n,), clipped to [0, 1]."""
        return np.clip(u, 0.0, 1.0)

    @cached_property
    def _support(self) -> tuple[float, float]:
        return support(self.distribution)


@dataclass(frozen=True, eq=False, repr=False)
class Sampled(Distributed, Dimension):
    """An object that can only be drawn from, with ``rvs``: enough for a random search, not for a model.

    It has no scale on which a value could be placed. So a place is the seed of a draw, and `encode` raises TypeError.
    """

    @property
    def n_choices(self) -> float:
        """Number of distinct values: unknown, so infinite."""
        return math.inf

    def canonical(self, value: Any) -> Any:
        """Return the value: whether it could be drawn is not known."""
        return value

    def encode(self, values: Sequence[Any]) -> NDArray[np.float64]:
        """Raise TypeError.

        Raises
        ------
        TypeError
            Always.
        """
        del values
        raise TypeError(
            f"A model of the score needs a distribution with cdf and ppf, got {self.distribution!r}, which only has "
            "rvs. Use one of scipy.stats, skhpo.Float or skhpo.Int, or a random search."
        )

    def decode(self, u: NDArray[np.float64]) -> list[Any]:
        """Return one draw for each place of shape (n,), the same for the same place."""
        seeds = (np.clip(u, 0.0, 1.0) * (2**32 - 1)).astype(np.uint32)
        # scikit-learn's samplers hand a RandomState to rvs, so that is what foreign ones expect.
        return [self.distribution.rvs(random_state=np.random.RandomState(seed)) for seed in seeds]

    def snap(self, u: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the places, shape (n,), clipped to [0, 1]."""
        return np.clip(u, 0.0, 1.0)

    def to_json(self, value: Any) -> Any:
        """Return the value where JSON can hold it.

        Raises
        ------
        TypeError
            If it cannot.
        """
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, tuple):
            return {"tuple": [self.to_json(element) for element in value]}
        if isinstance(value, list):
            return [self.to_json(element) for element in value]
        if value is not None and not isinstance(value, bool | int | float | str):
            raise TypeError(
                f"A value drawn from {self.distribution!r} needs to be a number, a string, or a tuple or list of them "
                f"to be stored, got {value!r}. Use Categorical, whose values are stored by index."
            )
        return value

    def from_json(self, stored: Any) -> Any:
        """Return the value that `to_json` stored."""
        if isinstance(stored, dict):
            return tuple(self.from_json(element) for element in stored["tuple"])
        return [self.from_json(element) for element in stored] if isinstance(stored, list) else stored


def support(distribution: Any) -> tuple[float, float]:
    """Return the ends of a distribution's support.

    Raises
    ------
    TypeError
        If its arguments were not frozen.
    """
    try:
        ends = distribution.support() if hasattr(distribution, "support") else distribution.ppf(np.array([0.0, 1.0]))
    except TypeError:
        raise TypeError(
            f"A distribution needs its arguments, got {distribution!r}. Write for example randint(1, 10)."
        ) from None
    return float(ends[0]), float(ends[1])
