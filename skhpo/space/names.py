"""Whether the names in a space are parameters of an estimator."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from skhpo.space.dimension import Dimension
from skhpo.space.interop import as_dimension, check_values, is_plain
from skhpo.space.space import Space, space_of
from skhpo.space.tree import did_you_mean, mappings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def check_names(space: Space | Mapping[str, Any] | Sequence[Mapping[str, Any]], estimator: Any) -> None:
    """Raise if a parameter of a space is not one of an estimator, before anything is fitted.

    Parameters
    ----------
    space : Space, dict or list of dicts
        What is searched.
    estimator : estimator object
        What it is searched for. It is asked itself about names that ``get_params`` does not list, since an estimator
        may accept more than it lists. Parameters of a part that the search replaces cannot be known, and pass.

    Raises
    ------
    ValueError
        If the estimator does not accept a parameter of that name.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skhpo.space import check_names
    >>> check_names({"alpha": [0.1, 1.0]}, Ridge())
    >>> check_names({"alhpa": [0.1, 1.0]}, Ridge())
    Traceback (most recent call last):
        ...
    ValueError: Invalid parameter 'alhpa' for estimator Ridge(). Did you mean 'alpha'? ...
    """
    values = _values_by_name(space)
    valid = estimator.get_params(deep=True)
    for name, value in values.items():
        if name in valid or any(part in values for part in _prefixes(name)) or _accepts(estimator, name, value()):
            continue
        raise ValueError(
            f"Invalid parameter {name!r} for estimator {estimator!r}.{did_you_mean(name, valid)} "
            f"Valid parameters are {sorted(valid)}."
        )


def _prefixes(name: str) -> list[str]:
    """Return the names of the parts that a nested parameter belongs to: ``a`` and ``a__b`` for ``a__b__c``."""
    parts = name.split("__")
    return ["__".join(parts[:n]) for n in range(1, len(parts))]


def _values_by_name(space: Space | Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> dict[str, Callable[[], Any]]:
    """Return for each parameter how to get one of its values."""
    if not isinstance(space, Space) and is_plain(space):
        # Whatever their length, plain lists are not looked through.
        found: dict[str, Callable[[], Any]] = {}
        for mapping in mappings_of(space):
            for name, values in mapping.items():
                found.setdefault(name, partial(_some_value, _checked(name, values)))
        return found
    dimensions = space_of(space).parameters
    return {name: partial(_some_value, dimension) for name, dimension in dimensions.items()}


def _checked(name: str, values: Any) -> Any:
    if hasattr(values, "rvs"):
        return as_dimension(name, values)
    check_values(name, values)
    return values


def _some_value(values: Any) -> Any:
    if not isinstance(values, Dimension):
        return next(iter(values))
    (value,) = values.decode(np.array([0.5]))
    return value


def _accepts(estimator: Any, name: str, value: Any) -> bool:
    copy = clone(estimator)
    try:
        copy.set_params(**{name: value})
    except Exception:  # noqa: BLE001 - an estimator of one's own may refuse in its own way
        return False
    return True
