"""Objects that change while they are used, as callbacks that count do: what they were before a search used them.

A search with a checkpoint is found again by what its objects are. One that a fit changes would be another the next
time, though the user gives the very same. So when a fit ends, its objects are looked at again, and those that have
changed meanwhile are remembered, in this process, with what they were.
"""

from __future__ import annotations

import functools
import weakref
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

P = ParamSpec("P")
R = TypeVar("R")


class _Known:
    """An object that has changed.

    Parameters
    ----------
    value : object
        Held weakly.
    before : str
        Hash of its content before it was used.
    """

    def __init__(self, value: Any, before: str) -> None:
        number = id(value)
        self.value = weakref.ref(value, lambda _: _KNOWN.pop(number, None))
        self.before = before
        self.after: set[str] = set()


class _Watch:
    """What was described during a fit."""

    def __init__(self) -> None:
        self.again: list[Callable[[], Any]] = []
        self.before: dict[int, tuple[Any, str]] = {}  # with the objects, so that their ids stay theirs
        self.is_over = False


_KNOWN: dict[int, _Known] = {}
_WATCH: ContextVar[_Watch | None] = ContextVar("skhpo_watch", default=None)


def before_use(value: Any, now: str) -> str:
    """Return the hash of an object's content as it was before a search used it; ``now`` for all that are as ever."""
    known = _KNOWN.get(id(value))
    if known is not None and known.value() is value and now in known.after:
        now = known.before
    watch = _WATCH.get()
    if watch is None:
        return now
    if not watch.is_over:
        watch.before.setdefault(id(value), (value, now))
        return now
    _, before = watch.before.get(id(value), (value, now))
    if before != now:
        _remember(value, before, now)
    return before


def look_again(describe: Callable[[], Any]) -> None:
    """Have something described again when the fit ends."""
    watch = _WATCH.get()
    if watch is not None and not watch.is_over:
        watch.again.append(describe)


def noticing_changes(fit: Callable[P, R]) -> Callable[P, R]:
    """Wrap a method that fits, so that its objects are known again when they have changed in it."""

    @functools.wraps(fit)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        with _watching():
            return fit(*args, **kwargs)

    return wrapped


@contextmanager
def _watching() -> Iterator[None]:
    watch = _Watch()
    token = _WATCH.set(watch)
    ignored: tuple[type[BaseException], ...] = (Exception,)
    try:
        yield
    except KeyboardInterrupt:
        ignored = (Exception, KeyboardInterrupt)  # the first is on its way already
        raise
    finally:
        watch.is_over = True
        try:
            for describe in watch.again:
                with suppress(*ignored):  # it shows nothing of itself any more; the fit is over all the same
                    describe()
        finally:
            _WATCH.reset(token)


def _remember(value: Any, before: str, after: str) -> None:
    known = _KNOWN.get(id(value))
    if known is None or known.value() is not value or known.before != before:
        try:
            known = _KNOWN[id(value)] = _Known(value, before)
        except TypeError:  # it cannot be referred to weakly; held for good it might be large
            return
    known.after.add(after)
