"""Out-of-fold predictions, put together by row, and how scorers read them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

METHODS = ("predict_proba", "decision_function", "predict")
"""What may be kept of a fit's test side, the most telling first."""


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """What candidates predict for rows that they were not trained on.

    Parameters
    ----------
    candidates : sequence of dict of str to ndarray of shape (n_repeats, n_rows, ...)
        For each candidate its predictions by the method that gave them. Of a classifier, those of ``predict`` are
        positions in ``classes``, and the last axis of the others follows ``classes``.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The targets of these rows.
    classes : ndarray of shape (n_classes,) or None
        The labels in order; None in regression, and where there are several outputs.
    sample_weight : ndarray of shape (n_rows,) or None
        What the scorer weighs rows by.
    groups : ndarray of shape (n_rows,) or None
        Rows of a group are drawn together.
    splits : ndarray of shape (n_repeats, n_rows) or None
        On which split each row was predicted.
    is_classifier : bool
        What the candidates are.
    kinds : ndarray of shape (n_candidates,) or None
        Of which kind each candidate is, where an ensemble is to be selected from some of each.
    """

    candidates: Sequence[Mapping[str, NDArray[Any]]]
    y: NDArray[Any]
    classes: NDArray[Any] | None = None
    sample_weight: NDArray[np.float64] | None = None
    groups: NDArray[Any] | None = None
    splits: NDArray[np.intp] | None = None
    is_classifier: bool = False
    kinds: NDArray[Any] | None = None

    @property
    def n_candidates(self) -> int:
        """How many candidates there are."""
        return len(self.candidates)

    @property
    def n_rows(self) -> int:
        """How many rows are predicted."""
        return len(self.y)

    @property
    def n_repeats(self) -> int:
        """How often each row is predicted."""
        return len(next(iter(self.candidates[0].values())))

    @property
    def labels(self) -> NDArray[np.intp] | None:
        """The targets as positions in ``classes``, shape (n_rows,); None where there are none."""
        return None if self.classes is None else np.searchsorted(self.classes, self.y)

    def only(self, candidates: Iterable[int]) -> OutOfFold:
        """Return some of the candidates."""
        kept = list(candidates)
        kinds = None if self.kinds is None else self.kinds[kept]
        return replace(self, candidates=[self.candidates[each] for each in kept], kinds=kinds)

    def rows_of(self, rows: NDArray[np.intp]) -> OutOfFold:
        """Return what is known of some rows."""
        weight, groups, splits = self.sample_weight, self.groups, self.splits
        return replace(
            self,
            candidates=[{name: values[:, rows] for name, values in each.items()} for each in self.candidates],
            y=self.y[rows],
            sample_weight=None if weight is None else weight[rows],
            groups=None if groups is None else groups[rows],
            splits=None if splits is None else splits[:, rows],
        )

    def repeat(self, number: int) -> OutOfFold:
        """Return what one of the repeats of the cross-validation predicts."""
        at = slice(number, number + 1)
        candidates = [{name: values[at] for name, values in each.items()} for each in self.candidates]
        return replace(self, candidates=candidates, splits=None if self.splits is None else self.splits[at])

    def answers(self, methods: str | Sequence[str]) -> NDArray[Any]:
        """Return all predictions as a scorer gets them that asks for one of some methods.

        Parameters
        ----------
        methods : str or sequence of str
            As scikit-learn's ``response_method``: of each candidate the first one that it has.

        Returns
        -------
        answers : ndarray of shape (n_candidates, n_repeats, n_rows, ...)
            Of ``predict`` in classification the positions of the labels in ``classes``.

        Raises
        ------
        ValueError
            If a candidate has none of them.
        """
        found = [answer(candidate, methods, self.is_labelled) for candidate in self.candidates]
        if len({each.ndim for each in found}) > 1:  # of two classes, probabilities of some and decisions of others
            found = [each if each.ndim == 2 else each[:, :, -1] for each in found]
        return np.stack(found)

    @property
    def is_labelled(self) -> bool:
        """Whether what ``predict`` gives are labels with a place in ``classes``."""
        return self.classes is not None


def answer(candidate: Mapping[str, NDArray[Any]], methods: str | Sequence[str], is_labelled: bool) -> NDArray[Any]:
    """Return a candidate's answer to the first of some methods that it has, shape (n_repeats, n_rows, ...)."""
    wanted = [methods] if isinstance(methods, str) else list(methods)
    for method in wanted:
        if method == "predict_proba" and method in candidate:
            return as_probabilities(candidate[method])
        if method == "predict" and is_labelled:
            return as_labels(candidate)
        if method in candidate:
            return candidate[method]
    raise ValueError(
        f"scoring needs {' or '.join(wanted)} of each candidate, got one that has {', '.join(candidate)} only. Score "
        "by a metric that reads those, or leave this candidate out."
    )


def as_probabilities(stored: NDArray[Any]) -> NDArray[np.float64]:
    """Return probabilities that sum to one in double precision, as metrics check; they are stored in single."""
    values = np.asarray(stored, dtype=np.float64)
    if values.ndim < 3:
        return values
    total = values.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(values, total, out=values.copy(), where=total > 0))


def as_labels(candidate: Mapping[str, NDArray[Any]]) -> NDArray[np.intp]:
    """Return which label each row gets, as ``predict`` said or else by the largest of the other predictions."""
    if "predict" in candidate:
        return candidate["predict"].astype(np.intp)
    values = candidate.get("predict_proba")
    values = candidate["decision_function"] if values is None else values
    found = (values > 0).astype(np.intp) if values.ndim == 2 else values.argmax(axis=-1)
    return np.asarray(found, dtype=np.intp)


class _Held(BaseEstimator):  # type: ignore[misc]
    """Stands for a fitted estimator: gives the predictions that are known, whatever it is asked them for.

    Parameters
    ----------
    known : dict of str to ndarray of shape (n_rows, ...)
        By method.
    classes : ndarray or None
        The labels.
    """

    def __init__(self, known: Any = None, classes: Any = None) -> None:
        self.known = known
        self.classes = classes
        if classes is not None:
            self.classes_ = classes

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS or name not in self.__dict__.get("known", ()):
            raise AttributeError(f"Predictions have no {name!r}: a scorer gets what the search has stored.")

        def give(X: object) -> Any:  # noqa: ARG001
            return self.known[name].copy()  # a scorer may write into what it gets

        give.__name__ = name  # scikit-learn's scorers look at it
        return give

    def __sklearn_is_fitted__(self) -> bool:
        return True


class HeldClassifier(ClassifierMixin, _Held):  # type: ignore[misc]
    """Stands for a fitted classifier."""


class HeldRegressor(RegressorMixin, _Held):  # type: ignore[misc]
    """Stands for a fitted regressor."""


class Unread:
    """Stands for the samples that predictions are of: says what is wrong with a scorer that reads them."""

    def __init__(self, n_rows: int) -> None:
        self.shape = (n_rows,)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: object) -> Any:
        raise TypeError(_READS_SAMPLES)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(_READS_SAMPLES)


_READS_SAMPLES = (
    "scoring needs to read nothing but predictions and targets here, got a scorer that reads the samples. Use "
    'method="nested", which fits, or a scorer of sklearn.metrics.'
)


def held(oof: OutOfFold, candidate: int, repeat: int, rows: NDArray[np.intp]) -> HeldClassifier | HeldRegressor:
    """Return a stand-in for the estimator that predicted these rows."""
    stored = {name: values[repeat : repeat + 1, rows] for name, values in oof.candidates[candidate].items()}
    known = {name: answer(stored, name, is_labelled=False)[0] for name in stored}
    if oof.classes is not None:
        known["predict"] = oof.classes[as_labels(stored)[0]]
    if not oof.is_classifier:
        return HeldRegressor(known)
    return HeldClassifier(known, oof.classes)
