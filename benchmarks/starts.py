"""What the first thirty fits find: a race that a model leads, beside Optuna's TPE, on tables of real scores.

``python -m benchmarks starts`` searches tables instead of fitting: the twelve pairs of ``benchmarks/racing.py`` and two
boostings, each as a grid of about 270 candidates, 5 folds in two orders. Every table is fitted once, which takes a few
minutes; ``--cache FOLDER`` keeps them. ``--tables FOLDER`` takes others: ``NAME.npz`` with ``X`` (n, d), numbers that
are the parameters, and ``scores`` (n, folds).

Regret is how far the mean score, over all folds, of the candidate that a method would return is below the best of the
table, as a share of the distance from the best to the median: after 10, 20, 30 single fits, and after many more.
"""

import argparse
import contextlib
import itertools
import os
import platform
import warnings
from pathlib import Path
from typing import NamedTuple

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np
import sklearn
from joblib import Parallel, delayed
from sklearn.base import clone, is_classifier
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_score

import skhpo
from benchmarks import racing
from skhpo.executors.serial import SerialExecutor
from skhpo.history import History, Outcome, Task
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.bayes import BayesSampler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.racing import RacingScheduler
from skhpo.space import Categorical, Float, Int, Space

N_SPLITS = 5
N_ORDERS = 2
SHOWN = (10, 20, 30, 50, 100, 250)
N_LEVELS = {1: 64, 2: 16, 3: 7, 4: 4}  # by the number of numeric parameters


def diabetes():
    return load_diabetes(return_X_y=True)


PROBLEMS = {
    **racing.PROBLEMS,
    "small boosting, diabetes": (
        diabetes,
        GradientBoostingRegressor(n_estimators=30, random_state=0),
        {
            "learning_rate": Float(1e-2, 1, log=True),
            "max_depth": Int(1, 5),
            "min_samples_leaf": Int(1, 60, log=True),
            "subsample": Float(0.3, 1.0),
        },
    ),
    "histogram boosting, diabetes": (
        diabetes,
        HistGradientBoostingRegressor(max_iter=20, random_state=0),
        {"learning_rate": Float(1e-2, 1, log=True), "max_leaf_nodes": Int(2, 31), "l2_regularization": Float(1e-3, 1e3, log=True)},
    ),
}


class Table(NamedTuple):
    """Candidates of a grid and their scores, shape (n, folds); the candidate that is nearest to the untuned one."""

    space: Space
    rows: list
    scores: np.ndarray
    own: int


def grid(space):
    """Return lists of values for the dimensions of a space."""
    n_numeric = sum(not isinstance(dimension, Categorical) for dimension in space.values())
    levels = (np.arange(N_LEVELS[n_numeric]) + 0.5) / N_LEVELS[n_numeric]
    return {name: values(name, dimension, levels) for name, dimension in space.items()}


def values(name, dimension, levels):
    if isinstance(dimension, Categorical):
        return list(dimension.choices)
    if name.endswith("__p"):
        return [1.0, 1.5, 2.0, 3.0]  # of these distances few are fast
    return list(dict.fromkeys(dimension.decode(levels)))


def table(name, order, cache):
    load, estimator, ranges = PROBLEMS[name]
    lists = grid(ranges)
    rows = [dict(zip(lists, row, strict=True)) for row in itertools.product(*lists.values())]

    def compute():
        cv = (StratifiedKFold if is_classifier(estimator) else KFold)(N_SPLITS, shuffle=True, random_state=order)
        X, y = load()
        return np.array([cross_val_score(clone(estimator).set_params(**row), X, y, cv=cv) for row in rows])

    scores = racing.kept(cache, f"starts_{list(PROBLEMS).index(name)}_{order}", compute)
    return Table(Space(lists), rows, scores, nearest(Space(ranges), rows, estimator))


def nearest(space, rows, estimator):
    """Return the row whose parameters are nearest to the estimator's own, in the unit cube."""
    known = estimator.get_params()
    own = np.full(len(space.names), 0.5)
    for i, (name, dimension) in enumerate(space.parameters.items()):
        with contextlib.suppress(ValueError, TypeError):
            own[i] = dimension.encode([dimension.canonical(known[name])])[0]
    return int(((space.encode(rows) - own) ** 2).sum(axis=1).argmin())
