"""The best regressor that a time can buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skhpo.automl.base import AutoEstimator
from skhpo.automl.checks import check_numbers
from skhpo.honesty.ensemble import EnsembleRegressor

if TYPE_CHECKING:
    from numpy.typing import NDArray


class AutoRegressor(RegressorMixin, AutoEstimator):
    """The best regressor that a time can buy, with no space to write.

    Some twenty configurations of seven families of models, each behind a preprocessing of its own, are compared by
    cross-validation, the most promising first. An ensemble is selected by their out-of-fold predictions, and its
    members are fitted on all rows. The budget includes that.

    Parameters
    ----------
    time_budget : float or None, default=60
        Seconds for all of `fit`. None needs ``n_iter``.
    scoring : str, callable or None, default=None
        What to be best by, as in scikit-learn; None is ``"neg_root_mean_squared_error"``.
    estimators : "default" or list of str, default="default"
        Families of models to take part, of ``"boosting"``, ``"linear"``, ``"extra_trees"``, ``"random_forest"``,
        ``"svm"``, ``"neural_network"`` and ``"nearest_neighbors"``; ``"lightgbm"`` and ``"catboost"`` where these
        libraries are installed.
    ensemble : int, default=25
        Picks of the greedy selection; 1 takes the best configuration alone.
    n_iter : int or None, default=None
        Configurations at most. With ``time_budget=None`` the same seed then gives the same model.
    cv : int or splitter, default=5
        Splits by which configurations are compared: each row has to be tested once.
    n_jobs : int or None, default=None
        Fits at the same time, as in scikit-learn; joblib's Dask and Ray backends are taken where they are active.
    random_state : int, RandomState instance or None, default=None
        Seed of models and splits.
    checkpoint : str, path or None, default=None
        A file that remembers each fit: the same `fit` goes on from there after it was killed.
    verbose : int, default=0
        1 prints a line for each configuration: the time that is left, the best score, and what is tried.

    Attributes
    ----------
    leaderboard_ : Leaderboard
        The configurations, the best first, with their scores on rows that they were not trained on.
    ensemble_ : EnsembleRegressor
        The members with their weights, fitted on all rows.
    best_estimator_ : Pipeline
        The member that is best by itself.
    score_estimate_ : ScoreEstimate
        What to expect on new data; computed when it is first asked for.
    cv_results_ : dict
        As of a search: a row for each configuration.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where they have any.

    See Also
    --------
    AutoClassifier : The same in classification.
    BayesSearchCV : Searches the parameters of one estimator.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skhpo import AutoRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> auto = AutoRegressor(n_iter=4, time_budget=None, random_state=0).fit(X, y)
    >>> auto.score(X, y) > 0.45
    True
    """

    _is_classifier: ClassVar[bool] = False
    _usual_scoring: ClassVar[str] = "neg_root_mean_squared_error"

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the predictions.

        Parameters
        ----------
        X : frame, array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        predictions : ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "ensemble_")
        return np.asarray(self.ensemble_.predict(self._seen(X)))

    def _check_y(self, y: Any, name: str) -> NDArray[Any]:
        return check_numbers(y, name)

    def _ensemble_of(self, estimators: list[Any], weights: list[float]) -> EnsembleRegressor:
        return EnsembleRegressor(estimators, weights=weights, n_jobs=self.n_jobs)
