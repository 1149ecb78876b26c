"""Which trials of a search may share fits: those of which all is known before the first is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.estimators.table import may_be_path
from skhpo.fits.amounts import Resource
from skhpo.fits.families import MOST_CANDIDATES, Families
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.racing import RacingScheduler

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.fits.problem import Problem
    from skhpo.history import Family, Trial
    from skhpo.search.plan import Plan

_ONE_BY_ONE = {FixedScheduler, RacingScheduler}
"""Schedulers of which trial number i has the sampler's proposal number i, on all of the data."""


def families(plan: Plan, problem: Problem, names: frozenset[str]) -> Callable[[Trial], Family | None]:
    """Return the family of a trial, None where it is alone.

    A sampler that learns from scores does not know what it will propose; and on rungs a trial has a share of the data
    that others do not have. There all are alone.

    Parameters
    ----------
    plan : Plan
        How the search goes about it.
    problem : Problem
        What is fitted.
    names : frozenset of str
        All parameters of the space.
    """
    n, sampler = plan.n_trials, plan.sampler
    if (
        n is None
        or not any(map(may_be_path, names))
        or n > MOST_CANDIDATES
        or sampler.is_adaptive
        or type(plan.scheduler) not in _ONE_BY_ONE
        or type(plan.resource) is not Resource
    ):
        return Families(problem, [])
    proposals = (sampler.ask(number, ()) for number in range(n))
    return Families(problem, [params for params in proposals if params is not None])
