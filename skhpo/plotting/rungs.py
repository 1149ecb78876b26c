"""How candidates went up the rungs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skhpo.plotting.figure import SearchDisplay, estimator_of, legend, tidy, title
from skhpo.plotting.limits import score_limits, typical_noise
from skhpo.plotting.scores import BEST, FAINT, ScoreAxis
from skhpo.plotting.style import merged
from skhpo.plotting.words import plain_name
from skhpo.report.fitted import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(kw_only=True, eq=False, repr=False)
class RungsDisplay(SearchDisplay):
    """Scores of candidates on each rung of a successive halving, joined by lines.

    Use `from_search`.

    Parameters
    ----------
    places : ndarray of shape (n_trials,)
        Rung of each trial on the horizontal axis, from 0.
    amounts : ndarray of shape (n_rungs,)
        What each of these rungs had of the resource.
    scores : ndarray of shape (n_trials,)
        Mean test scores, larger is better; NaN where a fit failed.
    failed : ndarray of shape (n_trials,), bool
        Trials of which a fit failed.
    candidates : list of list of int
        Trials of each candidate, lowest rung first.
    brackets : ndarray of shape (n_trials,)
        Bracket of each trial.
    best : int or None
        The best trial.
    resource_name : str
        What the resource is.
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
    n_candidates : ndarray of shape (n_rungs,)
        Trials on each rung.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    lines_ : list of matplotlib Line2D
        A line per candidate.
    best_line_ : matplotlib Line2D or None
        That of the best one, once more and thicker.
    failed_ : list of matplotlib Line2D
        Marks at the worse end of the axis: failed trials, and scores that lie beyond.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skhpo import Int, SuccessiveHalvingCV
    >>> from skhpo.plotting import RungsDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> forest = RandomForestClassifier(n_estimators=9, random_state=0)
    >>> search = SuccessiveHalvingCV(
    ...     forest, {"max_depth": Int(1, 9)}, n_candidates=6, resource="auto", cv=2, random_state=0
    ... ).fit(X, y)
    >>> display = RungsDisplay.from_search(search)
    >>> display.amounts.tolist(), display.n_candidates.tolist()
    ([3, 9], [6, 2])
    """

    _STYLE: ClassVar[tuple[str, ...]] = ("score_name", "negate_score", "line_kw")

    places: NDArray[np.int64]
    amounts: NDArray[Any]
    scores: NDArray[np.float64]
    failed: NDArray[np.bool_]
    candidates: Sequence[Sequence[int]]
    brackets: NDArray[np.int64]
    best: int | None = None
    resource_name: str = "resource"
    split_std: NDArray[np.float64] | None = None

    @property
    def n_candidates(self) -> NDArray[np.int64]:
        """Trials on each rung, shape (n_rungs,)."""
        return np.bincount(self.places, minlength=len(self.amounts))

    @classmethod
    def _of(cls, search: Any, metric: str | None) -> Self:
        trials = fitted(search, metric)
        if trials.rungs is None or trials.resources is None:
            raise ValueError("RungsDisplay needs a search with rungs, as SuccessiveHalvingCV, got one without.")
        if trials.brackets is None:  # rungs may have the same amount, where elimination is aggressive
            _, first, places = np.unique(trials.rungs, return_index=True, return_inverse=True)
            amounts = trials.resources[first]
        else:
            amounts, places = np.unique(trials.resources, return_inverse=True)
        return cls(
            places=places,
            amounts=amounts,
            scores=trials.scores,
            failed=trials.failed,
            candidates=trials.candidates(),
            brackets=np.zeros(len(places), dtype=np.int64) if trials.brackets is None else trials.brackets,
            best=trials.best,
            resource_name=str(trials.resource_name),
            split_std=trials.split_scores.std(axis=1) if trials.split_scores.shape[1] > 1 else None,
            label=trials.label,
            estimator_name=estimator_of(search),
        )

    @property
    def _figsize(self) -> tuple[float, float]:
        return 7.0, 4.2

    def _draw(self, ax: Any) -> None:
        last = len(self.amounts) - 1
        ax.set_xlim(-0.25, last + 0.25)
        noise = typical_noise(self.scores, self.split_std)
        axis = ScoreAxis(self._score_name, score_limits(self.scores, noise=noise), self._style.negate_score)
        axis.dress(ax)
        self._draw_lines(ax, axis.shown(self.scores), last)
        self.failed_ = axis.mark(ax, self.places.astype(float), self.scores, self.failed)
        labels = [f"{amount:g}\n{n} tried" for amount, n in zip(self.amounts, self.n_candidates, strict=True)]
        ax.set_xticks(range(last + 1), labels)
        ax.set_xlabel(plain_name(self.resource_name))
        title(ax, [self.estimator_name], legend(ax))
        tidy(ax)

    def _draw_lines(self, ax: Any, y: NDArray[np.float64], last: int) -> None:
        from matplotlib.lines import Line2D

        several = len(np.unique(self.brackets)) > 1
        self.lines_, self.best_line_ = [], None
        for rows in self.candidates:
            bracket = int(self.brackets[rows[0]])
            reached = self.places[rows[-1]] == last
            is_best = self.best is not None and self.best in rows
            color = f"C{bracket % 10 if bracket == 0 else (bracket + 1) % 10}" if several or reached else FAINT
            label = f"bracket {bracket}" if several else "reached the last rung" if reached else "eliminated"
            line = {
                "color": BEST if is_best and not several else color,
                "alpha": 0.9 if reached else 0.5,
                "label": "_part of the best" if is_best and not several else label,
                "marker": "o",
                "ms": 3,
                "lw": 1.0,
            }
            (drawn,) = ax.plot(
                self.places[rows], y[rows], **{"zorder": 2 + reached, **merged(Line2D, line, self._style.line_kw)}
            )
            self.lines_.append(drawn)
            if is_best:
                # Below the others: those that went the same way are seen on it.
                best = {"marker": "o", "ms": 7, "lw": 3.5, "color": BEST, "label": "best", "zorder": 1.9}
                (self.best_line_,) = ax.plot(self.places[rows], y[rows], **best)
