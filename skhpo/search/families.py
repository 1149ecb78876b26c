"""Which trials of a search may share fits: those of which all is known before the first is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.estimators.table import may_be_path
from skhpo.fits.amounts import names_in
from skhpo.fits.families import MOST_CANDIDATES, Families

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.fits.problem import Problem
    from skhpo.history import Family, Trial
    from skhpo.samplers.base import Sampler


CLOSE = "close"
"""The value of ``share_fits`` that asks for what is not to the bit, too."""


def alone(trial: Trial) -> None:
    """Return no family."""


def families(
    search: Any, problem: Problem, space: Any, sampler: Sampler, n_trials: int
) -> Callable[[Trial], Family | None]:
    """Return the family of a trial, None where it is alone.

    All are alone where a sampler learns from scores, as nobody knows what it will propose. Where callbacks watch the
    fits each is run: they would else be told of some that did not happen.

    Parameters
    ----------
    search : BaseSearch
        Which may share fits or not.
    problem : Problem
        What is fitted.
    space : object
        What may be tried, as the user gave it.
    sampler : Sampler
        Whose proposal number i is trial number i, on all of the data.
    n_trials : int
        How many.
    """
    if not search.share_fits or problem.caller is not None or sampler.is_adaptive or n_trials > MOST_CANDIDATES:
        return alone
    if problem.recording is not None and problem.recording.is_always:  # outcomes wait for all splits of their trial
        return alone
    is_close = search.share_fits == CLOSE
    if not any(may_be_path(name, is_close=is_close) for name in names_in(space)):
        return alone
    proposals = (sampler.ask(number, ()) for number in range(n_trials))
    return Families(problem, [params for params in proposals if params is not None], is_close=is_close)
