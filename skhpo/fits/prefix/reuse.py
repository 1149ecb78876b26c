"""What stands between a pipeline and its steps while a task runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import joblib
from sklearn.pipeline import Pipeline

from skhpo.estimators.facts import Training
from skhpo.fits.prefix.loan import Loan, Prefix, without_us

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from skhpo.fits.prefix.cache import PrefixCache


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
        try:
            return self._fitted_or_known(step, X, y, **kwargs)
        except BaseException as error:
            error.__traceback__ = without_us(error)
            raise

    def _fitted_or_known(self, step: Any, X: Any, y: Any, **kwargs: Any) -> tuple[Any, Any]:
        self._level += 1
        level, given = self._level, (X, y, kwargs.get("params"))
        if level >= len(self._loan.levels):
            return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]
        if level == 0:
            self._loan.training_side = given
        known = self._find()
        if known is not None:
            self._fitted = known.steps[: level + 1]
            step = known.steps[level]
            self._loan.hook(level, step)
            # Before its last step the pipeline only passes the data on, to us: anything will do.
            result = known.data if level + 1 == len(known.steps) else X
            if self._is_observed:
                _tell(step, X, result, y, **kwargs)
            return result, step
        watch = self._loan.watch(level, given)
        if watch is None:
            return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]

        def fit(step: Any) -> tuple[Any, Any]:
            return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]

        training = Training(X, y, _given_to_fit(kwargs.get("params")), {})
        (result, fitted), whole = (
            (fit(step), None) if self._is_observed else self._loan.fitted(level, step, training, fit)
        )
        self._fitted = (*self._fitted, fitted)
        if self._loan.learn(level, watch, result, self._fitted):
            self._loan.hook(level, fitted)
        self._loan.keep_whole(level, whole)
        return result, fitted

    def _find(self) -> Prefix | None:
        """Return a copy of the longest known prefix with the step in it; with callbacks, at its end."""
        if self._known is None or len(self._known.steps) <= self._level:
            self._known = self._loan.find(self._level, is_observed=self._is_observed)
        return self._known


def _given_to_fit(params: Any) -> dict[str, Any]:
    """Return what a pipeline hands on to the `fit` of a step, besides samples and targets."""
    return dict((params or {}).get("fit_transform") or (params or {}).get("fit") or {})


def _tell(step: Any, X: Any, result: Any, y: Any, *, caller: Any, callback_ctx: Any, **_: Any) -> None:
    """Tell callbacks of a step that begins and ends at once."""
    with callback_ctx.propagate_callback_context(step):
        callback_ctx.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        callback_ctx.call_on_fit_task_end(estimator=caller, X=result, y=y)
