"""The best regressor that a time can buy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from skhpo.automl.base import AutoEstimator
from skhpo.automl.checks import check_numbers
from skhpo.automl.texts import documented
from skhpo.honesty.ensemble import EnsembleRegressor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.automl.members import Chosen


@documented
class AutoRegressor(RegressorMixin, AutoEstimator):  # type: ignore[misc]
    """The best regressor that a time can buy, with no space to write.

    Some twenty configurations of seven families of models, each behind a preprocessing of its own, are compared by
    cross-validation, the most promising first. While time is left after that, a model of the scores proposes further
    ones. An ensemble is selected by out-of-fold predictions, and its members are fitted on all rows. The budget
    includes that.

    Parameters
    ----------
    %(time_budget)s
    scoring : str, callable or None, default=None
        What to be best by, as in scikit-learn; None is ``"neg_root_mean_squared_error"``.
    estimators : "default" or list of str, default="default"
        Families of models to take part, of ``"boosting"``, ``"linear"``, ``"extra_trees"``, ``"random_forest"``,
        ``"svm"``, ``"neural_network"`` and ``"nearest_neighbors"``; ``"lightgbm"`` and ``"catboost"`` where these
        libraries are installed.
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
    ensemble_ : EnsembleRegressor
        The members with their weights, fitted on all rows.
    %(best_estimator_)s
    %(score_estimate_)s
    %(cv_results_)s
    %(n_features_in_)s
    %(feature_names_in_)s

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

    def _ensemble_of(
        self,
        chosen: Chosen,  # noqa: ARG002
        estimators: list[Any],
        weights: list[float],
    ) -> EnsembleRegressor:
        return EnsembleRegressor(estimators, weights=weights, n_jobs=self.n_jobs)
