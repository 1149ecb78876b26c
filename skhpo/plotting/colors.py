"""Colours of scores: as robust as the limits of an axis, and by rank where many candidates are hopeless."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plotting.axis import number_labels
from skhpo.plotting.limits import n_shown

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.plotting.scores import ScoreAxis

_MANY = 0.25
"""Where more than this share of the scores lies below the limits, colours go by rank: one colour for all of them would
say no more of a quarter of the picture than that it is bad."""

_HOPELESS = 0.3
"""The share of the colours that these have then, whatever their number; the better ones have the rest."""

_OFF_SCALE = "0.4"
"""The colour of what lies below the limits, where colours go by the score: grey, which is none of the scale's."""

_MOST_TICKS = 6


def color_map(name: Any = None) -> Any:
    """Return a colour map, None for viridis, with a colour of its own for what lies below its limits."""
    from matplotlib import colormaps

    return colormaps.get_cmap("viridis" if name is None else name).with_extremes(under=_OFF_SCALE)


class ScoreColors:
    """Which colour a score has: dark is bad, bright is good, whichever way up scores are shown.

    Parameters
    ----------
    scores : array-like
        All that are to be coloured, larger is better.
    noise : float
        Standard deviation of a candidate's scores over the splits, see `n_shown`.
    low : float or None
        The worst score that has to be told apart from worse ones; None for the one that `n_shown` finds.

    Attributes
    ----------
    limits : tuple of float
        The worst of the better ones, and the best.
    is_by_rank : bool
        Whether a colour is a rank, or linear in the score.
    """

    def __init__(self, scores: Any, noise: float = 0.0, low: float | None = None) -> None:
        known = np.ravel(np.asarray(scores, dtype=float))
        known = known[np.isfinite(known)]
        ordered = np.sort(known) if len(known) else np.array([0.0, 1.0])
        n = n_shown(known, noise) if low is None else int(np.sum(known >= min(low, ordered[-1])))
        low, high = float(ordered[-max(1, n)]), float(ordered[-1])
        self.limits = (low, high) if low < high else (low - 0.5, high + 0.5)  # all have one colour
        self._is_constant = low == high
        self.is_by_rank = n < (1.0 - _MANY) * len(known)
        self._distinct = np.unique(ordered)
        n_below = int(np.sum(self._distinct < low))
        top = np.linspace(_HOPELESS, 1.0, len(self._distinct) - n_below) if low < high else np.ones(1)
        self._places = np.concatenate([np.linspace(0.0, _HOPELESS, n_below, endpoint=False), top])

    @property
    def norm(self) -> Any:
        """The ``norm`` of an artist of matplotlib."""
        from matplotlib.colors import FuncNorm, Normalize

        if not self.is_by_rank:
            return Normalize(*self.limits)
        return FuncNorm((self._place, self._score), vmin=self._distinct[0], vmax=self._distinct[-1])

    def _place(self, scores: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.interp(scores, self._distinct, self._places)
        return found

    def _score(self, places: Any) -> NDArray[np.float64]:
        found: NDArray[np.float64] = np.interp(places, self._places, self._distinct)
        return found

    def ticks(self) -> NDArray[np.float64]:
        """Return scores to be named beside the colours, about evenly apart there."""
        from matplotlib.ticker import MaxNLocator

        found: NDArray[np.float64]
        low, high = self.limits
        if self._is_constant:
            return self._distinct[-1:]
        if not self.is_by_rank:
            found = MaxNLocator(_MOST_TICKS - 1, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
            return found[(found >= low) & (found <= high)]
        wanted = np.linspace(0.0, 1.0, _MOST_TICKS)
        found = self._distinct[np.unique([int(np.argmin(np.abs(self._places - place))) for place in wanted])]
        return found

    def add_bar(self, mesh: Any, ax: Any, axis: ScoreAxis) -> Any:
        """Add the legend of the colours beside axes, and return it."""
        is_cut = not self.is_by_rank and self._distinct[0] < self.limits[0]
        bar = ax.figure.colorbar(mesh, ax=ax, extend="min" if is_cut else "neither", pad=0.02)
        ticks = self.ticks()
        bar.set_ticks(ticks, labels=rounded(axis.shown(ticks)))
        bar.ax.minorticks_off()
        bar.set_label(f"{axis.title}{', colours by rank' if self.is_by_rank else ''}", fontsize="small")
        return bar


def rounded(numbers: NDArray[np.float64]) -> list[str]:
    """Return numbers with as many decimals as tell them apart.

    Examples
    --------
    >>> rounded(np.array([0.51163, 0.9583333, 0.95]))
    ['0.512', '0.958', '0.95']
    """
    found = np.asarray(numbers, dtype=float)
    if not len(found):
        return []
    steps = np.diff(np.unique(found))
    step = float(steps.min()) if len(steps) else abs(float(found[0])) or 1.0
    n_digits = int(np.clip(1 - np.floor(np.log10(step)), 0, 12))
    return number_labels(np.round(found, n_digits))


def decimals(values: NDArray[np.float64], limits: tuple[float, float]) -> int:
    """Return how many decimals to write: three digits, or so many that the better values are told apart in 30 steps.

    Parameters
    ----------
    values : ndarray
        What is to be written; NaN counts as nothing.
    limits : tuple of float
        Of the better ones.

    Examples
    --------
    >>> decimals(np.array([0.51, 0.953, 0.958]), (0.95, 0.958)), decimals(np.array([-3421.3, -512.5]), (-3422.0, 0.0))
    (4, 0)
    """
    known = np.unique(values[np.isfinite(values) & (values >= limits[0])])
    if len(known) < 2:
        return 3
    largest = float(np.abs(known).max())
    return int(np.clip(np.ceil(max(-np.log10((known[-1] - known[0]) / 30), 2 - np.log10(largest))), 0, 8))
