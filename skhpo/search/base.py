"""What all searches share: translating scikit-learn's `fit` into a search, and its history back.

`fit` has four steps, each of which gives what the next one needs: *prepare* refuses what can be refused; *open* looks
into the journal and plans (`Plan`); *run* fills the history; *conclude* turns the history into what users look at.
Nothing is written before *run*, and nothing is set on the search before *conclude*.
"""

from __future__ import annotations

import functools
import math
import os
import sys
import time
from abc import abstractmethod
from contextlib import closing, nullcontext
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
from skhpo.fits.problem import Problem
from skhpo.fits.recorder import Recording
from skhpo.fits.splits import Splits, make_splits
from skhpo.fits.trackers import recorded_whole, unrecorded
from skhpo.history import History
from skhpo.honesty.pooled import PooledScorer
from skhpo.journals.base import damaged
from skhpo.journals.memory import MemoryJournal
from skhpo.journals.retries import Limits
from skhpo.loop import ReplayError, run_search
from skhpo.messages.callers import warn
from skhpo.search.checkpoint import open_checkpoint
from skhpo.search.conclusion import Concluding
from skhpo.search.evidence import Data
from skhpo.search.families import CLOSE
from skhpo.search.growth import watch_workers
from skhpo.search.kept import Kept
from skhpo.search.plan import Opened, Prepared, Start
from skhpo.search.progress import Progress
from skhpo.search.remembered import Remembered
from skhpo.search.stopwatch import Stopwatch
from skhpo.space import Space, check_names, is_plain, params_key
from skhpo.space.defaults import asks_for_default, written_out

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from skhpo.executors.base import Executor
    from skhpo.history import Outcome, Trial
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
        "store_predictions": ["boolean"],
        "share_fits": ["boolean", _sklearn.StrOptions({CLOSE})],
    }

    _is_copy = False

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
        store_predictions: bool = False,
        share_fits: bool | str = True,
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
        self.store_predictions = store_predictions
        self.share_fits = share_fits

    def __sklearn_clone__(self) -> Self:
        """Return an unfitted copy, which may share the original's checkpoint: outer cross-validations clone."""
        copy: Self = super().__sklearn_clone__()
        if self.checkpoint is not None:
            copy._is_copy = True
        return copy

    @property
    def _space(self) -> Any:
        """The constructor's space, whatever it is called there."""
        return self.param_distributions

    @property
    def _random_state(self) -> Any:
        """The constructor's seed; None for a search in which nothing is random."""
        return self.random_state

    @abstractmethod
    def _plan(self, start: Start) -> Plan:
        """Return how to go about the problem; refuses what cannot be, and sets nothing."""

    def _written(self, X: Any, y: Any) -> Any:
        """Return the constructor's space, in which ``"default"`` is written out in view of the data."""
        return written_out(self._space, self.estimator, X, y, keeps=self._keeps)

    def _keeps(self, name: str) -> bool:  # noqa: ARG002
        """Whether a parameter is searched where ``"default"`` stands for it."""
        return True

    def _settings(self, prepared: Prepared) -> list[Any]:  # noqa: ARG002
        """Return what the trials depend on besides space, problem and seed, such that it can be described."""
        return []

    def _facts(self, prepared: Prepared) -> dict[str, Any]:  # noqa: ARG002
        """Return what else a reader of the journal has to know, JSON-able."""
        return {}

    @recorded_whole
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
            If the space names something that is no parameter of the estimator, if all fits fail, or if ``timeout`` ends
            the search before there is a score.
        """
        cost = Stopwatch(time.monotonic)
        self._forget()
        prepared = self._prepare(X, y, params)
        opened = self._open(prepared)
        try:
            with closing(opened.journal), unrecorded():
                reason = self._run(prepared, opened, cost)
        except BaseException as error:
            why = "interrupt" if isinstance(error, KeyboardInterrupt) else "error"
            with InterruptsWait():  # another Ctrl-C would leave half of it
                self._keep(prepared, opened, cost.stats(opened.history, why))
            end_of_interrupt()
            raise
        self._note(prepared, opened, cost.stats(opened.history, reason))
        self._conclude(prepared, opened)
        if self.refit:
            self._refit(prepared)
        prepared.root.call_on_fit_task_end(estimator=self, **prepared.observed)
        return self

    def _prepare(self, X: Any, y: Any, params: dict[str, Any]) -> Prepared:
        """Refuse what can be refused; returns what is to be done, and how."""
        warn_of_missing_tags(self.estimator)
        scorers, metric = _sklearn.scorers_of(self)
        X, y = indexable(X, y)
        written = self._written(X, y)
        params = _sklearn.check_method_params(X, params=params)
        routed = _sklearn.routed_params(self, params, X)
        check_fit_params(self.estimator, routed.estimator.fit, searched=names_in(written), error_score=self.error_score)
        observed = {"X": X, "y": y, "metadata": _only_sample_weight(params)}
        root = _sklearn.root_context(self, max_subtasks=1 + (self.refit is not False))
        root.call_on_fit_task_begin(estimator=self, **observed)
        splitter, splits = self._make_splits(X, y, routed.splitter.split)
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
            caller=self if _sklearn.has_callbacks(self) else None,
            prefixes=PrefixCache() if self.cache_prefix else None,
        )
        groups = routed.splitter.split.get("groups")
        kept = None
        is_pooled = isinstance(self.scoring, PooledScorer)
        if self.store_predictions or is_pooled:
            kept = Kept.of(problem, splitter, groups, is_stored=self.store_predictions)
            problem = replace(problem, recording=Recording(kept.facts.classes, is_always=is_pooled))
        space = functools.cache(lambda: Space(written))
        data = Data(X, y, params, routed.estimator.fit) if self.store_predictions else Data()
        return Prepared(problem, written, space, groups, splits, splitter, scorers, metric, root, observed, kept, data)

    def _make_splits(self, X: Any, y: Any, params: dict[str, Any]) -> tuple[Any, Splits]:
        """Split once, for all candidates: an unseeded splitter would give each of them other folds."""
        splitter = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        n_splits = splitter.get_n_splits(X, y, **params)
        splits = make_splits(splitter, X, y, params, is_kept=self.checkpoint is not None)
        if len(splits.sides) != n_splits:
            raise ValueError(
                f"cv.split and cv.get_n_splits {_sklearn.RETURN} inconsistent results. "
                f"Expected {n_splits} splits, got {len(splits.sides)}"
            )
        if not splits.sides:
            raise ValueError(self._why_nothing())
        return splitter, splits

    def _open(self, prepared: Prepared) -> Opened:
        """Look into the journal, which may remember an earlier run, and plan; nothing is written yet."""
        problem = prepared.problem
        names = _sklearn.scorer_names(problem.scorer)
        metric = self._metric_of_refit(names) if names else None
        journal = MemoryJournal() if self.checkpoint is None else self._open_checkpoint(prepared, metric)
        try:
            metrics = None if callable(self.scoring) else names or ()
            remembered = Remembered(journal, self.checkpoint, len(problem.splits), metrics)
            self._check_names(remembered.metrics)
            problem = replace(problem, splits=remembered.splits(prepared.splits))
            seed = remembered.random_state(self._random_state)
            start = Start(
                problem,
                prepared.written,
                prepared.space,
                seed,
                remembered.params,
                prepared.groups,
                is_untuned_first=self._needs_untuned() or asks_for_default(self._space),
            )
            plan = self._plan(start)
            if isinstance(self.scoring, PooledScorer) and plan.scheduler.stops_trials:
                raise ValueError(  # noqa: TRY301  # with the journal closed
                    f"scoring={self.scoring!r} scores all splits at once, and racing=True compares candidates split by "
                    "split. Leave out one of the two."
                )
            if self._needs_untuned() and plan.measure is not None:
                raise ValueError(  # noqa: TRY301  # with the journal closed
                    f"refit={self.refit!r} needs the untuned estimator on all data, got a search with rungs, which may "
                    "leave it behind. Use BayesSearchCV or RandomSearchCV, or write untuned=."
                )
            check_names(prepared.written if is_plain(prepared.written) else prepared.space(), self.estimator)
        except BaseException:
            journal.close()
            raise
        problem = replace(problem, resource=plan.resource, n_trials=plan.n_trials)
        store = None if prepared.kept is None else prepared.kept.store(problem, prepared.splitter, journal)
        return Opened(journal, remembered, problem, plan, History(len(problem.splits), metric=metric), store=store)

    def _open_checkpoint(self, prepared: Prepared, metric: str | None) -> Journal:
        return open_checkpoint(
            self.checkpoint or "",
            prepared.problem,
            space=prepared.space(),
            strategy=[type(self).__name__, *self._settings(prepared)],
            random_state=self._random_state,
            may_add=self._is_copy,
            facts={"metric": metric, **self._facts(prepared)},
            drawn_by=prepared.splits.drawn_by,
        )

    def _run(self, prepared: Prepared, opened: Opened, cost: Stopwatch) -> StopReason:
        """Fill the history."""
        plan, problem, history = opened.plan, opened.problem, opened.history
        n_trials, n_splits = problem.n_trials, history.n_splits
        if self.verbose > 0 and n_trials is not None:
            print(  # noqa: T201  (scikit-learn's line)
                f"Fitting {n_splits} folds for each of {n_trials} candidates, totalling "
                f"{'at most ' if plan.scheduler.stops_trials else ''}{n_trials * n_splits} fits"
            )
        context = prepared.root.subcontext(
            task_name="search", max_subtasks=plan.n_branches(n_trials, n_splits), sequential_subtasks=False
        ).call_on_fit_task_begin(estimator=self)
        tree = plan.tree(self, context, n_splits)
        with (
            nullcontext() if problem.prefixes is None else problem.prefixes,
            closing(problem.resource),
            make_executor(
                problem, self.n_jobs, pre_dispatch=self.pre_dispatch, fit_timeout=self.fit_timeout
            ) as executor,
        ):
            reason = self._loop(opened, executor, cost, tree.of)
        if reason == "workers":
            opened.gave_up = executor.gave_up
            warn(f"{executor.gave_up} The search ends here, with what is complete so far.", RuntimeWarning)
        tree.close()
        context.call_on_fit_task_end(estimator=self)
        if self.verbose > 0 and reason == "exhausted":
            print(f"The space is exhausted: all its {len(history.trials)} candidates were tried.")  # noqa: T201
        return reason

    def _loop(
        self, opened: Opened, executor: Executor, cost: Stopwatch, place_of: Callable[[Trial], _sklearn.FitContext]
    ) -> StopReason:
        plan, problem, history = opened.plan, opened.problem, opened.history
        is_observed = problem.caller is not None
        look_back = opened.look_back(executor.n_workers)
        deadline = math.inf if self.timeout is None else cost.began + self.timeout
        stream = sys.stdout if self.verbose == 1 else None  # above, each fit has lines of its own
        with Progress(history, problem.n_trials, stream, seconds_left=deadline - time.monotonic()) as progress:
            opened.journal.begin(self._limits(executor))
            try:
                return run_search(
                    plan.sampler,
                    plan.scheduler,
                    opened.taking(executor),
                    opened.journal,
                    history,
                    make_task=lambda trial, split: problem.task(trial, split, place_of(trial) if is_observed else None),
                    # Where callbacks watch the fits each is run: they would else be told of some that did not happen.
                    identity=_number if is_observed else _identity,
                    family_of=plan.family_of,
                    look_back=look_back,
                    seconds_left=lambda: deadline - time.monotonic(),
                    check=self._checker(problem),
                    on_finished=watch_workers(
                        executor,
                        cost,
                        plan,
                        look_back=look_back,
                        n_splits=history.n_splits,
                        then=opened.settling(progress.update),
                    ),
                    deciding=cost,
                )
            except ReplayError as error:
                raise damaged(self.checkpoint or "", error) from error

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

    def _refit(self, prepared: Prepared) -> None:
        """Fit the best candidate on all the data."""
        problem, observed = prepared.problem, prepared.observed
        best = _sklearn.set_params(clone(self.estimator), self.best_params_)
        self.best_estimator_ = best
        context = prepared.root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(estimator=self, **observed)
            start = time.perf_counter()
            targets = () if problem.y is None else (problem.y,)
            with unrecorded():
                best.fit(problem.X, *targets, **problem.fit_params)
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


def _alone(trial: Trial) -> None:
    """Return no family."""
