"""The contract of samplers as a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skhpo.history import Observation, Trial
from skhpo.space import params_key
from skhpo.testing.rules import check

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.history import Params
    from skhpo.samplers.base import Sampler

_N_TRIALS = 12


def check_sampler(make: Callable[[], Sampler], contains: Callable[[Params], bool] = lambda params: True) -> None:  # noqa: ARG005
    """Check that a sampler keeps the contract of `skhpo.samplers.base.Sampler`.

    Parameters
    ----------
    make : callable
        ``make() -> Sampler``, called several times: each time the same sampler, seed included, told nothing.
    contains : callable
        ``contains(params) -> bool``: whether parameters lie in the sampler's space.

    Raises
    ------
    AssertionError
        If a rule is broken.

    Examples
    --------
    >>> from skhpo.samplers.grid import GridSampler
    >>> from skhpo.testing import check_sampler
    >>> check_sampler(lambda: GridSampler({"C": [1, 10, 100]}), lambda params: params["C"] in {1, 10, 100})
    """
    for look_back in (1, 3, 6):
        usual = _run(make(), look_back)
        check(all(contains(trial.params) for trial in usual), "proposals must lie in the space")
        check(_keys(_run(make(), look_back)) == _keys(usual), "the same seed must give the same proposals")
        asking = _run(make(), look_back, n_asked=3)
        check(_keys(asking) == _keys(usual), "`ask` must change nothing: asked more often, it must answer the same")
        _check_resumed(make, usual, look_back)


def _run(sampler: Sampler, look_back: int, n_asked: int = 1) -> list[Trial]:
    """Return the trials of a search; each third fit fails."""
    trials: list[Trial] = []
    n_told = 0
    while len(trials) < _N_TRIALS:
        n_told = _tell(sampler, trials, n_told, len(trials) + 1 - look_back)
        number = len(trials)
        answers = [sampler.ask(number, trials[n_told:]) for _ in range(n_asked)]
        params = answers[-1]
        if params is None:
            check(sampler.n_max is None or number >= sampler.n_max, "None means that all points were proposed")
            break
        check(sampler.n_max is None or number < sampler.n_max, "no more than `n_max` points can be proposed")
        trials.append(Trial(number, params))
    return trials


def _tell(sampler: Sampler, trials: list[Trial], n_told: int, horizon: int) -> int:
    for trial in trials[n_told : max(horizon, n_told)]:
        sampler.tell(Observation(trial, _scores(trial)))
    return max(horizon, n_told)


def _scores(trial: Trial) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return scores on three splits that depend on the number alone, and are not those of any surface."""
    base = np.nan if trial.number % 3 == 2 else (trial.number * 7919 % 101) / 101
    return base + np.array([0.0, 0.1, -0.1])


def _keys(trials: list[Trial]) -> list[object]:
    return [params_key(trial.params) for trial in trials]


def _check_resumed(make: Callable[[], Sampler], usual: list[Trial], look_back: int) -> None:
    """What is proposed must follow from what was told, and not from what was asked on the way."""
    for number in range(len(usual)):
        sampler = make()
        n_told = _tell(sampler, usual, 0, number + 1 - look_back)
        params = sampler.ask(number, usual[n_told:number])
        check(
            params is not None and params_key(params) == params_key(usual[number].params),
            f"a sampler that was told all at once must propose the same: trial {number} differs",
        )
