"""Bayesian optimisation: a few points by design, then where a model of the scores expects most."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm, qmc

from skhpo.samplers.acquisition import Feasible, LogExpectedImprovement, UpperConfidenceBound, maximise
from skhpo.samplers.base import Sampler
from skhpo.samplers.line import next_on_line
from skhpo.samplers.slopes import slopes_in_cube
from skhpo.space import Space
from skhpo.surrogates.base import Posterior
from skhpo.surrogates.importance import total_effects
from skhpo.surrogates.score_model import ModelOptions, ScoreModel
from skhpo.surrogates.slopes import ProcessWithSlopes
from skhpo.surrogates.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from skhpo.history import Observation, Params, Trial
    from skhpo.samplers.acquisition.improvement import Acquisition
    from skhpo.surrogates.gp import GaussianProcess
    from skhpo.surrogates.kernel import Array
    from skhpo.surrogates.score_model import Belief


_LOG2_DESIGN = 7  # 128 Sobol points: as many as may be under way before the first score


@dataclass(frozen=True)
class BayesOptions:
    """The choices that users are not asked about; `docs/ablation.md` has what each one is worth.

    Parameters
    ----------
    model : ModelOptions
        How scores are modelled.
    n_init : int
        Points by design: a given one or two, the centre, and Sobol points. Three, whatever the dimension: the
        upper bound explores by itself, and five were no better by more than the noise of the ablation.
    width : float
        Standard deviations of the upper confidence bound that a suggestion maximises (3 is also what mlr3mbo found for
        numeric spaces on other problems).
    width_with_slopes : float
        The same where the model knows slopes in all columns, as what lies around a point need not be explored; where it
        knows them in some, between the two by their share.
    n_global, n_children : int
        Candidates of the search, see `maximise`.
    n_fantasies : int
        Joint draws of what pending trials might score, a power of 2.
    n_whole : int
        A space of at most so many points is scored whole.
    n_line : int
        Where a single number is searched, a line search proposes, until so many points are known; 0 for the model
        alone.
    """

    model: ModelOptions = field(default_factory=ModelOptions)
    n_init: int = 3
    width: float = 3.0
    width_with_slopes: float = 1.0
    n_global: int = 512
    n_children: int = 192
    n_fantasies: int = 16
    n_whole: int = 2048
    n_line: int = 12


class BayesSampler(Sampler):
    """Proposes where the upper confidence bound of a Gaussian process of the scores is highest.

    Parameters
    ----------
    space : Space
    seed : int
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
        initial_params: Sequence[Params] = (),
        prior: tuple[Sequence[Params], Sequence[float]] | None = None,
        options: BayesOptions | None = None,
    ) -> None:
        self.space, self.seed = space, seed
        self.options = options if options is not None else BayesOptions()
        self.n_max = None if space.n_choices == math.inf else int(space.n_choices)
        self._given = [space.canonical(params) for params in initial_params]
        self._model = ScoreModel(space.is_categorical, self.options.model)
        self._seen: set[bytes] = set()
        self._n_prior = 0
        if prior is not None:
            for row, score in zip(space.encode(prior[0]), prior[1], strict=True):
                self._remember(row, np.array([score]))
            self._n_prior = self._model.n

    def __getstate__(self) -> dict[str, Any]:
        """Return what it was given and told, in types of Python, NumPy and the user's space."""
        usual = BayesOptions()
        names = [each.name for each in fields(usual)]
        changed = {name: getattr(self.options, name) for name in names}
        changed = {name: value for name, value in changed.items() if value != getattr(usual, name)}
        return {
            "space": self.space.param_distributions,
            "seed": self.seed,
            "given": self._given,
            "n_prior": self._n_prior,
            "model": self._model.state(),
            "options": changed,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(Space(state["space"]), state["seed"], options=BayesOptions(**state["options"]))  # type: ignore[misc]
        self._given, self._n_prior = state["given"], state["n_prior"]
        self._model.restore(state["model"])
        self._seen.update(map(_key, self._model.points))

    def tell(self, observation: Observation) -> None:
        """Remember the scores of a trial."""
        row = self.space.encode([observation.trial.params])[0]
        slopes = slopes_in_cube(self.space, row, observation) if observation.gradient else None
        self._remember(row, observation.scores, slopes)

    def ask(self, number: int, pending: Sequence[Trial]) -> Params | None:
        """Return the parameters of trial ``number``, or None when every point of the space was proposed."""
        with one_blas_thread():
            rows = self.space.encode([trial.params for trial in pending])
            seen = self._seen.union(map(_key, rows))
            if len(seen) >= self.space.n_choices:
                return None
            rng = np.random.default_rng([self.seed, number])
            if not len(rows) and (params := self._on_line()) is not None:
                return params
            is_young = len(seen) < self.options.n_init or not self._model.n
            for params, row in self._design if is_young else self._design[: len(self._given)]:
                if _key(row) not in seen:
                    return params
            return self._first_unseen(self._candidates(rows, seen, rng), seen, rng)

    def predict(self, params: Sequence[Params]) -> Posterior:
        """What the model expects of configurations, in units of the score.

        The warp of the scores is monotone: ``mean`` is the score at the posterior's median, exactly, and ``std`` half
        the width of the interval one standard deviation to both sides of it, taken back to scores. Noise of the
        splits is not in it. Of the chance of failure nothing is in it either.

        Parameters
        ----------
        params : sequence of dict
            Configurations of the space.

        Returns
        -------
        Posterior
            Means and standard deviations, each of shape (m,); NaN before the first score.
        """
        return self.predict_at(self.space.encode(params))

    def expected_scores(self, trials: Sequence[Trial]) -> Array:
        """Means of `predict`, shape (n,)."""
        return self.predict([trial.params for trial in trials]).mean

    def predict_at(self, rows: Array) -> Posterior:
        """What the model expects at canonical points of the space, shape (m, d); as `predict`."""
        with one_blas_thread():
            belief = self._model.belief()
            if belief.gp is None or belief.warp is None:
                return Posterior(np.full(len(rows), np.nan), np.full(len(rows), np.nan))
            z = belief.gp.predict(rows)
            inverse = belief.warp.inverse
            return Posterior(inverse(z.mean), (inverse(z.mean + z.std) - inverse(z.mean - z.std)) / 2)

    def expected_improvement_remaining(self) -> float:
        """Largest expected improvement that one more trial may have, in units of the score; NaN before the first.

        From warped scores it is taken back with the warp's slope at the incumbent, which is exact as long as the warp
        is affine there, as it is above the median. Zero where every point of the space was proposed.
        """
        if len(self._seen) >= self.space.n_choices:
            return 0.0
        with one_blas_thread():
            belief = self._model.belief()
            if belief.gp is None or belief.warp is None:
                return math.nan
            improvement = LogExpectedImprovement(belief.gp)
            acquisition = Feasible(improvement, belief.probability_of_success)
            # Trial numbers are at least 0, and this search is no trial.
            rng = np.random.default_rng([self.seed, self._model.n, 1])
            _, values = self._search(acquisition, belief, rng)
            best = belief.gp.means(improvement.x_star[None])
            low, high = belief.warp.inverse(best[0, 0] + np.array([0.0, 1e-3]))
            return float(np.exp(values[0]) * (high - low) / 1e-3)

    def importances(self) -> dict[str, float]:
        """Share of each parameter in how much the modelled score varies over the space; the shares add up to 1.

        Total Sobol' indices of the posterior mean of the warped scores under the space's prior (`total_effects`: Jansen
        1999; the functional ANOVA of Hutter, Hoos and Leyton-Brown 2014), divided by their sum, so that interactions
        count for each parameter that takes part. All zero where the model is constant.
        """
        names = self.space.names
        with one_blas_thread():
            gp = self._model.belief().gp
            if gp is None or not names:
                return dict.fromkeys(names, 0.0)
            effects = total_effects(lambda U: gp.means(self.space.snap(U))[:, 0], len(names), self.seed)
        shares = effects / (effects.sum() or 1.0)
        importances = dict.fromkeys(names, 0.0)
        for name, share in zip(names, shares.tolist(), strict=True):
            importances[name] += share  # a parameter that differs between the dicts of a list has several columns
        return importances

    @cached_property
    def _design(self) -> list[tuple[Params, Array]]:
        """Given points, the centre, and scrambled Sobol points, which cover the space better than random ones do.

        Each with its row. Given points are handed out as they came: a float may lose its last bit in the unit cube.
        """
        d = self.space.n_columns
        U = np.full((1, d), 0.5)
        if d:
            sobol = qmc.Sobol(d, scramble=True, seed=np.random.default_rng([self.seed, 0]))
            U = np.vstack([U, sobol.random_base2(_LOG2_DESIGN)])
        params = [*self._given, *self.space.decode(U)]
        return list(zip(params, self.space.encode(params), strict=True))

    def _on_line(self) -> Params | None:
        """Return the next point of a line search; None where there is none, or the model has to look elsewhere."""
        n_known = len(self._seen)
        if self.space.n_columns != 1 or self.space.is_categorical.any() or not 0 < n_known <= self.options.n_line:
            return None
        if any(_key(row) not in self._seen for _, row in self._design[: len(self._given)]):
            return None
        points, values = self._model.current()
        if not np.isfinite(values).all() or (place := next_on_line(points[:, 0], values)) is None:
            return None
        params = self._params(self.space.snap(np.array([[place]]))[0])
        return None if _key(self.space.encode([params])[0]) in self._seen else params

    def _candidates(self, pending: Array, seen: set[bytes], rng: np.random.Generator) -> Iterable[Array]:
        """Points of the space, the most promising first."""
        belief = self._model.belief()
        acquisition = self._acquisition(belief, pending, rng)
        if self.space.n_choices <= self.options.n_whole:
            unseen = np.array([row for row in self._whole if _key(row) not in seen])
            return unseen[np.argsort(-acquisition(unseen), kind="stable")]
        return self._search(acquisition, belief, rng)[0]

    def _search(self, acquisition: Acquisition, belief: Belief, rng: np.random.Generator) -> tuple[Array, Array]:
        gp = belief.gp
        if gp is None:
            good, lengthscales = np.empty((0, self.space.n_columns)), np.ones(self.space.n_columns)
        else:
            good = gp.X[np.argsort(-gp.means_of_points[:, 0], kind="stable")[:5]]
            lengthscales = gp.theta.lengthscales
        options = self.options
        return maximise(
            acquisition,
            self.space,
            rng,
            good=good,
            lengthscales=lengthscales,
            n_global=options.n_global,
            n_children=options.n_children,
        )

    def _acquisition(self, belief: Belief, pending: Array, rng: np.random.Generator) -> Acquisition:
        gp, success = belief.gp, belief.success
        if gp is None and success is not None:
            # Nothing succeeded yet: look where little is known of success, and it is likely.
            return Feasible(lambda U: np.log(success.predict(U).std), belief.probability_of_success)
        assert gp is not None  # noqa: S101  (something was told, so there is a score or a failure)
        if len(pending):
            gp = _fantasise(gp, pending, self.options.n_fantasies, rng)
        acquisition = self._worth(gp, rng)
        if belief.success is not None:
            acquisition = Feasible(acquisition, belief.probability_of_success)
        return acquisition

    def _worth(self, gp: GaussianProcess, rng: np.random.Generator) -> Acquisition:
        """What points are worth, before the chance that a fit of them fails."""
        rng.random()  # unused: without this draw, seeds would give other candidates than those that were measured
        share = gp.share_of_columns if isinstance(gp, ProcessWithSlopes) else 0.0
        wide, narrow = self.options.width, self.options.width_with_slopes
        return UpperConfidenceBound(gp, wide + share * (narrow - wide))

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

    def _remember(self, row: Array, scores: Array, slopes: Array | None = None) -> None:
        self._model.tell(row, scores, slopes)
        self._seen.add(_key(row))


def _key(row: Array) -> bytes:
    """Identity of a canonical point; a float that was decoded and encoded again may differ in the last bits."""
    return (np.round(row, 13) + 0.0).tobytes()


def _fantasise(gp: GaussianProcess, pending: Array, n_fantasies: int, rng: np.random.Generator) -> GaussianProcess:
    """The process with pending points appended, a column of scores per joint draw of what they might score."""
    n = len(pending)
    uniform = qmc.Sobol(n, scramble=True, seed=rng).random_base2(round(math.log2(n_fantasies)))
    return gp.append(pending, gp.draw(pending, norm.ppf(np.clip(uniform, 1e-9, 1 - 1e-9)).T))
