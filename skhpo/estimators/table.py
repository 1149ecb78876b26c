"""The table of all that is known of estimators, by the exact class.

A class is known by the public module where users find it and by its name, so no library is imported for it; a subclass
may do anything else, and is not known.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skhpo.estimators import (
    boosting,
    decomposition,
    forests,
    neighbours,
    neural,
    penalties,
    selection,
    sequential,
    third_party,
    thresholds,
    trees,
)
from skhpo.estimators.facts import NOTHING, Facts, Path, count, no_objection

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.estimators.facts import Objection

FACTS: dict[str, Facts] = {}
for _family in (
    *(boosting, forests, trees, neighbours, selection, decomposition),
    *(sequential, neural, thresholds, third_party, penalties),
):
    FACTS.update(_family.FACTS)

TESTED = {
    "sklearn": ("1.6", "1.9"),
    "xgboost": ("3.2", "3.4"),
    "lightgbm": ("4.7", "4.7"),
    "catboost": ("1.2", "1.2"),
    "ngboost": ("0.6", "0.6"),
}
"""The oldest and the newest version of each library with which the paths were tested."""

_REGISTERED: dict[type, Facts] = {}


def facts_of(estimator: Any) -> Facts:
    """Return what is known of the class of an estimator.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skhpo.estimators.table import facts_of
    >>> facts_of(RandomForestClassifier()).iterations
    'n_estimators'
    """
    return _facts_of_class(type(estimator))


def _facts_of_class(kind: type) -> Facts:
    if kind in _REGISTERED:
        return _REGISTERED[kind]
    library = kind.__module__.partition(".")[0]
    for name in _NAMES.get(kind.__name__, ()):
        module, _, _ = name.rpartition(".")
        if module.partition(".")[0] == library and getattr(sys.modules.get(module), kind.__name__, None) is kind:
            return FACTS[name]
    return NOTHING


def path_of(estimator: Any, parameter: str) -> Path | None:
    """Return the path along a parameter of an estimator itself, None where none is known."""
    return facts_of(estimator).path(parameter)


def library_of(estimator: Any) -> str:
    """Return the name of the top-level package of an estimator's class."""
    return type(estimator).__module__.partition(".")[0]


def untested_version(estimator: Any) -> str | None:
    """Return in words why the installed version of a class's library is not trusted; None where it is."""
    library = library_of(estimator)
    if type(estimator) in _REGISTERED or library not in TESTED:
        return None
    version = str(getattr(sys.modules.get(library), "__version__", ""))
    low, high = TESTED[library]
    if _numbers(low) <= _numbers(version) <= _numbers(high):
        return None
    return f"{library} {version} is not among the tested versions, {low} to {high}"


def register_path(
    kind: type,
    parameter: str,
    cut: Callable[[Any, Any], Any],
    *,
    length: Callable[[Any], float | None] = count,
    objection: Objection = no_objection,
) -> None:
    """Say that along a parameter of a class, shorter models stand inside longer ones.

    `skhpo.testing.check_path` tells whether it is so.

    Parameters
    ----------
    kind : type
        The class of estimators; its subclasses are not meant.
    parameter : str
        The parameter.
    cut : callable
        ``cut(model, value)`` returns a view of a fitted model as if it had been fitted with a smaller value. It may
        share all it has with the model, and changes nothing in it.
    length : callable
        How far along the path a value is: the model of the farthest holds all others. By default the value itself, of
        positive integers. None for a value that is no place on the path.
    objection : callable
        ``objection(estimator, values, shape)`` returns why it does not hold for an estimator with these settings; None
        where it holds.

    Examples
    --------
    >>> from skhpo.estimators import register_path
    >>> class Counter:
    ...     def __init__(self, n=1):
    ...         self.n = n
    >>> register_path(Counter, "n", lambda model, value: Counter(value))
    """
    known = _facts_of_class(kind)
    others = tuple(path for path in known.paths if path.parameter != parameter)
    path = Path(parameter, cut, length=length, objection=objection)
    _PARAMETERS.add(parameter)
    _REGISTERED[kind] = replace(known, paths=(*others, path))


def _numbers(version: str) -> tuple[int, int]:
    """Return the first two numbers of a version."""
    found = [int(number) for number in re.findall(r"\d+", version)[:2]]
    return (found[0], found[1]) if len(found) == 2 else (0, 0)


_NAMES: dict[str, list[str]] = {}
for _name in FACTS:
    _NAMES.setdefault(_name.rpartition(".")[2], []).append(_name)

_ALL = [path for facts in FACTS.values() for path in facts.paths]
_PARAMETERS = {path.parameter for path in _ALL if not path.close}
_CLOSE = {path.parameter for path in _ALL if path.close}


def may_be_path(name: str, *, is_close: bool = False) -> bool:
    """Whether some estimator has a path along a parameter of this name; ``is_close`` counts those not to the bit."""
    parameter = name.rpartition("__")[2]
    return parameter in _PARAMETERS or (is_close and parameter in _CLOSE)
