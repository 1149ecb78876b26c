"""Wrappers that learn from what the models inside predict: fitted once more, with models that are cut and not fitted.

A `CalibratedClassifierCV` fits a model on each of some splits, and calibrators to what these models predict. With
shorter models the calibrators are others. So the wrapper is fitted anew by scikit-learn's own code, and where it fits a
model inside, it is given a part of the longer one that was fitted to the same samples. Which are the same is told by
their content, so it does not matter how the wrapper splits, or in which order it fits.
"""

from __future__ import annotations

from functools import update_wrapper
from typing import TYPE_CHECKING, Any, TypeAlias

from joblib import hash as digest_of
from sklearn.base import clone

from skhpo.estimators.facts import view_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_CLONE, _FIT = "__sklearn_clone__", "fit"


Fitted: TypeAlias = "Callable[[str, Any, str, Callable[[], Any]], None]"
"""``fitted(name, model, digest, plain)`` fits a model inside, of the estimator ``name``; ``plain()`` would do it."""


class Inner:
    """The fits of the models inside of a wrapper, by what they were fitted to.

    Parameters
    ----------
    held : callable
        ``held(name, model)`` returns a copy of a fitted model that no one else changes.
    """

    def __init__(self, held: Callable[[str, Any], Any]) -> None:
        self._held = held
        self._models: dict[tuple[str, str], Any] = {}

    def record(self, wrapper: Any, names: Iterable[str], fit: Callable[[], Any]) -> Any:
        """Call the `fit` of a wrapper, and take down all that is fitted of its estimators."""

        def fitted(name: str, model: Any, digest: str, plain: Callable[[], Any]) -> None:
            plain()
            self._models[name, digest] = self._held(name, model)

        return _lent(wrapper, names, fitted, fit)

    def replay(self, wrapper: Any, names: Iterable[str], cut: Callable[[str, Any], Any], fit: Callable[[], Any]) -> Any:
        """Call the `fit` of a wrapper, where parts of what was taken down stand for fits of its estimators."""

        def fitted(name: str, model: Any, digest: str, plain: Callable[[], Any]) -> None:
            known = self._models.get((name, digest))
            if known is None:
                plain()
                return
            fields = vars(view_of(cut(name, known)))
            vars(model).update(fields)

        return _lent(wrapper, names, fitted, fit)


def _lent(wrapper: Any, names: Iterable[str], fitted: Fitted, fit: Callable[[], Any]) -> Any:
    """Call ``fit`` while clones of some estimators of a wrapper are fitted by another function."""
    params = wrapper.get_params()
    lent = [params[name] for name in names]
    for name, model in zip(names, lent, strict=True):
        vars(model)[_CLONE] = _Clone(name, model, fitted)
    try:
        return fit()
    finally:
        for model in lent:
            vars(model).pop(_CLONE, None)


class _Clone:
    """How an estimator is cloned for the time being: its clones, and theirs, are fitted in another way."""

    def __init__(self, name: str, model: Any, fitted: Fitted) -> None:
        self._name, self._model, self._fitted = name, model, fitted

    def __call__(self) -> Any:
        fields = vars(self._model)
        own = {name: fields.pop(name) for name in (_CLONE, _FIT) if name in fields}
        try:
            new = clone(self._model)
        finally:
            fields.update(own)
        told = self._name, new, self._fitted
        vars(new).update({_CLONE: _Clone(*told), _FIT: _Fit(*told)})
        return new


class _Fit:
    """The method `fit` of such a clone, for one call."""

    def __init__(self, name: str, model: Any, fitted: Fitted) -> None:
        update_wrapper(self, model.fit)  # who asks for its parameters is told those
        self._name, self._model, self._fitted = name, model, fitted

    def __call__(self, X: Any, y: Any = None, **params: Any) -> Any:
        model = self._model
        for name in (_CLONE, _FIT):
            vars(model).pop(name, None)
        self._fitted(self._name, model, digest_of((X, y, params)), lambda: model.fit(X, y, **params))
        return model
