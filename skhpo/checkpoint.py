"""A search's own place in a checkpoint file, found by what the search depends on.

Equal fingerprints, equal trials and scores. What may change between two runs of one search is left out: how many
trials, how many workers, how long, how verbose.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from skhpo._sklearn import unwrapped_scorer
from skhpo.journals.events import Codec
from skhpo.journals.sqlite import SqliteJournal
from skhpo.space import describe

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from skhpo.evaluation import Problem
    from skhpo.space import Space


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
    """
    return SqliteJournal(
        path,
        fingerprint(problem, space=space.signature(), strategy=strategy, random_state=random_state, drawn_by=drawn_by),
        codec=Codec(space.to_json, space.from_json),
        header={
            "search": strategy[0],
            "n_splits": len(problem.splits),
            "return_train_score": problem.return_train_score,
            "error_score": repr(problem.error_score),
            "space": space.signature(),
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
    return {
        "X": joblib.hash(problem.X),
        "y": joblib.hash(problem.y),
        "splits": joblib.hash(
            [(np.asarray(train), np.asarray(test)) for train, test in problem.splits]
            if drawn_by is None
            else [describe(drawn_by["splitter"]), sorted(drawn_by["given"].items())]
        ),
        "fit parameters": joblib.hash([sorted(problem.fit_params.items()), sorted(problem.score_params.items())]),
        "estimator": _digest(problem.estimator),
        "space": _digest(space),
        "scoring": _digest([unwrapped_scorer(problem.scorer), problem.return_train_score, problem.error_score]),
        "strategy": _digest(strategy),
        "random_state": _digest(int(random_state) if isinstance(random_state, int | np.integer) else None),
    }


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(describe(value), sort_keys=True).encode()).hexdigest()[:32]
