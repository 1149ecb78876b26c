"""Evaluations that methods share, and the trace of what one method did with them.

A fold's score follows from the problem and the parameters, so it is computed once, with the CPU seconds it took, and
kept in a file. A method that asks for it again is told the score, and its trace is charged the seconds. What passes
between two evaluations is the method's own time.
"""

from __future__ import annotations

import json
import sqlite3
import time
import warnings
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from benchmarks import record
from benchmarks.problems import N_SPLITS, active

if TYPE_CHECKING:
    from benchmarks.problems import Problem


class Enough(BaseException):
    """Ends a method from inside of an evaluation; not an Exception, which searches take for a failed fit."""


class Evaluations:
    """Scores and seconds by problem, parameters and fold, in a file that several processes may use at a time."""

    def __init__(self, path):
        self.path = path
        with closing(self._open()) as file, file:
            file.execute("PRAGMA journal_mode=WAL")
            file.execute(
                "CREATE TABLE IF NOT EXISTS evaluations (problem TEXT, params TEXT, fold INTEGER, score REAL, "
                "seconds REAL, PRIMARY KEY (problem, params, fold))"
            )
        self._file = self._open()
        self._salt = json.dumps(record.versions(("scikit-learn", "numpy", "scipy")))

    def _open(self):
        return sqlite3.connect(self.path, timeout=60, isolation_level=None)

    def close(self):
        self._file.close()

    def get(self, problem: Problem, params: str, fold: int) -> tuple[float, float]:
        """Return the score, and the CPU seconds of fit and score. No fit of these problems fails."""
        key = f"{problem.name} {problem.space} {self._salt}", params, fold
        query = "SELECT score, seconds FROM evaluations WHERE problem = ? AND params = ? AND fold = ?"
        found = self._file.execute(query, key).fetchone()
        if found is None:
            start = time.process_time()
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # of fits that do not converge
                score = problem.score(json.loads(params), fold)
            found = score, time.process_time() - start
            self._file.execute("INSERT OR IGNORE INTO evaluations VALUES (?, ?, ?, ?, ?)", (*key, *found))
        return found


class Trace:
    """What one run of a method evaluates, and when, in fits and in CPU seconds.

    Parameters
    ----------
    problem : Problem
        What is tuned.
    evaluations : Evaluations
        Where the scores are.
    target : float
        The score at which the run is ended.
    most_seconds : float
        The time at which it is ended.

    Attributes
    ----------
    n_fits, seconds, own_seconds : int, float, float
        Fits so far, CPU seconds of fits and method, and those of the method alone.
    scores : dict of str to float
        Mean score of each configuration that is evaluated on all folds.
    improvements : list of [n_fits, seconds, score, params]
        When the best score so far was found.
    """

    def __init__(self, problem, evaluations, *, target=np.inf, most_seconds=np.inf):
        self.problem, self.evaluations = problem, evaluations
        self.target, self.most_seconds = target, most_seconds
        self.n_fits, self.seconds, self.own_seconds = 0, 0.0, 0.0
        self.scores: dict[str, float] = {}
        self.improvements: list[list] = []
        self._folds: dict[str, dict[int, float]] = {}
        X, _, _, _, splits = problem.parts
        self.rows = np.arange(len(X)).reshape(-1, 1)
        self.y = problem.parts[1]
        self.splits = splits
        self._fold_of = {self.rows[train].tobytes(): fold for fold, (train, _) in enumerate(splits)}
        self._last = time.process_time()

    def fold(self, params, fold):
        """Return the score of a configuration, which may hold inactive parameters, on one fold."""
        own = time.process_time() - self._last
        self.own_seconds += own
        key = json.dumps(active(self.problem.space, params), sort_keys=True)
        score, seconds = self.evaluations.get(self.problem, key, fold)
        self.n_fits += 1
        self.seconds += own + seconds
        folds = self._folds.setdefault(key, {})
        folds[fold] = score
        if len(folds) == N_SPLITS and key not in self.scores:
            mean = self.scores[key] = float(np.mean([folds[number] for number in range(N_SPLITS)]))
            if not self.improvements or mean > self.improvements[-1][2]:
                self.improvements.append([self.n_fits, self.seconds, mean, key])
        if self.seconds > self.most_seconds or (self.improvements and self.improvements[-1][2] >= self.target):
            raise Enough
        self._last = time.process_time()
        return score

    def mean(self, params):
        """Return the mean score of a configuration."""
        return float(np.mean([self.fold(params, fold) for fold in range(N_SPLITS)]))

    def of_rows(self, params, rows):
        """Return the score on the fold that has these rows as its training side."""
        return self.fold(params, self._fold_of[np.ascontiguousarray(rows).tobytes()])


class Recorded(BaseEstimator):
    """The problem's estimator, for search classes: it has its parameters, and looks its scores up by the rows."""

    def __init__(self, trace, params=None):
        self.trace = trace
        self.params = dict(trace.problem.own) if params is None else params

    def get_params(self, deep=True):
        return dict(self.params)

    def set_params(self, **params):
        self.params = self.params | params
        return self

    def __sklearn_clone__(self):
        return Recorded(self.trace, dict(self.params))

    def fit(self, rows, y=None):
        self.score_ = self.trace.of_rows(self.params, rows)
        return self

    def score(self, rows, y=None):
        return self.score_
