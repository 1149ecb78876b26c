"""How far the best score is from what to expect, as the search went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.utils.validation import check_is_fitted

from skhpo.honesty.bootstrap import on_the_way
from skhpo.honesty.metrics import measure_of
from skhpo.plotting.figure import ScoreDisplay, drawn, estimator_of, legend, tidy, title
from skhpo.plotting.limits import score_limits
from skhpo.plotting.scores import BEST, COLOR
from skhpo.plotting.style import merged
from skhpo.plotting.words import plain_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(kw_only=True, eq=False, repr=False)
class OptimismDisplay(ScoreDisplay):
    """The best score so far, and what to expect on new data of the candidate that has it.

    Use `from_search`. The search needs ``store_predictions=True``.

    Parameters
    ----------
    trials : ndarray of shape (n_trials,)
        Rows in ``cv_results_``.
    naive : ndarray of shape (n_trials,)
        The best score of the candidates so far on all rows.
    estimate : ndarray of shape (n_trials,)
        What to expect of it: chosen again on resampled rows, scored on the rows that were not drawn.
    label : str
        What the scores are.
    score_name : str or None
        What to call them; None is by the label.
    estimator_name : str or None
        What was searched.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    lines_ : list of matplotlib Line2D
        The best score, and what to expect.
    area_ : matplotlib artist
        Between them: the optimism.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skhpo import Int, RandomSearchCV
    >>> from skhpo.plotting import OptimismDisplay
    >>> X, y = load_wine(return_X_y=True)
    >>> search = RandomSearchCV(
    ...     KNeighborsClassifier(), {"n_neighbors": Int(1, 60)}, n_iter=20, random_state=0, store_predictions=True
    ... ).fit(X, y)
    >>> display = OptimismDisplay.from_search(search)
    >>> bool(display.naive[-1] > display.estimate[-1])
    True
    """

    _STYLE: ClassVar[tuple[str, ...]] = ("score_name", "negate_score", "line_kw", "fill_between_kw")

    trials: NDArray[np.intp]
    naive: NDArray[np.float64]
    estimate: NDArray[np.float64]

    @classmethod
    def from_search(
        cls, search: Any, *, n_bootstraps: int = 200, random_state: int = 0, ax: Any = None, **style: Any
    ) -> Self:
        """Draw a search.

        Parameters
        ----------
        search : fitted search
            One of skhpo, with ``store_predictions=True``.
        n_bootstraps : int, default=200
            How often is chosen again.
        random_state : int, default=0
            Of the draws.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **style : dict
            Keywords of `plot`.

        Returns
        -------
        display : OptimismDisplay

        Raises
        ------
        ValueError
            If an estimate cannot be right for this search, as `estimate_score` says.
        """
        table, scorer, trials = _known(search)
        naive, estimate = on_the_way(
            measure_of(scorer, table), groups=table.groups, n_resamples=n_bootstraps, random_state=random_state
        )
        scoring = search.scoring if isinstance(search.scoring, str) else "score"
        display = cls(trials=trials, naive=naive, estimate=estimate, label=scoring, estimator_name=estimator_of(search))
        return drawn(display, ax, style)

    @property
    def _figsize(self) -> tuple[float, float]:
        return 7.0, 4.0

    def _draw(self, ax: Any) -> None:
        from matplotlib.collections import PolyCollection
        from matplotlib.lines import Line2D
        from matplotlib.ticker import MaxNLocator

        style, x, sign = self._style, self.trials.astype(float), -1.0 if self._style.negate_score else 1.0
        naive, estimate = sign * self.naive, sign * self.estimate
        self.lines_ = []
        for values, color, label in ((naive, BEST, "best score so far"), (estimate, COLOR, "to expect on new data")):
            line = {"drawstyle": "steps-post", "color": color, "label": label}
            self.lines_ += ax.plot(x, values, **merged(Line2D, line, style.line_kw))
        area = {"step": "post", "color": BEST, "alpha": 0.15, "lw": 0, "label": "optimism"}
        self.area_ = ax.fill_between(x, estimate, naive, **merged(PolyCollection, area, style.fill_between_kw))
        low, high = score_limits(self.naive, self.estimate)
        ax.set_ylim(*sorted((sign * low, sign * high)))
        ax.set_xlabel("Trial")
        ax.set_ylabel(f"{plain_name(self._score_name)} (all rows)")
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        title(ax, [self.estimator_name], legend(ax))
        tidy(ax)


def _known(search: Any) -> tuple[Any, Any, NDArray[np.intp]]:
    """Return predictions, scorer and rows of the candidates of a search of ours."""
    check_is_fitted(search, "cv_results_")
    if not hasattr(search, "estimate_score"):
        raise ValueError(f"search needs to be one of skhpo's with store_predictions=True, got {type(search).__name__}.")
    table, scorer, _ = search._chosen_from()  # noqa: SLF001  # of our own searches
    return table, scorer, search.predictions_.trials
