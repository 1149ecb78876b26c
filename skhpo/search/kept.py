"""What a search keeps of predictions: which rows there are, and an executor that takes the predictions off outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.estimators.tags import is_classifier
from skhpo.executors.base import Executor
from skhpo.fits.amounts import n_rows
from skhpo.honesty.coverage import coverage_of, n_positions
from skhpo.honesty.predictions import OutOfFold
from skhpo.honesty.store import PredictionStore
from skhpo.space.values import agrees

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.fits.problem import Problem
    from skhpo.history import Outcome, Task, Trial
    from skhpo.journals.base import Journal


class Kept(NamedTuple):
    """What is known of predictions before there are any.

    Parameters
    ----------
    facts : OutOfFold
        Targets, labels, weights and groups of all rows; no candidates.
    is_stored : bool
        Whether predictions are kept at all; else they are scored and forgotten.
    """

    facts: OutOfFold
    is_stored: bool

    @classmethod
    def of(cls, problem: Problem, splitter: Any, groups: Any, *, is_stored: bool) -> Kept:
        """Return what is known of a problem's predictions.

        Raises
        ------
        ValueError
            If there are no targets to compare with, or the splits do not predict each row as often as any other.
        """
        if problem.y is None:
            name = "store_predictions" if is_stored else "PooledScorer"
            raise ValueError(f"{name} needs y, to which predictions are compared, got y=None.")
        y = np.asarray(problem.y)
        coverage_of(problem.splits, n_rows(problem.X), splitter)
        is_of_classes = is_classifier(problem.estimator)
        classes = np.unique(y) if is_of_classes and y.ndim == 1 else None
        weight = problem.score_params.get("sample_weight")
        return cls(
            OutOfFold(
                [],
                y,
                classes,
                sample_weight=None if weight is None else np.asarray(weight, dtype=np.float64),
                groups=None if groups is None else np.asarray(groups),
                is_classifier=is_of_classes,
            ),
            is_stored,
        )

    def store(self, problem: Problem, splitter: Any, journal: Journal) -> PredictionStore:
        """Return where the predictions of a search are kept; its splits may be those that a journal remembers."""
        own = problem.estimator.get_params(deep=True)

        def is_untuned(trial: Trial) -> bool:
            return agrees(trial.params, own)

        coverage = coverage_of(problem.splits, n_rows(problem.X), splitter)
        n_tests = [n_positions(test) for _, test in problem.splits]
        facts = self.facts.rows_of(coverage.rows)
        return PredictionStore(coverage, n_tests, journal, is_untuned, facts=facts, is_kept=self.is_stored)


class TakingExecutor(Executor):
    """An executor whose outcomes go through somebody's hands first.

    Parameters
    ----------
    executor : Executor
        Who runs the tasks, and is closed by who opened it.
    take : callable
        ``take(outcome) -> outcome``.
    """

    def __init__(self, executor: Executor, take: Callable[[Outcome], Outcome]) -> None:
        self._executor = executor
        self._take = take

    @property
    def n_workers(self) -> int:  # type: ignore[override]  # noqa: D102
        return self._executor.n_workers

    @property
    def gave_up(self) -> str | None:  # type: ignore[override]  # noqa: D102
        return self._executor.gave_up

    @property
    def n_pending(self) -> int:  # noqa: D102
        return self._executor.n_pending

    def has_room(self) -> bool:  # noqa: D102
        return self._executor.has_room()

    def submit(self, task: Task) -> None:  # noqa: D102
        self._executor.submit(task)

    def wait(self, seconds: float | None = None) -> Outcome | None:  # noqa: D102
        outcome = self._executor.wait(seconds)
        return None if outcome is None else self._take(outcome)

    def cancel(self) -> None:  # noqa: D102
        self._executor.cancel()

    def close(self) -> None:  # noqa: D102
        self._executor.close()
