"""Which parameters mattered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skhpo.plotting.axis import name_label
from skhpo.plotting.figure import SearchDisplay, estimator_of, tidy, title
from skhpo.plotting.model import model_of
from skhpo.plotting.scores import COLOR
from skhpo.plotting.style import merged
from skhpo.plotting.words import plain, plain_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BRANCH = "<branch>"


@dataclass(kw_only=True, eq=False, repr=False)
class ParamImportancesDisplay(SearchDisplay):
    """Share of each parameter in how much the modelled score varies over the space.

    It is the variance of the model, not of the observed scores; the worse half of these counts by rank. Shares are the
    importances of :meth:`skhpo.BayesSearchCV.importances`; to the results of other searches the same model is fitted.
    Use `from_search`.

    Parameters
    ----------
    names : sequence of str
        Parameters, the most important first; ``"<branch>"`` is the choice between the dicts of a list.
    importances : ndarray of shape (n_params,)
        Their shares, which add up to 1.
    label : str
        The metric.
    score_name : str or None
        What to call the scores; None for the name of the metric.
    estimator_name : str or None
        Whose parameters they are.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    bars_ : matplotlib BarContainer
        A bar per parameter.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import Float, RandomSearchCV
    >>> from skhpo.plotting import ParamImportancesDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": Float(1e-3, 1e3, log=True), "tol": Float(1e-4, 1e-3)}
    >>> search = RandomSearchCV(SVC(), space, n_iter=10, random_state=0).fit(X, y)
    >>> display = ParamImportancesDisplay.from_search(search)
    >>> display.names
    ['C', 'tol']
    """

    _STYLE: ClassVar[tuple[str, ...]] = ("score_name", "bar_kw")

    names: Sequence[str]
    importances: NDArray[np.float64]

    @classmethod
    def _of(cls, search: Any, metric: str | None) -> Self:
        model = model_of(search, metric)
        shares = sorted(model.sampler.importances().items(), key=lambda item: -item[1])
        return cls(
            names=[name for name, _ in shares],
            importances=np.array([share for _, share in shares]),
            label=model.trials.label,
            estimator_name=estimator_of(search),
        )

    @property
    def _figsize(self) -> tuple[float, float]:
        return 5.0 + 0.07 * max(len(name_label(name)) for name in self.names), 1.5 + 0.35 * len(self.names)

    def _draw(self, ax: Any) -> None:
        from matplotlib.patches import Rectangle

        places = np.arange(len(self.names))[::-1]
        bars = merged(Rectangle, {"color": COLOR}, self._style.bar_kw)
        self.bars_ = ax.barh(places, self.importances, **{"height": 0.7, **bars})
        ax.bar_label(self.bars_, [f"{share:.2f}" for share in self.importances], padding=3, fontsize="small")
        ax.set_yticks(places, ["choice of dict" if name == _BRANCH else plain(name_label(name)) for name in self.names])
        ax.set_xlim(0, 1.1 * max(float(self.importances.max()), 1e-3))
        ax.set_xlabel(f"Share of the variance of the modelled score\n({plain_name(self._score_name)})")
        title(ax, [self.estimator_name])
        tidy(ax)
