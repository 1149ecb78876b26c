"""scikit-learn's tree of tasks, of which its callbacks are told; there is none before version 1.9."""

from __future__ import annotations

import copy
from contextlib import contextmanager
from inspect import signature
from numbers import Number
from typing import TYPE_CHECKING, Any, Self

from sklearn.model_selection._validation import _fit_and_score

if TYPE_CHECKING:
    from collections.abc import Iterator

HAS_CALLBACKS = "callback_ctx" in signature(_fit_and_score).parameters
"""Whether a fit has a place in the tree: since scikit-learn 1.9."""


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
    return HAS_CALLBACKS and _are_in(search)


def _are_in(value: Any) -> bool:
    if isinstance(value, str | Number):
        return False
    if isinstance(value, dict):
        return any(map(_are_in, value.values()))
    if isinstance(value, list | tuple):
        # A long list of numbers is seen to be one without looking at each.
        return not {*map(type, value)} <= {int, float, str, bool, type(None)} and any(map(_are_in, value))
    if getattr(value, "_skl_callbacks", None):
        return True
    if hasattr(value, "get_params") and not isinstance(value, type):
        return any(map(_are_in, value.get_params(deep=False).values()))
    return _are_in(getattr(value, "choices", ()))
