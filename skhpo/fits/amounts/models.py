"""Fitted models that wait to be fitted on."""

from __future__ import annotations

import pickle
import threading
from typing import Any, Protocol

from skhpo.fits.bounds import MAX_BYTES

_MUCH_ROOM = 8
"""As long as less than this part of it is taken, a size may be wrong. To measure one costs some percent of a fit."""


class Folder(Protocol):
    """What workers can reach from wherever they are, by name."""

    @property
    def is_open(self) -> bool: ...  # noqa: D102

    def put(self, name: str, value: Any) -> int | None: ...  # noqa: D102

    def take(self, name: str) -> Any | None: ...  # noqa: D102

    def has(self, name: str) -> bool: ...  # noqa: D102

    def remove(self, name: str) -> None: ...  # noqa: D102

    def close(self) -> None: ...  # noqa: D102


class Models:
    """Fitted models, by trial and split, up to a number of bytes.

    They wait in the memory of the process that fitted them. Where the search has several processes, they wait in a
    folder that all can reach. A fit that finds no model starts from scratch. Pickling drops the models and keeps the
    folder.

    Parameters
    ----------
    folder : Folder or None
        For processes that share it.
    max_bytes : int
        When a process has more, models are dropped: those with least of the resource first, the worst of them first.
    """

    def __init__(self, folder: Folder | None = None, max_bytes: int = MAX_BYTES) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self._clear()

    def _clear(self) -> None:
        self._models: dict[tuple[int, int], tuple[tuple[float, float], int, Any]] = {}
        self._n_bytes = 0
        self._sizes: dict[int, int | None] = {}
        self._lock = threading.Lock()
        # The process that made the folder hands it on and has no part in it: it fits nothing then, or fits alone.
        self._shared: Folder | None = None

    def __len__(self) -> int:
        return len(self._models)

    def take(self, number: int, split: int) -> Any | None:
        """Return a model, which is the caller's from now on, or None."""
        with self._lock:
            _, size, model = self._models.pop((number, split), (None, 0, None))
            self._n_bytes -= size
        return self._shared.take(_name(number, split)) if model is None and self._shared is not None else model

    def keep(self, number: int, split: int, model: Any, *, worth: tuple[float, float]) -> None:
        """Add a model, and drop what is worth least if there is no more room."""
        if self._shared is None:
            size = self._size(number, model)
        else:
            size, model = self._shared.put(_name(number, split), model), None
        if size is None:
            return
        with self._lock:
            self._models[number, split] = (worth, size, model)
            self._n_bytes += size
            if self._n_bytes > self.max_bytes:
                self._make_room()

    def _size(self, number: int, model: Any) -> int | None:
        """Return about how much memory a model takes: as on another split of the trial, while there is much room."""
        if number not in self._sizes or self._n_bytes > self.max_bytes / _MUCH_ROOM:
            self._sizes[number] = _n_bytes(model)
        return self._sizes[number]

    def close(self) -> None:
        """Forget everything."""
        self._clear()
        if self.folder is not None:
            self.folder.close()

    def _make_room(self) -> None:
        if self._shared is not None:  # others have taken some
            for key in [key for key in self._models if not self._shared.has(_name(*key))]:
                self._n_bytes -= self._models.pop(key)[1]
        while self._n_bytes > self.max_bytes:
            least = min(self._models, key=lambda key: self._models[key][0])
            self._n_bytes -= self._models.pop(least)[1]
            if self._shared is not None:
                self._shared.remove(_name(*least))

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.folder, self.max_bytes = state["folder"], state["max_bytes"]
        self._clear()
        if self.folder is not None and self.folder.is_open:
            self._shared = self.folder


def _name(number: int, split: int) -> str:
    return f"{number}-{split}"


class _Counter:
    """A file that only knows how much was written to it."""

    n_bytes = 0

    def write(self, data: Any) -> int:
        n = memoryview(data).nbytes
        self.n_bytes += n
        return n


def _n_bytes(model: Any) -> int | None:
    """Return about how much memory a model takes; None where that is not known."""
    counter = _Counter()
    try:
        pickle.Pickler(counter, protocol=5).dump(model)
    except Exception:  # noqa: BLE001 - whatever cannot be pickled says so in its own way
        return None
    return counter.n_bytes
