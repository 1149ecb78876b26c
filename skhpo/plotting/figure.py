"""What the displays share: figures, an axis of scores with robust limits, and marks for what is no score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOR, BEST, FAILED, FAINT = "C0", "C1", "C3", "0.7"
_BOTTOM = 0.03
"""Where failures stand, as a share of the axes' height."""


class Display(ABC):
    """A picture of a search: what is drawn as attributes, and `plot`, which draws it."""

    def plot(self, ax: Any = None) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; None for a new figure.

        Returns
        -------
        display : Display
            This one.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        try:
            import matplotlib.pyplot as plt
        except ImportError as error:
            raise ImportError(
                f"{type(self).__name__} needs matplotlib, which is not installed. Install it, or skhpo[plot]."
            ) from error
        if ax is None:
            _, ax = plt.subplots(figsize=self._figsize, layout="constrained")
        self.ax_, self.figure_ = ax, ax.figure
        self._draw(ax)
        return self

    @property
    @abstractmethod
    def _figsize(self) -> tuple[float, float]:
        """Width and height of a new figure, in inches."""

    @abstractmethod
    def _draw(self, ax: Any) -> None:
        """Draw into these axes, and keep the artists as attributes that end in an underscore."""


class SearchDisplay(Display):
    """A display that needs to know no more than the search and the metric."""

    @classmethod
    def from_search(cls, search: Any, *, metric: str | None = None, ax: Any = None) -> Self:
        """Draw a search.

        Parameters
        ----------
        search : fitted search or dict
            A search of skhpo or scikit-learn, its ``cv_results_``, or what `skhpo.load_results` returns.
        metric : str, default=None
            Which of several metrics; None is the one that decides, or else the first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        display : Display

        Raises
        ------
        ValueError
            If the search has nothing to show in this display.
        """
        return cls._of(search, metric).plot(ax=ax)

    @classmethod
    @abstractmethod
    def _of(cls, search: Any, metric: str | None) -> Self:
        """Return the display of a search, not drawn yet."""


def draw_score_axis(ax: Any, label: str, *scores: Any) -> None:
    """Give the y axis the limits of mean scores, see `score_limits`, and their name."""
    ax.set_ylim(*score_limits(*scores))
    ax.set_ylabel(f"{label} (mean over splits)")


def score_limits(*scores: Any) -> tuple[float, float]:
    """Return limits of an axis of scores: all of them, but where a few are disastrous only the rest.

    Parameters
    ----------
    *scores : array-like
        Larger is better; NaN counts as nothing.

    Examples
    --------
    >>> low, high = score_limits([*[0.9, 0.8, 0.85, 0.88, 0.9] * 4, -1e10])
    >>> 0.5 < low < 0.8, 0.9 < high < 1.0
    (True, True)
    """
    known = np.concatenate([np.ravel(np.asarray(found, dtype=float)) for found in scores])
    known = known[np.isfinite(known)]
    if not known.size:
        return 0.0, 1.0
    top, tenth = known.max(), np.quantile(known, 0.1)
    low = max(known.min(), tenth - 2.0 * (top - tenth)) if top > tenth else known.min()
    margin = 0.06 * (top - low) or 0.05 * abs(top) or 0.05
    return float(low - 1.5 * margin), float(top + margin)


def mark_bottom(ax: Any, x: NDArray[np.float64], y: NDArray[np.float64], failed: NDArray[np.bool_]) -> list[Any]:
    """Mark at the bottom of the axes what failed, and what lies below; returns the artists.

    Parameters
    ----------
    ax : Axes
        Its limits are final.
    x, y : ndarray of shape (n,)
        Positions and scores.
    failed : ndarray of shape (n,), bool
        Which of them failed.
    """
    at_bottom = ax.get_xaxis_transform()
    artists = []
    is_below = ~failed & (y < ax.get_ylim()[0])
    for mask, marker, color, label in (
        (is_below, "v", COLOR, "below the axis"),
        (failed, "x", FAILED, "failed"),
    ):
        shown = mask & np.isfinite(x)
        if shown.any():
            artists += ax.plot(
                x[shown],
                np.full(shown.sum(), _BOTTOM),
                marker,
                color=color,
                transform=at_bottom,
                label=label,
                clip_on=False,
                zorder=4,
            )
    return artists


def jitter(n: int, step: float = 0.7548776662466927) -> NDArray[np.float64]:
    """Return small shifts that keep trials of one category apart, the same each time, shape (n,).

    They are multiples of a step without their whole parts, which fill an interval evenly; for two axes take two of
    Roberts' steps, which fill a square.
    """
    shifts: NDArray[Any] = 0.3 * ((np.arange(n) * step) % 1.0 - 0.5)
    return shifts


def tidy(ax: Any) -> None:
    """Take away the lines of the box that say nothing."""
    ax.spines[["top", "right"]].set_visible(False)


def legend(ax: Any, **kwargs: Any) -> None:
    """Add a legend where there is something to tell apart."""
    handles, labels = ax.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    if len(unique) > 1:
        ax.legend(unique.values(), unique.keys(), frameon=False, fontsize="small", **kwargs)
