"""Texts of others in ours: values, names and messages, of any length and with any characters.

A message may be megabytes long, a name may hold the escapes that colour a terminal, and the ``repr`` of a value may
raise. What we say of them has a bound, is printable, and never raises.
"""

from __future__ import annotations

from typing import Any

MOST_OF_A_NAME = 100
MOST_OF_A_VALUE = 300
"""Characters, of a message in one line too."""

_MOST_OF_CALLS = 4000
_MOST_OF_A_MESSAGE = 4000
"""Characters of a traceback that are kept, of what was called and of what the error says. The outcomes of a thousand
fits that fail in so many words take some megabytes."""


def said(value: Any, n_most: int = MOST_OF_A_VALUE) -> str:
    """Return the ``repr`` of a value in one line of at most so many characters.

    Examples
    --------
    >>> class Dataset:
    ...     def __repr__(self):
    ...         raise RuntimeError("The file is closed.")
    >>> said(Dataset()), said([1, 2])
    ('<Dataset object, repr failed>', '[1, 2]')
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - whatever a foreign __repr__ raises
        text = f"<{type(value).__name__} object, repr failed>"
    return one_line(text, n_most)


def sayable(value: Any) -> Any:
    """Return a value, of one that cannot be formatted what `said` says of it: for those who print values themselves."""
    try:
        format(value)
    except Exception:  # noqa: BLE001 - whatever a foreign __str__ raises
        return said(value)
    return value


def one_line(text: str, n_most: int = MOST_OF_A_VALUE) -> str:
    r"""Return a text in one line of at most so many characters, in which all can be seen.

    Examples
    --------
    >>> one_line("red:\n  \x1b[31m", 40)
    'red: \\x1b[31m'
    """
    # Escapes are up to ten times as long as what they stand for, so a long text is shortened first.
    return abridged(visible(" ".join(abridged(text, 10 * n_most).split())), n_most)


def visible(text: str) -> str:
    r"""Return a text with escapes for what cannot be printed, ends of lines and tabs aside.

    Examples
    --------
    >>> visible("a\x1b[31m\u202eb")
    'a\\x1b[31m\\u202eb'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else c.encode("unicode_escape").decode() for c in text)


def abridged(text: str, n_most: int, mark: str = " \N{HORIZONTAL ELLIPSIS} ", share: float = 0.5) -> str:
    """Return a text, of one with more than so many characters the beginning and the end.

    Parameters
    ----------
    text : str
        What is said.
    n_most : int
        Characters of the result.
    mark : str
        What stands for the rest.
    share : float
        How much of the result is the beginning, in [0, 1].

    Examples
    --------
    >>> abridged("from the beginning to the end", 15)
    'from t … he end'
    """
    if len(text) <= n_most:
        return text
    room = max(0, n_most - len(mark))
    head = round(share * room)
    return f"{text[:head]}{mark}{text[len(text) - (room - head) :]}"


def abridged_traceback(text: str) -> str:
    """Return a traceback, of a long one the last calls, and the beginning and the end of what the error says."""
    if len(text) <= _MOST_OF_CALLS + _MOST_OF_A_MESSAGE:
        return text
    at = message_start(text)
    calls = abridged(text[:at], _MOST_OF_CALLS, "\n[... calls left out ...]\n", share=0.2)
    return calls + abridged(text[at:], _MOST_OF_A_MESSAGE, " [... left out ...] ")


def message_start(text: str) -> int:
    """Return where a traceback comes to the line that names the exception, 0 if it is none."""
    last = text.rfind("\n  File ")
    while last >= 0:
        last = text.find("\n", last + 1)
        if last >= 0 and text[last + 1 : last + 2] not in {" ", "\n", ""}:
            return last + 1
    return 0
