"""Fitted models that wait to be fitted on."""

from __future__ import annotations

import pickle
import threading
from typing import Any


class Models:
    """Fitted models of this process, by trial and split, up to a number of bytes.

    Pickled, it is empty: models stay where they were fitted. Who does not find one starts over.

    Parameters
    ----------
    max_bytes : int
        When there are more, those go first that were fitted with least of the resource, the worst first.
    """

    def __init__(self, max_bytes: int = 256 * 2**20) -> None:
        self.max_bytes = max_bytes
        self._clear()

    def _clear(self) -> None:
        self._models: dict[tuple[int, int], tuple[tuple[float, float], int, Any]] = {}
        self._n_bytes = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._models)

    def take(self, number: int, split: int) -> Any | None:
        """Return a model, which is the caller's from now on, or None."""
        with self._lock:
            _, size, model = self._models.pop((number, split), (None, 0, None))
            self._n_bytes -= size
            return model

    def keep(self, number: int, split: int, model: Any, *, worth: tuple[float, float]) -> None:
        """Add a model, and drop what is worth least if there is no more room."""
        size = _n_bytes(model)
        if size is None:
            return
        with self._lock:
            self._models[number, split] = (worth, size, model)
            self._n_bytes += size
            while self._n_bytes > self.max_bytes:
                least = min(self._models, key=lambda key: self._models[key][0])
                self._n_bytes -= self._models.pop(least)[1]

    def __getstate__(self) -> dict[str, Any]:
        return {"max_bytes": self.max_bytes}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.max_bytes = state["max_bytes"]
        self._clear()


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
