"""An estimator that does what another one does."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sklearn import get_config
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skhpo.estimators.tags import tags_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray
    from sklearn.utils import Tags

_Method = TypeVar("_Method")

_ROUTED = (
    *("fit", "partial_fit", "fit_transform", "fit_predict", "score"),
    *("predict", "predict_proba", "predict_log_proba", "decision_function", "transform", "inverse_transform"),
)
"""Methods whose metadata scikit-learn routes."""


def _where_it_has(method: str) -> Callable[[_Method], _Method]:
    """Return a decorator of what is there where the chosen estimator has a method; its own error says why not."""

    def check(outer: Delegation) -> bool:
        getattr(outer._current(), method)  # noqa: SLF001 - it is ours
        return True

    return available_if(check)  # type: ignore[no-any-return]


class Delegation(BaseEstimator):  # type: ignore[misc]
    """An estimator that has the methods, tags and learnt attributes of a chosen one.

    * `_chosen` must return the estimator that is meant, not fitted, and raise if there is none.
    * `_all` must return all that could be chosen.
    """

    estimator_: Any

    @abstractmethod
    def _chosen(self) -> Any:
        """Return the estimator that is meant, not fitted."""

    @abstractmethod
    def _all(self) -> Sequence[Any]:
        """Return all estimators that could be chosen."""

    def _current(self) -> Any:
        """Return the fitted estimator, the chosen one before there is any."""
        return self.estimator_ if hasattr(self, "estimator_") else self._chosen()

    def __sklearn_tags__(self) -> Tags:
        return tags_of(self._chosen())

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "estimator_")

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing: all goes to the chosen estimator.

        Returns
        -------
        routing : MetadataRouter
            As scikit-learn's meta-estimators return it.
        """
        mapping = MethodMapping()
        for method in _ROUTED:
            mapping.add(caller=method, callee=method)
        return MetadataRouter(owner=type(self).__name__).add(estimator=self._chosen(), method_mapping=mapping)

    def _given(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return what the chosen estimator is given beside X and y."""
        if get_config()["enable_metadata_routing"]:
            return dict(process_routing(self, method, **params)["estimator"][method])
        if "sample_weight" in params and isinstance(self._chosen(), Pipeline) and method == "fit":
            last = self._chosen().steps[-1][0]
            return {f"{last}__{key}" if key == "sample_weight" else key: value for key, value in params.items()}
        return params

    def _call(self, method: str, *args: Any, **params: Any) -> Any:
        check_is_fitted(self)
        return getattr(self.estimator_, method)(*args, **self._given(method, params))

    def _call_fitting(self, method: str, X: Any, y: Any, params: dict[str, Any]) -> Any:
        """Call a method that fits on a clone of the chosen estimator, and keep it if that works."""
        estimator = clone(self._chosen())
        found = getattr(estimator, method)(X, y, **self._given(method, params))
        self.estimator_ = estimator
        return found

    # -- what it does -------------------------------------------------------------------------------------------------

    def fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Self:
        """Fit a clone of the chosen estimator.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples, in any form that the chosen one takes.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            The targets.
        **params : dict
            What the chosen one is given beside them.

        Returns
        -------
        self : estimator
            Fitted.

        Raises
        ------
        TypeError
            If ``candidates`` is no dict.
        ValueError
            If ``choice`` is none of its names.
        """
        self._call_fitting("fit", X, y, params)
        return self

    @_where_it_has("partial_fit")
    def partial_fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Self:
        """Fit the chosen estimator on more samples; see its own method.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,), default=None
            The targets.
        **params : dict
            What the chosen one is given beside them, as ``classes``.

        Returns
        -------
        self : estimator
            Fitted further.
        """
        estimator = self.estimator_ if hasattr(self, "estimator_") else clone(self._chosen())
        estimator.partial_fit(X, y, **self._given("partial_fit", params))
        self.estimator_ = estimator
        return self

    @_where_it_has("fit_transform")
    def fit_transform(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Any:
        """Fit a clone of the chosen transformer and return the samples transformed; see its own method."""
        return self._call_fitting("fit_transform", X, y, params)

    @_where_it_has("fit_predict")
    def fit_predict(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Any:
        """Fit a clone of the chosen estimator and return what it says of these samples; see its own method."""
        return self._call_fitting("fit_predict", X, y, params)

    @_where_it_has("predict")
    def predict(self, X: Any, **params: Any) -> Any:
        """Return the predictions of the chosen estimator, of shape (n_samples,) or (n_samples, n_outputs)."""
        return self._call("predict", X, **params)

    @_where_it_has("predict_proba")
    def predict_proba(self, X: Any, **params: Any) -> Any:
        """Return the probabilities of the classes from the chosen classifier, of shape (n_samples, n_classes)."""
        return self._call("predict_proba", X, **params)

    @_where_it_has("predict_log_proba")
    def predict_log_proba(self, X: Any, **params: Any) -> Any:
        """Return logarithms of probabilities from the chosen classifier, of shape (n_samples, n_classes)."""
        return self._call("predict_log_proba", X, **params)

    @_where_it_has("decision_function")
    def decision_function(self, X: Any, **params: Any) -> Any:
        """Return the decision values of the chosen one, of shape (n_samples,) or (n_samples, n_classes)."""
        return self._call("decision_function", X, **params)

    @_where_it_has("score_samples")
    def score_samples(self, X: Any) -> Any:
        """Return the chosen estimator's score of each sample, of shape (n_samples,)."""
        check_is_fitted(self)
        return self.estimator_.score_samples(X)

    @_where_it_has("transform")
    def transform(self, X: Any, **params: Any) -> Any:
        """Return the samples as the chosen transformer transforms them, of shape (n_samples, n_features_out)."""
        return self._call("transform", X, **params)

    @_where_it_has("inverse_transform")
    def inverse_transform(self, X: Any, **params: Any) -> Any:
        """Return samples transformed back by the chosen transformer, of shape (n_samples, n_features)."""
        return self._call("inverse_transform", X, **params)

    @_where_it_has("score")
    def score(self, X: Any, y: ArrayLike | None = None, **params: Any) -> float:
        """Return the chosen estimator's own score."""
        return float(self._call("score", X, y, **params))

    @_where_it_has("get_feature_names_out")
    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the names of the columns that the chosen transformer returns, of shape (n_features_out,)."""
        check_is_fitted(self)
        names: NDArray[Any] = self.estimator_.get_feature_names_out(input_features)
        return names

    @_where_it_has("set_output")
    def set_output(self, *, transform: str | None = None) -> Self:
        """Say in which container all candidates return what they transform.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            As of any transformer; None changes nothing.

        Returns
        -------
        self : estimator
            This one.
        """
        for candidate in (*self._all(), self._current()):
            if hasattr(candidate, "set_output"):
                candidate.set_output(transform=transform)
        return self

    @property
    def classes_(self) -> Any:
        """Classes that the chosen classifier knows, of shape (n_classes,); a list of them for several outputs."""
        return self._learned("classes_")

    @property
    def n_features_in_(self) -> int:
        """Number of columns seen in `fit`."""
        return int(self._learned("n_features_in_"))

    @property
    def feature_names_in_(self) -> NDArray[Any]:
        """Names of the columns seen in `fit`, of shape (n_features,)."""
        names: NDArray[Any] = self._learned("feature_names_in_")
        return names

    def _learned(self, name: str) -> Any:
        if not hasattr(self, "estimator_"):
            raise AttributeError(f"{type(self).__name__} has no {name} before it is fitted.")
        return getattr(self.estimator_, name)
