"""What the steps of `fit` hand on: what is prepared, how to go about it, and what was opened."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from skhpo.fits.amounts import Resource
from skhpo.fits.problem import TaskTree
from skhpo.honesty.pooled import PooledScorer
from skhpo.search.families import alone
from skhpo.search.kept import TakingExecutor
from skhpo.search.pooling import PoolingExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from skhpo._sklearn import FitContext
    from skhpo.executors.base import Executor
    from skhpo.fits.problem import Problem
    from skhpo.fits.splits import Splits
    from skhpo.history import Family, History, Params, Trial
    from skhpo.honesty.store import PredictionStore
    from skhpo.journals.base import Journal
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler
    from skhpo.search.evidence import Data
    from skhpo.search.kept import Kept
    from skhpo.search.remembered import Remembered
    from skhpo.space import Space


class Start(NamedTuple):
    """What a search plans from.

    Parameters
    ----------
    problem : Problem
        What is to be solved.
    written : dict or list of dict
        What may be tried, as it was written.
    space : callable
        ``space() -> Space``: what may be tried, built when it is first asked for.
    random_state : int, RandomState instance or None
        Seed of the search; that of the first run, where a journal remembers it.
    done : sequence of dict
        Parameters of the trials that a journal remembers.
    groups : array-like or None
        Groups of the samples.
    is_untuned_first : bool
        Whether the estimator as it came has to be among the candidates.
    """

    problem: Problem
    written: Any
    space: Callable[[], Space]
    random_state: Any
    done: Sequence[Params]
    groups: Any
    is_untuned_first: bool = False

    def seed(self) -> int:
        """Return a number drawn from the seed of the search."""
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))


@dataclass(frozen=True, eq=False)
class Plan:
    """How a search goes about it.

    Parameters
    ----------
    sampler : Sampler
        Who proposes parameters.
    scheduler : Scheduler
        Who decides what to start.
    look_back : int or None
        How many fits may be under way when the next one is decided; None for the fewest that keep the workers busy.
    resource : Resource
        What a trial's fraction is a fraction of.
    measure : Resource or None
        Of a search with rungs: what the columns of ``cv_results_`` say a trial had.
    tree : callable
        ``tree(search, context, n_splits) -> TaskTree`` of the fits in scikit-learn's tree of tasks.
    n_branches : callable
        ``n_branches(n_trials, n_splits)``: how many tasks there are right below the search; None where nobody knows.
    family_of : callable
        Of trials that may share fits, the family that a trial is of; None for one that is alone.
    learned : mapping of str to object
        Attributes of the fitted search, besides those that all have.
    """

    sampler: Sampler
    scheduler: Scheduler
    look_back: int | None = None
    resource: Resource = field(default_factory=Resource)
    measure: Resource | None = None
    tree: Callable[[Any, FitContext, int], TaskTree] = lambda search, context, n_splits: TaskTree(context)  # noqa: ARG005
    n_branches: Callable[[int | None, int], int | None] = lambda n_trials, n_splits: (
        None if n_trials is None else n_trials * n_splits
    )
    family_of: Callable[[Trial], Family | None] = alone
    learned: Mapping[str, Any] = field(default_factory=dict)

    @property
    def n_trials(self) -> int | None:
        """How many trials there will be at most, where that is known."""
        has_rungs = self.measure is not None  # then trials are more than proposals
        bounds = (self.scheduler.n_trials, None if has_rungs else self.sampler.n_max)
        return min((bound for bound in bounds if bound is not None), default=None)

    def smallest_look_back(self, n_workers: int, n_splits: int) -> int:
        """Return the smallest look-back, in fits, that keeps all workers busy.

        Where a sampler learns from whole trials, the next one is proposed when half of the splits of the last one are
        known, whoever runs them: so the candidates are the same for one worker and for a few.
        """
        if self.scheduler.stops_trials:
            return n_workers + 1 if n_workers > 1 else 1
        fewest = n_splits // 2 + 1 if self.sampler.is_adaptive else 1
        if n_workers <= fewest:
            return fewest
        if self.scheduler.slack == 1:
            return n_workers + n_splits
        n_trials = self.scheduler.slack * math.ceil(n_workers / n_splits)
        return (n_trials - 1) * n_splits + 1  # all but one may be under way when the next one begins

    def most_workers(self, look_back: int) -> float:
        """Return how many workers a look-back can keep busy; infinite where nothing is decided from outcomes."""
        return look_back if self.sampler.is_adaptive or self.scheduler.is_adaptive else math.inf


class Prepared(NamedTuple):
    """What is to be done.

    Parameters
    ----------
    problem : Problem
        Estimator, data, splits, scorers.
    written : dict or list of dict
        What may be tried, as the user wrote it, with what "default" stands for.
    space : callable
        ``space() -> Space``: what may be tried, built when it is first asked for.
    groups : array-like or None
        Groups of the samples.
    splits : Splits
        The splits as they were made, which a journal may know others in place of.
    splitter : splitter
        Who made them.
    scorers : scorer or dict of str to scorer
        As the user gave them, checked.
    metric : str
        The name in ``cv_results_`` of the metric that chooses the best.
    root : FitContext
        The search in scikit-learn's tree of tasks.
    observed : dict
        What callbacks are shown of the data.
    kept : Kept or None
        What is known of predictions before there are any; None where none are stored.
    data : Data
        What the search keeps of its data.
    """

    problem: Problem
    written: Any
    space: Callable[[], Space]
    groups: Any
    splits: Splits
    splitter: Any
    scorers: Any
    metric: str
    root: FitContext
    observed: dict[str, Any]
    kept: Kept | None
    data: Data


@dataclass(eq=False)
class Opened:
    """What a run needs.

    Parameters
    ----------
    journal : Journal
        The journal, of which nothing is replayed yet.
    remembered : Remembered
        What it tells of earlier runs.
    problem : Problem
        Complete, with its resource.
    plan : Plan
        How to go about it.
    history : History
        Empty; the run fills it.
    gave_up : str or None
        Why all workers were lost for good, where the run ended so.
    store : PredictionStore or None
        Where predictions are kept; None where none are.
    """

    journal: Journal
    remembered: Remembered
    problem: Problem
    plan: Plan
    history: History
    gave_up: str | None = None
    store: PredictionStore | None = None

    def taking(self, executor: Executor) -> Executor:
        """Return an executor whose outcomes come without predictions, which are kept."""
        store, scorer = self.store, self.problem.scorer
        if store is None:
            return executor
        store.restore()
        if isinstance(scorer, PooledScorer):
            return PoolingExecutor(executor, store.take, self.history, partial(store.pooled_score, scorer))
        return TakingExecutor(executor, store.take)

    def settling(self, then: Callable[[], None]) -> Callable[[], None]:
        """Return what is to be called when a fit is in the history: predictions that take too much are dropped."""
        store = self.store
        if store is None:
            return then

        def settle() -> None:
            store.settle(self.history)
            then()

        return settle

    def look_back(self, n_workers: int) -> int:
        """Return the look-back: the plan's, that of the first run, or the smallest for this many workers."""
        if self.plan.look_back is not None:
            return self.plan.look_back
        smallest = self.plan.smallest_look_back(n_workers, self.history.n_splits)
        return self.remembered.integer("look_back", smallest, low=1)
