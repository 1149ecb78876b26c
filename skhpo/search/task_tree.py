"""The rungs of a search in scikit-learn's tree of tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.fits.problem import TaskTree
from skhpo.schedulers.halving import HalvingScheduler

if TYPE_CHECKING:
    from skhpo._sklearn import FitContext
    from skhpo.history import Trial
    from skhpo.schedulers.base import Scheduler


class RungTree(TaskTree):
    """A level of scikit-learn's tree of tasks for the rungs, between the search and its fits.

    Parameters
    ----------
    search : SuccessiveHalvingCV
        Of which it is the tree.
    context : FitContext
        The search in the tree.
    sizes : dict of (int, int) to int
        Fits of each rung of each bracket, where they are known; there each rung ends when the next one begins.
    """

    def __init__(self, search: Any, context: FitContext, sizes: dict[tuple[int, int], int]) -> None:
        super().__init__(context)
        self._search = search
        self._sizes = sizes
        self._rungs: dict[tuple[int, int], FitContext] = {}
        self._open: dict[tuple[int, int], FitContext] = {}

    def of(self, trial: Trial) -> FitContext:
        """Return the rung of a trial."""
        key = (trial.bracket, trial.rung)
        if key not in self._rungs:
            for below in [other for other in self._open if other in self._sizes and other[0] == trial.bracket]:
                self._open.pop(below).call_on_fit_task_end(estimator=self._search)
            self._rungs[key] = self._open[key] = self.context.subcontext(
                task_name="halving-iteration",
                task_id=len(self._rungs),
                max_subtasks=self._sizes.get(key),
                sequential_subtasks=False,
            ).call_on_fit_task_begin(estimator=self._search)
        return self._rungs[key]

    def close(self) -> None:
        """End the rungs that are open."""
        for rung in self._open.values():
            rung.call_on_fit_task_end(estimator=self._search)
        self._open.clear()


def rung_tree(search: Any, context: FitContext, n_splits: int, *, scheduler: Scheduler) -> RungTree:
    """Return the places of a halving search, whose scheduler may know how many fits each rung has."""
    if not isinstance(scheduler, HalvingScheduler):
        return RungTree(search, context, {})
    rungs = [(b, rung) for b, bracket in enumerate(scheduler.brackets) for rung in bracket]
    return RungTree(search, context, {(b, rung.number): rung.n_trials * n_splits for b, rung in rungs})
