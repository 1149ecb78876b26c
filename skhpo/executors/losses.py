"""Who is to blame when workers die.

Batches that are lost at about the same moment are judged together. If one worker died and one candidate's fit was on
it, that is to blame; so is a candidate that had fits on all workers that died. Workers that died at the same moment
without a candidate in common were taken away (a node, a restart): that is nobody's fault. Where it cannot be told, the
fits are tried again, each in a batch of its own, and what is lost with the others once more can be told apart better.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from skhpo.executors.batch import Job

MAX_LOSSES = 2
"""Workers that one fit alone may have cost; with the last its candidate has failed."""

MAX_INNOCENT_LOSSES = 10
"""Times that one fit may be lost before it began: the cluster cannot keep what it is given."""

SAME_MOMENT_SECONDS = 2.0
"""Losses that are noticed within so long of the first are judged together."""


class Lost(NamedTuple):
    """A batch that did not come back.

    Parameters
    ----------
    reason : str
        Why, without keys and numbers: failures of equal text are counted together.
    worker : hashable
        The worker that ran it, and died; None where that is not known.
    has_begun : bool
        Whether a worker had begun it.
    """

    reason: str
    worker: Hashable = None
    has_begun: bool = True


class LostBatch(NamedTuple):
    """The jobs of a lost batch, and what is known of the loss."""

    jobs: Sequence[Job]
    lost: Lost


def judge(batches: Iterable[LostBatch]) -> None:
    """Note in jobs that were lost at the same moment what that says against them.

    ``n_losses`` counts times that a job's candidate was to blame, ``n_doubts`` those that nobody could be named.
    """
    begun = []
    for batch in batches:
        if batch.lost.has_begun:
            begun.append(batch)
        else:
            for job in batch.jobs:
                job.n_innocent_losses += 1
    guilty = _guilty(begun)
    for batch in begun:
        for job in batch.jobs:
            if guilty is None:
                job.n_doubts += 1
            elif job.number == guilty:
                job.n_losses += 1


def _guilty(begun: Sequence[LostBatch]) -> int | None:
    """Return the candidate that is to blame; None if none can be named."""
    on_worker: dict[Any, set[int]] = {}
    record: dict[int, int] = {}
    for jobs, lost in begun:
        for job in jobs:
            on_worker.setdefault(lost.worker, set()).add(job.number)
            record[job.number] = max(record.get(job.number, 0), job.record)
    common = set.intersection(*on_worker.values()) if on_worker else set()
    # Of several, the one that was there before when workers died.
    most = max((record[number] for number in common), default=0)
    named = [number for number in common if record[number] == most]
    return named[0] if len(named) == 1 else None
