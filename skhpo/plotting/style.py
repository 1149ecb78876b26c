"""How a display is drawn: the keywords of scikit-learn's displays, documented once."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TEXTS = {
    "score_name": (
        "str, default=None",
        "What to call the score. None is the name of the metric, as scikit-learn's displays say it.",
    ),
    "negate_score": (
        "bool, default=False",
        "Whether to show scores with the other sign: errors, scored as ``neg_*``, as positive numbers.",
    ),
    "std_display_style": (
        '{"fill_between", "errorbar", None}, default="fill_between"',
        "The standard deviation over the splits: a band around the best so far, a bar at each trial, or not at all.",
    ),
    "line_kw": ("dict, default=None", "Keywords of the lines, as for matplotlib's ``plot``."),
    "scatter_kw": ("dict, default=None", "Keywords of the trials' marks, as for matplotlib's ``scatter``."),
    "fill_between_kw": ("dict, default=None", "Keywords of the band, as for matplotlib's ``fill_between``."),
    "errorbar_kw": ("dict, default=None", "Keywords of the error bars, as for matplotlib's ``errorbar``."),
    "bar_kw": ("dict, default=None", "Keywords of the bars, as for matplotlib's ``barh``."),
    "im_kw": (
        "dict, default=None",
        "Keywords of the coloured map of the score, as for matplotlib's ``pcolormesh``; ``cmap`` is one.",
    ),
    "text_kw": ("dict, default=None", "Keywords of the numbers, as for matplotlib's ``text``."),
    "values_format": (
        "str, default=None",
        'Format of the numbers in cells, as ``".3f"``. None has as many digits as tell the better ones apart.',
    ),
}

_MAPPED = {"c", "array", "cmap", "norm"}
_SAME = {
    "color": {"facecolor", "edgecolor", "facecolors", "edgecolors", *_MAPPED},
    "c": {"color", "facecolor", "edgecolor", *_MAPPED},
    "facecolor": {"color", *_MAPPED},
    "facecolors": {"color", *_MAPPED},
}
"""Keywords that take the place of others than their own."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """How a display is drawn; what the keywords mean stands in the displays that take them."""

    score_name: str | None = None
    negate_score: bool = False
    std_display_style: str | None = "fill_between"
    line_kw: Mapping[str, Any] | None = None
    scatter_kw: Mapping[str, Any] | None = None
    fill_between_kw: Mapping[str, Any] | None = None
    errorbar_kw: Mapping[str, Any] | None = None
    bar_kw: Mapping[str, Any] | None = None
    im_kw: Mapping[str, Any] | None = None
    text_kw: Mapping[str, Any] | None = None
    values_format: str | None = None

    def __post_init__(self) -> None:
        """Refuse what no display understands."""
        if self.std_display_style not in {"fill_between", "errorbar", None}:
            raise ValueError(
                f'std_display_style needs to be "fill_between", "errorbar" or None, got {self.std_display_style!r}.'
            )

    @classmethod
    def of(cls, display: str, known: Sequence[str], given: Mapping[str, Any]) -> Style:
        """Return the style of a display that knows these keywords.

        Raises
        ------
        TypeError
            If one is not among them.
        """
        if unknown := [name for name in given if name not in known]:
            raise TypeError(f"{display} takes the keywords {', '.join(known)}, got {unknown[0]!r}.")
        return cls(**given)


def documented(doc: str | None, names: Sequence[str]) -> str | None:
    """Return the docstring of a display with a section about the keywords that it knows."""
    if doc is None or not names:
        return doc
    lines = ["", "", "Other Parameters", "----------------"]
    for name in names:
        kind, text = _TEXTS[name]
        lines += [f"{name} : {kind}", f"    Of `plot` and `from_search`. {text}"]
    return inspect.cleandoc(doc) + "\n".join(lines)


def merged(artist: Any, default: Mapping[str, Any], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the keywords of an artist of matplotlib: the default ones, but where others are given.

    Parameters
    ----------
    artist : type
        The class of the artist, which knows that ``c`` is ``color``.
    default, given : dict
        Keywords.
    """
    from matplotlib.cbook import normalize_kwargs

    ours, theirs = (normalize_kwargs(dict(keywords or {}), artist) for keywords in (default, given))
    for name, others in _SAME.items():
        if name in theirs:
            ours = {key: value for key, value in ours.items() if key not in others}
    return {**ours, **theirs}


KEYWORDS = tuple(field.name for field in fields(Style))
"""All that there are."""
