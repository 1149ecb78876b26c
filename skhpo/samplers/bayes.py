"""Bayesian optimisation: a few points by design, then where a model of the scores expects most."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.stats import norm, qmc

from skhpo.acquisition import Feasible, LogExpectedImprovement, UpperConfidenceBound, maximise
from skhpo.samplers.base import Sampler
from skhpo.surrogates.base import Posterior
from skhpo.surrogates.score_model import ModelOptions, ScoreModel
from skhpo.surrogates.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from skhpo.acquisition.improvement import Acquisition
    from skhpo.space import Space
    from skhpo.surrogates.gp import GaussianProcess
    from skhpo.surrogates.kernel import Array
    from skhpo.surrogates.score_model import Belief
    from skhpo.trial import Params, Trial


@dataclass(frozen=True)
class BayesOptions:
    """The choices of `BayesSampler` that users are not asked about; `docs/ablation.md` has what each one is worth."""

    model: ModelOptions = field(default_factory=ModelOptions)
    n_init: int | None = None
    acquisition: Literal["ei", "ucb"] = "ei"
    incumbent: Literal["corrected", "mean", "observed"] = "corrected"
    width: float = 2.0
    p_ucb: float = 0.0
    trust: bool = False
    n_global: int = 512
    n_children: int = 192
    n_fantasies: int = 16
    n_whole: int = 2048


class BayesSampler(Sampler):
    """Proposes the point of largest expected improvement under a Gaussian process.

    Parameters
    ----------
    space : Space
    seed : int
    n_iter : int
        How many trials are planned; the initial design is a part of it.
    initial_params : sequence of dict
        Points to try first, in this order.
    prior : tuple of (sequence of dict, sequence of float), optional
        What is known from elsewhere: parameters and their scores, NaN where a fit failed.
    options : BayesOptions
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        *,
        n_iter: int,
        initial_params: Sequence[Params] = (),
        prior: tuple[Sequence[Params], Sequence[float]] | None = None,
        options: BayesOptions | None = None,
    ) -> None:
        self.space, self.seed, self.n_iter = space, seed, n_iter
        self.options = options if options is not None else BayesOptions()
        self.n_max = None if space.n_choices == math.inf else int(space.n_choices)
        self._given = space.encode(initial_params) if len(initial_params) else np.empty((0, space.n_columns))
        self._model = ScoreModel(space.is_categorical, self.options.model)
        self._seen: set[bytes] = set()
        self._n_prior = 0
        if prior is not None:
            for row, score in zip(space.encode(prior[0]), prior[1], strict=True):
                self._remember(row, np.array([score]))
            self._n_prior = self._model.n

    def tell(self, trial: Trial, scores: NDArray[np.float64]) -> None:
        """Remember a finished trial."""
        self._remember(self.space.encode([trial.params])[0], scores)

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the parameters of trial ``number``, or None when every point of the space was proposed."""
        with one_blas_thread():
            rows = self.space.encode([trial.params for trial in pending]) if pending else self._given[:0]
            seen = self._seen.union(map(_key, rows))
            if len(seen) >= self.space.n_choices:
                return None
            rng = np.random.default_rng([self.seed, number])
            if (len(seen) < self._n_init or not self._model.n) and (row := self._design_point(seen)) is not None:
                return self._params(row)
            return self._first_unseen(self._candidates(rows, seen, rng), seen, rng)

    @property
    def _n_init(self) -> int:
        """Points by design: as many as a first idea of every column takes, but no more than 15 % of the budget."""
        n_init = self.options.n_init
        if n_init is None:
            n_init = max(3, min(self.space.n_columns + 1, math.ceil(0.15 * self.n_iter)))
        return max(n_init, len(self._given))

    @cached_property
    def _design(self) -> Array:
        """Given points, the centre, and scrambled Sobol points, which cover the space better than random ones do."""
        d = self.space.n_columns
        sobol = qmc.Sobol(d, scramble=True, seed=np.random.default_rng([self.seed, 0])).random_base2(8)
        return np.vstack([self._given, self.space.snap(np.vstack([np.full((1, d), 0.5), sobol]))])

    def _design_point(self, seen: set[bytes]) -> Array | None:
        return next((row for row in self._design if _key(row) not in seen), None)

    def _candidates(self, pending: Array, seen: set[bytes], rng: np.random.Generator) -> Iterable[Array]:
        """Points of the space, the most promising first."""
        belief = self._model.belief()
        gp = belief.gp
        lengthscales = gp.theta.lengthscales if gp is not None else np.ones(self.space.n_columns)
        acquisition = self._acquisition(belief, pending, rng)
        if self.space.n_choices <= self.options.n_whole:
            unseen = np.array([row for row in self._whole if _key(row) not in seen])
            return unseen[np.argsort(-acquisition(unseen), kind="stable")]
        good = gp.X[np.argsort(-gp.means(gp.X)[:, 0], kind="stable")[:5]] if gp is not None else self._given[:0]
        U, _ = maximise(
            acquisition, self.space, rng, good=good, lengthscales=lengthscales,
            n_global=self.options.n_global, n_children=self.options.n_children,
        )
        return U

    def _acquisition(self, belief: Belief, pending: Array, rng: np.random.Generator) -> Acquisition:
        gp = belief.gp
        if gp is None:
            # Nothing succeeded yet: look where that is likely and little is known.
            def unknown(U: Array) -> Array:
                assert belief.success is not None
                return np.log(belief.success.predict(U).std)
            return Feasible(unknown, belief.probability_of_success)
        if len(pending):
            gp = _fantasise(gp, pending, self.options.n_fantasies, rng)
        acquisition: Acquisition
        if self.options.acquisition == "ucb" or rng.random() < self.options.p_ucb:
            acquisition = UpperConfidenceBound(gp, self.options.width)
        else:
            acquisition = LogExpectedImprovement(gp, self.options.incumbent)
        if self.options.trust:
            acquisition = _trust(acquisition, self._model.X, self.space.is_categorical)
        if belief.success is not None:
            acquisition = Feasible(acquisition, belief.probability_of_success)
        return acquisition

    @cached_property
    def _whole(self) -> Array:
        """All points of a small finite space."""
        return self.space.encode([self.space.at(i) for i in range(int(self.space.n_choices))])

    def _first_unseen(self, candidates: Iterable[Array], seen: set[bytes], rng: np.random.Generator) -> Params | None:
        for row in candidates:
            if _key(row) not in seen and _key(self.space.encode([params := self._params(row)])[0]) not in seen:
                return params
        for row in self.space.snap(rng.random((1024, self.space.n_columns))):
            if _key(self.space.encode([params := self._params(row)])[0]) not in seen:
                return params
        if self.space.n_choices < math.inf:
            for index in range(int(self.space.n_choices)):
                params = self.space.at(index)
                if _key(self.space.encode([params])[0]) not in seen:
                    return params
        return None

    def _params(self, row: Array) -> Params:
        return self.space.decode(row[None])[0]

    def _remember(self, row: Array, scores: Array) -> None:
        self._model.tell(row, scores)
        self._seen.add(_key(row))


def _key(row: Array) -> bytes:
    """Identity of a canonical point; a float that was decoded and encoded again may differ in the last bits."""
    return (np.round(row, 13) + 0.0).tobytes()


def _fantasise(gp: GaussianProcess, pending: Array, n_fantasies: int, rng: np.random.Generator) -> GaussianProcess:
    """The process with pending points appended, a column of scores per joint draw of what they might score."""
    n = len(pending)
    uniform = qmc.Sobol(n, scramble=True, seed=rng).random_base2(round(math.log2(n_fantasies)))
    return gp.append(pending, gp.draw(pending, norm.ppf(np.clip(uniform, 1e-9, 1 - 1e-9)).T))


def _trust(acquisition: Acquisition, X: Array, is_categorical: NDArray[np.bool_]) -> Acquisition:
    radius = 0.2 + 0.3 * len(X) / (5 * (X.shape[1] + 1))
    if radius > 0.5:
        return acquisition
    numbers = X[:, ~is_categorical]

    def trusted(U: Array) -> Array:
        distance = np.abs(U[:, None, ~is_categorical] - numbers).max(axis=2, initial=0.0).min(axis=1)
        return np.where(distance <= radius, acquisition(U), -1e6 - distance)

    return trusted
