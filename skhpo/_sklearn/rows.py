"""One fit on one split, to the letter as scikit-learn does it, but for how rows of arrays are taken.

Since version 1.9 scikit-learn asks of X and y, each time that it takes rows of them, whether a dozen libraries know
their types: half of what a fit that does nothing takes. Of a plain array it takes ``X[rows, ...]`` in the end, and so
does `take_rows` at once. `fit_and_score` is scikit-learn's own code with that name in its place.
"""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import get_config

# One fit and its scores; the sides of a split; the rows of any container.
from sklearn.model_selection._validation import _fit_and_score
from sklearn.utils import _safe_indexing
from sklearn.utils.metaestimators import _safe_split

if TYPE_CHECKING:
    from collections.abc import Callable


def take_rows(X: Any, rows: Any, *, axis: int = 0) -> Any:
    """Return rows of whatever has some, as scikit-learn's fits are given them; with ``axis=1`` columns."""
    is_plain = axis == 0 and type(X) is np.ndarray and X.ndim and type(rows) is np.ndarray and rows.dtype.kind in "iu"
    if is_plain and not get_config()["array_api_dispatch"]:
        return X[rows, ...]
    return _safe_indexing(X, rows, axis=axis)


def _with(function: Any, **names: Any) -> Callable[..., Any]:
    """Return a function that runs the same code and finds other objects under some of its global names."""
    other = FunctionType(
        function.__code__, {**function.__globals__, **names}, None, function.__defaults__, function.__closure__
    )
    other.__kwdefaults__ = function.__kwdefaults__
    return other


fit_and_score = _with(_fit_and_score, _safe_split=_with(_safe_split, _safe_indexing=take_rows))
