"""Identity and equality of parameter values, which may be anything.

A value of a space can be an estimator, a list of pipeline steps, an array, a function: neither its hash nor its ``==``
can be relied on. Two questions are asked of it, and answered here: *is it the very same point?* (`freeze`) and *is it
what the user meant?* (`same`). The third, *is it the same in another process?*, is `skhpo.content`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.content.arrays import ArrayKey, type_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

PRIMITIVES = (bool, int, float, complex, str, bytes, type(None))
_LARGE = 2**16
"""Bytes of an array above which no copy of it is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class _Identity:
    """Key of an object that is only equal to itself; holds it, so that its address is not given to another."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.value is other.value

    def __hash__(self) -> int:
        return id(self.value)


def freeze(value: Any) -> Hashable:  # noqa: C901, PLR0911  # one return per kind of value
    """Return a hashable that is equal for values that cannot be told apart.

    Numbers and strings go by type and value (``True``, ``1`` and ``1.0`` are three values: ``max_features=1`` is not
    ``max_features=1.0``), NumPy scalars as Python's, containers by their elements, arrays by their bytes, of which
    large ones are not copied, and all else by identity.

    Parameters
    ----------
    value : object
        Any value of a parameter.

    Returns
    -------
    key : hashable
    """
    if isinstance(value, np.generic):
        value = value.item()
    kind = type(value)
    if kind is float and math.isnan(value):
        return "float", "nan"
    if kind in PRIMITIVES:
        return kind.__name__, value
    if kind is range:
        return "range", value
    if isinstance(value, tuple | list):
        return kind, tuple(freeze(element) for element in value)
    if isinstance(value, dict):
        return kind, frozenset((freeze(key), freeze(element)) for key, element in value.items())
    if isinstance(value, set | frozenset):
        return kind, frozenset(freeze(element) for element in value)
    if isinstance(value, np.ma.MaskedArray):
        return "masked", freeze(np.asarray(value.data)), freeze(np.ma.getmaskarray(value))
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            return "array", value.shape, tuple(freeze(element) for element in value.ravel())
        if value.nbytes > _LARGE:
            return "array", ArrayKey(value)
        return "array", value.shape, type_of(value), value.tobytes()
    return _Identity(value)


def params_key(params: Mapping[str, Any]) -> tuple[tuple[str, Hashable], ...]:
    """Return the identity of a configuration, for finding duplicates without a space.

    Parameters
    ----------
    params : mapping of str to object
        Parameter values.

    Returns
    -------
    key : tuple of (str, hashable)
        Sorted by name; equal for equal values, where objects are equal to themselves only.

    Examples
    --------
    >>> from skhpo.space import params_key
    >>> params_key({"a": [1, 2], "b": "x"}) == params_key({"b": "x", "a": [1, 2]})
    True
    >>> params_key({"max_features": 1}) == params_key({"max_features": 1.0})
    False
    """
    return tuple((name, freeze(params[name])) for name in sorted(params))


def is_number(value: Any) -> bool:
    """Whether a value is a real number, which booleans are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def as_float(number: Any) -> float:
    """Return a number in double precision, infinity where it is too large for it, as ``10**400``."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def is_finite(number: Any) -> bool:
    """Whether a number is finite in double precision."""
    return math.isfinite(as_float(number))


def shown(value: Any) -> str:
    """Return the ``repr`` of a value for a message, and if that raises, what it is."""
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001  # a foreign __repr__ may raise anything
        return f"<{type(value).__qualname__} whose repr raises {type(error).__name__}>"


def agrees(params: Mapping[str, Any], own: Mapping[str, Any]) -> bool:
    """Whether all of some parameters are what an estimator has of its own, as `same` has it."""
    return all(name in own and same(value, own[name]) for name, value in params.items())


def same(a: Any, b: Any) -> bool:  # noqa: PLR0911  # one return per kind of value
    """Whether a user who writes ``a`` means ``b``.

    Wider than `freeze`: ``1`` is ``1.0``, objects of one class with equal ``get_params()`` are the same, and a class's
    own ``==`` is asked last.

    Parameters
    ----------
    a, b : object
        Any values of parameters.

    Returns
    -------
    is_same : bool
    """
    if a is b or freeze(a) == freeze(b):
        return True
    if is_number(a) and is_number(b):
        return bool(a == b)
    if type(a) is not type(b) or isinstance(a, PRIMITIVES):
        return False
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return False
    if hasattr(a, "get_params") and not isinstance(a, type):
        return same(a.get_params(deep=False), b.get_params(deep=False))
    try:
        return bool(a == b)
    except Exception:  # noqa: BLE001  # a foreign __eq__ may raise anything, as pandas does; then nothing is known
        return False
