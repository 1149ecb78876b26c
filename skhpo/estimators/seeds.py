"""Whether an estimator draws the same random numbers at each fit: the one place where that is decided."""

from __future__ import annotations

from numbers import Integral
from typing import Any

_NAMES = {"random_state", "seed"}


def is_seed(value: Any) -> bool:
    """Whether a value of ``random_state`` gives the same numbers each time: None and generators do not.

    Examples
    --------
    >>> is_seed(0), is_seed(None), is_seed(True)
    (True, False, False)
    """
    return isinstance(value, Integral) and not isinstance(value, bool)


def seeds_of(estimator: Any) -> list[Any]:
    """Return what an estimator itself has for seeds, parts left out."""
    params = estimator.get_params(deep=False)
    return [params[name] for name in _NAMES & params.keys()]


def is_seeded(estimator: Any) -> bool:
    """Whether the ``random_state`` of an estimator that has one is a seed."""
    return is_seed(estimator.random_state)


def are_seeded(estimator: Any, *, beside: str) -> bool:
    """Whether all parts with a ``random_state`` have a seed, those left out whose names begin with ``beside``."""
    seeds = {name: value for name, value in estimator.get_params().items() if name.endswith("random_state")}
    return all(is_seed(seed) for name, seed in seeds.items() if not name.startswith(beside))
