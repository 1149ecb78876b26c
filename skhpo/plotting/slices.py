"""The score along each parameter, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from skhpo.plotting.figure import ScoreDisplay, drawn, estimator_of, legend, parts_of, title
from skhpo.plotting.limits import score_limits
from skhpo.plotting.model import model_of
from skhpo.plotting.response import ResponseDisplay
from skhpo.plotting.scores import ScoreAxis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

_MOST_COLUMNS = 4


@dataclass(kw_only=True, eq=False, repr=False)
class SlicesDisplay(ScoreDisplay):
    """What the model believes of the score along each parameter, and the trials.

    A panel per parameter, each as `ResponseDisplay` draws it, with one axis of scores for all. Use `from_search`.

    Parameters
    ----------
    responses : sequence of ResponseDisplay
        One per parameter.
    others : str
        What the other parameters are in each panel.
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
        Above the panels: their title and legend.
    axes_ : list of matplotlib Axes
        The panels; each response has its artists.
    figure_ : matplotlib Figure
        The figure of ``ax_``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import BayesSearchCV, Float
    >>> from skhpo.plotting import SlicesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=8, random_state=0).fit(X, y)
    >>> display = SlicesDisplay.from_search(search)
    >>> display.names, len(display.axes_)
    (['C', 'gamma'], 2)
    """

    _STYLE: ClassVar[tuple[str, ...]] = (
        "score_name",
        "negate_score",
        "line_kw",
        "scatter_kw",
        "fill_between_kw",
        "errorbar_kw",
    )

    responses: Sequence[ResponseDisplay]
    others: str = ""

    @property
    def names(self) -> list[str]:
        """The parameters."""
        return [response.names[0] for response in self.responses]

    @classmethod
    def from_search(
        cls,
        search: Any,
        *,
        params: Sequence[str] | None = None,
        others: str | Mapping[str, Any] = "best",
        metric: str | None = None,
        ax: Any = None,
        **style: Any,
    ) -> Self:
        """Draw the slices of a search.

        Parameters
        ----------
        search : fitted search or dict
            A search of skhpo or scikit-learn, its ``cv_results_``, or what `skhpo.load_results` returns.
        params : sequence of str, default=None
            Which parameters, in which order; None for all that have more than one value within a dict of the space.
        others : {"best", "average"} or dict, default="best"
            What the other parameters are: those of the best trial, averaged over the space, or given.
        metric : str, default=None
            Which of several metrics; None is the one that decides, or else the first.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure. The room is shared by the panels.
        **style : dict
            Keywords of `plot`.

        Returns
        -------
        display : SlicesDisplay

        Raises
        ------
        ValueError
            If a parameter was not searched, or there are fewer than two scores.
        """
        model = model_of(search, metric)
        names = model.trials.checked(params)
        if params is None:
            names = [name for name in names if name in model.sampler.space.names]
        display = cls(
            responses=[ResponseDisplay.of_model(model, [name], others) for name in names],
            others=_said(others),
            label=model.trials.label,
            estimator_name=estimator_of(search),
        )
        return drawn(display, ax, style)

    @property
    def _n_columns(self) -> int:
        n_rows = -(-len(self.responses) // _MOST_COLUMNS)
        return -(-len(self.responses) // n_rows)

    @property
    def _figsize(self) -> tuple[float, float]:
        n_rows = -(-len(self.responses) // self._n_columns)
        return 1.0 + 2.9 * max(2, self._n_columns), 1.0 + 2.5 * n_rows

    def _draw(self, ax: Any) -> None:
        n, n_columns = len(self.responses), self._n_columns
        panels = parts_of(ax, -(-n // n_columns), n_columns)
        for panel in panels[n:]:
            panel.remove()
        self.axes_ = panels[:n]
        axis = self._axis()
        handles: list[Any] = []
        for i, (response, panel) in enumerate(zip(self.responses, self.axes_, strict=True)):
            handles += response.draw_into(panel, axis, self._style)
            _keep_apart(panel)
            if i % n_columns:
                panel.set_ylabel("")
                panel.tick_params(axis="y", labelleft=False)
        title(ax, [self.estimator_name, self.others], legend(ax, handles))

    def _axis(self) -> ScoreAxis:
        """The axis of scores of all panels."""
        first = self.responses[0]
        means: list[NDArray[np.float64]] = [response.mean for response in self.responses]
        return ScoreAxis(
            self._score_name, score_limits(first.scores, *means, noise=first.noise), self._style.negate_score
        )


def _keep_apart(panel: Any) -> None:
    """Let the first and the last label of a panel end where it ends: the next one begins there."""
    labels = panel.get_xticklabels()
    low, high = panel.transData.inverted().transform(panel.transAxes.transform([[0.1, 0.0], [0.9, 0.0]]))[:, 0]
    if labels and labels[0].get_rotation() == 0:
        if labels[0].get_position()[0] < low:
            labels[0].set_ha("left")
        if labels[-1].get_position()[0] > high:
            labels[-1].set_ha("right")


def _said(others: str | Mapping[str, Any]) -> str:
    if others == "average":
        return "averaged over the other parameters"
    return "the other parameters as in the best trial" if others == "best" else "the other parameters as given"
