"""Ensembles: weighted means of what several estimators predict, as estimators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from joblib import Parallel, delayed
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.model_selection import check_cv
from sklearn.utils import get_tags, indexable
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skhpo._sklearn import check_method_params, take_rows
from skhpo.fits.trackers import unrecorded
from skhpo.honesty.log_pool import logs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from sklearn.utils import Tags

    from skhpo.honesty.estimate import ScoreEstimate


class _Ensemble(BaseEstimator):  # type: ignore[misc]
    """What ensembles share: fitting members in parallel, on all data or on the training side of each split."""

    estimate_: ScoreEstimate  # of `search.ensemble`; not there where fitted by hand

    def __init__(
        self, estimators: Sequence[Any], *, weights: Sequence[float] | None, cv: Any, n_jobs: int | None
    ) -> None:
        self.estimators = estimators
        self.weights = weights
        self.cv = cv
        self.n_jobs = n_jobs

    def _fit(self, X: Any, y: Any, params: dict[str, Any], *, is_classifier: bool) -> None:
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        self.weights_ = self._checked_weights()
        X, y = indexable(X, y)
        params = check_method_params(X, params=params)
        splits: list[Any] = [None]
        if self.cv is not None:
            splits = [train for train, _ in check_cv(self.cv, y, classifier=is_classifier).split(X, y)]
        with unrecorded():
            fitted = Parallel(n_jobs=self.n_jobs)(
                delayed(_fit_one)(clone(estimator), X, y, train, params)
                for estimator in self.estimators
                for train in splits
            )
        self.estimators_ = [fitted[start : start + len(splits)] for start in range(0, len(fitted), len(splits))]
        self._take_names()

    def hold(self, fitted: Sequence[Any]) -> None:
        """Take estimators that were fitted elsewhere, one for each of ``estimators``."""
        self.weights_ = self._checked_weights()
        self.estimators_ = [[one] for one in fitted]
        self._take_names()

    def _take_names(self) -> None:
        first = self.estimators_[0][0]
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(first, name):
                setattr(self, name, getattr(first, name))

    def _checked_weights(self) -> NDArray[np.float64]:
        n = len(self.estimators)
        if not n:
            raise ValueError("estimators needs at least one estimator, got none.")
        weights = np.ones(n) if self.weights is None else np.asarray(self.weights, dtype=np.float64)
        if weights.shape != (n,) or not (weights >= 0).all() or not weights.sum() > 0:
            raise ValueError(
                f"weights needs one number of 0 or more for each of {n} estimators, and one above 0, got "
                f"{self.weights!r}."
            )
        return np.asarray(weights / weights.sum())

    def _members(self) -> Iterator[tuple[Any, float]]:
        """Yield fitted members and their shares, those of an estimator's folds alike."""
        check_is_fitted(self, "estimators_")
        for weight, members in zip(self.weights_, self.estimators_, strict=True):
            for member in members:
                yield member, weight / len(members)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inner = [get_tags(each) for each in self.estimators]
        tags.input_tags.allow_nan = all(each.input_tags.allow_nan for each in inner)
        tags.input_tags.sparse = all(each.input_tags.sparse for each in inner)
        tags.input_tags.string = all(each.input_tags.string for each in inner)
        tags.input_tags.positive_only = any(each.input_tags.positive_only for each in inner)
        tags.target_tags.multi_output = all(each.target_tags.multi_output for each in inner)
        tags.non_deterministic = any(each.non_deterministic for each in inner)
        return tags


def _fit_one(estimator: Any, X: Any, y: Any, train: Any, params: dict[str, Any]) -> Any:
    """Return an estimator that was fitted on all rows, or on those that are named."""
    if train is None:
        return estimator.fit(X, y, **params)
    params = check_method_params(X, params=params, indices=train)
    return estimator.fit(take_rows(X, train), take_rows(y, train), **params)


def _has_probabilities(ensemble: EnsembleClassifier) -> bool:
    if ensemble.voting == "hard":
        raise AttributeError("predict_proba needs voting='soft' or 'geometric', got voting='hard'.")
    members = [each[0] for each in getattr(ensemble, "estimators_", ())] or ensemble.estimators
    return all(hasattr(each, "predict_proba") for each in members)


class EnsembleClassifier(ClassifierMixin, _Ensemble):  # type: ignore[misc]
    """The weighted mean of the probabilities, or the votes, of several classifiers.

    ``search.ensemble()`` selects members and weights and fits them. It is cloned and fitted again like any estimator.

    Parameters
    ----------
    estimators : sequence of estimator
        Cloned and fitted.
    weights : sequence of float or None, default=None
        Share of each; None is the same for all.
    voting : {"soft", "geometric", "hard"}, default="soft"
        What is averaged: probabilities, their logarithms, or labels. Before its logarithm is taken, a probability gets
        1e-5 of the uniform distribution, so that no member rules a label out alone.
    cv : int, splitter, iterable or None, default=None
        None fits each estimator on all rows. Otherwise on the training side of each split, and the mean of these models
        counts for it.
    n_jobs : int or None, default=None
        Fits at the same time, as in scikit-learn.

    Attributes
    ----------
    estimators_ : list of list of estimator
        Fitted members: one for each estimator, or one for each split.
    weights_ : ndarray of shape (n_estimators,)
        Shares, which sum to one.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    estimate_ : ScoreEstimate
        What to expect on new data, where ``search.ensemble()`` made it: the selection of the members was repeated in
        each bootstrap.

    See Also
    --------
    EnsembleRegressor : The same in regression.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skhpo import EnsembleClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> members = [LogisticRegression(max_iter=1000), KNeighborsClassifier()]
    >>> EnsembleClassifier(members, weights=[3, 1]).fit(X, y).score(X, y) > 0.9
    True
    """

    def __init__(
        self,
        estimators: Sequence[Any],
        *,
        weights: Sequence[float] | None = None,
        voting: str = "soft",
        cv: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(estimators, weights=weights, cv=cv, n_jobs=n_jobs)
        self.voting = voting

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit all members.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,)
            Labels.
        **params : dict of str to object
            Passed to the ``fit`` of each member, and split with the samples where they are aligned with them.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If an argument of the constructor is out of range.
        """
        if self.voting not in {"soft", "geometric", "hard"}:
            raise ValueError(f"voting needs to be 'soft', 'geometric' or 'hard', got {self.voting!r}.")
        self._fit(X, y, params, is_classifier=True)
        self._take_labels()
        return self

    def hold(self, fitted: Sequence[Any]) -> None:
        """Take estimators that were fitted elsewhere, one for each of ``estimators``."""
        super().hold(fitted)
        self._take_labels()

    def _take_labels(self) -> None:
        self.classes_ = np.unique(np.concatenate([member.classes_ for member, _ in self._members()]))

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the mean probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        if self.voting == "geometric":
            return np.asarray(softmax(self._mean(X, self._logs_of), axis=1))
        return self._mean(X, self._probabilities_of)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label with the largest mean probability, or the most votes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        of = {"soft": self._probabilities_of, "geometric": self._logs_of, "hard": self._votes_of}[self.voting]
        found: NDArray[Any] = self._mean(X, of).argmax(axis=1)
        return np.asarray(self.classes_[found])

    def _mean(self, X: Any, of: Callable[[Any, Any], NDArray[np.float64]]) -> NDArray[np.float64]:
        total: Any = 0.0
        for member, weight in self._members():
            total = total + weight * of(member, X)
        return np.asarray(total)

    def _probabilities_of(self, member: Any, X: Any) -> NDArray[np.float64]:
        given = member.predict_proba(X)
        one = np.zeros((len(given), len(self.classes_)))
        one[:, np.searchsorted(self.classes_, member.classes_)] = given
        return one

    def _logs_of(self, member: Any, X: Any) -> NDArray[np.float64]:
        return logs_of(self._probabilities_of(member, X))

    def _votes_of(self, member: Any, X: Any) -> NDArray[np.float64]:
        return np.asarray(np.asarray(member.predict(X))[:, None] == self.classes_, dtype=np.float64)


class EnsembleRegressor(RegressorMixin, _Ensemble):  # type: ignore[misc]
    """The weighted mean of the predictions of several regressors.

    ``search.ensemble()`` selects members and weights and fits them. It is cloned and fitted again like any estimator.

    Parameters
    ----------
    estimators : sequence of estimator
        Cloned and fitted.
    weights : sequence of float or None, default=None
        Share of each; None is the same for all.
    cv : int, splitter, iterable or None, default=None
        None fits each estimator on all rows. Otherwise on the training side of each split, and the mean of these models
        counts for it.
    n_jobs : int or None, default=None
        Fits at the same time, as in scikit-learn.

    Attributes
    ----------
    estimators_ : list of list of estimator
        Fitted members: one for each estimator, or one for each split.
    weights_ : ndarray of shape (n_estimators,)
        Shares, which sum to one.
    estimate_ : ScoreEstimate
        What to expect on new data, where ``search.ensemble()`` made it: the selection of the members was repeated in
        each bootstrap.

    See Also
    --------
    EnsembleClassifier : The same in classification.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from skhpo import EnsembleRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> EnsembleRegressor([Ridge(0.1), KNeighborsRegressor(20)]).fit(X, y).score(X, y) > 0.5
    True
    """

    def __init__(
        self,
        estimators: Sequence[Any],
        *,
        weights: Sequence[float] | None = None,
        cv: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(estimators, weights=weights, cv=cv, n_jobs=n_jobs)

    def fit(self, X: Any, y: Any, **params: Any) -> Self:
        """Fit all members.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        **params : dict of str to object
            Passed to the ``fit`` of each member, and split with the samples where they are aligned with them.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If an argument of the constructor is out of range.
        """
        self._fit(X, y, params, is_classifier=False)
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the mean predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        total: Any = 0.0
        for member, weight in self._members():
            one = np.asarray(member.predict(X))
            # Of one column of targets some regressors return a column, and some a row.
            total = total + weight * (one[:, 0] if one.ndim == 2 and one.shape[1] == 1 else one)
        return np.asarray(total)
