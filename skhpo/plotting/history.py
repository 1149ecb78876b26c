"""How the scores went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skhpo.plotting.figure import SearchDisplay, estimator_of, legend, tidy, title
from skhpo.plotting.limits import score_limits, typical_noise
from skhpo.plotting.scores import BEST, COLOR, ScoreAxis
from skhpo.plotting.style import merged
from skhpo.plotting.words import plain_name
from skhpo.report.comparison import own_rows
from skhpo.report.fitted import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(kw_only=True, eq=False, repr=False)
class OptimizationHistoryDisplay(SearchDisplay):
    """Scores of all trials in the order in which they were tried, and the best so far.

    The better trials rule the axis: those far below stand as arrows at its end. Use `from_search`.

    Parameters
    ----------
    scores : ndarray of shape (n_trials,)
        Mean test scores, larger is better; NaN where a fit failed.
    failed : ndarray of shape (n_trials,), bool
        Trials of which a fit failed.
    stopped : ndarray of shape (n_trials,), bool
        Trials that were given up before all splits were done.
    resources : ndarray of shape (n_trials,) or None
        What each trial had of the resource, in a search with rungs.
    resource_name : str or None
        Of which resource.
    split_std : ndarray of shape (n_trials,) or None
        Standard deviations of their scores over the splits.
    untuned : float or None
        What the estimator's own parameters score, if they were tried.
    label : str
        The metric.
    score_name : str or None
        What to call the scores; None for the name of the metric.
    estimator_name : str or None
        Whose parameters they are.

    Attributes
    ----------
    best_scores : ndarray of shape (n_trials,)
        The best score so far, of trials with all of the resource; NaN before the first.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    scatter_ : matplotlib PathCollection
        The scores.
    line_ : matplotlib Line2D
        The best so far.
    untuned_ : matplotlib Line2D or None
        What the untuned estimator scores.
    fill_between_ : matplotlib PolyCollection or None
        The standard deviation over the splits around the best so far.
    errorbar_ : matplotlib ErrorbarContainer or None
        That of each trial, for ``std_display_style="errorbar"``.
    failed_ : list of matplotlib Line2D
        Marks at the worse end of the axis: failed trials, and scores that lie beyond.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import Float, RandomSearchCV
    >>> from skhpo.plotting import OptimizationHistoryDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = RandomSearchCV(SVC(), {"C": Float(1e-3, 1e3, log=True)}, n_iter=5, random_state=0).fit(X, y)
    >>> display = OptimizationHistoryDisplay.from_search(search)
    >>> bool(display.best_scores[-1] == search.best_score_)
    True
    """

    _STYLE: ClassVar[tuple[str, ...]] = (
        "score_name",
        "negate_score",
        "std_display_style",
        "line_kw",
        "scatter_kw",
        "fill_between_kw",
        "errorbar_kw",
    )

    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    stopped: NDArray[np.bool_]
    resources: NDArray[Any] | None = None
    resource_name: str | None = None
    split_std: NDArray[np.float64] | None = None
    untuned: float | None = None

    @property
    def best_scores(self) -> NDArray[np.float64]:
        """The best score so far, shape (n_trials,)."""
        best: NDArray[np.float64] = np.fmax.accumulate(self._comparable)
        return best

    @property
    def _comparable(self) -> NDArray[np.float64]:
        """Scores of the trials that had all of the resource and all splits, NaN for the others."""
        counts = np.ones(len(self.scores), dtype=bool) if self.resources is None else self._is_full
        return np.where(counts & ~self.failed & ~self.stopped, self.scores, np.nan)

    @property
    def _is_full(self) -> NDArray[np.bool_]:
        resources: NDArray[Any] = np.asarray(self.resources)
        is_full: NDArray[np.bool_] = resources == resources.max()
        return is_full

    @property
    def _best_std(self) -> NDArray[np.float64]:
        """The standard deviation over the splits of the best so far, shape (n_trials,); NaN where not known."""
        found, best = np.full(len(self.scores), np.nan), self.best_scores
        row = -1
        for i, score in enumerate(self._comparable):
            row = i if score == best[i] and (row < 0 or best[i] > best[row]) else row
            found[i] = np.nan if row < 0 or self.split_std is None else self.split_std[row]
        return found

    @classmethod
    def _of(cls, search: Any, metric: str | None) -> Self:
        trials = fitted(search, metric)
        own = own_rows(search, trials).comparable if hasattr(search, "estimator") else None
        return cls(
            scores=trials.scores,
            failed=trials.failed,
            stopped=trials.stopped,
            resources=trials.resources,
            resource_name=trials.resource_name,
            split_std=trials.split_scores.std(axis=1) if trials.split_scores.shape[1] > 1 else None,
            untuned=None if own is None else float(trials.scores[own]),
            label=trials.label,
            estimator_name=estimator_of(search),
        )

    @property
    def _figsize(self) -> tuple[float, float]:
        return 7.0, 4.0

    def _draw(self, ax: Any) -> None:
        from matplotlib.ticker import MaxNLocator

        axis = self._axis()
        axis.dress(ax)
        self._draw_lines(ax, axis)
        self._draw_trials(ax, axis)
        self.failed_ = axis.mark(ax, np.arange(len(self.scores), dtype=float), self.scores, self.failed)
        ax.set_xlabel("Trial")
        if len(self.scores) < 2:
            ax.set_xlim(-0.5, 0.5)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        title(ax, [self.estimator_name], legend(ax))
        tidy(ax)

    def _axis(self) -> ScoreAxis:
        """The axis of scores: it reaches to the better trials, and to what is said of the best."""
        best, std = self.best_scores, self._best_std
        also = None
        if self._style.std_display_style is not None and len(best) and np.isfinite(std[-1]):
            also = float(best[-1] - std[-1]), float(best[-1] + std[-1])
        noise = typical_noise(self.scores, self.split_std)
        return ScoreAxis(
            self._score_name, score_limits(self.scores, best, noise=noise, also=also), self._style.negate_score
        )

    def _draw_lines(self, ax: Any, axis: ScoreAxis) -> None:
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D

        style = self._style
        numbers, best = np.arange(len(self.scores), dtype=float), self.best_scores
        line = {"drawstyle": "steps-post", "color": BEST, "label": self._best_label, "zorder": 2}
        (self.line_,) = ax.plot(numbers, axis.shown(best), **merged(Line2D, line, style.line_kw))
        self.fill_between_ = self.untuned_ = None
        std = self._best_std
        if style.std_display_style == "fill_between" and np.isfinite(std).any():
            band = {"step": "post", "color": self.line_.get_color(), "alpha": 0.15, "lw": 0, "zorder": 1}
            band["label"] = "1 std over the splits"
            self.fill_between_ = ax.fill_between(
                numbers,
                axis.shown(best - std),
                axis.shown(best + std),
                **merged(PolyCollection, band, style.fill_between_kw),
            )
        if self.untuned is not None:
            self.untuned_ = ax.axhline(float(axis.shown(self.untuned)), color="0.3", ls="dashed", lw=1, label="untuned")
            self.untuned_.set_zorder(1.5)

    def _draw_trials(self, ax: Any, axis: ScoreAxis) -> None:
        from matplotlib import colormaps
        from matplotlib.collections import PathCollection
        from matplotlib.colors import Normalize
        from matplotlib.lines import Line2D

        x, y, ok = np.arange(len(self.scores), dtype=float), axis.shown(self.scores), ~self.stopped
        marks = {"s": 18, "label": "trial", "zorder": 3, "color": COLOR}
        colors: Any = np.full(len(x), COLOR)
        if self.resources is not None:
            amounts = np.log(self.resources)
            norm, cmap = Normalize(amounts.min(), amounts.max()), colormaps["viridis_r"]
            colors = cmap(norm(amounts))
            marks = {"s": 18, "label": "trial", "zorder": 3, "c": amounts[ok], "cmap": cmap, "norm": norm}
        marks = merged(PathCollection, marks, self._style.scatter_kw)
        self.scatter_ = ax.scatter(x[ok], y[ok], **marks)
        if self.scatter_.get_array() is not None:
            self._add_resource_bar()
        if self.stopped.any():
            ax.scatter(x[~ok], y[~ok], s=18, fc="none", ec=colors[~ok], label="stopped early", zorder=3)
        self.errorbar_ = None
        if self._style.std_display_style == "errorbar" and self.split_std is not None:
            bars = {"fmt": "none", "ecolor": "0.6", "elinewidth": 0.8, "zorder": 2.5, "label": "1 std over the splits"}
            self.errorbar_ = ax.errorbar(x, y, yerr=self.split_std, **merged(Line2D, bars, self._style.errorbar_kw))

    @property
    def _best_label(self) -> str:
        if self.resources is None:
            return "best so far"
        return f"best so far with {plain_name(self.resource_name)} = {np.max(self.resources):g}"

    def _add_resource_bar(self) -> None:
        levels = np.unique(np.asarray(self.resources))
        bar = self.figure_.colorbar(self.scatter_, ax=self.ax_, label=plain_name(self.resource_name), pad=0.02)
        shown = levels[:: -(-len(levels) // 8)]
        bar.set_ticks(np.log(shown), labels=[f"{level:g}" for level in shown])
        bar.ax.minorticks_off()
