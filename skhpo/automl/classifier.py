"""The best classifier that a time can buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skhpo.automl.base import AutoEstimator
from skhpo.automl.checks import check_labels
from skhpo.automl.members import temperature, with_power
from skhpo.honesty.ensemble import EnsembleClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.automl.members import Chosen


class AutoClassifier(ClassifierMixin, AutoEstimator):
    """The best classifier that a time can buy, with no space to write.

    Some two dozen configurations of eight families of models, each behind a preprocessing of its own, are compared by
    cross-validation, the most promising first. An ensemble is selected by their out-of-fold predictions, and its
    members are fitted on all rows. The budget includes that.

    Parameters
    ----------
    time_budget : float or None, default=60
        Seconds for all of `fit`. None needs ``n_iter``.
    scoring : str, callable or None, default=None
        What to be best by, as in scikit-learn; None is ``"neg_log_loss"``, which wants good probabilities.
    estimators : "default" or list of str, default="default"
        Families of models to take part, of ``"boosting"``, ``"linear"``, ``"extra_trees"``, ``"random_forest"``,
        ``"svm"``, ``"neural_network"``, ``"nearest_neighbors"`` and ``"naive_bayes"``; ``"lightgbm"`` and
        ``"catboost"`` where these libraries are installed.
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
    ensemble_ : EnsembleClassifier
        The members with their weights, fitted on all rows.
    best_estimator_ : Pipeline
        The member that is best by itself.
    score_estimate_ : ScoreEstimate
        What to expect on new data; computed when it is first asked for.
    cv_results_ : dict
        As of a search: a row for each configuration.
    temperature_ : float
        Power by which the ensemble's probabilities are sharpened, or blunted below 1, after its out-of-fold log loss.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where they have any.

    See Also
    --------
    AutoRegressor : The same in regression.
    BayesSearchCV : Searches the parameters of one estimator.

    References
    ----------
    R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes: Ensemble selection from libraries of models. ICML 2004.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from skhpo import AutoClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> auto = AutoClassifier(n_iter=4, time_budget=None, random_state=0).fit(X, y)
    >>> auto.score(X, y) > 0.95
    True
    """

    _is_classifier: ClassVar[bool] = True
    _usual_scoring: ClassVar[str] = "neg_log_loss"

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities.

        Parameters
        ----------
        X : frame, array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        check_is_fitted(self, "ensemble_")
        return with_power(self.ensemble_.predict_proba(self._seen(X)), self.temperature_)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the most probable labels.

        Parameters
        ----------
        X : frame, array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "ensemble_")
        return np.asarray(self.classes_[self.ensemble_.predict_proba(self._seen(X)).argmax(axis=1)])

    def _check_y(self, y: Any, name: str) -> NDArray[Any]:
        return check_labels(y, name)

    def _ensemble_of(self, estimators: list[Any], weights: list[float]) -> EnsembleClassifier:
        return EnsembleClassifier(estimators, weights=weights, n_jobs=self.n_jobs)

    def _learn(self, chosen: Chosen, weights: NDArray[np.float64]) -> None:
        self.classes_ = self.ensemble_.classes_
        labels = chosen.table.labels
        assert labels is not None  # noqa: S101  # of a classifier
        self.temperature_ = temperature(chosen.blend(weights), labels, chosen.table.sample_weight)
