"""What happens next in a search, and what is known at that moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from skhpo.history import Observation, TrialStarted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from skhpo.history import Decision, History, Outcome, Params
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler


class Decisions:
    """Connects a sampler and a scheduler, and shows both no more than the look-back allows.

    What comes after t fits were started is decided from the outcomes of the first t + 1 - L of them, where L is the
    look-back: at most L - 1 are under way. The sampler is told of a trial each time that there is a new score of it.

    Parameters
    ----------
    sampler, scheduler : Sampler, Scheduler
        Who proposes, who decides.
    history : History
        What has happened.
    look_back : int
        How many fits may be under way when the next one is decided, that one included.
    deciding : context manager
        Entered while something is decided.

    Attributes
    ----------
    finish : callable
        Returns what is decided instead of what the scheduler would, or None: where the time is short.
    is_exhausted : bool
        Whether the sampler had nothing more to propose.
    """

    def __init__(
        self,
        sampler: Sampler,
        scheduler: Scheduler,
        history: History,
        look_back: int,
        deciding: AbstractContextManager[object],
    ) -> None:
        self.finish: Callable[[], Decision | None] = lambda: None
        self.sampler, self.scheduler, self.history = sampler, scheduler, history
        self.look_back, self.deciding = look_back, deciding
        self.is_exhausted = False
        self._is_adaptive = sampler.is_adaptive or scheduler.is_adaptive
        self._n_told = 0  # fits

    def next(self) -> Decision | None:
        """Return what is to happen, or None: not yet, or no more."""
        with self.deciding:
            return self._next(self._ask, self.finish)

    def repeat(self, decision: Decision) -> None:
        """Replay a stored decision, so that the sampler hears what it heard then."""
        known = decision.trial.params if isinstance(decision, TrialStarted) else None
        self._next(lambda number: known)  # noqa: ARG005 - it is known what the sampler proposed

    def end(self) -> None:
        """Tell the sampler of all that is known."""
        self._see(max(self.history.n_known, self.history.n_seen))

    def _next(
        self, ask: Callable[[int], Params | None], finish: Callable[[], Decision | None] = lambda: None
    ) -> Decision | None:
        history, n_steps = self.history, len(self.history.steps)
        if self._is_adaptive:
            horizon = max(n_steps + 1 - self.look_back, history.n_seen)
            if history.n_known < horizon:
                return None
            self._see(horizon)
        decision = finish() or self.scheduler.decide(history, ask, look_back=self.look_back)
        if decision is None and history.n_seen < n_steps == history.n_known:
            # Nothing is left to do without what the look-back hides. It is all known, so nothing depends on timing.
            self._see(n_steps)
            decision = self.scheduler.decide(history, ask, look_back=self.look_back)
        return decision

    def _see(self, n_steps: int) -> None:
        """Let the outcomes of the first fits be looked at, and tell the sampler of the trials that have new ones."""
        history = self.history
        history.see(n_steps)
        changed = {number for number, _ in history.steps[self._n_told : history.n_seen]}
        self._n_told = history.n_seen
        for number in sorted(changed):
            self.sampler.tell(observation(history, number))

    def _ask(self, number: int) -> Params | None:
        history = self.history
        pending = [history.trials[number] for number in history.untried] if self.sampler.is_adaptive else ()
        params = self.sampler.ask(number, pending)
        self.is_exhausted = params is None
        return params


def observation(history: History, number: int) -> Observation:
    """Return what a sampler hears of a trial: what may be looked at, NaN for the splits that it does not have."""
    seen, outcomes = history.seen(number), history.outcomes(number)
    scores, seconds = np.full((2, history.n_splits), np.nan)
    splits = list(seen)
    values = list(seen.values())
    if not np.isnan(values).any():  # a trial that failed on one split has failed
        scores[splits] = values
    seconds[splits] = [outcomes[split].fit_time + outcomes[split].score_time for split in splits]
    return Observation(history.trials[number], scores, seconds, _mean_gradient([outcomes[split] for split in splits]))


def _mean_gradient(outcomes: list[Outcome]) -> Mapping[str, float] | None:
    gradients = [outcome.gradient for outcome in outcomes if outcome.gradient is not None]
    if not gradients or len(gradients) < len(outcomes):
        return None
    return {name: float(np.mean([gradient[name] for gradient in gradients])) for name in gradients[0]}
