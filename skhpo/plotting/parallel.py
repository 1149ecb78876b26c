"""All parameters of all trials at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skhpo.plotting.axis import MOST_CATEGORIES_UPWARD, ParamAxis, name_label, shortened
from skhpo.plotting.colors import ScoreColors, color_map, rounded
from skhpo.plotting.figure import ScoreDisplay, drawn, estimator_of, inches, jitter, legend, title
from skhpo.plotting.limits import score_limits, typical_noise
from skhpo.plotting.model import at_full_resource
from skhpo.plotting.scores import BEST, FAILED, FAINT, ScoreAxis
from skhpo.plotting.style import merged
from skhpo.plotting.words import SMALL_LETTER, plain, plain_name
from skhpo.report.fitted import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_ABSENT = -0.14
"""Where lines pass an axis whose parameter the trial has not; below its low end."""

_WIDEST_JITTER = 0.2
"""Of an axis: the lines of one category are spread over no more than 0.3 times this, nor 0.3 of the way to the next."""

_STRIP = 0.025
"""Width of the strip of colours along the axis of scores."""


@dataclass(kw_only=True, eq=False, repr=False)
class ParallelCoordinatesDisplay(ScoreDisplay):
    """A line per trial through the values of its parameters to its score.

    The better trials rule the axis of scores and the colours. Lines of one category run side by side, so that all are
    seen. Use `from_search`.

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
        Candidates that were given up before they had all of the resource, or all splits. Their scores are what they
        would have with that, see `ResponseDisplay`.
    split_std : ndarray of shape (n_trials,) or None
        Standard deviations of their scores over the splits.
    label : str
        The metric.
    score_name : str or None
        What to call the scores; None for the name of the metric.
    estimator_name : str or None
        Whose parameters they are.

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
    best_line_ : matplotlib Line2D or None
        That of the best one, once more and thicker.
    strip_ : matplotlib QuadMesh or None
        The colours along the axis of scores.
    failed_lines_ : matplotlib LineCollection
        A line, without a score, per trial that failed.
    eliminated_lines_ : matplotlib LineCollection
        A line to the estimated score per trial that was eliminated.

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

    _STYLE: ClassVar[tuple[str, ...]] = ("score_name", "negate_score", "line_kw")

    axes: Sequence[ParamAxis]
    positions: NDArray[np.float64]
    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    eliminated: NDArray[np.bool_]
    split_std: NDArray[np.float64] | None = None

    @property
    def names(self) -> list[str]:
        """The parameters."""
        return [axis.name for axis in self.axes]

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        params: Sequence[str] | None = None,
        metric: str | None = None,
        ax: Any = None,
        **style: Any,
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
        **style : dict
            Keywords of `plot`.

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
        rows, scores = at_full_resource(trials)
        shown = [trials.params[row] for row in rows]
        std = trials.split_scores.std(axis=1) if trials.split_scores.shape[1] > 1 else None
        display = cls(
            axes=axes,
            positions=np.column_stack([axis.positions(shown) for axis in axes]),
            scores=scores,
            failed=trials.failed[rows],
            eliminated=(~trials.is_full | trials.stopped)[rows] & ~trials.failed[rows],
            split_std=None if std is None else std[rows],
            label=trials.label,
            estimator_name=estimator_of(search),
        )
        return drawn(display, ax, style)

    @property
    def _figsize(self) -> tuple[float, float]:
        return max(6.5, 1.6 * (len(self.axes) + 1)), 4.4

    def _draw(self, ax: Any) -> None:
        n = len(self.axes)
        shares = np.column_stack([axis.share(self.positions[:, j]) for j, axis in enumerate(self.axes)])
        is_absent = np.isnan(shares)
        scores = np.where(self.failed, np.nan, self.scores)
        noise = typical_noise(scores, self.split_std)
        axis = ScoreAxis(self._score_name, score_limits(scores, noise=noise), self._style.negate_score)
        colors = ScoreColors(scores, noise)
        ax.set_xlim(-0.15, n + 0.45)
        ax.set_ylim(_ABSENT - 0.05 if is_absent.any() else -0.03, 1.03)
        self._draw_lines(np.where(is_absent, _ABSENT, shares + self._shifts()), axis, colors)
        ax.vlines(range(n + 1), 0, 1, color="0.2", lw=0.8, zorder=3)
        room = inches(ax) / (n + 0.6)
        for j, param in enumerate(self.axes):
            self._write(j, *self._ticks(param, room))
            if is_absent[:, j].any():
                self._write(j, [_ABSENT], ["absent"])
        self._write_scores(axis, colors)
        self._name_axes(room)
        handles = [lines for lines in (self.eliminated_lines_, self.failed_lines_) if lines.get_segments()]
        legend(ax, [*filter(None, [self.best_line_]), *handles], is_below=True)
        title(ax, [self.estimator_name], above=0.0 if self.estimator_name is None else 13.0 * self._n_name_lines(room))

    def _shifts(self) -> NDArray[np.float64]:
        """Return what keeps the lines of one category apart, shape (n_trials, n_params)."""
        shifts = np.zeros(self.positions.shape)
        for j, axis in enumerate(self.axes):
            if axis.scale == "categorical":
                spacing = min(_WIDEST_JITTER, 1.0 / max(1, len(axis.categories) - 1))
                shifts[:, j] = spacing * jitter(len(shifts), j % 2)
        return shifts

    def _draw_lines(self, heights: NDArray[np.float64], axis: ScoreAxis, colors: ScoreColors) -> None:
        """Draw a line per trial through heights, shape (n_trials, n_params), and on to its score where it has one."""
        from matplotlib.collections import LineCollection
        from matplotlib.lines import Line2D

        low, high = axis.limits
        paths = np.column_stack([heights, np.clip((self.scores - low) / (high - low), 0.0, 1.0)])
        is_ok = np.isfinite(self.scores) & ~self.failed & ~self.eliminated

        def lines(rows: NDArray[np.int64], n: int, **style: Any) -> Any:
            found = [np.column_stack([range(n), paths[row, :n]]) for row in rows]
            return self.ax_.add_collection(LineCollection(found, **style), autolim=False)

        n = len(self.axes)
        dotted = {"linewidths": 1.0, "linestyles": "dotted"}
        self.failed_lines_ = lines(np.flatnonzero(self.failed), n, colors=FAILED, label="failed", **dotted)
        given_up = np.flatnonzero(self.eliminated & np.isfinite(self.scores))
        self.eliminated_lines_ = lines(
            given_up, n + 1, colors=FAINT, label="given up early, the score is estimated", **dotted
        )
        order = np.flatnonzero(is_ok)[np.argsort(self.scores[is_ok], kind="stable")]
        style: dict[str, Any] = {"linewidths": 1.2, "alpha": max(0.2, 0.75 - 0.001 * len(order)), "zorder": 2}
        style |= {"array": self.scores[order], "norm": colors.norm, "cmap": None}
        style = merged(LineCollection, style, self._style.line_kw)
        if "cmap" in style:
            style["cmap"] = color_map(style["cmap"])
        self.lines_ = lines(order, n + 1, **style)
        self.best_line_ = None
        if len(order):
            best: dict[str, Any] = {"color": BEST, "lw": 2.2, "label": "best", "zorder": 2.5}
            self.best_line_ = self.ax_.add_line(Line2D(range(n + 1), paths[order[-1]], **best))

    def _n_name_lines(self, room: float) -> int:
        return 1 + max(text.count("\n") for text in self._names(room))

    def _names(self, room: float) -> list[str]:
        """Return the names of the axes, long ones in lines that end before the next axis begins."""
        n_most = max(8, int(0.95 * room / SMALL_LETTER))
        return [*(plain(wrapped(name_label(name), n_most)) for name in self.names), plain_name(self._score_name)]

    def _name_axes(self, room: float) -> None:
        """Write the names of the axes right above them."""
        ax = self.ax_
        ax.set_yticks([])
        ax.xaxis.tick_top()
        ax.set_xticks(range(len(self.axes) + 1), self._names(room), fontsize="small")
        ax.tick_params(axis="x", length=0, pad=1)
        ax.spines[:].set_visible(False)

    def _ticks(self, axis: ParamAxis, room: float) -> tuple[NDArray[np.float64], list[str]]:
        """Return how high the ticks of an axis stand, and labels that end within so many inches."""
        if axis.scale != "categorical":
            places, labels = axis.ticks()
            return axis.share(places), labels
        places, labels = axis.ticks(MOST_CATEGORIES_UPWARD)
        return axis.share(places), [shortened(label, max(5, int(0.9 * room / SMALL_LETTER))) for label in labels]

    def _write_scores(self, axis: ScoreAxis, colors: ScoreColors) -> None:
        """Write ticks beside the axis of scores, along which the colours stand."""
        from matplotlib.ticker import MaxNLocator

        (low, high), n = axis.limits, len(self.axes)
        places = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        is_cut = bool(np.any(self.scores[~self.failed] < low))
        if is_cut:
            self._write(n, [0.0], ["worse"], _STRIP)
        places = places[(places >= low + 0.05 * is_cut * (high - low)) & (places <= high)]
        self._write(n, (places - low) / (high - low), rounded(axis.shown(places)), _STRIP)
        self.strip_ = None
        if self.lines_.get_array() is None:  # all have one colour
            return
        edges = np.linspace(low, high, 129)
        middles = np.clip((edges[1:] + edges[:-1]) / 2, *colors.limits)
        self.strip_ = self.ax_.pcolormesh(
            [n, n + _STRIP],
            (edges - low) / (high - low),
            middles[:, None],
            cmap=self.lines_.get_cmap(),
            norm=self.lines_.norm,
            zorder=2.8,
        )

    def _write(self, j: int, heights: Any, labels: Sequence[str], beside: float = 0.0) -> None:
        for height, label in zip(heights, labels, strict=True):
            self.ax_.plot([j, j + 0.03 + beside], [height, height], color="0.2", lw=0.8, zorder=3)
            self.ax_.text(
                j + 0.05 + beside,
                height,
                plain(label),
                va="center",
                fontsize="small",
                zorder=4,
                bbox={"boxstyle": "round,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75},
            )


def wrapped(name: str, n_most: int) -> str:
    r"""Return a name in lines of so many letters, broken before ``__`` where that is possible.

    Examples
    --------
    >>> wrapped("columntransformer__imputer__strategy", 20)
    'columntransformer\n__imputer__strategy'
    """
    lines = [""]
    for part in name.replace("__", "\0__").split("\0"):
        for i in range(0, len(part), n_most):
            piece = part[i : i + n_most]
            if lines[-1] and len(lines[-1]) + len(piece) > n_most:
                lines.append("")
            lines[-1] += piece
    return "\n".join(lines)
