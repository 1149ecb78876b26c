"""A dictionary that is bounded in bytes and forgets what was not used for longest."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import TracebackType
    from typing import Self

from skhpo.fits.bounds import MAX_BYTES


class PrefixCache:
    """Fitted prefixes and the data behind them, safe to be shared by threads.

    Pickled, it takes nothing along: each worker process fills its own. As a context it is empty at the end.

    Parameters
    ----------
    max_bytes : int
        Sum of the sizes of the values; what is larger is not kept.

    Attributes
    ----------
    refused : set of hashable
        Keys of steps that are fitted each time from now on.
    trusted : set of hashable
        What was done twice, of steps that are not scikit-learn's, and was the same both times.
    n_cheap : dict of hashable to int
        By branch inside of a step: how often in a row none of its steps took long enough to be worth keeping.

    Examples
    --------
    >>> cache = PrefixCache(max_bytes=100)
    >>> cache.put("a", 1, 40), cache.put("b", 2, 40), cache.get("a"), cache.put("c", 3, 40)
    (None, None, 1, None)
    >>> cache.get("b") is None, cache.n_bytes
    (True, 80)
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self.max_bytes = max_bytes
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._n_bytes = 0
        self.refused: set[Hashable] = set()
        self.trusted: set[Hashable] = set()
        self.n_cheap: dict[Hashable, int] = {}

    def __reduce__(self) -> tuple[Callable[..., PrefixCache], tuple[type[PrefixCache], int]]:
        return _arrive, (type(self), self.max_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.clear()

    def __len__(self) -> int:
        return len(self._values)

    @property
    def n_bytes(self) -> int:
        """Sum of the sizes of what is held."""
        return self._n_bytes

    def get(self, key: Hashable) -> Any:
        """Return the value of a key, None if there is none."""
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key][0]

    def put(self, key: Hashable, value: Any, n_bytes: int) -> None:
        """Keep a value of so many bytes, at the cost of the least recently used."""
        if n_bytes > self.max_bytes:
            return
        with self._lock:
            self._n_bytes += n_bytes - self._values.pop(key, (None, 0))[1]
            self._values[key] = value, n_bytes
            while self._n_bytes > self.max_bytes:
                _, (_, size) = self._values.popitem(last=False)
                self._n_bytes -= size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._n_bytes = 0
        self.refused.clear()
        self.trusted.clear()
        self.n_cheap.clear()


_arrived: weakref.WeakSet[PrefixCache] = weakref.WeakSet()


def _arrive(kind: type[PrefixCache], max_bytes: int) -> PrefixCache:
    """Make a cache in a worker; those of earlier searches, which a cluster's workers may still hold, are emptied."""
    for cache in list(_arrived):
        cache.clear()
    cache = kind(max_bytes)
    _arrived.add(cache)
    return cache
