"""The sentences of a report, by section."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._sklearn import CANNOT_SET
from skhpo.messages.durations import in_words
from skhpo.messages.texts import message_start, one_line, said
from skhpo.report.words import rough, short, value_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from skhpo.history import Outcome
    from skhpo.report.comparison import Difference, OwnRows
    from skhpo.report.fitted import Fitted
    from skhpo.report.range_ends import AtEnd

_MOST_REASONS = 5
_ENDINGS = {
    "ok": "ok",
    "failed": "failed",
    "unscored": "without a usable score",
    "crashed": "lost with their worker",
    "timeout": "stopped by fit_timeout",
}
_METHOD = "Paired over the splits, corrected by Nadeau and Bengio 2003; p is of one comparison."


def name_of(estimator: Any) -> str:
    """Return the class of an estimator, of a pipeline with those of its steps."""
    name = short(type(estimator).__name__)
    steps = getattr(estimator, "steps", None)
    if not isinstance(steps, list):
        return name
    inner = (short(step if isinstance(step, str) else type(step).__name__) for _, step in steps)
    return f"{name}({', '.join(inner)})"


def tried(trials: Fitted) -> list[str]:
    """Say how much was tried."""
    every = _outcomes(trials)
    fits = [outcome for outcome in every if not outcome.shared]
    endings: Counter[str] = Counter(outcome.ending(trials.metric) for outcome in fits)
    parts = [f"{endings[ending]} {name}" for ending, name in _ENDINGS.items() if endings[ending]]
    lines = [f"{_count(len(trials.params), 'trial')}, {_count(len(fits), 'fit')}: {', '.join(parts)}"]
    if trials.resources is not None:
        amounts, counts = np.unique(trials.resources, return_counts=True)
        rungs = [f"{_count(int(n), 'trial')} with {amount:g}" for amount, n in zip(amounts, counts, strict=True)]
        compared = f"only those with {trials.top_resource:g} are compared below"
        lines.append(f"By {short(trials.resource_name)}: {', '.join(rungs)}; {compared}")
    if _is_partial(trials):
        lines.append("None has all splits: the search was stopped before")
    elif trials.stopped.any():
        lines.append(f"{_count(int(trials.stopped.sum()), 'trial')} stopped by the race before all splits were run")
    if n_shared := len({outcome.number for outcome in every if outcome.shared}):
        lines.append(f"{_count(n_shared, 'trial')} equal to an earlier one, or part of a longer fit: that one counts")
    return lines


def ended(search: Any, why: str, trials: Fitted) -> str:
    """Say why the search ended."""
    n_open = 0 if trials.history is None else len(trials.history.trials) - len(trials.params)
    left = f"; {_count(n_open, 'trial')} begun and not complete" if n_open else ""
    said = {
        "finished": "all that was planned was run",
        "exhausted": "the space has no more points",
        "timeout": f"timeout={search.timeout!r} seconds were over",
        "callback": "a callback stopped the search",
        "workers": "all workers were lost",
        "interrupt": "the search was interrupted",
    }
    return f"{said.get(why, why)}{left}"


def best(search: Any, trials: Fitted) -> list[str]:
    """Say what the best trial is, or the one that a callable ``refit`` chose."""
    if trials.best is None:
        return ["no trial has a usable score"]
    row, results = trials.best, search.cv_results_
    scores = trials.split_scores[row]
    spread = f", standard deviation {rough(scores.std())} over {len(scores)} splits" if len(scores) > 1 else ""
    chosen = ", chosen by refit" if callable(search.refit) else ""
    if trials.failed[row]:
        n_without = int(np.isnan(scores).sum())
        spread = f", but {n_without} of {_count(len(scores), 'split')} gave no usable score"
    elif _is_partial(trials):
        spread = f", an estimate from {int(np.isfinite(scores).sum())} of {len(scores)} splits"
    mean = results[f"mean_test_{trials.metric}"][row]
    lines = [f"{short(trials.label)} {mean:.5g}{spread} ({_trial(trials, row)}{chosen})"]
    lines += [f"{short(name)} = {value_text(value)}" for name, value in results["params"][row].items()]
    metrics = [name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_")]
    for name in metrics:
        if name != trials.metric:
            lines.append(f"its {short(name)} is {results[f'mean_test_{name}'][row]:.5g}")
    if len(metrics) > 1 and not isinstance(search.refit, str):
        lines.append(f"refit names no metric: this report goes by the first, {short(trials.metric)}.")
    if len(trials.params) > 1:
        what = "Chosen among many by such scores" if chosen else "As the best of many"
        lines.append(f"{what}, this score is optimistic; an outer cross-validation tells by how much.")
    return lines


def _is_partial(trials: Fitted) -> bool:
    """Whether even the best trial lacks splits."""
    return trials.best is not None and bool(trials.stopped[trials.best])


def how_sure(trials: Fitted, runner_up: Difference | None, n_close: int, n_others: int) -> list[str]:
    """Say how far it is ahead of the others, and how sure that is."""
    if _is_partial(trials):
        return ["There is no candidate with all splits: these scores are what is expected, not what was found."]
    if runner_up is None:
        return [_why_alone(trials)]
    is_behind = runner_up.mean < 0  # a callable refit may choose another than the best
    other = f"the {'best' if is_behind else 'next best'}, {_trial(trials, runner_up.row)}"
    if math.isnan(runner_up.standard_error):
        return [f"{_ahead(runner_up)} {other}; how much that says one split does not tell."]
    close = "Better, or within one standard error" if is_behind else "Within one standard error of the best"
    return [
        f"{_ahead(runner_up)} {other}{_precision(runner_up)}",
        f"{close}: {n_close} of {n_others} others{_which(trials)}",
        _METHOD,
    ]


def _why_alone(trials: Fitted) -> str:
    if len(trials.params) == 1:
        return "Nothing else was tried."
    if trials.best is None or trials.failed[trials.best]:
        return "There is no candidate with a usable score on each split to compare others with."
    return f"There is no other candidate{_which(trials) or ' without a failed fit'} to compare with."


def _which(trials: Fitted) -> str:
    """Return which trials are compared, where that is not all without failures."""
    resource = "" if trials.resources is None else f" with {short(trials.resource_name)} = {trials.top_resource:g}"
    return f"{resource}{' that had all splits' if trials.stopped.any() else ''}"


def untuned(trials: Fitted, own: OwnRows, found: Difference | None) -> str:
    """Say what the estimator's own parameters score."""
    if found is None:
        return _why_unknown(trials, own)
    if len(trials.params) == 1:
        return "The estimator's own parameters are all that was tried."
    if found.row == trials.best:
        return "The estimator's own parameters are the best ones found."
    score = trials.scores[found.row]
    return (
        f"The estimator's own parameters, {_trial(trials, found.row)}, score {score:.5g}: the best is "
        f"{_ahead(found)} them{_precision(found)}"
    )


def _why_unknown(trials: Fitted, own: OwnRows) -> str:
    if own.other_resource is not None:
        name = short(trials.resource_name)
        most = f"{name} = {trials.top_resource:g}"
        return f"Unknown: the estimator's own {name} is {said(own.other_resource)}, the most here was {most}."
    if own.first is None:
        return "Unknown: the estimator's own parameters were not tried."
    which = f"The estimator's own parameters, {_trial(trials, own.first)},"
    if trials.failed[own.first]:
        return f"{which} failed."
    if _is_partial(trials):
        return f"{which} lack splits, as all others do."
    if trials.stopped[own.first]:
        return f"{which} were stopped by the race: they are behind."
    return "Unknown: the estimator's own parameters were not tried with all of the resource."


def failures(reasons: Counter[str]) -> list[str]:
    """Say why fits failed."""
    lines = [f"{_count(n, 'fit')}: {why}" for why, n in reasons.most_common(_MOST_REASONS)]
    if len(reasons) > _MOST_REASONS:
        n = reasons.total() - sum(n for _, n in reasons.most_common(_MOST_REASONS))
        lines.append(f"{_count(n, 'fit')} for {_count(len(reasons) - _MOST_REASONS, 'other reason')}")
    return lines or ["none"]


def failed(trials: Fitted) -> list[Outcome]:
    """Return the fits without a score that can be used."""
    return [outcome for outcome in _outcomes(trials) if outcome.ending(trials.metric) != "ok" and not outcome.shared]


def reason(outcome: Outcome, metric: str | None = None) -> str:
    """Return why a fit has no score in one line: of a traceback the line that names the exception."""
    if outcome.error is not None:
        hint = (
            " (parameters that cannot be set: see when=, or write a list of dicts)"
            if CANNOT_SET in outcome.error
            else ""
        )
        return f"{_named_in(outcome.error)}{hint}"
    errors = outcome.score_errors or {}
    if errors:
        return _named_in(errors.get(str(metric)) or next(iter(errors.values())))
    found = outcome.found(metric)
    if found is None:
        return "the scorer failed"
    hint = " (of one test row, for which some metrics are not defined)" if outcome.n_test_samples == 1 else ""
    return f"the score is {found:g}{hint}"


def _named_in(error: str) -> str:
    """Return the line of a traceback that names the exception; of another text the first."""
    text = error.strip()
    at = message_start(text)
    is_cut = at == 0 and "\n  File " in text
    lines = text[at:].splitlines() or [""]
    return one_line(lines[-1 if is_cut else 0])


def time(stats: Mapping[str, Any], trials: Fitted, refit_time: float | None) -> list[str]:
    """Say where the time went."""
    n_workers, seconds = stats["n_workers"], stats["search_time"]
    fits = [outcome for outcome in _outcomes(trials) if not outcome.shared]
    known = [outcome for outcome in fits if outcome.started is not None]
    earlier = [outcome for outcome in known if (outcome.started or 0.0) < stats["started"]]
    in_fits = _fit_seconds(known) - _fit_seconds(earlier)
    lines = [
        f"{in_words(seconds)} for the search, of which {in_words(stats['suggest_time'])} for suggesting candidates"
    ]
    if n_workers is not None and len(known) > len(earlier):
        there = stats.get("worker_time", n_workers * seconds)
        most = "up to " if there < 0.99 * n_workers * seconds else ""  # a cluster that grew
        idle = max(0.0, there - in_fits)
        lines.append(
            f"{in_words(in_fits)} in fits and {in_words(idle)} waiting or starting, of {in_words(there)} that "
            f"{most}{_count(n_workers, 'worker')} had: {min(1.0, in_fits / there):.0%} in fits"
        )
    if earlier:
        lines.append(f"{in_words(_fit_seconds(earlier))} in {_count(len(earlier), 'fit')} of earlier runs")
    if n_unknown := len(fits) - len(known):
        lines.append(f"{_count(n_unknown, 'fit')} of which it is not known when they ran")
    if refit_time is not None:
        lines.append(f"{in_words(refit_time)} for the refit on all data")
    return lines


def _fit_seconds(fits: Sequence[Outcome]) -> float:
    return sum(outcome.fit_time + outcome.score_time for outcome in fits)


def advice(at_end: Sequence[AtEnd], *, has_ranges: bool) -> list[str]:
    """Say which ranges may be too narrow."""
    if not has_ranges:
        return ["No number had a range, or three values to choose from."]
    return [_advice(each) for each in at_end] or ["The best numbers lie inside of their ranges."]


def _advice(found: AtEnd) -> str:
    low, high = (
        ("-inf" if found.low is None else f"{found.low:g}"),
        ("inf" if found.high is None else f"{found.high:g}"),
    )
    scale = ", log scale" if found.is_log else ""
    which = "smaller" if found.end == "lower" else "larger"
    example = "" if found.suggestion is None else f", for example to {found.suggestion:g}"
    return (
        f"{short(found.name)} = {found.value:.5g} lies at the {found.end} end of its range ({low} to {high}{scale}): "
        f"widen it{example}, if {which} values make sense"
    )


# -- words ------------------------------------------------------------------------------------------------------------


def _count(n: int, what: str) -> str:
    return f"{n} {what}{'' if n == 1 else 's'}"


def _trial(trials: Fitted, row: int) -> str:
    return f"trial {trials.numbers[row] if trials.numbers else row}"


def _ahead(difference: Difference) -> str:
    if difference.mean < 0:
        return f"{rough(-difference.mean)} behind"
    return f"{rough(difference.mean)} ahead of" if difference.mean else "level with"


def _precision(difference: Difference) -> str:
    if math.isnan(difference.standard_error):
        return ""
    p = "" if math.isnan(difference.p_value) else f", p = {difference.p_value:.2g}"
    return f" (standard error {rough(difference.standard_error)}{p})"


def _outcomes(trials: Fitted) -> list[Outcome]:
    if trials.history is None:
        return []
    return [outcome for trial in trials.history.trials for outcome in trials.history.outcomes(trial.number).values()]
