# ruff: noqa: T201
"""What fits print and warn of reaches the streams of the caller."""

import contextlib
import io
import os
import subprocess
import sys
import warnings

import pytest
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from skhpo import GridSearchCV
from skhpo.executors.local import LocalExecutor
from skhpo.executors.relay import Relay, say
from skhpo.history import Outcome


@pytest.fixture
def printed(make_task, drive, capsys):
    """Run functions as fits in a worker, return what they printed here."""

    def run(*functions, n_workers=1, after_each=lambda outcome: None):
        def call(task):
            return Outcome(task.trial.number, 0, task.trial.params["do"]())

        with LocalExecutor(call, n_workers, inner_threads=1) as executor:
            drive(executor, [make_task(i, do=do) for i, do in enumerate(functions)], after_each=after_each)
        return capsys.readouterr()

    return run


@pytest.mark.parametrize("verbose", [2, 3, 10])
def test_scikit_learns_lines_reach_the_callers_stream(verbose):
    X, y = load_iris(return_X_y=True)
    lines = {}
    for n_jobs in (None, 2):
        search = GridSearchCV(
            DecisionTreeClassifier(random_state=0),
            {"max_depth": [1, 2]},
            cv=2,
            n_jobs=n_jobs,
            verbose=verbose,
            refit=False,
        )
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            search.fit(X, y)
        lines[n_jobs] = sorted(line.partition("total time")[0].rstrip(". ") for line in stream.getvalue().splitlines())
    assert lines[2] == lines[None]
    assert sum("START" in line for line in lines[2]) == (4 if verbose == 10 else 0)


@pytest.mark.slow
def test_lines_come_whole_in_order_and_before_the_outcome(printed, capsys):
    def speak():
        for i in range(200):
            print(f"{i} ", end="")
            print("of", os.getpid())
        print("not ended", end="")

    seen = []
    printed(speak, speak, speak, speak, n_workers=2, after_each=lambda _: seen.append(capsys.readouterr().out))
    by_worker = {}
    n_ended = 0
    for n_outcomes, text in enumerate(seen, 1):
        for line in text.splitlines():
            if line == "not ended":
                n_ended += 1
            else:
                number, _, pid = line.split()
                by_worker.setdefault(pid, []).append(int(number))
        assert n_ended >= n_outcomes, "what a fit printed is there when its outcome is"
    assert n_ended == 4
    for numbers in by_worker.values():
        assert numbers == [*range(200)] * (len(numbers) // 200), "each worker's lines are whole and in order"


def test_a_line_of_the_start_of_a_fit_comes_before_its_end(make_task, tmp_path):
    """While the fit waits for a file that is made when its line has come."""

    def wait_to_be_heard(task):
        print("it has begun")
        for _ in range(3_000):
            if (tmp_path / "heard").exists():
                return Outcome(0, 0, 1.0)
            import threading

            threading.Event().wait(0.01)
        return Outcome(0, 0, 0.0)

    class Listener(io.StringIO):
        def write(self, text):
            (tmp_path / "heard").touch()
            return super().write(text)

    with LocalExecutor(wait_to_be_heard, 1, inner_threads=1) as executor, contextlib.redirect_stdout(Listener()):
        executor.submit(make_task(0))
        assert executor.wait().test_scores == 1.0


def test_large_texts_and_odd_characters(printed):
    def speak():
        print("é" * 3_000_000)
        sys.stdout.write("\u2713\n")
        sys.stdout.writelines(["one\n", "two\n"])
        sys.stdout.flush()

    assert printed(speak).out == "é" * 3_000_000 + "\n\u2713\none\ntwo\n"


def test_what_is_printed_while_an_object_is_freed_or_pickled_stops_nobody(printed):
    class Talkative:
        def __reduce__(self):
            print("It is pickled.")
            return str, ("done",)

        def __del__(self):
            print("It is freed.")

    out = printed(Talkative, Talkative).out
    assert out.count("It is pickled.\n") >= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_that_a_fit_forks_leaves_the_pipe_alone(printed):
    def fork():
        child = os.fork()
        if child == 0:
            print("from the child")
            os._exit(0)
        os.waitpid(child, 0)
        print("from the fit")

    assert printed(fork).out == "from the fit\n"


def test_a_fit_that_redirects_its_own_output(printed):
    def redirect():
        with contextlib.redirect_stdout(io.StringIO()) as stream:
            print("kept")
        print(stream.getvalue().upper(), end="")

    assert printed(redirect).out == "KEPT\n"


def test_a_stream_that_is_closed_or_missing_costs_nothing(monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        say("stdout", "nobody hears this\n")


def test_a_relay_is_a_text_stream():
    told = []
    relay = Relay(told.append, sys.__stdout__)
    print("a", 1, file=relay)
    assert relay.write("no end") == 6
    assert told == ["a 1\n"]
    relay.end_line()
    relay.end_line()
    assert told == ["a 1\n", "no end\n"]
    relay.flush()
    assert relay.writable()
    assert relay.encoding
    with pytest.raises(TypeError, match="must be str"):
        relay.write(b"bytes")
    relay.write("x" * 200_000)
    assert told[2:] == ["x" * 200_000], "a line that never ends is not held for ever"
    relay.end_line()
    assert told[3:] == ["\n"]
    nowhere = Relay(told.append, None)
    nowhere.flush()
    assert not nowhere.isatty()
    with pytest.raises(io.UnsupportedOperation):
        nowhere.fileno()


def warn(i):
    warnings.warn(f"It has not converged: {i}.", UserWarning, stacklevel=1)


def test_a_warning_of_two_workers_is_shown_once(printed):
    import threading

    def slowly():
        threading.Event().wait(0.05)  # so that both workers are needed
        warn(os.getpid())
        return 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("default")
        err = printed(*[slowly] * 40, n_workers=2).err
    assert err.count("UserWarning: It has not converged") == 1
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        err = printed(*[slowly] * 10, n_workers=2).err
    assert err.count("UserWarning: It has not converged") == 10


SILENT = """
import os, sys
from skhpo.executors.local import LocalExecutor
from skhpo.history import Outcome, Task, Trial

def fit(task):
    os.write(1, b"from compiled code\\n")
    print("from Python")
    return Outcome(0, 0, 0.0)

with LocalExecutor(fit, 1, inner_threads=1) as executor:
    executor.submit(Task(Trial(0, {}), 0))
    sys.stdout = sys.stderr
    executor.wait()
"""


@pytest.mark.slow
def test_what_compiled_code_writes_goes_where_it_went():
    ended = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SILENT], capture_output=True, text=True, check=True, timeout=300
    )
    assert ended.stdout == "from compiled code\n"
    assert "from Python\n" in ended.stderr
