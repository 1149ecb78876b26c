"""What all searches share: translating scikit-learn's `fit` into a search, and its history back."""

from __future__ import annotations

import math
import os
import sys
import time
from abc import abstractmethod
from contextlib import closing
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import indexable

from skhpo import _sklearn
from skhpo.content import noticing_changes
from skhpo.estimators.queries import with_queries
from skhpo.estimators.tags import is_classifier, warn_of_missing_tags
from skhpo.executors import make_executor
from skhpo.executors.interrupts import InterruptsWait, end_of_interrupt
from skhpo.fits.amounts import names_in
from skhpo.fits.fit_params import check_fit_params
from skhpo.fits.prefix import PrefixCache
from skhpo.fits.problem import Places, Problem
from skhpo.fits.splits import Splits, make_splits
from skhpo.history import History
from skhpo.journals.base import damaged
from skhpo.journals.memory import MemoryJournal
from skhpo.journals.retries import Limits
from skhpo.loop import ReplayError, run_search
from skhpo.messages.callers import warn
from skhpo.report import relative_test_size
from skhpo.search.checkpoint import open_checkpoint
from skhpo.search.conclusion import Concluding
from skhpo.search.cost import Cost
from skhpo.search.growth import watch_workers
from skhpo.search.progress import Progress
from skhpo.search.remembered import Remembered
from skhpo.space import Space, check_names, params_key

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from skhpo.executors.base import Executor
    from skhpo.history import Outcome, Params, Trial
    from skhpo.journals.base import Journal
    from skhpo.loop import StopReason
    from skhpo.search.plan import Plan


class BaseSearch(Concluding):
    """Base of the searches: a subclass says with which sampler and scheduler.

    Delegation to the best estimator, tags, metadata routing and the HTML view are those of scikit-learn's
    ``BaseSearchCV``; `fit` is our own.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **_sklearn.CONSTRAINTS,
        "timeout": [_sklearn.Interval(Real, 0, None, closed="neither"), None],
        "fit_timeout": [_sklearn.Interval(Real, 0, None, closed="neither"), None],
        "checkpoint": [str, os.PathLike, None],
        "cache_prefix": ["boolean"],
    }

    def __init__(
        self,
        estimator: Any,
        *,
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: Any = "2*n_jobs",
        error_score: Any = np.nan,
        return_train_score: bool = False,
        timeout: float | None = None,
        fit_timeout: float | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        cache_prefix: bool = True,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.timeout = timeout
        self.fit_timeout = fit_timeout
        self.checkpoint = checkpoint
        self.cache_prefix = cache_prefix

    def __sklearn_clone__(self) -> Self:
        """Return an unfitted copy, which may share the original's checkpoint: outer cross-validations clone."""
        copy: Self = super().__sklearn_clone__()
        if self.checkpoint is not None:
            copy._is_copy = True
        return copy

    @property
    @abstractmethod
    def _space(self) -> Any:
        """The constructor's space, whatever it is called there."""

    @abstractmethod
    def _plan(self, problem: Problem, random_state: Any, done: Sequence[Params]) -> Plan:
        """Return how to go about the problem.

        Parameters
        ----------
        problem : Problem
            What is to be solved.
        random_state : int, RandomState instance or None
            The search's, or the seed that a journal remembers.
        done : sequence of dict
            Parameters of the trials that a journal remembers.
        """

    def _strategy(self) -> list[Any]:
        """Return what the trials depend on besides the space and the problem, JSON-able."""
        return [type(self).__name__, *(["racing", self.look_back] if getattr(self, "racing", False) else [])]

    # The estimator inside is not validated yet.
    @_sklearn.fit_context(prefer_skip_nested_validation=False)  # type: ignore[untyped-decorator]
    @noticing_changes
    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Search, and fit the best candidate on all the data.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features) or (n_samples, n_samples)
            Samples; of the second shape for precomputed kernels and distances.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Targets; None for unsupervised estimators.
        **params : dict of str to object
            Passed to the estimator's ``fit``, the scorers and the splitter (``groups``), and split with the samples
            where they are aligned with them. With metadata routing enabled, where each goes is what was requested.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        ValueError
            If the space names something that is no parameter of the estimator, if all fits fail, or if no candidate
            finishes within ``timeout``.
        """
        cost = Cost(time.monotonic)
        self._forget()
        warn_of_missing_tags(self.estimator)
        scorers, metric = _sklearn.scorers_of(self)
        X, y = indexable(X, y)
        params = _sklearn.check_method_params(X, params=params)
        routed = _sklearn.routed_params(self, params, X)
        check_fit_params(
            self.estimator, routed.estimator.fit, searched=names_in(self._space), error_score=self.error_score
        )
        observed = {"X": X, "y": y, "metadata": _only_sample_weight(params)}
        root = _sklearn.root_context(self, max_subtasks=1 + (self.refit is not False))
        root.call_on_fit_task_begin(estimator=self, **observed)

        splits = self._make_splits(X, y, routed.splitter.split)
        problem = Problem(
            estimator=clone(self.estimator),
            X=X,
            y=y,
            splits=splits.sides,
            scorer=with_queries(scorers, self.estimator, self.scoring, routed.scorer.score),
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
            verbose=self.verbose,
        )
        history = History(len(splits.sides), metric=self._deciding_metric(_sklearn.scorer_names(scorers)))
        try:
            reason = self._search(problem, splits, history, root, cost)
        except BaseException as error:
            why = "interrupt" if isinstance(error, KeyboardInterrupt) else "error"
            with InterruptsWait():  # another Ctrl-C would leave half of it
                self._keep(history, cost.stats(history, why), metric)
            end_of_interrupt()
            raise
        self.scorer_ = _sklearn.fitted_scorer(scorers, self.estimator)
        self._note(history, cost.stats(history, reason))
        self._conclude(history)
        self._choose(metric)
        if self.refit:
            self._refit(X, y, routed.estimator.fit, root, observed)
        root.call_on_fit_task_end(estimator=self, **observed)
        return self

    def _make_splits(self, X: Any, y: Any, params: dict[str, Any]) -> Splits:
        """Split once, for all candidates: an unseeded splitter would give each of them other folds."""
        self._checked_cv_orig = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = self._checked_cv_orig.get_n_splits(X, y, **params)
        splits = make_splits(self._checked_cv_orig, X, y, params, is_kept=self.checkpoint is not None)
        if len(splits.sides) != self.n_splits_:
            raise ValueError(
                f"cv.split and cv.get_n_splits {_sklearn.RETURN} inconsistent results. "
                f"Expected {self.n_splits_} splits, got {len(splits.sides)}"
            )
        if not splits.sides:
            raise ValueError(self._why_nothing())
        return splits

    def _deciding_metric(self, names: list[str] | None) -> str | None:
        """Return the metric that a sampler learns from: ``refit`` where it names one, else the first."""
        if isinstance(self.refit, str):
            return self.refit
        return names[0] if names else None

    def _search(
        self, problem: Problem, splits: Splits, history: History, root: _sklearn.FitContext, cost: Cost
    ) -> StopReason:
        """Run the loop; fills the history."""
        opened = (
            MemoryJournal()
            if self.checkpoint is None
            else open_checkpoint(
                self.checkpoint,
                problem,
                space=Space(self._space),
                strategy=self._strategy(),
                random_state=getattr(self, "random_state", None),
                may_add=getattr(self, "_is_copy", False),
                facts={"metric": history.metric, **self._facts(problem)},
                drawn_by=splits.drawn_by,
            )
        )
        with closing(opened) as journal:
            names = _sklearn.scorer_names(problem.scorer)
            metrics = None if callable(self.scoring) else names or ()
            remembered = Remembered(journal, self.checkpoint, len(problem.splits), metrics)
            problem = replace(problem, splits=remembered.splits(splits))
            self._test_to_train = relative_test_size(problem.splits)
            return self._run(problem, journal, remembered, history, root=root, cost=cost)

    def _run(
        self,
        problem: Problem,
        journal: Journal,
        remembered: Remembered,
        history: History,
        *,
        root: _sklearn.FitContext,
        cost: Cost,
    ) -> StopReason:
        self._check_names(remembered.metrics)
        random_state = remembered.random_state(getattr(self, "random_state", None))
        plan = self._plan(problem, random_state, remembered.params)
        check_names(self._space, self.estimator)
        problem = replace(problem, resource=plan.resource)
        n_trials, n_splits = plan.n_trials, len(problem.splits)
        if self.verbose > 0 and n_trials is not None:
            print(  # noqa: T201  (scikit-learn's line)
                f"Fitting {n_splits} folds for each of {n_trials} candidates, totalling "
                f"{'at most ' if plan.scheduler.is_racing else ''}{n_trials * n_splits} fits"
            )
        context = root.subcontext(
            task_name="search",
            max_subtasks=self._n_places(plan, n_splits),
            sequential_subtasks=False,
        ).call_on_fit_task_begin(estimator=self)
        places = self._places(context, plan, n_splits)
        prefixes = PrefixCache()
        problem = replace(
            problem,
            n_trials=n_trials,
            caller=self if _sklearn.has_callbacks(self) else None,
            prefixes=prefixes if self.cache_prefix else None,
        )
        deadline = math.inf if self.timeout is None else cost.began + self.timeout
        stream = sys.stdout if self.verbose == 1 else None  # above, each fit has lines of its own
        with (
            prefixes,
            closing(problem.resource),
            make_executor(
                problem, self.n_jobs, pre_dispatch=self.pre_dispatch, fit_timeout=self.fit_timeout
            ) as executor,
            Progress(history, n_trials, stream, seconds_left=deadline - time.monotonic()) as progress,
        ):
            look_back = plan.look_back or remembered.integer(
                "look_back", plan.smallest_look_back(executor.n_workers, n_splits), low=1
            )
            journal.begin(self._limits(executor))
            try:
                reason = run_search(
                    plan.sampler,
                    plan.scheduler,
                    executor,
                    journal,
                    history,
                    make_task=lambda trial, split: problem.task(
                        trial, split, places.of(trial) if problem.caller is not None else None
                    ),
                    # Where callbacks watch the fits each is run: they would else be told of some that did not happen.
                    identity=_identity if problem.caller is None else _number,
                    look_back=look_back,
                    seconds_left=lambda: deadline - time.monotonic(),
                    check=self._checker(problem),
                    on_finished=watch_workers(
                        executor, cost, plan, look_back=look_back, n_splits=n_splits, then=progress.update
                    ),
                    deciding=cost,
                )
            except ReplayError as error:
                raise damaged(self.checkpoint or "", error) from error
            self._gave_up = executor.gave_up
        if reason == "workers":
            warn(f"{self._gave_up} The search ends here, with what is complete so far.", RuntimeWarning)
        places.close()
        context.call_on_fit_task_end(estimator=self)
        if self.verbose > 0 and reason == "exhausted":
            print(f"The space is exhausted: all its {len(history.trials)} candidates were tried.")  # noqa: T201
        return reason

    def _n_places(self, plan: Plan, n_splits: int) -> int | None:
        """Return how many tasks there are right below the search in the tree of tasks; None where that is not known."""
        return None if plan.n_trials is None else plan.n_trials * n_splits

    def _places(self, context: _sklearn.FitContext, plan: Plan, n_splits: int) -> Places:  # noqa: ARG002
        """Return where in the tree of tasks the fits of a trial belong."""
        return Places(context)

    def _facts(self, problem: Problem) -> dict[str, Any]:  # noqa: ARG002
        """Return what else a reader of the journal has to know, JSON-able."""
        return {}

    def _limits(self, executor: Executor) -> Limits:
        """Return what may end fits from outside: those that ended so are worth a retry where it changes."""
        fit_timeout = None if self.fit_timeout is None else float(self.fit_timeout)
        return Limits(fit_timeout, f"{type(executor).__name__} of {executor.n_workers}")

    def _checker(self, problem: Problem) -> Callable[[Outcome], None]:
        """Return what is shown each outcome, and raises what need not wait for the others."""

        def check(outcome: Outcome) -> None:
            problem.check(outcome)
            if isinstance(outcome.test_scores, dict):
                self._check_names(list(outcome.test_scores))

        return check

    def _refit(
        self, X: Any, y: Any, fit_params: dict[str, Any], root: _sklearn.FitContext, observed: dict[str, Any]
    ) -> None:
        """Fit the best candidate on all the data."""
        best = _sklearn.set_params(clone(self.estimator), self.best_params_)
        self.best_estimator_ = best
        context = root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(estimator=self, **observed)
            start = time.perf_counter()
            if y is None:
                best.fit(X, **fit_params)
            else:
                best.fit(X, y, **fit_params)
            self.refit_time_ = time.perf_counter() - start
        if hasattr(best, "feature_names_in_"):
            self.feature_names_in_ = best.feature_names_in_
        context.call_on_fit_task_end(estimator=self, **observed)


def _only_sample_weight(params: dict[str, Any]) -> dict[str, Any] | None:
    """Return what callbacks are shown of the parameters of `fit`."""
    weight = params.get("sample_weight")
    return None if weight is None else {"sample_weight": weight}


def _identity(trial: Trial) -> Hashable:
    """Return what two trials share if fitting both would give the same twice."""
    return params_key(trial.params), trial.fraction


def _number(trial: Trial) -> Hashable:
    return trial.number
