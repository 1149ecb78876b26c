"""What stands between a pipeline and its steps while a task runs."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import joblib
import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from skhpo.prefix.data import is_same, may_overlap, twin
from skhpo.prefix.key import NotReusable, StepKey, step_key
from skhpo.prefix.size import held_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from skhpo.prefix.cache import PrefixCache


@contextmanager
def reused(
    estimator: Any,
    cache: PrefixCache | None,
    *,
    place: tuple[Hashable, ...],
    sides: Mapping[str, Callable[[], Any]],
    is_observed: bool = False,
) -> Iterator[None]:
    """Let a pipeline be fitted and scored with what the cache knows.

    Parameters
    ----------
    estimator : estimator
        About to be fitted, once. Left alone if it is no `Pipeline`, or one with a ``memory`` of its own or of pairwise
        data.
    cache : PrefixCache or None
        None to do nothing.
    place : tuple of hashable
        What the training side depends on.
    sides : mapping of str to callable
        The samples that will be scored, by name.
    is_observed : bool
        Callbacks watch the steps.
    """
    if cache is None or not _is_plain(estimator):
        yield
        return
    loan = Loan(cache, place, sides)
    estimator.memory = _Memory(estimator, loan, is_observed=is_observed)
    try:
        yield
    finally:
        loan.close()
        if type(estimator.memory) is _Memory:
            estimator.memory = None


def _is_plain(estimator: Any) -> bool:
    return type(estimator) is Pipeline and estimator.memory is None and len(estimator.steps) > 1


class Prefix(NamedTuple):
    """The training side behind some steps, and these steps, fitted."""

    data: Any
    steps: tuple[Any, ...]


class Loan:
    """What one task has of the cache.

    Parameters
    ----------
    cache : PrefixCache
        Where from.
    place, sides
        As of `reused`.

    Attributes
    ----------
    keys : list of StepKey
        For each step that can be reused, all that its fit depends on, so the steps before it included.
    """

    def __init__(self, cache: PrefixCache, place: tuple[Hashable, ...], sides: Mapping[str, Callable[[], Any]]) -> None:
        self.cache = cache
        self.keys: list[StepKey] = []
        self._place = place
        self._sides = dict(sides)
        self._samples: dict[str, Any] = {}
        self._lent: list[Any] = []

    def open(self, pipeline: Pipeline, *, is_observed: bool) -> None:
        """Take down the keys of the steps of a pipeline that is about to be fitted.

        Steps that speak to callbacks themselves must be fitted to do so.
        """
        if get_tags(pipeline).input_tags.pairwise:
            return
        key: tuple[Hashable, ...] = self._place
        for name, step in pipeline.steps[:-1]:
            if step is None or (isinstance(step, str) and step == "passthrough"):
                continue
            if is_observed and hasattr(step, "set_callbacks"):
                return
            try:
                own, may_draw = step_key(name, step)
            except NotReusable:
                return
            key = (*key, own)
            self.keys.append(StepKey(key, may_draw))

    def find(self, level: int) -> Prefix | None:
        """Return the prefix that ends with a step, None if it is not known."""
        found: Prefix | None = self.cache.get(self.keys[level].key)
        return found

    def keep(self, level: int, given: Any, prefix: Prefix) -> bool:
        """Keep a prefix if it may be kept; False if nothing behind it can be reused.

        What shares its memory with what was given is not kept: a copy of it would not.
        """
        try:
            n_bytes = held_bytes(prefix)
        except (NotReusable, RecursionError):
            return False
        data = None if n_bytes > self.cache.max_bytes or may_overlap(prefix.data, given) else twin(prefix.data)
        if data is not None:
            self.cache.put(self.keys[level].key, prefix._replace(data=data), n_bytes)
        return True

    def lend(self, level: int, step: Any) -> Any:
        """Return a fitted step that looks into the cache when it transforms."""
        own = copy.copy(step)
        own.transform = _Transform(self, level, own)
        self._lent.append(own)
        return own

    def transform(self, level: int, transform: Callable[[Any], Any], X: Any) -> Any:
        """Transform samples that one step, counted by its level, was given."""
        side = self._side(level, X)
        if side is None:
            return transform(X)
        key = (side, self.keys[level].key)
        known = self.cache.get(key)
        if known is not None:
            return twin(known)
        result = transform(X)
        if (kept := twin(result)) is not None:
            self.cache.put(key, kept, held_bytes(kept))
        return result

    def _side(self, level: int, X: Any) -> str | None:
        """Which side the samples are that a step was given, if any."""
        return next((side for side in self._sides if is_same(X, self._given(level, side))), None)

    def _given(self, level: int, side: str) -> Any:
        """Return what a step is given of a side; None if that is not known."""
        if level > 0:
            return self.cache.get((side, self.keys[level - 1].key))
        if side not in self._samples:
            self._samples[side] = self._sides[side]()
        return self._samples[side]

    def close(self) -> None:
        """End it: the steps that were lent transform by themselves."""
        self._sides.clear()
        self._samples.clear()
        for step in self._lent:
            vars(step).pop("transform", None)
        self._lent.clear()


class _Memory:
    """A pipeline's ``memory`` for the first fit; copied with the pipeline, or for a later fit, it is none."""

    location = None  # with a location, pipelines clone their steps before they fit them

    def __init__(self, pipeline: Pipeline, loan: Loan, *, is_observed: bool) -> None:
        self._pipeline: Pipeline | None = pipeline
        self._loan = loan
        self._is_observed = is_observed

    def __reduce__(self) -> tuple[type[None], tuple[()]]:
        return type(None), ()

    def cache(self, function: Callable[..., Any], **settings: Any) -> Callable[..., Any]:
        """Return what fits the pipeline's steps, one after the other."""
        plain = joblib.Memory(location=None, verbose=0).cache(function, **settings)
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None:
            self._loan.close()
            return plain  # type: ignore[no-any-return]
        self._loan.open(pipeline, is_observed=self._is_observed)
        return _StepFits(plain, self._loan, is_observed=self._is_observed)


class _StepFits:
    """Fits and transforms one step per call, or takes both from the cache."""

    def __init__(self, plain: Callable[..., Any], loan: Loan, *, is_observed: bool) -> None:
        self._plain = plain
        self._loan = loan
        self._is_observed = is_observed
        self._level = -1
        self._known: Prefix | None = None
        self._fitted: tuple[Any, ...] = ()

    def __call__(self, step: Any, X: Any, y: Any, **kwargs: Any) -> tuple[Any, Any]:
        self._level += 1
        if self._level >= len(self._loan.keys):
            try:
                return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]
            except BaseException as error:
                error.__traceback__ = without_us(error)
                raise
        level, known = self._level, self._find()
        if known is not None:
            self._fitted = known.steps[: level + 1]
            step = self._loan.lend(level, known.steps[level])
            # Before its last step the pipeline only passes the data on, to us: anything will do.
            result = twin(known.data) if level + 1 == len(known.steps) else X
            if self._is_observed:
                _tell(step, X, result, y, **kwargs)
            return result, step
        before = _global_generator() if self._loan.keys[level].may_draw else None
        try:
            result, fitted = self._plain(step, X, y, **kwargs)
        except BaseException as error:
            error.__traceback__ = without_us(error)
            raise
        self._fitted = (*self._fitted, fitted)
        has_drawn = before is not None and before != _global_generator()
        if has_drawn or not self._loan.keep(level, X, Prefix(result, self._fitted)):
            del self._loan.keys[level:]
            return result, fitted
        return result, self._loan.lend(level, fitted)

    def _find(self) -> Prefix | None:
        """Return the longest known prefix that the step is in; where callbacks look on, the one that ends with it."""
        level = self._level
        if self._known is None or len(self._known.steps) <= level:
            levels = [level] if self._is_observed else reversed(range(level, len(self._loan.keys)))
            self._known = next((found for each in levels if (found := self._loan.find(each)) is not None), None)
        return self._known


class _Transform:
    """The method ``transform`` of a step that was lent; copied or pickled with the step it is the step's own."""

    def __init__(self, loan: Loan, level: int, step: Any) -> None:
        self._loan = loan
        self._level = level
        self._step = step
        self._transform = step.transform

    def __reduce__(self) -> tuple[Any, tuple[Any, str]]:
        return getattr, (self._step, "transform")

    def __call__(self, X: Any, *more: Any, **metadata: Any) -> Any:
        try:
            if more or metadata:
                return self._transform(X, *more, **metadata)
            return self._loan.transform(self._level, self._transform, X)
        except BaseException as error:
            error.__traceback__ = without_us(error)
            raise


def _tell(step: Any, X: Any, result: Any, y: Any, *, caller: Any, callback_ctx: Any, **_: Any) -> None:
    """Tell callbacks of a step that begins and ends at once."""
    with callback_ctx.propagate_callback_context(step):
        callback_ctx.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        callback_ctx.call_on_fit_task_end(estimator=caller, X=result, y=y)


def without_us(error: BaseException) -> Any:
    """Return the traceback of an error without our frames: users read it, and the same without the cache."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_frame.f_code.co_filename == __file__:
        traceback = traceback.tb_next
    return traceback


def _global_generator() -> tuple[Any, ...]:
    """Return the state of the generator that scikit-learn uses where it is given no seed."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002  (it is what scikit-learn uses)
    return name, np.asarray(keys).tobytes(), *rest
