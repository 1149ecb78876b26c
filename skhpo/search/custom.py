"""A search with a sampler and a scheduler of one's own."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from skhpo._sklearn import RANDOM_CONSTRAINTS, Interval, StrOptions
from skhpo.fits.amounts import (
    Iterations,
    Resource,
    find_parameter,
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
from skhpo.search.plan import Plan, Start
from skhpo.search.samplers import SAMPLERS, bayes_of_rungs

if TYPE_CHECKING:
    import os

    from skhpo.fits.problem import Problem


class SearchCV(BaseSearch):
    """Search with a sampler and a scheduler of your own.

    The sampler proposes candidates, the scheduler decides which of them get how much. All else is that of the other
    searches: checkpoints, timeouts, workers, conditions, several metrics. How to write a sampler and a scheduler is
    said in :doc:`/extend`.

    Parameters
    ----------
    estimator : estimator object
        What is tuned; it has a ``score`` method, or ``scoring`` is given.
    param_distributions : dict or list of dict
        What may be tried, as in :class:`~skhpo.BayesSearchCV`.
    sampler : {"random", "bayes", "grid"} or callable, default="random"
        Who proposes candidates: a name, or ``sampler(space, seed)``, which returns a
        :class:`~skhpo.samplers.base.Sampler` for a :class:`~skhpo.space.Space` and an int. A class with such a
        constructor will do.
    scheduler : Scheduler, callable or None, default=None
        Who decides what is run: a :class:`~skhpo.schedulers.base.Scheduler`, or ``scheduler(n_iter, n_splits)``, which
        returns one. None runs ``n_iter`` candidates on all splits.
    n_iter : int, default=50
        Candidates to try; fewer if the space has fewer. A ready-made scheduler knows its own number.
    resource : str or None, default=None
        What a trial's fraction is a fraction of, for schedulers with rungs: ``"n_samples"`` for training rows, or the
        name of an integer parameter, such as ``"n_estimators"``, of which the estimator has the full amount.
    scoring : str, callable, list, tuple, dict or None, default=None
        One metric or several, as in scikit-learn; larger is better. None is the estimator's own ``score``.
    n_jobs : int or None, default=None
        Fits that run at the same time: None is 1 outside of a :func:`joblib.parallel_config` context, -1 is one per
        core.
    refit : bool, str or callable, default=True
        Whether to fit the best candidate on all the data; with several metrics, the name of the one that decides; or a
        function from ``cv_results_`` to the index of the best.
    cv : int, splitter or iterable, default=None
        How to split; None is five folds. The splits are made once and are the same for every candidate.
    verbose : int, default=0
        From 1 a summary line, from 2 a line per fit, from 3 scores, from 10 a line at each start. With 1, a terminal
        also shows how far the search is: trials done, best score, time left, failed fits; elsewhere there is a line
        about it every half minute.
    pre_dispatch : int or str, default="2*n_jobs"
        The most fits that are handed to the workers at a time; ``"all"`` is no limit.
    random_state : int, RandomState instance or None, default=None
        Seed of all that is random.
    error_score : "raise" or float, default=np.nan
        Score of a fit that fails; "raise" raises its error.
    return_train_score : bool, default=False
        Whether to score the training sides too.
    timeout : float or None, default=None
        Seconds for the search; no fit starts later. The candidates that are complete are kept, and the best of them is
        fitted on all the data.
    fit_timeout : float or None, default=None
        Seconds for one fit and its scoring; a fit that takes longer is stopped with its worker process and has failed.
    checkpoint : path-like or None, default=None
        A file in which the search is written down while it runs. Fitted again with the same file after whatever ended
        it, it goes on where it was; with a larger ``n_iter`` it is extended. Another search's file is refused. Copies
        made by :func:`sklearn.base.clone`, as in an outer cross-validation, share the file, each with a search of its
        own.
    cache_prefix : bool, default=True
        Whether the first steps of a :class:`~sklearn.pipeline.Pipeline`, where candidates have them in common, are
        fitted once per split and worker instead of once per candidate, and kept in memory, up to 256 MB per worker.
    store_predictions : bool, default=False
        Whether to keep what the candidates predict for the rows that they were not trained on: ``predictions_``, which
        `estimate_score` and `ensemble` read. See :doc:`/guide/honesty`.
    look_back : int or None, default=None
        How many fits may be under way when the next one is decided, that one included. None is half of the splits and
        one, and more where there are more workers.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row per candidate, as in scikit-learn. With a scheduler that stops trials, ``status`` and ``n_splits_run`` are
        added; with a ``resource``, ``iter`` and ``n_resources``.
    sampler_ : Sampler
        The sampler, told of all trials.
    best_estimator_ : estimator
        The best candidate fitted on all the data; only if ``refit``.
    best_score_ : float
        Its mean score over the splits; not if ``refit`` is callable.
    best_params_ : dict
        Its parameters.
    best_index_ : int
        Its row in ``cv_results_``.
    scorer_ : callable or dict of str to callable
        What scored.
    n_splits_ : int
        Splits per candidate.
    multimetric_ : bool
        Whether there were several metrics.
    refit_time_ : float
        Seconds that fitting the best candidate on all the data took; only if ``refit``.
    n_features_in_ : int
        Features seen in `fit`, where ``best_estimator_`` knows.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, where ``best_estimator_`` knows.
    classes_ : ndarray of shape (n_classes,)
        Class labels of a classifier.

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
        **{name: RANDOM_CONSTRAINTS[name] for name in ("param_distributions", "n_iter", "random_state")},
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
        )
        self.param_distributions = param_distributions
        self.sampler = sampler
        self.scheduler = scheduler
        self.n_iter = n_iter
        self.resource = resource
        self.random_state = random_state
        self.look_back = look_back

    @property
    def _space(self) -> Any:
        return self.param_distributions

    def _settings(self) -> list[Any]:
        return [self.sampler, self.scheduler, self.resource, self.look_back]

    def _facts(self, problem: Problem) -> dict[str, Any]:
        measure = self._measure(problem)
        return {} if measure is None else {"resource": [measure.name, measure.full]}

    def _plan(self, start: Start) -> Plan:
        measure = self._measure(start.problem)
        return Plan(
            self._made_sampler(start, has_rungs=measure is not None),
            self._made_scheduler(len(start.problem.splits)),
            look_back=self.look_back,
            resource=self._resource(start, measure),
            measure=measure,
        )

    def _made_sampler(self, start: Start, *, has_rungs: bool) -> Sampler:
        if self.sampler == "bayes" and has_rungs:
            return bayes_of_rungs(start, self.param_distributions)
        if isinstance(self.sampler, str):
            start = start._replace(done=()) if has_rungs else start  # where trials are promoted, not all are proposals
            return SAMPLERS[self.sampler](start, self.param_distributions, self.n_iter)
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

    def _measure(self, problem: Problem) -> Resource | None:
        if self.resource is None:
            return None
        name = find_parameter(problem.estimator, self.resource, names_in(self.param_distributions))
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
