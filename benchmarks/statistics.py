"""Means with bootstrap intervals over problems and seeds; regrets and ranks from traces."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

N_RESAMPLES = 2_000


def resampled(values, seed=0):
    """Return means over resampled problems, and over resampled seeds in each.

    Parameters
    ----------
    values : ndarray of shape (..., n_problems, n_seeds)
        The same problems and seeds are drawn for all that is in front: differences are paired.

    Returns
    -------
    means : ndarray of shape (N_RESAMPLES, ...)
    """
    rng = np.random.default_rng(seed)
    n_problems, n_seeds = values.shape[-2:]
    means = []
    for _ in range(N_RESAMPLES):
        problems = rng.integers(n_problems, size=(n_problems, 1))
        means.append(values[..., problems, rng.integers(n_seeds, size=(n_problems, n_seeds))].mean(axis=(-2, -1)))
    return np.array(means)


def interval(values):
    """Return mean, low and high of the 95 % interval, each of shape (...,), of values (..., n_problems, n_seeds)."""
    means = resampled(values)
    return values.mean(axis=(-2, -1)), *np.percentile(means, [2.5, 97.5], axis=0)


def ranks(scores):
    """Ranks along the first axis, 1 for the largest; equal ones share the mean of their ranks. NaN is worst."""
    return rankdata(-np.nan_to_num(np.round(scores, 10), nan=-np.inf, neginf=-np.inf), axis=0)


def best_at(improvements, budgets, column, value):
    """Return what the incumbent was at budgets.

    Parameters
    ----------
    improvements : list of rows
        In order.
    budgets : ndarray of shape (n,)
        In units of the rows' column ``column``.
    column, value : int
        The columns of budget and of value.

    Returns
    -------
    values : ndarray of shape (n,)
        NaN where there is none yet.
    """
    at = np.array([row[column] for row in improvements])
    values = np.array([np.nan, *(row[value] for row in improvements)])
    return values[np.searchsorted(at, budgets, side="right")]


def shown(mean, low, high, digits=3):
    """A mean and its interval as text."""
    return f"{mean:.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"
