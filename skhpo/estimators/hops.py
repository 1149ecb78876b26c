"""One step of the way into an estimator: through a pipeline's last step, or into a wrapper."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from skhpo.estimators.facts import view_of
from skhpo.estimators.seeds import is_seed
from skhpo.estimators.table import library_of, untested_version

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.estimators.facts import Training

# The parameters that may hold the estimator inside, and the attribute that holds what is fitted of it, one or a list.
_INSIDE, _CHAINED = ("estimator",), ("estimator", "base_estimator")
_WRAPPERS = {
    "sklearn.compose.TransformedTargetRegressor": (("regressor",), "regressor_"),
    "sklearn.model_selection.FixedThresholdClassifier": (_INSIDE, "estimator_"),
    "sklearn.multiclass.OneVsOneClassifier": (_INSIDE, "estimators_"),
    "sklearn.multiclass.OneVsRestClassifier": (_INSIDE, "estimators_"),
    "sklearn.multioutput.ClassifierChain": (_CHAINED, "estimators_"),
    "sklearn.multioutput.MultiOutputClassifier": (_INSIDE, "estimators_"),
    "sklearn.multioutput.MultiOutputRegressor": (_INSIDE, "estimators_"),
    "sklearn.multioutput.RegressorChain": (_CHAINED, "estimators_"),
}
_CHOICES = ("skhpo.automl.Choice", "skhpo.automl.lineup.Lineup")
IN_CHOICE = "choice__"
"""What stands in front of the name of a candidate, which is one head with it."""
_VOTERS = ("sklearn.ensemble.VotingClassifier", "sklearn.ensemble.VotingRegressor")
_STACKS = ("sklearn.ensemble.StackingClassifier", "sklearn.ensemble.StackingRegressor")
_REPLAYED = (
    "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.model_selection.TunedThresholdClassifierCV",
    *_STACKS,
)
"""What learns from predictions of the models inside, and can be fitted anew with shorter ones."""
_ON_PREDICTIONS = {
    "sklearn.feature_selection.RFE": "its features are chosen",
    "sklearn.feature_selection.RFECV": "its features are chosen",
    "sklearn.feature_selection.SelectFromModel": "its features are chosen",
    "sklearn.feature_selection.SequentialFeatureSelector": "its features are chosen",
    "sklearn.semi_supervised.SelfTrainingClassifier": "its labels are chosen",
}
"""What is done by the models inside, so that a shorter one inside would have made something else of it."""


class NoRouteError(ValueError):
    """A parameter is on no path; the message says why."""


@dataclass(frozen=True)
class Hop:
    """One step of the way into an estimator.

    Parameters
    ----------
    parameter : str
        What the estimator inside is called outside.
    attribute : str or None
        Where a fitted wrapper has what is fitted of it, one or a list; None for a pipeline's last step.
    """

    parameter: str
    attribute: str | None = None

    def replaced(self, model: Any, inside: Callable[[Any], Any], **unfitted: Any) -> Any:
        """Return a view of a fitted outer estimator with all that is fitted inside of it replaced."""
        if self.attribute is None:
            name, last = model.steps[-1]
            return view_of(model, steps=[*model.steps[:-1], (name, inside(last))])
        fitted = vars(model)[self.attribute]
        is_many = isinstance(fitted, list | tuple)
        replaced = type(fitted)([inside(one) for one in fitted]) if is_many else inside(fitted)
        return view_of(model, **{self.attribute: replaced}, **unfitted)

    def unfitted(self, model: Any, rest: str, value: Any) -> dict[str, Any]:
        """Return the parameters of a fitted outer estimator with the value of one inside of them changed."""
        if self.attribute is None:
            return {}
        return {self.parameter: clone(getattr(model, self.parameter)).set_params(**{rest: value})}


@dataclass(frozen=True)
class VoterHop(Hop):
    """The way to one of those who vote, known by its name."""

    def replaced(self, model: Any, inside: Callable[[Any], Any], **unfitted: Any) -> Any:
        """Return a view of fitted voters with one of them replaced."""
        names = [name for name, voter in model.estimators if not isinstance(voter, str)]
        voters = list(model.estimators_)
        place = names.index(self.parameter)
        voters[place] = inside(voters[place])
        named = Bunch(**{**model.named_estimators_, self.parameter: voters[place]})
        return view_of(model, estimators_=voters, named_estimators_=named, **unfitted)

    def unfitted(self, model: Any, rest: str, value: Any) -> dict[str, Any]:
        """Return the voters, not fitted, with a value of one of them changed."""
        changed = [
            (name, clone(voter).set_params(**{rest: value}) if name == self.parameter else voter)
            for name, voter in model.estimators
        ]
        return {"estimators": changed}


@dataclass(frozen=True)
class ChoiceHop(Hop):
    """The way to the candidate that is chosen among several, known by its name."""

    def unfitted(self, model: Any, rest: str, value: Any) -> dict[str, Any]:
        """Return the candidates with a value of one of them changed."""
        name = self.parameter.removeprefix(IN_CHOICE)
        changed = clone(model.candidates[name]).set_params(**{rest: value})
        return {"candidates": {**model.candidates, name: changed}}


@dataclass(frozen=True)
class ReplayHop(Hop):
    """The way to one of the models that a wrapper learns from, known by its name."""

    def names(self, wrapper: Any) -> list[str]:
        """Return the names of all models that it learns from."""
        if self.parameter in _INSIDE:
            return [self.parameter]
        return [name for name, model in wrapper.estimators if not isinstance(model, str)]

    def replaced(self, model: Any, inside: Callable[[Any], Any], **unfitted: Any) -> Any:  # noqa: ARG002
        """Return a view of a fitted wrapper: what is inside of it is never cut in its place."""
        return view_of(model, **unfitted)

    def refitted(self, model: Any, rest: str, value: Any, training: Training | None, cut: Callable[[Any], Any]) -> Any:
        """Return a wrapper that was fitted anew, with a value of one of the models inside, and cut ones of these.

        Raises
        ------
        ValueError
            If it is not known what it was fitted to.
        """
        if training is None:
            raise ValueError("the samples are not known")
        new = clone(model).set_params(**{f"{self.parameter}__{rest}": value})

        def part(name: str, known: Any) -> Any:
            return cut(known) if name == self.parameter else known

        training.notes[INNER].replay(
            new, self.names(new), part, lambda: new.fit(training.X, training.y, **training.params)
        )
        return new


INNER = "inner"
"""Under which note a training has the fits of the models inside."""


def hop_to(owner: Any, head: str) -> tuple[Any, Hop]:
    """Return the estimator one deeper, and the hop to it."""
    kind = type(owner).__name__
    if type(owner) is Pipeline:
        if head != owner.steps[-1][0]:
            raise NoRouteError(f"{head} is not the last step of the pipeline: what follows is fitted anew")
        return owner.steps[-1][1], Hop(head)
    name = _public_name(owner)
    if name in _CHOICES:
        return _chosen(owner, head)
    if (reason := _ON_PREDICTIONS.get(name)) is not None:
        raise NoRouteError(f"{reason} by what the models inside of {kind} say")
    if library_of(owner) != "sklearn" or (reason := untested_version(owner)) is not None:
        raise NoRouteError(reason or f"nothing is known of what {kind} does with {head}")
    if name in _REPLAYED:
        return _replayed(owner, head, name)
    if name in _VOTERS and (voter := dict(owner.estimators).get(head)) is not None:
        return voter, VoterHop(head, "estimators_")
    return _wrapped(owner, head, name)


def _wrapped(owner: Any, head: str, name: str) -> tuple[Any, Hop]:
    """Return the estimator inside of a wrapper, and the hop to it."""
    kind = type(owner).__name__
    heads, attribute = _WRAPPERS.get(name, ((), ""))
    if head not in heads:
        raise NoRouteError(f"nothing is known of what {kind} does with {head}")
    if getattr(owner, "cv", None) is not None:
        raise NoRouteError(f"with a cv, each model of {kind} is fitted to predictions of the one before")
    if getattr(owner, "order", None) == "random" and not is_seed(owner.random_state):
        raise NoRouteError("random_state is not an integer")
    return getattr(owner, head), Hop(head, attribute)


def _replayed(owner: Any, head: str, name: str) -> tuple[Any, Hop]:
    """Return one of the models that a wrapper learns from, or the one of a stack that does, and the hop to it."""
    kind = type(owner).__name__
    if isinstance(owner.cv, str):
        raise NoRouteError(f"the models of {kind} are fitted before it")
    if owner.n_jobs not in {None, 1}:
        raise NoRouteError(f"{kind} fits its models in other processes")
    if getattr(owner.cv, "shuffle", True) and not is_seed(getattr(owner.cv, "random_state", 0)):
        raise NoRouteError(f"the splits of {kind} have no seed")
    inside = dict(owner.estimators) if name in _STACKS else {"estimator": owner.estimator}
    if head == "final_estimator" and name in _STACKS and owner.final_estimator is not None:
        return owner.final_estimator, Hop(head, "final_estimator_")
    if not hasattr(inside.get(head), "get_params"):
        raise NoRouteError(f"nothing is known of what {kind} does with {head}")
    return inside[head], ReplayHop(head, "estimators_")


def _chosen(owner: Any, head: str) -> tuple[Any, Hop]:
    chosen = next(iter(owner.candidates)) if owner.choice is None else owner.choice
    if head != f"{IN_CHOICE}{chosen}":
        raise NoRouteError(f"{head} is not the candidate that is chosen")
    return owner.candidates[chosen], ChoiceHop(head, "estimator_")


def is_choice(estimator: Any) -> bool:
    """Whether an estimator is one of several, of which only that is fitted."""
    return _public_name(estimator) in _CHOICES


def _public_name(estimator: Any) -> str:
    """Return the key of a wrapper whose class is exactly this one, or an empty string."""
    name = type(estimator).__name__
    for key in (*_WRAPPERS, *_VOTERS, *_REPLAYED, *_ON_PREDICTIONS, *_CHOICES):
        module, _, short = key.rpartition(".")
        if short == name and getattr(sys.modules.get(module), name, None) is type(estimator):
            return key
    return ""
