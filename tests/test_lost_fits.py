"""What goes wrong while a search runs costs what it hits, and nothing else."""

import contextlib
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import warnings
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from joblib import parallel_config
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold
from sklearn.svm import SVC

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV
from skhpo.history import FitFinished
from skhpo.journals import sqlite

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

N_SPLITS, N_ROWS = 3, 150
N_MOMENTS = int(os.environ.get("SKHPO_N_MOMENTS", "12"))
"""Random moments at which each kind of thing goes wrong; of 12, each search meets each fault or number of workers."""
SPACE = {"C": Float(1e-2, 1e2, log=True), "kernel": Categorical(["linear", "rbf"])}
SEARCHES = {
    "grid": (GridSearchCV, {"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf"]}, {}),
    "random": (RandomSearchCV, SPACE, {"n_iter": 6, "random_state": 0}),
    "bayes": (BayesSearchCV, SPACE, {"n_iter": 6, "random_state": 0, "look_back": 2}),
    "halving": (
        SuccessiveHalvingCV,
        SPACE,
        {"n_candidates": 6, "min_resources": 40, "random_state": 0, "look_back": 2},
    ),
}


def data():
    """Iris in another order, the number of the row as last column: so that a fit can tell its split."""
    X, Y = load_iris(return_X_y=True)
    order = np.random.default_rng(0).permutation(N_ROWS)
    return np.column_stack([X[order], np.arange(N_ROWS)]), Y[order]


X, Y = data()


class Fault(NamedTuple):
    """What is to happen to the fits of one candidate on one split, and how many seconds into the fit."""

    how: str
    params: dict
    split: int
    delay: float = 0.0


class Faulty(ClassifierMixin, BaseEstimator):
    """An SVC for all fits but those that a fault names."""

    def __init__(self, C=1.0, kernel="rbf", fault=None):
        self.C, self.kernel, self.fault = C, kernel, fault

    def fit(self, X, y):
        if self.fault is not None and {"C": self.C, "kernel": self.kernel} == self.fault.params:
            tested = set(range(N_SPLITS)) - set((X[:, -1] // (N_ROWS / N_SPLITS)).astype(int))
            if tested == {self.fault.split}:
                time.sleep(self.fault.delay)
                FAULTS[self.fault.how]()
        self.model_ = SVC(C=self.C, kernel=self.kernel).fit(X[:, :-1], y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X[:, :-1])


def fail():
    raise ValueError("It could not be fitted.")


def killed():
    os.kill(os.getpid(), signal.SIGKILL)


def exits():
    os._exit(7)


def segfaults():
    import ctypes

    ctypes.string_at(0)


def waits():
    threading.Event().wait()


def spins():
    while True:
        pass


def holds_pythons_lock():
    re.match(r"(a+)+$", "a" * 60 + "b")


CRASHES = {
    killed: "SIGKILL (exit code -9, perhaps for lack of memory)",
    exits: "exit code 7",
    segfaults: "SIGSEGV (exit code -11, a fault in compiled code)",
}
HANGS = [waits, spins, holds_pythons_lock]
FAULTS = {function.__name__: function for function in (fail, *CRASHES, *HANGS)}


def run(kind, fault=None, **kwargs):
    """Return the results of a search, and what it warned of."""
    cls, space, more = SEARCHES[kind]
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        search = cls(Faulty(fault=fault), space, cv=KFold(N_SPLITS), refit=False, **more, **kwargs).fit(X, Y)
    return search.cv_results_, warned


@cache
def whole(kind):
    """Return the results of an uninterrupted search."""
    results, warned = run(kind)
    assert warned == []
    return results


def same(ours, theirs, *, but=()):
    """Compare results without times, and without these rows."""
    assert list(ours) == list(theirs)
    assert ours["params"] == theirs["params"]
    rows = np.setdiff1d(np.arange(len(theirs["params"])), but)
    for key in theirs:
        if "time" not in key and key != "params" and not (len(but) and "rank" in key):
            np.testing.assert_array_equal(ours[key][rows], theirs[key][rows], err_msg=key)


def check_one_lost(kind, fault, reason, *, error_score=np.nan, **kwargs):
    """Run a search in which the fits of a fault are lost: only they are, and their reason is told.

    Against the search in which the same fits raise, for what follows from it (a model is not told of them), and, where
    nothing can follow, against the uninterrupted one.
    """
    results, warned = run(kind, fault, error_score=error_score, **kwargs)
    expected, _ = run(kind, fault._replace(how="fail"), error_score=error_score)
    same(results, expected)
    hit = [row for row, params in enumerate(results["params"]) if fault.params.items() <= params.items()]
    assert hit
    np.testing.assert_array_equal(results[f"split{fault.split}_test_score"][hit], error_score)
    if kind in {"grid", "random"}:
        same(results, whole(kind), but=hit)
    (failure,) = [warning for warning in warned if warning.category is FitFailedWarning]
    n_fits = len(results["params"]) * N_SPLITS
    assert f"{len(hit)} fits failed out of a total of {n_fits}" in str(failure.message)
    assert reason in str(failure.message)
    others = {str(warning.message).partition(":")[0] for warning in warned if warning is not failure}
    assert others <= {"One or more of the test scores are non-finite"}


def drawn(seed, *, faults):
    """Return a kind of search, and a fault of one of its candidates at a random moment."""
    rng = random.Random(seed)  # noqa: S311
    kind = list(SEARCHES)[seed % len(SEARCHES)]  # four, and three faults: every pair of them in turn
    params = rng.choice(whole(kind)["params"])
    how = faults[seed % len(faults)].__name__
    return kind, Fault(how, params, rng.randrange(N_SPLITS), rng.random() / 20), rng


# ------------------------------------------------------------------ fits that kill their worker


def reason_of(fault):
    reason = CRASHES[FAULTS[fault.how]]
    return f"The fit was tried 2 times and its worker process died each time, with {reason}."


def test_a_fit_that_kills_its_worker():
    fault = Fault("exits", whole("grid")["params"][2], 1)
    check_one_lost("grid", fault, reason_of(fault), n_jobs=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(N_MOMENTS))
def test_fits_that_kill_their_workers_at_random_moments(seed):
    kind, fault, rng = drawn(seed, faults=list(CRASHES))
    # One worker is a process only where it has to be killed.
    workers = rng.choice([{"n_jobs": 1, "fit_timeout": 60.0}, {"n_jobs": 2}, {"n_jobs": 3}])
    check_one_lost(kind, fault, reason_of(fault), error_score=rng.choice([np.nan, -1.0]), **workers)


@pytest.mark.slow
def test_with_error_score_raise_it_is_the_user_who_is_told(tmp_path):
    fault = Fault("exits", whole("grid")["params"][2], 1)
    kwargs = {"n_jobs": 2, "error_score": "raise", "checkpoint": tmp_path / "search.db"}
    with pytest.raises(RuntimeError, match=re.escape(reason_of(fault))):
        run("grid", fault, **kwargs)
    (stored,) = sqlite.stored_searches(tmp_path / "search.db")
    found = [event.outcome.status for event in stored.events if isinstance(event, FitFinished)]
    assert set(found) <= {"ok"}, "as a fit that raises: it is tried again when the search goes on"
    with pytest.raises(TimeoutError, match=re.escape("fit_timeout=2.0 seconds")):
        run("grid", fault._replace(how="waits"), n_jobs=2, error_score="raise", fit_timeout=2.0)


# ------------------------------------------------------------------ workers that are killed on clusters


class HitOnce(Faulty):
    """Twenty fits of a search are hit by a kill of their worker, each the first time it runs."""

    def __init__(self, C=1.0, kernel="rbf", fault=None, folder=None):
        super().__init__(C, kernel, fault)
        self.folder = folder

    def fit(self, X, y):
        time.sleep(0.3)  # longer than what is sent in batches: who is killed is then hit alone
        name = f"{self.C} {self.kernel} {X[:, -1].sum()}"
        with contextlib.suppress(FileExistsError):  # it ran before: perhaps another fit took its worker along
            Path(self.folder, name).mkdir()
            if random.Random(name).random() < 0.4 and len(hits(self.folder)) < 20:  # noqa: S311
                Path(self.folder, name, "hit").touch()
                time.sleep(random.Random(name).random() / 20)  # noqa: S311
                killed()
        return super().fit(X, y)


def hits(folder):
    """Return the fits that were hit."""
    return list(Path(folder).glob("*/hit"))


@pytest.fixture
def dask():
    distributed = pytest.importorskip("distributed")
    from dask import config

    options = {"processes": True, "threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": 50}
    with (
        # A LocalCluster takes workers that died out of its books after so long, although they are about to come back.
        config.set({"distributed.deploy.lost-worker-timeout": "1h"}),
        distributed.LocalCluster(n_workers=2, **options) as cluster,
        distributed.Client(cluster),
    ):
        yield


@pytest.fixture
def ray(ray_of_two):
    """By the name of joblib's backend."""


@pytest.mark.slow
@pytest.mark.filterwarnings("default")  # theirs, on closing what they opened
@pytest.mark.parametrize(
    ("backend", "n_iter"),
    [
        ("loky", 25),
        pytest.param("dask", 25, marks=pytest.mark.cluster),
        pytest.param("ray", 8, marks=pytest.mark.cluster),
    ],
)
def test_many_workers_killed_during_a_search_cost_it_nothing(backend, n_iter, tmp_path, request):
    """Twenty of them; nine on Ray, whose workers take seconds to begin."""
    if backend != "loky":
        request.getfixturevalue(backend)
    settings = {"n_iter": n_iter, "cv": KFold(N_SPLITS), "random_state": 0, "refit": False}
    with parallel_config(backend=backend, n_jobs=2):
        search = RandomSearchCV(HitOnce(folder=str(tmp_path)), SPACE, **settings).fit(X, Y)
    assert len(hits(tmp_path)) == {25: 20, 8: 9}[n_iter]
    same(search.cv_results_, RandomSearchCV(Faulty(), SPACE, **settings).fit(X, Y).cv_results_)


@pytest.mark.slow
@pytest.mark.cluster
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("backend", ["dask", "ray"])
def test_a_fit_that_kills_its_worker_on_a_cluster(backend, request):
    request.getfixturevalue(backend)
    fault = Fault("killed", whole("random")["params"][2], 1)
    with parallel_config(backend=backend, n_jobs=2):
        results, warned = run("random", fault)
    same(results, whole("random"), but=[2])
    # Other fits of the candidate are lost if they had not been tried by then.
    assert np.isnan(results["split1_test_score"][2])
    (failure,) = [warning for warning in warned if warning.category is FitFailedWarning]
    assert "The fit was tried 2 times and its worker died each time" in str(failure.message)


# ------------------------------------------------------------------ fits that hang


def test_a_fit_that_hangs():
    fault = Fault("waits", whole("random")["params"][3], 0)
    reason = "The fit took longer than fit_timeout=2.0 seconds and was stopped."
    check_one_lost("random", fault, reason, n_jobs=2, fit_timeout=2.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(N_MOMENTS))
def test_fits_that_hang_from_random_moments_on(seed):
    kind, fault, rng = drawn(seed, faults=HANGS)
    reason = "The fit took longer than fit_timeout=2.0 seconds and was stopped."
    score = rng.choice([np.nan, -1.0])
    check_one_lost(kind, fault, reason, n_jobs=rng.randint(1, 3), fit_timeout=2.0, error_score=score)


# ------------------------------------------------------------------ disks that fill


@contextlib.contextmanager
def disk_full_from(n_events):
    """Take a disk away from a journal at its n-th event: SQLite is allowed no other page, and the last is filled."""
    append, n_seen = sqlite.SqliteJournal.append, 0

    def append_if_there_is_room(journal, event):
        nonlocal n_seen
        n_seen += 1
        if n_seen == n_events:
            connection = journal._connection
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
            for size in (500, 50, 1):
                with contextlib.suppress(sqlite3.OperationalError):
                    while True:
                        connection.execute("INSERT INTO event (search, body) VALUES (-1, ?)", ("x" * size,))
                        connection.commit()
            connection.rollback()
        append(journal, event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite.SqliteJournal, "append", append_if_there_is_room)
        yield


def check_full_disk(kind, n_events, path, **kwargs):
    with disk_full_from(n_events):
        results, (warning,) = run(kind, checkpoint=path, **kwargs)
    assert warning.category is RuntimeWarning
    assert f"checkpoint={str(path)!r} can no longer be written (database or disk is full)" in str(warning.message)
    assert "The search goes on in memory" in str(warning.message)
    same(results, whole(kind))
    # What was written while there was room is a search that can be continued.
    (stored,) = sqlite.stored_searches(path)
    assert len(stored.events) == n_events - 1
    results, warned = run(kind, checkpoint=path, **kwargs)
    assert warned == []
    same(results, whole(kind))


def test_a_disk_that_fills(tmp_path):
    check_full_disk("bayes", 9, tmp_path / "search.db", n_jobs=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(N_MOMENTS))
def test_disks_that_fill_at_random_moments(seed, tmp_path):
    rng = random.Random(seed)  # noqa: S311
    kind, n_jobs = list(SEARCHES)[seed % len(SEARCHES)], 1 + seed % 3
    n_trials = len(whole(kind)["params"])
    with parallel_config(backend=rng.choice(["loky", "threading"])):
        check_full_disk(kind, rng.randint(1, n_trials * (1 + N_SPLITS)), tmp_path / "search.db", n_jobs=n_jobs)


@pytest.mark.parametrize("pragma", ["max_page_count = 1", "query_only = 1"], ids=["full", "read-only"])
def test_a_disk_that_is_full_or_read_only_from_the_start_stops_the_search(pragma, tmp_path, monkeypatch):
    connect = sqlite3.connect

    def connect_to_such_a_disk(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.execute(f"PRAGMA {pragma}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", connect_to_such_a_disk)
    with pytest.raises(OSError, match=r"checkpoint needs a file that can be written.* The search has not started"):
        run("random", checkpoint=tmp_path / "search.db")


# ------------------------------------------------------------------ what workers say

NOISY = """
import sys, warnings
sys.path.insert(0, {folder!r})
from test_lost_fits import Noisy, X, Y
from skhpo import GridSearchCV
{before}
search = GridSearchCV(Noisy(), {{"C": [float(c) for c in range(1, 41)]}}, cv=3, n_jobs=2, refit=False).fit(X, Y)
assert search.cv_results_["mean_test_score"].min() > 0
"""


class Noisy(Faulty):
    """Warns at each fit, of another number each time."""

    def fit(self, X, y):
        warnings.warn(f"It has not converged: {1e-3 / self.C}.", UserWarning, stacklevel=1)
        return super().fit(X, y)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "n"),
    [
        ("", 1),
        pytest.param("warnings.simplefilter('ignore')", 0, marks=pytest.mark.slow),
        pytest.param("warnings.simplefilter('always')", 120, marks=pytest.mark.slow),
    ],
    ids=["default", "ignored", "always"],
)
def test_what_workers_warn_of_is_filtered_as_in_the_caller(before, n):
    code = NOISY.format(folder=str(Path(__file__).parent), before=before)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    n_lines = ended.stderr.count("UserWarning: It has not converged")
    assert n_lines == n, "once per search, of 120 fits"
    assert ended.stdout == ""


# ------------------------------------------------------------------ what cannot be pickled


class Guarded(Faulty):
    """Has a parameter of which nothing is made."""

    def __init__(self, C=1.0, kernel="rbf", fault=None, guard=None):
        super().__init__(C, kernel, fault)
        self.guard = guard

    def __sklearn_clone__(self):
        return type(self)(**self.get_params(deep=False))


class Guard:
    """A value that can be copied, as `clone` does, but not sent."""

    def __deepcopy__(self, memo):
        return self

    def __reduce__(self):
        raise TypeError("It stays here.")


class Odd(float):
    """A score that cannot leave the process in which it was made."""

    def __new__(cls, value):
        score = super().__new__(cls, value)
        score.lock = threading.Lock()
        return score


def odd(estimator, X, y):
    return Odd(0.5)


class Locked:
    """A scorer that cannot be sent."""

    def __init__(self):
        self.lock = threading.Lock()

    def __call__(self, estimator, X, y):
        return 0.5


@pytest.mark.parametrize(
    ("estimator", "space", "scoring", "message"),
    [
        (Guarded(guard=threading.Lock()), {"C": [1.0, 2.0]}, None, r"Problem\.estimator must be picklable .*a Guarded"),
        (Guarded(), {"C": [1.0, 2.0]}, Locked(), r"Problem\.scorer must be picklable"),
        (Guarded(), {"guard": [Guard(), None]}, None, "Parameter 'guard' must be picklable"),
    ],
    ids=["estimator", "scorer", "parameter"],
)
def test_what_cannot_be_pickled_is_named(estimator, space, scoring, message):
    import pickle

    with pytest.raises(pickle.PicklingError, match=message) as caught:
        GridSearchCV(estimator, space, scoring=scoring, cv=2, n_jobs=2).fit(X, Y)
    assert "n_jobs=1" in str(caught.value)
    with parallel_config(backend="threading"):  # as the message says
        GridSearchCV(estimator, space, scoring=scoring, cv=2, n_jobs=2, refit=False).fit(X, Y)


def test_a_score_that_cannot_be_pickled_is_sent_back_as_a_number():
    search = GridSearchCV(Guarded(), {"C": [1.0, 2.0]}, scoring=odd, cv=2, n_jobs=2).fit(X, Y)
    assert search.cv_results_["mean_test_score"].tolist() == [0.5, 0.5]


def test_data_that_cannot_be_pickled_are_named():
    import pickle

    class Rows(list):
        def __reduce__(self):
            raise TypeError("These rows stay here.")

    with pytest.raises(pickle.PicklingError, match=r"Problem\.X must be picklable .*These rows stay here"):
        GridSearchCV(Faulty(), {"C": [1.0, 2.0]}, cv=2, n_jobs=2).fit(Rows(X.tolist()), Y)
