"""The score as a function of one or two parameters."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plotting.figure import (
    BEST,
    COLOR,
    FAILED,
    SMALL_LETTER,
    Display,
    draw_score_axis,
    inches,
    jitter,
    legend,
    mark_bottom,
    plain,
    plain_name,
    score_limits,
    tidy,
)
from skhpo.plotting.surface import Surface

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.plotting.axis import ParamAxis


@dataclass(kw_only=True, eq=False, repr=False)
class ResponseDisplay(Display):
    """What the model believes of the score along one or two parameters, and the trials.

    A Bayesian search has a model; to the results of other searches the same one is fitted: a Gaussian process over the
    whole space. In a search with rungs it is of the score on the full resource. Averages over the other parameters are
    those of [1]_. Use `from_search`.

    Parameters
    ----------
    axes : sequence of ParamAxis
        The one or two parameters.
    grid : sequence of ndarray
        Positions on each axis at which the model was asked, of shapes (m,) or (m_0,) and (m_1,). Those of categories
        are 0, 1, ...
    mean, std : ndarray of shape (m,) or (m_0, m_1)
        Mean and standard deviation of the score, without the noise of the splits; NaN where a parameter is inactive.
    positions : ndarray of shape (n_trials, 1) or (n_trials, 2)
        Where the trials stand, of each candidate the one with most of the resource; NaN where one has not the
        parameter.
    scores : ndarray of shape (n_trials,)
        Their mean test scores, larger is better; NaN where a fit failed.
    failed : ndarray of shape (n_trials,), bool
        Trials of which a fit failed.
    estimated : ndarray of shape (n_trials,), bool
        Trials that were given up before all splits were run, and trials with less than the full resource. The scores of
        the latter are what they would have with all of it, by the median gain of trials with both.
    best : int or None
        The best trial.
    others : str
        What the model took for the other parameters.
    label : str
        What the scores are.

    Attributes
    ----------
    names : list of str
        The parameters.
    ax_ : matplotlib Axes, or ndarray of two of them
        Where it was drawn; of two parameters the mean and the standard deviation.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    absent_ax_ : matplotlib Axes or None
        Beside ``ax_``: trials that have not the parameter.
    scatter_ : matplotlib PathCollection
        The trials.
    mean_ : matplotlib Line2D, ErrorbarContainer or QuadMesh
        The mean, of a numeric parameter, a categorical one, or two.
    std_ : matplotlib PolyCollection, ErrorbarContainer or QuadMesh
        The standard deviation.
    failed_ : list of matplotlib Line2D
        Marks of failed trials, and of scores too low for the axis.

    References
    ----------
    .. [1] Friedman: Greedy function approximation: a gradient boosting machine. Annals of Statistics 29
       (2001).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import BayesSearchCV, Float
    >>> from skhpo.plotting import ResponseDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> display = ResponseDisplay.from_search(search, "C")
    >>> display.mean.shape, display.std.shape, display.positions.shape
    ((101,), (101,), (8, 1))
    >>> ResponseDisplay.from_search(search, ["C", "gamma"]).mean.shape
    (41, 41)
    """

    axes: Sequence[ParamAxis]
    grid: Sequence[NDArray[np.float64]]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    positions: NDArray[np.float64]
    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    estimated: NDArray[np.bool_]
    best: int | None = None
    others: str = ""
    label: str = "score"
    absent_ax_: Any = field(default=None, init=False)

    @property
    def names(self) -> list[str]:
        """The parameters."""
        return [axis.name for axis in self.axes]

    @classmethod
    def from_search(
        cls,
        search: Any,
        params: str | Sequence[str],
        *,
        others: str | Mapping[str, Any] = "best",
        metric: str | None = None,
        ax: Any = None,
    ) -> Self:
        """Draw the response of a search.

        Parameters
        ----------
        search : fitted search or dict
            A search of skhpo or scikit-learn, its ``cv_results_``, or what `skhpo.load_results` returns.
        params : str or sequence of one or two str
            The parameters to vary.
        others : {"best", "average"} or dict, default="best"
            What the other parameters are: those of the best trial (that has these), averaged over the space, or
            given. An average's standard deviation is the average one, which is an upper bound.
        metric : str, default=None
            Which of several metrics; None is the one that decides, or else the first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure. Of two parameters the room is shared by two Axes.

        Returns
        -------
        display : ResponseDisplay

        Raises
        ------
        ValueError
            If a parameter was not searched, there are more than two, or fewer than two scores.
        """
        surface = Surface(search, [params] if isinstance(params, str) else list(params), others, metric)
        trials, _, rows, scores = surface.model
        shown = [trials.params[row] for row in rows]
        mean, std = surface.predict()
        best = np.flatnonzero(rows == (-1 if trials.best is None else trials.best))
        display = cls(
            axes=surface.axes,
            grid=surface.grid,
            mean=mean,
            std=std,
            positions=np.column_stack([axis.positions(shown) for axis in surface.axes]),
            scores=scores,
            failed=np.isnan(scores),
            estimated=~trials.is_full[rows] | trials.stopped[rows],
            best=int(best[0]) if len(best) else None,
            others=surface.others_label,
            label=trials.label,
        )
        return display.plot(ax=ax)

    @property
    def _figsize(self) -> tuple[float, float]:
        return (6.5, 4.2) if len(self.axes) == 1 else (11.0, 4.4)

    def _draw(self, ax: Any) -> None:
        self.absent_ax_ = None
        self.failed_: list[Any] = []
        if len(self.axes) == 1:
            self._draw_one(ax)
        else:
            self._draw_two(ax)

    # -- one parameter ------------------------------------------------------------------------------------------------

    def _draw_one(self, ax: Any) -> None:
        (axis,), (grid,) = self.axes, self.grid
        axis.dress(ax.xaxis)
        positions = self.positions[:, 0]
        is_absent = np.isnan(positions)
        draw_score_axis(ax, self.label, self.scores, self.mean)
        if axis.scale == "categorical":
            style = {"fmt": "s", "ms": 7, "capsize": 6, "color": "0.3", "zorder": 2}
            self.mean_ = self.std_ = ax.errorbar(grid - 0.12, self.mean, yerr=self.std, label="model, 1 std", **style)
        else:
            marker = "." if len(grid) <= 30 else ""
            (self.mean_,) = ax.plot(grid, self.mean, marker=marker, color="0.3", label="model", zorder=2)
            self.std_ = ax.fill_between(
                grid, self.mean - self.std, self.mean + self.std, color="0.3", alpha=0.2, lw=0, label="1 std", zorder=1
            )
        x = positions + 0.15 + jitter(len(positions)) if axis.scale == "categorical" else positions
        measured = ~self.estimated
        self.scatter_ = ax.scatter(x[measured], self.scores[measured], s=18, color=COLOR, label="trial", zorder=3)
        if self.estimated.any():
            label = "not run in full, estimated"
            ax.scatter(x[self.estimated], self.scores[self.estimated], s=18, fc="none", ec=COLOR, label=label, zorder=3)
        if self.best is not None and not is_absent[self.best]:
            ax.plot(x[self.best], self.scores[self.best], "*", ms=13, color=BEST, mec="black", label="best", zorder=5)
        self.failed_ += mark_bottom(ax, x, self.scores, self.failed)
        if is_absent.any():
            self._add_absent(ax, self.scores[is_absent], self.failed[is_absent], is_absent)
        height = legend(ax)
        ax.set_title(self._wrapped(ax), fontsize="small", loc="left", pad=6.0 + height)
        tidy(ax)

    def _wrapped(self, ax: Any) -> str:
        return plain(textwrap.fill(self.others, max(24, int(inches(ax) / SMALL_LETTER))))

    def _add_absent(self, ax: Any, scores: Any, failed: Any, is_absent: Any) -> None:
        strip = self.absent_ax_ = ax.inset_axes((1.02, 0.0, 0.08, 1.0))
        strip.set_ylim(*ax.get_ylim())
        strip.set_xlim(-1, 1)
        x = jitter(len(scores))
        strip.scatter(x, scores, s=18, color=COLOR)
        if self.best is not None and is_absent[self.best]:
            row = int(np.sum(is_absent[: self.best]))
            strip.plot(x[row], scores[row], "*", ms=13, color=BEST, mec="black", zorder=5)
        self.failed_ += mark_bottom(strip, x, scores, failed)
        strip.set_xticks([0], ["absent"])
        strip.tick_params(axis="y", left=False, labelleft=False)
        strip.set_facecolor("0.95")
        strip.spines[:].set_visible(False)

    # -- two parameters -----------------------------------------------------------------------------------------------

    def _draw_two(self, ax: Any) -> None:
        parts = ax.get_subplotspec()
        if parts is None:
            raise ValueError("ax needs to be a cell of a grid of axes to be shared by two, as plt.subplots makes them.")
        ax.set_axis_off()
        self.ax_ = np.array([self.figure_.add_subplot(part) for part in parts.subgridspec(1, 2)])
        edges = [axis.edges(grid) for axis, grid in zip(self.axes, self.grid, strict=True)]
        low, high = score_limits(self.scores, self.mean)
        meshes = []
        x, y = self._places()
        n_hidden = int(np.sum(~(np.isfinite(x) & np.isfinite(y))))
        hidden = f"{n_hidden} of {len(x)} trials have not both parameters" if n_hidden else ""
        for part, values, title, below, limits in (
            (self.ax_[0], self.mean, f"{plain_name(self.label)}: mean", self._wrapped(self.ax_[0]), (low, high)),
            (self.ax_[1], self.std, f"{plain_name(self.label)}: standard deviation", hidden, (0.0, None)),
        ):
            part.set_facecolor("white")
            part.patch.set_hatch("////")
            part.patch.set_edgecolor("0.8")
            mesh = part.pcolormesh(
                edges[0],
                edges[1],
                np.ma.masked_invalid(values.T),
                vmin=limits[0],
                vmax=limits[1],
                cmap="viridis" if part is self.ax_[0] else "Greys",
            )
            self.axes[0].dress(part.xaxis)
            self.axes[1].dress(part.yaxis)
            part.set_xlim(edges[0][0], edges[0][-1])
            part.set_ylim(edges[1][0], edges[1][-1])
            self.figure_.colorbar(mesh, ax=part)
            part.set_title(f"{title}\n{below}" if below else title, fontsize="small", loc="left")
            meshes.append(mesh)
        self.mean_, self.std_ = meshes
        self._add_trials(x, y)

    def _add_trials(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        is_shown = np.isfinite(x) & np.isfinite(y)
        for part in self.ax_:
            ok, bad = is_shown & ~self.failed, is_shown & self.failed
            self.scatter_ = part.scatter(x[ok], y[ok], s=16, fc="white", ec="black", linewidths=0.7, zorder=3)
            self.failed_ += part.plot(x[bad], y[bad], "x", color=FAILED, ms=6, mew=1.8, zorder=4) if bad.any() else []
            if self.best is not None and is_shown[self.best]:
                part.plot(x[self.best], y[self.best], "*", ms=14, color=BEST, mec="black", zorder=5)

    def _places(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the trials are drawn, each of shape (n_trials,).

        Of a category that has not the other parameter, trials stand where the model is hatched, along its middle.
        """
        places = [
            column + jitter(len(column), i) if axis.scale == "categorical" else column.copy()
            for i, (column, axis) in enumerate(zip(self.positions.T, self.axes, strict=True))
        ]
        for i, axis in enumerate(self.axes):
            other = self.axes[1 - i]
            if axis.scale != "categorical":
                continue
            inactive = np.isnan(self.mean).all(axis=1 - i)
            category = np.nan_to_num(self.positions[:, i], nan=-1.0).astype(int)
            known = np.isin(category, self.grid[i][inactive].astype(int)) & np.isnan(self.positions[:, 1 - i])
            places[1 - i][known] = other.middle
        return places[0], places[1]
