"""What is passed to a search's `fit` for the estimator: refused before the first fit where no fit would take it."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from sklearn import get_config
from sklearn.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def check_fit_params(estimator: Any, names: Iterable[str], *, searched: Collection[str], error_score: Any) -> None:
    """Raise an error that says where a parameter belongs if the estimator's ``fit`` does not take it.

    With metadata routing enabled scikit-learn has checked them.

    Parameters
    ----------
    estimator : estimator
    names : iterable of str
        What is to be passed to its ``fit``.
    searched : collection of str
        Parameters of the space: what a step of a pipeline takes is not known where the step is one of them.
    error_score : "raise" or float
        As in scikit-learn's searches.

    Raises
    ------
    ValueError
        As scikit-learn's searches, after all fits have failed; TypeError where ``error_score="raise"``.
    """
    if get_config()["enable_metadata_routing"]:
        return
    for name in names:
        owner = _refusing(estimator, name, searched)
        if owner is not None:
            kind = TypeError if isinstance(error_score, str) else ValueError
            raise kind(_message(estimator, owner, name))


def _message(estimator: Any, owner: Any, name: str) -> str:
    text = (
        "What is passed to fit beyond X and y goes on to the estimator's fit, and that of "
        f"{type(owner).__name__} has no parameter {name.rpartition('__')[2]!r}, got {name!r}."
    )
    if "callback" in name:
        return (
            f"{text} Callbacks as scikit-optimize's are not needed: write timeout= for a deadline, checkpoint= to go "
            "on after a crash; the page on coming from scikit-optimize has the others."
        )
    if isinstance(estimator, Pipeline) and "__" not in name:
        steps = ", ".join(repr(f"{step}__{name}") for step, _ in estimator.steps)
        return f"{text} Name the step that it is for, one of {steps}."
    return f"{text} Leave it out."


def _refusing(estimator: Any, name: str, searched: Collection[str]) -> Any:
    """Return the estimator that would refuse a parameter of `fit`; None if nobody is sure to."""
    if isinstance(estimator, Pipeline) and type(estimator).fit is Pipeline.fit:
        return _refusing_step(estimator, name, searched)
    return None if _takes([getattr(estimator, "fit", None)], name) else estimator


def _refusing_step(pipeline: Pipeline, name: str, searched: Collection[str]) -> Any:
    step, separator, inner = name.partition("__")
    if not separator:
        return pipeline
    found = dict(pipeline.steps).get(step, "passthrough")
    if isinstance(found, str | Pipeline) or found is None or step in searched:
        return None  # what comes in its place may take it
    methods = [getattr(found, "fit", None)]
    if step != pipeline.steps[-1][0]:
        methods.append(getattr(found, "fit_transform", None))
    return None if _takes(methods, inner) else found


def _takes(methods: Iterable[Any], name: str) -> bool:
    """Whether one of some methods may take a parameter, as far as their signatures tell."""
    return any(method is not None and _may_take(method, name) for method in methods)


def _may_take(method: Any, name: str) -> bool:
    try:
        parameters = inspect.signature(method).parameters
    except (TypeError, ValueError):
        return True
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return True
    parameter = parameters.get(name)
    return parameter is not None and parameter.kind in {parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY}
