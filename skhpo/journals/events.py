"""The records of a journal as JSON: how they are written, and read back from a file that anyone may have changed."""

from __future__ import annotations

import json
import math
import sys
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from skhpo.history import FitFinished, FitStarted, Outcome, Trial, TrialStarted, TrialStopped
from skhpo.journals.retries import Limits, Retried

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skhpo.history import Params
    from skhpo.journals.retries import Record

UNTUNED = "<untuned>"
"""The name under which parameters outside of the space are written: those of the estimator as it came."""
_LARGEST = 2**53  # of the integers that every reader of JSON knows
_STATUSES = ("ok", "failed", "crashed", "timeout")


class Codec(NamedTuple):
    """How parameters are written as JSON and read back as the user's own objects."""

    to_json: Callable[[Params], Any]
    from_json: Callable[[Any], Params]


def to_text(record: Record, codec: Codec) -> str:
    """Return a record as it is written."""
    return json.dumps(_to_json(record, codec), allow_nan=False)


def from_text(text: object, from_json: Callable[[Any], Params]) -> Record:
    """Return the record that was written.

    Raises
    ------
    ValueError
        If the text is none, saying what is wrong with it.
    """
    try:
        return _from_json(parsed(text), from_json)
    except (LookupError, TypeError, AttributeError, ArithmeticError) as error:
        # What `from_json` makes of parameters that its space does not have.
        raise ValueError(f"parameters that cannot be read ({error})") from error


def parsed(text: object) -> dict[str, Any]:
    """Return the JSON object in a text; raises ValueError if there is none."""
    if not isinstance(text, str):
        raise ValueError(f"{type(text).__name__} where JSON was expected")  # noqa: TRY004
    try:
        found = json.loads(text)
    except RecursionError:
        raise ValueError("JSON that is nested too deeply") from None
    if not isinstance(found, dict):
        raise ValueError(f"JSON of type {type(found).__name__} where an object was expected")  # noqa: TRY004
    return found


def _to_json(record: Record, codec: Codec) -> dict[str, Any]:
    if isinstance(record, TrialStarted):
        trial = record.trial
        return {
            "kind": "trial",
            "number": trial.number,
            "params": codec.to_json(trial.params),
            "fraction": trial.fraction,
            "rung": trial.rung,
            "bracket": trial.bracket,
            "parent": trial.parent,
            "splits": None if record.splits is None else list(record.splits),
        }
    if isinstance(record, FitFinished):
        return {"kind": "fit", **_fields(record.outcome)}
    return {"kind": _KINDS[type(record)], **asdict(record)}


def _fields(outcome: Outcome) -> dict[str, Any]:
    fields = asdict(replace(outcome, path=None, predictions=None))
    del fields["predictions"]
    for name in ("test_scores", "train_scores"):
        fields[name] = _each(_number, fields[name])
    if outcome.path is not None:
        fields["path"] = [_fields(other) for other in outcome.path.values()]
    for name in _SELDOM:
        if fields[name] is None:
            del fields[name]
    return fields


_SELDOM = ("score_errors", "gradient", "path")  # fields of outcomes that are written where there is something in them
_KINDS: dict[type, str] = {FitStarted: "fit started", TrialStopped: "trial stopped", Limits: "run", Retried: "retry"}


def _each(convert: Callable[[Any], Any], scores: Any) -> Any:
    return {name: convert(score) for name, score in scores.items()} if isinstance(scores, dict) else convert(scores)


def _number(score: Any) -> float | str | None:
    """Return a score as JSON knows numbers: what is not finite becomes text."""
    if score is None:
        return None
    number = float(score)
    return number if math.isfinite(number) else repr(number)


# -- reading ----------------------------------------------------------------------------------------------------------

Rule: TypeAlias = "Callable[[Any], bool]"  # whether a value may stand in a field


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= _LARGEST


def _is_real(value: Any) -> bool:
    return type(value) in {int, float} and abs(value) <= sys.float_info.max


def _is_flag(value: Any) -> bool:
    return type(value) is bool


def _is_score(value: Any) -> bool:
    return _is_real(value) or value in _NOT_FINITE


def _is_scores(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value) and all(score is None or _is_score(score) for score in value.values())
    return _is_score(value)


def _or_none(rule: Rule) -> Rule:
    return lambda value: value is None or rule(value)


_NOT_FINITE = ("nan", "inf", "-inf")
_TRIAL: dict[str, Rule] = {
    "number": _is_count,
    "params": lambda value: isinstance(value, dict),
    "fraction": lambda value: _is_real(value) and 0 < value <= 1,
    "rung": _is_count,
    "bracket": _is_count,
    "parent": _or_none(_is_count),
    "splits": _or_none(lambda value: isinstance(value, list) and all(map(_is_count, value))),
}
_OUTCOME: dict[str, Rule] = {
    "number": _is_count,
    "split": _is_count,
    "test_scores": _or_none(_is_scores),
    "train_scores": _or_none(_is_scores),
    "fit_time": _is_real,
    "score_time": _is_real,
    "n_test_samples": _is_count,
    "error": _or_none(lambda value: isinstance(value, str)),
    "status": lambda value: value in _STATUSES,
    "stop": _is_flag,
    "shared": _is_flag,
    "started": _or_none(_is_real),
    "worker": _or_none(lambda value: isinstance(value, str)),
    "score_errors": _or_none(
        lambda value: isinstance(value, dict) and all(isinstance(error, str) for error in value.values())
    ),
    "gradient": _or_none(lambda value: isinstance(value, dict) and all(map(_is_real, value.values()))),
    "path": _or_none(lambda value: isinstance(value, list) and all(isinstance(other, dict) for other in value)),
}
_FIT_STARTED: dict[str, Rule] = {"number": _is_count, "split": _is_count}
_TRIAL_STOPPED: dict[str, Rule] = {"number": _is_count, "against": _or_none(_is_count)}
_LIMITS: dict[str, Rule] = {"fit_timeout": _or_none(_is_real), "workers": lambda value: isinstance(value, str)}
_RETRIED: dict[str, Rule] = {
    "fits": lambda value: (
        isinstance(value, list)
        and all(isinstance(fit, list) and len(fit) == 2 and all(map(_is_count, fit)) for fit in value)
    )
}
_NEWER = {"started", "worker", "score_errors", "gradient", "path", "splits"}  # fields that files of before do not have


def _from_json(body: dict[str, Any], from_json: Callable[[Any], Params]) -> Record:  # one per kind
    kind = body.pop("kind", None)
    if kind == "trial":
        fields = _checked(body, kind, _TRIAL)
        splits = fields.pop("splits", None)
        trial = Trial(**{**fields, "params": from_json(fields["params"])})
        return TrialStarted(trial, None if splits is None else tuple(splits))
    if kind == "fit":
        return FitFinished(_outcome(body, kind))
    if kind == "fit started":
        return FitStarted(**_checked(body, kind, _FIT_STARTED))
    if kind == "trial stopped":
        return TrialStopped(**_checked(body, kind, _TRIAL_STOPPED))
    if kind == "run":
        return Limits(**_checked(body, kind, _LIMITS))
    if kind == "retry":
        return Retried(tuple((number, split) for number, split in _checked(body, kind, _RETRIED)["fits"]))
    raise ValueError(f"an event of kind {_short(kind)}")


def _outcome(body: dict[str, Any], kind: str) -> Outcome:
    fields = _checked(body, kind, _OUTCOME)
    for name in ("test_scores", "train_scores"):
        fields[name] = _each(lambda score: None if score is None else float(score), fields[name])
    path = fields.pop("path", None)
    others = None if path is None else [_outcome(other, kind) for other in path]
    if others and any(other.path is not None or other.split != fields["split"] for other in others):
        raise ValueError(f"{kind!r} with outcomes of other splits in its path")
    return Outcome(**fields, path=None if others is None else {other.number: other for other in others})


def _checked(body: dict[str, Any], kind: str, rules: Mapping[str, Rule]) -> dict[str, Any]:
    """Return the fields of a record, each of which keeps its rule."""
    wrong = body.keys() ^ rules.keys()
    if wrong - (_NEWER - body.keys()):
        raise ValueError(f"{kind!r} with the fields {_short(sorted(body))}")
    for name, value in body.items():
        if not rules[name](value):
            raise ValueError(f"{kind!r} with {name}={_short(value)}")
    return dict(body)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]} ..."
