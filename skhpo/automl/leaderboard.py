"""The configurations that were tried, the best first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


class Row(NamedTuple):
    """A configuration.

    Parameters
    ----------
    name : str
        Its name.
    family : str
        Of its model.
    score : float
        Mean over the folds, of rows that the model was not trained on; larger is better. NaN where a fit failed.
    fit_seconds : float
        Of all its folds; NaN where another one's fits answered for it.
    weight : float
        In the ensemble.
    """

    name: str
    family: str
    score: float
    fit_seconds: float
    weight: float


class Leaderboard(tuple[Row, ...]):
    """Rows, the best first; ``print`` shows a table, and `pandas.DataFrame` takes it as it is."""

    __slots__ = ()

    def __str__(self) -> str:
        wide = max([4, *(len(row.name) for row in self)])
        lines = [f"{'name':{wide}}  {'score':>10}  {'seconds':>8}  {'weight':>6}"]
        for row in self:
            seconds = "shared" if np.isnan(row.fit_seconds) else f"{row.fit_seconds:.2f}"
            weight = f"{row.weight:.2f}" if row.weight else ""
            lines.append(f"{row.name:{wide}}  {row.score:>10.5g}  {seconds:>8}  {weight:>6}")
        return "\n".join(lines)

    __repr__ = __str__


def leaderboard(names: Sequence[tuple[str, str]], results: dict[str, Any], weights: Any) -> Leaderboard:
    """Return the rows of ``cv_results_``, the best first.

    Parameters
    ----------
    names : sequence of (str, str)
        Name and family of each.
    results : dict
        ``cv_results_``.
    weights : ndarray of shape (n_candidates,)
        In the ensemble.
    """
    scores, n_splits = results["mean_test_score"], sum(name.startswith("split") for name in results)
    seconds = results["mean_fit_time"] * n_splits
    order = np.argsort(np.where(np.isnan(scores), np.inf, -scores), kind="stable")
    rows = [i for i in order.tolist() if not _is_unfinished(results, i, n_splits)]
    return Leaderboard(
        Row(names[i][0], names[i][1], float(scores[i]), float(seconds[i]), float(weights[i])) for i in rows
    )


def _is_unfinished(results: dict[str, Any], row: int, n_splits: int) -> bool:
    """Whether the time was over before all folds of a configuration were fitted, none of which has failed."""
    if "n_splits_run" not in results:
        return False
    return bool(results["status"][row] == "complete" and results["n_splits_run"][row] < n_splits)
