"""Scores of all splits at once: outcomes are held back until a trial has all of them."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from skhpo.search.kept import TakingExecutor

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skhpo.executors.base import Executor
    from skhpo.history import History, Outcome


class PoolingExecutor(TakingExecutor):
    """Gives the outcomes of a trial when there is one for each split, all with the score of all.

    Parameters
    ----------
    executor : Executor
        Who runs the tasks.
    take : callable
        ``take(outcome) -> outcome``, without its predictions.
    history : History
        What is known already: outcomes of a trial that were written down before a kill have its score.
    score : callable
        ``score(outcomes) -> float`` of all splits, in order.
    """

    def __init__(
        self,
        executor: Executor,
        take: Callable[[Outcome], Outcome],
        history: History,
        score: Callable[[Sequence[Outcome]], float],
    ) -> None:
        super().__init__(executor, take)
        self._history = history
        self._score = score
        self._held: dict[int, dict[int, Outcome]] = {}
        self._ready: deque[Outcome] = deque()

    @property
    def n_pending(self) -> int:  # noqa: D102
        return self._executor.n_pending + len(self._ready) + sum(map(len, self._held.values()))

    def wait(self, seconds: float | None = None) -> Outcome | None:  # noqa: D102
        while not self._ready:
            outcome = self._executor.wait(seconds)
            if outcome is None:
                return None
            self._held.setdefault(outcome.number, {})[outcome.split] = outcome
            self._release(outcome.number)
        return self._ready.popleft()

    def _release(self, number: int) -> None:
        """Let go of a trial's outcomes, if there is one for each split."""
        held, known = self._held[number], self._history.outcomes(number)
        if len(held.keys() | known.keys()) < self._history.n_splits:
            return
        outcomes = [outcome for _, outcome in sorted(self._held.pop(number).items())]
        if all(outcome.status == "ok" for outcome in outcomes):
            earlier = [outcome.test_scores for outcome in known.values() if outcome.status == "ok"]
            score = earlier[0] if earlier else self._score(outcomes)
            outcomes = [replace(outcome, test_scores=score) for outcome in outcomes]
        self._ready.extend(self._take(outcome) for outcome in outcomes)
