"""Large values of parameters: an array of 50 MB, a vocabulary. Each travels to a worker once, not with each task.

Arrays in them lie in a file that the workers map, as those of the data do; the rest of the pickle goes through the
pipe. A task then only says which value it means.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from skhpo.executors.package import pack_tasks
from skhpo.executors.shipment import Shipment, Spans, dumps_apart, unpack

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from skhpo.history import Task

LARGE = 65_536
"""Bytes of a pickled value that is worth a message of its own."""

_MOST_BYTES = 500_000_000
"""About how much is kept of values that no task needs now, in case that one will."""

_MOST_IN_WORKER = 100_000_000
"""The same for pickles in a worker."""

_SMALL = (bool, int, float, complex, type(None))

_idents = itertools.count()


class Held(NamedTuple):
    """In a task: a value that the worker was given."""

    ident: int


class _Parcel(NamedTuple):
    value: Any  # held, so that its address is not given to another
    shipment: Shipment

    @property
    def n_bytes(self) -> int:
        return len(self.shipment.stream) + sum(end - start for start, end in self.shipment.spans.ends)


class Values:
    """The large values of one search, by identity: the objects of a space are the same in all its tasks."""

    def __init__(self) -> None:
        self._parcels: dict[int, _Parcel] = {}  # the one that was needed last is the last
        self._idents: dict[int, int] = {}  # by address
        self._small: dict[int, Any] = {}  # by address: were in a large batch, and are not large

    def __contains__(self, ident: int) -> bool:
        return ident in self._parcels

    def __getitem__(self, ident: int) -> Shipment:
        return self._parcels[ident].shipment

    def pack(self, tasks: Sequence[Task], in_use: Iterable[int] = ()) -> tuple[bytes, list[tuple[int, ...]]]:
        """Pickle tasks without their large values; returns these too, task by task.

        Parameters
        ----------
        tasks : sequence of Task
            What is to be sent.
        in_use : iterable of int
            Values that workers may still have to open: these are kept.

        Raises
        ------
        pickle.PicklingError
            Naming the parameters that cannot be pickled.
        """
        reduced, needed = self._reduced(tasks)
        try:
            packed, n_apart = dumps_apart(reduced, LARGE)
        except Exception:  # noqa: BLE001 - to be said in our words
            return pack_tasks(list(tasks)), needed
        if n_apart or len(packed) > LARGE + 1_000 * len(tasks):
            self._look_for_large(reduced)
            self._make_room({*in_use, *itertools.chain(*needed)})
            reduced, needed = self._reduced(tasks)
            packed = pack_tasks(reduced)
        return packed, needed

    def _reduced(self, tasks: Sequence[Task]) -> tuple[list[Task], list[tuple[int, ...]]]:
        """Tasks with large values replaced, as far as they are known, and which these are."""
        if not self._idents:
            return list(tasks), [()] * len(tasks)
        reduced, needed = [], []
        for task in tasks:
            params = task.trial.params
            found = {name: self._idents[id(value)] for name, value in params.items() if id(value) in self._idents}
            for ident in found.values():
                self._parcels[ident] = self._parcels.pop(ident)
            held = {name: Held(ident) for name, ident in found.items()}
            reduced.append(task._replace(trial=replace(task.trial, params={**params, **held})) if held else task)
            needed.append(tuple(found.values()))
        return reduced, needed

    def _look_for_large(self, tasks: Iterable[Task]) -> None:
        for value in itertools.chain.from_iterable(task.trial.params.values() for task in tasks):
            if isinstance(value, (*_SMALL, Held)) or id(value) in self._idents or id(value) in self._small:
                continue
            stream, n_apart = dumps_apart(value, LARGE)
            if len(stream) + n_apart <= LARGE:
                self._small[id(value)] = value
                continue
            ident = next(_idents)
            self._parcels[ident] = _Parcel(value, Shipment((value,)))
            self._idents[id(value)] = ident

    def _make_room(self, in_use: set[int]) -> None:
        """Forget what was not needed for longest; the newest stay."""
        excess = sum(parcel.n_bytes for parcel in self._parcels.values()) - _MOST_BYTES
        for ident, parcel in list(self._parcels.items())[:-1]:
            if excess <= 0:
                return
            if ident not in in_use:
                excess -= parcel.n_bytes
                parcel.shipment.close()
                del self._parcels[ident], self._idents[id(parcel.value)]

    def close(self) -> None:
        """Remove all files."""
        for parcel in self._parcels.values():
            parcel.shipment.close()
        self._parcels.clear()
        self._idents.clear()
        self._small.clear()


class Given:
    """Which values a worker was given, as its parent knows it."""

    def __init__(self) -> None:
        self._sizes: dict[int, int] = {}  # the one that was needed last is the last

    def update(self, values: Values, needed: Iterable[int]) -> tuple[list[int], list[int]]:
        """Take note that some are needed; returns which of them have to be given, and which may be forgotten."""
        wanted = dict.fromkeys(needed)
        fresh = [ident for ident in wanted if ident not in self._sizes]
        for ident in wanted:
            self._sizes.pop(ident, None)
            self._sizes[ident] = len(values[ident].stream)
        dropped, excess = [], sum(self._sizes.values()) - _MOST_IN_WORKER
        for ident, size in list(self._sizes.items()):
            if ident not in wanted and (excess > 0 or ident not in values):
                excess -= size
                dropped.append(ident)
                del self._sizes[ident]
        return fresh, dropped

    def clear(self) -> None:
        """The worker has forgotten all."""
        self._sizes.clear()


def fill_in(task: Task, given: Mapping[int, tuple[Spans, bytes]]) -> Task:
    """In a worker: a task with its own copies of the large values; what is mapped is read-only."""
    opened = {}
    for name, value in task.trial.params.items():
        if isinstance(value, Held):
            spans, stream = given[value.ident]
            (opened[name],) = unpack(stream, spans)
    return task._replace(trial=replace(task.trial, params={**task.trial.params, **opened})) if opened else task
