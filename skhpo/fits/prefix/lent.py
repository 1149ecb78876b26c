"""Methods of a step that are another's while a task runs, and errors that say nothing of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from skhpo.fits.prefix.parts import Hook

if TYPE_CHECKING:
    from skhpo.fits.prefix.loan import Loan


class LentTransform(Hook):
    """The method ``transform`` of a step that was lent; copied or pickled with the step it is the step's own."""

    def __init__(self, loan: Loan, level: int, step: Any) -> None:
        self._loan = loan
        self._level = level
        self._step = step
        self._transform = step.transform

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        return _Own, (self._step,)

    def __call__(self, X: Any, *more: Any, **metadata: Any) -> Any:  # noqa: D102  (a method of its own kind)
        def transform(X: Any) -> Any:
            return self._transform(X, *more, **metadata)

        try:
            if more or metadata:
                return transform(X)
            return self._loan.transform(self._level, self._step, transform, X)
        except BaseException as error:
            error.__traceback__ = without_us(error)
            raise


class _Own:
    """The method ``transform`` of a copied step, looked up when it is called: a pipeline has none until it is whole."""

    def __init__(self, step: Any) -> None:
        self._step = step

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        vars(self._step).pop("transform", None)
        return self._step.transform(*args, **kwargs)


def without_us(error: BaseException) -> Any:
    """Return the traceback of an error without our frames: users read it, and the same without the cache."""
    traceback, ours = error.__traceback__, str(Path(__file__).parent)
    while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(ours):
        traceback = traceback.tb_next
    return traceback
