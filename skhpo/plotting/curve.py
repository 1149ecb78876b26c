"""Drawing the response along one parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.plotting.figure import jitter, legend, tidy, title
from skhpo.plotting.scores import BEST, COLOR
from skhpo.plotting.style import merged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.plotting.response import ResponseDisplay
    from skhpo.plotting.scores import ScoreAxis
    from skhpo.plotting.style import Style

_PALEST = 0.2
"""Opacity of a trial whose other parameters are far from the line's."""

_FEW = 30
"""So many places of the line are marked one by one."""


def draw_curve(display: ResponseDisplay, ax: Any, axis: ScoreAxis, style: Style) -> None:
    """Draw the model's mean and standard deviation along one parameter, and the trials."""
    handles = draw_panel(display, ax, axis, style)
    title(ax, [display.estimator_name, display.others], legend(ax, handles))


def draw_panel(display: ResponseDisplay, ax: Any, axis: ScoreAxis, style: Style) -> list[Any]:
    """Draw without title and legend, for one panel of several; returns what a legend has to explain."""
    display.axes[0].dress(ax.xaxis)
    axis.dress(ax)
    _draw_model(display, ax, axis, style)
    positions = display.positions[:, 0]
    is_absent = np.isnan(positions)
    is_categorical = display.axes[0].scale == "categorical"
    x = positions + 0.15 + jitter(len(positions)) if is_categorical else positions
    display.scatter_ = _scatter(display, ax, axis, x, style)
    if display.best is not None and not is_absent[display.best]:
        _star(ax, x[display.best], axis.shown(display.scores)[display.best])
    display.failed_ += axis.mark(ax, x, display.scores, display.failed)
    if is_absent.any():
        _add_absent(display, ax, axis, is_absent, style)
    tidy(ax)
    every = [part.get_legend_handles_labels()[0] for part in (ax, display.absent_ax_) if part is not None]
    return [handle for handles in every for handle in handles]


def _draw_model(display: ResponseDisplay, ax: Any, axis: ScoreAxis, style: Style) -> None:
    from matplotlib.collections import PolyCollection
    from matplotlib.lines import Line2D

    (grid,) = display.grid
    mean, std = axis.shown(display.mean), display.std
    if display.axes[0].scale == "categorical":
        bars = {"fmt": "s", "ms": 7, "capsize": 6, "color": "0.3", "zorder": 2, "label": "model, 1 std"}
        given = merged(Line2D, bars, style.errorbar_kw)
        display.mean_ = display.std_ = ax.errorbar(grid - 0.12, mean, yerr=std, **given)
        return
    line = {"marker": "." if len(grid) <= _FEW else "", "color": "0.3", "label": "model", "zorder": 2}
    (display.mean_,) = ax.plot(grid, mean, **merged(Line2D, line, style.line_kw))
    band = {"color": display.mean_.get_color(), "alpha": 0.2, "lw": 0, "label": "1 std of the model", "zorder": 1}
    display.std_ = ax.fill_between(grid, mean - std, mean + std, **merged(PolyCollection, band, style.fill_between_kw))


def _scatter(
    display: ResponseDisplay,
    ax: Any,
    axis: ScoreAxis,
    x: NDArray[np.float64],
    style: Style,
) -> Any:
    """Draw the trials that have a position; returns the artist of those that were run in full."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba

    y, nearness = axis.shown(display.scores), display.nearness
    is_pale = nearness is not None and float(nearness.min(initial=1.0)) < 0.5
    alpha = np.ones(len(y)) if nearness is None else _PALEST + (1 - _PALEST) * nearness
    is_here = np.isfinite(x)
    measured, estimated = is_here & ~display.estimated, is_here & display.estimated
    marks: dict[str, Any] = {"s": 20, "color": COLOR, "lw": 0, "zorder": 3, "alpha": alpha[measured]}
    marks["label"] = "trial (pale: others differ)" if is_pale else "trial"
    found = ax.scatter(x[measured], y[measured], **merged(PathCollection, marks, style.scatter_kw))
    if estimated.any():
        hollow = {"s": 18, "fc": "none", "ec": [to_rgba(COLOR, each) for each in alpha[estimated]], "zorder": 3}
        ax.scatter(x[estimated], y[estimated], label="not run in full, estimated", **hollow)
    return found


def _star(ax: Any, x: float, y: float) -> None:
    ax.plot(x, y, "*", ms=13, color=BEST, mec="black", label="best", ls="none", zorder=5)


def _add_absent(display: ResponseDisplay, ax: Any, axis: ScoreAxis, is_absent: NDArray[np.bool_], style: Style) -> None:
    """Draw the trials that have not the parameter beside the axes."""
    strip = display.absent_ax_ = ax.inset_axes((1.02, 0.0, 0.08, 1.0))
    strip.set_ylim(*ax.get_ylim())
    strip.set_xlim(-1, 1)
    x = np.where(is_absent, jitter(len(is_absent)), np.nan)
    _scatter(display, strip, axis, x, style)
    if display.best is not None and is_absent[display.best]:
        _star(strip, x[display.best], axis.shown(display.scores)[display.best])
    display.failed_ += axis.mark(strip, x, display.scores, display.failed & is_absent)
    strip.xaxis.tick_top()
    strip.set_xticks([0], ["absent"], fontsize="small")
    strip.tick_params(axis="x", length=0, pad=1)
    strip.tick_params(axis="y", left=False, labelleft=False)
    strip.set_facecolor("0.95")
    strip.spines[:].set_visible(False)
