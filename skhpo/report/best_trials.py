"""The best few trials, as a table."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.messages.texts import abridged
from skhpo.report.comparison import Difference, comparable, difference
from skhpo.report.words import rough, short, value_text
from skhpo.space import params_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skhpo.report.fitted import Fitted

_N_BEST = 5
_MOST_OF_A_CELL = 20
_MOST_OF_A_HEAD = 24
_ROUNDING = 1e-9
"""A difference that is so small a share of its standard error is none."""

_GAP = 2
"""Letters between columns."""


class RankedTrial(NamedTuple):
    """One of the best trials.

    Parameters
    ----------
    row : int
        Row in ``cv_results_``.
    number : int
        What the trial is called.
    score, std : float
        Mean and standard deviation of its scores over the splits.
    behind : Difference or None
        The best of all against it; None for that one itself.
    params : dict
        Its parameters.
    """

    row: int
    number: int
    score: float
    std: float
    behind: Difference | None
    params: Mapping[str, Any]


def best_trials(trials: Fitted, params: Sequence[Mapping[str, Any]], test_share: float) -> list[RankedTrial]:
    """Return the best five trials that compare, of equal parameters one, the best first.

    Parameters
    ----------
    trials : Fitted
        What was tried.
    params : sequence of dict
        The rows' parameters; those of the untuned estimator may lie outside of the space.
    test_share : float
        Size of the test sides over that of the training sides.
    """
    first_of = {params_key(params[row]): row for row in reversed(comparable(trials))}
    rows = sorted(first_of.values(), key=lambda row: (-trials.scores[row], row))[:_N_BEST]
    return [
        RankedTrial(
            row,
            trials.numbers[row] if trials.numbers else row,
            float(trials.scores[row]),
            float(np.std(trials.split_scores[row])),
            None if row == rows[0] else difference(trials, rows[0], row, test_share),
            {name: value for name, value in params[row].items() if name != trials.resource_name},
        )
        for row in rows
    ]


def as_lines(ranked: Sequence[RankedTrial], width: int) -> list[str]:
    """Return the table as lines of at most so many letters: of the parameters those first that differ, and what fits.

    Parameters
    ----------
    ranked : sequence of RankedTrial
        The rows.
    width : int
        Letters of a line.
    """
    names, columns = _columns(ranked)
    shown, n_used = columns[:_N_FIXED], _width(columns[:_N_FIXED])
    for column in columns[_N_FIXED:]:
        n_used += _width([column])
        if n_used > width:
            break
        shown.append(column)
    cells = [[cell.ljust(len(max(column, key=len))) for cell in column] for column in shown]
    lines = [(" " * _GAP).join(row).rstrip() for row in zip(*cells, strict=True)]
    n_left = len(names) - (len(shown) - _N_FIXED)
    return [*lines, f"{n_left} more parameter{'s' * (n_left > 1)} in cv_results_"] if n_left else lines


def as_html(ranked: Sequence[RankedTrial]) -> str:
    """Return the table in HTML, with all parameters."""
    names, columns = _columns(ranked)
    heads = [column[0] for column in columns[:_N_FIXED]] + [short(name) for name in names]
    cell = 'style="text-align: left; white-space: nowrap"'
    head = "".join(f"<th {cell}>{escape(text)}</th>" for text in heads)
    body = "".join(
        f"<tr>{''.join(f'<td {cell}>{escape(text)}</td>' for text in row)}</tr>"
        for row in zip(*(column[1:] for column in columns), strict=True)
    )
    return f"<table><tr>{head}</tr>{body}</table>"


_N_FIXED = 4
"""Columns that are no parameters."""


def _columns(ranked: Sequence[RankedTrial]) -> tuple[list[str], list[list[str]]]:
    """Return the parameters, those first in which the trials differ, and the columns of the table with their heads."""
    columns = [
        ["trial", *(str(each.number) for each in ranked)],
        ["score", *(f"{each.score:.5g}" for each in ranked)],
        ["std", *(rough(each.std) for each in ranked)],
        ["behind", *(_behind(each.behind) for each in ranked)],
    ]
    texts = {name: [_cell(each.params, name) for each in ranked] for each in ranked for name in each.params}
    names = sorted(texts, key=lambda name: len(set(texts[name])) == 1)
    heads = _heads(names)
    return names, columns + [[heads[name], *texts[name]] for name in names]


def _heads(names: Sequence[str]) -> dict[str, str]:
    """Return short names: as much of the end of each as tells it from the others."""
    found = {}
    for name in names:
        parts = name.split("__")
        ends = ["__".join(parts[i:]) for i in range(len(parts) - 1, -1, -1)]
        alone = (end for end in ends if not any(f"__{other}".endswith(f"__{end}") for other in names if other != name))
        found[name] = abridged(short(next(alone, name)), _MOST_OF_A_HEAD)
    return found


def _behind(found: Difference | None) -> str:
    if found is None:
        return ""
    error = "" if np.isnan(found.standard_error) else f" \N{PLUS-MINUS SIGN} {rough(found.standard_error)}"
    return f"{rough(_cleaned(found))}{error}"


def _cleaned(found: Difference) -> float:
    """Return the difference, 0 where it is an error of rounding."""
    is_none = abs(found.mean) < _ROUNDING * found.standard_error
    return 0.0 if is_none else found.mean


def _cell(params: Mapping[str, Any], name: str) -> str:
    return abridged(value_text(params[name]), _MOST_OF_A_CELL) if name in params else "-"


def _width(columns: Sequence[Sequence[str]]) -> int:
    return sum(_GAP + len(max(column, key=len)) for column in columns)
