"""Drawing the response along two parameters as maps of the model's mean and of its standard deviation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plotting.axis import name_label
from skhpo.plotting.colors import ScoreColors, color_map
from skhpo.plotting.figure import jitter, legend, parts_of, title
from skhpo.plotting.limits import worst_shown
from skhpo.plotting.scores import ABSENT, BEST, FAILED
from skhpo.plotting.style import merged
from skhpo.plotting.words import plain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.plotting.response import ResponseDisplay
    from skhpo.plotting.scores import ScoreAxis
    from skhpo.plotting.style import Style

_HATCH = "////"
_LOWEST = 0.02
"""Where trials of a category that has not the other parameter stand: a share of the axes, at their lower end."""


def draw_map(display: ResponseDisplay, ax: Any, axis: ScoreAxis, style: Style) -> None:
    """Draw two maps beside each other, and the trials on both."""
    from matplotlib.collections import QuadMesh

    parts = parts_of(ax, 1, 2)
    display.ax_, display.head_ = np.array(parts), ax
    colors = ScoreColors(display.mean, low=worst_shown(display.scores, display.noise))  # a map has no candidates
    im = merged(QuadMesh, {"norm": colors.norm}, style.im_kw)
    im["cmap"] = color_map(im.get("cmap"))
    display.mean_ = _draw_mesh(display, parts[0], display.mean, **im)
    colors.add_bar(display.mean_, parts[0], axis)
    display.std_ = _draw_mesh(display, parts[1], display.std, cmap="Greys", vmin=0.0, vmax=None)
    bar = parts[1].figure.colorbar(display.std_, ax=parts[1], pad=0.02)
    bar.set_label("Standard deviation of the model", fontsize="small")
    is_apart = _apart(display)
    for part in parts:
        _draw_trials(display, part, is_apart, style)
    handles = parts[0].get_legend_handles_labels()[0] + _hatched(display)
    n_hidden = int(np.sum(np.isnan(display.positions).any(axis=1) & ~is_apart.any(axis=1)))
    hidden = f"{n_hidden} of {len(display.scores)} trials lack one of the two parameters" if n_hidden else ""
    title(ax, [display.estimator_name, display.others, hidden], legend(ax, handles))


def _draw_mesh(display: ResponseDisplay, part: Any, values: NDArray[np.float64], **style: Any) -> Any:
    part.set_facecolor("white")
    part.patch.set_hatch(_HATCH)
    part.patch.set_edgecolor("0.8")
    edges = [axis.edges(grid) for axis, grid in zip(display.axes, display.grid, strict=True)]
    mesh = part.pcolormesh(edges[0], edges[1], np.ma.masked_invalid(values.T), **style)
    display.axes[0].dress(part.xaxis)
    display.axes[1].dress(part.yaxis)
    part.set_xlim(edges[0][0], edges[0][-1])
    part.set_ylim(edges[1][0], edges[1][-1])
    return mesh


def _draw_trials(display: ResponseDisplay, part: Any, is_apart: NDArray[np.bool_], style: Style) -> None:
    from matplotlib.collections import PathCollection

    x, y = (
        column + jitter(len(column), i) if axis.scale == "categorical" else column
        for i, (column, axis) in enumerate(zip(display.positions.T, display.axes, strict=True))
    )
    is_shown = np.isfinite(x) & np.isfinite(y)
    ok, bad = is_shown & ~display.failed, is_shown & display.failed
    marks = {"s": 16, "fc": "white", "ec": "black", "linewidths": 0.7, "zorder": 3, "label": "trial"}
    display.scatter_ = part.scatter(x[ok], y[ok], **merged(PathCollection, marks, style.scatter_kw))
    if bad.any():
        display.failed_ += part.plot(x[bad], y[bad], "x", color=FAILED, ms=6, mew=1.8, zorder=4, label="failed")
    if display.best is not None and is_shown[display.best]:
        part.plot(
            x[display.best], y[display.best], "*", ms=14, color=BEST, mec="black", ls="none", zorder=5, label="best"
        )
    lowest = {"transform": part.get_xaxis_transform(), "clip_on": False}
    leftmost = {"transform": part.get_yaxis_transform(), "clip_on": False}
    for i, (column, where) in enumerate(((x, lowest), (y, leftmost))):
        found = is_apart[:, i]
        if found.any():
            places = column[found], np.full(found.sum(), _LOWEST)
            label = f"trial without {plain(name_label(display.names[1 - i]))}"
            style_apart = {"color": ABSENT, "ms": 5, "mfc": "white", "ls": "none", "zorder": 3, "label": label}
            display.apart_ += part.plot(*(places if i == 0 else places[::-1]), "D", **style_apart, **where)


def _apart(display: ResponseDisplay) -> NDArray[np.bool_]:
    """Return of which trials the category on each axis has not the other parameter, shape (n_trials, 2).

    Their column, or row, is hatched.
    """
    found = np.zeros(display.positions.shape, dtype=bool)
    for i, axis in enumerate(display.axes):
        if axis.scale == "categorical":
            inactive = np.isnan(display.mean).all(axis=1 - i)
            category = np.nan_to_num(display.positions[:, i], nan=-1.0).astype(int)
            is_inactive = np.isin(category, display.grid[i][inactive].astype(int))
            found[:, i] = is_inactive & np.isnan(display.positions[:, 1 - i])
    return found


def _hatched(display: ResponseDisplay) -> list[Any]:
    """Return what explains the hatched places, if there are any."""
    from matplotlib.patches import Patch

    if not np.isnan(display.mean).any():
        return []
    return [Patch(fc="white", ec="0.8", hatch=_HATCH, label="not together")]
