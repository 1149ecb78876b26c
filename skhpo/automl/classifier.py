"""The best classifier that a time can buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from skhpo.automl.base import AutoEstimator
from skhpo.automl.checks import check_labels
from skhpo.automl.temperature import temperature, with_power
from skhpo.automl.texts import documented
from skhpo.honesty.ensemble import EnsembleClassifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.automl.members import Chosen


@documented
class AutoClassifier(ClassifierMixin, AutoEstimator):  # type: ignore[misc]
    """The best classifier that a time can buy, with no space to write.

    Some two dozen configurations of eight families of models, each behind a preprocessing of its own, are compared by
    cross-validation, the most promising first. While time is left after that, a model of the scores proposes further
    ones. An ensemble is selected by out-of-fold predictions, and its members are fitted on all rows. The budget
    includes that.

    Parameters
    ----------
    %(time_budget)s
    scoring : str, callable or None, default=None
        What to be best by, as in scikit-learn; None is ``"neg_log_loss"``, which wants good probabilities.
    estimators : "default" or list of str, default="default"
        Families of models to take part, of ``"boosting"``, ``"linear"``, ``"extra_trees"``, ``"random_forest"``,
        ``"svm"``, ``"neural_network"``, ``"nearest_neighbors"`` and ``"naive_bayes"``; ``"lightgbm"`` and
        ``"catboost"`` where these libraries are installed.
    %(ensemble)s
    %(n_iter)s
    %(cv)s
    %(n_jobs)s
    %(random_state)s
    %(checkpoint)s
    %(verbose)s

    Attributes
    ----------
    %(leaderboard_)s
    ensemble_ : EnsembleClassifier
        The members with their weights, fitted on all rows. By the log loss their product counts, not their mean, where
        it is better out of fold by a standard error.
    %(best_estimator_)s
    %(score_estimate_)s
    %(cv_results_)s
    temperature_ : float
        Power by which the ensemble's probabilities are sharpened, or blunted below 1, after its out-of-fold log loss.
        Of a product it is the sum of the members' powers.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    %(n_features_in_)s
    %(feature_names_in_)s

    See Also
    --------
    AutoRegressor : The same in regression.
    BayesSearchCV : Searches the parameters of one estimator.

    References
    ----------
    R. Caruana, A. Niculescu-Mizil, G. Crew, A. Ksikes: Ensemble selection from libraries of models. ICML 2004.

    T. Heskes: Selecting weighting factors in logarithmic opinion pools. NeurIPS 10, 1997.

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

    def _ensemble_of(self, chosen: Chosen, estimators: list[Any], weights: list[float]) -> EnsembleClassifier:
        voting = "geometric" if chosen.is_pool else "soft"
        return EnsembleClassifier(estimators, weights=weights, voting=voting, n_jobs=self.n_jobs)

    def _learn(self, chosen: Chosen, weights: NDArray[np.float64]) -> None:
        self.classes_ = self.ensemble_.classes_
        labels = chosen.table.labels
        assert labels is not None  # noqa: S101  # of a classifier
        if chosen.is_pool:
            self.temperature_ = float(weights.sum())
        else:
            self.temperature_ = temperature(chosen.blend(weights), labels, chosen.table.sample_weight)
