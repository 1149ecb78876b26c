"""The ``racing`` parameter of the searches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._sklearn import scorer_names
from skhpo.estimators.table import may_be_path
from skhpo.fits.amounts import names_in
from skhpo.history import Trial
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.halving import HalvingScheduler
from skhpo.schedulers.racing import CAREFUL, RacingScheduler
from skhpo.schedulers.racing_halving import RacingHalvingScheduler
from skhpo.search.families import CLOSE, alone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from skhpo.fits.problem import Problem
    from skhpo.history import Family
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler
    from skhpo.schedulers.halving import Bracket

_OF_A_LIST: dict[str, Any] = {"n_open": 20, "alpha": 0.03}
"""Where candidates do not depend on scores, many are under way, so that the best of them is complete early."""
_BEFORE_A_MODEL: dict[str, Any] = {
    "n_open": 4,
    "alpha": 0.05,
    "share": 0.5,
    "n_first": 2,
    "n_start": 8,
    "n_second": 4,
}
"""Where a model proposes, few are under way, since it is told of each score. A candidate is stopped below half the
chance that a new proposal is the best so far, as the model proposes another near it. The threshold is 5 % at first, and
falls as the best becomes rarer (docs/guide/racing.md). Two complete candidates are enough to measure others by. To wait
for a third takes up to four fits of a hopeless candidate, and is not worth them. Eight candidates get a fit each before
the best half of them gets a second, and two are completed before others start: with ten to thirty fits it counts most
how many candidates were seen at all (docs/decisions/0140-eight-before-one.md)."""
_ALIKE = 0.9  # of the most to train on


def racing_settings(search: Any, space: Any = ()) -> list[Any]:
    """Return what trials depend on in a race, for the description of a search."""
    is_close = search.share_fits == CLOSE
    shares = search.share_fits and any(may_be_path(name, is_close=is_close) for name in names_in(space))
    close = [CLOSE] if shares and is_close else []
    return close + (["racing", search.look_back, *(["families"] if shares else [])] if search.racing else [])


def make_scheduler(
    search: Any,
    problem: Problem,
    sampler: Sampler,
    n_trials: int,
    family_of: Callable[[Trial], Family | None] = alone,
) -> FixedScheduler:
    """Return what starts so many trials, and with ``racing=True`` stops those that will not be the best.

    Trials of a family begin on the same split, where one fit is enough for all of them.

    Raises
    ------
    ValueError
        If nothing says by which metric to race.
    """
    if not search.racing:
        return FixedScheduler(n_trials)
    n_turns = _n_alike(problem)
    settings = dict(_BEFORE_A_MODEL if sampler.is_adaptive else _OF_A_LIST)
    if n_turns < len(problem.splits) and not sampler.is_adaptive:
        settings["alpha"] = CAREFUL
    turns = () if family_of is alone else _turns(sampler, n_trials, family_of)
    return RacingScheduler(n_trials, n_turns=n_turns, turns=turns, **_settings(search, problem), **settings)


def _turns(sampler: Sampler, n_trials: int, family_of: Callable[[Trial], Family | None]) -> list[int]:
    """Number families and trials that are alone in the order of their first trials."""
    known: dict[Any, int] = {}
    turns = []
    for number in range(n_trials):
        params = sampler.ask(number, ())
        family = None if params is None else family_of(Trial(number, params))
        turns.append(known.setdefault(number if family is None else family, len(known)))
    return turns


def make_halving_scheduler(search: Any, problem: Problem, brackets: Sequence[Bracket]) -> Scheduler:
    """Return what runs brackets, and with ``racing=True`` stops trials that will not be promoted.

    Raises
    ------
    ValueError
        If nothing says by which metric to race, or when a rung is complete.
    """
    if search.asynchronous:
        if search.racing:
            raise ValueError(
                "racing=True needs rungs that are complete before anyone is promoted, got asynchronous=True. Leave one "
                "of the two False."
            )
        return AshaScheduler(brackets, search.factor)
    return (
        RacingHalvingScheduler(brackets, **_settings(search, problem)) if search.racing else HalvingScheduler(brackets)
    )


def _settings(search: Any, problem: Problem) -> dict[str, Any]:
    """Return the order of the splits, and whether failures are stopped.

    Splits with much to train on come first: they say most about all data, and in a time series are like what follows.
    """
    if callable(search.refit) or (search.refit is False and scorer_names(problem.scorer) is not None):
        raise ValueError(
            f"racing=True needs one metric that decides, got refit={search.refit!r}. Name a metric there, or leave "
            "racing=False."
        )
    can_tell = not isinstance(search.error_score, str) and math.isnan(search.error_score)
    order = np.argsort(-_n_train(problem), kind="stable").tolist()
    return {"order": order, "stops_failures": can_tell}


def _n_alike(problem: Problem) -> int:
    """Return on how many splits there is about as much to train on as on any: these take turns at being the first.

    If all began with the same split, the complete candidates would be those that were lucky there. What is typical of
    that split would be too high, and all others would look bad. And candidates that are alike share what suits them: a
    first split that does not suit a region would end each candidate of the region before it is seen elsewhere.
    """
    sizes = _n_train(problem)
    return int((sizes >= _ALIKE * sizes.max()).sum())


def _n_train(problem: Problem) -> NDArray[np.intp]:
    return np.array([np.size(train) for train, _ in problem.splits])
