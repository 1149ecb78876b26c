"""A table as a model needs it: `tabular_preprocessor` reads the columns when it is fitted."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.sparse import csr_matrix, issparse
from sklearn import config_context, get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from skhpo._sklearn import Interval, fit_context
from skhpo.automl.columns import heavy_tails, read_columns
from skhpo.automl.recipes import Recipes
from skhpo.automl.target import target_of
from skhpo.automl.values import as_numbers, check_names, columns_of, is_frame
from skhpo.estimators.needs import needs_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray
    from sklearn.compose import ColumnTransformer
    from sklearn.utils import Tags

    from skhpo.automl.columns import Column


class TabularPreprocessor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Columns of a table turned into what a model needs.

    `tabular_preprocessor` makes one, and says what it does.

    Parameters
    ----------
    estimator : estimator or None, default=None
        The model that the columns are for; it is not fitted. None prepares for any model.
    cardinality_threshold : int, default=40
        Categories up to which a column is one-hot or ordinal encoded. With more, it is encoded by the targets.
    min_frequency : int or float, default=2
        Categories that are rarer share one column, of those that are one-hot encoded: a number of rows, or a share.
    n_components : int, default=30
        Most columns that a column of texts becomes.
    random_state : int, RandomState instance or None, default=0
        Seed of target encoding, quantiles and components. None draws another one in each `fit`.

    Attributes
    ----------
    transformer_ : ColumnTransformer
        What was built and fitted, of scikit-learn's own parts.
    kinds_ : list of str of length n_features
        What each column holds: ``"number"``, ``"boolean"``, ``"date"``, ``"category"``, ``"text"``, or ``"nothing"`` if
        all is missing or one value is everywhere.
    is_categorical_ : ndarray of shape (n_features_out,), bool
        Which of the columns that `transform` returns are codes of categories: whole numbers from 0, without order. A
        histogram gradient boosting takes it as ``categorical_features``.
    n_features_in_ : int
        Number of columns seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns, if they have names.

    Examples
    --------
    >>> from skhpo.automl import TabularPreprocessor
    >>> TabularPreprocessor().fit_transform([["a", 1], ["b", 3], ["a", 2], ["b", 2]])
    array([[-1.41421356,  1.        ,  0.        ],
           [ 1.41421356,  0.        ,  1.        ],
           [ 0.        ,  1.        ,  0.        ],
           [ 0.        ,  0.        ,  1.        ]])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 - as scikit-learn declares them
        "cardinality_threshold": [Interval(Integral, 1, None, closed="left")],
        "min_frequency": [Interval(Integral, 1, None, closed="left"), Interval(Real, 0, 1, closed="neither")],
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        cardinality_threshold: int = 40,
        min_frequency: float = 2,
        n_components: int = 30,
        random_state: Any = 0,
    ) -> None:
        self.estimator = estimator
        self.cardinality_threshold = cardinality_threshold
        self.min_frequency = min_frequency
        self.n_components = n_components
        self.random_state = random_state

    def fit(self, X: Any, y: ArrayLike | None = None) -> Self:
        """Read the columns, and fit what they need.

        Parameters
        ----------
        X : frame of pandas or polars, array-like or sparse matrix of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or None
            The targets, by which columns of many categories are encoded.

        Returns
        -------
        self : TabularPreprocessor
            Fitted.

        Raises
        ------
        TypeError
            If ``estimator`` is no estimator.
        ValueError
            If the table has no rows or columns, a name twice, or complex numbers, or has other rows than ``y``.
        """
        self.fit_transform(X, y)
        return self

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit_transform(self, X: Any, y: ArrayLike | None = None) -> Any:
        """Fit, and return the columns as the model is to be fitted on.

        Categories encoded by targets are cross-fitted here, as `TargetEncoder` does: a row is not encoded by its own
        target. So this is not `transform` after `fit`.

        Parameters
        ----------
        X : frame of pandas or polars, array-like or sparse matrix of shape (n_samples, n_features)
            The table.
        y : array-like of shape (n_samples,) or None
            The targets.

        Returns
        -------
        X_out : ndarray or sparse matrix of shape (n_samples, n_features_out)
            Numbers; or a frame, if `set_output` asks for one.
        """
        _check_model(self.estimator)
        X = self._checked(X, reset=True)
        check_consistent_length(X, y)
        y = y if y is None else _flat(y)
        columns = [] if issparse(X) else self._read(X)
        recipes = self._recipes(X, y, columns)
        self.kinds_ = ["number"] * X.shape[1] if issparse(X) else [column.kind for column in columns]
        self._was_sparse = issparse(X)
        transformer = recipes.build_sparse(X.shape[1]) if issparse(X) else recipes.build()
        self.transformer_: ColumnTransformer = transformer
        self._takes_sparse = recipes.needs.takes_sparse
        with config_context(transform_output="default"):  # a frame, if one is asked for, is made of the whole
            found = transformer.fit_transform(X, y)
        self.is_categorical_ = np.zeros(found.shape[1], dtype=bool)
        for name in recipes.coded:
            self.is_categorical_[transformer.output_indices_.get(name, slice(0, 0))] = True
        return self._finished(found)

    def transform(self, X: Any) -> Any:
        """Return the columns as the model takes them.

        What was not there in `fit` raises nothing: an unknown category is encoded as a rare or a missing one, a missing
        value is filled in where the model takes none, and so is what is infinite or has the wrong type.

        Parameters
        ----------
        X : frame of pandas or polars, array-like or sparse matrix of shape (n_samples, n_features)
            The same columns as in `fit`.

        Returns
        -------
        X_out : ndarray or sparse matrix of shape (n_samples, n_features_out)
            Numbers; or a frame, if `set_output` asks for one.
        """
        check_is_fitted(self)
        X = self._as_in_fit(self._checked(X, reset=False))
        with config_context(transform_output="default"):
            found = self.transformer_.transform(X)
        return self._finished(found)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[Any]:
        """Return the names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str or None
            Names of the columns in `fit`, if they had none.

        Returns
        -------
        names : ndarray of str objects of shape (n_features_out,)
            A category is named as in ``sex_male``, a part of a date as in ``sold_month``.
        """
        check_is_fitted(self)
        names = self.transformer_.get_feature_names_out(input_features)
        return np.array(_unique([self._shown(name, input_features) for name in names]), dtype=object)

    def _shown(self, name: str, input_features: Any) -> str:
        """Return a name without the part that made it; components of texts with the column."""
        part, _, rest = name.partition("__")
        if not part.startswith("text"):
            return rest
        number = int(part.removeprefix("text"))
        named = getattr(self, "feature_names_in_", input_features)
        column = f"x{number}" if named is None else named[number]
        return f"{column}_{rest}"

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inputs = tags.input_tags
        inputs.allow_nan = inputs.string = inputs.categorical = inputs.sparse = True
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _checked(self, X: Any, *, reset: bool) -> Any:
        """Return a frame as it is, an array of two dimensions for all else; with scikit-learn's errors."""
        if not is_frame(X):
            return validate_data(
                self, _as_array(X), reset=reset, dtype=None, accept_sparse="csr", ensure_all_finite=False
            )
        check_names(list(X.columns))
        validate_data(self, X, reset=reset, skip_check_array=True)
        for number, what in zip(X.shape, ("sample", "feature"), strict=True):
            if number == 0:
                raise ValueError(f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is required.")
        return X

    def _as_in_fit(self, X: Any) -> Any:
        """Return a table sparse or dense, as that of `fit` was: the parts were built for one of them."""
        if issparse(X):
            return X if self._was_sparse else X.toarray()
        return csr_matrix(as_numbers(X)) if self._was_sparse else X

    def _read(self, X: Any) -> list[Column]:
        columns = read_columns(X, self.cardinality_threshold)
        if needs_of(self.estimator).is_tree:
            return columns
        numbers = [column.number for column in columns if column.kind == "number"]
        return _with_tails(columns, numbers, as_numbers(_taken(X, numbers))) if numbers else columns

    def _recipes(self, X: Any, y: Any, columns: Sequence[Column]) -> Recipes:
        return Recipes(
            columns=columns,
            needs=needs_of(self.estimator),
            target=target_of(y, self.estimator),
            n_samples=X.shape[0],
            is_sparse_welcome=_container(self) == "default",
            threshold=self.cardinality_threshold,
            min_frequency=self.min_frequency,
            n_components=self.n_components,
            random_state=self.random_state,
        )

    def _finished(self, X: Any) -> Any:
        """Return a result dense, unless the model takes sparse data and no frame is asked for."""
        is_dense = not self._takes_sparse or _container(self) != "default"
        return X.toarray() if issparse(X) and is_dense else X


def _container(transformer: Any) -> str:
    """Return what `set_output` or the configuration asks of a transformer: ``"default"`` for an array."""
    own = getattr(transformer, "_sklearn_output_config", {}).get("transform")
    return str(own or get_config()["transform_output"])


def tabular_preprocessor(estimator: Any = None, *, random_state: Any = 0) -> TabularPreprocessor:
    """Return a transformer that reads a table and prepares it for a model.

    It takes frames of pandas and polars and arrays, of objects too. When it is fitted, it builds a `ColumnTransformer`.
    Which transformer a column gets depends on what it holds and on what the model needs:

    * Numbers: as they are for trees; else `StandardScaler`, with long tails `QuantileTransformer`.
    * Booleans: 0 and 1.
    * Dates: year, month, day, weekday, ... as numbers, scaled but for trees.
    * Few categories: `OrdinalEncoder` for trees; else `OneHotEncoder`, with rare ones together.
    * Many categories: `TargetEncoder`.
    * Texts: `TfidfVectorizer` and `TruncatedSVD`; linear models that take sparse data get the words.

    Where the model takes no missing values, `SimpleImputer` fills them in and adds a column that says where. Columns
    without values, and those with the same value everywhere, are left out.

    Parameters
    ----------
    estimator : estimator or None, default=None
        The model that the columns are for. Its tags say whether it takes missing values and sparse data, and its class
        whether it is made of trees or linear. Of a pipeline the last step counts. None prepares for any model.
    random_state : int, RandomState instance or None, default=0
        Seed of target encoding, quantiles and components. None draws another one in each `fit`.

    Returns
    -------
    transformer : TabularPreprocessor
        Not fitted. Its parameters may be searched over.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skhpo import tabular_preprocessor
    >>> model = HistGradientBoostingClassifier(random_state=0)
    >>> pipeline = make_pipeline(tabular_preprocessor(model), model)
    >>> X = [["red", 1.0], ["blue", None], ["red", 3.0], ["green", 2.0]] * 20
    >>> pipeline.fit(X, [0, 1, 0, 1] * 20).predict([["blue", float("inf")], ["purple", 1.0]])
    array([1, 0])
    """
    return TabularPreprocessor(estimator, random_state=random_state)


def _check_model(estimator: Any) -> None:
    if estimator is not None and (isinstance(estimator, type) or not hasattr(estimator, "fit")):
        raise TypeError(f"estimator needs to be an estimator or None, got {estimator!r}. Write for example SVC().")


def _as_array(X: Any) -> Any:
    """Return lists of rows as an array of objects, which keeps what NumPy would turn into strings."""
    if not isinstance(X, list | tuple):
        return X
    objects = np.array(X, dtype=object)
    return np.array(X) if objects.ndim == 2 and _are_numbers(objects) else objects


def _are_numbers(X: NDArray[Any]) -> bool:
    return all(isinstance(value, Real) for value in X.ravel())


def _taken(X: Any, numbers: Sequence[int]) -> Any:
    """Return some columns of a table as an array."""
    if not is_frame(X):
        return X[:, list(numbers)]
    columns = columns_of(X)
    return np.column_stack([as_numbers(columns[number].to_frame()) for number in numbers])


def _with_tails(columns: Sequence[Column], numbers: Sequence[int], values: NDArray[np.float64]) -> list[Column]:
    is_heavy = dict(zip(numbers, heavy_tails(values).tolist(), strict=True))
    return [replace(column, is_heavy=is_heavy.get(column.number, False)) for column in columns]


def _flat(y: Any) -> NDArray[Any]:
    """Return targets as an array, a single column of them flat."""
    targets: NDArray[Any] = np.asarray(y)
    return targets.ravel() if targets.ndim == 2 and targets.shape[1] == 1 else targets


def _unique(names: Sequence[str]) -> list[str]:
    """Return names, with a number behind each that was there before."""
    seen: dict[str, int] = {}
    found = []
    for name in names:
        seen[name] = seen.get(name, -1) + 1
        found.append(f"{name}_{seen[name]}" if seen[name] else name)
    return found
