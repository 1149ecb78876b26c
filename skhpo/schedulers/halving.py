"""Successive halving: many trials on little of the resource, the best of them on more, and so on.

Notation
--------
eta : factor by which trials become fewer and the resource more from rung to rung.
R : the full resource, which the last rung always has.
s : rungs below the last one; rung ``k`` of ``s + 1`` has about ``R eta^(k - s)``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from skhpo.history import Trial
from skhpo.schedulers.base import Scheduler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.history import History
    from skhpo.schedulers.base import Ask


class Rung(NamedTuple):
    """A level of a schedule.

    Parameters
    ----------
    number : int
        Its place, from 0; rungs of different brackets with the same number have the same resource.
    n_trials : int
        Trials it has.
    n_resources : int
        What each of them gets.
    fraction : float
        The same as a share of the full resource, in (0, 1].
    """

    number: int
    n_trials: int
    n_resources: int
    fraction: float = 1.0


Bracket: TypeAlias = "Sequence[Rung]"


def n_required_rungs(n_trials: int, factor: float) -> int:
    """Number of rungs after which fewer than ``factor`` trials are left to be told apart.

    Examples
    --------
    >>> [n_required_rungs(n, 3) for n in (2, 3, 27, 243)]
    [1, 2, 4, 6]
    """
    return _n_times(n_trials, factor)


def n_possible_rungs(min_resources: int, max_resources: int, factor: float) -> int:
    """Number of rungs that fit between two amounts of the resource.

    Examples
    --------
    >>> n_possible_rungs(20, 180, 3), n_possible_rungs(20, 179, 3), n_possible_rungs(20, 20, 3)
    (3, 2, 1)
    """
    return _n_times(max_resources // min_resources, factor)


def halving_bracket(
    n_trials: int,
    min_resources: int,
    max_resources: int,
    factor: float = 3,
    *,
    aggressive_elimination: bool = False,
) -> list[Rung]:
    """Return the rungs of successive halving, with scikit-learn's numbers of trials.

    Amounts are computed down from the full resource, so that the last rung has all of it; computed up from the least
    amount, as in scikit-learn, it may be left with half.

    Parameters
    ----------
    n_trials : int
        Trials of the first rung.
    min_resources, max_resources : int
        No rung has less, the last has the latter.
    factor : float
        Eta, above 1.
    aggressive_elimination : bool
        Where the resource has room for fewer rungs than it takes to leave one trial, stay on the least amount for as
        many rungs as are missing.

    Examples
    --------
    >>> [(rung.n_trials, rung.n_resources) for rung in halving_bracket(20, 50, 1000)]
    [(20, 111), (7, 333), (3, 1000)]
    """
    n_required = n_required_rungs(n_trials, factor)
    n_possible = n_possible_rungs(min_resources, max_resources, factor)
    n_rungs = n_required if aggressive_elimination else min(n_required, n_possible)
    n_levels = min(n_rungs, n_possible)
    rungs = []
    for number in range(n_rungs):
        n_resources = _divided(max_resources, factor, min(n_rungs - 1 - number, n_levels - 1))
        rungs.append(Rung(number, n_trials, n_resources, n_resources / max_resources))
        n_trials = math.ceil(n_trials / factor)
    return rungs


class HalvingScheduler(Scheduler):
    """Runs brackets of successive halving, each rung when the one below is finished.

    The next bracket starts while the last rung of the one before it runs. The order of the trials follows from the
    brackets alone; so, where the sampler does not learn, the search is the same whatever the number of workers.

    Parameters
    ----------
    brackets : sequence of sequences of Rung
        Ascending resources in each. The trials of a first rung are new, those of the others are the best of the rung
        before; a trial that failed is not promoted, nor is another in its place once there is none.

    Examples
    --------
    >>> from skhpo.history import History
    >>> scheduler = HalvingScheduler([halving_bracket(9, 1, 9)])
    >>> trial = scheduler.next_trial(History(n_splits=5), lambda number: {"C": 10.0**number})
    >>> trial.params, round(trial.fraction, 3), scheduler.n_trials
    ({'C': 1.0}, 0.111, 13)
    """

    def __init__(self, brackets: Sequence[Bracket]) -> None:
        self.brackets = brackets
        self.n_trials: int = sum(rung.n_trials for bracket in brackets for rung in bracket)

    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the trial to start now, or None: wait for the rung, or all is done."""
        for number, bracket in enumerate(self.brackets):
            first, *others = bracket
            found = history.rung(number, first.number)
            n_found = len(found.trials)
            has_begun_second = bool(others) and bool(history.rung(number, others[0].number).trials)
            if n_found < first.n_trials and not has_begun_second:
                trial = new_trial(history, ask, number, first)
                if trial is not None or not n_found:
                    return trial
            for rung in others:
                if found.n_open:  # not all is known of them
                    return None
                below, found = found, history.rung(number, rung.number)
                # Where a fit that failed was run again, the order may have changed since the first were promoted.
                winner = below.best_waiting(rung.n_trials)
                if winner is not None and len(found.trials) < min(rung.n_trials, len(below.ranking)):
                    return promoted(history, winner, rung)
        return None


def new_trial(history: History, ask: Ask, bracket: int, rung: Rung) -> Trial | None:
    """Return a trial with parameters of the sampler, who counts its proposals and not our trials."""
    params = ask(history.n_proposed)
    if params is None:
        return None
    return Trial(len(history.trials), params, fraction=rung.fraction, rung=rung.number, bracket=bracket)


def promoted(history: History, number: int, rung: Rung) -> Trial:
    """Return a trial with the parameters of another, on another rung."""
    trial = history.trials[number]
    return Trial(
        len(history.trials),
        trial.params,
        fraction=rung.fraction,
        rung=rung.number,
        bracket=trial.bracket,
        parent=trial.number,
    )


def _n_times(ratio: float, factor: float) -> int:
    """1 + floor(log_factor(ratio)), without the rounding of logarithms."""
    n = 0
    while ratio >= factor**n * (1 - 1e-12):
        n += 1
    return n


def _divided(max_resources: int, factor: float, n: int) -> int:
    """Max_resources / factor^n, rounded down, without the rounding of powers."""
    return max(1, math.floor(max_resources / factor**n + 1e-9))
