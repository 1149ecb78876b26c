"""Whole programs: they end in time, say nothing on the standard error that nobody can use, leave nothing running."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import skhpo

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="signals"),
]

HEAD = """
import ctypes, os, sys, time, warnings
import numpy as np
from pathlib import Path
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier
from skhpo import BayesSearchCV, Float, GridSearchCV, Int, RandomSearchCV

X, y = load_iris(return_X_y=True)
FOLDER = Path(os.environ["FOLDER"])


class Model(ClassifierMixin, BaseEstimator):
    def __init__(self, a=None, n=0):
        self.a, self.n = a, n

    def fit(self, X, y):
        act(self)
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.zeros(len(X), int)
"""

LIMIT = 300.0
N_SEEDS = int(os.environ.get("SKHPO_N_SEEDS", "4"))
"""Programs of each kind that end, or are interrupted, at a moment of their own."""


def start(body, folder, *arguments, **options):
    """Start a program in a process group of its own, so that what it leaves behind can be found."""
    script = folder / "script.py"
    script.write_text(HEAD + textwrap.dedent(body))
    path = os.pathsep.join([str(Path(skhpo.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(  # noqa: S603
        [sys.executable, str(script), *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": path, "FOLDER": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def end(process, limit=LIMIT):
    """Wait for a program; returns its streams."""
    try:
        return process.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise AssertionError("it did not end") from None


def members(group):
    """Return the processes of a group that run, but for joblib's tracker of resources, which ends by itself."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            line = stat.with_name("cmdline").read_text()
            if int(fields[2]) == group and fields[0] != "Z" and "resource_tracker" not in line:
                found.append(line)
    return found


def wait_until(condition, process=None):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        assert process is None or process.poll() is None, process.communicate()
        time.sleep(0.01)


# ------------------------------------------------------------------ values that are larger than a pipe


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_fit_that_holds_pythons_lock_is_stopped_whatever_the_next_one_is_sent(n_jobs, tmp_path):
    """An array, words, an array within a list: after a fit that is stopped, each is sent."""
    body = """
        def act(model):
            if model.n == 1:
                ctypes.PyDLL(None).sleep(3600)

        if __name__ == "__main__":
            values = [
                np.full(1_500_000, 0, np.uint8),
                np.full(1_500_000, 1, np.uint8),
                {f"word{j}": j for j in range(60_000)},
                [np.full(1_500_000, 2, np.uint8), 2],
            ]
            warnings.simplefilter("ignore")
            settings = dict(cv=[(range(100), range(100, 150))], fit_timeout=1, refit=False)
            search = GridSearchCV(Model(), {"a": values, "n": [0, 1]}, n_jobs=int(sys.argv[1]), **settings).fit(X, y)
            print(np.isnan(search.cv_results_["mean_test_score"]).tolist())
    """
    out, err = end(start(body, tmp_path, n_jobs))
    assert out == "[False, True, False, True, False, True, False, True]\n", err


def test_a_timeout_ends_a_search_in_which_the_lock_is_held(tmp_path):
    body = """
        def act(model):
            if model.n == 1:
                ctypes.PyDLL(None).sleep(5)

        if __name__ == "__main__":
            values = [np.full(1_500_000, i, np.uint8) for i in range(9)]
            search = GridSearchCV(Model(), {"a": values, "n": [0, 1]}, cv=2, n_jobs=2, timeout=20, refit=False)
            search.fit(X, y)
            print(search.stats()["stop_reason"])
    """
    out, err = end(start(body, tmp_path))
    assert out == "timeout\n", err


# ------------------------------------------------------------------ programs that end

NESTED = """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor


    def act(model):
        pass


    def search(n_jobs):
        return RandomSearchCV(
            DecisionTreeClassifier(), {"max_depth": Int(1, 6)}, n_iter=3, cv=2, fit_timeout=60, n_jobs=n_jobs
        )


    def go(n_jobs):
        return search(n_jobs).fit(X, y).stats()["n_workers"]


    if __name__ == "__main__":
        context = multiprocessing.get_context(sys.argv[2] if len(sys.argv) > 2 else None)
        n_jobs = eval(sys.argv[1])
"""


@pytest.mark.parametrize("n_jobs", [None, 2])
@pytest.mark.parametrize(
    ("body", "arguments"),
    [
        ("print(len(cross_val_score(search(n_jobs), X, y, cv=2, n_jobs=2)))", ()),
        ("with ProcessPoolExecutor(2, context) as pool: print(len(list(pool.map(go, [n_jobs] * 2))))", ("fork",)),
        ("with ProcessPoolExecutor(2, context) as pool: print(len(list(pool.map(go, [n_jobs] * 2))))", ("spawn",)),
        ("p = context.Process(target=go, args=(n_jobs,)); p.start(); p.join(); print(2 - p.exitcode)", ("spawn",)),
        ("with context.Pool(2) as pool: print(len(pool.map(go, [n_jobs] * 2)))", ("fork",)),
    ],
    ids=["cross_val_score", "futures, fork", "futures, spawn", "process", "daemonic"],
)
def test_searches_with_a_time_limit_in_other_peoples_processes(body, arguments, n_jobs, tmp_path):
    """Each gives its result, and the program ends, long before idle workers would end by themselves."""
    process = start(textwrap.dedent(NESTED) + "    " + body + "\n", tmp_path, n_jobs, *arguments)
    out, err = end(process, limit=200.0)
    assert out == "2\n", err
    assert process.returncode == 0
    wait_until(lambda: not members(process.pid))


@pytest.mark.parametrize("seed", range(N_SEEDS))
def test_short_programs_end_without_a_word(seed, tmp_path):
    """Those that are over before all of their workers have started, too."""
    body = """
        def act(model):
            pass

        GridSearchCV(Model(), {"n": [0, 1]}, cv=2, n_jobs=int(sys.argv[1]), refit=False).fit(X, y)
        if sys.argv[2] == "raises":
            sys.exit(3)
        if sys.argv[2] == "leaves":
            os._exit(0)
    """
    ending = ["returns", "raises", "leaves"][seed % 3]
    process = start(body, tmp_path, 2 + seed % 5, ending)
    out, err = end(process)
    wait_until(lambda: not members(process.pid))
    assert (process.returncode, out) == (3 if ending == "raises" else 0, "")
    assert "Traceback" not in err
    assert "Error" not in err


def test_workers_whose_parent_is_killed_are_silent(tmp_path):
    body = """
        def act(model):
            with (FOLDER / "begun").open("a") as file:
                file.write("x")
            time.sleep(0.01)

        GridSearchCV(Model(), {"n": list(range(100_000))}, cv=2, n_jobs=2, refit=False).fit(X, y)
    """
    process = start(body, tmp_path)
    wait_until((tmp_path / "begun").exists, process)
    process.kill()
    _, err = end(process)
    assert err == ""
    wait_until(lambda: not members(process.pid))


# ------------------------------------------------------------------ ways out


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_sys_exit_in_a_fit_in_a_worker_costs_its_candidate(n_jobs, tmp_path):
    body = """
        def act(model):
            if model.n == 1:
                sys.exit(3)

        if __name__ == "__main__":
            warnings.simplefilter("ignore")
            options = dict(cv=2, n_jobs=int(sys.argv[1]), fit_timeout=60, refit=False)
            search = GridSearchCV(Model(), {"n": [0, 1, 2]}, **options).fit(X, y)
            print(np.isnan(search.cv_results_["mean_test_score"]).tolist())
            try:
                GridSearchCV(Model(), {"n": [0, 1, 2]}, error_score="raise", **options).fit(X, y)
            except RuntimeError as error:
                print(str(error).splitlines()[-1][:29])
            try:
                GridSearchCV(Model(), {"n": [0, 1, 2]}, cv=2, refit=False).fit(X, y)
            except SystemExit as error:
                print(error.code)
    """
    process = start(body, tmp_path, n_jobs)
    out, err = end(process)
    assert out == "[False, True, False]\nThe fit raised SystemExit (3)\n3\n", err


def test_a_library_that_compiles_for_longer_than_a_fit_may_take(tmp_path):
    body = """
        def act(model):
            if "compiled" not in globals():
                time.sleep(4)
                globals()["compiled"] = True

        if __name__ == "__main__":
            search = GridSearchCV(
                Model(), {"n": [0, 1, 2, 3]}, cv=3, n_jobs=int(sys.argv[1]), fit_timeout=3, refit=False
            ).fit(X, y)
            print(np.isnan(search.cv_results_["mean_test_score"]).sum())
    """
    for n_jobs in (1, 2):
        out, err = end(start(body, tmp_path, n_jobs))
        assert out == "0\n", err


# ------------------------------------------------------------------ Ctrl-C

INTERRUPTED = """
    import signal, threading

    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started without

    def act(model):
        with (FOLDER / "begun").open("a") as file:
            file.write("x")
        threading.Event().wait(float(os.environ["SECONDS"]))

    if __name__ == "__main__":
        search = GridSearchCV(Model(), {"n": list(range(1000))}, cv=2, n_jobs=2, checkpoint=FOLDER / "c.db")
        search.fit(X, y)
"""


@pytest.mark.parametrize("seed", range(N_SEEDS))
@pytest.mark.parametrize("n_interrupts", [1, 2, 3])
def test_interrupts_end_a_program_at_once_and_quietly(n_interrupts, seed, tmp_path, monkeypatch):
    """However many, at whatever moments: one traceback, the user's, and nothing is left running."""
    import random

    rng = random.Random(100 * n_interrupts + seed)  # noqa: S311
    monkeypatch.setenv("SECONDS", rng.choice(["0.002", "3600"]))
    process = start(INTERRUPTED, tmp_path)
    wait_until((tmp_path / "begun").exists, process)
    time.sleep(rng.random() / 2)  # any moment: nothing is waited for
    for i in range(n_interrupts):
        if i:
            time.sleep(rng.choice([0.0, 0.01, 0.1, 0.3]) * rng.random())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
    _, err = end(process, limit=60.0)
    assert process.returncode in {1, 130, -signal.SIGINT}
    wait_until(lambda: not members(process.pid))
    # One that comes while the interpreter ends may make it say so: of that, nothing is ours.
    tracebacks = re.split("^Traceback", err, flags=re.MULTILINE)
    assert sum("skhpo" in traceback for traceback in tracebacks) <= 1, err
    assert "atexit" not in err
