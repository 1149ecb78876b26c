"""What `AutoClassifier` and `AutoRegressor` share."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from joblib import effective_n_jobs
from sklearn.base import BaseEstimator
from sklearn.metrics import check_scoring, get_scorer
from sklearn.utils.validation import check_is_fitted, validate_data

from skhpo._sklearn import Interval, fit_context
from skhpo.automl.checks import (
    check_families,
    check_groups,
    check_lengths,
    check_seed,
    check_size,
    check_table,
    check_weights,
)
from skhpo.automl.job import Clock, Data, Job, Wanted
from skhpo.automl.leaderboard import Leaderboard, leaderboard
from skhpo.automl.members import Chosen, Member, choose, fit_members
from skhpo.automl.portfolio import Task, families_of, portfolio
from skhpo.automl.telling import report_of
from skhpo.fits.trackers import unrecorded
from skhpo.honesty.bootstrap import bbc_estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sklearn.utils import Tags

    from skhpo.automl.agenda import Step
    from skhpo.automl.portfolio import Entry
    from skhpo.automl.search import PortfolioSearch
    from skhpo.honesty.ensemble import EnsembleClassifier, EnsembleRegressor
    from skhpo.honesty.estimate import ScoreEstimate
    from skhpo.report import Report

_N_BOOTSTRAPS = 100
_FEWEST = 5  # rows: one for each of five folds


def _taken(each: NDArray[Any] | None, rows: NDArray[np.intp]) -> NDArray[Any] | None:
    return None if each is None else each[rows]


class _Scored(BaseEstimator):  # type: ignore[misc]
    """What a metric is checked with, before there is a model."""

    def fit(self, X: Any, y: Any) -> Self:  # noqa: ARG002
        """Do nothing."""
        return self


class AutoEstimator(BaseEstimator):  # type: ignore[misc]
    """A portfolio, compared by cross-validation, and the ensemble of its best, all in a given time."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "time_budget": [Interval(Real, 0, None, closed="neither"), None],
        "scoring": [str, callable, None],
        "estimators": [str, list, tuple],
        "ensemble": [Interval(Integral, 1, None, closed="left")],
        "n_iter": [Interval(Integral, 1, None, closed="left"), None],
        "cv": ["cv_object"],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    _is_classifier: ClassVar[bool]
    _usual_scoring: ClassVar[str]
    cv_results_: dict[str, Any]
    ensemble_: EnsembleClassifier | EnsembleRegressor
    leaderboard_: Leaderboard
    best_estimator_: Any
    _evidence: tuple[Chosen, Any]

    def __init__(
        self,
        *,
        time_budget: float | None = 60,
        scoring: Any = None,
        estimators: Any = "default",
        ensemble: int = 25,
        n_iter: int | None = None,
        cv: Any = 5,
        n_jobs: int | None = None,
        random_state: Any = None,
        checkpoint: Any = None,
        verbose: int = 0,
    ) -> None:
        self.time_budget = time_budget
        self.scoring = scoring
        self.estimators = estimators
        self.ensemble = ensemble
        self.n_iter = n_iter
        self.cv = cv
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)  # type: ignore[untyped-decorator]
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Compare the configurations, and fit an ensemble of the best.

        Parameters
        ----------
        X : frame of pandas or polars, array-like or sparse matrix of shape (n_samples, n_features)
            Samples; columns may be numbers, categories, texts and dates, and values may be missing.
        y : array-like of shape (n_samples,)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            How much each sample counts, in the fits and in the choice. Models that take no weights are left out.
        groups : array-like of shape (n_samples,) or None, default=None
            Samples of a group stay on one side of each split.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If something is wrong with the data or the arguments, or no configuration could be fitted.
        """
        clock = Clock(self.time_budget)
        data = self._checked(X, y, sample_weight, groups)
        task = self._task(data)
        job = Job(data, task, self._entries(task, data), self._wanted(), clock)
        with unrecorded():
            self._conclude(job, job.run())
        return self

    def _checked(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Data:
        name = type(self).__name__
        if self.time_budget is None and self.n_iter is None:
            raise ValueError(f"{name} needs time_budget or n_iter, got None for both: it would not know when to end.")
        X = check_table(X, name)
        check_size(X, _FEWEST, name)
        y = self._check_y(y, name)
        check_lengths(X, y, name)
        check_scoring(_Scored(), self._scoring)
        validate_data(self, X, reset=True, skip_check_array=True)
        return Data(X, y, check_weights(sample_weight, len(y)), check_groups(groups, len(y)))

    def _check_y(self, y: Any, name: str) -> NDArray[Any]:
        raise NotImplementedError

    def _task(self, data: Data) -> Task:
        n_classes = len(np.unique(data.y)) if self._is_classifier else 0
        n_samples, n_features = data.X.shape
        return Task(self._is_classifier, n_samples, n_features, n_classes, check_seed(self.random_state))

    def _entries(self, task: Task, data: Data) -> list[Entry]:
        entries = portfolio(task, check_families(self.estimators, families_of(task), type(self).__name__))
        if data.weight is None:
            return entries
        weighted = [entry for entry in entries if entry.takes_weights]
        if not weighted:
            raise ValueError(f"estimators={self.estimators!r} has no model that takes sample_weight.")
        return weighted

    def _wanted(self) -> Wanted:
        return Wanted(
            scoring=self._scoring,
            cv=self.cv,
            most=self.n_iter,
            n_jobs=self.n_jobs,
            n_workers=effective_n_jobs(self.n_jobs),
            checkpoint=self.checkpoint,
            verbose=self.verbose,
        )

    @property
    def _scoring(self) -> Any:
        return self._usual_scoring if self.scoring is None else self.scoring

    # -- the end ------------------------------------------------------------------------------------------------------

    def _conclude(self, job: Job, search: PortfolioSearch) -> None:
        """Select the ensemble, and fit it."""
        predictions, scorer = search.predictions_, get_scorer(self._scoring)
        rows, data = predictions.rows, job.data
        steps = [job.step_of(params) for params in search.cv_results_["params"]]
        table = replace(
            predictions.table,
            sample_weight=_taken(data.weight, rows),
            groups=_taken(data.groups, rows),
            kinds=np.array([steps[i].entry.family for i in predictions.trials]),
        )
        chosen = choose(table, scorer, self.ensemble)
        weights = np.zeros(len(steps))
        scores = search.cv_results_["mean_test_score"][predictions.trials]
        fitted = self._fit_ensemble(job, [steps[i] for i in predictions.trials], chosen, scores)
        weights[predictions.trials] = fitted
        self.cv_results_ = search.cv_results_
        names = [(step.title(number), step.entry.family) for number, step in enumerate(steps)]
        self.leaderboard_ = leaderboard(names, self.cv_results_, weights / weights.sum())
        self._evidence = chosen.as_fitted(fitted), scorer
        if hasattr(self, "_estimate"):  # of an earlier fit
            del self._estimate
        n_unfitted = np.count_nonzero(chosen.weights) - np.count_nonzero(fitted)
        told = {"total_time": job.clock(), "n_rows": len(predictions.rows), "n_unfitted": int(n_unfitted)}
        self._stats = {**search.stats(), **told}

    def _fit_ensemble(
        self, job: Job, steps: Sequence[Step], chosen: Chosen, scores: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Fit the candidates that have a weight, as far as there is time; returns the weights of all."""
        used = np.flatnonzero(chosen.weights).tolist()
        members = [Member(job.estimator_of(steps[i]), chosen.weights[i], job.seconds_of(steps[i])) for i in used]
        fitted = fit_members(members, job.data.fit, job.clock.left, self.n_jobs)
        kept = sorted(fitted)
        weights = chosen.weights_of([used[i] for i in kept])
        members, used = [members[i] for i in kept], [used[i] for i in kept]
        self.ensemble_ = self._ensemble_of(chosen, [each.estimator for each in members], weights[used].tolist())
        self.ensemble_.hold([fitted[i] for i in kept])
        self.best_estimator_ = fitted[kept[int(np.argmax(scores[used]))]]
        self._learn(chosen, weights)
        return weights

    def _ensemble_of(
        self, chosen: Chosen, estimators: list[Any], weights: list[float]
    ) -> EnsembleClassifier | EnsembleRegressor:
        raise NotImplementedError

    def _learn(self, chosen: Chosen, weights: NDArray[np.float64]) -> None:
        """Set what predictions need besides the ensemble."""

    # -- afterwards ---------------------------------------------------------------------------------------------------

    @property
    def score_estimate_(self) -> ScoreEstimate:
        """What to expect on new data: the ensemble is selected anew in each bootstrap, and scored on the other rows."""
        check_is_fitted(self, "ensemble_")
        if not hasattr(self, "_estimate"):
            chosen, scorer = self._evidence
            table = chosen.table
            self._estimate = bbc_estimate(
                chosen.again(scorer, self.ensemble),
                table.n_rows,
                naive=chosen.score(scorer),
                groups=table.groups,
                n_resamples=_N_BOOTSTRAPS,
                metric=self._scoring if isinstance(self._scoring, str) else "score",
                n_candidates=table.n_candidates,
            )
        return self._estimate

    def report(self) -> Report:
        """Return what was found, in words: print it, or let a notebook show it.

        Returns
        -------
        report : Report
            ``str(report)`` is the text; what it says is in attributes too.
        """
        check_is_fitted(self, "ensemble_")
        return report_of(self, self._stats)

    def _seen(self, X: Any) -> Any:
        """Return samples to predict, with the columns of `fit`."""
        X = check_table(X, type(self).__name__)
        validate_data(self, X, reset=False, skip_check_array=True)
        return X

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        inputs = tags.input_tags
        inputs.allow_nan = inputs.string = inputs.categorical = inputs.sparse = True
        tags.target_tags.required = True
        tags.non_deterministic = True  # by the clock
        return tags
