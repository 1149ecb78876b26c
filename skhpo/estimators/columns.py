"""Scales of columns as hyperparameters: a penalty or a kernel width for each feature."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data


class ColumnScale(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Multiply each column by a factor: each factor is a hyperparameter.

    Before a linear model with penalty lambda on its squared weights, a factor s on a column is a penalty of
    lambda / s^2 on that column's weight. Before a Gaussian kernel of width gamma it is a width of gamma s^2 in that
    direction. Factors are the parameters ``scale_0``, ``scale_1``, ...; :class:`~skhpo.PerFeature` names all of them.

    Parameters
    ----------
    scale : array-like of shape (n_scales,)
        The factors, one for each column, or one for each group of columns.
    groups : array-like of shape (n_features,) or None, default=None
        For each column the number of its factor, from 0. None is a factor for each column.

    Attributes
    ----------
    n_features_in_ : int
        Columns seen in `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen in `fit`, where they have names.

    Examples
    --------
    >>> import numpy as np
    >>> from skhpo import ColumnScale
    >>> scale = ColumnScale(np.ones(2), groups=[0, 1, 1]).set_params(scale_1=10.0)
    >>> scale.fit_transform([[1.0, 2.0, 3.0]])
    array([[ 1., 20., 30.]])
    """

    def __init__(self, scale: Any, groups: Any = None) -> None:
        self.scale = scale
        self.groups = groups

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters; with ``deep``, each factor too.

        Parameters
        ----------
        deep : bool, default=True
            Whether to list the factors as ``scale_0``, ``scale_1``, ...

        Returns
        -------
        params : dict of str to object
            Parameters and their values.
        """
        params = {"scale": self.scale, "groups": self.groups}
        factors = {f"scale_{j}": float(factor) for j, factor in enumerate(self.scale)} if deep else {}
        return {**params, **factors}

    def set_params(self, **params: Any) -> Self:
        """Set parameters, single factors among them.

        Parameters
        ----------
        **params : dict of str to object
            ``scale``, ``groups``, or factors.

        Returns
        -------
        self : object
            This transformer.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        whole = {name: value for name, value in params.items() if name in {"scale", "groups"}}
        for name, value in whole.items():
            setattr(self, name, value)
        factors = {name: value for name, value in params.items() if name not in whole}
        if factors:
            places = {f"scale_{j}": j for j in range(len(self.scale))}
            scale = np.array(self.scale, dtype=np.float64)  # the array may be the user's
            for name, value in factors.items():
                if name not in places:
                    raise ValueError(
                        f"Invalid parameter {name!r} for ColumnScale. Valid parameters are 'scale', 'groups', and "
                        f"'scale_0' to 'scale_{len(scale) - 1}'."
                    )
                scale[places[name]] = value
            self.scale = scale
        return self

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002
        """Check that there is a factor for each column.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.
        y : object, default=None
            Not used.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If the factors are not positive, or the groups do not fit.
        """
        validate_data(self, X, accept_sparse="csr", dtype=np.float64)
        scale, places = np.asarray(self.scale, dtype=np.float64), self.places()
        if len(places) != self.n_features_in_:
            raise ValueError(
                f"ColumnScale needs a factor for each of {self.n_features_in_} columns, got {len(places)}. Pass scale "
                "of that length, or groups with an entry for each column."
            )
        if scale.ndim != 1 or not (np.isfinite(scale).all() and (scale > 0).all()):
            raise ValueError(f"scale needs positive numbers, got {self.scale!r}. Leave a column out to drop it.")
        if places.min() < 0 or places.max() >= len(scale):
            raise ValueError(f"groups needs numbers from 0 to {len(scale) - 1}, got {self.groups!r}.")
        return self

    def transform(self, X: Any) -> Any:
        """Return the scaled columns.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Samples.

        Returns
        -------
        X_scaled : ndarray or sparse matrix of shape (n_samples, n_features)
            Each column times its factor.
        """
        check_is_fitted(self, "n_features_in_")
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        factors = np.asarray(self.scale, dtype=np.float64)[self.places()]
        return X @ sparse.diags(factors).tocsr() if sparse.issparse(X) else X * factors

    def places(self) -> Any:
        """Return for each column the number of its factor, shape (n_features,)."""
        return np.arange(len(self.scale)) if self.groups is None else np.asarray(self.groups, dtype=np.intp)

    def __sklearn_tags__(self) -> Any:
        """Say that sparse matrices are welcome."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
