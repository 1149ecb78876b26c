"""Independent draws from a space."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import ParameterSampler
from sklearn.utils import check_random_state

from skhpo.samplers.base import Sampler
from skhpo.space import Space, is_plain, params_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.trial import Params, Trial

_MAX_REDRAWS = 100  # a point that holds half the mass is drawn so often in a row with probability 2^-100


class RandomSampler(Sampler):
    """Proposes random points: scikit-learn's own stream where the space is scikit-learn's.

    Parameters
    ----------
    param_distributions : dict or list of dict
        What ``sklearn.model_selection.ParameterSampler`` takes, or a space with dimensions of our own.
    n_iter : int
        How many points will be wanted.
    random_state : int, RandomState instance or None
        Seed of ``ParameterSampler``'s stream. Of our own dimensions, point ``number`` is drawn from
        ``(seed, number)``, without repetition, with one seed drawn from this.

    done : sequence of dict
        Points that were proposed before, as the first ones, when fewer were wanted.

    Warns
    -----
    UserWarning
        If the space has fewer points than ``n_iter``; then each is proposed once.

    Examples
    --------
    >>> RandomSampler({"C": [1, 10, 100]}, n_iter=2, random_state=0).ask(0, ())
    {'C': 100}
    """

    is_adaptive = False

    def __init__(
        self, param_distributions: Any, *, n_iter: int, random_state: Any, done: Sequence[Params] = ()
    ) -> None:
        if is_plain(param_distributions):
            self._draws: list[Params] = list(ParameterSampler(param_distributions, n_iter, random_state=random_state))
        else:
            seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
            self._draws = _draws(Space(param_distributions), n_iter, seed)
        if any(params_key(old) != params_key(new) for old, new in zip(done, self._draws, strict=False)):
            # Of a finite space scikit-learn's stream for a larger n_iter is another one: take from it what is new.
            known = {params_key(params) for params in done}
            self._draws = [*done, *(params for params in self._draws if params_key(params) not in known)][:n_iter]
        self.n_max: int = len(self._draws)

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:  # noqa: ARG002
        """Return draw ``number``, or None where the space had no more."""
        return self._draws[number] if number < self.n_max else None


def _draws(space: Space, n_iter: int, seed: int) -> list[Params]:
    """Return ``n_iter`` different points, or all there are."""
    if space.n_choices <= n_iter:
        if space.n_choices < n_iter:
            # The words are scikit-learn's, whose users filter them.
            warnings.warn(
                f"The total space of parameters {space.n_choices} is smaller than n_iter={n_iter}. Running "
                f"{space.n_choices} iterations. For exhaustive searches, use GridSearchCV.",
                UserWarning,
                stacklevel=2,
            )
        order = np.random.default_rng(seed).permutation(int(space.n_choices))
        return [space.at(int(index)) for index in order]
    draws: list[Params] = []
    seen = set()
    for number in range(n_iter):
        rng = np.random.default_rng([seed, number])
        for _ in range(_MAX_REDRAWS):
            (params,) = space.sample(rng, 1)
            if (key := space.key(params)) not in seen:
                break
        seen.add(key)
        draws.append(params)
    return draws
