"""What a batch leaves behind in a worker that is somebody else's."""

import gc
import pickle
import sys
import threading
import time
import warnings
import weakref
from typing import ClassVar

import joblib
import pytest
import sklearn

from skhpo.executors import package
from skhpo.executors.crossing import Raised, run_in_worker
from skhpo.executors.package import Content, Package, opened, pack_tasks, run_batch
from skhpo.history import Outcome

TIMEOUT = 20.0


class Meeting:
    """Fits that wait for each other: the first one ends first, the others when they are told."""

    def __init__(self):
        self.inside, self.may_leave = threading.Event(), threading.Event()


MEETINGS = {"first": Meeting(), "second": Meeting()}


def run(task):
    """Do what the parameters say."""
    if name := task.trial.params.get("meets"):
        MEETINGS[name].inside.set()
        assert MEETINGS[name].may_leave.wait(TIMEOUT)
    if "warns" in task.trial.params:
        warnings.warn(f"It has not converged: {task.trial.number}", UserWarning, stacklevel=1)
    if "leaves" in task.trial.params:
        raise task.trial.params["leaves"]
    return Outcome(task.trial.number, task.split, 0.0)


def state():
    filters = getattr(warnings, "_get_filters", lambda: warnings.filters)()
    return list(filters), warnings.showwarning, sklearn.get_config(), joblib.Parallel(n_jobs=2)._backend.__class__


def package_from_elsewhere(action="error"):
    """The content of a package as it is in a worker."""
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        made = Package(run).content
    return Content(made.stream, "another process")


@pytest.mark.parametrize("first_out", ["first", "second"])
def test_threads_that_overlap_leave_the_filters_as_they_found_them(make_task, first_out):
    content, before = package_from_elsewhere(), state()
    for meeting in MEETINGS.values():
        meeting.inside.clear()
        meeting.may_leave.clear()
    threads = {}
    for number, name in enumerate(MEETINGS):
        tasks = pack_tasks([make_task(number, meets=name)])
        threads[name] = threading.Thread(target=content.run, args=(tasks,))
        threads[name].start()
        assert MEETINGS[name].inside.wait(TIMEOUT)
    for name in (first_out, *MEETINGS):
        MEETINGS[name].may_leave.set()
        threads[name].join(TIMEOUT)
    assert state() == before


def test_filters_are_left_as_they_were_found_after_searches_that_overlap(make_task):
    contents, before = [package_from_elsewhere("error"), package_from_elsewhere("ignore")], state()
    for meeting in MEETINGS.values():
        meeting.inside.clear()
        meeting.may_leave.clear()
    threads = []
    for content, name in zip(contents, MEETINGS, strict=True):
        threads.append(threading.Thread(target=content.run, args=(pack_tasks([make_task(0, meets=name)]),)))
        threads[-1].start()
        assert MEETINGS[name].inside.wait(TIMEOUT)
    for meeting, thread in zip(MEETINGS.values(), threads, strict=True):
        meeting.may_leave.set()
        thread.join(TIMEOUT)
    assert state() == before


def test_in_the_callers_own_process_the_filters_are_not_touched(make_task):
    content = Package(run).content
    MEETINGS["first"].inside.clear()
    MEETINGS["first"].may_leave.clear()
    before = state()
    thread = threading.Thread(target=content.run, args=(pack_tasks([make_task(0, meets="first")]),))
    thread.start()
    assert MEETINGS["first"].inside.wait(TIMEOUT)
    assert state() == before
    MEETINGS["first"].may_leave.set()
    thread.join(TIMEOUT)


@pytest.mark.skipif(getattr(sys.flags, "context_aware_warnings", False), reason="who shows is the process's")
@pytest.mark.parametrize(("action", "n_shown"), [("default", 1), ("always", 20), ("ignore", 0)])
def test_a_worker_shows_what_it_is_warned_of_once(make_task, action, n_shown):
    content = package_from_elsewhere(action)
    with warnings.catch_warnings(record=True) as shown:
        for number in range(20):
            content.run(pack_tasks([make_task(number, warns=True)]))
    assert len(shown) == n_shown


def test_a_content_travels_without_what_was_opened(make_task):
    content = package_from_elsewhere()
    content.run(pack_tasks([make_task(0)]))
    buffers = []
    packed = pickle.dumps(content, protocol=5, buffer_callback=buffers.append)
    assert len(packed) < 1000
    again = pickle.loads(packed, buffers=buffers)  # noqa: S301 - made two lines above
    ((_, outcome),) = opened(again.run(pack_tasks([make_task(3)])))
    assert outcome.number == 3
    assert sys.getsizeof(content) > len(content.stream)


class Data:
    """Counts how often it was opened, and what of it lives."""

    n_opened = 0
    alive: ClassVar = weakref.WeakSet()

    def __reduce__(self):
        return open_data, ()

    def __call__(self, task):
        return Outcome(task.trial.number, task.split, 0.0)


def open_data():
    Data.n_opened += 1
    data = Data()
    Data.alive.add(data)
    return data


def wait_until(condition):
    deadline = time.monotonic() + TIMEOUT
    while not condition() and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.01)
    assert condition()


def test_threads_open_a_content_once(make_task):
    Data.n_opened = 0
    made = Package(Data())
    start = threading.Barrier(4)

    def work():
        start.wait(TIMEOUT)
        for number in range(20):
            run_batch(made.key, pack_tasks([make_task(number)]), lambda: made.content.stream)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert Data.n_opened == 1


def test_searches_that_share_a_worker_do_not_throw_each_other_out(make_task):
    Data.n_opened = 0
    made = [Package(Data()) for _ in range(4)]
    for number in range(12):
        for each in made:
            run_batch(each.key, pack_tasks([make_task(number)]), lambda stream=each.content.stream: stream)
    assert Data.n_opened == 4


def test_what_is_not_used_any_more_is_freed(make_task, monkeypatch):
    monkeypatch.setattr(package, "KEEP_SECONDS", 0.05)
    made = Package(Data())
    before = len(Data.alive)
    run_batch(made.key, pack_tasks([make_task(0)]), lambda: made.content.stream)
    wait_until(lambda: made.key not in package.kept.contents)
    wait_until(lambda: len(Data.alive) <= before)
    run_batch(made.key, pack_tasks([make_task(1)]), lambda: made.content.stream)  # it is opened again
    wait_until(lambda: made.key not in package.kept.contents)


def test_what_cannot_be_fetched_is_an_error_of_the_search(make_task):
    def fetch():
        raise OSError("gone")

    reply = run_batch("key", pack_tasks([make_task(0)]), fetch)
    assert isinstance(reply, Raised)
    assert isinstance(opened(reply), pickle.PicklingError)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit("x")])
def test_a_fit_that_asks_to_leave_has_failed(make_task, error):
    outcome = run_in_worker(run, make_task(2, 1, leaves=error))
    assert (outcome.number, outcome.split, outcome.status) == (2, 1, "crashed")
    assert f"The fit raised {type(error).__name__}" in outcome.error
    raised = run_in_worker(run, make_task(2, leaves=ValueError("x")))
    assert isinstance(raised.unpack(), ValueError)
