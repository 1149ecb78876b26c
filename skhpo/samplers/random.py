"""Independent draws from a space."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

from skhpo.messages.callers import warn
from skhpo.samplers.base import Sampler
from skhpo.samplers.plain import plain_stream
from skhpo.space import Space, is_plain, params_key, space_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from skhpo.history import Params, Trial

_MAX_REDRAWS = 100  # a point that holds half the mass is drawn so often in a row with probability 2^-100


class RandomSampler(Sampler):
    """Proposes random points: scikit-learn's own stream where the space is scikit-learn's.

    Parameters
    ----------
    param_distributions : dict, list of dict or Space
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
        self.n_max: int
        stream: Iterator[Params]
        if not isinstance(param_distributions, Space) and is_plain(param_distributions):
            self.n_max, stream = plain_stream(param_distributions, n_iter, random_state)
        else:
            space = space_of(param_distributions)
            self.n_max = int(min(n_iter, space.n_choices))
            stream = _stream(space, n_iter, int(check_random_state(random_state).randint(np.iinfo(np.int32).max)))
        head = list(islice(stream, len(done)))
        if [*map(params_key, head)] == [*map(params_key, done)]:
            self._drawn, self._stream = head, stream
        else:
            # Of a finite space scikit-learn's stream for a larger n_iter is another one: take from it what is new.
            known = {params_key(params) for params in done}
            self._drawn = list(done)
            self._stream = (params for params in chain(head, stream) if params_key(params) not in known)

    def __getstate__(self) -> dict[str, Any]:
        """Return what was drawn; a copy draws no more."""
        return {"n_max": len(self._drawn), "_drawn": self._drawn, "_stream": ()}

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:  # noqa: ARG002
        """Return draw ``number``, or None where no more are wanted or the space has no more."""
        # Drawn when asked for: of a million that are wanted, a timeout may leave time for a few.
        self._drawn += islice(self._stream, max(number + 1 - len(self._drawn), 0))
        return self._drawn[number] if number < min(self.n_max, len(self._drawn)) else None


def _stream(space: Space, n_iter: int, seed: int) -> Iterator[Params]:
    """Yield different points: all there are in random order where ``n_iter`` takes them, else random ones."""
    if space.n_choices <= n_iter:
        if space.n_choices < n_iter:
            # The words are scikit-learn's, whose users filter them.
            warn(
                f"The total space of parameters {space.n_choices} is smaller than n_iter={n_iter}. Running "
                f"{space.n_choices} iterations. For exhaustive searches, use GridSearchCV.",
                UserWarning,
            )
        order = np.random.default_rng(seed).permutation(int(space.n_choices))
        yield from (space.at(int(index)) for index in order)
        return
    seen: set[Hashable] = set()
    for number in range(n_iter):
        rng = np.random.default_rng([seed, number])
        for _ in range(_MAX_REDRAWS):
            (params,) = space.sample(rng, 1)
            if (key := space.key(params)) not in seen:
                break
        seen.add(key)
        yield params
