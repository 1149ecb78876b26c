"""What a search found, how sure that is, and what it cost, in words."""

from __future__ import annotations

import textwrap
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.report import sections
from skhpo.report.best_trials import RankedTrial, as_html, as_lines, best_trials
from skhpo.report.comparison import Difference, difference, differences_to, own_rows
from skhpo.report.fitted import fitted
from skhpo.report.new_data import new_data
from skhpo.report.range_ends import AtEnd, at_ends, ranges
from skhpo.report.words import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_WIDTH = 13  # of the headings
_LINE = 105
_TABLE = "Best trials"


@dataclass(frozen=True)
class Report:
    """What a search found. ``str(report)`` is the text; notebooks show a table.

    Parameters
    ----------
    title : str
        What was searched.
    sections : dict of str to list of str
        The text: paragraphs by heading.
    runner_up : Difference or None
        The best trial against the next best one with other parameters; None if there is none to compare.
    n_close : int
        Other candidates that are no more behind the best than one standard error of the difference.
    untuned : Difference or None
        The best trial against the estimator's own parameters; None if these were not tried.
    failures : dict of str to int
        Fits by the reason for which they failed, the most frequent first.
    at_end : list of AtEnd
        Parameters whose best value lies at an end of their range.
    best_trials : list of RankedTrial
        The best five that compare, of equal parameters one, the best first.

    See Also
    --------
    skhpo.plotting : The same in pictures.
    """

    title: str
    sections: Mapping[str, Sequence[str]]
    runner_up: Difference | None
    n_close: int
    untuned: Difference | None
    failures: Mapping[str, int]
    at_end: Sequence[AtEnd]
    best_trials: Sequence[RankedTrial] = ()

    def __str__(self) -> str:
        lines = [self.title]
        for heading, paragraphs in self.sections.items():
            for number, paragraph in enumerate(paragraphs):
                start = f"  {heading if number == 0 else '':<{_WIDTH}} "
                lines += textwrap.wrap(paragraph, _LINE, initial_indent=start, subsequent_indent=" " * len(start))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        cell = 'style="text-align: left; vertical-align: top"'
        head = 'style="text-align: left; vertical-align: top; white-space: nowrap"'
        rows = "".join(
            f"<tr><th {head}>{escape(heading)}</th><td {cell}>{self._html(heading, paragraphs)}</td></tr>"
            for heading, paragraphs in self.sections.items()
        )
        return f"<table><caption {head}>{escape(self.title)}</caption>{rows}</table>"

    def _html(self, heading: str, paragraphs: Sequence[str]) -> str:
        return as_html(self.best_trials) if heading == _TABLE else "<br>".join(map(escape, paragraphs))


def report_of(search: Any, stats: Mapping[str, Any], test_share: float) -> Report:
    """Return the report of a search.

    Parameters
    ----------
    search : fitted search
        One of ours.
    stats : dict
        What its `stats` returns.
    test_share : float
        Size of the test sides over that of the training sides.
    """
    trials = fitted(search)
    best = trials.best
    differences = [] if best is None else differences_to(trials, best, test_share)
    runner_up = max(differences, key=lambda difference: trials.scores[difference.row], default=None)
    own = own_rows(search, trials)
    untuned = (
        None
        if best is None or own.comparable is None or not np.isfinite(trials.split_scores[best]).all()
        else difference(trials, best, own.comparable, test_share)
    )
    failures = Counter(sections.reason(outcome, trials.metric) for outcome in sections.failed(trials))
    at_end = [] if best is None else at_ends(trials, trials.params[best], search.estimator)
    ranked = best_trials(trials, search.cv_results_["params"], test_share)
    n_close = sum(difference.mean <= difference.standard_error for difference in differences)
    expected = new_data(search, trials, own, differences)
    said = {
        "Tried": sections.tried(trials),
        "Ended": [sections.ended(search, stats["stop_reason"], trials)],
        "Best": sections.best(search, trials),
        _TABLE: as_lines(ranked, _LINE - _WIDTH - 3),
        "How sure": sections.how_sure(trials, runner_up, n_close, len(differences)),
        "Untuned": [sections.untuned(trials, own, untuned)],
        **({"New data": expected} if expected else {}),
        "Failures": sections.failures(failures),
        "Time": sections.time(stats, trials, getattr(search, "refit_time_", None)),
        "Ranges": sections.advice(at_end, has_ranges=best is not None and any(ranges(trials, trials.params[best]))),
    }
    if len(ranked) < 2:  # of one, all has been said
        del said[_TABLE]
    title = f"{short(type(search).__name__)} of {sections.name_of(search.estimator)}"
    return Report(title, said, runner_up, n_close, untuned, dict(failures.most_common()), at_end, ranked)
