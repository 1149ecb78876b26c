"""A search's own place in a checkpoint file, found by what the search depends on.

Equal fingerprints, equal trials and scores. What may change between two runs of one search is left out: how many
trials, how many workers, how long, how verbose.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from skhpo._sklearn import comparable_scorer, unwrapped_scorer
from skhpo.content import IndescribableError, describe, digest
from skhpo.journals.sqlite import SqliteJournal
from skhpo.search.untuned import codec, own_params

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from skhpo.fits.problem import Problem
    from skhpo.space import Space

T = TypeVar("T")


def open_checkpoint(
    path: str | os.PathLike[str],
    problem: Problem,
    *,
    space: Space,
    strategy: list[Any],
    random_state: Any,
    may_add: bool,
    facts: Mapping[str, Any],
    drawn_by: Any = None,
) -> SqliteJournal:
    """Return the journal of this search in a file.

    Parameters
    ----------
    path : path-like
        The file.
    problem : Problem
        What the search solves.
    space : Space
        What it may try.
    strategy : list
        Its name, and the settings that its trials depend on.
    random_state : int, RandomState instance or None
        Its seed.
    may_add : bool
        Whether it may be added to a file that holds others.
    facts : mapping of str to JSON-able
        What else those have to know who read the journal.
    drawn_by : dict or None
        What drew splits that cannot be drawn again, and is known of the search in their place.

    Raises
    ------
    ValueError, OSError, RuntimeError
        As `SqliteJournal`.
    TypeError
        If a part of the search shows nothing by which it could be told from another.
    """
    signature = _described("the space", space.signature)
    return SqliteJournal(
        path,
        fingerprint(
            problem,
            space=[signature, space.order()],
            strategy=strategy,
            random_state=random_state,
            drawn_by=drawn_by,
        ),
        codec=codec(space, own_params(space, problem.estimator)),
        header={
            "search": strategy[0],
            "n_splits": len(problem.splits),
            "return_train_score": problem.return_train_score,
            "error_score": repr(problem.error_score),
            "space": signature,
            **facts,
        },
        may_add=may_add,
    )


def fingerprint(
    problem: Problem, *, space: Any, strategy: Any, random_state: Any, drawn_by: Any = None
) -> dict[str, str]:
    """Return the fingerprint of a search.

    Parameters
    ----------
    problem : Problem
        Estimator, data, splits, scorers.
    space : JSON-able
        Signature of the space.
    strategy : object
        Which search it is and the settings that its trials depend on.
    random_state : int, RandomState instance or None
        Of the search; anything but an int can only be continued with the seed that the journal remembers.
    drawn_by : dict or None
        What drew the splits where they are others each time: they can only be continued with those that the journal
        remembers.

    Returns
    -------
    dict of str to str
        Hexadecimal hashes of ``X``, ``y``, ``splits``, ``fit parameters``, ``estimator``, ``space``, ``scoring``,
        ``strategy`` and ``random_state``.
    """
    known = {"is_cloned": False, "is_watched": False}  # data are given to fits as they are, and are not changed
    splits = drawn_by or [(np.asarray(train), np.asarray(test)) for train, test in problem.splits]
    scoring = [comparable_scorer(unwrapped_scorer(problem.scorer)), problem.return_train_score, problem.error_score]
    return {
        "X": _digest("X", problem.X, **known),
        "y": _digest("y", problem.y, **known),
        "splits": _digest("splits", splits, **known),
        "fit parameters": digest([_each(problem.fit_params), _each(problem.score_params)]),
        "estimator": _digest("the estimator", problem.estimator),
        "space": digest(space),
        "scoring": _digest("scoring", scoring),
        "strategy": _digest("the settings of the search", strategy),
        "random_state": digest(int(random_state) if isinstance(random_state, int | np.integer) else None),
    }


def _each(params: Mapping[str, Any]) -> dict[str, str]:
    return {name: _digest(f"fit parameter {name!r}", params[name], is_cloned=False) for name in sorted(params)}


def _digest(what: str, value: Any, **how: bool) -> str:
    return digest(_described(what, partial(describe, value, **how)))


def _described(what: str, describe: Callable[[], T]) -> T:
    """Return a description, or say which part of the search has none."""
    try:
        return describe()
    except IndescribableError as error:
        what = what if error.name is None else f"parameter {error.name!r}"
        raise TypeError(
            f"checkpoint needs {what} to be something that can be told from another of its kind, got (in it) an object "
            f"of class {error.kind}, which shows nothing of what it is. Give the class a __reduce__, or leave out one "
            "of the two."
        ) from None
