"""Limits of scores: the better candidates rule them, however many of the others are hopeless."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHANCE = 0.005
"""So improbable is a gap that cuts candidates off, if the scores down to its lower end were spread evenly. Any of the
first few could be one, so that it happens to about 4 % of evenly spread searches."""

_MOST_RATIO = 10.0
"""A gap of so many times the reach of the better half needs no further proof, as that of two good trials of four."""

_SHARE = 0.25
"""The better half of the candidates gets at least this share of an axis."""

_FEWEST = 10
"""The better half of so many evenly spread candidates stands in a quarter in one search of nine, of 20 in one of fifty.
Of fewer, that is too often."""

_MARGIN = 0.06
"""What is free above the best, as a share of what is shown."""

_HALF_A_MARK = 0.012
"""As a share of an axis."""


def n_shown(scores: Any, noise: float = 0.0) -> int:
    """Return how many of the finite scores, the best first, an axis has to show.

    All of them, unless that would squeeze the better ones. Let the k best reach d_k below the top.

    1. A gap. What lies below it is of another kind if the gap takes more than half of the axis, d_k+1 > 2 d_k, and is
       no chance: if k + 1 scores were spread evenly over d_k+1, all but the worst would lie within d_k with
       probability (d_k / d_k+1)^(k-1), which has to be below 0.5 %. Where the k best are half of all or more, they
       keep a quarter of the axis without a cut: d_k+1 > 4 d_k is needed, and d_k+1 > 10 d_k is proof enough.
    2. A long tail without a gap, of 10 candidates or more: the better half gets a quarter of the axis.

    Parameters
    ----------
    scores : array-like
        Larger is better; what is not finite counts as nothing.
    noise : float
        Standard deviation of a candidate's scores over the splits. The better ones count as no closer together than
        this: smaller differences are not worth an axis of their own.

    Examples
    --------
    >>> good, hopeless = [0.97, 0.96, 0.955, 0.95, 0.94, 0.93], [0.5, 0.35, 0.4, -1e10]
    >>> n_shown(good + hopeless), n_shown(good + 20 * hopeless), n_shown([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    (6, 6, 7)
    """
    known = _descending(scores)
    n = len(known)
    if n < 3:
        return n
    with np.errstate(over="ignore"):
        losses = known[0] - known
    reach = np.maximum(losses, noise)
    n_half = -(-n // 2)
    n_better = np.arange(2, n)
    improbable = _CHANCE ** (-1.0 / (n_better - 1))
    is_most = n_better >= n_half
    ratio = np.where(is_most, np.clip(improbable, 1 / _SHARE, _MOST_RATIO), np.maximum(improbable, 2.0))
    is_gap = (reach[1:-1] > 0) & (losses[2:] > ratio * reach[1:-1])
    if is_gap.any():
        return int(n_better[is_gap][0])
    half = reach[n_half - 1]
    return int(np.sum(losses <= half / _SHARE)) if n >= _FEWEST and half > 0 else n


def worst_shown(scores: Any, noise: float = 0.0) -> float:
    """Return the worst score that an axis has to show, see `n_shown`; NaN where there is none."""
    known = _descending(scores)
    return float(known[n_shown(known, noise) - 1]) if len(known) else math.nan


def score_limits(
    scores: Any, *curves: Any, noise: float = 0.0, also: tuple[float, float] | None = None
) -> tuple[float, float]:
    """Return limits of an axis of scores, see `n_shown`.

    They do not pass 0 or 1, at which many metrics end, where no score does; only half of a mark has room there.

    Parameters
    ----------
    scores : array-like
        Larger is better; what is not finite counts as nothing.
    *curves : array-like
        What is drawn with them: of each, the better quarter has to be seen.
    noise : float
        Standard deviation of a candidate's scores over the splits.
    also : tuple of float, default=None
        What has to be seen too, lowest and highest.

    Examples
    --------
    >>> low, high = score_limits([*[0.9, 0.8, 0.85, 0.88, 0.99] * 4, -1e10])
    >>> 0.7 < low < 0.8, high
    (True, 1.0)
    """
    known = _descending(scores)
    ends = [known[0], worst_shown(known, noise)] if len(known) else []
    for curve in curves:
        line = _descending(curve)
        ends += [line[0], line[len(line) // 4]] if len(line) else []
    ends += [] if also is None else [end for end in also if math.isfinite(end)]
    if not ends:
        return 0.0, 1.0
    low, high = float(min(ends)), float(max(ends))
    margin = _MARGIN * (high - low) or 0.05 * abs(high) or 0.05
    bottom, top = low - 1.5 * margin, high + margin
    best = float(known[0]) if len(known) else high
    for barrier in (0.0, 1.0):
        if best <= barrier < top:
            top = max(barrier, best + _HALF_A_MARK * (barrier - bottom))
            break
    return bottom, top


def typical_noise(scores: NDArray[np.float64], split_std: NDArray[np.float64] | None) -> float:
    """Return the median standard deviation over the splits of the better half of the candidates, 0 if not known.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Mean scores; NaN where there is none.
    split_std : ndarray of shape (n,) or None
        Standard deviations.
    """
    if split_std is None or not np.isfinite(scores).any():
        return 0.0
    found = split_std[scores >= np.nanmedian(scores)]
    found = found[np.isfinite(found)]
    return float(np.median(found)) if len(found) else 0.0


def _descending(scores: Any) -> NDArray[np.float64]:
    known = np.ravel(np.asarray(scores, dtype=float))
    descending: NDArray[np.float64] = np.sort(known[np.isfinite(known)])[::-1]
    return descending
