"""What a search found, how sure that is, and what it cost, in words."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo.fitted import fitted
from skhpo.report.comparison import Difference, difference, differences_to, own_row
from skhpo.report.range_ends import AtEnd, at_ends

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skhpo.fitted import Fitted
    from skhpo.trial import Outcome

_MOST_REASONS = 5
_METHOD = (
    "Differences are paired over the splits; standard errors are those of the corrected resampled t-test (Nadeau and "
    "Bengio 2003), p is two-sided and takes no account of how many were compared."
)
_MOST_DIGITS = 8
_WIDTH = 13  # of the headings


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

    def __str__(self) -> str:
        lines = [self.title]
        for heading, paragraphs in self.sections.items():
            for number, paragraph in enumerate(paragraphs):
                start = f"  {heading if number == 0 else '':<{_WIDTH}} "
                lines += textwrap.wrap(paragraph, 105, initial_indent=start, subsequent_indent=" " * len(start))
        return "\n".join(lines)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        cell = 'style="text-align: left; vertical-align: top"'
        rows = "".join(
            f"<tr><th {cell}>{escape(heading)}</th><td {cell}>{'<br>'.join(map(escape, paragraphs))}</td></tr>"
            for heading, paragraphs in self.sections.items()
        )
        return f"<table><caption {cell}>{escape(self.title)}</caption>{rows}</table>"


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
    own = own_row(search, trials)
    untuned = (
        None
        if best is None or own is None or not np.isfinite(trials.split_scores[best]).all()
        else difference(trials, best, own, test_share)
    )
    failures = Counter(map(_reason, _failed(trials)))
    at_end = [] if best is None else at_ends(trials, trials.params[best])
    n_close = sum(difference.mean <= difference.standard_error for difference in differences)
    sections = {
        "Tried": _tried(trials),
        "Ended": [_ended(search, stats["stop_reason"], trials)],
        "Best": _best(search, trials),
        "How sure": _how_sure(trials, runner_up, n_close, len(differences)),
        "Untuned": [_untuned(trials, untuned)],
        "Failures": _failures(failures),
        "Time": _time(stats, trials),
        "Ranges": [_advice(each) for each in at_end] or ["The best numbers lie inside of their ranges."],
    }
    title = f"{type(search).__name__} of {type(search.estimator).__name__}"
    return Report(title, sections, runner_up, n_close, untuned, dict(failures.most_common()), at_end)


# -- sections ---------------------------------------------------------------------------------------------------------


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _trial(trials: Fitted, row: int) -> str:
    return f"trial {trials.numbers[row] if trials.numbers else row}"


def _tried(trials: Fitted) -> list[str]:
    names = {"ok": "ok", "failed": "failed", "crashed": "lost with their worker", "timeout": "stopped by fit_timeout"}
    every = _outcomes(trials)
    fits = [outcome for outcome in every if not outcome.shared]
    statuses: Counter[str] = Counter(outcome.status for outcome in fits)
    parts = [f"{statuses[status]} {name}" for status, name in names.items() if statuses[status]]
    lines = [f"{_count(len(trials.params), 'trial')}, {_count(len(fits), 'fit')}: {', '.join(parts)}"]
    if trials.resources is not None:
        amounts, counts = np.unique(trials.resources, return_counts=True)
        rungs = [f"{n} with {amount:g}" for amount, n in zip(amounts, counts, strict=True)]
        lines.append(f"{', '.join(rungs)} of {trials.resource_name}; only those with {trials.top_resource:g} compare")
    if trials.stopped.any():
        lines.append(f"{_count(int(trials.stopped.sum()), 'trial')} given up before all splits were run")
    if n_shared := len({outcome.number for outcome in every if outcome.shared}):
        lines.append(f"{_count(n_shared, 'trial')} equal to an earlier one, whose fits count")
    return lines


def _ended(search: Any, reason: str, trials: Fitted) -> str:
    n_open = 0 if trials.history is None else len(trials.history.trials) - len(trials.params)
    left = f"; {_count(n_open, 'trial')} begun and not complete" if n_open else ""
    said = {
        "finished": "all that was planned was run",
        "exhausted": "the space has no more points",
        "timeout": f"timeout={search.timeout!r} seconds were over",
        "callback": "a callback stopped the search",
        "interrupt": "the search was interrupted",
    }
    return f"{said.get(reason, reason)}{left}"


def _best(search: Any, trials: Fitted) -> list[str]:
    if trials.best is None:
        return ["no trial has a score"]
    scores = trials.split_scores[trials.best]
    spread = f", standard deviation {scores.std():.2g} over {len(scores)} splits" if len(scores) > 1 else ""
    lines = [f"{trials.label} {trials.scores[trials.best]:.5g}{spread} ({_trial(trials, trials.best)})"]
    params = search.cv_results_["params"][trials.best]
    lines += [f"{name} = {_value(value)}" for name, value in params.items()]
    others = [name.removeprefix("mean_test_") for name in search.cv_results_ if name.startswith("mean_test_")]
    for name in others if len(others) > 1 else ():
        if name != trials.metric:
            lines.append(f"its {name} is {search.cv_results_[f'mean_test_{name}'][trials.best]:.5g}")
    if len(trials.params) > 1:
        lines.append("As the best of many this score is optimistic; an outer cross-validation tells by how much.")
    return lines


def _value(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    text = " ".join(repr(value).split())
    return f"{value:.6g}" if isinstance(value, float) and len(text) > _MOST_DIGITS else text


def _how_sure(trials: Fitted, runner_up: Difference | None, n_close: int, n_others: int) -> list[str]:
    if runner_up is None:
        return ["There is no other candidate to compare with."]
    other = f"the next best, {_trial(trials, runner_up.row)}"
    if math.isnan(runner_up.standard_error):
        return [f"{_ahead(runner_up)} {other}; how much that says one split does not tell."]
    return [
        f"{_ahead(runner_up)} {other}{_precision(runner_up)}",
        f"Within one standard error of the best: {n_close} of {n_others} others",
        _METHOD,
    ]


def _ahead(difference: Difference) -> str:
    if difference.mean < 0:  # a callable refit may choose another than the best
        return f"{-difference.mean:.2g} behind"
    return f"{difference.mean:.2g} ahead of" if difference.mean else "level with"


def _precision(difference: Difference) -> str:
    if math.isnan(difference.standard_error):
        return ""
    p = "" if math.isnan(difference.p_value) else f", p = {difference.p_value:.2g}"
    return f" (standard error {difference.standard_error:.2g}{p})"


def _untuned(trials: Fitted, untuned: Difference | None) -> str:
    if untuned is None:
        full = "" if trials.resources is None else " with all of the resource"
        return f"Unknown: the estimator's own parameters were not tried{full}."
    if untuned.row == trials.best:
        return "The estimator's own parameters are the best ones found."
    score = trials.scores[untuned.row]
    return (
        f"The estimator's own parameters, {_trial(trials, untuned.row)}, score {score:.5g}: the best is "
        f"{_ahead(untuned)} them{_precision(untuned)}"
    )


def _failures(failures: Counter[str]) -> list[str]:
    lines = [f"{_count(n, 'fit')}: {reason}" for reason, n in failures.most_common(_MOST_REASONS)]
    if len(failures) > _MOST_REASONS:
        n = failures.total() - sum(n for _, n in failures.most_common(_MOST_REASONS))
        lines.append(f"{_count(n, 'fit')} for {_count(len(failures) - _MOST_REASONS, 'other reason')}")
    return lines or ["none"]


def _time(stats: Mapping[str, Any], trials: Fitted) -> list[str]:
    n_workers, seconds = stats["n_workers"], stats["search_time"]
    fits = [outcome for outcome in _outcomes(trials) if not outcome.shared]
    own = [outcome for outcome in fits if outcome.started is not None and outcome.started >= stats["started"]]
    in_fits = sum(outcome.fit_time + outcome.score_time for outcome in own)
    lines = [
        f"{_seconds(seconds)} for the search, of which {_seconds(stats['suggest_time'])} for suggesting candidates"
    ]
    if n_workers is not None and own:
        there = n_workers * seconds
        idle = max(0.0, there - in_fits)
        lines.append(
            f"{_seconds(in_fits)} in fits and {_seconds(idle)} waiting or starting, of {_seconds(there)} that "
            f"{_count(n_workers, 'worker')} had: {min(1.0, in_fits / there):.0%} in fits"
        )
    if len(own) < len(fits):
        n, earlier = len(fits) - len(own), max(0.0, stats["fit_time"] - in_fits)
        lines.append(f"{_seconds(earlier)} in {_count(n, 'fit')} that ran before, or nobody knows when")
    return lines


def _seconds(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


# -- failures ---------------------------------------------------------------------------------------------------------


def _outcomes(trials: Fitted) -> list[Outcome]:
    if trials.history is None:
        return []
    return [outcome for trial in trials.history.trials for outcome in trials.history.outcomes(trial.number).values()]


def _failed(trials: Fitted) -> list[Outcome]:
    return [outcome for outcome in _outcomes(trials) if outcome.status != "ok" and not outcome.shared]


def _reason(outcome: Outcome) -> str:
    """Return why a fit failed in one line: of a traceback the line that names the exception."""
    if outcome.error is None:
        return "the scorer failed"
    lines = outcome.error.strip().splitlines()
    calls = [i for i, line in enumerate(lines) if line.startswith("  File ")]
    named = [line for line in lines[calls[-1] :] if not line.startswith(" ")] if calls else lines
    return named[0] if named else lines[-1]


def _advice(found: AtEnd) -> str:
    low, high = (
        ("-inf" if found.low is None else f"{found.low:g}"),
        ("inf" if found.high is None else f"{found.high:g}"),
    )
    scale = ", log scale" if found.is_log else ""
    which = "smaller" if found.end == "lower" else "larger"
    example = "" if found.suggestion is None else f", for example to {found.suggestion:g}"
    return (
        f"{found.name} = {found.value:.5g} lies at the {found.end} end of its range ({low} to {high}{scale}): widen it"
        f"{example}, if {which} values make sense"
    )
