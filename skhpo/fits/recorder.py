"""What a fitted estimator predicts for its test side, taken down while scorers ask for it.

Scorers predict anyway. So the methods of the estimator are listened to for as long as its test side is scored, and only
what no scorer asked for is asked for once more.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.ensemble import BaggingClassifier, ExtraTreesClassifier, RandomForestClassifier

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Predicted = Mapping[str, NDArray[Any]]

METHODS = ("predict_proba", "decision_function", "predict")
"""What may be kept of a fit's test side, the most telling first."""

_BY_PROBABILITY = {RandomForestClassifier, ExtraTreesClassifier, BaggingClassifier}
"""Classes whose `predict` is the label with the largest of `predict_proba`, which is nearly all that it costs."""


class Recording(NamedTuple):
    """That predictions are taken down, and in what terms.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,) or None
        The labels of all data in order; None in regression, and where there are several outputs.
    is_always : bool
        Whether those of fits with a part of the resource are wanted too.
    """

    classes: NDArray[Any] | None
    is_always: bool = False

    def recorder(self, fraction: float) -> Recorder | None:
        """Return who takes down what a fit predicts that has a share of the resource; None where nobody does."""
        return Recorder(self.classes) if fraction == 1.0 or self.is_always else None


class Recorder:
    """Takes down what is predicted for one set of rows.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,) or None
        The labels of all data in order, to which a fit's are aligned: it may not have seen all of them. None in
        regression, and where there are several outputs.
    """

    def __init__(self, classes: NDArray[Any] | None) -> None:
        self._classes = classes
        self._taken: dict[str, NDArray[Any]] = {}
        self._asked: set[str] = set()
        self._depth = 0
        self._is_done = False

    @contextmanager
    def listening(self, estimator: Any, X: Any) -> Iterator[None]:
        """Listen to the estimator while scorers ask it about X, and then ask for what is missing; once."""
        if self._is_done:
            yield
            return
        self._is_done = True
        put = self._listen(estimator, X)
        try:
            yield
            self._ask(estimator, X)
        finally:
            for name in put:
                vars(estimator).pop(name, None)

    def predicted(self) -> Predicted | None:
        """Return what scorers asked for, and the most telling of what there is; None where nothing is finite."""
        finite = [name for name in METHODS if name in self._taken and np.isfinite(self._taken[name]).all()]
        return {name: self._taken[name] for name in finite if name in self._asked or name == finite[0]} or None

    def _listen(self, estimator: Any, X: Any) -> list[str]:
        """Put listeners in place of the estimator's methods; returns their names."""
        put: list[str] = []
        if not hasattr(estimator, "__dict__"):
            return put
        for name in METHODS:
            method = getattr(estimator, name, None)
            if method is not None and name not in vars(estimator):
                if name == "predict" and _is_by_probability(estimator):
                    method = _ByProbability(estimator)
                # Not by `setattr`, in which some estimators do things of their own.
                vars(estimator)[name] = _Listener(name, method, X, self, estimator)
                put.append(name)
        return put

    def _ask(self, estimator: Any, X: Any) -> None:
        """Ask for probabilities where no scorer did, and for anything else where no scorer asked at all.

        Decision values are not worth another prediction: they cannot be averaged, and labels are known.
        """
        for name in METHODS:
            if name in self._taken or (self._taken and name != "predict_proba"):
                return
            method = getattr(estimator, name, None)
            if method is not None:
                with suppress(Exception):  # it is not what the search was asked to do
                    method(X)
                    if name not in self._taken:  # the class does not let itself be listened to
                        self.take(name, method(X), estimator)

    @contextmanager
    def asking(self, name: str) -> Iterator[None]:
        """Take note of who asks: what methods ask each other was not asked for by a scorer."""
        if self._depth == 0:
            self._asked.add(name)
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def take(self, name: str, answer: Any, estimator: Any) -> None:
        """Take a copy of an answer, which its receiver may write into."""
        if name not in self._taken:
            with suppress(Exception):  # an answer of another kind is not kept
                found = self._aligned(name, answer, getattr(estimator, "classes_", None))
                if found is not None:
                    self._taken[name] = found

    def _aligned(self, name: str, answer: Any, known: Any) -> NDArray[Any] | None:
        """Return an answer in terms of the labels of all data; None where it has another form."""
        if isinstance(answer, list):  # of several outputs
            return None
        values, classes = np.asarray(answer), self._classes
        if name == "predict" and classes is not None:
            places = np.minimum(np.searchsorted(classes, values), len(classes) - 1)
            return places.astype(np.int32) if (classes[places] == values).all() else None
        if values.dtype.kind not in "iufb":
            return None
        if name == "predict":
            return values.astype(np.float32)
        return None if classes is None or known is None else _by_class(name, values, classes, known)


def _by_class(name: str, values: NDArray[Any], classes: NDArray[Any], known: Any) -> NDArray[Any] | None:
    """Return what an estimator that knows some labels says of each label of all; None where it has another form."""
    if name == "decision_function" and values.ndim == 1:
        if len(classes) == 2:
            return values.astype(np.float32)
        values = np.stack([-values, values], axis=1)
    if values.ndim != 2 or values.shape[1] != len(known):
        return None
    lowest = 0.0 if name == "predict_proba" else np.finfo(np.float32).min
    found = np.full((len(values), len(classes)), lowest, dtype=np.float32)
    found[:, np.searchsorted(classes, known)] = values
    return found


class _Listener:
    """A method of an estimator that is listened to."""

    def __init__(self, name: str, method: Any, X: Any, recorder: Recorder, estimator: Any) -> None:
        self.__name__ = name  # scikit-learn's scorers look at it
        self._method, self._X, self._recorder, self._estimator = method, X, recorder, estimator

    def __call__(self, X: Any, *args: Any, **kwargs: Any) -> Any:
        with self._recorder.asking(self.__name__):
            answer = self._method(X, *args, **kwargs)
        if X is self._X and not args and not kwargs:
            self._recorder.take(self.__name__, answer, self._estimator)
        return answer


def _is_by_probability(estimator: Any) -> bool:
    """Whether `predict` is the label with the largest probability, in a pipeline that of its last step."""
    last = estimator.steps[-1][1] if isinstance(getattr(estimator, "steps", None), list) else estimator
    return type(last) in _BY_PROBABILITY and np.ndim(getattr(estimator, "classes_", ())) == 1


class _ByProbability:
    """`predict` by way of `predict_proba`, which is listened to: so both cost one."""

    def __init__(self, estimator: Any) -> None:
        self._estimator = estimator

    def __call__(self, X: Any, **kwargs: Any) -> Any:
        classes = self._estimator.classes_
        return classes.take(np.argmax(self._estimator.predict_proba(X, **kwargs), axis=1), axis=0)
