"""What a step must leave as it is while it works, if it is to be reused."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.fits.prefix.graph import Survey, twin
from skhpo.fits.prefix.parts import NotReusable
from skhpo.fits.prefix.same import is_same

if TYPE_CHECKING:
    from skhpo.fits.prefix.key import StepKey


class Watch:
    """Looks at a step from now on.

    NumPy's global generator and Python's must not be touched by a step that may draw, and what it is given must not be
    written into by a foreign one: where the cache answers, neither is done. scikit-learn's own steps write into what
    they are given with ``copy=False`` only, and these are not reused.

    Parameters
    ----------
    step : StepKey
        Of the step.
    given : object
        What it is given.
    max_bytes : int
        The most that may be copied for it.
    before : object, default=None
        A copy of what is given, if there is one.

    Raises
    ------
    NotReusable
        If it cannot be seen whether the step writes into what it is given.
    """

    def __init__(self, step: StepKey, given: Any, max_bytes: int, before: Any = None) -> None:
        self._given = given
        self._before: Any = None
        if step.is_foreign:
            self._before = _copy(given, max_bytes) if before is None else before
        self._generators = _generators() if step.may_draw else None

    def is_clean(self) -> bool:
        """Whether all was left as it is."""
        if self._generators is not None and not is_same(self._generators, _generators()):
            return False
        return self._before is None or is_same(self._before, self._given)


def _copy(given: Any, max_bytes: int) -> Any:
    if Survey().add(given).n_bytes > max_bytes:
        raise NotReusable
    return twin(given)


def _generators() -> tuple[Any, Any]:
    return np.random.get_state(legacy=False), random.getstate()  # noqa: NPY002  (the one scikit-learn uses, too)
