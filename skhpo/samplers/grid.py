"""All points of a finite space, one after the other."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skhpo.samplers.base import Sampler
from skhpo.samplers.plain import PlainGrid
from skhpo.space import Space, is_plain, space_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skhpo.history import Params, Trial


class GridSampler(Sampler):
    """Proposes every point of a finite space in a fixed order, scikit-learn's where the space is scikit-learn's.

    Parameters
    ----------
    param_grid : dict, list of dict or Space
        What ``sklearn.model_selection.ParameterGrid`` takes; or a space with dimensions of our own, all finite.

    Raises
    ------
    ValueError
        If a dimension is continuous.

    Examples
    --------
    >>> sampler = GridSampler({"C": [1, 10], "kernel": ["rbf", "linear"]})
    >>> [sampler.ask(number, ()) for number in range(2)]
    [{'C': 1, 'kernel': 'rbf'}, {'C': 1, 'kernel': 'linear'}]
    """

    is_adaptive = False

    def __init__(self, param_grid: Any) -> None:
        if not isinstance(param_grid, Space) and is_plain(param_grid):
            grid = PlainGrid(param_grid)
            self.n_max: int = grid.n_points
            self._at: Callable[[int], Params] = grid.at
            return
        space = space_of(param_grid)
        if math.isinf(space.n_choices):
            raise ValueError(
                "A grid needs finitely many values of every parameter, got a continuous one in "
                f"{param_grid!r}. List the values to try, or use RandomSearchCV or BayesSearchCV."
            )
        self.n_max = int(space.n_choices)
        self._at = space.at

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:  # noqa: ARG002
        """Return point ``number`` of the grid, or None behind its end."""
        if number >= self.n_max:
            return None
        return self._at(number)
