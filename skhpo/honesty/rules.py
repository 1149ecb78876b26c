"""Rules for ``refit`` that do not simply take the largest of many noisy scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from skhpo.honesty.paired import corrected_error
from skhpo.space.values import agrees

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

Results = dict[str, Any]


class Rule(ABC):
    """A callable for ``refit``: reads ``cv_results_``, returns the row of the candidate to take.

    Parameters
    ----------
    n_standard_errors : float
        Of a difference in score, beyond which it counts.
    metric : str or None
        Which of several metrics; None for the only one.
    test_share : float or None
        Size of the test sides over that of the training sides. None is that of K-fold cross-validation with as many
        folds as there are splits.
    """

    def __init__(self, n_standard_errors: float, metric: str | None, test_share: float | None) -> None:
        if not n_standard_errors >= 0:
            raise ValueError(f"n_standard_errors needs to be 0 or more, got {n_standard_errors!r}.")
        if test_share is not None and not test_share > 0:
            raise ValueError(
                f"test_share needs to be the size of test over training sides, above 0, got {test_share!r}."
            )
        self.n_standard_errors = n_standard_errors
        self.metric = metric
        self.test_share = test_share

    def __call__(self, cv_results: Results) -> int:
        """Return the row of the candidate to take.

        Parameters
        ----------
        cv_results : dict of str to ndarray
            ``cv_results_`` of a search, of scikit-learn's or ours.

        Raises
        ------
        ValueError
            If no candidate has a score, or the rule cannot be followed.
        """
        scores = _split_scores(cv_results, self.metric_in(cv_results))
        rows = np.flatnonzero(np.isfinite(scores).all(axis=1) & (scores.shape[1] > 0))
        if not len(rows):
            raise ValueError(f"refit={self!r} needs a candidate with a score on each split, got none.")
        best = int(rows[scores[rows].mean(axis=1).argmax()])
        return self._chosen(_Candidates(cv_results["params"], scores, rows, best))

    def metric_in(self, cv_results: Mapping[str, Any]) -> str:
        """Return the name of the metric to go by.

        Raises
        ------
        ValueError
            If there are several and none was named, or the one that was is not there.
        """
        names = [name.removeprefix("mean_test_") for name in cv_results if name.startswith("mean_test_")]
        if self.metric is None and len(names) == 1:
            return names[0]
        if self.metric not in names:
            raise ValueError(f"metric needs to be one of {names}, got {self.metric!r}. Name it: metric={names[0]!r}.")
        return self.metric

    def of(self, estimator: Any) -> Rule:  # noqa: ARG002
        """Return the rule for the search of an estimator."""
        return self

    def difference(self, found: NDArray[np.float64]) -> tuple[float, float]:
        """Return mean and standard error of paired differences of scores, one per split, shape (n_splits,)."""
        n = len(found)
        if n < 2:
            return float(found.mean()), 0.0
        return float(found.mean()), corrected_error(found, 1 / (n - 1) if self.test_share is None else self.test_share)

    def is_clear(self, found: NDArray[np.float64]) -> bool:
        """Whether differences are more above zero than so many standard errors."""
        mean, error = self.difference(found)
        return mean > self.n_standard_errors * error

    @abstractmethod
    def _chosen(self, candidates: _Candidates) -> int:
        """Return the row of the candidate to take."""


class _Candidates(NamedTuple):
    """What a rule goes by.

    Parameters
    ----------
    params : list of dict
        Of all rows.
    scores : ndarray of shape (n_candidates, n_splits)
        Of all rows.
    rows : ndarray
        Of the candidates with a score on each split.
    best : int
        The row with the largest mean of them.
    """

    params: list[dict[str, Any]]
    scores: NDArray[np.float64]
    rows: NDArray[np.intp]
    best: int


class UnlessBetter(Rule):
    """The estimator as it came, unless the best candidate is clearly better; see `unless_better`."""

    def __init__(self, n_standard_errors: float, untuned: Any, metric: str | None, test_share: float | None) -> None:
        super().__init__(n_standard_errors, metric, test_share)
        self.untuned = untuned

    def __repr__(self) -> str:
        return f"unless_better({self.n_standard_errors:g})"

    def of(self, estimator: Any) -> Rule:
        """Return the rule with the estimator of a search as the untuned one, where none was named."""
        if self.untuned is not None:
            return self
        return UnlessBetter(self.n_standard_errors, estimator, self.metric, self.test_share)

    def _chosen(self, candidates: _Candidates) -> int:
        own = self._own_row(candidates)
        if own not in candidates.rows or self.is_clear(candidates.scores[candidates.best] - candidates.scores[own]):
            return candidates.best
        return own

    def _own_row(self, candidates: _Candidates) -> int:
        if self.untuned is None:
            raise ValueError(
                f"refit={self!r} needs to know the untuned estimator, got none. Write untuned=, and in it the "
                "estimator, or its parameters as a dict."
            )
        own = self.untuned if isinstance(self.untuned, dict) else self.untuned.get_params(deep=True)
        for row, params in enumerate(candidates.params):
            if params and agrees(params, own):
                return row
        raise ValueError(
            f"refit={self!r} needs the estimator's own parameters among the candidates, got {len(candidates.params)} "
            "others. Add them to what is tried; the searches of skhpo do, but for halvings that leave them behind."
        )


class OneStandardError(Rule):
    """The simplest candidate that is not clearly worse than the best; see `one_standard_error`."""

    def __init__(
        self,
        simplest: str | Callable[[dict[str, Any]], Any],
        n_standard_errors: float,
        metric: str | None,
        test_share: float | None,
    ) -> None:
        super().__init__(n_standard_errors, metric, test_share)
        if not (callable(simplest) or isinstance(simplest, str)):
            raise TypeError(
                "simplest needs to be a parameter's name or a function of a dict of parameters, got "
                f"{type(simplest).__name__}."
            )
        self.simplest = simplest

    def __repr__(self) -> str:
        return f"one_standard_error(simplest={self.simplest!r})"

    def _chosen(self, candidates: _Candidates) -> int:
        scores, best = candidates.scores, candidates.best
        close = [int(row) for row in candidates.rows if not self.is_clear(scores[best] - scores[row])]
        size = {row: self._size(candidates.params[row]) for row in close}
        smallest = min(size.values())
        simple = [row for row in close if size[row] == smallest]
        return max(simple, key=lambda row: float(scores[row].mean()))

    def _size(self, params: dict[str, Any]) -> Any:
        if callable(self.simplest):
            return self.simplest(params)
        name = self.simplest.removeprefix("-")
        if name not in params:
            raise ValueError(
                f"simplest needs to name a parameter of each candidate, got {self.simplest!r}, which is not in "
                f"{sorted(params)}. Give a function of the parameters."
            )
        return -params[name] if self.simplest.startswith("-") else params[name]


def _split_scores(results: Results, metric: str) -> NDArray[np.float64]:
    """Return scores by candidate and split; splits on which nobody has one are left out."""
    names = [name for name in results if name.startswith("split") and name.endswith(f"_test_{metric}")]
    names = [name for name in names if name.removeprefix("split").removesuffix(f"_test_{metric}").isdigit()]
    scores = np.array([np.asarray(results[name], dtype=np.float64) for name in names]).T
    return scores[:, np.isfinite(scores).any(axis=0)]


def unless_better(
    n_standard_errors: float = 2.0,
    *,
    untuned: Any = None,
    metric: str | None = None,
    test_share: float | None = None,
) -> UnlessBetter:
    """Take the untuned estimator, unless the best candidate is clearly better.

    A rule for ``refit``. With few rows the best of many candidates is often no better than the estimator as it came,
    and sometimes worse: its score is the largest of many noisy ones. The difference of the two is paired over the
    splits, and its standard error is that of the corrected resampled t-test [1]_.

    Parameters
    ----------
    n_standard_errors : float, default=2.0
        How many standard errors of the difference the best candidate needs to be ahead.
    untuned : estimator, dict or None, default=None
        The estimator as it came, or its parameters. In searches of skhpo None is their own estimator; those of
        scikit-learn do not tell a rule which it is. It has to be among the candidates.
    metric : str or None, default=None
        Which of several metrics; None for the only one.
    test_share : float or None, default=None
        Size of the test sides over that of the training sides. None is that of K-fold cross-validation with as many
        folds as there are splits; for repeated K-fold give ``1 / (K - 1)``.

    Returns
    -------
    rule : callable
        For ``refit``, of scikit-learn's searches too.

    Raises
    ------
    ValueError
        If a number is out of range; from `fit`, if the untuned estimator is not among the candidates.

    References
    ----------
    .. [1] C. Nadeau, Y. Bengio: Inference for the generalization error. Machine Learning 52 (2003).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.svm import SVC
    >>> from skhpo.selection import unless_better
    >>> X, y = load_iris(return_X_y=True)
    >>> grid = {"C": [0.5, 1.0, 2.0, 4.0, 8.0]}
    >>> GridSearchCV(SVC(), grid).fit(X, y).best_params_
    {'C': 8.0}
    >>> GridSearchCV(SVC(), grid, refit=unless_better(2, untuned=SVC())).fit(X, y).best_params_
    {'C': 1.0}
    """
    return UnlessBetter(n_standard_errors, untuned, metric, test_share)


def one_standard_error(
    simplest: str | Callable[[dict[str, Any]], Any],
    *,
    n_standard_errors: float = 1.0,
    metric: str | None = None,
    test_share: float | None = None,
) -> OneStandardError:
    """Take the simplest candidate that is within one standard error of the best.

    A rule for ``refit``, after the one of Breiman, Friedman, Olshen and Stone [1]_. Theirs compares with the standard
    error of the best score; this one with that of the paired difference, by the corrected resampled t-test [2]_.

    Parameters
    ----------
    simplest : str or callable
        What is simple: the name of a parameter of which less is simpler, with "-" in front if more is, or a function of
        a candidate's parameters whose smallest value is the simplest.
    n_standard_errors : float, default=1.0
        How far behind the best candidate is close enough.
    metric, test_share
        As in `unless_better`.

    Returns
    -------
    rule : callable
        For ``refit``, of scikit-learn's searches too.

    Raises
    ------
    TypeError, ValueError
        If an argument is none of these.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, R. Olshen, C. Stone: Classification and Regression Trees (1984), section 3.4.3.
    .. [2] C. Nadeau, Y. Bengio: Inference for the generalization error. Machine Learning 52 (2003).

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skhpo.selection import one_standard_error
    >>> X, y = load_iris(return_X_y=True)
    >>> tree, grid = DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3, 4, 5]}
    >>> GridSearchCV(tree, grid).fit(X, y).best_params_
    {'max_depth': 4}
    >>> GridSearchCV(tree, grid, refit=one_standard_error("max_depth")).fit(X, y).best_params_
    {'max_depth': 2}
    """
    return OneStandardError(simplest, n_standard_errors, metric, test_share)
