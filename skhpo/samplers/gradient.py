"""Descent of the loss by its slopes in the parameters.

The sampler keeps no state of a descent. At each question it goes all the way again over what it was told, and proposes
the first point of which it knows nothing. That takes milliseconds, and a search that is resumed goes on the same way.
"""

from __future__ import annotations

import math
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from skhpo.fits.gradients import OBJECTIVE, SQUARE
from skhpo.samplers.base import Sampler
from skhpo.samplers.coordinates import Coordinates
from skhpo.samplers.descent import descend
from skhpo.samplers.slopes import changes_around
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.history import Observation, Params, Trial
    from skhpo.space import Space

_TINY = 1e-300
_LEAST_GAIN = 1e-5  # of the loss: where all splits agree, a gain below it is still worth nothing


class _UnknownError(Exception):
    """A descent needs the loss at a point."""

    def __init__(self, params: Params) -> None:
        self.params = params


class _LostError(Exception):
    """A descent came to a point without a loss."""


class _Told(NamedTuple):
    """Mean loss, its standard error over the splits, and the slopes of minus the mean, None if a fit has none."""

    loss: float
    error: float
    slopes: Mapping[str, float] | None


class GradientSampler(Sampler):
    """Proposes the estimator as it came, and then the points of a descent of the logarithm of the mean loss.

    Parameters
    ----------
    space : Space
        Floats only.
    seed : int
        Of the restarts.
    own : dict or None
        The estimator's own parameters, which are tried first; they may lie outside of the space.
    start : ndarray of shape (d,)
        Where the first descent begins, in the unit cube.
    n_restarts : int
        How many more descents there are, from random points.
    prior : float
        Weight of a penalty on the logarithmic distance of ``shrunk`` parameters from their mean.
    shrunk : collection of str
        Parameters that belong together.
    shares : collection of str
        Parameters that are shares, and are descended in the logarithm of their odds.
    tolerance : float
        Gains below this many standard errors of the mean loss are not worth a step.

    Examples
    --------
    >>> from skhpo.space import Float, Space
    >>> space = Space({"alpha": Float(0.01, 100.0, log=True)})
    >>> GradientSampler(space, seed=0, own={"alpha": 1.0}, start=[0.5]).ask(0, ())
    {'alpha': 1.0}
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        own: Params | None,
        start: Sequence[float] | NDArray[np.float64],
        n_restarts: int = 0,
        prior: float = 0.0,
        shrunk: Sequence[str] = (),
        shares: Sequence[str] = (),
        tolerance: float = 0.001,
    ) -> None:
        self.space, self.seed, self.own = space, seed, own
        self.coordinates = Coordinates(space, shares)
        self.start = self.coordinates.of_space(np.asarray(start, dtype=np.float64))
        self._is_own_inside = own is not None and space.contains(own)
        self.n_restarts, self.prior, self.tolerance = n_restarts, prior, tolerance
        self._is_shrunk = np.array([name in set(shrunk) for name in space.names], dtype=bool)
        self.told: dict[Hashable, _Told] = {}  # by parameters
        self._values: dict[bytes, tuple[float, NDArray[np.float64]]] = {}  # by point, of what was told
        self._next: Params | None = None
        self._stages: dict[Hashable, str] | None = None  # None where something was told since they were found

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:  # noqa: ARG002
        """Return the estimator's own parameters at first, then what the descent needs; None at its end."""
        if number == 0 and self.own is not None:
            return self.own
        self._go()
        return self._next

    def tell(self, observation: Observation) -> None:
        """Remember the mean loss and its slopes."""
        found, n_splits = observation.gradient, len(observation.scores)
        told = _Told(math.nan, 0.0, None)
        if found is not None and OBJECTIVE in found:
            variance = max(found[SQUARE] - found[OBJECTIVE] ** 2, 0.0)
            told = _Told(-found[OBJECTIVE], math.sqrt(variance / max(n_splits - 1, 1)), found)
        key = params_key(observation.trial.params)
        if key in self.told:
            self._values.clear()
        self.told[key] = told
        self._stages = None

    @property
    def has_arrived(self) -> bool:
        """Whether all descents have ended."""
        if self.own is not None and params_key(self.own) not in self.told:
            return False
        self._go()
        return self._next is None

    def stage(self, params: Params) -> str:
        """Return which part of the search proposed parameters: "default", "descent" or "restart"."""
        self._go()
        if self.own is not None and params_key(params) == params_key(self.own):
            return "default"
        return (self._stages or {}).get(params_key(params), "descent")

    def _go(self) -> None:
        """Go all the way over what is known; notes what is needed next."""
        if self._stages is not None:
            return
        self._next, self._stages = None, {}
        for number, start in enumerate(self._starts()):
            descent = _Descent(self, "restart" if number else "descent", self._stages)
            try:
                descend(descent.evaluate, start, descent.noise)
            except _LostError:
                continue
            except _UnknownError as unknown:
                self._next = unknown.params
                return

    def _starts(self) -> Iterator[NDArray[np.float64]]:
        rng = np.random.default_rng(self.seed)
        return chain([self.start], (rng.random(len(self.start)) for _ in range(self.n_restarts)))

    def decoded(self, v: NDArray[np.float64]) -> Params:
        """Return the parameters at a point of a descent; at the start the estimator's own, to the bit."""
        if self._is_own_inside and np.array_equal(v, self.start) and self.own is not None:
            return self.own
        return self.space.decode(self.coordinates.in_space(v[None, :]))[0]

    def along(self, v: NDArray[np.float64], slopes: Mapping[str, float]) -> NDArray[np.float64]:
        """Return slopes in the coordinates of a descent, shape (d,), from slopes in parameters."""
        names = self.space.names
        change, length = changes_around(v, lambda V: self.space.decode(self.coordinates.in_space(V)), names)
        return np.asarray(np.array([slopes[name] for name in names]) * change / length)

    def value_at(self, v: NDArray[np.float64], params: Params, told: _Told) -> tuple[float, NDArray[np.float64]]:
        """Return the logarithm of a mean loss plus the penalty, and its slope along the coordinates, shape (d,)."""
        known = self._values.get(v.tobytes())
        if known is None and told.slopes is not None:
            loss = max(told.loss, _TINY)
            penalty, slope = self.shrinkage(v, params)
            known = self._values[v.tobytes()] = math.log(loss) + penalty, slope - self.along(v, told.slopes) / loss
        return known or (math.nan, np.full(len(v), math.nan))

    def shrinkage(self, v: NDArray[np.float64], params: Params) -> tuple[float, NDArray[np.float64]]:
        """Return the penalty on parameters that belong together, and its slope along the coordinates."""
        slope = np.zeros(len(v))
        if not self.prior:
            return 0.0, slope
        names = [name for name, is_shrunk in zip(self.space.names, self._is_shrunk, strict=True) if is_shrunk]
        logs = np.log([params[name] for name in names])
        away = logs - logs.mean()
        in_params = dict.fromkeys(self.space.names, 0.0)
        in_params.update((name, 2 * self.prior * d / params[name]) for name, d in zip(names, away, strict=True))
        return self.prior * float(away @ away), self.along(v, in_params)


class _Descent:
    """One descent over what the sampler was told."""

    def __init__(self, sampler: GradientSampler, stage: str, stages: dict[Hashable, str]) -> None:
        self.sampler, self.stage, self.stages = sampler, stage, stages
        self._best: _Told | None = None

    def evaluate(self, v: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the logarithm of the mean loss plus the penalty, and its slope, shape (d,)."""
        params = self.sampler.decoded(v)
        key = params_key(params)
        self.stages.setdefault(key, self.stage)
        told = self.sampler.told.get(key)
        if told is None:
            raise _UnknownError(params)
        if told.slopes is None:
            raise _LostError
        if self._best is None or told.loss < self._best.loss:
            self._best = told
        return self.sampler.value_at(v, params, told)

    def noise(self) -> float:
        """Return the gain, in the logarithm of the loss, that is not worth a step."""
        best = self._best
        if best is None or best.loss <= _TINY:
            return _LEAST_GAIN
        return max(self.sampler.tolerance * best.error / best.loss, _LEAST_GAIN)
