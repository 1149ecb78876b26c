"""What is refused before time is spent, and what to do instead."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from skhpo.automl.values import check_names, is_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def check_table(X: Any, name: str) -> Any:
    """Return samples that a portfolio can be fitted on: a frame as it is, anything else as an array or sparse matrix.

    Raises
    ------
    ValueError
        If they are no table.
    """
    if X is None:
        raise ValueError(f"{name} requires X to be passed, but X is None. Give a table with a row for each sample.")
    if isinstance(X, str | bytes | dict) and not issparse(X):  # a sparse matrix of keys is a dict, too
        raise TypeError(
            f"{name} needs X as a table, got {type(X).__name__}. Read a file first, for example by pandas.read_csv."
        )
    if issparse(X):
        X = X.tocsr() if X.ndim == 2 else X.toarray()
    elif is_frame(X):
        check_names(list(X.columns))
    else:
        X = _as_array(X, name)
    _check_complex(X, name)
    _check_shape(tuple(X.shape), name)
    return X


def _check_complex(X: Any, name: str) -> None:
    if getattr(getattr(X, "dtype", None), "kind", "") == "c":
        raise ValueError(
            f"Complex data not supported: {name} takes no complex numbers in X. Give real and imaginary parts as "
            "columns of their own."
        )


def _check_shape(shape: tuple[int, ...], name: str) -> None:
    if len(shape) != 2:
        hint = " Reshape your data: X.reshape(-1, 1) makes a column, X.reshape(1, -1) a row." if len(shape) == 1 else ""
        raise ValueError(f"{name} needs X with two dimensions, rows and columns, got shape {shape}.{hint}")
    for number, what in zip(shape, ("sample", "feature"), strict=True):
        if number == 0:
            raise ValueError(
                f"{name} needs rows and columns, got X with 0 {what}(s) (shape={shape}) while a minimum of 1 is "
                "required."
            )


def _as_array(X: Any, name: str) -> NDArray[Any]:
    try:
        found = np.asarray(X)
        if found.dtype.kind in "SU":  # numbers and texts together became texts
            found = np.asarray(X, dtype=object)
    except ValueError as error:
        raise ValueError(f"{name} needs rows of one length in X: {error}") from error
    return found


def check_labels(y: Any, name: str) -> NDArray[Any]:
    """Return labels, shape (n_samples,).

    Raises
    ------
    ValueError
        If they are none, or there is only one.
    """
    labels = _check_target(y, name)
    kind = type_of_target(labels)
    if kind.startswith("continuous"):
        raise ValueError(
            f"{name} needs labels, got a continuous y with {len(np.unique(labels))} numbers such as {labels[0]:g}. "
            "Use AutoRegressor for numbers, or cut them into classes."
        )
    found = np.unique(labels)
    if len(found) < 2:
        raise ValueError(f"{name} needs at least two labels in y, got only one class, {found.tolist()[0]!r}.")
    if len(found) > max(_MOST_LABELS, len(labels) // 2):
        raise ValueError(
            f"{name} got {len(found)} labels for {len(labels)} rows: most occur once. Is y a name of the row? "
            "Use AutoRegressor for numbers."
        )
    return labels


_MOST_LABELS = 3


def check_numbers(y: Any, name: str) -> NDArray[np.float64]:
    """Return targets as numbers, shape (n_samples,).

    Raises
    ------
    ValueError
        If they are none.
    """
    y = _check_target(y, name)
    try:
        numbers: NDArray[np.float64] = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(
            f"{name} needs numbers in y, got values such as {y.ravel()[0]!r}. Use AutoClassifier for labels."
        ) from None
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name} needs finite numbers in y, got {int((~np.isfinite(numbers)).sum())} that are not.")
    if (numbers == numbers[0]).all():
        raise ValueError(f"{name} needs numbers in y that differ, got {numbers[0]:g} in every row.")
    return numbers


def _check_target(y: Any, name: str) -> NDArray[Any]:
    if y is None:
        raise ValueError(f"{name} requires y to be passed, but the target y is None.")
    found = np.asarray(y)
    if found.ndim == 2 and found.shape[1] > 1:
        raise ValueError(
            f"{name} predicts one target, got y with {found.shape[1]} columns. Fit one for each, for example by "
            "sklearn.multioutput."
        )
    found = np.asarray(column_or_1d(found, warn=True))
    if len(found) and _n_missing(found):
        raise ValueError(
            f"{name} needs a target in each row, got y with {_n_missing(found)} missing ones. Leave out these rows."
        )
    return _in_one_type(found, name)


def _n_missing(y: NDArray[Any]) -> int:
    if y.dtype.kind in "fc":
        return int(np.isnan(y).sum())
    if y.dtype.kind == "O":
        return sum(value is None or bool(value != value) for value in map(_known, y))  # noqa: PLR0124  (NaN)
    return 0


def _known(value: Any) -> Any:
    """Return a value that can be compared: pandas.NA is neither equal nor unequal to itself."""
    return None if type(value).__name__ in {"NAType", "NaTType"} else value


def _in_one_type(y: NDArray[Any], name: str) -> NDArray[Any]:
    if y.dtype.kind != "O":
        return y
    kinds = {str if isinstance(value, str) else bool if isinstance(value, bool) else float for value in y}
    if len(kinds) > 1:
        raise ValueError(f"{name} needs values of one kind in y, got texts and numbers together. Make all texts.")
    return np.asarray(y.tolist())


def check_size(X: Any, least: int, name: str) -> None:
    """Refuse too few rows."""
    if X.shape[0] < least:
        raise ValueError(
            f"{name} compares models by cross-validation, which needs {least} rows or more, got n_samples={X.shape[0]}."
        )


def check_lengths(X: Any, y: Any, name: str) -> None:
    """Refuse targets of another number of rows."""
    if X.shape[0] != len(y):
        raise ValueError(f"{name} needs a target for each row, got X with {X.shape[0]} rows and y with {len(y)}.")


def check_families(estimators: Any, known: Sequence[str], name: str) -> tuple[str, ...] | None:
    """Return the families that are wanted; None for all.

    Raises
    ------
    ValueError
        If one is not known.
    """
    if isinstance(estimators, str) and estimators == "default":
        return None
    if isinstance(estimators, str) or not all(isinstance(each, str) for each in estimators):
        raise ValueError(
            f"estimators needs to be 'default' or names of families of models, got {estimators!r}. {name} knows "
            f"{', '.join(known)}."
        )
    wanted = tuple(estimators)
    if unknown := sorted(set(wanted) - set(known)):
        raise ValueError(
            f"estimators has {', '.join(unknown)}, which {name} does not know, or whose library is not installed. It "
            f"knows {', '.join(known)}."
        )
    if not wanted:
        raise ValueError(f"estimators needs at least one family of models, got none. {name} knows {', '.join(known)}.")
    return wanted


def check_weights(sample_weight: Any, n: int) -> NDArray[np.float64] | None:
    """Return weights of rows, shape (n_samples,)."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n,):
        raise ValueError(f"sample_weight needs one number for each of {n} rows, got shape {weight.shape}.")
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.sum() > 0:
        raise ValueError("sample_weight needs finite numbers of 0 or more, and one above zero.")
    return weight


def check_groups(groups: Any, n: int) -> NDArray[Any] | None:
    """Return groups of rows, shape (n_samples,)."""
    if groups is None:
        return None
    found = np.asarray(groups)
    if found.shape != (n,):
        raise ValueError(f"groups needs one value for each of {n} rows, got shape {found.shape}.")
    if len(np.unique(found)) < 2:
        raise ValueError("groups needs at least two different values: rows of a group stay on one side of each split.")
    return found


def check_seed(random_state: Any) -> int:
    """Return a seed as a number; drawn where there is none."""
    if random_state is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if isinstance(random_state, Integral):
        return int(random_state)
    return int(random_state.randint(2**31 - 1))
