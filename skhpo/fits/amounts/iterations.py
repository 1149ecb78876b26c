"""Iterations as the resource: a parameter of the estimator, and models that are fitted on with more of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from skhpo._sklearn import clone
from skhpo.estimators.table import facts_of
from skhpo.fits.amounts.base import Resource
from skhpo.fits.amounts.continuation import (
    Continuation,
    can_continue,
    continues_exactly,
    has_ended,
    is_of_last_step,
    last_step,
    starts_from,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from skhpo.fits.amounts.models import Models
    from skhpo.history import Params, Trial
    from skhpo.schedulers.halving import Rung

MIN_ITERATIONS_SHARE = 27
"""``min_resources="auto"`` starts with no less than the full number of iterations divided by this: three halvings by
three. Scores of one or two trees rank candidates at random."""


def find_parameter(estimator: Any, resource: str, searched: frozenset[str]) -> str:
    """Return the full name of the parameter that is the resource, or ``"n_samples"``.

    Parameters
    ----------
    estimator : estimator
        Whose parameter.
    resource : str
        ``"n_samples"``, ``"auto"``, or a parameter of the estimator or of the last step of a pipeline.
    searched : frozenset of str
        Parameters that are searched over.

    Raises
    ------
    ValueError
        If there is no such parameter, or it is searched over.
    """
    prefix, last = last_step(estimator)
    if resource == "auto":
        own = facts_of(last).iterations
        parameter = prefix + (own or "")
        replaced = {parameter[:end] for end, letter in enumerate(parameter) if parameter.startswith("__", end)}
        is_free = own is not None and not (replaced | {parameter}) & searched
        return parameter if is_free and _is_count(_value(estimator, parameter)) else "n_samples"
    if resource == "n_samples":
        return resource
    known = estimator.get_params()
    parameter = resource if resource in known or prefix + resource not in known else prefix + resource
    if parameter not in known:
        raise ValueError(
            f"Cannot use resource={resource} which is not supported by estimator {type(estimator).__name__}"
        )
    if parameter in searched:
        raise ValueError(
            f"Cannot use parameter {parameter} as the resource since it is part of the searched parameters."
        )
    return parameter


def given_resource(estimator: Any, resource: str, space: Any) -> str | None:
    """Return the parameter that is the resource, beside what is searched by name; None where it is no parameter.

    A default range would only be in its way.
    """
    try:
        found = find_parameter(estimator, resource, names_in(space))
    except ValueError:  # which is said later
        return None
    return None if found == "n_samples" else found


class Iterations(Resource):
    """An integer parameter of the estimator, and the models that were fitted with less of it.

    Parameters
    ----------
    name : str
        The parameter.
    full : int
        Its value on the last rung.
    models : Models or None
        Where fitted models wait; None for every fit to start over.
    brackets : sequence of sequences of Rung
        The schedule; only needed if ``is_exact`` is False.
    is_exact : bool
        Whether fits go on only where that gives what starting over gives, to the bit; else wherever they can.
    """

    def __init__(
        self,
        name: str,
        full: int,
        models: Models | None = None,
        brackets: Sequence[Sequence[Rung]] = (),
        *,
        is_exact: bool = True,
    ) -> None:
        super().__init__(name, full)
        self.models = models
        self.brackets = brackets
        self.is_exact = is_exact
        self._continues: dict[int, bool] = {}  # by trial: that is a matter of its parameters

    def params(self, fraction: float) -> Params:
        """Return the parameter and its value."""
        return {self.name: self.amount(fraction)}

    @contextmanager
    def begun(self, trial: Trial, split: int, estimator: Any) -> Iterator[Any]:
        """Yield a clone, or the model of the trial's parent, that goes on when it is fitted."""
        found = None if self.models is None or trial.parent is None else self.models.take(trial.parent, split)
        if self.models is None or (found is None and (self.is_exact or not is_of_last_step(estimator, self.name))):
            yield clone(estimator)
            return
        done, model = found or (0, None)
        last = None if model is None else last_step(model)[1]
        is_itself = last is not None and not starts_from(last)
        begun = model if is_itself else clone(estimator)
        start = None if is_itself else last
        last_step(begun)[1].fit = Continuation(begun, self.name, self._amounts(trial), done=done, start=start)
        with warnings.catch_warnings():
            # scikit-learn's forests fear that the data are others than in the first fit: they are the same.
            warnings.filterwarnings("ignore", message="class_weight presets", category=UserWarning)
            yield begun

    def _amounts(self, trial: Trial) -> list[int]:
        """Return what a candidate has had on each rung up to the one of the trial."""
        bracket = self.brackets[trial.bracket] if self.brackets else ()
        before = {rung.n_resources for rung in bracket if rung.number < trial.rung}
        return sorted(before | {self.amount(trial.fraction)})

    def keep(self, trial: Trial, split: int, model: Any, scores: Any) -> None:
        """Take a fitted model, if one can go on from it."""
        if self.models is None or trial.fraction == 1:
            return
        amount = self.amount(trial.fraction)
        if trial.number not in self._continues:
            self._continues[trial.number] = continues_exactly(model, self.name)
        if (
            self._continues[trial.number]
            or has_ended(model, self.name, amount)
            or (not self.is_exact and can_continue(model, self.name))
        ):
            score = next(iter(scores.values())) if isinstance(scores, dict) else scores
            self.models.keep(trial.number, split, (amount, model), worth=(trial.fraction, score))

    def close(self) -> None:
        """Forget the models."""
        if self.models is not None:
            self.models.close()


def _is_count(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool | np.bool_) and int(value) > 0


def _value(estimator: Any, parameter: str) -> Any:
    return estimator.get_params().get(parameter)


def full_iterations(estimator: Any, parameter: str) -> int | None:
    """Return the estimator's own value of an iteration parameter, or None where it is no number of iterations."""
    value = _value(estimator, parameter)
    return int(value) if _is_count(value) else None


def enough_iterations(full: int) -> int:
    """Return the least number of iterations with which scores say something; see `MIN_ITERATIONS_SHARE`."""
    return math.ceil(full / MIN_ITERATIONS_SHARE)


def measure_of(name: str, full: int) -> Resource:
    """Return a resource that only knows amounts, for results."""
    return Resource(name, full) if name == "n_samples" else Iterations(name, full)


def names_in(space: Any) -> frozenset[str]:
    """Return the names of all parameters of a space."""
    parts = space if isinstance(space, list | tuple) else [space]
    return frozenset(name for part in parts if isinstance(part, Mapping) for name in part)
