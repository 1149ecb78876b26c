"""Scores of all rows at once, for metrics that mean little on a single fold."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import get_scorer

from skhpo.honesty.metrics import measure_of

if TYPE_CHECKING:
    from skhpo.honesty.predictions import OutOfFold


class PooledScorer:
    """Score the predictions of all folds of a candidate at once.

    With leave-one-out a fold is one row, on which ROC AUC, R2 and balanced accuracy are not defined: every score is
    NaN. Pooled, the predictions of all rows are scored together. In a search of skhpo each split of a candidate then
    has that one score. Elsewhere, as in scikit-learn's searches, it is the plain scorer.

    Parameters
    ----------
    scoring : str or callable
        A metric that reads predictions, as in scikit-learn.

    Notes
    -----
    Pooling compares predictions of different folds' models with each other. For ROC AUC these should be probabilities:
    decision values of different models may lie on different scales. Splits need to predict each row equally often, and
    ``racing`` compares candidates split by split, which here have no score of their own.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import LeaveOneOut
    >>> from skhpo import GridSearchCV, PooledScorer
    >>> X, y = load_diabetes(return_X_y=True)
    >>> grid = {"alpha": [0.01, 0.1, 1.0, 10.0]}
    >>> search = GridSearchCV(Ridge(), grid, scoring=PooledScorer("r2"), cv=LeaveOneOut())
    >>> search.fit(X[:60], y[:60]).best_params_
    {'alpha': 0.01}
    """

    def __init__(self, scoring: Any) -> None:
        self.scoring = scoring

    def __repr__(self) -> str:
        return f"PooledScorer({self.scoring!r})"

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the score on some rows; NaN where it is not defined.

        Parameters
        ----------
        estimator : estimator
            Fitted.
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            For the metric.
        """
        params = {} if sample_weight is None else {"sample_weight": sample_weight}
        with warnings.catch_warnings():  # of what is not defined on a fold: it is not used
            warnings.simplefilter("ignore")
            try:
                return float(get_scorer(self.scoring)(estimator, X, y, **params))
            except ValueError:
                if len(np.unique(np.asarray(y), axis=0)) > 1:
                    raise
                return float("nan")

    def pooled(self, oof: OutOfFold) -> float:
        """Return the score of the only candidate on all rows, the mean over repeats."""
        return float(measure_of(get_scorer(self.scoring), oof).on_all()[0])
