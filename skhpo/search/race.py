"""The ``racing`` parameter of the searches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from skhpo._sklearn import scorer_names
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.racing import RacingScheduler

if TYPE_CHECKING:
    from skhpo._base_search import BaseSearch
    from skhpo.evaluation import Problem
    from skhpo.samplers.base import Sampler

_N_OPEN = 4
"""Candidates to have under way where a model proposes, which is told of each score: the best of them goes on first."""


def make_scheduler(search: BaseSearch, problem: Problem, sampler: Sampler, n_trials: int) -> FixedScheduler:
    """Return what starts so many trials, and with ``racing=True`` stops those that will not be the best.

    Splits with much to train on come first: they say most about all data, and in a time series are like what follows.

    Raises
    ------
    ValueError
        If nothing says by which metric to race.
    """
    if not search.racing:
        return FixedScheduler(n_trials)
    if callable(search.refit) or (search.refit is False and scorer_names(problem.scorer) is not None):
        raise ValueError(
            f"racing=True needs one metric that decides, got refit={search.refit!r}. Name a metric there, or leave "
            "racing=False."
        )
    sizes = [np.size(train) for train, _ in problem.splits]
    can_tell = not isinstance(search.error_score, str) and math.isnan(search.error_score)
    return RacingScheduler(
        n_trials,
        order=np.argsort([-size for size in sizes], kind="stable").tolist(),
        **({"n_open": _N_OPEN} if sampler.is_adaptive else {}),
        stops_failures=can_tell,
    )
