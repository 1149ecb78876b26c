"""Who ran what when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from skhpo.plotting.figure import Display, estimator_of, inches, legend, tidy, title
from skhpo.plotting.style import merged
from skhpo.plotting.words import plain_name
from skhpo.report.fitted import fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from skhpo.history import History, Outcome

_COLORS = {"ok": ("C0", "#7fb2d9"), "failed": ("C3",), "unscored": ("C5",), "crashed": ("black",), "timeout": ("C1",)}
_LABELS = {
    "ok": "fit of an even trial",
    "failed": "failed",
    "unscored": "no usable score",
    "crashed": "worker died",
    "timeout": "stopped by fit_timeout",
}
_ODD = "fit of an odd trial"
_NUMBER = "number in a bar: its trial"
_LONGEST_PAUSE = 0.2
"""Pauses in which nobody ran anything, as between two runs of a search that was resumed, are cut out where they are
longer than this share of the rest (and than a minute)."""
_MOST_NUMBERS = 150
_MOST_WORKERS = 40
_LEAST_INCHES_WITH_EDGES = 0.04
"""Of narrower bars white edges would leave a pale rest."""


@dataclass(kw_only=True, eq=False, repr=False)
class TimelineDisplay(Display):
    """A bar per fit: which worker ran it, when, for how long, and how it ended.

    There is a row per worker of each host; one that takes the place of another, which has died, takes its row. Bars
    are dark for trials of even number, and have it written where there is room. Fits of equal trials are shown once.
    Use `from_search`.

    Parameters
    ----------
    numbers, splits : ndarray of shape (n_fits,)
        Trial and split of each fit.
    workers : list of str of length n_fits
        Who ran it: host, process and, where fits ran in threads, thread.
    started : ndarray of shape (n_fits,)
        When it began, in seconds since the first one began.
    seconds : ndarray of shape (n_fits,)
        How long it and its scoring took.
    statuses : list of str of length n_fits
        ``"ok"``, ``"failed"``, ``"unscored"`` (a fit of which the metric that decides has no finite score),
        ``"crashed"`` or ``"timeout"``.
    ends : ndarray of shape (n_fits,), bool
        Fits after which the trial was given up, or the search stopped.
    n_unknown : int
        Fits of which it is not known who ran them when.
    estimator_name : str or None
        What was fitted.

    Attributes
    ----------
    lanes : list of (str, int) of length n_fits
        The row of each fit, as the host and a number from 0.
    pauses : ndarray of shape (n_pauses, 2)
        Begin and end of long pauses in which nothing ran, in seconds since the first fit began; the drawing leaves them
        out.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of ``ax_``.
    bars_ : dict of (str, int) to matplotlib PolyCollection
        Bars by status and shade.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skhpo import GridSearchCV
    >>> from skhpo.plotting import TimelineDisplay
    >>> X, y = load_iris(return_X_y=True)
    >>> search = GridSearchCV(SVC(), {"C": [0.1, 1.0, 10.0]}, cv=2).fit(X, y)
    >>> display = TimelineDisplay.from_search(search)
    >>> display.numbers.tolist(), display.splits.tolist()
    ([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1])
    """

    _STYLE: ClassVar[tuple[str, ...]] = ("bar_kw", "text_kw")

    numbers: NDArray[np.int64]
    splits: NDArray[np.int64]
    workers: Sequence[str]
    started: NDArray[np.float64]
    seconds: NDArray[np.float64]
    statuses: Sequence[str]
    ends: NDArray[np.bool_]
    n_unknown: int = 0

    @classmethod
    def from_search(cls, search: Any, *, ax: Any = None, **style: Any) -> Self:
        """Draw the fits of a search.

        Parameters
        ----------
        search : fitted search
            A search of skhpo; ``cv_results_`` and what `skhpo.load_results` returns do not say who ran what when.
        ax : matplotlib Axes, default=None
            Where to draw; None for a new figure.
        **style : dict
            Keywords of `plot`.

        Returns
        -------
        display : TimelineDisplay

        Raises
        ------
        ValueError
            If the search does not know when its fits ran.
        """
        trials = fitted(search)
        history = trials.history
        every: list[Outcome] = []
        ends: set[tuple[int, int]] = set()
        for trial in history.trials if history is not None else ():
            ran, is_given_up = _fits_of(trial.number, history)
            every += ran
            ends |= {(outcome.number, outcome.split) for outcome in ran if outcome.stop}
            if is_given_up:
                last = max(ran, key=lambda outcome: outcome.started or 0.0)
                ends.add((last.number, last.split))
        fits = sorted((o for o in every if o.started is not None), key=lambda o: (o.started, o.number, o.split))
        if not fits:
            raise ValueError(
                "TimelineDisplay needs a fitted search of skhpo that knows when its fits ran, got results without it."
            )
        first = fits[0].started or 0.0
        display = cls(
            numbers=np.array([fit.number for fit in fits]),
            splits=np.array([fit.split for fit in fits]),
            workers=[str(fit.worker) for fit in fits],
            started=np.array([(fit.started or 0.0) - first for fit in fits]),
            seconds=np.array([fit.fit_time + fit.score_time for fit in fits]),
            statuses=[fit.ending(trials.metric) for fit in fits],
            ends=np.array([(fit.number, fit.split) in ends for fit in fits]),
            n_unknown=len(every) - len(fits),
            estimator_name=estimator_of(search),
        )
        return display.plot(ax=ax, **style)

    @property
    def pauses(self) -> NDArray[np.float64]:
        """Begin and end of long pauses, shape (n_pauses, 2)."""
        ends = np.maximum.accumulate(self.started + self.seconds)
        gaps = np.column_stack([ends[:-1], self.started[1:]])
        lengths = np.maximum(gaps[:, 1] - gaps[:, 0], 0.0)
        kept = ends[-1] - lengths.sum()
        for _ in range(len(lengths)):  # what is not cut counts to the rest
            is_long = lengths > max(60.0, _LONGEST_PAUSE * kept)
            longer = ends[-1] - lengths[is_long].sum()
            if longer == kept:
                break
            kept = longer
        return gaps[lengths > max(60.0, _LONGEST_PAUSE * kept)] if len(lengths) else gaps

    @property
    def lanes(self) -> list[tuple[str, int]]:
        """Host, and row among those of the host, of each fit; who begins after another's last fit takes its row."""
        spans: dict[str, tuple[float, float]] = {}
        for worker, begin, seconds in zip(self.workers, self.started.tolist(), self.seconds.tolist(), strict=True):
            first, last = spans.get(worker, (begin, begin))
            spans[worker] = min(first, begin), max(last, begin + seconds)
        free_from: dict[str, list[float]] = {}
        lane_of: dict[str, tuple[str, int]] = {}
        for worker, (first, last) in sorted(spans.items(), key=lambda item: item[1]):
            host = worker.partition(":")[0]
            ends = free_from.setdefault(host, [])
            lane = next((i for i, end in enumerate(ends) if end <= first), len(ends))
            ends[lane : lane + 1] = [last]
            lane_of[worker] = host, lane
        return [lane_of[worker] for worker in self.workers]

    @property
    def _figsize(self) -> tuple[float, float]:
        return 8.0, min(9.0, 1.6 + 0.4 * len(set(self.lanes)))

    def _draw(self, ax: Any) -> None:
        lanes = self.lanes
        names = sorted(set(lanes), key=lanes.index)
        pauses = self.pauses
        shown = self.started - _cut(self.started, pauses)
        length = float((shown + self.seconds).max())
        unit, scale = ("s", 1.0) if length < 300 else ("min", 60.0) if length < 3 * 3600 else ("h", 3600.0)
        rows = np.array([names.index(lane) for lane in lanes])
        begins, widths = shown / scale, np.maximum(self.seconds, 1e-3 * length) / scale
        ax.set_xlim(-0.01 * length / scale, 1.02 * length / scale)
        self._draw_bars(rows, begins, widths)
        has_numbers = self._write_numbers(rows, begins, widths, length / scale)
        for begin, end in pauses:
            place = (begin - _cut(np.array([begin]), pauses)[0]) / scale
            ax.axvline(place, color="0.4", ls="dashed", lw=1)
            ax.text(place, len(names) - 0.3, f" pause of {_duration(end - begin)}", fontsize="small", va="center")
        ax.set_ylim(len(names) - (0.0 if len(pauses) else 0.4), -0.6)
        step = -(-len(names) // _MOST_WORKERS)
        ax.set_yticks(range(0, len(names), step), [plain_name(_lane_label(lane, names)) for lane in names[::step]])
        ax.set_ylabel("Worker")
        missing = f" ({self.n_unknown} fits of which it is not known are missing)" if self.n_unknown else ""
        ax.set_xlabel(f"Time since the first fit began [{unit}]{missing}")
        self._explain(has_numbers=has_numbers)
        tidy(ax)

    def _draw_bars(self, rows: NDArray[np.int64], begins: NDArray[np.float64], widths: NDArray[np.float64]) -> None:
        from matplotlib.collections import PolyCollection

        self.bars_: dict[tuple[str, int], Any] = {}
        statuses = np.array(self.statuses)
        low, high = self.ax_.get_xlim()
        thick = _LEAST_INCHES_WITH_EDGES * (high - low) / inches(self.ax_)
        for status, colors in _COLORS.items():
            for shade, color in enumerate(colors):
                found = np.flatnonzero((statuses == status) & (self.numbers % len(colors) == shade))
                if not len(found):
                    continue
                corners = [
                    [
                        (begins[i], rows[i] - 0.36),
                        (begins[i] + widths[i], rows[i] - 0.36),
                        (begins[i] + widths[i], rows[i] + 0.36),
                        (begins[i], rows[i] + 0.36),
                    ]
                    for i in found
                ]
                bars = {
                    "facecolors": color,
                    "edgecolors": "white",
                    "linewidths": np.where(widths[found] > thick, 0.5, 0.0),
                    "label": _LABELS[status] if shade == 0 else _ODD,
                }
                self.bars_[status, shade] = self.ax_.add_collection(
                    PolyCollection(corners, **merged(PolyCollection, bars, self._style.bar_kw)), autolim=False
                )
        if self.ends.any():
            x = (begins + widths)[self.ends]
            self.ax_.plot(x, rows[self.ends], "|", ms=14, mew=2, color="C4", label="given up after")

    def _explain(self, *, has_numbers: bool) -> None:
        """Say what colours and numbers mean, and what was fitted."""
        from matplotlib.lines import Line2D

        handles = self.ax_.get_legend_handles_labels()[0]
        if has_numbers:
            style = {"marker": "$7$", "color": "0.2", "ls": "none", "ms": 5}
            handles.append(Line2D([], [], label=_NUMBER, **style))
        title(self.ax_, [self.estimator_name], legend(self.ax_, handles))

    def _write_numbers(
        self, rows: NDArray[np.int64], begins: NDArray[np.float64], widths: NDArray[np.float64], length: float
    ) -> bool:
        """Write the numbers of trials into bars that have room for them; returns whether there are any."""
        from matplotlib.text import Text

        digits = np.array([len(str(number)) for number in self.numbers])
        roomy = np.flatnonzero(widths > 0.011 * (digits + 0.5) * length)
        if len(widths) > _MOST_NUMBERS:
            return False
        for i in roomy.tolist():
            color = "white" if self.statuses[i] != "ok" or self.numbers[i] % 2 == 0 else "black"
            text = {"ha": "center", "va": "center", "fontsize": "x-small", "color": color, "clip_on": True}
            place = begins[i] + widths[i] / 2
            self.ax_.text(place, rows[i], str(self.numbers[i]), **merged(Text, text, self._style.text_kw))
        return len(roomy) > 0


def _fits_of(number: int, history: History | None) -> tuple[list[Outcome], bool]:
    """Return the fits that a trial had itself, and whether it was given up before it had one on each split."""
    if history is None:
        return [], False
    ran = [outcome for outcome in history.outcomes(number).values() if not outcome.shared]
    return ran, bool(ran) and history.stopped.get(number) is not None


def _cut(times: NDArray[np.float64], pauses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how long the pauses before times were in all, shape (n,)."""
    cut = np.zeros(len(times))
    for begin, end in pauses:
        cut += np.where(times >= end, end - begin, 0.0)
    return cut


def _lane_label(lane: tuple[str, int], lanes: Sequence[tuple[str, int]]) -> str:
    """Return a row's number, with its host where there are several."""
    host, number = lane
    return str(number + 1) if len({other for other, _ in lanes}) == 1 else f"{host} {number + 1}"


def _duration(seconds: float) -> str:
    """Return a duration in the largest unit of which there are two."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
