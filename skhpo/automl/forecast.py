"""How long fits will take: from those that were seen, else from fits on a few rows."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, NamedTuple

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
_STEP = 4
"""Times as many rows has each further fit."""
_COST_ALIKE = {"boosting", "extra_trees", "random_forest", "lightgbm", "catboost", "svm", "neural_network"}
"""Families of which one fit tells what another takes."""
_CAUTION = 1.5
"""Times as long as what one of the family took."""
_LEAST = 1e-9
"""Seconds; a clock may not have moved."""


class _Curve(NamedTuple):
    """Seconds of a fit by its rows: ``fixed + slope * rows ** power``."""

    fixed: float
    slope: float
    power: float

    def __call__(self, n_rows: int) -> float:
        return float(self.fixed + self.slope * n_rows**self.power)


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
    patience : float, default=0.0
        Seconds that a further fit on more rows may take, as far as that is foreseen. The time of trees grows fast up to
        some thousand rows, and slowly from there on. With patience, these fits also tell how much longer a fit that was
        seen takes on more rows, and one of a family is enough where all cost alike. 0 for two fits of each.
    """

    def __init__(
        self,
        take: Callable[[NDArray[np.intp]], tuple[Any, Any]],
        order: NDArray[np.intp],
        clock: Callable[[], float] = time.perf_counter,
        patience: float = 0.0,
    ) -> None:
        self._take, self._order, self._clock, self._patience = take, order, clock, patience
        self._curves: dict[str, _Curve] = {}  # by entry
        self._looked_at: dict[str, Entry] = {}  # family -> the first of it that has a curve
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
            return seconds * self.growth(entry, seen, n_rows)
        if entry.name not in self._curves:
            known = self._looked_at.get(entry.family)
            if self._patience and known is not None and entry.family in _COST_ALIKE:
                return _CAUTION * entry.work / known.work * self._curves[known.name](n_rows)
            self.look(entry, n_rows, self._patience)
        return self._curves[entry.name](n_rows)

    def growth(self, entry: Entry, few: int, many: int) -> float:
        """Return how many times as long a fit on more rows takes."""
        known = self._looked_at.get(entry.family)
        curve = self._curves.get(entry.name) or (None if known is None else self._curves[known.name])
        if self._patience and curve is not None and few < many:
            return max(1.0, curve(many) / max(curve(few), _LEAST))
        return float(max(1.0, many / few) ** max(1.0, entry.growth))

    def look(self, entry: Entry, n_rows: int, patience: float) -> None:
        """Fit few rows, and look at the clock; then more rows, while that takes no longer than the patience."""
        most = min(n_rows, len(self._order))
        low, high = (min(few, most) for few in _FEW)
        power = max(1.0, entry.growth)
        first, took_before = self._measured(entry, low)
        self._looked_at.setdefault(entry.family, entry)
        if high < 2 * low:
            self._curves[entry.name] = _Curve(0.0, first / low**power, power)
            return
        second, took = self._measured(entry, high)
        while high * _STEP <= most and took * self._factor(took, took_before, power) < patience:
            low, high, first, took_before = high, high * _STEP, second, took
            second, took = self._measured(entry, high)
        slope = max(0.0, (second - first) / (high**power - low**power))
        self._curves[entry.name] = _Curve(max(0.0, first - slope * low**power), slope, power)

    @staticmethod
    def _factor(took: float, took_before: float, power: float) -> float:
        """Return how many times as long the next fit takes: as the last one did, but where time grows with a power."""
        return _STEP**power if power > 1 else max(1.0, took / max(took_before, _LEAST))

    def _measured(self, entry: Entry, n: int) -> tuple[float, float]:
        """Return the seconds of a fit on the first rows, as if the model had its whole work, and what it took."""
        short, factor = entry.shortened()
        X, y = self._take(self._order[:n])
        *steps, model = [clone(step) for step in _steps(short)]
        began = prepared = self._clock()
        with quiet():
            try:
                for step in steps:
                    X = step.fit_transform(X, y)
                prepared = self._clock()
                model.fit(X, y)
            except Exception:  # noqa: BLE001  (too few rows for it: the cross-validation will tell)
                took = self._clock() - began
                return took, took
        ended = self._clock()
        return prepared - began + (ended - prepared) * factor, ended - began


def _steps(estimator: Any) -> list[Any]:
    return [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
