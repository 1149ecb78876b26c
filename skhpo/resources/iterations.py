"""Iterations that add up as the resource: going on where a fit ended.

A fit of an ensemble can go on from its first hundred members to the next instead of starting over. Models stay in the
memory of the process that fitted them; who does not find one starts over, which gives the same.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from contextlib import contextmanager
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skhpo.resources.base import Resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from skhpo.resources.models import Models
    from skhpo.trial import Params, Trial

MIN_ITERATIONS_SHARE = 27
"""``min_resources="auto"`` starts with no less than the full number of iterations divided by this: three halvings by
three. With one or two trees all that is compared is luck."""

# Iteration parameters that add up: the model after k iterations is a part of the one after more.
ITERATIONS = {
    **{f"sklearn.RandomForest{kind}": "n_estimators" for kind in ("Classifier", "Regressor")},
    **{f"sklearn.ExtraTrees{kind}": "n_estimators" for kind in ("Classifier", "Regressor")},
    **{f"sklearn.Bagging{kind}": "n_estimators" for kind in ("Classifier", "Regressor")},
    **{f"sklearn.AdaBoost{kind}": "n_estimators" for kind in ("Classifier", "Regressor")},
    **{f"sklearn.GradientBoosting{kind}": "n_estimators" for kind in ("Classifier", "Regressor")},
    **{f"sklearn.HistGradientBoosting{kind}": "max_iter" for kind in ("Classifier", "Regressor")},
    **{f"xgboost.XGB{kind}": "n_estimators" for kind in ("Classifier", "Regressor", "Ranker")},
    **{f"lightgbm.LGBM{kind}": "n_estimators" for kind in ("Classifier", "Regressor", "Ranker")},
    **{f"catboost.CatBoost{kind}": "iterations" for kind in ("Classifier", "Regressor")},
}


def _always(model: Any) -> bool:  # noqa: ARG001
    return True


# Those that can go on to the bit as if they had not stopped, if what is said of the fitted model is so.
CONTINUES: dict[str, Callable[[Any], bool]] = {
    **{f"sklearn.RandomForest{kind}": _always for kind in ("Classifier", "Regressor")},
    **{f"sklearn.ExtraTrees{kind}": _always for kind in ("Classifier", "Regressor")},
    # Out-of-bag scores of a continued ensemble would be of its new members only: scikit-learn refuses.
    **{f"sklearn.Bagging{kind}": lambda model: not model.oob_score for kind in ("Classifier", "Regressor")},
    # For how long the loss has not improved is forgotten between two fits.
    **{f"sklearn.GradientBoosting{kind}": lambda m: m.n_iter_no_change is None for kind in ("Classifier", "Regressor")},
    # What has stopped early would add an iteration each time.
    **{
        f"sklearn.HistGradientBoosting{kind}": lambda m: not m.do_early_stopping_
        for kind in ("Classifier", "Regressor")
    },
}


def kind_of(estimator: Any) -> str:
    """Return library and class: ``"sklearn.RandomForestClassifier"``."""
    return f"{type(estimator).__module__.partition('.')[0]}.{type(estimator).__name__}"


def last_step(estimator: Any) -> tuple[str, Any]:
    """Return the last step of a pipeline, or the estimator itself, and what its parameters' names begin with."""
    prefix = ""
    while type(estimator) is Pipeline:
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


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
        parameter = prefix + ITERATIONS.get(kind_of(last), "")
        replaced = {parameter[:end] for end, letter in enumerate(parameter) if parameter.startswith("__", end)}
        is_free = kind_of(last) in ITERATIONS and not (replaced | {parameter}) & searched
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
    """

    def __init__(self, name: str, full: int, models: Models | None = None) -> None:
        super().__init__(name, full)
        self.models = models

    def params(self, fraction: float) -> Params:
        """Return the parameter and its value."""
        return {self.name: self.amount(fraction)}

    @contextmanager
    def begun(self, trial: Trial, split: int, estimator: Any) -> Iterator[Any]:
        """Yield the fitted model of the trial's parent, to be fitted on with ``warm_start``, or a clone."""
        model = None if self.models is None or trial.parent is None else self.models.take(trial.parent, split)
        if model is None:
            yield clone(estimator)
            return
        model.set_params(**{f"{last_step(model)[0]}warm_start": True})
        with warnings.catch_warnings():
            # scikit-learn's forests fear that the data are others than in the first fit: they are the same.
            warnings.filterwarnings("ignore", message="class_weight presets", category=UserWarning)
            yield model

    def keep(self, trial: Trial, split: int, model: Any, scores: Any) -> None:
        """Take a fitted model, if one can go on from it to the bit as if it had not stopped."""
        score = next(iter(scores.values())) if isinstance(scores, dict) else scores
        if self.models is not None and trial.fraction < 1 and continues_exactly(model, self.name):
            self.models.keep(trial.number, split, model, worth=(trial.fraction, score))


def continues_exactly(estimator: Any, parameter: str) -> bool:
    """Whether a fitted estimator, given more of the parameter and fitted on, is to the bit as if fitted from the start.

    That takes an estimator that promises it (`CONTINUES`), and a seed in all that draws random numbers: what is
    refitted on the way, the early steps of a pipeline, must come out as before.
    """
    prefix, last = last_step(estimator)
    if parameter != prefix + ITERATIONS.get(kind_of(last), "") or kind_of(last) not in CONTINUES:
        return False
    if not CONTINUES[kind_of(last)](last):
        return False
    seeds = {name: value for name, value in estimator.get_params().items() if name.endswith("random_state")}
    # An ensemble seeds its members itself.
    inner = {name for name in seeds if name.startswith(f"{prefix}estimator__")}
    return all(isinstance(seed, Integral) for name, seed in seeds.items() if name not in inner)


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
