"""The problem that a search solves: fit and score one task."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._sklearn import FitContext, fit_and_score, take_rows
from skhpo.executors.naming import worker_name
from skhpo.fits.amounts import Resource
from skhpo.fits.gradients import NO_SLOPES, BranchGradients, FoldSlopes, Gradients
from skhpo.fits.path import Along
from skhpo.fits.prefix import PrefixCache, reused
from skhpo.fits.scoring import Watch, watched
from skhpo.history import Outcome, Task
from skhpo.messages.texts import abridged_traceback, sayable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.fits.recorder import Recorder, Recording
    from skhpo.history import Trial


@dataclass(frozen=True, eq=False)
class Problem:
    """Everything that a fit needs besides the task; shipped to each worker once.

    Parameters
    ----------
    estimator : estimator
        Cloned for every task.
    X, y : array-like
        All samples.
    splits : sequence of (train, test)
        Made once, the same for every trial.
    scorer : callable
        Scores a fitted estimator, one number or a dict of them.
    fit_params, score_params : dict
        Passed on; what is aligned with the samples is split with them.
    error_score : "raise" or float
        As in scikit-learn's searches.
    return_train_score : bool
        Whether to score the training side too.
    verbose : int
        As in scikit-learn's searches.
    n_trials : int or None
        For messages: how many trials there will be.
    caller : estimator or None
        The search, where callbacks observe the fits.
    resource : Resource
        What a trial has a fraction of.
    prefixes : PrefixCache or None
        What is known of fitted prefixes of pipelines; None to fit all of them.
    recording : Recording or None
        How to take down what is predicted for test sides; None not to.
    gradients : Gradients, BranchGradients or None
        How to differentiate a fit, where the search asks for it.
    """

    estimator: Any
    X: Any
    y: Any
    splits: Sequence[tuple[Any, Any]]
    scorer: Any
    fit_params: dict[str, Any] = field(default_factory=dict)
    score_params: dict[str, Any] = field(default_factory=dict)
    error_score: Any = float("nan")
    return_train_score: bool = False
    verbose: int = 0
    n_trials: int | None = None
    caller: Any = None
    resource: Resource = field(default_factory=Resource)
    prefixes: PrefixCache | None = None
    recording: Recording | None = None
    gradients: Gradients | BranchGradients | None = None

    def __call__(self, task: Task) -> Outcome:
        """Fit and score one task; a fit that raises is an outcome unless ``error_score="raise"``."""
        started = time.time()
        trial, split, context, _ = task
        train, test = self.splits[split]
        train = self.resource.rows(split, train, trial.fraction)
        sides = {"test": test, "train": train} if self.return_train_score else {"test": test}
        along = Along(task.places) if task.places else None
        with (
            self.resource.begun(trial, split, self.estimator) as estimator,
            reused(
                estimator,
                self.prefixes,
                place=(split, self.resource.share_of_rows(trial.fraction)),
                sides={name: partial(self._rows, rows) for name, rows in sides.items()},
                is_observed=self.caller is not None,
            ),
        ):
            result, watch = self._tried(estimator, task, train, test, along)
            n_test = result.get("n_test_samples", 0)
            path = None if along is None else self._path(along, split, n_test)
            slopes = self._slopes(estimator, result, train, test)
        error = result["fit_error"]
        scores = None if error is not None else watch.scores(result["test_scores"])
        has_failed = _has_failed(scores)
        if not has_failed:
            self.resource.keep(trial, split, estimator, result["test_scores"])
        return Outcome(
            number=trial.number,
            split=split,
            test_scores=scores,
            train_scores=result.get("train_scores") if error is None else None,
            fit_time=watch.fit_time,
            score_time=watch.score_time + slopes.seconds,
            n_test_samples=n_test,
            error=None if error is None else abridged_traceback(error),
            score_errors={**watch.errors, **slopes.errors} or None,
            gradient=slopes.gradient,
            status="failed" if has_failed else "ok",
            stop=context is not None and context.stop,
            started=started,
            worker=worker_name(),
            path=path or None,
            predictions=None if has_failed else watch.predicted(),
        )

    def _path(self, along: Along, split: int, n_test_samples: int) -> dict[int, Outcome]:
        """Return the outcomes of other trials that a fit answers for, too."""
        found = {}
        for one in along.scored(self.scorer, self.error_score, self.recording):
            scores = one.watch.scores(one.test)
            found[one.number] = Outcome(
                number=one.number,
                split=split,
                test_scores=scores,
                train_scores=one.train,
                fit_time=one.cut_time,
                score_time=one.watch.score_time,
                n_test_samples=n_test_samples,
                score_errors=one.watch.errors or None,
                status="failed" if _has_failed(scores) else "ok",
                shared=True,
                started=one.started,
                worker=worker_name(),
                predictions=None if _has_failed(scores) else one.watch.predicted(),
            )
        return found

    def _recorder(self, trial: Trial) -> Recorder | None:
        return None if self.recording is None else self.recording.recorder(trial.fraction)

    def _tried(
        self, estimator: Any, task: Task, train: Any, test: Any, along: Along | None
    ) -> tuple[dict[str, Any], Watch]:
        """Fit and score a clone; returns what scikit-learn says of it, and what was seen of the scorers."""
        trial, split, context, _ = task
        params = trial.params | self.resource.params(trial.fraction)
        watch = Watch(None if along is None else along.see, self._recorder(trial))

        def begin(estimator: Any) -> None:
            if along is not None:
                along.listen(estimator)
            watch.start()

        result = fit_and_score(
            estimator,
            self.X,
            self.y,
            scorer=watched(self.scorer, watch),
            train=train,
            test=test,
            verbose=self.verbose,
            parameters=params,
            shown={name: sayable(value) for name, value in params.items()} if self.verbose > 1 else params,
            on_set=begin,
            fit_params=self.fit_params,
            score_params=self.score_params,
            return_train_score=self.return_train_score,
            return_n_test_samples=True,
            split_progress=(split, len(self.splits)),
            candidate_progress=None if self.n_trials is None else (trial.number, self.n_trials),
            error_score=self.error_score,
            caller=self.caller,
            context=context,
        )
        watch.stop()
        return result, watch

    def _slopes(self, estimator: Any, result: dict[str, Any], train: Any, test: Any) -> FoldSlopes:
        """Return how the loss of a fit depends on its hyperparameters, where the search asks for it."""
        if self.gradients is None or result["fit_error"] is not None:
            return NO_SLOPES
        return self.gradients(estimator, self, np.asarray(train), np.asarray(test))

    def check(self, outcome: Outcome) -> None:
        """Raise what a fit could not raise itself because it was lost with its worker, if ``error_score="raise"``."""
        if self.error_score == "raise" and outcome.status in {"crashed", "timeout"}:
            raise (TimeoutError if outcome.status == "timeout" else RuntimeError)(outcome.error)

    def _rows(self, rows: Any) -> Any:
        """Return some of the samples, as a scorer is given them."""
        return take_rows(self.X, np.asarray(rows))

    def task(self, trial: Trial, split: int, context: FitContext | None = None) -> Task:
        """Return the task of a trial and a split, with its place below ``context`` in the tree of tasks."""
        number = trial.number * len(self.splits) + split
        return Task(
            trial, split, context and context.subcontext(task_name="candidate-split-evaluation", task_id=number)
        )


def _has_failed(scores: Any) -> bool:
    return scores is None or (isinstance(scores, dict) and all(score is None for score in scores.values()))


class TaskTree:
    """Where in scikit-learn's tree of tasks trials belong: right below the search."""

    def __init__(self, context: FitContext) -> None:
        self.context = context

    def of(self, trial: Trial) -> FitContext:  # noqa: ARG002
        """Return the task of which the fits of a trial are parts."""
        return self.context

    def close(self) -> None:
        """End what was begun here."""
