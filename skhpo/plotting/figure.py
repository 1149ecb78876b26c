"""What the displays share: figures, titles, legends, and how they are made from a search."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

import numpy as np

from skhpo.plotting.scores import score_name
from skhpo.plotting.style import Style, documented
from skhpo.plotting.words import SMALL_LETTER, plain
from skhpo.report.sections import name_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

D = TypeVar("D", bound="ScoreDisplay")

_STEPS = (0.7548776662466927, 0.5698402909980532)
"""Multiples of both, without their whole parts, fill a square evenly: Roberts' sequence, a Kronecker sequence."""


@dataclass(kw_only=True, eq=False, repr=False)
class Display(ABC):
    """A picture of a search: what is drawn as attributes, and `plot`, which draws it."""

    _STYLE: ClassVar[tuple[str, ...]] = ()
    """The keywords that it knows."""

    estimator_name: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Document the keywords."""
        super().__init_subclass__(**kwargs)
        cls.__doc__ = documented(cls.__doc__, cls._STYLE)

    def plot(self, ax: Any = None, **style: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to; None for a new figure.
        **style : dict
            Keywords that say how: those that the class lists.

        Returns
        -------
        display : Display
            This one.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            If a keyword is none of the display's.
        """
        self._style = Style.of(type(self).__name__, self._STYLE, style)
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


@dataclass(kw_only=True, eq=False, repr=False)
class ScoreDisplay(Display):
    """A display of scores."""

    label: str = "score"
    score_name: str | None = None

    @property
    def _score_name(self) -> str:
        """What the scores are called in the drawing at hand."""
        given = self._style.score_name or self.score_name
        return score_name(self.label, is_negated=self._style.negate_score) if given is None else given


@dataclass(kw_only=True, eq=False, repr=False)
class SearchDisplay(ScoreDisplay):
    """A display that needs to know no more than the search and the metric."""

    @classmethod
    def from_search(cls, search: Any, *, metric: str | None = None, ax: Any = None, **style: Any) -> Self:
        """Draw a search.

        Parameters
        ----------
        search : fitted search or dict
            A search of skhpo or scikit-learn, its ``cv_results_``, or what `skhpo.load_results` returns.
        metric : str, default=None
            Which of several metrics; None is the one that decides, or else the first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **style : dict
            Keywords of `plot`.

        Returns
        -------
        display : Display

        Raises
        ------
        ValueError
            If the search has nothing to show in this display.
        """
        return drawn(cls._of(search, metric), ax, style)

    @classmethod
    @abstractmethod
    def _of(cls, search: Any, metric: str | None) -> Self:
        """Return the display of a search, not drawn yet."""


def drawn(display: D, ax: Any, style: dict[str, Any]) -> D:
    """Return a display that was drawn; the name of the score is kept for when it is drawn again."""
    display.score_name = style.get("score_name", display.score_name)
    display.plot(ax=ax, **style)
    return display


def estimator_of(search: Any) -> str | None:
    """Return the class of a search's estimator, of a pipeline with those of its steps; None where it is not known."""
    estimator = getattr(search, "estimator", None)
    return None if estimator is None else name_of(estimator)


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


def parts_of(ax: Any, n_rows: int, n_columns: int) -> list[Any]:
    """Return new axes in the room of one, which becomes a line above them for a title and a legend of all.

    Raises
    ------
    ValueError
        If the axes are in no grid, so that they cannot be divided.
    """
    place = ax.get_subplotspec()
    if place is None:
        raise ValueError("ax needs to be a cell of a grid of axes to be divided, as plt.subplots makes them.")
    ax.set_axis_off()
    head, body = place.subgridspec(2, 1, height_ratios=[0.001, 1.0], hspace=0.0)
    ax.set_subplotspec(head)
    grid = body.subgridspec(n_rows, n_columns)
    return [ax.figure.add_subplot(grid[i // n_columns, i % n_columns]) for i in range(n_rows * n_columns)]


def title(ax: Any, texts: Sequence[str | None], above: float = 0.0) -> None:
    """Write what is known of a picture above its axes.

    Parameters
    ----------
    ax : Axes
        Which.
    texts : sequence of str or None
        What to say, joined by commas; None and empty ones are left out.
    above : float
        Points that are taken, as by a legend.
    """
    text = ", ".join(filter(None, texts))
    width = max(24, int(inches(ax) / SMALL_LETTER))
    ax.set_title(plain(textwrap.fill(text, width)), fontsize="small", loc="left", pad=6.0 + above)


def legend(ax: Any, handles: Sequence[Any] | None = None, *, is_below: bool = False) -> float:
    """Add a legend above the axes, where it covers nothing, if there is something to tell apart.

    Parameters
    ----------
    ax : Axes
        Where to.
    handles : sequence of artists or None
        What to explain, however few they are; None for all that have a label.
    is_below : bool
        Whether it stands below the axes instead.

    Returns
    -------
    height : float
        What it takes above the axes, in points.
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
        loc="upper left" if is_below else "lower left",
        bbox_to_anchor=(0.0, 0.0 if is_below else 1.0),
        borderaxespad=0.0,
        columnspacing=1.0,
        ncols=n_columns,
    )
    return 0.0 if is_below else 8.0 + 13.0 * -(-len(widths) // n_columns)


def _width(widths: Sequence[float], n_columns: int) -> float:
    """Return the width of a table that is filled column by column."""
    return float(sum(max(column) for column in np.array_split(widths, n_columns)))
