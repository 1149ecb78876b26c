"""Frozen distributions of scipy.stats, and whatever else has their methods.

A distribution is its own scale: a value's place in the unit interval is ``cdf(value)``, so that a log-uniform parameter
is on the log scale, and uniform places follow the user's prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.space.dimension import Dimension, Discrete
from skhpo.space.values import is_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# An infinite tail is cut where it holds this share of the probability.
_TAIL = 1e-9
# Values of less probability have no place of their own in double precision.
_RAREST = 1e-12
# Discrete values on each side of the median that are looked at one by one.
_WINDOW = 2**13
_LARGEST_SPAN = 2**40


@dataclass(frozen=True, eq=False, repr=False)
class _Distributed:
    """What all distributions share: what they are known by."""

    distribution: Any

    def _parts(self) -> dict[str, Any]:
        # Two frozen distributions are equal where they freeze the same arguments; scipy has no == for them.
        frozen = self.distribution
        family = getattr(frozen, "dist", None)
        if family is None:
            return {"distribution": frozen}
        atoms = {name: getattr(family, name) for name in ("xk", "pk") if hasattr(family, name)}
        return {"family": family.name, "args": frozen.args, "kwds": frozen.kwds, **atoms}


@dataclass(frozen=True, eq=False, repr=False)
class ContinuousDistribution(_Distributed, Dimension):
    """A continuous distribution with ``cdf`` and ``ppf``."""

    @property
    def n_choices(self) -> float:
        """Number of distinct values: infinite."""
        return math.inf

    def canonical(self, value: Any) -> float:
        """Return the value as a Python float."""
        low, high = self._support
        if not (is_number(value) and low <= value <= high and math.isfinite(value)):
            raise self._outside(value)
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


class _Atoms(NamedTuple):
    """Values in increasing order, shape (k,), where their cells end, shape (k - 1,), and their middles, shape (k,)."""

    values: Sequence[int | float]
    ends: NDArray[np.float64]
    centers: NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class DiscreteDistribution(_Distributed, Discrete):
    """A discrete distribution: each value has a cell as wide as it is probable.

    Values of a probability below 1e-12 have no cell, and an infinite support is cut to the 2**14 values round the
    median. A wider finite support, as of ``randint(0, 2**32)``, is not tabulated but computed.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        low, high = self._span
        if self._atoms is None and high - low >= _LARGEST_SPAN:
            raise ValueError(f"A discrete distribution needs fewer than 2**40 values, got {low} to {high}. Narrow it.")

    @property
    def n_choices(self) -> int:
        """Number of values that have a cell."""
        low, high = self._span
        return high - low + 1 if self._atoms is None else len(self._atoms.values)

    def level_of(self, u: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return which cells the places lie in, shape (n,)."""
        if self._atoms is not None:
            return np.searchsorted(self._atoms.ends, u, side="right")
        low, high = self._span
        quantiles = self.distribution.ppf(np.clip(u, 0.0, 1.0))
        return np.asarray(np.clip(quantiles, low, high) - low).astype(np.int64)

    def center_of(self, levels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the middles of the cells, shape (n,), in (0, 1)."""
        if self._atoms is not None:
            return self._atoms.centers[levels]
        x = levels + self._span[0]
        middles: NDArray[np.float64] = (self.distribution.cdf(x - 1) + self.distribution.cdf(x)) / 2
        return middles

    def value_at(self, level: int) -> int | float:
        """Return a value, an int wherever it is whole."""
        return self._span[0] + level if self._atoms is None else self._atoms.values[level]

    def find(self, value: Any) -> int:
        """Return the level of a value."""
        if not (is_number(value) and math.isfinite(value)):
            raise self._outside(value)
        if self._atoms is not None:
            level = int(np.searchsorted(self._atoms.values, value))
            if level == len(self._atoms.values) or self._atoms.values[level] != value:
                raise self._outside(value)
            return level
        low, high = self._span
        if value != int(value) or not low <= value <= high:
            raise self._outside(value)
        return int(value) - low

    @cached_property
    def _span(self) -> tuple[int, int]:
        """First and last whole number of a finite support; of an infinite one, of what is tabulated."""
        low, high = support(self.distribution)
        middle = int(self.distribution.ppf(0.5))
        return (
            int(low) if math.isfinite(low) else middle - _WINDOW,
            int(high) if math.isfinite(high) else middle + _WINDOW,
        )

    @cached_property
    def _atoms(self) -> _Atoms | None:
        """The values one by one; None where they are too many."""
        low, high = self._span
        middle = int(self.distribution.ppf(0.5))
        values = np.arange(max(low, middle - _WINDOW), min(high, middle + _WINDOW) + 1)
        listed = getattr(getattr(self.distribution, "dist", self.distribution), "xk", None)
        if listed is not None:  # of scipy.stats.rv_discrete(values=...), where they may be no whole numbers
            values = np.sort(listed) - np.min(listed) + support(self.distribution)[0]
            values = values.astype(np.int64) if np.all(values == np.rint(values)) else values
        probabilities = np.asarray(self.distribution.pmf(values), dtype=np.float64)
        total = probabilities.sum()
        is_infinite = not all(map(math.isfinite, support(self.distribution)))
        if total < 1.0 - _TAIL and not is_infinite:
            return None
        values, probabilities = values[probabilities > _RAREST], probabilities[probabilities > _RAREST] / total
        edges = np.cumsum(probabilities)
        return _Atoms(values.tolist(), edges[:-1], edges - probabilities / 2)


@dataclass(frozen=True, eq=False, repr=False)
class Sampled(_Distributed, Dimension):
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
        plain = value.item() if isinstance(value, np.generic) else value
        if plain is not None and not isinstance(plain, bool | int | float | str):
            raise TypeError(
                f"A value drawn from {self.distribution!r} needs to be a number or a string to be stored, "
                f"got {value!r}. Use Categorical, whose values are stored by index."
            )
        return plain


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


def distributed(distribution: Any) -> Dimension:
    """Return the dimension of an object that has ``rvs``."""
    if not (hasattr(distribution, "cdf") and hasattr(distribution, "ppf")):
        return Sampled(distribution)
    support(distribution)
    return DiscreteDistribution(distribution) if hasattr(distribution, "pmf") else ContinuousDistribution(distribution)
