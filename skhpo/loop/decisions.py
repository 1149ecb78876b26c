"""What happens next in a search, and what is known at that moment: trial by trial, or, in a race, split by split."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from skhpo.history import TrialStarted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from skhpo.history import Decision, History, Params
    from skhpo.samplers.base import Sampler
    from skhpo.schedulers.base import Scheduler


class Decisions(ABC):
    """Connects a sampler and a scheduler, and shows both no more than the look-back allows.

    Parameters
    ----------
    sampler, scheduler : Sampler, Scheduler
        Who proposes, who decides.
    history : History
        What has happened.
    look_back : int
        How many trials, or in a race fits, may be under way when the next one is decided, that one included.
    deciding : context manager
        Entered while something is decided.

    Attributes
    ----------
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
        self.sampler, self.scheduler, self.history = sampler, scheduler, history
        self.look_back, self.deciding = look_back, deciding
        self.is_exhausted = False

    def next(self) -> Decision | None:
        """Return what is to happen, or None: not yet, or no more."""
        with self.deciding:
            return self._next(self._ask)

    def repeat(self, decision: Decision) -> None:
        """Go through a decision that the journal remembers: what was told at it is told now."""
        known = decision.trial.params if isinstance(decision, TrialStarted) else None
        self._next(lambda number: known)  # noqa: ARG005 - it is known what the sampler proposed

    @abstractmethod
    def end(self) -> None:
        """Tell the sampler of all that is finished."""

    @abstractmethod
    def _next(self, ask: Callable[[int], Params | None]) -> Decision | None: ...

    @abstractmethod
    def _ask(self, number: int) -> Params | None: ...


class TrialByTrial(Decisions):
    """Trial i is decided from trials 0 ... i - L, told in the order of their numbers."""

    def end(self) -> None:  # noqa: D102
        self._tell(self.history.n_finished)

    def _next(self, ask: Callable[[int], Params | None]) -> Decision | None:
        history = self.history
        number = len(history.trials)
        is_adaptive = self.sampler.is_adaptive or self.scheduler.is_adaptive
        horizon = max(number + 1 - self.look_back, 0) if is_adaptive else history.n_finished
        if history.n_finished < horizon:
            return None
        self._tell(horizon)
        trial = self.scheduler.next_trial(history, ask)
        if trial is None and history.n_told < number == history.n_finished:
            # The scheduler waits for trials that the look-back hides. All are finished, so nothing depends on timing.
            self._tell(number)
            trial = self.scheduler.next_trial(history, ask)
        return None if trial is None else TrialStarted(trial)

    def _tell(self, horizon: int) -> None:
        """Tell the sampler of all trials before ``horizon``, in order."""
        history = self.history
        while history.n_told < horizon:
            number = history.n_told
            scores = history.scores(number)
            self.sampler.tell(
                history.trials[number], scores if not np.isnan(scores).any() else np.full_like(scores, np.nan)
            )
            history.n_told += 1

    def _ask(self, number: int) -> Params | None:
        pending = self.history.pending if self.sampler.is_adaptive else ()
        params = self.sampler.ask(number, pending)
        self.is_exhausted = params is None
        return params


class SplitBySplit(Decisions):
    """Step t, a fit, is decided from the outcomes of steps 0 ... t - L; trials are told split by split."""

    def __init__(
        self,
        sampler: Sampler,
        scheduler: Scheduler,
        history: History,
        look_back: int,
        deciding: AbstractContextManager[object],
    ) -> None:
        super().__init__(sampler, scheduler, history, look_back, deciding)
        self._n_told = 0  # steps

    def end(self) -> None:  # noqa: D102
        history = self.history
        n_known = history.n_seen
        while n_known < len(history.steps) and history.is_known(n_known + 1):
            n_known += 1
            history.see(n_known)
        self._tell()

    def _next(self, ask: Callable[[int], Params | None]) -> Decision | None:
        history, n_steps = self.history, len(self.history.steps)
        horizon = max(n_steps + 1 - self.look_back, history.n_seen)
        if not history.is_known(horizon):
            return None
        self._see(horizon)
        decision = self._decide(ask)
        if decision is None and history.n_seen < n_steps and history.is_known(n_steps):
            # Nothing is left to do without what the look-back hides. It is all known, so nothing depends on timing.
            self._see(n_steps)
            decision = self._decide(ask)
        return decision

    def _decide(self, ask: Callable[[int], Params | None]) -> Decision | None:
        scheduler, history, look_back = self.scheduler, self.history, self.look_back
        decision = scheduler.next_split(history, look_back=look_back, can_start=True)
        if decision is None:
            trial = scheduler.next_trial(history, ask)  # where the space has no more, one may still be promoted
            if trial is not None:
                return TrialStarted(trial)
            decision = scheduler.next_split(history, look_back=look_back, can_start=False)
        return decision

    def _see(self, n_steps: int) -> None:
        self.history.see(n_steps)
        self._tell()

    def _tell(self) -> None:
        """Tell the sampler of each trial what is new of it, with NaN for the splits that it does not have."""
        history = self.history
        changed = {number for number, _ in history.steps[self._n_told : history.n_seen]}
        self._n_told = history.n_seen
        for number in sorted(changed):
            seen = history.seen(number)
            scores = np.full(history.n_splits, np.nan)
            if not np.isnan(list(seen.values())).any():  # one that failed on a split has failed
                scores[list(seen)] = list(seen.values())
            self.sampler.tell(history.trials[number], scores)

    def _ask(self, number: int) -> Params | None:
        history = self.history
        pending = [history.trials[number] for number in history.untried] if self.sampler.is_adaptive else ()
        params = self.sampler.ask(number, pending)
        self.is_exhausted = params is None
        return params
