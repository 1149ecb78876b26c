"""Successive halving and Hyperband."""

from __future__ import annotations

import math
import sys
from functools import partial
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.model_selection import RandomizedSearchCV as TheirRandom
from sklearn.utils import check_random_state

from skhpo._sklearn import RANDOM_CONSTRAINTS, Interval, StrOptions
from skhpo.executors import SharedFolder
from skhpo.fits.amounts import (
    Amounts,
    Iterations,
    Models,
    Resource,
    check_rows,
    find_parameter,
    given_resource,
    least_and_full,
    make_rows,
    measure_of,
    n_rows,
    names_in,
)
from skhpo.fits.bounds import MAX_BYTES
from skhpo.messages.callers import warn
from skhpo.samplers.grid import GridSampler
from skhpo.samplers.random import RandomSampler
from skhpo.schedulers.halving import halving_bracket, n_possible_rungs, n_required_rungs
from skhpo.schedulers.hyperband import hyperband_brackets
from skhpo.search.base import BaseSearch
from skhpo.search.plan import Plan, Prepared, Start
from skhpo.search.race import make_halving_scheduler, racing_settings
from skhpo.search.samplers import SAMPLERS, bayes_of_rungs, taken
from skhpo.search.task_tree import rung_tree
from skhpo.search.texts import documented

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from skhpo.fits.problem import Problem
    from skhpo.fits.splits import Splits
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.halving import Rung

_N_CANDIDATES = 10
"""What "exhaust" tries at least, where little room for rungs leaves next to none: as many as a random search."""


@TheirRandom.register  # for those who ask whether it is one
@documented
class SuccessiveHalvingCV(BaseSearch):
    """Search that tries many candidates on little, and the best of them on more.

    All candidates are tried with little of a resource: training rows, or iterations of the estimator. The best of them
    are promoted: they get ``factor`` times as much, and so on, until few are left on all of it [1]_. The winner is one
    of these. Where the resource is the size of an ensemble, a promoted candidate goes on from the model it has. Names
    are those of :class:`sklearn.model_selection.HalvingRandomSearchCV`.

    Parameters
    ----------
    %(estimator)s
    param_distributions : dict, list of dict or "default"
        For each parameter name a list of values, a distribution of :mod:`scipy.stats`, a :class:`~skhpo.Float`,
        :class:`~skhpo.Int` or :class:`~skhpo.Categorical`, or a dimension of scikit-optimize or Optuna.
        ``"default"`` stands for ranges that are known: :doc:`/guide/default_spaces`.
    n_candidates : int or "exhaust", default="exhaust"
        Candidates of the first rung. "exhaust" is ``max_resources_ // min_resources_``, which leaves one of them on the
        full resource; where ``min_resources`` is "auto", it is at least 10. With ``sampler="grid"`` it is the whole
        grid.
    factor : float, default=3
        From rung to rung, candidates are divided by it and the resource is multiplied by it; above 1.
    resource : str, default="n_samples"
        ``"n_samples"`` is training rows. Any other name is an integer parameter of the estimator, or of the last step
        of a pipeline. "auto" is the number of iterations of ensembles, which is the better resource: forests, bagging,
        boosting, also of xgboost, lightgbm and catboost. For the rest "auto" is ``"n_samples"``. Rows are drawn such
        that classes keep their shares and groups stay whole. The rows of a rung are on all later rungs; test sides are
        never cut.
    min_resources : int, "auto", "exhaust" or "smallest", default="auto"
        The least amount of a rung. "auto" leaves 1,000 rows, and 5 of each class, in every training side, since scores
        on fewer say little about those on all rows; of iterations it is ``max_resources / 27``. "exhaust" and
        "smallest" are scikit-learn's: twice the number of splits times that of classes, or 1 iteration.
    max_resources : int or "auto", default="auto"
        Amount of the last rung, always; the others are computed down from it. "auto" is all rows, or what the
        estimator's own parameter says.
    aggressive_elimination : bool, default=False
        Whether to repeat the rung with the least amount, so often that fewer than ``factor`` candidates are left on the
        last rung. Scores are the same on the repeated rungs, so nothing is fitted twice.
    n_brackets : int, default=1
        Searches to run one after the other, as Hyperband does [2]_, each of about the same cost. Each starts one rung
        higher, with fewer candidates. Use it where the order on little of the resource is not to be trusted.
    sampler : {"random", "bayes", "grid"}, default="random"
        What proposes candidates. "bayes" is the model of :class:`~skhpo.BayesSearchCV`, which learns from all rungs;
        with several brackets, that is the idea of BOHB [4]_.
    asynchronous : bool, default=False
        Whether to promote a candidate as soon as it is in the best ``1 / factor`` of its rung so far [3]_. No worker
        then waits for a rung to be complete, but some promotions turn out to be wrong. It pays with many candidates and
        workers. The candidates then depend on ``look_back``, which by default is about five times as large. Not with
        ``racing``.
    resume_fits : bool or "always", default=True
        Whether a promoted candidate goes on from its model instead of starting over. True: only where both give the
        same to the bit. These are forests, bagging and gradient boosting of scikit-learn, alone or as the last step of
        a pipeline, with an int as ``random_state`` of all that has one. "always": wherever it is possible, also where
        the fit differs from one from the start. These are estimators with ``partial_fit``, or with ``warm_start`` and
        ``max_iter``, ensembles without a seed, xgboost, lightgbm and catboost. Either way the results do not depend on
        ``n_jobs``. ``mean_fit_time`` is what was spent. Where models wait: :doc:`/halving`.
    %(scoring)s
    %(n_jobs)s
    %(refit)s
    %(cv)s
    %(verbose)s
    %(pre_dispatch)s
    %(random_state)s
    %(error_score)s
    %(return_train_score)s
    %(timeout)s
    %(fit_timeout)s
    %(checkpoint)s
    %(cache_prefix)s
    %(store_predictions)s
    %(share_fits)s
    %(racing)s
    %(look_back)s

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row per candidate and rung. ``iter`` is the rung, from 0, and ``n_resources`` its amount; with several
        brackets there is ``bracket``, with ``racing`` there are ``status`` and ``n_splits_run``. Ranks compare
        candidates with equal resources; candidates with less rank behind all with more.
    %(space_)s
    %(best_estimator_)s
    %(best_score_)s
    %(best_params_)s
    %(best_index_)s
    %(scorer_)s
    %(n_splits_)s
    %(multimetric_)s
    %(refit_time_)s
    %(n_features_in_)s
    %(feature_names_in_)s
    %(classes_)s

    resource_ : str
        The resource: ``"n_samples"``, or the full name of a parameter.
    n_resources_ : list of int
        Amount of the resource on each rung.
    n_candidates_ : list of int
        Candidates on each rung.
    n_remaining_candidates_ : int
        Candidates that a further rung would have had.
    min_resources_, max_resources_ : int
        Amounts of the first and the last rung.
    n_iterations_ : int
        How many rungs there were.
    n_required_iterations_, n_possible_iterations_ : int
        Rungs that it takes to leave fewer than ``factor`` candidates, and rungs for which the resource has room.

    See Also
    --------
    RandomSearchCV : Tries all candidates on everything.

    References
    ----------
    .. [1] Jamieson, Talwalkar: Non-stochastic best arm identification and hyperparameter optimization. AISTATS
       2016.
    .. [2] Li et al.: Hyperband: a novel bandit-based approach to hyperparameter optimization. JMLR 18 (2018).
    .. [3] Li et al.: A system for massively parallel hyperparameter tuning. MLSys 2020.
    .. [4] Falkner, Klein, Hutter: BOHB: robust and efficient hyperparameter optimization at scale. ICML 2018.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.ensemble import GradientBoostingClassifier
    >>> from skhpo import Float, Int, SuccessiveHalvingCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GradientBoostingClassifier(n_estimators=27, random_state=0)
    >>> space = {"learning_rate": Float(1e-2, 1, log=True), "max_depth": Int(1, 4)}
    >>> search = SuccessiveHalvingCV(model, space, n_candidates=9, resource="auto", cv=3, random_state=0).fit(X, y)
    >>> search.resource_, search.n_resources_, search.n_candidates_
    ('n_estimators', [3, 9, 27], [9, 3, 1])
    >>> search.best_params_["n_estimators"], bool(search.best_score_ > 0.9)
    (27, True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearch._parameter_constraints,
        "random_state": RANDOM_CONSTRAINTS["random_state"],
        "param_distributions": [*RANDOM_CONSTRAINTS["param_distributions"], str],
        "n_candidates": [Interval(Integral, 1, None, closed="left"), StrOptions({"exhaust"})],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "resource": [str],
        "min_resources": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto", "exhaust", "smallest"})],
        "max_resources": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
        "aggressive_elimination": ["boolean"],
        "n_brackets": [Interval(Integral, 1, None, closed="left")],
        "sampler": [StrOptions(set(SAMPLERS))],
        "asynchronous": ["boolean"],
        "resume_fits": ["boolean", StrOptions({"always"})],
        "racing": ["boolean"],
        "look_back": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: Any = "exhaust",
        factor: float = 3,
        resource: str = "n_samples",
        min_resources: Any = "auto",
        max_resources: Any = "auto",
        aggressive_elimination: bool = False,
        n_brackets: int = 1,
        sampler: str = "random",
        asynchronous: bool = False,
        resume_fits: Any = True,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        timeout: float | None = None,
        fit_timeout: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        cache_prefix: bool = True,
        store_predictions: bool = False,
        share_fits: bool | str = True,
        racing: bool = False,
        look_back: int | None = None,
    ) -> None:
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
            timeout=timeout,
            fit_timeout=fit_timeout,
            checkpoint=checkpoint,
            cache_prefix=cache_prefix,
            store_predictions=store_predictions,
            share_fits=share_fits,
        )
        self.param_distributions = param_distributions
        self.n_candidates = n_candidates
        self.factor = factor
        self.resource = resource
        self.min_resources = min_resources
        self.max_resources = max_resources
        self.aggressive_elimination = aggressive_elimination
        self.n_brackets = n_brackets
        self.sampler = sampler
        self.asynchronous = asynchronous
        self.resume_fits = resume_fits
        self.random_state = random_state
        self.racing = racing
        self.look_back = look_back

    @property
    def n_iter(self) -> Any:
        """``n_candidates``, under the name that who takes this for a `RandomizedSearchCV` reads."""
        return self.n_candidates

    def _settings(self, prepared: Prepared) -> list[Any]:  # noqa: ARG002
        names = ["n_candidates", "factor", "resource", "min_resources", "max_resources", "aggressive_elimination"]
        names += ["n_brackets", "sampler", "asynchronous", "look_back"]
        if self.resume_fits == "always":  # else it changes nothing
            names.append("resume_fits")
        return [*racing_settings(self), {name: getattr(self, name) for name in names}]

    def _keeps(self, name: str) -> bool:
        return name != given_resource(self.estimator, self.resource, self.param_distributions)

    def _facts(self, prepared: Prepared) -> dict[str, Any]:
        amounts = self._amounts(prepared.problem, prepared.written)
        return {"resource": [amounts.resource, amounts.most]}

    def _make_splits(self, X: Any, y: Any, params: dict[str, Any]) -> tuple[Any, Splits]:
        if n_rows(X) == 0:
            raise ValueError("min_resources_=0: you might have passed an empty dataset X.")
        return super()._make_splits(X, y, params)

    def _plan(self, start: Start) -> Plan:
        problem = start.problem
        amounts = self._amounts(problem, start.written)
        brackets = self._brackets(amounts, n_candidates := self._n_first(start, amounts))
        n_proposals = sum(bracket[0].n_trials for bracket in brackets)
        sampler = self._make_sampler(start, n_proposals)
        if len(brackets) == 1 and sampler.n_max is not None and sampler.n_max < n_proposals:
            brackets = self._brackets(amounts, n_candidates := max(sampler.n_max, 1))
        scheduler = make_halving_scheduler(self, problem, brackets)
        has_levels = not (self.asynchronous or self.n_brackets > 1)
        return Plan(
            sampler,
            scheduler,
            look_back=self.look_back,
            resource=self._resource(start, amounts, brackets),
            measure=measure_of(amounts.resource, amounts.most),
            tree=partial(rung_tree, scheduler=scheduler),
            n_branches=lambda n_trials, n_splits: len(brackets[0]) if has_levels else None,  # noqa: ARG005
            learned=self._schedule(amounts, brackets, n_candidates),
        )

    def _amounts(self, problem: Problem, written: Any) -> Amounts:
        """Return the resource, and how much of it there is at least and at most."""
        if self.n_candidates == self.min_resources == "exhaust" and self.sampler != "grid":
            raise ValueError("n_candidates and min_resources cannot be both set to 'exhaust'.")
        resource = find_parameter(problem.estimator, self.resource, names_in(written))
        return least_and_full(problem, resource, min_resources=self.min_resources, max_resources=self.max_resources)

    def _n_first(self, start: Start, amounts: Amounts) -> int:
        """Return how many candidates the first rung has."""
        if self.sampler == "grid":
            # No search gets through more, and rungs are computed in floating point.
            return min(max(GridSampler(taken(start)).n_max, 1), sys.maxsize)
        if self.n_candidates != "exhaust":
            return int(self.n_candidates)
        n_candidates = amounts.most // amounts.least
        return max(n_candidates, _N_CANDIDATES) if self.min_resources == "auto" else n_candidates

    def _brackets(self, amounts: Amounts, n_candidates: int) -> list[list[Rung]]:
        ends = (amounts.least, amounts.most, self.factor)
        if self.n_brackets > 1:
            return hyperband_brackets(n_candidates, *ends, n_brackets=self.n_brackets)
        return [halving_bracket(n_candidates, *ends, aggressive_elimination=self.aggressive_elimination)]

    def _resource(self, start: Start, amounts: Amounts, brackets: Sequence[Sequence[Rung]]) -> Resource:
        problem = start.problem
        if amounts.resource == "n_samples":
            rng = np.random.default_rng(check_random_state(start.random_state).randint(2**31 - 1))
            rows = make_rows(problem, amounts.most, n_rows(problem.X), start.groups, rng)
            check_rows(rows, problem, brackets[0][0].fraction)
            return rows
        models = Models(SharedFolder(MAX_BYTES)) if self.resume_fits else None
        is_exact = self.resume_fits != "always"
        return Iterations(amounts.resource, amounts.most, models, brackets, is_exact=is_exact)

    def _schedule(self, amounts: Amounts, brackets: Sequence[Sequence[Rung]], n_candidates: int) -> dict[str, Any]:
        """Return what scikit-learn's halving searches tell about their schedule; says some of it to the user."""
        first = brackets[0]
        least = first[0].n_resources if self.min_resources in {"auto", "exhaust"} else amounts.least
        if self.min_resources == "auto" and n_candidates >= self.factor and len(first) == 1:
            warn(
                f"min_resources='auto' leaves no room below the {amounts.most} of {amounts.resource}: all "
                f"{n_candidates} candidates get them. To compare on less all the same, set min_resources to a number.",
                UserWarning,
            )
        if self.verbose > 0:
            for bracket in brackets:
                rungs = ", ".join(f"{rung.n_trials} with {rung.n_resources}" for rung in bracket)
                print(f"Candidates, and what they have of {amounts.resource}: {rungs}")  # noqa: T201
        return {
            "resource_": amounts.resource,
            "min_resources_": least,
            "max_resources_": amounts.most,
            "n_required_iterations_": n_required_rungs(n_candidates, self.factor),
            "n_possible_iterations_": n_possible_rungs(least, amounts.most, self.factor),
            "n_iterations_": len(first),
            "n_resources_": [rung.n_resources for rung in first],
        }

    def _make_sampler(self, start: Start, n_iter: int) -> Sampler:
        make = SAMPLERS[self.sampler]
        start = start._replace(done=())  # trials are promoted, so not all of them are proposals
        if self.sampler == "bayes":
            return bayes_of_rungs(start)
        if self.sampler == "grid":
            return make(start, n_iter)
        n_points = RandomSampler(taken(start), n_iter=n_iter, random_state=0).n_max
        if n_points < n_iter and self.n_candidates != "exhaust":
            warn(
                f"The total space of parameters {n_points} is smaller than n_candidates={self.n_candidates}: all "
                "of it is tried.",
                UserWarning,
            )
        return make(start, n_points)

    def _learn(self, sampler: Sampler) -> None:  # noqa: ARG002
        counts = np.bincount(self.cv_results_["iter"], minlength=self.n_iterations_)
        self.n_candidates_ = [int(count) for count in counts]
        self.n_remaining_candidates_ = math.ceil(self.n_candidates_[-1] / self.factor)

    def _best_index(self, metric: Any, results: dict[str, Any]) -> Any:
        """Return the row of the best candidate; a callable ``refit`` is shown the last rung only."""
        if not callable(self.refit):
            return super()._best_index(metric, results)
        rows = np.flatnonzero(results["n_resources"] == results["n_resources"].max())
        last = {name: column[rows] for name, column in results.items() if name != "params"}
        last["params"] = [results["params"][row] for row in rows]
        return int(rows[super()._best_index(metric, last)])
