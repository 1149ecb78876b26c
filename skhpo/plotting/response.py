"""The score as a function of one or two parameters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skhpo.plotting.curve import draw_curve, draw_panel
from skhpo.plotting.figure import ScoreDisplay, drawn, estimator_of
from skhpo.plotting.heatmap import draw_map
from skhpo.plotting.limits import score_limits, typical_noise
from skhpo.plotting.model import model_of
from skhpo.plotting.scores import ScoreAxis
from skhpo.plotting.surface import Surface
from skhpo.plotting.table import draw_table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.plotting.axis import ParamAxis
    from skhpo.plotting.model import Model
    from skhpo.plotting.style import Style
    from skhpo.plotting.surface import Table


@dataclass(kw_only=True, eq=False, repr=False)
class ResponseDisplay(ScoreDisplay):
    """What the model believes of the score along one or two parameters, and the trials.

    A Bayesian search has a model; to the results of other searches the same one is fitted: a Gaussian process over the
    whole space. In a search with rungs it is of the score on the full resource. Averages over the other parameters are
    those of [1]_. Trials with other values of the other parameters than the line has are paler, the paler the further
    away they are. Two parameters with few values of which most were tried together, as in a grid search, are a table
    of the observed scores. Use `from_search`.

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
    nearness : ndarray of shape (n_trials,) or None
        How near the trials' other parameters are to these, in [0, 1].
    split_std : ndarray of shape (n_trials,) or None
        Standard deviations of their scores over the splits.
    table : Table or None
        Where most pairs of few values were tried: ``scores`` that were observed, ``std``, their standard deviations
        over the splits, and whether they are ``failed`` or ``estimated``, each of shape (m_0, m_1).
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
    ax_ : matplotlib Axes, or ndarray of two of them
        Where it was drawn; of two parameters the mean and the standard deviation, if they are no table.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    head_ : matplotlib Axes or None
        Above two maps: their title and legend.
    absent_ax_ : matplotlib Axes or None
        Beside ``ax_``: trials that have not the parameter.
    scatter_ : matplotlib PathCollection
        The trials.
    mean_ : matplotlib Line2D, ErrorbarContainer or QuadMesh
        The mean, of a numeric parameter, a categorical one, or two; the cells of a table.
    std_ : matplotlib PolyCollection, ErrorbarContainer, QuadMesh or None
        The standard deviation; None for a table.
    texts_ : ndarray of matplotlib Text of shape (m_0, m_1), or None
        The numbers of a table.
    failed_ : list of matplotlib Line2D
        Marks of failed trials, and of scores that lie beyond the worse end of the axis.
    apart_ : list of matplotlib Line2D
        On a map, trials of a category that has not the other parameter: they stand at the lower end of their column.

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

    _STYLE: ClassVar[tuple[str, ...]] = (
        "score_name",
        "negate_score",
        "line_kw",
        "scatter_kw",
        "fill_between_kw",
        "errorbar_kw",
        "im_kw",
        "text_kw",
        "values_format",
    )

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
    nearness: NDArray[np.float64] | None = None
    split_std: NDArray[np.float64] | None = None
    table: Table | None = None
    head_: Any = field(default=None, init=False)
    absent_ax_: Any = field(default=None, init=False)
    scatter_: Any = field(default=None, init=False)
    mean_: Any = field(default=None, init=False)
    std_: Any = field(default=None, init=False)
    texts_: Any = field(default=None, init=False)

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
        **style: Any,
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
        **style : dict
            Keywords of `plot`.

        Returns
        -------
        display : ResponseDisplay

        Raises
        ------
        ValueError
            If a parameter was not searched, there are more than two, or fewer than two scores.
        """
        names = [params] if isinstance(params, str) else list(params)
        display = cls.of_model(model_of(search, metric), names, others)
        display.estimator_name = estimator_of(search)
        return drawn(display, ax, style)

    @classmethod
    def of_model(cls, model: Model, names: Sequence[str], others: str | Mapping[str, Any]) -> Self:
        """Return the response of a model, not drawn yet.

        Parameters
        ----------
        model : Model
            What is believed.
        names : list of one or two str
            The parameters to vary.
        others : {"best", "average"} or dict
            What the other parameters are.
        """
        surface = Surface(model, names, others)
        trials, _, rows, scores = model
        shown = [trials.params[row] for row in rows]
        mean, std = surface.predict()
        best = np.flatnonzero(rows == (-1 if trials.best is None else trials.best))
        return cls(
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
            nearness=surface.nearness(),
            split_std=trials.split_scores[rows].std(axis=1) if trials.split_scores.shape[1] > 1 else None,
            table=surface.measured(),
            label=trials.label,
        )

    @property
    def _figsize(self) -> tuple[float, float]:
        if self.table is not None:
            n_columns, n_rows = self.mean.shape
            return 3.5 + 0.62 * n_columns, 2.2 + 0.42 * n_rows
        return (6.5, 4.2) if len(self.axes) == 1 else (11.0, 4.4)

    @property
    def noise(self) -> float:
        """Standard deviation over the splits that a good candidate has; 0 where not known."""
        return typical_noise(self.scores, self.split_std)

    def score_axis(self, style: Style) -> ScoreAxis:
        """Return the axis of scores of one parameter."""
        return ScoreAxis(self._score_name, score_limits(self.scores, self.mean, noise=self.noise), style.negate_score)

    def draw_into(self, ax: Any, axis: ScoreAxis, style: Style) -> list[Any]:
        """Draw one parameter as a panel of several that share an axis of scores; returns what has to be explained."""
        self.ax_, self.figure_ = ax, ax.figure
        self._forget()
        return draw_panel(self, ax, axis, style)

    def _forget(self) -> None:
        self.head_ = self.absent_ax_ = self.scatter_ = self.mean_ = self.std_ = self.texts_ = None
        self.failed_: list[Any] = []
        self.apart_: list[Any] = []

    def _draw(self, ax: Any) -> None:
        self._forget()
        axis = self.score_axis(self._style)
        if self.table is not None:
            draw_table(self, ax, axis, self._style)
        elif len(self.axes) == 2:
            draw_map(self, ax, axis, self._style)
        else:
            draw_curve(self, ax, axis, self._style)
