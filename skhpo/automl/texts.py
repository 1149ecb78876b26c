"""What `AutoClassifier` and `AutoRegressor` document in the same words."""

from __future__ import annotations

from typing import TypeVar

from skhpo.search.texts import entries_of, filled

_Class = TypeVar("_Class", bound=type)

SHARED = entries_of("""
time_budget : float or None, default=60
    Seconds for all of `fit`. None needs ``n_iter``.
ensemble : int, default=25
    Picks of the greedy selection; 1 takes the best configuration alone.
n_iter : int or None, default=None
    Configurations at most. With ``time_budget=None`` the same seed then gives the same model.
cv : int or splitter, default=5
    Splits by which configurations are compared: each row has to be tested once.
n_jobs : int or None, default=None
    Fits at the same time, as in scikit-learn; joblib's Dask and Ray backends are taken where they are active.
random_state : int, RandomState instance or None, default=None
    Seed of models and splits.
checkpoint : str, path or None, default=None
    A file that remembers each fit: the same `fit` goes on from there after it was killed.
verbose : int, default=0
    1 prints a line for each configuration: the time that is left, the best score, and what is tried.
leaderboard_ : Leaderboard
    The configurations, the best first, with their scores on rows that they were not trained on.
best_estimator_ : Pipeline
    The member that is best by itself.
score_estimate_ : ScoreEstimate
    What to expect on new data; computed when it is first asked for.
cv_results_ : dict
    As of a search: a row for each configuration.
n_features_in_ : int
    Columns of X.
feature_names_in_ : ndarray of shape (n_features,)
    Their names, where they have any.
""")
"""Entries of parameters and attributes, filled into both docstrings."""


def documented(cls: _Class) -> _Class:
    """Fill the shared entries into a docstring."""
    return filled(cls, SHARED)
