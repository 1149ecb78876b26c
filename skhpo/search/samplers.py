"""The samplers that have a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.samplers.first import FirstSampler
from skhpo.samplers.grid import GridSampler
from skhpo.samplers.random import RandomSampler
from skhpo.samplers.rungs import RungSampler
from skhpo.search.untuned import own_params
from skhpo.space import is_plain, warn_of_bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skhpo.history import Params
    from skhpo.samplers.base import Sampler
    from skhpo.search.plan import Start

BEFORE_A_RACE = BayesOptions(n_init=8, n_line=0)
"""A race begins with one fit for each of eight candidates, on different splits. A model learns too little from so few
scores to choose them, and points that cover the space are better (docs/decisions/0140-eight-before-one.md). A line
search needs scores of nearly all splits, here and on rungs."""


def taken(start: Start) -> Any:
    """Return the space as samplers take it: as it was written where scikit-learn could search it, else built."""
    return start.written if is_plain(start.written) else start.space()


def grid(start: Start, n_iter: int) -> Sampler:  # noqa: ARG001
    """Return the points of a grid; before them the estimator as it came, where it is wanted and not among them."""
    sampler = GridSampler(taken(start))
    own = own_params(start.space(), start.problem.estimator).outside if start.is_untuned_first else None
    return sampler if own is None else FirstSampler(own, sampler, sampler.n_max + 1)


def random(start: Start, n_iter: int) -> Sampler:
    """Return random points, of which a journal may remember the first; the estimator as it came where it is wanted."""
    warn_of_bounds(start.written)
    own = own_params(start.space(), start.problem.estimator).params if start.is_untuned_first else None
    done = start.done if own is None else start.done[1:]
    sampler = RandomSampler(taken(start), n_iter=n_iter, random_state=start.random_state, done=done)
    return sampler if own is None else FirstSampler(own, sampler, min(n_iter, sampler.n_max + 1))


def bayes(
    start: Start,
    n_iter: int = 0,  # noqa: ARG001
    *,
    initial_params: Sequence[Params] = (),
    prior: tuple[list[Params], list[float]] | None = None,
    is_race: bool = False,
) -> Sampler:
    """Return where a model expects most, after the estimator as it came and the points that are given."""
    warn_of_bounds(start.written)
    return _modelled(start, start.seed(), initial_params, prior, BEFORE_A_RACE if is_race else BayesOptions())


def bayes_of_rungs(start: Start) -> RungSampler:
    """Return the same where trials have more or less of a resource."""
    warn_of_bounds(start.written)
    seed = start.seed()
    return RungSampler(lambda: _modelled(start, seed, options=BayesOptions(n_line=0)))


def _modelled(
    start: Start,
    seed: int,
    initial_params: Sequence[Params] = (),
    prior: tuple[list[Params], list[float]] | None = None,
    options: BayesOptions | None = None,
) -> Sampler:
    own = own_params(start.space(), start.problem.estimator)
    sampler = BayesSampler(
        start.space(), seed, initial_params=[*own.inside, *initial_params], prior=prior, options=options
    )
    if own.outside is None:
        return sampler
    return FirstSampler(own.outside, sampler, None if sampler.n_max is None else sampler.n_max + 1)


SAMPLERS: dict[str, Callable[[Start, int], Sampler]] = {"random": random, "bayes": bayes, "grid": grid}
"""By the names that searches take: ``make(start, n_iter)``."""
