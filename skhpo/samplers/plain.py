"""scikit-learn's grids and streams, of which no more is made than is asked for, whatever their size."""

from __future__ import annotations

import math
from numbers import Integral
from typing import TYPE_CHECKING, Any

from sklearn.model_selection import ParameterGrid, ParameterSampler
from sklearn.utils import check_random_state

from skhpo.space.interop import count, dicts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from skhpo.history import Params

_MOST_OF_SKLEARN = 2**63 - 1
"""Points that scikit-learn can count."""


class PlainGrid:
    """The points of ``ParameterGrid``, by number and in its order.

    ``ParameterGrid`` has an index too, which gives the names of a point in another order and counts in 64 bits.

    Parameters
    ----------
    param_grid : dict or list of dict
        What ``ParameterGrid`` takes.

    Attributes
    ----------
    n_points : int
        How many points there are, an integer of any size.

    Raises
    ------
    TypeError, ValueError
        As ``ParameterGrid``.

    Examples
    --------
    >>> grid = PlainGrid({"C": range(10**12), "kernel": ["rbf", "linear"]})
    >>> grid.n_points, grid.at(3)
    (2000000000000, {'C': 1, 'kernel': 'linear'})
    """

    def __init__(self, param_grid: Any) -> None:
        self._grids = [sorted(mapping.items()) for mapping in dicts_of(param_grid)]
        for name, values in (item for grid in self._grids for item in grid):
            if isinstance(values, range):
                count(name, values)
        ParameterGrid(param_grid)  # says what else is wrong with it
        self._sizes = [math.prod(len(values) for _, values in grid) for grid in self._grids]
        self.n_points = sum(self._sizes)

    def at(self, number: int) -> Params:
        """Return point ``number``, from 0 to ``n_points - 1``; the last name changes first."""
        rank = number
        for grid, size in zip(self._grids, self._sizes, strict=True):
            if rank < size:
                return _point(grid, rank)
            rank -= size
        raise IndexError(f"A point of this grid needs a number below {self.n_points}, got {number}.")


def plain_stream(param_distributions: Any, n_iter: int, random_state: Any) -> tuple[int, Iterator[Params]]:
    """Return how many points are drawn from a plain space, and the points: those of ``ParameterSampler``.

    Of more than 2**63 - 1 combinations of lists, where scikit-learn raises OverflowError, they are drawn uniformly and
    without repetition by a rule of our own.

    Parameters
    ----------
    param_distributions : dict or list of dict
        What ``ParameterSampler`` takes.
    n_iter : int
        How many points are wanted.
    random_state : int, RandomState instance or None
        Seed of the stream.
    """
    sampler = ParameterSampler(param_distributions, n_iter, random_state=random_state)  # says what is wrong with it
    points: Iterator[Params] | list[Params]
    if any(hasattr(value, "rvs") for mapping in dicts_of(param_distributions) for value in mapping.values()):
        n_points, points = n_iter, iter(sampler)
    else:
        grid = PlainGrid(param_distributions)
        n_points = min(n_iter, grid.n_points)
        is_countable = grid.n_points <= _MOST_OF_SKLEARN
        points = iter(sampler) if is_countable else _of_many(grid, n_iter, check_random_state(random_state))
    # A generator that others draw from too has to be drawn from at once.
    return n_points, iter(points if isinstance(random_state, Integral) else list(points))


def _of_many(grid: PlainGrid, n_iter: int, rng: np.random.RandomState) -> Iterator[Params]:
    """Yield ``n_iter`` different points of a grid, each with the same probability."""
    n_bits = (grid.n_points - 1).bit_length()
    seen: set[int] = set()
    while len(seen) < n_iter:
        # As many random bits as the last number has: at least every other draw is a number of a point.
        number = int.from_bytes(rng.bytes(-(-n_bits // 8)), "little") % (1 << n_bits)
        if number < grid.n_points and number not in seen:
            seen.add(number)
            yield grid.at(number)


def _point(grid: list[tuple[str, Any]], rank: int) -> Params:
    places = {}
    for name, values in reversed(grid):
        rank, places[name] = divmod(rank, len(values))
    return {name: values[places[name]] for name, values in grid}
