"""What was found, in words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.messages.durations import in_words
from skhpo.report.report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_MEMBERS = 8


def report_of(auto: Any, stats: Mapping[str, Any]) -> Report:
    """Return the report of a fitted `AutoClassifier` or `AutoRegressor`."""
    board = auto.leaderboard_
    said = {
        "Tried": _tried(auto, stats),
        "Time": _time(auto, stats),
        "Best": [f"{board[0].name}: {board[0].score:.5g} on rows that it was not trained on"],
        "Ensemble": [*_ensemble(board), *_unfitted(stats["n_unfitted"])],
        "New data": [f"{auto.score_estimate_}"],
        "Failures": [f"{row.name}: a fit raised an error" for row in board if np.isnan(row.score)],
    }
    title = f"{type(auto).__name__} for {auto.n_features_in_} columns"
    return Report(title, {name: lines for name, lines in said.items() if lines}, None, 0, None, {}, [])


def _tried(auto: Any, stats: Mapping[str, Any]) -> list[str]:
    board = auto.leaderboard_
    families = Counter(row.family for row in board)
    kinds = ", ".join(f"{name} ({n})" for name, n in families.most_common())
    return [
        f"{len(board)} configurations by {stats['n_fits']} fits, on {stats['n_rows']} rows",
        kinds,
    ]


def _time(auto: Any, stats: Mapping[str, Any]) -> list[str]:
    budget = "" if auto.time_budget is None else f" of {in_words(float(auto.time_budget))}"
    return [
        (
            f"{in_words(stats['total_time'])}{budget}: {in_words(stats['search_time'])} to compare, "
            f"{in_words(max(0.0, stats['total_time'] - stats['search_time']))} to fit the ensemble on all rows"
        )
    ]


def _unfitted(n: int) -> list[str]:
    if not n:
        return []
    others = "another member" if n == 1 else f"{n} other members"
    return [f"no time was left to fit {others} on all rows: a larger time_budget leaves it"]


def _ensemble(board: Any) -> list[str]:
    members = sorted((row for row in board if row.weight), key=lambda row: -row.weight)
    shown = [f"{row.weight:.0%} {row.name}" for row in members[:_MOST_MEMBERS]]
    more = len(members) - len(shown)
    return ["; ".join(shown) + (f"; and {more} more" if more > 0 else "")]
