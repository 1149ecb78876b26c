"""Callbacks of scikit-learn that estimators carry."""

from __future__ import annotations

from numbers import Number
from typing import Any


def has_callbacks(value: Any) -> bool:
    """Whether an estimator, or one inside of it, has callbacks; lists and dicts of them are looked through."""
    if isinstance(value, str | Number):
        return False
    if isinstance(value, dict):
        return any(map(has_callbacks, value.values()))
    if isinstance(value, list | tuple):
        # A long list of numbers is seen to be one without looking at each.
        return not {*map(type, value)} <= {int, float, str, bool, type(None)} and any(map(has_callbacks, value))
    if getattr(value, "_skl_callbacks", None):
        return True
    if hasattr(value, "get_params") and not isinstance(value, type):
        return any(map(has_callbacks, value.get_params(deep=False).values()))
    return has_callbacks(getattr(value, "choices", ()))
