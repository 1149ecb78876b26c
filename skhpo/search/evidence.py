"""What a search keeps for what it says about new data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Data:
    """The data of a search.

    Parameters
    ----------
    X, y : array-like
        Samples and targets.
    params : dict
        What `fit` was given beside them.
    fit_params : dict
        What of it is the estimator's.

    Attributes
    ----------
    splits : list of (train, test)
        Of the search, once it is known which these are; of leave-one-out they take more than the data.
    """

    def __init__(self, X: Any = None, y: Any = None, params: Any = None, fit_params: Any = None) -> None:
        self.X, self.y, self.params, self.fit_params = X, y, params or {}, fit_params or {}
        self.splits: Any = None


@dataclass(eq=False)
class Evidence:
    """What a search keeps for estimates.

    The data do not travel with it: a pickled search has its results only.

    Parameters
    ----------
    is_pooled : bool
        Whether all splits were scored at once.
    scorer : callable or None
        The deciding metric; None where that is several at once.
    metric : str
        Its name in ``cv_results_``.
    score_params : dict
        What the scorer is given beside the data.
    n_rows, most_trained : int
        Rows of the first split, and of the largest training side.
    data : Data
        What was fitted.
    """

    is_pooled: bool
    scorer: Any
    metric: str
    score_params: dict[str, Any]
    n_rows: int
    most_trained: int
    data: Data

    def __getstate__(self) -> dict[str, Any]:
        """Return all but the data."""
        return {name: value for name, value in vars(self).items() if name != "data"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, data=Data())


class OneMetric:
    """One of the metrics of a callable that gives several."""

    def __init__(self, scoring: Any, metric: str) -> None:
        self.scoring, self.metric = scoring, metric

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Return what the metric says."""
        return self.scoring(*args, **params)[self.metric]
