"""Pictures of results; without matplotlib there are none."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from benchmarks.problems import N_SPLITS

OURS, RANDOM = "skhpo BayesSearchCV", "scikit-learn RandomizedSearchCV"
# Okabe and Ito's colours, which colour-blind readers tell apart; ours is the strongest line, random search is grey.
COLOURS = {
    "skhpo BayesSearchCV": ("#D55E00", "-"),
    "skhpo BayesSearchCV, racing": ("#D55E00", "--"),
    "skhpo GridSearchCV": ("#000000", "-"),
    "skhpo RandomSearchCV": ("#777777", "-"),
    "scikit-learn RandomizedSearchCV": ("#777777", ":"),
    "scikit-optimize BayesSearchCV": ("#CC79A7", "-"),
    "Optuna TPE": ("#0072B2", "-"),
    "Optuna GP": ("#56B4E9", "-"),
    "hyperopt TPE": ("#009E73", "-"),
    "SMAC3": ("#E6A800", "-"),
}


def is_installed():
    if importlib.util.find_spec("matplotlib"):
        return True
    print("No pictures: matplotlib is not installed.")
    return False


def quality(results, folder):
    """Draw regret against fits and against seconds."""
    if not is_installed():
        return
    fits = np.arange(2 * N_SPLITS, N_SPLITS * results.n_trials + 1, N_SPLITS)
    note = f"mean of {len(results.problems)} problems x {len(results.seeds)} seeds; shaded: 95 % intervals"
    _regret(
        results,
        results.regret(fits),
        fits,
        Path(folder, "quality_fits.png"),
        label=f"fits ({N_SPLITS} for each candidate)",
        title=f"Regret against fits,\n{note}",
    )
    totals = results.each(lambda row: row["seconds"] / results.unit[row["problem"]])
    ends = totals.max(axis=(1, 2))  # where the last run of a method is through
    shares = np.geomspace(0.1, max(2.0, ends.max()), 80)
    _regret(
        results,
        results.regret(shares, column=1),
        shares,
        Path(folder, "quality_seconds.png"),
        label=f"CPU time, in units of a random search of {results.n_trials} candidates (log scale)",
        title=f"Regret against CPU time, {note};\nat the dot the last run of a method is through",
        ends=ends,
    )


def _regret(results, regret, x, path, *, label, title, ends=None):
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, NullLocator

    from benchmarks.quality import curve

    figure = Figure(figsize=(8.4, 5.0), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    lasts, floor = [], 1.0
    for m, (name, cells) in enumerate(zip(results.methods, regret, strict=True)):
        mean, low, high = curve(cells)
        colour, style = COLOURS.get(name, ("#000000", "-."))
        is_main = name.startswith("skhpo Bayes")
        n = len(x) if ends is None else max(2, int(np.searchsorted(x, ends[m], side="right")))
        width, order = (2.8, 4) if is_main else (1.6, 2)
        axes.plot(x[:n], mean[:n], style, color=colour, lw=width, label=name, zorder=order)
        if ends is not None:
            axes.plot(x[n - 1], mean[n - 1], "o", color=colour, ms=5, zorder=order, clip_on=False)
        if name in {OURS, RANDOM}:
            axes.fill_between(x[:n], low[:n], high[:n], color=colour, alpha=0.15, lw=0)
            floor = min(floor, low[n - 1])
        lasts.append((mean[-1], name))
    axes.set_yscale("log")
    if ends is not None:
        axes.set_xscale("log")
        ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200) if tick <= x[-1]]
        axes.xaxis.set_major_locator(FixedLocator(ticks))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([f"{tick:g}x" for tick in ticks])
    axes.set_xlim(x[0], x[-1])
    low = 0.9 * min(floor, *(mean for mean, _ in lasts))
    ticks = [tick for tick in (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1) if tick >= low / 2]
    axes.set_ylim(low, 1.02)
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_yticklabels([f"{tick:g}" for tick in ticks])
    axes.set_xlabel(label)
    axes.set_ylabel("normalised regret (log scale)\n0: best known score, 1: median random candidate")
    axes.set_title(title, fontsize=10, loc="left")
    axes.grid(alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    order = [name for _, name in sorted(lasts, reverse=True)]  # as the lines end, from above
    handles = dict(zip(axes.get_legend_handles_labels()[1], axes.get_legend_handles_labels()[0], strict=True))
    axes.legend(
        [handles[name] for name in order],
        order,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
        fontsize=8.5,
        title="as the lines end",
        title_fontsize=8.5,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)


def same_score_time(ratios, most, folder):
    """Draw for each method the time to the grid's best score, a dot for each problem and seed."""
    if not is_installed():
        return
    from matplotlib.figure import Figure
    from matplotlib.ticker import FixedLocator, NullLocator

    figure = Figure(figsize=(8.4, 4.2), dpi=130, layout="constrained")
    axes = figure.add_subplot()
    cap = 1.6 * most  # where the runs stand that did not get there
    medians = {name: float(np.median(np.minimum(cells, cap))) for name, cells in ratios.items()}
    order = sorted(ratios, key=medians.get, reverse=True)
    rng = np.random.default_rng(0)
    for place, name in enumerate(order):
        values = np.minimum(np.concatenate(ratios[name]), cap)
        colour = COLOURS.get(name, ("#000000", "-"))[0]
        jitter = place + rng.uniform(-0.22, 0.22, len(values))
        axes.scatter(values, jitter, s=16, color=colour, alpha=0.55, lw=0)
        axes.plot([medians[name]] * 2, [place - 0.36, place + 0.36], color=colour, lw=3.5, solid_capstyle="butt")
        count = int((values >= cap).sum())
        label = f"{medians[name]:.2f}" if medians[name] < cap else f"over {most:g}"
        axes.text(1.01, place, label, transform=axes.get_yaxis_transform(), va="center", fontsize=9)
        if count:
            axes.text(cap * 1.08, place, f"{count} of {len(values)}", va="center", fontsize=7.5, color="#444444")
    axes.axvline(1, color="black", lw=1)
    axes.axvspan(most * 1.1, cap * 2.0, color="black", alpha=0.05, lw=0)
    axes.text(1.01, 1.01, "median", transform=axes.transAxes, fontsize=9)
    axes.set_xscale("log")
    ticks = [tick for tick in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3) if tick <= most]
    axes.xaxis.set_major_locator(FixedLocator([*ticks, cap]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticklabels([*(f"{tick:g}" for tick in ticks), "not\nreached"])
    smallest = min(min(map(min, cells)) for cells in ratios.values())
    axes.set_xlim(0.8 * smallest, cap * 2.0)
    axes.set_yticks(range(len(order)), order, fontsize=9)
    for label in axes.get_yticklabels():
        label.set_fontweight("bold" if label.get_text() == "skhpo BayesSearchCV" else "normal")
    axes.set_xlabel("CPU time until the best score of the full grid, over the full GridSearchCV's time (log scale)")
    axes.set_title("A dot for each problem and seed; the bar is the median", fontsize=10, loc="left")
    axes.grid(axis="x", alpha=0.25)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    path = Path(folder, "same_score_time.png")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
