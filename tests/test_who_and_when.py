"""Which worker ran a fit and when it began is known afterwards."""

import pickle
import socket
import sqlite3
import time

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin, clone

from skhpo import GridSearchCV
from skhpo.history import TrialStarted
from skhpo.journals.sqlite import stored_searches

ROWS, Y = np.arange(12.0).reshape(-1, 1), np.arange(12) % 2
HOST = socket.gethostname().partition(".")[0]


class Waiter(ClassifierMixin, BaseEstimator):
    """Fits in a moment, or hangs."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        time.sleep(self.seconds)
        return self

    def predict(self, X):
        return np.zeros(len(X), dtype=int)


def fits(search):
    trials = search._history.trials
    return [outcome for trial in trials for outcome in search._history.outcomes(trial.number).values()]


def ran(**kwargs):
    before = time.time()
    search = GridSearchCV(Waiter(), {"seconds": [0.0, 0.001, 0.002, 0.003]}, cv=3, **kwargs).fit(ROWS, Y)
    found = fits(search)
    assert len(found) == 12
    assert all(before <= fit.started <= fit.started + fit.fit_time <= time.time() for fit in found)
    assert {fit.worker.split(":")[0] for fit in found} == {HOST}
    return search, found


def test_one_after_the_other_in_one_worker():
    search, found = ran()
    assert len({fit.worker for fit in found}) == 1
    begins, ends = [fit.started for fit in found], [fit.started + fit.fit_time + fit.score_time for fit in found]
    assert all(end <= begin + 1e-3 for end, begin in zip(ends, begins[1:], strict=False))
    assert search.stats()["n_workers"] == 1


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_workers_have_names_of_their_own(backend):
    with parallel_config(backend=backend):
        search, found = ran(n_jobs=2)
    assert 1 <= len({fit.worker for fit in found}) <= 2
    assert {fit.worker.count(":") for fit in found} == {1 if backend == "loky" else 2}
    assert search.stats()["n_workers"] == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the")
def test_a_fit_that_was_stopped_has_them_too():
    before = time.time()
    search = GridSearchCV(Waiter(), {"seconds": [0.0, 60.0]}, cv=2, fit_timeout=1.0, n_jobs=1).fit(ROWS, Y)
    late = [fit for fit in fits(search) if fit.status == "timeout"]
    assert len(late) == 2
    assert all(before <= fit.started <= time.time() - 1.0 for fit in late)
    assert len({fit.worker for fit in fits(search)}) >= 2  # each was killed with its worker
    assert {fit.worker.count(":") for fit in late} == {1}


def test_a_checkpoint_remembers(tmp_path):
    path = tmp_path / "search.db"
    _, found = ran(checkpoint=path)
    (stored,) = stored_searches(path)
    again = [event.outcome for event in stored.events if not isinstance(event, TrialStarted)]
    assert [(fit.started, fit.worker) for fit in again] == [(fit.started, fit.worker) for fit in found]
    connection = sqlite3.connect(path)
    ((size,),) = connection.execute("SELECT max(length(body)) FROM event")
    connection.close()
    assert size < 400


def test_what_is_known_travels_with_a_pickle_and_not_with_a_clone():
    search, found = ran()
    assert [fit.started for fit in fits(pickle.loads(pickle.dumps(search)))] == [fit.started for fit in found]  # noqa: S301
    assert not hasattr(clone(search), "_history")
    with_it = len(pickle.dumps(search))
    del search._history
    assert with_it - len(pickle.dumps(search)) < 12 * 250
