"""What a scheduler is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from skhpo.history import TrialStarted

if TYPE_CHECKING:
    from skhpo.history import Decision, FitStarted, History, Params, Trial, TrialStopped

Ask: TypeAlias = Callable[[int], "Params | None"]


class Scheduler(ABC):
    """Decides what happens next: a pure function of the history.

    A scheduler that fits each trial on all splits has `next_trial`. One that decides about single fits has `decide`.

    * Both must depend on their arguments alone and change none of them.
    * Of outcomes they must look at those only that may be looked at: ``history.seen``, ``history.complete``, and the
      ranking of ``history.rung``. All other fits are under way, whatever is known of them.
    * They may return None to say *not yet* while fits are under way; when none is, None ends the search.
    """

    is_adaptive: bool = True
    """Whether scores change what it starts; False lets trials start without waiting for any."""

    n_trials: int | None = None
    """How many trials it will start at most; None where that is not known."""

    slack: int = 1
    """Multiplier of the look-back for several workers, where some trials take far longer than others."""

    stops_trials: bool = False
    """Whether a trial may end before it was fitted on all splits."""

    def decide(self, history: History, ask: Ask, *, look_back: int = 1) -> Decision | None:  # noqa: ARG002
        """Return what is to happen now, or None.

        Parameters
        ----------
        history : History
            What has happened.
        ask : callable
            ``ask(number)`` gives the parameters that the sampler proposes for trial ``number``, or None when the
            space is exhausted.
        look_back : int
            How many fits may be under way when the next one is decided, that one included.

        Returns
        -------
        TrialStarted, FitStarted, TrialStopped or None
            A trial with its first fits, another fit of a trial, or the end of one.
        """
        trial = self.next_trial(history, ask)
        return None if trial is None else TrialStarted(trial)

    @abstractmethod
    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the trial to start now, or None; parameters are those of `decide`."""


class SplitScheduler(Scheduler):
    """A scheduler that decides about each fit of a trial: trials start with none."""

    stops_trials = True

    def decide(self, history: History, ask: Ask, *, look_back: int = 1) -> Decision | None:
        """Return the next fit, the end of a trial, or a new trial that has no fit yet; None to wait."""
        decision = self.next_split(history, look_back=look_back, can_start=True)
        if decision is not None:
            return decision
        trial = self.next_trial(history, ask)
        if trial is not None:
            return TrialStarted(trial, splits=())
        # Where the space has no more points, trials that are under way may still go on.
        return self.next_split(history, look_back=look_back, can_start=False)

    @abstractmethod
    def next_split(self, history: History, *, look_back: int, can_start: bool) -> FitStarted | TrialStopped | None:
        """Return what is to happen with a trial that was started, or None: start another, or wait.

        Parameters
        ----------
        history : History
            What has happened.
        look_back : int
            How many fits may be under way when the next one is decided, that one included.
        can_start : bool
            Whether another trial may be started instead.
        """
