"""How long fits will take: from those that were seen, else from fits on a few rows."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skhpo.automl.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from skhpo.automl.portfolio import Entry

_FEW = (200, 800)
"""Rows of the two fits by which the time for more rows is foreseen."""
_COST_ALIKE = {"boosting", "extra_trees", "random_forest", "lightgbm", "catboost", "svm", "neural_network"}
"""Families of which one fit tells what another takes."""
_CAUTION = 1.5
"""Times as long as what one of the family took."""


class Forecast:
    """Foresees how long a fit takes.

    Parameters
    ----------
    take : callable
        ``take(rows)`` gives these rows of samples and targets.
    order : ndarray of shape (n_samples,)
        Positions of the rows in an order in which the first few are like all.
    clock : callable, default=time.perf_counter
        Seconds.
    """

    def __init__(
        self,
        take: Callable[[NDArray[np.intp]], tuple[Any, Any]],
        order: NDArray[np.intp],
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._take, self._order, self._clock = take, order, clock
        self._curves: dict[str, tuple[float, float, float]] = {}  # entry -> seconds: a + b * rows ** power
        self._seen: dict[str, tuple[float, int]] = {}  # entry -> seconds and rows of a fit that was seen
        self._alike: dict[str, Entry] = {}  # family -> one of it that was seen

    def see(self, entry: Entry, seconds: float, n_rows: int) -> None:
        """Take note of how long a fit on so many rows took; of what varies, the longest counts."""
        if entry.is_proposed and entry.name in self._seen:
            seconds = max(seconds, self._seen[entry.name][0])
        self._seen[entry.name] = seconds, n_rows
        if entry.family in _COST_ALIKE and not entry.is_proposed:
            self._alike[entry.family] = entry

    def is_seen(self, entry: Entry) -> bool:
        """Whether a fit of it was seen, or of one that takes about as long."""
        return entry.name in self._seen or entry.family in self._alike

    def slowest(self, n_rows: int) -> float:
        """Return how long the slowest fit that was seen takes on so many rows."""
        return max((seconds * max(1.0, n_rows / seen) for seconds, seen in self._seen.values()), default=math.inf)

    def seconds(self, entry: Entry, n_rows: int) -> float:
        """Return how long a fit on so many rows takes."""
        if entry.name not in self._seen and (alike := self._alike.get(entry.family)) is not None:
            return _CAUTION * entry.work / alike.work * self.seconds(alike, n_rows)
        if entry.name in self._seen:
            seconds, seen = self._seen[entry.name]
            return float(seconds * float(max(1.0, n_rows / seen)) ** max(1.0, entry.growth))
        if entry.name not in self._curves:
            self._curves[entry.name] = self._curve(entry, n_rows)
        fixed, slope, power = self._curves[entry.name]
        return float(fixed + slope * n_rows**power)

    def _curve(self, entry: Entry, n_rows: int) -> tuple[float, float, float]:
        """Fit few rows, and look at the clock."""
        low, high = (min(few, n_rows, len(self._order)) for few in _FEW)
        first = self._measured(entry, low)
        power = max(1.0, entry.growth)
        if high < 2 * low:
            return 0.0, first / low**power, power
        second = self._measured(entry, high)
        slope = max(0.0, (second - first) / (high**power - low**power))
        return max(0.0, first - slope * low**power), slope, power

    def _measured(self, entry: Entry, n: int) -> float:
        """Return the seconds of a fit on the first rows, as if the model had as much work as it has on all of them."""
        short, factor = entry.shortened()
        X, y = self._take(self._order[:n])
        *steps, model = [clone(step) for step in _steps(short)]
        began = self._clock()
        with quiet():
            try:
                for step in steps:
                    X = step.fit_transform(X, y)
                prepared = self._clock()
                model.fit(X, y)
            except Exception:  # noqa: BLE001  (too few rows for it: the cross-validation will tell)
                return self._clock() - began
        return prepared - began + (self._clock() - prepared) * factor


def _steps(estimator: Any) -> list[Any]:
    return [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
