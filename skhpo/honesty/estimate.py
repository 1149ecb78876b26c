"""An estimate of what a search gives on new data, and the interval that goes with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import t as student

from skhpo.honesty.paired import corrected_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.history import Params


@dataclass(frozen=True, eq=False, repr=False)
class ScoreEstimate:
    """What to expect on new data of a model that was chosen like this one.

    Parameters
    ----------
    value : float
        The estimate. Larger is better.
    interval : tuple of float
        Its ends, as far as ``confidence`` says.
    naive : float
        The score of the chosen candidate on the rows by which it was chosen, which is too good.
    method : {"bbc", "nested", "naive"}
        How it was made.
    confidence : float
        Of the interval.
    metric : str
        What the score is.
    n_candidates : int
        Among how many was chosen.
    scores : ndarray
        Of each bootstrap, outer split, or split: what the value is the mean of.
    chosen : list of dict
        Of the outer splits: the parameters that were chosen there. Empty for other methods.

    Attributes
    ----------
    optimism : float
        By how much the naive score is too good: ``naive - value``.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.model_selection import cross_val_predict
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> from skhpo.honesty import estimate_from_predictions
    >>> X, y = load_wine(return_X_y=True)
    >>> models = [KNeighborsClassifier(k) for k in range(1, 31)]
    >>> predictions = [cross_val_predict(model, X, y) for model in models]
    >>> estimate = estimate_from_predictions(y, predictions, scoring="accuracy", random_state=0)
    >>> estimate.naive > estimate.value > estimate.interval[0]
    True
    """

    value: float
    interval: tuple[float, float]
    naive: float
    method: str
    confidence: float = 0.95
    metric: str = "score"
    n_candidates: int = 1
    scores: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    chosen: list[Params] = field(default_factory=list)

    @property
    def optimism(self) -> float:
        """By how much the naive score is too good."""
        return self.naive - self.value

    def __repr__(self) -> str:
        low, high = self.interval
        return (
            f"{self.metric} {self.value:.3g} [{low:.3g}, {high:.3g}] ({self.confidence:.0%}, {self.method}); naive "
            f"{self.naive:.3g}, best of {self.n_candidates}"
        )


def naive_estimate(split_scores: Any, *, test_share: float, confidence: float, **facts: Any) -> ScoreEstimate:
    """Return the score by which a candidate was chosen, with the interval that its splits suggest.

    The interval is Student's with Nadeau and Bengio's variance, which counts in that training sides overlap. It is
    around a score that is too good: it leaves out that this is the best of many.

    Parameters
    ----------
    split_scores : array-like of shape (n_splits,)
        Of the chosen candidate.
    test_share : float
        Size of the test sides over that of the training sides.
    confidence : float
        Of the interval.
    **facts
        What else `ScoreEstimate` tells.
    """
    scores = np.asarray(split_scores, dtype=np.float64)
    value, n = float(scores.mean()), len(scores)
    error = corrected_error(scores, test_share)
    half = error * float(student.ppf(0.5 + confidence / 2, n - 1)) if n > 1 else error
    return ScoreEstimate(
        value, (value - half, value + half), value, "naive", confidence=confidence, scores=scores, **facts
    )
