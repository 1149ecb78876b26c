"""How the scores went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from skhpo.plotting.figure import BEST, COLOR, SearchDisplay, draw_score_axis, legend, mark_bottom, plain_name, tidy
from skhpo.results.fitted import fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(kw_only=True, eq=False, repr=False)
class OptimizationHistoryDisplay(SearchDisplay):
    """Scores of all trials in the order in which they were tried, and the best so far.

    Use `from_search`.

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
    label : str
        What the scores are.

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
    failed_ : list of matplotlib Line2D
        Marks at the bottom: failed trials, and scores too low for the axis.

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

    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    stopped: NDArray[np.bool_]
    resources: NDArray[Any] | None = None
    resource_name: str | None = None
    label: str = "score"

    @property
    def best_scores(self) -> NDArray[np.float64]:
        """The best score so far, shape (n_trials,)."""
        counts = np.ones(len(self.scores), dtype=bool) if self.resources is None else self._is_full
        scores = np.where(counts & ~self.failed & ~self.stopped, self.scores, np.nan)
        best: NDArray[np.float64] = np.fmax.accumulate(scores)
        return best

    @property
    def _is_full(self) -> NDArray[np.bool_]:
        resources: NDArray[Any] = np.asarray(self.resources)
        is_full: NDArray[np.bool_] = resources == resources.max()
        return is_full

    @classmethod
    def _of(cls, search: Any, metric: str | None) -> Self:
        trials = fitted(search, metric)
        return cls(
            scores=trials.scores,
            failed=trials.failed,
            stopped=trials.stopped,
            resources=trials.resources,
            resource_name=trials.resource_name,
            label=trials.label,
        )

    @property
    def _figsize(self) -> tuple[float, float]:
        return 7.0, 4.0

    def _draw(self, ax: Any) -> None:
        from matplotlib import colormaps
        from matplotlib.colors import Normalize
        from matplotlib.ticker import MaxNLocator

        numbers = np.arange(len(self.scores), dtype=float)
        best = self.best_scores
        (self.line_,) = ax.plot(numbers, best, drawstyle="steps-post", color=BEST, label=self._best_label, zorder=2)
        draw_score_axis(ax, self.label, self.scores, best)
        ok, x, y = ~self.stopped, numbers, self.scores
        if self.resources is None:
            colors: Any = np.full(len(x), COLOR)
            self.scatter_ = ax.scatter(x[ok], y[ok], s=18, color=COLOR, label="trial", zorder=3)
        else:
            amounts = np.log(self.resources)
            norm, cmap = Normalize(amounts.min(), amounts.max()), colormaps["viridis_r"]
            colors = cmap(norm(amounts))
            self.scatter_ = ax.scatter(x[ok], y[ok], s=18, c=amounts[ok], cmap=cmap, norm=norm, label="trial", zorder=3)
            self._add_resource_bar()
        if self.stopped.any():
            ax.scatter(x[~ok], y[~ok], s=18, fc="none", ec=colors[~ok], label="stopped early", zorder=3)
        self.failed_ = mark_bottom(ax, numbers, self.scores, self.failed)
        ax.set_xlabel("Trial")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        legend(ax)
        tidy(ax)

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
