"""Texts in pictures: shown as they are, and no longer than there is room for."""

from __future__ import annotations

from typing import Any

from skhpo.messages.texts import one_line

_LONGEST = 60
"""Letters of a name that has an axis for itself."""

LETTER = 0.083
"""Width of a letter of text of usual size, in inches."""

SMALL_LETTER = 0.068
"""Width of a letter of small text, in inches, a little more than on average."""


def plain(text: str) -> str:
    r"""Return a text for matplotlib to show as it is, in which nothing is mathematics.

    Examples
    --------
    >>> plain(r"^\w+$|\d$")
    '^\\w+\\$|\\d\\$'
    """
    return text.replace("$", r"\$")


def plain_name(name: Any) -> str:
    """Return a name, of a metric or a resource, for matplotlib to show as it is, shortened where it is long."""
    return plain(one_line(str(name), _LONGEST))
