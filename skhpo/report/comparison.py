"""How sure it is that one trial is better than another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import t as student

from skhpo.honesty.paired import corrected_error
from skhpo.space import params_key
from skhpo.space.values import agrees

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skhpo.report.fitted import Fitted


class Difference(NamedTuple):
    """How far one trial is ahead of another: a paired comparison over the splits.

    Scores of one split are compared with each other, so that easy and difficult splits cancel out; and since training
    sides overlap, the variance of the mean difference is corrected for it [1]_::

        s^2 (1 / J + n_test / n_train)      with s^2 the variance of the J differences

    Parameters
    ----------
    row : int
        Row of the other trial in ``cv_results_``.
    mean : float
        Mean difference in score, positive if the other is worse.
    standard_error : float
        Of the mean difference; NaN where there is one split.
    p_value : float
        Of the two-sided corrected resampled t-test with J - 1 degrees of freedom; NaN where there is one split or no
        variance. It takes no account of how many trials were compared.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio: Inference for the generalization error. Machine Learning 52 (2003).
    """

    row: int
    mean: float
    standard_error: float
    p_value: float


def difference(trials: Fitted, best: int, row: int, test_share: float) -> Difference:
    """Return how far one trial is ahead of another; ``test_share`` is `relative_test_size`."""
    found = trials.split_scores[best] - trials.split_scores[row]
    mean, error = float(found.mean()), corrected_error(found, test_share)
    p_value = float(2 * student.sf(abs(mean) / error, len(found) - 1)) if error > 0 else math.nan
    return Difference(row, mean, error, p_value)


def differences_to(trials: Fitted, best: int, test_share: float) -> list[Difference]:
    """Return how far the best trial is ahead of all other candidates with as much of the resource and all splits."""
    seen = {params_key(trials.params[best])}
    found = []
    rows = comparable(trials)
    for row in rows if best in rows else ():
        key = params_key(trials.params[row])
        if key not in seen:
            seen.add(key)
            found.append(difference(trials, best, row, test_share))
    return found


class OwnRows(NamedTuple):
    """Where the estimator as it came stands among the trials.

    Parameters
    ----------
    comparable : int or None
        Its row with most of the resource and all splits; None if there is none.
    first : int or None
        Its first row of all.
    other_resource : object or None
        What the estimator has of the resource, if that is not the most that any trial had.
    """

    comparable: int | None = None
    first: int | None = None
    other_resource: Any = None


def own_rows(search: Any, trials: Fitted) -> OwnRows:
    """Return where the estimator as it came stands."""
    own = search.estimator.get_params(deep=True)
    if trials.resource_name in own and own[trials.resource_name] != trials.top_resource:
        return OwnRows(other_resource=own[trials.resource_name])
    rows = [row for row, params in enumerate(trials.params) if agrees(params, own)]
    compared = set(comparable(trials))
    return OwnRows(next((row for row in rows if row in compared), None), rows[0] if rows else None)


def comparable(trials: Fitted) -> list[int]:
    """Return the rows that have most of the resource and a finite score on each split."""
    return [int(row) for row in np.flatnonzero(trials.is_full & np.isfinite(trials.split_scores).all(axis=1))]


def relative_test_size(splits: Iterable[tuple[Any, Any]]) -> float:
    """Return the size of the test sides over that of the training sides.

    Examples
    --------
    >>> relative_test_size([([0, 1, 2, 3], [4, 5]), ([2, 3, 4, 5], [0, 1])])
    0.5
    """
    sizes = [(_n_rows(train), _n_rows(test)) for train, test in splits]
    return sum(test for _, test in sizes) / max(1, sum(train for train, _ in sizes))


def _n_rows(side: Any) -> int:
    rows = np.asarray(side)
    return int(np.count_nonzero(rows)) if rows.dtype == bool else len(rows)
