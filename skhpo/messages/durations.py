"""Durations in words."""

from __future__ import annotations


def in_words(seconds: float, n_digits: int = 3) -> str:
    """Return a duration in the largest unit of which there are two.

    Parameters
    ----------
    seconds : float
        The duration.
    n_digits : int
        Digits that count.

    Examples
    --------
    >>> in_words(0.0123), in_words(119), in_words(120), in_words(90_000, 2), in_words(200_000, 2)
    ('12.3 ms', '119 s', '2 min', '25 h', '2.3 d')
    """
    if seconds < 1:
        return f"{1000 * seconds:.{n_digits}g} ms"
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.{n_digits}g} {unit}"
    return f"{seconds:.{n_digits}g} s"
