"""All parameters of all trials at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plotting.axis import (
    LETTERS_PER_INCH,
    MOST_CATEGORIES_UPWARD,
    ParamAxis,
    name_label,
    number_labels,
    shortened,
)
from skhpo.plotting.figure import FAILED, FAINT, SMALL_LETTER, Display, inches, legend, plain, score_limits
from skhpo.results.fitted import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ABSENT = -0.14
"""Where lines pass an axis whose parameter the trial has not; below its low end."""


@dataclass(kw_only=True, eq=False, repr=False)
class ParallelCoordinatesDisplay(Display):
    """A line per trial through the values of its parameters to its score.

    Use `from_search`.

    Parameters
    ----------
    axes : sequence of ParamAxis
        The parameters in order.
    positions : ndarray of shape (n_trials, n_params)
        Values of the parameters as positions on their axes; of categories, their place among these. NaN where a trial
        has not the parameter.
    scores : ndarray of shape (n_trials,)
        Mean test scores, larger is better; NaN where a fit failed.
    failed : ndarray of shape (n_trials,), bool
        Trials of which a fit failed.
    eliminated : ndarray of shape (n_trials,), bool
        Candidates that were given up before they had all of the resource, or all splits: their scores do not compare.
    label : str
        What the scores are.

    Attributes
    ----------
    names : list of str
        The parameters.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    lines_ : matplotlib LineCollection
        A line per trial with a score, the best last.
    failed_lines_, eliminated_lines_ : matplotlib LineCollection
        A line, without a score, per trial that failed or was eliminated.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import Categorical, Float, RandomSearchCV
    >>> from skhpo.plotting import ParallelCoordinatesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {
    ...     "C": Float(1e-3, 1e3, log=True),
    ...     "gamma": Float(1e-4, 1e1, log=True, when={"kernel": "rbf"}),
    ...     "kernel": Categorical(["linear", "rbf"]),
    ... }
    >>> search = RandomSearchCV(SVC(), space, n_iter=10, random_state=0).fit(X, y)
    >>> display = ParallelCoordinatesDisplay.from_search(search)
    >>> display.names, display.positions.shape
    (['C', 'gamma', 'kernel'], (10, 3))
    """

    axes: Sequence[ParamAxis]
    positions: NDArray[np.float64]
    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    eliminated: NDArray[np.bool_]
    label: str = "score"

    @property
    def names(self) -> list[str]:
        """The parameters."""
        return [axis.name for axis in self.axes]

    @classmethod
    def from_search(
        cls, search: Any, *, params: Sequence[str] | None = None, metric: str | None = None, ax: Any = None
    ) -> Self:
        """Draw the trials of a search.

        Parameters
        ----------
        search : fitted search or dict
            A search of skhpo or scikit-learn, its ``cv_results_``, or what `skhpo.load_results` returns.
        params : sequence of str, default=None
            Which parameters, in which order; None for all that have more than one value.
        metric : str, default=None
            Which of several metrics; None is the one that decides, or else the first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.

        Returns
        -------
        display : ParallelCoordinatesDisplay

        Raises
        ------
        ValueError
            If a parameter was not searched.
        """
        trials = fitted(search, metric)
        axes = [ParamAxis.of(trials, name) for name in trials.checked(params)]
        rows = np.array(sorted(rows[-1] for rows in trials.candidates())) if trials.rungs is not None else None
        rows = np.arange(len(trials.params)) if rows is None else rows
        params_shown = [trials.params[row] for row in rows]
        display = cls(
            axes=axes,
            positions=np.column_stack([axis.positions(params_shown) for axis in axes]),
            scores=trials.scores[rows],
            failed=trials.failed[rows],
            eliminated=(~trials.is_full | trials.stopped)[rows] & ~trials.failed[rows],
            label=trials.label,
        )
        return display.plot(ax=ax)

    @property
    def _figsize(self) -> tuple[float, float]:
        return max(6.5, 1.6 * (len(self.axes) + 1)), 4.4

    def _draw(self, ax: Any) -> None:
        shares = np.column_stack([axis.share(self.positions[:, j]) for j, axis in enumerate(self.axes)])
        is_absent = np.isnan(shares)
        is_ok = np.isfinite(self.scores) & ~self.failed & ~self.eliminated
        low, high = score_limits(self.scores[is_ok])
        self._draw_lines(np.where(is_absent, _ABSENT, shares), is_ok, low, high)
        n = len(self.axes)
        ax.vlines(range(n + 1), 0, 1, color="0.2", lw=0.8, zorder=3)
        room = inches(ax) / (n + 0.6)
        for j, axis in enumerate(self.axes):
            self._write(j, *self._ticks(axis, room))
            if is_absent[:, j].any():
                self._write(j, [_ABSENT], ["absent"])
        self._write_scores(low, high)
        ax.set_xlim(-0.15, n + 0.45)
        ax.set_ylim(_ABSENT - 0.08 if is_absent.any() else -0.05, 1.05)
        ax.set_yticks([])
        ax.set_xticks(range(n + 1), [*(plain(name_label(name)) for name in self.names), plain(name_label(self.label))])
        if max(len(name_label(name)) for name in self.names) > room * LETTERS_PER_INCH:
            for text in ax.get_xticklabels():
                text.set(rotation=20, ha="right", rotation_mode="anchor")
        ax.tick_params(axis="x", length=0)
        ax.spines[:].set_visible(False)
        legend(ax, [lines for lines in (self.eliminated_lines_, self.failed_lines_) if lines.get_segments()])

    def _draw_lines(self, heights: NDArray[np.float64], is_ok: NDArray[np.bool_], low: float, high: float) -> None:
        """Draw a line per trial through heights, shape (n_trials, n_params), and on to its score where it has one."""
        from matplotlib.collections import LineCollection
        from matplotlib.colors import Normalize

        others = ((self.failed, FAILED, "failed"), (self.eliminated, FAINT, "given up early"))
        self.failed_lines_, self.eliminated_lines_ = (
            LineCollection(
                [np.column_stack([range(len(row)), row]) for row in heights[mask]],
                colors=color,
                linewidths=1.0,
                linestyles="dotted",
                label=label,
            )
            for mask, color, label in others
        )
        order = np.flatnonzero(is_ok)[np.argsort(self.scores[is_ok], kind="stable")]
        scores = self.scores[order]
        ends = np.clip((scores - low) / (high - low), 0.0, 1.0)
        self.lines_ = LineCollection(
            [np.column_stack([range(len(row)), row]) for row in np.column_stack([heights[order], ends])],
            cmap="viridis",
            norm=Normalize(low, high),
            array=scores,
            linewidths=1.2,
            alpha=0.75,
        )
        for lines in (self.eliminated_lines_, self.failed_lines_, self.lines_):
            self.ax_.add_collection(lines, autolim=False)

    def _ticks(self, axis: ParamAxis, room: float) -> tuple[NDArray[np.float64], list[str]]:
        """Return how high the ticks of an axis stand, and labels that end within so many inches."""
        if axis.scale != "categorical":
            places, labels = axis.ticks()
            return axis.share(places), labels
        places, labels = axis.ticks(MOST_CATEGORIES_UPWARD)
        return axis.share(places), [shortened(label, max(5, int(0.9 * room / SMALL_LETTER))) for label in labels]

    def _write_scores(self, low: float, high: float) -> None:
        from matplotlib.ticker import MaxNLocator

        places = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        places = places[(places >= low) & (places <= high)]
        self._write(len(self.axes), (places - low) / (high - low), number_labels(places))

    def _write(self, j: int, heights: Any, labels: Sequence[str]) -> None:
        for height, label in zip(heights, labels, strict=True):
            self.ax_.plot([j, j + 0.03], [height, height], color="0.2", lw=0.8, zorder=3)
            self.ax_.text(
                j + 0.05,
                height,
                plain(label),
                va="center",
                fontsize="small",
                zorder=4,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75},
            )
