"""Logarithmic opinion pools: the product of what classifiers say, each raised to a power of its own.

Where members are sure of different rows, their mean is sure of none and their product of all. The powers also sharpen
or blunt, so that no temperature is needed besides. They are found on out-of-fold predictions, where the log loss is a
convex function of the powers.

References
----------
C. Genest, J. V. Zidek: Combining probability distributions: a critique and an annotated bibliography. Statistical
Science 1(1), 1986.
T. Heskes: Selecting weighting factors in logarithmic opinion pools. Advances in Neural Information Processing Systems
10, 1997.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.metrics import log_loss

from skhpo._sklearn import metric_of
from skhpo.honesty.greedy import EnsembleChoice, best_pool, is_soft

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.honesty.predictions import OutOfFold

_SMOOTHING = 1e-5
"""Share of the uniform distribution in what a member says: none rules a label out alone."""
_PRIOR = 1.0
"""The penalty of the sum of the squares, in rows: as if powers were drawn from a normal distribution around 0."""
_LEAST_SHARE = 0.03
"""A member with less of the powers is not worth its fit."""


def is_for_pools(oof: OutOfFold, scorer: Any) -> bool:
    """Whether candidates give probabilities and are compared by the log loss, which the powers make small."""
    metric = metric_of(scorer)
    is_labelled = oof.y.ndim == 1 and oof.labels is not None
    return is_labelled and is_soft(oof) and metric is not None and metric.function is log_loss


def logs_of(probabilities: Any) -> NDArray[np.float64]:
    """Return the logarithms of probabilities, which a little of the uniform distribution keeps finite."""
    given = np.asarray(probabilities, dtype=np.float64)
    return np.asarray(np.log((1.0 - _SMOOTHING) * given + _SMOOTHING / given.shape[-1]))


def log_pool(
    oof: OutOfFold, scorer: Any, size: int, n_pool: int, counts: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    """Return the powers of candidates in the pool that has the smallest log loss, with a penalty of large ones.

    Parameters
    ----------
    oof : OutOfFold
        Probabilities of candidates.
    scorer : callable
        The log loss.
    size : int
        Members at most.
    n_pool : int
        From how many of the candidates that are best by themselves, and from a few of each kind.
    counts : ndarray of shape (n_rows,) or None
        How often each row counts; None for once.

    Returns
    -------
    powers : ndarray of shape (n_candidates,)
        Of 0 or more; 0 for those that are no members.
    """
    found = np.zeros(oof.n_candidates)
    if counts is not None:
        there = np.flatnonzero(counts)
        oof, counts = oof.rows_of(there), counts[there]
    members = np.array(best_pool(oof, scorer, n_pool, counts))
    logs = np.stack([logs_of(oof.candidates[each]["predict_proba"]) for each in members])
    labels, weight = oof.labels, _weight(oof, counts)
    assert labels is not None  # noqa: S101  # `is_for_pools`
    powers = _powers(logs, labels, weight, np.full(len(members), 1.0 / len(members)))
    kept = np.argsort(-powers, kind="stable")[:size]
    kept = np.sort(kept[powers[kept] >= _LEAST_SHARE * powers.sum()])
    if len(kept) < len(members):
        powers = _powers(logs[kept], labels, weight, powers[kept])
    found[members[kept]] = powers
    return found


def _weight(oof: OutOfFold, counts: NDArray[Any] | None) -> NDArray[np.float64]:
    weight = np.ones(oof.n_rows) if oof.sample_weight is None else oof.sample_weight / oof.sample_weight.mean()
    return np.asarray(weight if counts is None else weight * counts)


def _powers(
    logs: NDArray[np.float64], labels: NDArray[np.intp], weight: NDArray[np.float64], start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Minimise the log loss of a pool; logs of shape (n_members, n_repeats, n_rows, n_classes)."""
    n_members, n_repeats, n_rows, n_classes = logs.shape
    flat = logs.reshape(n_members, -1)
    is_right = labels[:, None] == np.arange(n_classes)
    share = weight[:, None] / (n_repeats * weight.sum())
    penalty = _PRIOR / weight.sum()

    def loss(powers: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        said = log_softmax((powers @ flat).reshape(n_repeats, n_rows, n_classes), axis=-1)
        value = -float((share * is_right * said).sum()) + penalty * float(powers @ powers)
        return value, flat @ (share * (np.exp(said) - is_right)).ravel() + 2.0 * penalty * powers

    bounds = [(0.0, None)] * n_members
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200}).x)


def pooled(oof: OutOfFold, powers: NDArray[np.float64]) -> OutOfFold:
    """Return the predictions of a pool."""
    total = np.zeros(oof.candidates[0]["predict_proba"].shape)
    for each in np.flatnonzero(powers).tolist():
        total += powers[each] * logs_of(oof.candidates[each]["predict_proba"])
    return replace(oof, candidates=[{"predict_proba": softmax(total, axis=-1)}], kinds=None)


class PoolChoice(EnsembleChoice):
    """The choice of a pool, for the bootstrap."""

    def _blend(self, counts: NDArray[np.intp]) -> OutOfFold:
        return pooled(self._oof, log_pool(self._oof, self._scorer, self._size, self._n_candidates, counts))
