"""What a report says about new data: what to expect there, and what could make it better or other than it looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.honesty.metrics import measure_of
from skhpo.report.refit import differences
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.report.comparison import Difference, OwnRows
    from skhpo.report.fitted import Fitted

_N_BOOTSTRAPS = 200
_MOST_CELLS = 20_000_000
"""Rows by candidates up to which a report makes an estimate: a second or so."""

_FEW_ROWS = 1000
_MANY_CANDIDATES = 250
"""From which on repeats tell more than further candidates, on up to `_FEW_ROWS` rows.

At equal fits, 5 x 5 folds led to better models than 5 folds from 50 candidates of the former on [1]_; with 10 of them
they do not (``python -m benchmarks honesty``).

References
----------
.. [1] T. Nagler, L. Schneider, B. Bischl, M. Feurer: Reshuffling resampling splits can improve generalization of
   hyperparameter optimization. NeurIPS 2024.
"""


def new_data(search: Any, trials: Fitted, own: OwnRows, differences: Sequence[Difference]) -> list[str]:
    """Say what to expect on new data; empty where nothing is known.

    Parameters
    ----------
    search : fitted search
        One of ours.
    trials : Fitted
        Its trials.
    own : OwnRows
        Where the untuned estimator stands.
    differences : sequence of Difference
        The best trial against the others.
    """
    if trials.best is None:
        return []
    return [
        *_expected(search, own),
        *_last_improvement(trials, differences),
        *_repeats(search, trials),
        *_other_refit(search, trials),
    ]


def _expected(search: Any, own: OwnRows) -> list[str]:
    found = getattr(search, "predictions_", None)
    if found is None or found.table.n_rows * found.table.n_candidates > _MOST_CELLS:
        return []
    try:
        estimate = search.estimate_score(n_bootstraps=_N_BOOTSTRAPS)
        table, scorer = search._table()  # noqa: SLF001  # of the searches' own report
    except (ValueError, TypeError) as error:
        return [str(error)]
    low, high = estimate.interval
    lines = [
        (
            f"Expect about {estimate.value:.3g} ({low:.3g} to {high:.3g}, {estimate.confidence:.0%}), by choosing "
            f"again on resampled rows; the best candidate has {estimate.naive:.3g} on the rows by which it was chosen."
        )
    ]
    at = np.flatnonzero(found.trials == own.comparable)
    if len(at):
        untuned = measure_of(scorer, table.only([int(at[0])])).on_all()[0]
        lines.append(f"The untuned estimator, which was not chosen, has {untuned:.3g}.")
    return lines


def _last_improvement(trials: Fitted, differences: Sequence[Difference]) -> list[str]:
    """Say when a candidate came that the best is not clearly ahead of: all later trials did not help."""
    close = [each.row for each in differences if each.mean <= each.standard_error]
    first = min([*close, int(trials.best or 0)])
    n_since = len(trials.params) - 1 - first
    if n_since < 10 or not differences:
        return []
    number = trials.numbers[first] if trials.numbers else first
    return [
        (
            f"The last real improvement was {n_since} trials ago: trial {number} is already within one standard error "
            "of the best."
        )
    ]


def _repeats(search: Any, trials: Fitted) -> list[str]:
    """Say where the same fits would have told more with repeats."""
    splitter = getattr(search, "_checked_cv_orig", None)
    n = _n_rows(search)
    n_candidates = len({params_key(params) for params in trials.params})
    is_repeated = hasattr(splitter, "n_repeats") or hasattr(splitter, "cvargs")
    if n is None or n > _FEW_ROWS or is_repeated or search.n_splits_ != 5 or n_candidates < _MANY_CANDIDATES:
        return []
    return [
        (
            f"With {n} rows, {n_candidates // 5} candidates on 5 x 5 folds (RepeatedKFold) take as many fits as "
            f"{n_candidates} on 5, and their scores are less noisy."
        )
    ]


def _other_refit(search: Any, trials: Fitted) -> list[str]:
    """Say what the fit on all data does that no fit on a fold did."""
    best, n = getattr(search, "best_estimator_", None), _n_rows(search)
    if best is None or n is None or trials.best is None:
        return []
    return differences(best, n, search._evidence.most_trained)  # noqa: SLF001  # of the searches' own report


def _n_rows(search: Any) -> int | None:
    """Return how many rows the search was fitted on, as far as its splits tell."""
    evidence = getattr(search, "_evidence", None)
    return None if evidence is None else int(evidence.n_rows)
