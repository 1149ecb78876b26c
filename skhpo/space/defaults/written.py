"""The word "default" in a space, written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from skhpo.space.defaults.conditions import met
from skhpo.space.defaults.registry import _is_classifier, space_of
from skhpo.space.defaults.traits import traits_of
from skhpo.space.interop import as_dimension
from skhpo.space.tree import SEPARATOR, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.space.defaults.traits import Traits

DEFAULT = "default"
"""What a user writes in the place of a space, or of the ranges of a step or a parameter."""


def asks_for_default(space: Any) -> bool:
    """Whether a space, as a user writes it, leaves something to be written out.

    Examples
    --------
    >>> asks_for_default("default"), asks_for_default({"svc": "default"}), asks_for_default({"C": ["default"]})
    (True, True, False)
    """
    parts = space if isinstance(space, list | tuple) else [space]
    return any(
        _is_default(part) or (isinstance(part, Mapping) and any(map(_is_default, part.values()))) for part in parts
    )


def written_out(
    space: Any, estimator: Any, X: Any = None, y: Any = None, *, keeps: Callable[[str], bool] | None = None
) -> Any:
    """Return a space without the word "default".

    Parameters
    ----------
    space : dict, list of dict or str
        As a user writes it. ``"default"`` stands for all that is known of the estimator; as the value of a step, for
        what is known of the step; as the value of a parameter, for its range.
    estimator : estimator
        What is searched.
    X, y : array-like or None
        The data.
    keeps : callable or None
        ``keeps(name)``: whether a parameter may be among those that "default" stands for.

    Returns
    -------
    space : dict or list of dict
        The very same object, where it does not say "default".

    Raises
    ------
    ValueError
        If nothing is known of what "default" is to stand for, or there is nothing to tune.
    """
    if isinstance(space, str) and space != DEFAULT:
        raise ValueError(f'A space needs to be a dict, a list of dicts or "default", got {space!r}.')
    if not asks_for_default(space):
        return space
    data = traits_of(X, y, is_classifier=_is_classifier(estimator))
    if isinstance(space, list | tuple):
        return [_part(part, estimator, data, keeps or _all) for part in space]
    return _part(space, estimator, data, keeps or _all)


def _all(name: str) -> bool:  # noqa: ARG001
    return True


def _is_default(value: Any) -> bool:
    return isinstance(value, str) and value == DEFAULT


def _part(part: Any, estimator: Any, data: Traits, keeps: Callable[[str], bool]) -> Any:
    known = estimator.get_params(deep=True)
    if _is_default(part):
        found, given, beside = space_of(estimator, data), {}, {}
    elif isinstance(part, Mapping) and any(map(_is_default, part.values())):
        whole = space_of(estimator, data, is_lenient=True)
        given = {name: value for name, value in part.items() if not _is_default(value)}
        beside = {name: as_dimension(name, value) for name, value in given.items() if name in whole}
        found = {}
        for name in (name for name, value in part.items() if _is_default(value)):
            found |= _below(name, whole, known, data)
    else:
        return part
    found = {name: dimension for name, dimension in found.items() if keeps(name) and name not in given}
    found = met(found, known, beside)
    if not found and not given:
        raise ValueError(
            f'"default" needs something to tune, got {type(estimator).__name__}, which has nothing. Fit it as it '
            "is, or write a space."
        )
    return {**given, **found}


def _below(name: str, whole: Mapping[str, Any], known: Mapping[str, Any], data: Traits) -> dict[str, Any]:
    """Return what is known of a step, or of a parameter."""
    found = {other: whole[other] for other in whole if other == name or other.startswith(name + SEPARATOR)}
    if found or hasattr(known.get(name), "get_params"):
        if not found:
            space_of(known[name], data)  # raises where nothing is known of it
        return found
    if name not in known:
        raise ValueError(f"Invalid parameter {name!r} in the space.{did_you_mean(name, known)}")
    raise ValueError(
        f'"default" needs a step, or a parameter with a default range, got {name!r}.{did_you_mean(name, whole)} '
        "Write its range, as Float(low, high)."
    )
