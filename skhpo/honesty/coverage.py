"""Which rows the splits of a cross-validation predict, and whether that is enough for out-of-fold predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.model_selection import TimeSeriesSplit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Coverage(NamedTuple):
    """Where each row is predicted.

    Parameters
    ----------
    rows : ndarray of shape (n_rows,)
        Positions in the data of the rows that are predicted.
    splits : ndarray of shape (n_repeats, n_rows)
        On which split.
    places : ndarray of shape (n_repeats, n_rows)
        At which place of that split's test side.
    """

    rows: NDArray[np.intp]
    splits: NDArray[np.intp]
    places: NDArray[np.intp]


def coverage_of(splits: Sequence[tuple[Any, Any]], n: int, splitter: Any) -> Coverage:
    """Return where each row is predicted.

    Rows that are tested on no split are left out; all others have to be tested equally often, by models that were not
    trained on them.

    Parameters
    ----------
    splits : sequence of (train, test)
        Positions of rows, or masks.
    n : int
        Rows of the data.
    splitter : splitter
        Who made the splits.

    Raises
    ------
    ValueError
        If the splits do not give out-of-fold predictions; it says what can be done instead.
    """
    name = type(splitter).__name__
    if isinstance(splitter, TimeSeriesSplit):
        raise ValueError(  # noqa: TRY004  # of `fit`, whose type is all right
            f"store_predictions needs rows that can be drawn anew, got cv={name}: in a time series they depend on each "
            'other. Use estimate_score(method="naive") here, and the last part of the series as new data.'
        )
    n_tested = np.zeros(n, dtype=np.intp)
    where: list[NDArray[np.intp]] = []
    for number, (train, test) in enumerate(splits):
        trained, tested = _positions(train, n), _positions(test, n)
        is_trained = np.zeros(n, dtype=bool)
        is_trained[trained] = True
        if is_trained[tested].any():
            raise ValueError(
                "store_predictions needs models that were not trained on the rows that they predict, got "
                f"{int(is_trained[tested].sum())} rows on both sides of split {number}. Use a cv that keeps them apart."
            )
        repeat = n_tested[tested]
        n_tested[tested] += 1
        where.append(np.stack([tested, repeat, np.full(len(tested), number), np.arange(len(tested))]))
        if len(np.unique(tested)) < len(tested):
            n_tested[tested] = -1  # the same row twice: no number of times is right
    rows = np.flatnonzero(n_tested)
    times = np.unique(n_tested[rows])
    if len(times) != 1 or times[0] < 1:
        raise ValueError(
            f"store_predictions needs a cv that predicts each row equally often, got cv={name}, which tests some rows "
            "more often than others. Use KFold or one of its kind, repeated where need be (RepeatedKFold), or a single "
            "split."
        )
    place_of = np.full(n, -1, dtype=np.intp)
    place_of[rows] = np.arange(len(rows))
    tested, repeat, number, place = np.concatenate(where, axis=1)
    shape = int(times[0]), len(rows)
    on_split, at_place = np.empty(shape, dtype=np.intp), np.empty(shape, dtype=np.intp)
    on_split[repeat, place_of[tested]] = number
    at_place[repeat, place_of[tested]] = place
    return Coverage(rows, on_split, at_place)


def put_together(by_split: Sequence[NDArray[Any]], coverage: Coverage) -> NDArray[Any]:
    """Return predictions in the order of rows, shape (n_repeats, n_rows, ...), of those of each split's test side."""
    starts = np.cumsum([0, *map(len, by_split[:-1])])
    return np.asarray(np.concatenate(by_split)[starts[coverage.splits] + coverage.places])


def n_positions(side: Any) -> int:
    """Return how many rows are on a side."""
    rows = np.asarray(side)
    return int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)


def _positions(side: Any, n: int) -> NDArray[np.intp]:
    rows = np.asarray(side)
    found = np.flatnonzero(rows) if rows.dtype == bool else rows.astype(np.intp)
    return np.where(found < 0, found + n, found)
