"""Clusters that grow while a search runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skhpo.messages.callers import warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.executors.base import Executor
    from skhpo.search.plan import Plan
    from skhpo.search.stopwatch import Stopwatch


def watch_workers(
    executor: Executor, cost: Stopwatch, plan: Plan, *, look_back: int, n_splits: int, then: Callable[[], None]
) -> Callable[[], None]:
    """Return what is to be called now and then: it tells the cost how many workers there are, and calls ``then``.

    It tells the user too, once, if there are more than twice as many as the look-back can keep busy. The look-back
    itself stays, so that a search's candidates do not depend on when workers come.

    Parameters
    ----------
    executor : Executor
        Whose workers.
    cost : Stopwatch
        Who counts them.
    plan : Plan
        How the search goes about it.
    look_back : int
        With which it began.
    n_splits : int
        Tasks of a trial.
    then : callable
        Called afterwards.
    """
    # Who set it was told what it means.
    is_told = plan.look_back is not None
    most = plan.most_workers(look_back)

    def count() -> None:
        nonlocal is_told
        n_workers = executor.n_workers
        cost.note_workers(n_workers)
        if is_told or n_workers <= 2 * most:
            return
        is_told = True
        warn(
            f"There are {n_workers} workers now, and this search began on fewer: it decides with at most {look_back} "
            f"fit{'s' * (look_back > 1)} under way, which keeps as many workers busy. That stays so: candidates must "
            "not depend on when workers come. For so many workers set "
            f"look_back={plan.smallest_look_back(n_workers, n_splits)} when a search begins.",
            UserWarning,
        )

    def count_and_go_on() -> None:
        count()
        then()

    count()
    return count_and_go_on
