"""Warnings of models that nobody chose."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def quiet() -> Iterator[None]:
    """Let the models of a portfolio warn of nothing.

    Their warnings are about settings that are not the user's: a network that has not converged, columns without spread
    in a fold. What comes of it is in the scores, which decide whether the model is used. A fit that fails is in the
    report.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
