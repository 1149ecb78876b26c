"""What a search depends on, as hashes by part: equal fingerprints, equal trials and scores.

What may change between two runs of one search is left out: how many trials, how many workers, how long, how verbose.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

if TYPE_CHECKING:
    from skhpo.evaluation import Problem


def fingerprint(problem: Problem, *, space: Any, strategy: Any, random_state: Any) -> dict[str, str]:
    """Return the fingerprint of a search.

    Parameters
    ----------
    problem : Problem
        Estimator, data, splits, scorers.
    space : JSON-able
        Signature of the space.
    strategy : JSON-able
        Which search it is and the settings that its trials depend on.
    random_state : int, RandomState instance or None
        Of the search; anything but an int can only be continued with the seed that the journal remembers.

    Returns
    -------
    dict of str to str
        Hexadecimal hashes of ``X``, ``y``, ``splits``, ``fit parameters``, ``estimator``, ``space``, ``scoring``,
        ``strategy`` and ``random_state``.
    """
    return {
        "X": joblib.hash(problem.X),
        "y": joblib.hash(problem.y),
        "splits": joblib.hash([(np.asarray(train), np.asarray(test)) for train, test in problem.splits]),
        "fit parameters": joblib.hash([sorted(problem.fit_params.items()), sorted(problem.score_params.items())]),
        "estimator": _digest(signature(problem.estimator)),
        "space": _digest(space),
        "scoring": _digest([signature(problem.scorer), problem.return_train_score, repr(problem.error_score)]),
        "strategy": _digest(strategy),
        "random_state": _digest(int(random_state) if isinstance(random_state, int | np.integer) else None),
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:32]


def signature(value: Any) -> Any:  # noqa: PLR0911  (a case a line)
    """Return a JSON-able description of a value that is the same in every process.

    Estimators are their class and parameters, functions their module, name and source (a changed scorer is another
    scorer), arrays their content, anything else its class and attributes.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, np.generic):
        return signature(value.item())
    if isinstance(value, Mapping):
        return ["mapping", *sorted(([str(key), signature(item)] for key, item in value.items()), key=repr)]
    if isinstance(value, AbstractSet):
        return ["set", *sorted((signature(item) for item in value), key=repr)]
    if isinstance(value, Sequence) and not isinstance(value, bytes):
        return [type(value).__name__, *map(signature, value)]
    if isinstance(value, functools.partial):
        return ["partial", signature(value.func), signature(value.args), signature(value.keywords)]
    if isinstance(value, type) or inspect.isroutine(value):
        return ["code", _path(value), _source(value)]
    return [_path(type(value)), *_content(value)]


def _path(thing: Any) -> str:
    return f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', type(thing).__name__)}"


def _source(function: Any) -> str | None:
    """Return the source of a user's function; None where there is none to read, as in compiled code."""
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return None


def _content(value: Any) -> list[Any]:
    if hasattr(value, "get_params") and not isinstance(value, type):
        return [signature(value.get_params(deep=False))]
    if hasattr(value, "__dict__") and not hasattr(value, "__array__"):
        return [signature(vars(value))]
    return [joblib.hash(value)]
