"""What all searches share: translating scikit-learn's `fit` into a search, and its history back."""

from __future__ import annotations

import math
import os
import sys
import time
import warnings
from abc import abstractmethod
from contextlib import closing, suppress
from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, indexable
from sklearn.utils.validation import check_is_fitted

from skhpo import _sklearn
from skhpo.checkpoint import open_checkpoint
from skhpo.cost import Cost
from skhpo.evaluation import Places, Problem
from skhpo.executors import make_executor
from skhpo.executors.interrupts import InterruptsWait
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.prefix import PrefixCache
from skhpo.progress import Progress
from skhpo.report import Report, relative_test_size, report_of
from skhpo.results import cv_results, metric_names
from skhpo.space import Space, check_names, params_key
from skhpo.trial import History, TrialStarted

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from skhpo.journals.base import Journal
    from skhpo.loop import StopReason
    from skhpo.plan import Plan
    from skhpo.trial import Params, Trial


class BaseSearch(_sklearn.BaseSearchCV):
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
        scorers, metric = _sklearn.scorers_of(self)
        X, y = indexable(X, y)
        params = _sklearn.check_method_params(X, params=params)
        routed = _sklearn.routed_params(self, params)
        observed = {"X": X, "y": y, "metadata": _only_sample_weight(params)}
        root = _sklearn.root_context(self, max_subtasks=1 + (self.refit is not False))
        root.call_on_fit_task_begin(estimator=self, **observed)

        splits = self._make_splits(X, y, routed.splitter.split)
        problem = Problem(
            estimator=clone(self.estimator),
            X=X,
            y=y,
            splits=splits,
            scorer=scorers,
            fit_params=routed.estimator.fit,
            score_params=routed.scorer.score,
            error_score=self.error_score,
            return_train_score=self.return_train_score,
            verbose=self.verbose,
        )
        history = History(len(splits), metric=self._deciding_metric(_sklearn.scorer_names(scorers)))
        try:
            reason = self._search(problem, history, root, cost)
        except KeyboardInterrupt:
            # Another Ctrl-C would leave half of it.
            with InterruptsWait(), suppress(ValueError):  # nothing has succeeded so far
                self._note(history, cost.stats(history, "interrupt"))
                self._conclude(history, metric)
            raise
        self._note(history, cost.stats(history, reason))
        self._conclude(history, metric)
        if self.refit:
            self._refit(X, y, routed.estimator.fit, root, observed)
        self.scorer_ = _sklearn.unwrapped_scorer(scorers)
        root.call_on_fit_task_end(estimator=self, **observed)
        return self

    def stats(self) -> dict[str, Any]:
        """Return what the search cost, and why it ended.

        Returns
        -------
        stats : dict
            ``n_fits``, the fits that were run, without the one on all the data (equal candidates are fitted once; fits
            of earlier runs that a checkpoint remembers count); ``fit_time``, the seconds of these fits and their
            scoring, added up; ``started``, when the search began this time, seconds since the epoch; ``search_time``,
            seconds that it took, without the fit on all the data; ``suggest_time``, those of them spent on deciding
            what to try; ``n_workers``, fits that could run at the same time; ``stop_reason``: ``"finished"``,
            ``"exhausted"`` where the space had no more points, ``"timeout"``, ``"callback"``, ``"workers"`` where all
            workers were lost for good, or ``"interrupt"``.
        """
        check_is_fitted(self, "cv_results_")
        return dict(self._stats)

    def report(self) -> Report:
        """Return what the search found, in words: print it, or let a notebook show it.

        What was tried, the best and how sure that is, the estimator's own parameters in comparison if they were tried,
        failures by reason, where the time went, and parameters whose best value lies at an end of their range.

        Returns
        -------
        report : Report
            ``str(report)`` is the text; what it says is in attributes too.

        Examples
        --------
        >>> from sklearn.datasets import load_iris
        >>> from sklearn.svm import SVC
        >>> from skhpo import GridSearchCV
        >>> X, y = load_iris(return_X_y=True)
        >>> print(GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}).fit(X, y).report())
        GridSearchCV of SVC
          Tried         3 trials, 15 fits: 15 ok
          Ended         all that was planned was run
          Best          score 0.98, standard deviation 0.016 over 5 splits (trial 2)
                        C = 10.0
          ...
          Ranges        C = 10 lies at the upper end of its range (0.1 to 10, log scale): widen it, for example to
                        100, if larger values make sense
        """
        check_is_fitted(self, "cv_results_")
        return report_of(self, self._stats, self._test_to_train)

    def _note(self, history: History, stats: dict[str, Any]) -> None:
        """Keep what happened, for `stats`, the report and the plots."""
        self._history, self._stats = history, stats

    def _forget(self) -> None:
        """Drop what an earlier fit learned: one that is interrupted must not leave the other's results."""
        self._note(History(0), {})
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)

    def _make_splits(self, X: Any, y: Any, params: dict[str, Any]) -> list[tuple[Any, Any]]:
        """Split once, for all candidates: an unseeded splitter would give each of them other folds."""
        self._checked_cv_orig = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        self.n_splits_ = self._checked_cv_orig.get_n_splits(X, y, **params)
        splits = list(self._checked_cv_orig.split(X, y, **params))
        if len(splits) != self.n_splits_:
            raise ValueError(
                f"cv.split and cv.get_n_splits {_sklearn.RETURN} inconsistent results. "
                f"Expected {self.n_splits_} splits, got {len(splits)}"
            )
        if not splits:
            raise ValueError(self._why_nothing())
        self._test_to_train = relative_test_size(splits)
        return splits

    def _deciding_metric(self, names: list[str] | None) -> str | None:
        """Return the metric that a sampler learns from: ``refit`` where it names one, else the first."""
        if isinstance(self.refit, str):
            return self.refit
        return names[0] if names else None

    def _search(self, problem: Problem, history: History, root: _sklearn.FitContext, cost: Cost) -> StopReason:
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
                facts=self._facts(problem),
            )
        )
        with closing(opened) as journal:
            return self._run(problem, journal, history, root, cost)

    def _run(
        self, problem: Problem, journal: Journal, history: History, root: _sklearn.FitContext, cost: Cost
    ) -> StopReason:
        done = [event.trial.params for event in journal if isinstance(event, TrialStarted)]
        plan = self._plan(problem, self._remembered_random_state(journal), done)
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
            cost.n_workers = executor.n_workers
            look_back = plan.look_back or journal.constant(
                "look_back", plan.smallest_look_back(executor.n_workers, n_splits)
            )
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
                check=problem.check,
                on_finished=progress.update,
                deciding=cost,
            )
            self._gave_up = executor.gave_up
        if reason == "workers":
            warnings.warn(
                f"{self._gave_up} The search ends here, with what is complete so far.", RuntimeWarning, stacklevel=4
            )
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

    def _remembered_random_state(self, journal: Journal) -> Any:
        """Return ``random_state``, or what it was when the search first ran where it is not the same each time."""
        random_state = getattr(self, "random_state", None)
        if self.checkpoint is None or isinstance(random_state, Integral):
            return random_state
        return journal.constant("seed", int(check_random_state(random_state).randint(np.iinfo(np.int32).max)))

    def _conclude(self, history: History, metric: Any) -> None:
        """Turn the history into ``cv_results_`` and ``best_*``."""
        numbers = [trial.number for trial in history.trials if history.is_finished(trial.number)]
        outcomes = [outcome for number in numbers for _, outcome in sorted(history.outcomes(number).items())]
        if not outcomes:
            raise ValueError(self._why_nothing())
        _sklearn.check_failures((outcome.error for outcome in outcomes), self.error_score)
        names = metric_names([outcome.test_scores for outcome in outcomes])
        self.multimetric_ = names is not None
        if callable(self.scoring) and names is not None:
            # Only the scores themselves tell that a callable returns several.
            _sklearn.check_multimetric_refit(self, names)
            metric = self.refit

        results = self._results(history, numbers)
        if self.refit or not self.multimetric_:
            self.best_index_ = self._best_index(metric, results)
            if not callable(self.refit):
                self.best_score_ = results[f"mean_test_{metric}"][self.best_index_]
            self.best_params_ = results["params"][self.best_index_]
        self.cv_results_ = results

    def _results(self, history: History, numbers: Sequence[int]) -> dict[str, Any]:
        """Return ``cv_results_``, with these trials as its rows."""
        return cv_results(history, numbers, error_score=self.error_score, return_train_score=self.return_train_score)

    def _best_index(self, metric: Any, results: dict[str, Any]) -> Any:
        """Return the row of the best candidate."""
        return _sklearn.select_best_index(self, metric, results)

    def _why_nothing(self) -> str:
        """Return what to say where no candidate is complete."""
        reason = self._stats.get("stop_reason")
        if reason == "timeout":
            return (
                f"timeout must leave time for at least one candidate, got timeout={self.timeout!r} seconds and none is "
                "complete. Raise timeout, or tune on less data or fewer splits."
            )
        if reason == "callback":
            return "A callback stopped the search before one candidate was complete on all splits. Let it stop later."
        if reason == "workers":
            return f"No candidate was complete when all workers were lost. {self._gave_up}"
        return "No fits were performed. Was the CV iterator empty? Were there no candidates?"

    def _refit(
        self, X: Any, y: Any, fit_params: dict[str, Any], root: _sklearn.FitContext, observed: dict[str, Any]
    ) -> None:
        """Fit the best candidate on all the data."""
        best = clone(self.estimator).set_params(**clone(self.best_params_, safe=False))
        self.best_estimator_ = best
        context = root.subcontext(task_name="refit-with-best-params")
        with context.propagate_callback_context(best):
            context.call_on_fit_task_begin(estimator=self, **observed)
            start = time.time()
            if y is None:
                best.fit(X, **fit_params)
            else:
                best.fit(X, y, **fit_params)
            self.refit_time_ = time.time() - start
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
