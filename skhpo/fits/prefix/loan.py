"""What one task has of the cache: which of its steps can be reused, and what is known of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from sklearn.utils import get_tags

from skhpo.estimators.table import facts_of, untested_version
from skhpo.fits.prefix.graph import Survey, twin
from skhpo.fits.prefix.key import StepKey, step_key
from skhpo.fits.prefix.lent import LentTransform
from skhpo.fits.prefix.parts import class_attribute, instance_fields
from skhpo.fits.prefix.same import is_same
from skhpo.fits.prefix.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from sklearn.pipeline import Pipeline

    from skhpo.estimators.facts import Training, Whole
    from skhpo.fits.prefix.cache import PrefixCache

_FIT, _TRANSFORM = "fit", "transform"

WORTH_KEEPING = 0.005
"""CPU seconds of a step inside of another one from which on what it gives is kept: keeping it takes about 1 ms."""


_CHEAP_TWICE = 2


class Prefix(NamedTuple):
    """The training side behind some steps, and these steps, fitted."""

    data: Any
    steps: tuple[Any, ...]


class Level(NamedTuple):
    """A step that can be reused.

    Parameters
    ----------
    key : hashable
        All that its fit depends on, so the steps before it included.
    step : StepKey
        Its own key.
    whole : hashable or None
        Key of the fit that holds those of all values of one of its parameters; None where there is none.
    """

    key: Hashable
    step: StepKey
    whole: Hashable = None


class Loan:
    """What one task has of the cache.

    Whatever goes wrong in here, a fit must not fail of it: the step is refused, and fitted each time from then on.

    Parameters
    ----------
    cache : PrefixCache
        Where from.
    place, sides
        As of `reused`.

    Attributes
    ----------
    levels : list of Level
        The steps that can be reused, first to last.
    training_side : object
        What the first of them is given.
    side : str or None
        Which side is being transformed, if that is known.
    label : tuple of hashable
        Of steps inside of a step, where they are, whatever the parameters.
    """

    def __init__(self, cache: PrefixCache, place: tuple[Hashable, ...], sides: Mapping[str, Callable[[], Any]]) -> None:
        self.levels: list[Level] = []
        self.training_side: Any = None
        self.side: str | None = None
        self.label: tuple[Hashable, ...] = ()
        self._least_seconds = 0.0
        self._inner: list[Loan] = []
        self._cache = cache
        self._place = place
        self._sides = dict(sides)
        self._samples: dict[str, Any] = {}
        self._hooked: list[Any] = []
        self._as_fitted: dict[int, Any] = {}  # our own copies of the steps
        self._outside: Survey | None = None

    def open(self, pipeline: Pipeline, *, is_observed: bool) -> None:
        """Take down the keys of the steps of a pipeline that is about to be fitted.

        Steps that speak to callbacks themselves must be fitted to do so.
        """
        if not _is_pairwise(pipeline):
            self.add(pipeline.steps[:-1], is_observed=is_observed)

    def is_cheap(self, branch: tuple[Hashable, ...]) -> bool:
        """Whether the steps of a branch inside of a step took so little each time that none is worth keeping."""
        return self._cache.n_cheap.get((*self.label, *branch), 0) >= _CHEAP_TWICE

    def inner(self, level: int, columns: Hashable, name: str, steps: Sequence[tuple[str, Any]]) -> Loan:
        """Return what steps inside of a step have of the cache; the step fits them one after the other.

        Parameters
        ----------
        level : int
            Of the step.
        columns : hashable
            Which columns of its samples the first of them is given.
        name : str
            Of the branch that they are.
        steps : sequence of (str, estimator)
            With their names.
        """
        place = self.levels[level - 1].key if level > 0 else self._place
        loan = _InnerLoan(self, self._cache, (place, "inside", columns), self._sides)
        loan.label = (*self.label, level, columns, name)
        loan.add(steps)
        self._inner.append(loan)
        return loan

    def add(self, steps: Sequence[tuple[str, Any]], *, is_observed: bool = False) -> None:
        """Take down the keys of steps that follow each other."""
        key: tuple[Hashable, ...] = self._place
        for name, step in steps:
            if passes_on(step):
                continue
            if is_observed and class_attribute(type(step), "set_callbacks") is not None:
                return
            try:
                own = step_key(name, step)
            except Exception:  # noqa: BLE001  (`NotReusable` and the unforeseen)
                return
            if own.key in self._cache.refused:
                return
            whole = (*key, "whole", whole_key(name, step, own))
            key = (*key, own.key)
            self.levels.append(Level(key, own, whole if whole[-1] is not None else None))

    def close(self) -> None:
        """End it: the steps transform by themselves."""
        for loan in self._inner:
            loan.close()
        self._inner.clear()
        self._sides.clear()
        self._samples.clear()
        self._as_fitted.clear()
        self.training_side = self._outside = None
        for step in self._hooked:
            fields = instance_fields(step) or {}
            if type(fields.get("transform")) is LentTransform:
                del fields["transform"]
        self._hooked.clear()

    # -------------------------------------------------------------- the training side

    def find(self, level: int, *, is_observed: bool) -> Prefix | None:
        """Return a copy of the longest prefix in the cache that contains a step, None if there is none.

        Where callbacks watch, only the prefix that ends with the step counts. A foreign step is fitted a second time
        before its prefix is used.
        """
        end = level
        last = level + 1 if is_observed else len(self.levels)
        while end < last and self._is_trusted(end, _FIT):
            end += 1
        for each in reversed(range(level, end)):
            known = self._cache.get(self.levels[each].key)
            if known is not None and (found := self._copy(known, each)) is not None:
                self._as_fitted.update(enumerate(known[1]))
                return Prefix(*found)
        return None

    def watch(self, level: int, given: Any, before: Any = None) -> Watch | None:
        """Look at a step that is about to work; None if that cannot be done."""
        try:
            return Watch(self.levels[level].step, given, self._cache.max_bytes, before)
        except Exception:  # noqa: BLE001  (whatever foreign data raise)
            self._refuse(level)
            return None

    def learn(self, level: int, watch: Watch, result: Any, steps: tuple[Any, ...], seconds: float) -> bool:
        """Keep a prefix that was fitted if it may be kept; False if its last step and what is behind are not reused.

        ``seconds`` of the CPU are what its last step took.
        """
        here = self.levels[level]
        try:
            known = self._cache.get(here.key)
            if not watch.is_clean():
                self._refuse(level)
            elif known is None:
                if seconds >= self._least_seconds:
                    self._keep(level, result, steps)
            elif is_same(known[0], result) and is_same(known[1][level], steps[level]):
                self._cache.trusted.add((here.step.key, _FIT))
                self._as_fitted[level] = known[1][level]
            elif here.step.is_foreign:
                self._refuse(level)
        except Exception:  # noqa: BLE001  (whatever foreign data raise)
            self._refuse(level)
        return level < len(self.levels)

    def fitted(
        self, level: int, step: Any, training: Training, fit: Callable[[Any], tuple[Any, Any]]
    ) -> tuple[tuple[Any, Any], tuple[Any, Any] | None]:
        """Return what a step makes of samples and the fitted step, and the whole that both were cut from.

        The latter only where it was fitted now, and may be kept when it is known that it was clean (`keep_whole`).
        """
        whole = facts_of(step).whole
        if whole is None or self.levels[level].whole is None or not whole.holds(step, training.X):
            return fit(step), None
        value = getattr(step, whole.parameter)
        known = self._cache.get(self.levels[level].whole)
        copy = None if known is None or not whole.covers(known[1], value) else self._copy(known, level)
        if copy is not None:
            return cut_of(whole, copy, value, training), None
        made = fit(step.set_params(**whole.longest))
        return (cut_of(whole, made, value, training) if whole.longest else made), made

    def keep_whole(self, level: int, made: tuple[Any, Any] | None, seconds: float) -> None:
        """Keep a fit that holds all values of a parameter, and took so many seconds of the CPU."""
        if made is None or level >= len(self.levels) or seconds < self._least_seconds:
            return
        try:
            whole = facts_of(made[1]).whole
            kept = made if whole is not None and whole.output is not None else (None, made[1])
            shared = self._shared(level)
            survey = Survey(shared).add(kept)
            if survey.n_bytes <= self._cache.max_bytes:
                self._cache.put(self.levels[level].whole, twin(kept, shared), survey.n_bytes)
        except Exception:  # noqa: BLE001  (what cannot be copied is fitted each time)
            return

    def _keep(self, level: int, result: Any, steps: tuple[Any, ...]) -> None:
        """Keep a prefix, unless it is too large or shares memory with the training side, as no copy of it would.

        Steps may share it: who could write into it then is only who scores the training side.
        """
        if self._outside is None:
            self._outside = Survey().add(self.training_side)
        shared = self._shared(level)
        survey = Survey(shared).add(result)
        if survey.overlaps(self._outside):
            return
        n_bytes = survey.add(steps).n_bytes
        if n_bytes > self._cache.max_bytes or ("train" in self._sides and survey.overlaps(self._outside)):
            return
        kept = twin((result, steps), shared)
        self._as_fitted.update(enumerate(kept[1]))
        self._cache.put(self.levels[level].key, kept, n_bytes)

    # -------------------------------------------------------------- the sides that are scored

    def hook(self, level: int, step: Any) -> None:
        """Let a fitted step look into the cache when it transforms; one that cannot be changed does without."""
        try:
            method, fields = class_attribute(type(step), "transform"), instance_fields(step)
            is_settable = class_attribute(type(method), "__set__") is None  # a property hides the object's own
            if method is None or fields is None or "transform" in fields or not is_settable:
                return
            fields["transform"] = LentTransform(self, level, step)
        except Exception:  # noqa: BLE001  (whatever a descriptor raises)
            return
        self._hooked.append(step)

    def transform(self, level: int, step: Any, transform: Callable[[Any], Any], X: Any) -> Any:
        """Transform samples that one step, counted by its level, was given."""
        if level >= len(self.levels):
            return transform(X)
        side, given = self._side(level, step, X)
        key = (side, self.levels[level].key)
        known = None if side is None else self._cache.get(key)
        if known is not None and self._is_trusted(level, _TRANSFORM):
            answer = self._copy((known,), level)
            if answer is not None:
                return answer[0]
        # Samples that are none of the sides are looked at for generators only.
        watch = self.watch(level, X, before=given if side is not None else X)
        self.side, begun = side, time.process_time()
        try:
            result = transform(X)
        finally:
            self.side = None
        if watch is not None and time.process_time() - begun >= self._least_seconds:
            self._learn_side(level, watch, key, (step, X, result))
        return result

    def _learn_side(self, level: int, watch: Watch, key: Any, done: tuple[Any, Any, Any]) -> None:
        here, (step, X, result) = self.levels[level], done
        try:
            if not watch.is_clean():
                self._refuse(level)
            elif key[0] is None:
                return
            elif (known := self._cache.get(key)) is None:
                self._keep_side(level, key, step, X, result)
            elif is_same(known, result):
                self._cache.trusted.add((here.step.key, _TRANSFORM))
            elif here.step.is_foreign:
                self._refuse(level)
        except Exception:  # noqa: BLE001  (whatever foreign data raise)
            self._refuse(level)

    def _keep_side(self, level: int, key: Any, step: Any, X: Any, result: Any) -> None:
        """Keep a side behind a step, unless it shares memory with what is before it or with the step."""
        others = Survey(self._shared(level)).add(X)
        if self.levels[level].step.is_foreign:
            if not is_same(step, self._as_fitted[level]):  # it is not what it was before it transformed
                self._refuse(level)
                return
            others.add(step)
        survey = Survey().add(result)
        if survey.n_bytes <= self._cache.max_bytes and not survey.overlaps(others):
            self._cache.put(key, twin(result), survey.n_bytes)

    def _side(self, level: int, step: Any, X: Any) -> tuple[str | None, Any]:
        """Return which side the samples are that a step was given, if any, and our own copy of them.

        None also for a step that is not what it was when it was fitted: a scorer may write into it.
        """
        try:
            if level not in self._as_fitted or not is_same(step, self._as_fitted[level]):
                return None, None
            for side in self._sides:
                given = self._given(level, side)
                if given is not None and is_same(X, given):
                    return side, given
        except Exception:  # noqa: BLE001  (whatever foreign samples raise when rows are taken)
            self._sides.clear()
        return None, None

    def _given(self, level: int, side: str) -> Any:
        """Return what a step is given of a side; None if that is not known."""
        if level > 0:
            return self._cache.get((side, self.levels[level - 1].key))
        if side not in self._samples:
            self._samples[side] = self._sides[side]()
        return self._samples[side]

    # -------------------------------------------------------------- what is known of steps

    def _is_trusted(self, level: int, what: str) -> bool:
        step = self.levels[level].step
        return not step.is_foreign or (step.key, what) in self._cache.trusted

    def _refuse(self, level: int) -> None:
        self._cache.refused.add(self.levels[level].step.key)
        del self.levels[level:]

    def _shared(self, level: int) -> frozenset[int]:
        return frozenset(id(each) for one in self.levels[: level + 1] for each in one.step.functions)

    def _copy(self, value: Any, level: int) -> Any:
        try:
            return twin(value, self._shared(level))
        except Exception:  # noqa: BLE001  (what could be copied when it was kept, as memory is short)
            return None


class _InnerLoan(Loan):
    """What the steps inside of a step have of the cache: which side they transform is known outside of it."""

    def __init__(
        self, outer: Loan, cache: PrefixCache, place: tuple[Hashable, ...], sides: Mapping[str, Callable[[], Any]]
    ) -> None:
        super().__init__(cache, place, sides)
        self._outer = outer
        self._least_seconds = WORTH_KEEPING
        self._most_seconds: float | None = None  # that a step took which was fitted

    def learn(self, level: int, watch: Watch, result: Any, steps: tuple[Any, ...], seconds: float) -> bool:
        """Keep a prefix as any loan does, and remember how long its last step took."""
        self._most_seconds = max(seconds, self._most_seconds or 0.0)
        return super().learn(level, watch, result, steps, seconds)

    def close(self) -> None:
        """End it, and remember whether it was worth while."""
        super().close()
        if self._most_seconds is not None:
            n_before = self._cache.n_cheap.get(self.label, 0)
            self._cache.n_cheap[self.label] = n_before + 1 if self._most_seconds < self._least_seconds else 0
        self._most_seconds = None

    def hook(self, level: int, step: Any) -> None:
        """Let a fitted step that was kept look into the cache when it transforms."""
        if level in self._as_fitted:
            super().hook(level, step)

    def _side(self, level: int, step: Any, X: Any) -> tuple[str | None, Any]:  # noqa: ARG002
        """Return which side is being transformed; outside it was seen that all steps are as they were fitted."""
        return self._outer.side, None


def passes_on(step: Any) -> bool:
    """Whether a step of a pipeline is none."""
    return step is None or (type(step) is str and step == "passthrough")


def whole_key(name: str, step: Any, own: StepKey) -> Hashable:
    """Return the key of a step without the parameter of which one fit holds all values; None where there is none."""
    whole = facts_of(step).whole
    if whole is None or own.is_foreign or untested_version(step) is not None:
        return None
    return step_key(name, step, without=whole.parameter).key


def cut_of(whole: Whole, made: tuple[Any, Any], value: Any, training: Training) -> tuple[Any, Any]:
    """Return what the step makes of the samples it was fitted on, and the fitted step, with a value of a parameter."""
    result, model = made
    cut = whole.cut(model, value, *((training,) if whole.needs_training else ()))
    output = None if whole.output is None else whole.output(result, model, value)
    return (cut.transform(training.X) if output is None else output), cut


def _is_pairwise(pipeline: Pipeline) -> bool:
    """Whether samples are rows of a kernel; also where it cannot be known."""
    try:
        return bool(get_tags(pipeline).input_tags.pairwise)
    except Exception:  # noqa: BLE001  (whatever the tags of a foreign step raise)
        return True
