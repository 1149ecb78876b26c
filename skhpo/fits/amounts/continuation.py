"""Going on with a fitted estimator where its fit ended, instead of starting over.

Some estimators then are, to the bit, what they would be had they been fitted in one go; some only come close. And some
had ended by themselves before their last iteration: more of them changes nothing, and nothing is to be done.

scikit-learn's glossary, on ``warm_start``, has the two ways to count: ensembles are told their size in the end, all
others how many iterations come on top.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skhpo.estimators.seeds import are_seeded
from skhpo.estimators.table import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def last_step(estimator: Any) -> tuple[str, Any]:
    """Return the last step of a pipeline, or the estimator itself, and what its parameters' names begin with."""
    prefix = ""
    while type(estimator) is Pipeline:
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def continues_exactly(estimator: Any, parameter: str) -> bool:
    """Whether an estimator, given more of the parameter and fitted on, is to the bit as if fitted from the start.

    That takes an estimator that promises it (`Facts.continues`), and a seed in all that draws random numbers: what is
    refitted on the way, the early steps of a pipeline, must come out as before.
    """
    prefix, last = last_step(estimator)
    facts = facts_of(last)
    return (
        facts.iterations is not None
        and parameter == prefix + facts.iterations
        and facts.continues(last)
        and are_seeded(estimator, beside=f"{prefix}estimator__")
    )


def has_ended(estimator: Any, parameter: str, amount: int) -> bool:
    """Whether a fitted estimator ended by itself with less of the parameter than it could have had.

    Fitted with still more of it, it would end at the same place, if all that draws random numbers has a seed.
    """
    prefix, last = last_step(estimator)
    own, count = facts_of(last).counts or ("", "")
    if (
        parameter != prefix + own
        or not hasattr(last, count)
        or not are_seeded(estimator, beside=f"{prefix}estimator__")
    ):
        return False
    return int(np.max(getattr(last, count))) < amount or (own == "max_iter" and _has_just_stopped(last))


def _has_just_stopped(model: Any) -> bool:
    """Whether histogram gradient boosting stopped early at what happened to be its last iteration.

    Its own rule: none of the last ``n_iter_no_change`` scores is better than the one before them by ``tol``.
    """
    if not getattr(model, "do_early_stopping_", False):
        return False
    scores = model.train_score_ if model.validation_fraction is None else model.validation_score_
    recent = scores[-model.n_iter_no_change :]
    is_long_enough = len(scores) > model.n_iter_no_change
    return is_long_enough and not any(recent > scores[-model.n_iter_no_change - 1] + model.tol)


class Stretch(NamedTuple):
    """A part of a fit.

    Parameters
    ----------
    parameter : str
        The last step's own name of it.
    done, total : int
        What the model has had of the parameter, and is to have in the end.
    start : estimator or None
        The fitted one, for those that are not fitted on themselves.
    """

    parameter: str
    done: int
    total: int
    start: Any = None


def way_on(last: Any, parameter: str) -> Callable[[Any, Stretch, Any, Any], None] | None:
    """Return ``fit(last, stretch, data, params)`` that goes on, exactly or not; None where that cannot be done.

    Parameters
    ----------
    last : estimator
        The last step.
    parameter : str
        Its own name of the parameter.
    """
    facts, params = facts_of(last), last.get_params(deep=False)
    is_size = parameter in {facts.iterations, "n_estimators"}
    if starts_from(last):
        return _from_another if facts.iterations is not None and is_size else None
    if "warm_start" not in params or (params.get("oob_score") and facts.refits_oob):
        return None
    if is_size:
        return _to_size
    if parameter != "max_iter":
        return None
    # Another epoch goes on with the step sizes, another fit begins anew with them. Epochs refuse some settings.
    has_epochs = hasattr(last, "partial_fit") and not params.get("early_stopping")
    return _by_epochs if has_epochs and params.get("class_weight") != "balanced" else _by_more


def is_of_last_step(estimator: Any, parameter: str) -> bool:
    """Whether a parameter is the last step's own."""
    prefix, last = last_step(estimator)
    own = parameter.removeprefix(prefix)
    return parameter == prefix + own and hasattr(last, "get_params") and own in last.get_params(deep=False)


def can_continue(estimator: Any, parameter: str) -> bool:
    """Whether there is a way on, be it exact or not."""
    prefix, last = last_step(estimator)
    return is_of_last_step(estimator, parameter) and way_on(last, parameter.removeprefix(prefix)) is not None


def starts_from(last: Any) -> bool:
    """Whether an estimator is not fitted on itself, but another one starts from it."""
    return facts_of(last).start_from is not None


def _to_size(last: Any, stretch: Stretch, data: Any, params: Any) -> None:
    last.set_params(**{stretch.parameter: stretch.total, "warm_start": True}).fit(*data, **params)


def _by_more(last: Any, stretch: Stretch, data: Any, params: Any) -> None:
    last.set_params(**{stretch.parameter: stretch.total - stretch.done, "warm_start": True}).fit(*data, **params)
    _count_all(last, stretch)


def _by_epochs(last: Any, stretch: Stretch, data: Any, params: Any) -> None:
    if stretch.done == 0:
        last.set_params(**{stretch.parameter: stretch.total}).fit(*data, **params)
        return
    weight = {name: value for name, value in params.items() if name == "sample_weight"}
    for _ in range(stretch.total - stretch.done):
        last.partial_fit(*data, **weight)
    _count_all(last, stretch)


def _count_all(last: Any, stretch: Stretch) -> None:
    """Let an estimator that counts the iterations of its last call say those of all."""
    if stretch.done and facts_of(last).counts is not None:
        last.n_iter_ = stretch.total


def _from_another(last: Any, stretch: Stretch, data: Any, params: Any) -> None:
    parameter = facts_of(last).start_from
    start = {} if stretch.start is None or parameter is None else {parameter: stretch.start}
    last.set_params(**{stretch.parameter: stretch.total - stretch.done}).fit(*data, **params, **start)


class Continuation:
    """The method ``fit`` of a last step, for one call, which starts where an earlier fit ended.

    Without a model of an earlier fit, there are two cases. Where going on is exact, the fit starts over. Where it is
    not, the result depends on the amounts in between, so the fit goes through those of all rungs again. Either way
    results do not depend on where models are found.

    Parameters
    ----------
    estimator : estimator
        To be fitted: the fitted one, or a clone of it.
    parameter : str
        The full name of the parameter.
    amounts : sequence of int
        What the candidate has of it on each rung up to this one, ascending.
    done : int
        What ``estimator`` or ``start`` was fitted with; 0 if there is no model.
    start : estimator or None
        The fitted last step, where ``estimator`` is a clone.
    """

    def __init__(
        self, estimator: Any, parameter: str, amounts: Sequence[int], *, done: int = 0, start: Any = None
    ) -> None:
        self.estimator = estimator
        self.parameter = parameter
        self.amounts = [amount for amount in amounts if amount > done]
        self.done = done
        self.start = start

    def __call__(self, X: Any, y: Any = None, **params: Any) -> Any:
        """Fit the last step."""
        prefix, last = last_step(self.estimator)
        del last.fit  # from here on it is its own
        data = (X,) if y is None else (X, y)
        own = self.parameter.removeprefix(prefix)
        way = way_on(last, own)
        if self.done == 0 and (way is None or continues_exactly(self.estimator, self.parameter)):
            return last.fit(*data, **params)
        total, done, start = self.amounts[-1], self.done, self.start
        for amount in self.amounts:
            if way is None or (done and has_ended(self.estimator, self.parameter, done)):
                break
            is_between = way is _from_another and amount < total
            model = clone(last) if is_between else last
            way(model, Stretch(own, done, amount, start), data, params)
            done, start = amount, model
        if way is not _from_another:
            last.set_params(**{own: total})
        return last
