"""Steps that are fitted one after the other, and those inside of a step.

A `ColumnTransformer`, a `FeatureUnion` or a `Pipeline` that is a step itself has steps inside. They have prefixes of
their own, which begin at what the outer step is given, or at some columns of it. The outer step is fitted by
scikit-learn's own code. That calls ``fit_transform`` of each step inside, and there the cache may answer. So what is
made of their outputs is right by itself: in which order they stand, under which names, and whether they are sparse.
"""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from skhpo.estimators.facts import Training
from skhpo.estimators.hops import NoRouteError
from skhpo.fits.prefix.key import columns_key, is_fitted_here
from skhpo.fits.prefix.lent import without_us
from skhpo.fits.prefix.loan import passes_on
from skhpo.fits.prefix.parts import Hook, class_attribute, instance_fields, is_made_of_attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from skhpo.fits.prefix.loan import Loan, Prefix


class StepFits:
    """Fits and transforms one step per call, or takes both from the cache.

    Parameters
    ----------
    plain : callable
        ``plain(step, X, y, params=params, **more)`` does it, and returns the transformed samples and the fitted step.
    loan : Loan
        What there is of the cache.
    is_observed : bool
        Callbacks watch the steps.
    """

    def __init__(self, plain: Callable[..., Any], loan: Loan, *, is_observed: bool) -> None:
        self._plain = plain
        self._loan = loan
        self._is_observed = is_observed
        self._level = -1
        self._known: Prefix | None = None
        self._fitted: tuple[Any, ...] = ()

    def __call__(self, step: Any, X: Any, y: Any, **kwargs: Any) -> tuple[Any, Any]:
        """Return the transformed samples and the fitted step."""
        try:
            return self._fitted_or_known(step, X, y, **kwargs)
        except BaseException as error:
            error.__traceback__ = without_us(error)
            raise

    def _fitted_or_known(self, step: Any, X: Any, y: Any, **kwargs: Any) -> tuple[Any, Any]:
        self._level += 1
        level, given = self._level, (X, y, kwargs.get("params"))
        if level >= len(self._loan.levels):
            return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]
        if level == 0:
            self._loan.training_side = given
        known = self._find()
        if known is not None:
            self._fitted = known.steps[: level + 1]
            step = known.steps[level]
            self._loan.hook(level, step)
            # Before its last step the pipeline only passes the data on, to us: anything will do.
            result = known.data if level + 1 == len(known.steps) else X
            if self._is_observed:
                _tell(step, X, result, y, **kwargs)
            return result, step
        watch = self._loan.watch(level, given)
        if watch is None:
            return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]

        training = Training(X, y, _given_to_fit(kwargs.get("params")), {})

        def fit(step: Any) -> tuple[Any, Any]:
            with inside(step, self._loan, level):
                return self._plain(step, X, y, **kwargs)  # type: ignore[no-any-return]

        begun = time.process_time()
        (result, fitted), whole = (
            (self._plain(step, X, y, **kwargs), None)
            if self._is_observed
            else self._loan.fitted(level, step, training, fit)
        )
        seconds = time.process_time() - begun
        self._fitted = (*self._fitted, fitted)
        if self._loan.learn(level, watch, result, self._fitted, seconds):
            self._loan.hook(level, fitted)
        self._loan.keep_whole(level, whole, seconds)
        return result, fitted

    def _find(self) -> Prefix | None:
        """Return a copy of the longest known prefix with the step in it; with callbacks, at its end."""
        if self._known is None or len(self._known.steps) <= self._level:
            self._known = self._loan.find(self._level, is_observed=self._is_observed)
        return self._known


def _given_to_fit(params: Any) -> dict[str, Any]:
    """Return what a pipeline hands on to the `fit` of a step, besides samples and targets."""
    return dict((params or {}).get("fit_transform") or (params or {}).get("fit") or {})


def _tell(step: Any, X: Any, result: Any, y: Any, *, caller: Any, callback_ctx: Any, **_: Any) -> None:
    """Tell callbacks of a step that begins and ends at once."""
    with callback_ctx.propagate_callback_context(step):
        callback_ctx.call_on_fit_task_begin(estimator=caller, X=X, y=y)
        callback_ctx.call_on_fit_task_end(estimator=caller, X=result, y=y)


# -- steps inside of a step -------------------------------------------------------------------------------------------

_CLONE, _FIT = "__sklearn_clone__", "fit_transform"


@contextmanager
def inside(step: Any, loan: Loan, level: int) -> Iterator[None]:
    """Let the steps inside of a step be fitted with what the cache knows, if it has any.

    Parameters
    ----------
    step : estimator
        About to be fitted, once, in this context.
    loan : Loan
        In which the step has a level.
    level : int
        This one.
    """
    lent: list[Any] = []
    try:
        if is_fitted_here(step):
            lent = _lend(step, loan, level)
        yield
    finally:
        for each in lent:
            fields = instance_fields(each) or {}
            for name in (_CLONE, _FIT):
                if isinstance(fields.get(name), Hook):
                    del fields[name]


def _lend(step: Any, loan: Loan, level: int) -> list[Any]:
    """Let each branch of a step look into the cache, and return what was changed for it."""
    lent: list[Any] = []
    for name, columns, branch in _branches(step):
        try:
            key = columns_key(columns) if type(step) is ColumnTransformer else None
            if loan.is_cheap((level, key, name)):
                continue
            if type(step) is ColumnTransformer:
                lent += _lend_clone(branch, (loan, level, key, name))
            else:
                lent += _lend_steps(branch, loan, level, key, name)
        except Exception:  # noqa: BLE001, S112  (`NotReusable` and the unforeseen: then it is fitted each time)
            continue
    return lent


def is_plain(estimator: Any) -> bool:
    """Whether an estimator is a pipeline of several steps without a memory of its own."""
    return type(estimator) is Pipeline and estimator.memory is None and len(estimator.steps) > 1


def _branches(step: Any) -> list[tuple[str, Any, Any]]:
    """Return name, columns and estimator of each branch that is fitted."""
    if type(step) is Pipeline:
        return [("", None, step)]
    branches: list[tuple[str, Any, Any]]
    if type(step) is FeatureUnion:
        branches = [(name, None, branch) for name, branch in step.transformer_list]
    else:
        rest = ("remainder", [columns for _, _, columns in step.transformers], step.remainder)
        branches = [*((name, columns, branch) for name, branch, columns in step.transformers), rest]
    return [each for each in branches if each[2] is not None and type(each[2]) is not str]


def early_step(pipeline: Any, name: str) -> tuple[Any, str] | None:
    """Return the step that owns a parameter and its own name for it, if others follow the step or it is inside of one.

    Parameters
    ----------
    pipeline : estimator
        With all other parameters set.
    name : str
        Of the parameter, as `set_params` takes it.

    Raises
    ------
    NoRouteError
        If the step is inside of one that does not let the cache look in.
    """
    if not is_plain(pipeline):
        return None
    head, _, rest = name.partition("__")
    step = dict(pipeline.steps[:-1]).get(head)
    if step is None or passes_on(step) or not rest:
        return None
    while (found := _named(step, rest.partition("__")[0])) is not None:
        columns, inner = found
        if not is_fitted_here(step):
            what = "a memory" if type(step) is Pipeline else "an n_jobs"
            raise NoRouteError(f"{type(step).__name__} has {what} of its own")
        if not _are_known(columns):
            raise NoRouteError("a function chooses the columns")
        step, rest = inner, rest.partition("__")[2]
    return step, rest


def _named(step: Any, name: str) -> tuple[Any, Any] | None:
    """Return the step of a name inside of a step, and which columns it is given; None where there is none."""
    if type(step) is Pipeline:
        inside = {name: (None, inner) for name, inner in step.steps if not passes_on(inner)}
    elif type(step) in {ColumnTransformer, FeatureUnion}:
        inside = {name: (columns, branch) for name, columns, branch in _branches(step)}
    else:
        return None
    return inside.get(name)


def _are_known(columns: Any) -> bool:
    try:
        columns_key(columns)
    except Exception:  # noqa: BLE001  (`NotReusable`, and what a foreign object raises)
        return False
    return True


def _lend_clone(branch: Any, told: tuple[Loan, int, Hashable, str]) -> list[Any]:
    """Let the clone of a branch that a step makes before it fits it look into the cache."""
    fields = instance_fields(branch)
    if fields is None or _CLONE in fields:
        return []
    fields[_CLONE] = _Clone(branch, told)
    return [branch]


def _lend_steps(branch: Any, loan: Loan, level: int, columns: Hashable, name: str) -> list[Any]:
    """Let a branch look into the cache, the steps of a pipeline one by one."""
    is_opened = type(branch) is Pipeline and branch.memory is None and getattr(branch, "transform_input", None) is None
    steps: Sequence[tuple[str, Any]] = branch.steps if is_opened else [(name, branch)]
    if type(branch) is Pipeline and not is_opened:
        return []
    steps = list(takewhile(lambda named: passes_on(named[1]) or _is_lendable(named[1]), steps))
    inner = loan.inner(level, columns, name, steps)
    fits = StepFits(_fit_transform, inner, is_observed=False)
    lent = [step for _, step in steps if not passes_on(step)][: len(inner.levels)]
    for place, step in enumerate(lent):
        vars(step)[_FIT] = _FitTransform(fits, inner, place, step)
    return lent


def _is_lendable(step: Any) -> bool:
    """Whether a step may be told from outside what its fit gives."""
    method, fields = class_attribute(type(step), _FIT), instance_fields(step)
    is_settable = method is not None and class_attribute(type(method), "__set__") is None
    return is_settable and fields is not None and _FIT not in fields and is_made_of_attributes(type(step))


def _fit_transform(step: Any, X: Any, y: Any, *, params: dict[str, Any]) -> tuple[Any, Any]:
    return step.fit_transform(X, y, **params["fit_transform"]), step


class _Clone(Hook):
    """The way a branch is cloned while its step is fitted: what is cloned is fitted with what the cache knows."""

    def __init__(self, branch: Any, told: tuple[Loan, int, Hashable, str]) -> None:
        self._branch, self._told = branch, told

    def __call__(self) -> Any:
        vars(self._branch).pop(_CLONE, None)
        new = clone(self._branch)
        loan, level, columns, name = self._told
        with suppress(Exception):  # the unforeseen: then it is fitted each time
            _lend_steps(new, loan, level, columns, name)
        return new


class _FitTransform(Hook):
    """The method ``fit_transform`` of a step inside of another one, for one call."""

    def __init__(self, fits: StepFits, loan: Loan, level: int, step: Any) -> None:
        self._fits, self._loan, self._level, self._step = fits, loan, level, step

    def __call__(self, X: Any, y: Any = None, **params: Any) -> Any:
        own = vars(self._step)
        own.pop(_FIT, None)
        fresh = clone(self._step)
        passing = {name: value for name, value in own.items() if name not in vars(fresh)}  # as contexts of callbacks
        try:
            result, fitted = self._fits(fresh, X, y, params={"fit_transform": params})
        except BaseException as error:
            error.__traceback__ = without_us(error)
            raise
        fields = dict(vars(fitted))
        own.clear()
        own.update({name: value for name, value in fields.items() if not isinstance(value, Hook)}, **passing)
        if isinstance(fields.get("transform"), Hook):
            self._loan.hook(self._level, self._step)
        return result
