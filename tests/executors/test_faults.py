"""Fits that kill, hang or are killed; interrupts; parents that die."""

import ctypes
import os
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

import skhpo
from skhpo.executors import endurance
from skhpo.executors import slot as slots
from skhpo.executors.local import LocalExecutor
from skhpo.history import Outcome

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def run(task):
    """A fit that does what its parameters say."""
    params = task.trial.params
    if "file" in params:  # note that it ran, and in which process
        with Path(params["file"]).open("a") as file:
            file.write(f"{os.getpid()}\n")
    for name, how in (("once", params.get("once")), ("always", params.get("always"))):
        if how is not None and (name == "always" or len(Path(params["file"]).read_text().split()) == 1):
            how()
    time.sleep(params.get("seconds", 0.0))
    return Outcome(task.trial.number, task.split, test_scores=float(os.getpid()))


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def exit_at_once():
    os._exit(7)


def read_nothing():
    ctypes.string_at(0)


def hang():
    threading.Event().wait()


def spin():
    while True:
        pass


@pytest.fixture
def executor():
    with LocalExecutor(run, 2, inner_threads=1) as executor:
        yield executor


DEATHS = {
    "SIGKILL": (kill_self, "SIGKILL (exit code -9, perhaps for lack of memory)"),
    "exit": (exit_at_once, "exit code 7"),
    "segfault": (read_nothing, "SIGSEGV (exit code -11, a fault in compiled code)"),
}


@pytest.mark.parametrize(
    "death", ["exit", pytest.param("SIGKILL", marks=pytest.mark.slow), pytest.param("segfault", marks=pytest.mark.slow)]
)
def test_a_fit_that_kills_is_tried_twice_and_costs_nobody_else(executor, make_task, drive, tmp_path, death):
    (die, reason), n_others = DEATHS[death], 12
    tasks = [make_task(i, file=tmp_path / str(i), seconds=0.01) for i in range(n_others)]
    tasks.insert(5, make_task(99, file=tmp_path / "99", always=die))
    outcomes = {outcome.number: outcome for outcome in drive(executor, tasks)}
    assert sorted(outcomes) == [*range(n_others), 99]
    culprit = outcomes.pop(99)
    assert culprit.status == "crashed"
    assert culprit.test_scores is None
    assert culprit.error == f"The fit was tried 2 times and its worker process died each time, with {reason}."
    assert len((tmp_path / "99").read_text().split()) == 2
    assert all(outcome.status == "ok" for outcome in outcomes.values())
    for i in range(n_others):
        assert len((tmp_path / str(i)).read_text().split()) == 1


def test_a_fit_whose_worker_died_once_is_simply_done_again(executor, make_task, drive, tmp_path):
    (outcome,) = drive(executor, [make_task(0, file=tmp_path / "0", once=kill_self)])
    assert outcome.status == "ok"
    pids = (tmp_path / "0").read_text().split()
    assert len(set(pids)) == 2


@pytest.mark.slow
def test_the_culprit_of_a_batch_is_found(executor, make_task, drive, tmp_path):
    drive(executor, [make_task(i) for i in range(1_000)])  # short fits: they come in batches from here
    tasks = [make_task(i, **({"always": exit_at_once, "file": tmp_path / "x"} if i == 100 else {})) for i in range(300)]
    outcomes = drive(executor, tasks)
    assert sorted(outcome.number for outcome in outcomes) == list(range(300))
    assert [outcome.number for outcome in outcomes if outcome.status != "ok"] == [100]


@pytest.mark.parametrize("how", [hang, pytest.param(spin, marks=pytest.mark.slow)])
def test_a_fit_that_hangs_is_stopped(make_task, drive, tmp_path, how):
    tasks = [make_task(i, file=tmp_path / str(i), seconds=0.01) for i in range(10)]
    tasks.insert(3, make_task(99, file=tmp_path / "99", always=how))
    with LocalExecutor(run, 2, fit_timeout=1.0, inner_threads=1) as executor:
        outcomes = {outcome.number: outcome for outcome in drive(executor, tasks)}
    late = outcomes.pop(99)
    assert (late.status, late.test_scores) == ("timeout", None)
    assert late.error == "The fit took longer than fit_timeout=1.0 seconds and was stopped."
    assert late.fit_time >= 1.0
    assert len((tmp_path / "99").read_text().split()) == 1
    assert {number: (outcome.status, outcome.error) for number, outcome in outcomes.items()} == dict.fromkeys(
        range(10), ("ok", None)
    )


def test_the_time_limit_is_per_fit_not_per_batch(make_task, drive):
    with LocalExecutor(run, 1, fit_timeout=0.3, inner_threads=1) as executor:
        outcomes = drive(executor, [make_task(i, seconds=0.002) for i in range(300)])
    assert {outcome.status for outcome in outcomes} == {"ok"}


def test_a_fit_of_an_earlier_search_is_not_taken_for_one_of_this(make_task):
    """What a worker shows of its last fit must not name one that it was given and has not begun."""
    shown = -1
    for _ in range(2):
        with LocalExecutor(run, 1, inner_threads=1) as executor:
            executor.submit(make_task(0))
            while not any(slot.jobs for slot in executor._slots):
                executor._dispatch()
                if not any(slot.jobs for slot in executor._slots):
                    executor._receive()
            (slot,) = executor._slots
            assert min(slot.jobs) > shown
            executor.wait()
            shown = slot._progress.read()[0]


def test_workers_that_cannot_start_are_given_up(make_task, monkeypatch):
    slots._stop_all()
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    with LocalExecutor(run, 1, inner_threads=1) as executor:
        executor.submit(make_task(0))
        assert executor.wait() is None
        assert executor.gave_up.startswith("3 worker processes in a row were lost before they began a fit, the last")
        assert executor.n_pending == 0


@pytest.mark.slow
def test_an_idle_worker_that_died_is_replaced(make_task, drive):
    for _ in range(2):
        with LocalExecutor(run, 1, inner_threads=1) as executor:
            (outcome,) = drive(executor, [make_task(0)])
        os.kill(int(outcome.test_scores), signal.SIGKILL)
    assert outcome.status == "ok"


@pytest.mark.slow
def test_close_does_not_wait_for_a_hanging_fit(make_task, tmp_path):
    file = tmp_path / "pids"
    executor = LocalExecutor(run, 2, inner_threads=1)
    executor.submit(make_task(0, file=file, always=hang))
    executor.submit(make_task(1))
    assert executor.wait().number == 1
    wait_until(file.exists)
    began = time.monotonic()
    executor.close()
    assert time.monotonic() - began < 2.0
    assert not is_alive(int(file.read_text()))


def test_an_interrupt_leaves_an_executor_that_can_go_on_or_be_closed(make_task, drive):
    with LocalExecutor(run, 2, inner_threads=1) as executor:
        drive(executor, [make_task(0)])  # the worker runs
        executor.submit(make_task(1, seconds=0.5))
        interrupt = threading.Timer(0.2, signal.raise_signal, [signal.SIGINT])
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            executor.wait()
        interrupt.join()
        assert [outcome.number for outcome in drive(executor, [make_task(2)])] == [1, 2] or executor.n_pending == 0


@pytest.mark.slow
def test_cancel_drops_the_rest_of_a_batch(make_task, drive):
    with LocalExecutor(run, 1, inner_threads=1) as executor:
        drive(executor, [make_task(i) for i in range(1_000)])
        for i in range(200):
            executor.submit(make_task(i, seconds=0.01))
        executor.wait()
        executor.cancel()
        assert len(drive(executor, [])) < 20


@pytest.mark.slow
def test_twenty_workers_killed_at_random_moments_lose_nothing(make_task, drive):
    random_ = random.Random(0)  # noqa: S311
    n_killed = 0

    def kill_now_and_then(_):
        nonlocal n_killed
        busy = [slot for slot in executor._slots if slot.jobs]
        if n_killed < 20 and busy and random_.random() < 0.2:
            os.kill(random_.choice(busy).process.pid, signal.SIGKILL)
            n_killed += 1

    with LocalExecutor(run, 2, inner_threads=1) as executor:
        outcomes = drive(
            executor, [make_task(i, seconds=random_.random() / 20) for i in range(400)], after_each=kill_now_and_then
        )
    assert n_killed == 20
    assert sorted(outcome.number for outcome in outcomes) == list(range(400))
    # A fit is given up if it is hit twice in a row: one in hundreds here, never one that finished.
    assert sum(outcome.status != "ok" for outcome in outcomes) <= 1


SCRIPT = """
    import os, threading, numpy, sys
    from pathlib import Path
    from skhpo.executors.local import LocalExecutor
    from skhpo.history import Outcome, Task, Trial

    class Problem:
        X = numpy.ones(300_000)

        def __init__(self):
            self.X = Problem.X

        def __call__(self, task):
            if task.split == 1:
                Path(sys.argv[1]).write_text(str(os.getpid()))
                threading.Event().wait()
            return Outcome(0, 0, 0.0)

    executor = LocalExecutor(Problem(), 2, inner_threads=1)
    executor.submit(Task(Trial(0, {}), 0))
    executor.wait()
    executor.submit(Task(Trial(0, {}), 1))
    executor.submit(Task(Trial(0, {}), 0))
    executor.wait()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "ending",
    ["returns", "raises", "is killed"],
)
def test_no_process_and_no_file_outlives_the_parent(tmp_path, ending):
    """A script without a main guard, in which a worker hangs for ever, ends in three ways."""
    script, note, files = tmp_path / "script.py", tmp_path / "pid", tmp_path / "files"
    files.mkdir()
    last = {"returns": "", "raises": "raise SystemExit(3)", "is killed": "threading.Event().wait()"}[ending]
    wait = "while not Path(sys.argv[1]).exists(): executor._receive()"
    source = textwrap.dedent(SCRIPT).replace("sys.argv[1]", repr(str(note)))
    script.write_text("\n".join([source, wait.replace("sys.argv[1]", repr(str(note))), last]))
    path = os.pathsep.join([str(Path(skhpo.__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-W", "error", str(script)],
        env={**os.environ, "PYTHONPATH": path, "JOBLIB_TEMP_FOLDER": str(files)},
    )
    wait_until(lambda: note.exists() and note.read_text())
    worker = int(note.read_text())
    if ending == "is killed":
        process.kill()
    assert process.wait(timeout=30) == {"returns": 0, "raises": 3, "is killed": -9}[ending]
    wait_until(lambda: not is_alive(worker))
    if ending != "is killed":  # the next search sweeps
        assert list(files.iterdir()) == []


def wait_until(condition):
    for _ in range(3_000):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


def is_alive(pid):
    """Whether a process runs; one that ended and was not waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


# ------------------------------------------------------------------ what asks to end the process it runs in


class Own(BaseException):
    """Somebody's own way out."""


@pytest.mark.parametrize(
    "error", [SystemExit(3), SystemExit(), GeneratorExit(), KeyboardInterrupt("stop"), Own("out")], ids=repr
)
def test_what_would_end_the_process_costs_its_fit(make_task, drive, error):
    def leave(task):
        if task.trial.number == 1:
            raise error
        return Outcome(task.trial.number, task.split, test_scores=float(os.getpid()))

    with LocalExecutor(leave, 1, inner_threads=1) as executor:
        outcomes = {outcome.number: outcome for outcome in drive(executor, [make_task(i) for i in range(4)])}
    assert [outcomes[i].status for i in range(4)] == ["ok", "crashed", "ok", "ok"]
    assert f"The fit raised {type(error).__name__}" in outcomes[1].error
    assert "in leave" in outcomes[1].error, "the traceback says where"
    assert outcomes[1].test_scores is None
    assert len({outcomes[i].test_scores for i in (0, 2, 3)}) == 1, "its worker goes on"


def test_what_would_end_the_process_while_a_search_is_opened_ends_it_with_an_error(make_task):
    class Leaving:
        def __call__(self, task):
            raise AssertionError

        def __reduce__(self):
            return sys.exit, (4,)

    with LocalExecutor(Leaving(), 1, inner_threads=1) as executor:
        executor.submit(make_task(0))
        with pytest.raises(Exception, match="opening it there failed with RuntimeError: SystemExit: 4"):
            executor.wait()


# ------------------------------------------------------------------ workers that do not get that far


@pytest.mark.slow
def test_workers_killed_before_they_begin_are_replaced(make_task, drive, monkeypatch):
    """Five of them, one after the other: the pauses between them are left out here."""
    monkeypatch.setattr(endurance, "_PAUSES", (0.0,) * 8)
    load, killed = slots.Slot.load, []
    with LocalExecutor(run, 2, inner_threads=1) as executor:
        drive(executor, [make_task(0)])

        def kill(slot, *args):
            if len(killed) < 5:
                killed.append(slot.process.pid)
                os.kill(slot.process.pid, signal.SIGKILL)
            load(slot, *args)

        monkeypatch.setattr(slots.Slot, "load", kill)
        for slot in executor._slots:
            os.kill(slot.process.pid, signal.SIGKILL)
        outcomes = drive(executor, [make_task(i, seconds=0.1) for i in range(6)])
    assert len(killed) == 5
    assert [outcome.status for outcome in outcomes] == ["ok"] * 6
    assert executor.gave_up is None


@pytest.mark.slow
def test_workers_that_are_always_killed_are_given_up_with_what_is_there(make_task, drive, monkeypatch):
    monkeypatch.setattr(endurance, "_PAUSES", (0.0, 0.0, 0.01, 0.01))
    monkeypatch.setattr(endurance, "_MAX_FALSE_STARTS", 4)
    with LocalExecutor(run, 1, inner_threads=1) as executor:
        assert len(drive(executor, [make_task(0)])) == 1

        def kill(slot, *args):
            os.kill(slot.process.pid, signal.SIGKILL)

        monkeypatch.setattr(slots.Slot, "load", kill)
        os.kill(executor._slots[0].process.pid, signal.SIGKILL)
        executor.submit(make_task(1))
        executor.submit(make_task(2))
        assert executor.wait() is None
        assert executor.gave_up.startswith("4 worker processes in a row were lost before they began a fit, the last wi")
        assert "SIGKILL" in executor.gave_up
        assert executor.n_pending == 0


def test_where_no_process_can_be_started_the_executor_gives_up(make_task, monkeypatch):
    def refuse(self):
        raise OSError(24, "Too many open files")

    slots._stop_all()
    monkeypatch.setattr(slots, "Progress", type("None", (), {"__init__": refuse}))
    with LocalExecutor(run, 2, inner_threads=1) as executor:
        executor.submit(make_task(0))
        assert executor.wait() is None
    assert "the last with OSError: [Errno 24] Too many open files" in executor.gave_up


class Slow:
    """Takes for ever to be opened in another process, for as long as a file is missing."""

    def __init__(self, file):
        self.file = file

    def __call__(self, task):
        return Outcome(task.trial.number, task.split, 1.0)

    def __reduce__(self):
        return open_slowly, (self.file,)


def open_slowly(file):
    for _ in range(30_000):
        if file.exists():
            return Slow(file)
        threading.Event().wait(0.01)
    raise AssertionError("it never came")


@pytest.fixture
def hasty(monkeypatch):
    """Workers have little time to begin."""
    monkeypatch.setattr(endurance, "START_SECONDS", 0.3)


@pytest.fixture
def warm(make_task, drive):
    """A worker that has started waits for the next executor."""
    with LocalExecutor(run, 1, inner_threads=1) as executor:
        drive(executor, [make_task(0)])


@pytest.mark.slow
def test_a_worker_that_never_opens_the_search_is_given_up(make_task, tmp_path, warm, monkeypatch):
    monkeypatch.setattr(endurance, "START_SECONDS", 5.0)
    monkeypatch.setattr(endurance, "_MAX_FIRST_STARTS", 1)
    with LocalExecutor(Slow(tmp_path / "never"), 1, inner_threads=1) as executor:
        executor.submit(make_task(0))
        assert executor.wait(0.01) is None, "who waits for a limited time gets nothing"
        assert executor.n_pending == 1
        assert executor.wait() is None
    assert "the last with no sign of life for 5 seconds" in executor.gave_up


@pytest.mark.slow
def test_a_worker_that_never_gets_ready_is_given_up(make_task, hasty, monkeypatch):
    slots._stop_all()
    monkeypatch.setattr(slots, "serve", hang)
    with LocalExecutor(run, 1, inner_threads=1) as executor:
        executor.submit(make_task(0))
        assert executor.wait(0.05) is None
        assert executor.wait() is None
    assert executor.gave_up.startswith("3 worker processes in a row")


@pytest.mark.slow
def test_a_worker_that_never_opens_its_task_is_given_up(make_task, drive, tmp_path, monkeypatch):
    with LocalExecutor(run, 1, inner_threads=1) as executor:
        drive(executor, [make_task(0)])
        monkeypatch.setattr(endurance, "START_SECONDS", 0.3)
        monkeypatch.setattr(endurance, "_MAX_FALSE_STARTS", 1)
        executor.submit(make_task(1, value=Slow(tmp_path / "never")))
        assert executor.wait() is None
    assert "no sign of life" in executor.gave_up


@pytest.mark.slow
def test_a_worker_that_is_slow_to_open_the_search_is_waited_for(make_task, drive, tmp_path, warm):
    file = tmp_path / "soon"
    timer = threading.Timer(0.5, file.touch)
    timer.start()
    with LocalExecutor(Slow(file), 1, inner_threads=1) as executor:
        (outcome,) = drive(executor, [make_task(0)])
    timer.join()
    assert outcome.status == "ok"


def test_what_a_worker_says_of_an_earlier_search_is_not_heard(make_task, drive, tmp_path, warm):
    """A search that is over before its worker has opened it, or refused it, says nothing about the next one."""
    for content in (Slow(tmp_path / "soon"), Refused(tmp_path / "soon")):
        (tmp_path / "soon").unlink(missing_ok=True)
        with LocalExecutor(content, 1, inner_threads=1) as executor:
            executor.submit(make_task(0))
            executor.wait(0.01)
        (tmp_path / "soon").touch()
        with LocalExecutor(run, 1, inner_threads=1) as executor:
            (outcome,) = drive(executor, [make_task(0)])
        assert outcome.status == "ok"


class Refused(Slow):
    def __reduce__(self):
        return refuse_slowly, (self.file,)


def refuse_slowly(file):
    open_slowly(file)
    raise ValueError("It cannot be opened.")


# ------------------------------------------------------------------ first fits


class Compiling:
    """Each worker takes its time once, as libraries that compile do."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.is_warm = False

    def __call__(self, task):
        if not self.is_warm:
            time.sleep(self.seconds)
            self.is_warm = True
        return Outcome(task.trial.number, task.split, 1.0)


def test_a_first_fit_that_compiles_has_more_time(make_task, drive):
    with LocalExecutor(Compiling(0.6), 1, fit_timeout=0.3, inner_threads=1) as executor:
        outcomes = drive(executor, [make_task(i) for i in range(12)])
    assert [outcome.status for outcome in outcomes] == ["ok"] * 12


@pytest.mark.slow
def test_who_compiles_for_longer_is_told_what_to_do(make_task, drive):
    with (
        LocalExecutor(Compiling(60.0), 1, fit_timeout=0.1, inner_threads=1) as executor,
        pytest.warns(
            RuntimeWarning, match=r"the second after 0\.5 seconds with fit_timeout=0\.1\. If the estimator comp"
        ),
    ):
        outcomes = drive(executor, [make_task(i) for i in range(4)])
    assert [outcome.status for outcome in outcomes] == ["timeout"] * 4
    assert outcomes[0].fit_time >= 0.5
    assert outcomes[1].fit_time >= 0.5
