"""The only file that touches scikit-learn's private names, and where the differences between its versions end.

Each name below says why it is needed. Everything else in the package uses scikit-learn's public interface or this file.
"""

from __future__ import annotations

import copy
import os
import traceback
from contextlib import contextmanager
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import sklearn
from sklearn import get_config

# What `clone` keeps is read off the one; validation and the callback life cycle around `fit` are the other's.
from sklearn.base import BaseEstimator, _clone_parametrized
from sklearn.base import _fit_context as fit_context
from sklearn.metrics import check_scoring

# A scorer of several metrics at once; `scoring=[...]` makes one and `scorer_` shows what is inside.
from sklearn.metrics._scorer import _MultimetricScorer as MultimetricScorer
from sklearn.metrics._scorer import _PassthroughScorer, _Scorer

# The face of a search: delegation, tags, routing, HTML. `_yield_masked...` builds the `param_*` columns. `_VisualBlock`
# is how an estimator says what HTML shows of it.
from sklearn.model_selection._search import BaseSearchCV as _BaseSearchCV
from sklearn.model_selection._search import (
    GridSearchCV,
    RandomizedSearchCV,
    _VisualBlock,
    _yield_masked_array_for_each_param,
)

# One fit and its scores; one more view of a model that was fitted so; and the message about failed fits.
from sklearn.model_selection._validation import _fit_and_score, _score, _warn_or_raise_about_fit_failures

# The rows of any container, and the sides of a split.
from sklearn.utils import _safe_indexing

# Constraints in the form that `fit_context` checks.
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metaestimators import _safe_split

# Checks the lengths of what is passed to `fit` beside X and y.
from sklearn.utils.validation import _check_method_params

from skhpo.estimators import callbacks, copies
from skhpo.estimators.queries import score_params
from skhpo.estimators.tags import TagLender, has_tags, tags_of, with_tags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from numpy.ma import MaskedArray
    from sklearn.utils import Tags

__all__ = [
    "CANNOT_SET",
    "CONSTRAINTS",
    "GRID_CONSTRAINTS",
    "RANDOM_CONSTRAINTS",
    "RETURN",
    "BaseSearchCV",
    "FitContext",
    "HasMethods",
    "Interval",
    "Metric",
    "MultimetricScorer",
    "StrOptions",
    "check_failures",
    "check_method_params",
    "check_multimetric_refit",
    "clone",
    "comparable_scorer",
    "fit_and_score",
    "fit_context",
    "fitted_scorer",
    "has_callbacks",
    "is_own_score",
    "masked_params",
    "metric_of",
    "root_context",
    "routed_params",
    "score_model",
    "scorer_names",
    "scorers_of",
    "select_best_index",
    "set_params",
    "take_rows",
    "unwrapped_scorer",
    "visual_block",
]

# What `fit_context` checks the constructor's arguments against.
CONSTRAINTS: dict[str, list[Any]] = _BaseSearchCV._parameter_constraints
GRID_CONSTRAINTS: dict[str, list[Any]] = GridSearchCV._parameter_constraints
RANDOM_CONSTRAINTS: dict[str, list[Any]] = RandomizedSearchCV._parameter_constraints

HAS_CALLBACKS = "callback_ctx" in signature(_fit_and_score).parameters  # since scikit-learn 1.9

RETURN = "return" if HAS_CALLBACKS else "returned"  # the tense of a message that users may match

CANNOT_SET = (
    "The parameters of this candidate cannot be set. If one of them only exists for some values of another, say so by "
    "when={...}, or write a list of dicts."
)

check_method_params = _check_method_params

_CLONE_IS_KNOWN = {
    name
    for name in (*_clone_parametrized.__code__.co_names, *_clone_parametrized.__code__.co_consts)
    if isinstance(name, str) and name.startswith("_")
} <= {*copies.KEPT, "__class__"}
"""Whether `clone` keeps no more than we know of: a later scikit-learn may, and is then asked each time."""

_GUIDE = "https://scikit-learn.org/stable/modules/grid_search.html"
"""Where the question mark in a notebook leads if nobody says where the pages of this library are."""


class BaseSearchCV(_BaseSearchCV):
    """The face of a search, which an estimator without tags does not close."""

    # In scikit-learn's HTML, parameters and attributes have tooltips where there is an address to link to.
    _doc_link_module = "skhpo"

    @property
    def _doc_link_template(self) -> str:
        pages = os.environ.get("SKHPO_DOCS")
        return f"{pages.rstrip('/')}/generated/skhpo.{{estimator_name}}.html" if pages else _GUIDE

    def __sklearn_tags__(self) -> Tags:
        if has_tags(self.estimator):
            return super().__sklearn_tags__()
        tags, inner = BaseEstimator.__sklearn_tags__(self), tags_of(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.classifier_tags, tags.regressor_tags = inner.classifier_tags, inner.regressor_tags
        return tags


class FitContext:
    """A node of scikit-learn's tree of tasks, as a search needs it; does nothing before scikit-learn 1.9.

    Differs from scikit-learn's own in two ways. It remembers whether a callback asked to stop, which scikit-learn's
    searches ignore. Pickled, it takes its ancestors along but not its siblings: with them each of n tasks would carry
    all n, while the caller's thread adds more.
    """

    def __init__(self, node: Any = None) -> None:
        self.node = node
        self.stop = False

    def subcontext(self, **kwargs: Any) -> FitContext:
        """Return a child."""
        return FitContext(None if self.node is None else self.node.subcontext(**kwargs))

    def call_on_fit_task_begin(self, **kwargs: Any) -> Self:
        """Tell the callbacks that the task begins."""
        if self.node is not None:
            self.node.call_on_fit_task_begin(**kwargs)
        return self

    def call_on_fit_task_end(self, **kwargs: Any) -> bool:
        """Tell the callbacks that the task ended; returns whether one of them asks to stop."""
        if self.node is not None:
            self.stop |= bool(self.node.call_on_fit_task_end(**kwargs))
        return self.stop

    @contextmanager
    def propagate_callback_context(self, estimator: Any) -> Iterator[None]:
        """Hand the callbacks to an estimator for the time of its fit."""
        if self.node is None:
            yield
            return
        with self.node.propagate_callback_context(estimator):
            if getattr(self.node, "_propagated_callbacks", None):
                self._listen_to(estimator)
            try:
                yield
            finally:
                vars(estimator).pop("_init_callback_context", None)
                # scikit-learn deletes this now. An estimator that resets itself in `fit`, as sktime's do, has done so.
                estimator._parent_callback_ctx = self.node

    def _listen_to(self, estimator: Any) -> None:
        """Hear what callbacks answer the estimator: a task of ours that is its whole fit ends there, not here."""
        init = estimator._init_callback_context

        def listening_init(*args: Any, **kwargs: Any) -> Any:
            del estimator._init_callback_context
            root = init(*args, **kwargs)
            end = root.call_on_fit_task_end

            def listening_end(**kwargs: Any) -> bool:
                stop = bool(end(**kwargs))
                self.stop |= stop
                return stop

            root.call_on_fit_task_end = listening_end
            return root

        estimator._init_callback_context = listening_init

    def __getstate__(self) -> dict[str, Any]:
        node = top = copy.copy(self.node)
        while top is not None:
            top._children_map = {}
            vars(top).pop("call_on_fit_task_end", None)  # who listens to it stays behind
            top.parent = copy.copy(top.parent)
            top = top.parent
        return {"node": node, "stop": self.stop}


def root_context(search: Any, *, max_subtasks: int) -> FitContext:
    """Set up the callbacks of a search and return the root of its tree of tasks."""
    if not HAS_CALLBACKS:
        return FitContext()
    return FitContext(search._init_callback_context(max_subtasks=max_subtasks))


def has_callbacks(search: Any) -> bool:
    """Whether the search or an estimator inside it has callbacks, so that its fits need a place in the tree."""
    return HAS_CALLBACKS and callbacks.has_callbacks(search)


def scorers_of(search: BaseSearchCV) -> tuple[Any, Any]:
    """Return the scorers of a search as one callable, and the name under which `refit` looks for the best.

    Raises
    ------
    ValueError
        If ``scoring`` is no scorer. A metric in its place, as `accuracy_score`, scikit-learn's searches let fail on
        every candidate; here its `check_scoring` tells at once what to write.
    """
    if callable(search.scoring):
        check_scoring(search.estimator, search.scoring)
    scorers, metric = search._get_scorers()
    return scorers, metric


def scorer_names(scorers: Any) -> list[str] | None:
    """Return the metrics' names, or None where there is one unnamed metric or they are not yet known."""
    return list(scorers._scorers) if isinstance(scorers, MultimetricScorer) else None


def unwrapped_scorer(scorers: Any) -> Any:
    """Return what ``scorer_`` shows: a dict of scorers for several metrics, else the one."""
    return scorers._scorers if isinstance(scorers, MultimetricScorer) else scorers


def fitted_scorer(scorers: Any, estimator: Any) -> Any:
    """Return ``scorer_``: `unwrapped_scorer`, which lends tags where the estimator has none."""
    found = unwrapped_scorer(scorers)
    if has_tags(estimator):
        return found
    return {name: TagLender(one) for name, one in found.items()} if isinstance(found, dict) else TagLender(found)


def comparable_scorer(scorers: Any) -> Any:
    """Return scorers without the estimator that the one of ``scoring=None`` holds, which may have been fitted since."""
    if isinstance(scorers, dict):
        return {name: comparable_scorer(scorer) for name, scorer in scorers.items()}
    if isinstance(scorers, _PassthroughScorer):
        return ["score", getattr(scorers, "_metadata_request", None)]
    return scorers


def visual_block(name: str, estimator: Any) -> Any:
    """Return what HTML shows of an estimator that is another one, which has a name."""
    return _VisualBlock("parallel", [estimator], names=[f"{name}: {type(estimator).__name__}"], name_details=[None])


class Metric(NamedTuple):
    """What a scorer of scikit-learn is made of.

    Parameters
    ----------
    function : callable
        ``function(y_true, y_pred, **kwargs)``.
    sign : {1, -1}
        -1 where less is better.
    kwargs : dict
        What the function is given beside targets and predictions.
    response_method : str or tuple of str
        Which predictions.
    """

    function: Callable[..., Any]
    sign: int
    kwargs: dict[str, Any]
    response_method: str | tuple[str, ...]


def metric_of(scorer: Any) -> Metric | None:
    """Return what a scorer that `make_scorer` made consists of, None for another; only private names hold it."""
    if not isinstance(scorer, _Scorer):
        return None
    method = scorer._response_method
    if method == "default":
        method = "predict"
    return Metric(scorer._score_func, scorer._sign, dict(scorer._kwargs), method)


def is_own_score(scorer: Any) -> bool:
    """Whether a scorer is what ``scoring=None`` stands for: the estimator's own `score`."""
    return isinstance(scorer, _PassthroughScorer)


def routed_params(search: BaseSearchCV, params: dict[str, Any], X: Any) -> Any:
    """Return the parameters of `fit` by receiver: ``estimator.fit``, ``splitter.split`` and ``scorer.score``."""
    routed = search._get_routed_params_for_fit(params)
    if not get_config()["enable_metadata_routing"]:
        routed.scorer.score.update(score_params(search.estimator, search.scoring, params, X))
    return routed


def check_multimetric_refit(search: BaseSearchCV, scores: Any) -> None:
    """Raise scikit-learn's ValueError where `refit` does not say which of several metrics decides."""
    search._check_refit_for_multimetric(scores)


def select_best_index(search: BaseSearchCV, metric: Any, results: dict[str, Any]) -> Any:
    """Return the row of the best candidate, by rank or as a callable `refit` says."""
    return search._select_best_index(search.refit, metric, results)


def masked_params(params: Sequence[dict[str, Any]]) -> Iterator[tuple[str, MaskedArray]]:
    """Yield the ``param_*`` columns, masked where a candidate has no such parameter."""
    return iter(_yield_masked_array_for_each_param(params))


def check_failures(errors: Iterable[str | None], error_score: Any) -> None:
    """Warn about failed fits grouped by traceback, or raise ValueError if all failed."""
    _warn_or_raise_about_fit_failures([{"fit_error": error} for error in errors], error_score)


def set_params(estimator: Any, params: dict[str, Any]) -> Any:
    """Return an estimator with copies of these parameters, set as scikit-learn's searches do.

    Whatever an estimator or the copy of a value raises gets a note that says what to do (`CANNOT_SET`).
    """
    try:
        return copies.set_own(estimator, {name: copies.copy_of(value) for name, value in params.items()})
    except Exception as error:
        error.add_note(CANNOT_SET)
        raise


def clone(estimator: Any) -> Any:
    """Return what ``sklearn.base.clone(estimator)`` returns."""
    return copies.clone(estimator) if _CLONE_IS_KNOWN else sklearn.clone(estimator)


def take_rows(X: Any, rows: Any, *, axis: int = 0) -> Any:
    """Return rows of whatever has some, as scikit-learn's fits are given them; with ``axis=1`` columns."""
    is_plain = axis == 0 and type(X) is np.ndarray and X.ndim and type(rows) is np.ndarray and rows.dtype.kind in "iu"
    if is_plain and not get_config()["array_api_dispatch"]:
        return X[rows, ...]
    return _safe_indexing(X, rows, axis=axis)


# Half of what a fit that does nothing takes is what scikit-learn asks since version 1.9 before it takes rows.
_fit_quickly = copies.with_names(_fit_and_score, _safe_split=copies.with_names(_safe_split, _safe_indexing=take_rows))


class _Unset:
    """Stands for an estimator until scikit-learn sets its parameters, which it does first; remembers what that raises.

    So that is done once and in its place, and its errors can be told from those of the search's own arguments.
    """

    def __init__(self, estimator: Any, params: dict[str, Any], on_set: Callable[[Any], object]) -> None:
        self.estimator, self.params, self.on_set = estimator, params, on_set
        self.error: Exception | None = None

    def set_params(self) -> Any:
        """Return the estimator with the parameters, and with tags."""
        try:
            estimator = set_params(self.estimator, self.params)
        except Exception as error:
            self.error = error
            raise
        self.on_set(estimator)
        return with_tags(estimator)


class _Shown(dict[str, Any]):
    """Parameters for scikit-learn to name in what it prints; what it sets of them is nothing, `_Unset` has them."""

    def __sklearn_clone__(self) -> dict[str, Any]:
        return {}


def fit_and_score(
    estimator: Any,
    X: Any,
    y: Any,
    *,
    parameters: dict[str, Any],
    shown: dict[str, Any],
    on_set: Callable[[Any], object],
    error_score: Any,
    caller: Any,
    context: FitContext | None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Fit and score an estimator on one split; see ``sklearn.model_selection._validation._fit_and_score``.

    Parameters that cannot be set are a failed fit, without any scores. What is printed of them is ``shown``; ``on_set``
    is called with the estimator when they are set.
    """
    if HAS_CALLBACKS and context is not None:
        kwargs.update(caller=caller, callback_ctx=context)
    unset = _Unset(estimator, parameters, on_set)
    try:
        found: dict[str, Any] = _fit_quickly(unset, X, y, parameters=_Shown(shown), error_score=error_score, **kwargs)
    except Exception as error:
        if error is not unset.error or error_score == "raise":
            raise
        if context is not None:  # observers count the fits
            context.call_on_fit_task_begin(estimator=caller)
            context.call_on_fit_task_end(estimator=caller)
        return {"fit_error": traceback.format_exc()}
    return found


def score_model(model: Any, data: tuple[Any, ...], scorer: Any, params: dict[str, Any], error_score: Any) -> Any:
    """Score a fitted model as `fit_and_score` does.

    Parameters
    ----------
    model : estimator
        Fitted.
    data : tuple
        Samples, and targets if there are any.
    scorer : callable
        One or several.
    params : dict
        What the scorer gets besides.
    error_score : "raise" or float
        As in scikit-learn's searches.
    """
    X, y = data if len(data) == 2 else (*data, None)
    return _score(model, X, y, scorer, params, error_score)
