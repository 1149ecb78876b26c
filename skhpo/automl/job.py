"""One fit of an `AutoClassifier` or `AutoRegressor`: its data, its clock, and the search over the portfolio."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from numbers import Integral
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.metrics import log_loss, make_scorer

from skhpo._sklearn import set_params, take_rows
from skhpo.automl.agenda import Agenda, steps_of
from skhpo.automl.beyond import Beyond
from skhpo.automl.course import Course
from skhpo.automl.folds import make_folds, some_rows
from skhpo.automl.forecast import Forecast
from skhpo.automl.joint import CHOICE
from skhpo.automl.lineup import Lineup
from skhpo.automl.pace import Pace
from skhpo.automl.proposals import AgendaSampler
from skhpo.automl.quiet import quiet
from skhpo.automl.search import PortfolioSearch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from numpy.typing import NDArray

    from skhpo.automl.agenda import Step
    from skhpo.automl.portfolio import Entry, Task
    from skhpo.fits.splits import Sides
    from skhpo.history import History, Params

_FEWEST_ROWS = 1000
"""By so many rows, where there are so many, configurations are compared at least."""
_MOST_SHARE = 0.15
"""Of the budget, for the first configuration: where it would take more, fewer rows take part in the comparison."""
_LARGE = 20_000
"""Rows above which it is worth some time to find out how long fits take."""
_PATIENCE = 0.01
"""Of the budget, for one fit to find that out."""
_PATIENCE_AT_FIRST = 0.03
"""The same for the first configuration, by which the number of rows is chosen."""
_LOOK_BACK = 3
_USUAL_SPLITS = 5
"""As many are counted on where a splitter makes them."""


def _unrouted() -> AbstractContextManager[None]:
    """Return what is to be entered around fits: weights are for the models by their names, whatever users route."""
    return cast("AbstractContextManager[None]", config_context(enable_metadata_routing=False))


class Data(NamedTuple):
    """What is fitted.

    Parameters
    ----------
    X : frame, array or sparse matrix of shape (n_samples, n_features)
        Samples.
    y : ndarray of shape (n_samples,)
        Targets.
    weight : ndarray of shape (n_samples,) or None
        Of the samples.
    groups : ndarray of shape (n_samples,) or None
        Of the samples.
    """

    X: Any
    y: NDArray[Any]
    weight: NDArray[np.float64] | None = None
    groups: NDArray[Any] | None = None

    @property
    def fit_params(self) -> dict[str, Any]:
        """What goes to the models besides."""
        return {} if self.weight is None else {"model__sample_weight": self.weight}

    def fit(self, estimator: Any) -> Any:
        """Return an estimator fitted on all rows."""
        with quiet(), _unrouted():
            return estimator.fit(self.X, self.y, **self.fit_params)


class Clock:
    """Counts the seconds of a fit.

    Parameters
    ----------
    budget : float or None
        Seconds that there are; None for no end.
    """

    def __init__(self, budget: float | None) -> None:
        self.budget = math.inf if budget is None else float(budget)
        self._began = time.monotonic()

    def __call__(self) -> float:
        """Return the seconds since the begin."""
        return time.monotonic() - self._began

    def left(self) -> float:
        """Return the seconds until the end."""
        return self.budget - self()


@dataclass(frozen=True)
class Wanted:
    """What the user wants of a search.

    Parameters
    ----------
    scoring : str or callable
        What to be best by.
    cv : int or splitter
        The splits.
    most : int or None
        Configurations at most.
    n_jobs : int or None
        Fits at the same time.
    n_workers : int
        How many that are.
    checkpoint : path or None
        Where to remember what was done.
    verbose : int
        How much to tell.
    """

    scoring: Any
    cv: Any
    most: int | None
    n_jobs: int | None
    n_workers: int
    checkpoint: Any
    verbose: int


class Job:
    """Runs a portfolio.

    Parameters
    ----------
    data : Data
        What is fitted.
    task : Task
        What kind of data that are.
    entries : sequence of Entry
        The portfolio.
    wanted : Wanted
        How.
    clock : Clock
        Begun.
    """

    def __init__(self, data: Data, task: Task, entries: Sequence[Entry], wanted: Wanted, clock: Clock) -> None:
        self.data, self.task, self.wanted, self.clock = data, task, wanted, clock
        self.choice = Lineup({entry.name: entry.pipeline for entry in entries})
        self._beyond = Beyond(entries, data.X, data.y)
        self._agenda = Agenda(
            steps_of(entries, lambda entry: ({CHOICE: entry.name}, f"{CHOICE}__{entry.name}__")), self._beyond
        )
        order = some_rows(data.y, _FEWEST_ROWS, labels=task.is_classifier, seed=task.seed)
        self._order = order
        self.forecast = Forecast(
            lambda rows: (take_rows(data.X, rows), data.y[rows]), order, patience=self._patience(_PATIENCE)
        )

    def run(self) -> PortfolioSearch:
        """Return the search, fitted."""
        rows = np.sort(self._order[: self._n_rows()])
        labels, seed, wanted = self.task.is_classifier, self.task.seed, self.wanted
        splits = make_folds(wanted.cv, self.data.y, self.data.groups, rows, labels=labels, seed=seed)
        steps, beyond = self._agenda.steps, self._beyond
        search = PortfolioSearch(
            self.choice,
            [*({name: [value] for name, value in step.params.items()} for step in steps), beyond.written],
            n_iter=len(steps),
            scoring=self._scorer(),
            cv=splits,
            n_jobs=wanted.n_jobs,
            refit=False,
            checkpoint=wanted.checkpoint,
            store_predictions=True,
            random_state=seed,
        ).along(self._agenda, self._course, look_back=self._look_back(), drawn_by=self._drawn_by())
        with quiet(), _unrouted():
            search.fit(self.data.X, self.data.y, **self.data.fit_params)
        return search

    def _course(self, splits: Sequence[Sides]) -> tuple[Course, AgendaSampler]:
        """Return how to go through the agenda on splits, which may be those of a checkpoint, and who proposes."""
        self._pace = pace = Pace(
            self.clock,
            self.forecast,
            n_train=max(len(train) for train, _ in splits),
            n_all=len(self.data.y),
            n_workers=self.wanted.n_workers,
            step_of=self.step_of,
        )
        affordable = partial(pace.affordable, n_splits=len(splits))
        proposals = AgendaSampler(self._agenda, affordable, self.task.seed)
        return Course(self._agenda, pace.affords, self.wanted.most, self._told), proposals

    def _drawn_by(self) -> dict[str, Any] | None:
        """Return what splits depend on, where a clock decides on how many rows: None where it does not."""
        if not self._may_draw:
            return None
        return {"cv": self.wanted.cv, "groups": self.data.groups, "seed": self.task.seed}

    @property
    def _may_draw(self) -> bool:
        """Whether fewer rows may take part in the comparison."""
        return len(self.data.y) > _FEWEST_ROWS and math.isfinite(self.clock.budget)

    def _look_back(self) -> int | None:
        """Return how many fits may be under way when the next one is decided; None for the fewest that will do.

        By a clock, what the last fit took decides about the next one. Without one, two workers try what one does.
        """
        return None if self.clock.budget < math.inf else max(_LOOK_BACK, self.wanted.n_workers + 1)

    def step_of(self, params: Params) -> Step:
        """Return the step that has these parameters."""
        return self._agenda.step_of(params)

    def estimator_of(self, step: Step) -> Any:
        """Return the pipeline of a step, not fitted."""
        prefix = f"{CHOICE}__{step.params[CHOICE]}__"
        inner = {name.removeprefix(prefix): value for name, value in step.params.items() if name.startswith(prefix)}
        return set_params(clone(step.entry.pipeline), inner)

    def seconds_of(self, step: Step) -> float:
        """Return how long a fit of a step on all rows takes."""
        return self._pace.last_seconds(step)

    def _n_rows(self) -> int:
        """Return by how many rows configurations are compared: as many as there is time for."""
        n = len(self.data.y)
        if not self._may_draw:
            return n
        n_splits = int(self.wanted.cv) if isinstance(self.wanted.cv, Integral) else _USUAL_SPLITS
        first, n_fits = self._agenda.steps[0].entry, math.ceil(n_splits / self.wanted.n_workers)
        most = _MOST_SHARE * self.clock.budget
        self.forecast.look(first, n, self._patience(_PATIENCE_AT_FIRST))
        seconds = n_fits * self.forecast.seconds(first, n)
        while n > _FEWEST_ROWS and seconds > most:
            n = max(_FEWEST_ROWS, int(n * 0.8))
            seconds = n_fits * self.forecast.seconds(first, n)
        return n

    def _patience(self, share: float) -> float:
        """Return how long a fit may take that only tells how long others will; 0 on few rows, which are soon fitted."""
        is_worth_it = len(self.data.y) > _LARGE and math.isfinite(self.clock.budget)
        return share * self.clock.budget if is_worth_it else 0.0

    def _scorer(self) -> Any:
        """Return the metric; the log loss knows all labels, also where a test side lacks one."""
        if self.wanted.scoring != "neg_log_loss":
            return self.wanted.scoring
        labels = np.unique(self.data.y)
        return make_scorer(log_loss, greater_is_better=False, response_method="predict_proba", labels=labels)

    def _told(self, step: Step, history: History) -> None:
        if not self.wanted.verbose:
            return
        best = max(map(history.score, history.complete), default=math.nan)
        left = "" if math.isinf(self.clock.budget) else f", {max(0.0, self.clock.left()):.0f} s left"
        found = "" if math.isnan(best) else f", best so far {best:.5g}"
        print(f"[{self.clock():.0f} s{left}{found}] {step.title(len(history.trials))}", flush=True)  # noqa: T201
