"""Names and values in a report: in one line, and of bounded length."""

from __future__ import annotations

from typing import Any

import numpy as np

from skhpo.messages.texts import MOST_OF_A_NAME, one_line, said

_MOST_DIGITS = 8


def short(name: Any) -> str:
    """Return a name in one line of bounded length."""
    return one_line(str(name), MOST_OF_A_NAME)


def value_text(value: Any) -> str:
    """Return what to write for the value of a parameter.

    Examples
    --------
    >>> value_text(np.float64(0.1234567891)), value_text("rbf"), value_text(0.5)
    ('0.123457', "'rbf'", '0.5')
    """
    if isinstance(value, np.generic):
        value = value.item()
    text = said(value)
    return f"{value:.6g}" if isinstance(value, float) and len(text) > _MOST_DIGITS else text


def rough(number: float) -> str:
    """Return two digits of a number.

    Examples
    --------
    >>> rough(0.01234), rough(263.4), rough(-2.2e-17), rough(1.5e9)
    ('0.012', '260', '-2.2e-17', '1.5e+09')
    """
    return f"{float(f'{number:.2g}'):g}"
