"""A search with a sampler and a scheduler of one's own."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from sklearn.model_selection import RandomizedSearchCV as TheirRandom

from skhpo._sklearn import RANDOM_CONSTRAINTS, Interval, StrOptions
from skhpo.fits.amounts import (
    Iterations,
    Resource,
    find_parameter,
    given_resource,
    least_and_full,
    make_rows,
    measure_of,
    n_rows,
    names_in,
)
from skhpo.samplers.base import Sampler
from skhpo.schedulers.base import Scheduler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.search.base import BaseSearch
from skhpo.search.families import CLOSE, alone, families
from skhpo.search.plan import Plan, Prepared, Start
from skhpo.search.samplers import SAMPLERS, bayes_of_rungs
from skhpo.search.texts import documented

if TYPE_CHECKING:
    import os

    from skhpo.fits.problem import Problem


@TheirRandom.register  # for those who ask whether it is one
@documented
class SearchCV(BaseSearch):
    """Search with a sampler and a scheduler of your own.

    The sampler proposes candidates; the scheduler decides which of them get how much. All else is that of the other
    searches: checkpoints, timeouts, workers, conditions, several metrics. How to write them: :doc:`/extend`.

    Parameters
    ----------
    %(estimator)s
    param_distributions : dict, list of dict or "default"
        What may be tried, as in :class:`~skhpo.BayesSearchCV`.
    sampler : {"random", "bayes", "grid"} or callable, default="random"
        What proposes candidates: a name, or ``sampler(space, seed)``, which returns a
        :class:`~skhpo.samplers.base.Sampler` for a :class:`~skhpo.space.Space` and an int. A class with such a
        constructor will do.
    scheduler : Scheduler, callable or None, default=None
        What decides which fits are run: a :class:`~skhpo.schedulers.base.Scheduler`, or
        ``scheduler(n_iter, n_splits)``, which returns one. None runs ``n_iter`` candidates on all splits.
    n_iter : int, default=50
        Candidates to try. If the space has fewer points, all of them are tried. A ready-made scheduler has its own
        number.
    resource : str or None, default=None
        What a trial's fraction is a fraction of, for schedulers with rungs: ``"n_samples"`` for training rows, or the
        name of an integer parameter, such as ``"n_estimators"``, of which the estimator has the full amount.
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
    %(look_back)s

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row per candidate, as in scikit-learn. With a scheduler that stops trials, ``status`` and ``n_splits_run`` are
        added; with a ``resource``, ``iter`` and ``n_resources``.
    sampler_ : Sampler
        The sampler, told of all trials.
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

    See Also
    --------
    BayesSearchCV : A model of the score proposes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import Float, SearchCV
    >>> from skhpo.samplers.base import Sampler
    >>> class Halton(Sampler):
    ...     is_adaptive = False
    ...     def __init__(self, space, seed):
    ...         from scipy.stats import qmc
    ...         self.space, self.points = space, qmc.Halton(space.n_columns, seed=seed).random(1000)
    ...     def ask(self, number, pending):
    ...         return self.space.decode(self.points[[number]])[0]
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
    >>> search = SearchCV(SVC(), space, sampler=Halton, n_iter=10, random_state=0).fit(X, y)
    >>> len(search.cv_results_["params"]), bool(search.best_score_ > 0.95)
    (10, True)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSearch._parameter_constraints,
        **{name: RANDOM_CONSTRAINTS[name] for name in ("n_iter", "random_state")},
        "param_distributions": [*RANDOM_CONSTRAINTS["param_distributions"], str],
        "sampler": [StrOptions(set(SAMPLERS)), callable],
        "scheduler": [Scheduler, callable, None],
        "resource": [str, None],
        "look_back": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        sampler: Any = "random",
        scheduler: Any = None,
        n_iter: int = 50,
        resource: str | None = None,
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
        self.sampler = sampler
        self.scheduler = scheduler
        self.n_iter = n_iter
        self.resource = resource
        self.random_state = random_state
        self.look_back = look_back

    def _settings(self, prepared: Prepared) -> list[Any]:  # noqa: ARG002
        close = [CLOSE] if self.share_fits == CLOSE else []
        return [*close, self.sampler, self.scheduler, self.resource, self.look_back]

    def _facts(self, prepared: Prepared) -> dict[str, Any]:
        measure = self._measure(prepared.problem, prepared.written)
        return {} if measure is None else {"resource": [measure.name, measure.full]}

    def _plan(self, start: Start) -> Plan:
        measure = self._measure(start.problem, start.written)
        sampler = self._made_sampler(start, has_rungs=measure is not None)
        scheduler = self._made_scheduler(len(start.problem.splits))
        is_one_by_one = measure is None and type(scheduler) is FixedScheduler  # trial number i is proposal number i
        n_trials = self.n_iter if sampler.n_max is None else min(self.n_iter, sampler.n_max)
        return Plan(
            sampler,
            scheduler,
            look_back=self.look_back,
            resource=self._resource(start, measure),
            measure=measure,
            family_of=families(self, start.problem, start.written, sampler, n_trials) if is_one_by_one else alone,
        )

    def _made_sampler(self, start: Start, *, has_rungs: bool) -> Sampler:
        if self.sampler == "bayes" and has_rungs:
            return bayes_of_rungs(start)
        if isinstance(self.sampler, str):
            start = start._replace(done=()) if has_rungs else start  # where trials are promoted, not all are proposals
            return SAMPLERS[self.sampler](start, self.n_iter)
        sampler = self.sampler(start.space(), start.seed())
        if not isinstance(sampler, Sampler):
            raise TypeError(
                f"sampler needs to be a name or sampler(space, seed) that returns a Sampler, got {self.sampler!r}, "
                f"which returned {type(sampler).__name__}. Derive it from skhpo.samplers.base.Sampler."
            )
        return sampler

    def _made_scheduler(self, n_splits: int) -> Scheduler:
        if self.scheduler is None:
            return FixedScheduler(self.n_iter)
        scheduler = self.scheduler if isinstance(self.scheduler, Scheduler) else self.scheduler(self.n_iter, n_splits)
        if not isinstance(scheduler, Scheduler):
            raise TypeError(
                f"scheduler needs to be a Scheduler or scheduler(n_iter, n_splits) that returns one, got "
                f"{self.scheduler!r}, which returned {type(scheduler).__name__}. Derive it from "
                "skhpo.schedulers.base.Scheduler."
            )
        return scheduler

    def _keeps(self, name: str) -> bool:
        return self.resource is None or name != given_resource(self.estimator, self.resource, self.param_distributions)

    def _measure(self, problem: Problem, written: Any) -> Resource | None:
        if self.resource is None:
            return None
        name = find_parameter(problem.estimator, self.resource, names_in(written))
        amounts = least_and_full(problem, name, min_resources=1, max_resources="auto")
        return measure_of(name, amounts.most)

    def _resource(self, start: Start, measure: Resource | None) -> Resource:
        if measure is None:
            return Resource()
        if measure.name != "n_samples":
            return Iterations(measure.name, measure.full)
        rng = np.random.default_rng(start.seed())
        return make_rows(start.problem, measure.full, n_rows(start.problem.X), start.groups, rng)

    def _learn(self, sampler: Any) -> None:
        self.sampler_ = sampler
