"""What a scheduler is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from skhpo.history import FitStarted, History, Params, Trial, TrialStopped

Ask: TypeAlias = Callable[[int], "Params | None"]


class Scheduler(ABC):
    """Decides which trial to start next: a pure function of the history.

    * `next_trial` must depend on its arguments alone and change neither.
    * It must look at the scores of ``history.told`` only; all other started trials are pending.
    * It may return None to say *not yet* while trials are pending; when nothing is, None ends the search.
    """

    is_adaptive: bool = True
    """Whether scores change what it starts; False lets trials start without waiting for any."""

    n_trials: int | None = None
    """How many trials it will start at most; None where that is not known."""

    slack: int = 1
    """How many times the trials that fill the workers are to be under way, where some take far longer than others."""

    is_racing: bool = False
    """Whether it decides about each split of a trial, in `next_split`; else a trial is fitted on all of them."""

    def next_split(
        self,
        history: History,  # noqa: ARG002
        *,
        look_back: int,  # noqa: ARG002
        can_start: bool,  # noqa: ARG002
    ) -> FitStarted | TrialStopped | None:
        """Return what is to happen with a trial that was started, or None: start another, or wait.

        Parameters
        ----------
        history : History
            What has happened. It must look at scores by way of ``history.seen`` only.
        look_back : int
            How many fits may be under way when the next one is decided, that one included.
        can_start : bool
            Whether another trial may be started instead.
        """
        return None

    @abstractmethod
    def next_trial(self, history: History, ask: Ask) -> Trial | None:
        """Return the trial to start now, or None.

        Parameters
        ----------
        history : History
            What has happened.
        ask : callable
            ``ask(number)`` gives the parameters that the sampler proposes for trial ``number``, or None when the
            space is exhausted.
        """
