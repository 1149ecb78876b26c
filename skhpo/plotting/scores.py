"""What scores are called, which way up they stand, and what marks those that an axis does not reach."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import get_scorer_names

from skhpo.plotting.words import LETTER, plain_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLOR, BEST, FAILED, FAINT, ABSENT = "C0", "C1", "C3", "0.7", "0.4"
_AT_EDGE = 0.03
"""Where failures stand, as a share of the axes' height."""


@dataclass(frozen=True)
class ScoreAxis:
    """How scores are shown.

    Parameters
    ----------
    name : str
        What they are called.
    limits : tuple of float
        The lowest and the highest one that have room, larger is better.
    is_negated : bool
        Whether they are shown with the other sign, so that smaller is better.
    """

    name: str
    limits: tuple[float, float]
    is_negated: bool = False

    def shown(self, scores: Any) -> NDArray[np.float64]:
        """Return scores as they are shown."""
        found: NDArray[np.float64] = np.asarray(scores, dtype=float)
        return 0.0 - found if self.is_negated else found

    @property
    def title(self) -> str:
        """What the numbers are."""
        return f"{plain_name(self.name)} (mean over splits)"

    def dress(self, ax: Any) -> None:
        """Give the y axis its limits and its name."""
        ax.set_ylim(*sorted(self.shown(self.limits).tolist()))
        ax.ticklabel_format(axis="y", useOffset=False, scilimits=(-5, 9))
        height = ax.get_window_extent().height / ax.figure.dpi
        ax.set_ylabel(textwrap.fill(self.title, max(12, int(0.8 * height / LETTER))))

    def mark(
        self, ax: Any, x: NDArray[np.float64], scores: NDArray[np.float64], failed: NDArray[np.bool_]
    ) -> list[Any]:
        """Mark at the worse end of the axes what failed, and what lies beyond; returns the artists.

        Parameters
        ----------
        ax : Axes
            Its limits are final.
        x, scores : ndarray of shape (n,)
            Positions, and scores of which larger is better.
        failed : ndarray of shape (n,), bool
            Which of them failed.
        """
        edge, arrow, beyond = (1 - _AT_EDGE, "^", "above") if self.is_negated else (_AT_EDGE, "v", "below")
        artists = []
        is_beyond = ~failed & (scores < self.limits[0])
        for mask, marker, color, label in (
            (is_beyond, arrow, COLOR, f"worse, {beyond} the axis"),
            (failed, "x", FAILED, "failed"),
        ):
            shown = mask & np.isfinite(x)
            if shown.any():
                artists += ax.plot(
                    x[shown],
                    np.full(shown.sum(), edge),
                    marker,
                    color=color,
                    alpha=0.7,
                    ms=5,
                    transform=ax.get_xaxis_transform(),
                    label=label,
                    clip_on=False,
                    zorder=4,
                )
        return artists


def score_name(label: str, *, is_negated: bool) -> str:
    """Return what to call the scores of a metric, as scikit-learn's displays do.

    Parameters
    ----------
    label : str
        The metric; a name that is none of scikit-learn's is the user's own and stays as it is.
    is_negated : bool
        Whether scores are shown with the other sign.

    Examples
    --------
    >>> score_name("neg_mean_squared_error", is_negated=False), score_name("neg_mean_squared_error", is_negated=True)
    ('Negative mean squared error', 'Mean squared error')
    >>> score_name("f1_macro", is_negated=False), score_name("gain", is_negated=True)
    ('F1 macro', 'Negative gain')
    """
    if label != "score" and label not in get_scorer_names():
        if label.startswith("neg_") and is_negated:
            return label.removeprefix("neg_")
        return f"Negative {label}" if is_negated else label
    is_negative = label.startswith("neg_") != is_negated
    words = label.removeprefix("neg_").replace("_", " ")
    return f"Negative {words}" if is_negative else f"{words[0].upper()}{words[1:]}"
