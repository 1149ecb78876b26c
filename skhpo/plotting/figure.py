"""What the displays share: figures, an axis of scores with robust limits, and marks for what is no score."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.messages.texts import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLOR, BEST, FAILED, FAINT = "C0", "C1", "C3", "0.7"
_BOTTOM = 0.03
"""Where failures stand, as a share of the axes' height."""

_STEPS = (0.7548776662466927, 0.5698402909980532)
"""Multiples of both, without their whole parts, fill a square evenly: Roberts' sequence, a Kronecker sequence."""

_LONGEST = 60
"""Letters of a name that has an axis for itself."""

SMALL_LETTER = 0.068
"""Width of a letter of small text, in inches, a little more than on average."""


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
    ax.set_ylabel(f"{plain_name(label)} (mean over splits)")


def plain(text: str) -> str:
    r"""Return a text for matplotlib to show as it is, in which nothing is mathematics.

    Examples
    --------
    >>> plain(r"^\w+$|\d$")
    '^\\w+\\$|\\d\\$'
    """
    return text.replace("$", r"\$")


def plain_name(name: Any) -> str:
    """Return a name, of a metric or a resource, for matplotlib to show as it is, shortened where it is long."""
    return plain(one_line(str(name), _LONGEST))


def score_limits(*scores: Any) -> tuple[float, float]:
    """Return limits of an axis of scores: all of them, but where a few are disastrous only the rest.

    Parameters
    ----------
    *scores : array-like
        Larger is better; NaN counts as nothing. Of several, what is disastrous is told for each by itself.

    Examples
    --------
    >>> low, high = score_limits([*[0.9, 0.8, 0.85, 0.88, 0.9] * 4, -1e10])
    >>> 0.5 < low < 0.8, 0.9 < high < 1.0
    (True, True)
    """
    lows, tops = [], []
    for found in scores:
        known = np.ravel(np.asarray(found, dtype=float))
        known = known[np.isfinite(known)]
        if known.size:
            top, tenth = known.max(), np.quantile(known, 0.1)
            lows.append(max(known.min(), tenth - 2.0 * (top - tenth)) if top > tenth else known.min())
            tops.append(top)
    if not tops:
        return 0.0, 1.0
    low, top = min(lows), max(tops)
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


def jitter(n: int, axis: int = 0) -> NDArray[np.float64]:
    """Return small shifts that keep trials of one category apart, the same each time, shape (n,).

    Those along the second axis are others than those along the first.
    """
    shifts: NDArray[Any] = 0.3 * ((np.arange(n) * _STEPS[axis]) % 1.0 - 0.5)
    return shifts


def inches(ax: Any) -> float:
    """Return how wide axes are; before the layout was made, about."""
    return float(ax.get_window_extent().width / ax.figure.dpi)


def tidy(ax: Any) -> None:
    """Take away the lines of the box that say nothing."""
    ax.spines[["top", "right"]].set_visible(False)


def legend(ax: Any, handles: Sequence[Any] | None = None) -> float:
    """Add a legend above the axes, where it covers nothing, if there is something to tell apart.

    Parameters
    ----------
    ax : Axes
        Where to.
    handles : sequence of artists or None
        What to explain, however few they are; None for all that have a label.

    Returns
    -------
    height : float
        What it takes, in points.
    """
    found = ax.get_legend_handles_labels()[0] if handles is None else handles
    unique = {artist.get_label(): artist for artist in found}
    if len(unique) < (2 if handles is None else 1):
        return 0.0
    widths = [SMALL_LETTER * (len(label) + 7) for label in unique]
    fits = (n for n in range(len(widths), 1, -1) if _width(widths, n) <= inches(ax))
    n_columns = next(fits, 1)
    ax.legend(
        unique.values(),
        unique.keys(),
        frameon=False,
        fontsize="small",
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        borderaxespad=0.0,
        columnspacing=1.0,
        ncols=n_columns,
    )
    return 8.0 + 13.0 * -(-len(widths) // n_columns)


def _width(widths: Sequence[float], n_columns: int) -> float:
    """Return the width of a table that is filled column by column."""
    return float(sum(max(column) for column in np.array_split(widths, n_columns)))
