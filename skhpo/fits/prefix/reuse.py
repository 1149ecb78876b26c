"""What stands between a pipeline and its steps while a task runs."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import joblib

from skhpo.fits.prefix.loan import Loan
from skhpo.fits.prefix.steps import StepFits, is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from sklearn.pipeline import Pipeline

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
    if cache is None or not is_plain(estimator):
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
        return StepFits(plain, self._loan, is_observed=self._is_observed)
