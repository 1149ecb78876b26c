"""Drawing the response along two parameters with few values as a table of scores, coloured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plotting.axis import name_label, number_labels
from skhpo.plotting.colors import ScoreColors, color_map, decimals
from skhpo.plotting.figure import inches, legend, title
from skhpo.plotting.scores import BEST, FAILED
from skhpo.plotting.style import merged
from skhpo.plotting.words import SMALL_LETTER, plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.plotting.axis import ParamAxis
    from skhpo.plotting.response import ResponseDisplay
    from skhpo.plotting.scores import ScoreAxis
    from skhpo.plotting.style import Style
    from skhpo.plotting.surface import Table

_MOST_WITH_STD = 30
"""In more cells there is no room for the standard deviation over the splits."""


def draw_table(display: ResponseDisplay, ax: Any, axis: ScoreAxis, style: Style) -> None:
    """Draw a cell for each pair of values: what was observed, and elsewhere what the model believes."""
    from matplotlib.collections import QuadMesh

    table = display.table
    if table is None:
        return
    values = np.where(table.failed, np.nan, np.where(np.isfinite(table.scores), table.scores, display.mean))
    colors = ScoreColors(values, display.noise)
    im = merged(QuadMesh, {"norm": colors.norm, "edgecolors": "white", "lw": 1.0}, style.im_kw)
    im["cmap"] = color_map(im.get("cmap"))
    ax.set_facecolor("0.93")
    edges = [np.arange(n + 1) - 0.5 for n in values.shape]
    display.mean_ = ax.pcolormesh(edges[0], edges[1], np.ma.masked_invalid(values.T), **im)
    for parameter, grid, which in zip(display.axes, display.grid, (ax.xaxis, ax.yaxis), strict=True):
        _dress(which, parameter, grid)
    _write(display, ax, axis, values, style)
    colors.add_bar(display.mean_, ax, axis)
    handles = _handles(display, ax, is_all_observed=not _is_slanted(table).any())
    title(ax, [display.estimator_name, display.others], legend(ax, handles))


def _dress(axis: Any, parameter: ParamAxis, grid: NDArray[np.float64]) -> None:
    """Give an axis of cells its ticks and its name."""
    is_categorical = parameter.scale == "categorical"
    labels = [parameter.labels[int(place)] for place in grid] if is_categorical else number_labels(grid)
    axis.set_ticks(range(len(grid)), [*map(plain, labels)])
    axis.set_tick_params(length=0)
    axis.set_label_text(plain(name_label(parameter.name)))
    axis.axes.spines[:].set_visible(False)
    if axis.axis_name == "x" and max(map(len, labels)) * SMALL_LETTER * 1.4 > inches(axis.axes) / len(labels):
        for label in axis.get_ticklabels():
            label.set(rotation=30, ha="right", rotation_mode="anchor")


def _write(display: ResponseDisplay, ax: Any, axis: ScoreAxis, values: NDArray[np.float64], style: Style) -> None:
    """Write the numbers into the cells, those of the model slanted."""
    from matplotlib.text import Text

    if display.table is None:
        return
    _, std, failed, _ = display.table
    is_slanted = _is_slanted(display.table)
    digits = decimals(values, ScoreColors(values, display.noise).limits)
    form = f".{digits}f" if style.values_format is None else style.values_format
    has_std = values.size <= _MOST_WITH_STD
    texts = np.full(values.shape, None, dtype=object)
    room = inches(ax) / len(values) / SMALL_LETTER
    for i, j in np.ndindex(*values.shape):
        if not (np.isfinite(values[i, j]) or failed[i, j]):
            continue
        said = "failed" if failed[i, j] else format(float(axis.shown(values[i, j])), form)
        size = min(10.0, 9.0 * room / (len(said) + 1))
        said += f"\n\N{PLUS-MINUS SIGN} {format(std[i, j], form)}" if has_std and np.isfinite(std[i, j]) else ""
        color = FAILED if failed[i, j] else _readable(display.mean_, float(values[i, j]))
        text = {"ha": "center", "va": "center", "color": color, "fontsize": size}
        text["fontstyle"] = "italic" if is_slanted[i, j] else "normal"
        texts[i, j] = ax.text(i, j, said, **merged(Text, text, style.text_kw))
    display.texts_ = texts


def _is_slanted(table: Table) -> NDArray[np.bool_]:
    """Return which numbers were not observed as they are."""
    is_slanted: NDArray[np.bool_] = table.estimated | (np.isnan(table.scores) & ~table.failed)
    return is_slanted


def _readable(mesh: Any, score: float) -> str:
    """Return black on bright colours and white on dark ones, by relative luminance."""
    red, green, blue, _ = mesh.to_rgba(score)
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.4 else "white"


def _handles(display: ResponseDisplay, ax: Any, *, is_all_observed: bool) -> list[Any]:
    """Frame the best cell; returns what the legend has to explain."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    handles = []
    if display.best is not None and np.isfinite(display.positions[display.best]).all():
        x, y = (
            int(np.argmin(np.abs(grid - at)))
            for grid, at in zip(display.grid, display.positions[display.best], strict=True)
        )
        frame = Rectangle((x - 0.5, y - 0.5), 1, 1, fill=False, ec=BEST, lw=3, label="best", zorder=3, clip_on=False)
        handles.append(ax.add_patch(frame))
    if not is_all_observed:
        slanted = Line2D(
            [], [], marker="$0.9$", ls="none", color="0.3", ms=14, label="slanted: not run in full, estimated"
        )
        handles.append(slanted)
    return handles
