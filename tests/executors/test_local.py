"""What only worker processes do: shipping, sharing, limits, batches, and being used again."""

import os
import pickle
import threading
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import sklearn

from skhpo.executors import local
from skhpo.executors import slot as slots
from skhpo.executors.batch import Job
from skhpo.executors.local import LocalExecutor
from skhpo.history import Outcome


@dataclass
class Fit:
    """A problem: what to do is the task's ``do`` parameter, a function of this and the task."""

    X: Any = None
    name: str = "fit"

    def __call__(self, task):
        value = task.trial.params["do"](self, task)
        return Outcome(task.trial.number, task.split, test_scores=value)


@pytest.fixture
def ask(make_task):
    """Run one function in a worker and return what it returned."""

    def run(do, X=None, n_workers=1, **options):
        options.setdefault("inner_threads", 1)
        with LocalExecutor(Fit(X), n_workers, **options) as executor:
            executor.submit(make_task(0, do=do))
            return executor.wait().test_scores

    return run


def test_it_is_another_process_and_the_next_search_uses_it_again(ask):
    first = ask(lambda fit, task: os.getpid())
    assert first != os.getpid()
    assert ask(lambda fit, task: os.getpid()) == first


def test_the_function_is_sent_once_per_worker(make_task, drive):
    class Counted(Fit):
        n_pickled = 0

        def __reduce__(self):
            type(self).n_pickled += 1
            return Fit, (self.X, self.name)

    with LocalExecutor(Counted(), 2, inner_threads=1) as executor:
        outcomes = drive(executor, [make_task(i, do=lambda fit, task: id(fit)) for i in range(50)])
    assert Counted.n_pickled == 1
    assert len(outcomes) == 50


@pytest.mark.slow
def test_large_arrays_are_mapped_read_only_and_small_ones_are_not(ask):
    """The limit is joblib's: a fit that writes into a smaller array works in its workers, so it does in ours."""

    def look(fit, task):
        *arrays, text = fit.X
        return [bool(array.flags.writeable) for array in arrays], float(arrays[-1].sum()), text

    X = [np.ones(3), np.ones(100_000 // 8 + 1), np.ones(2**17), np.ones(2**17 + 1), np.ones((1_000, 200)), "é"]
    assert ask(look, X) == ([True, True, True, False, False], 200_000.0, "é")


def test_arrays_that_are_not_contiguous_travel_too(ask):
    X = np.arange(200_000.0).reshape(400, 500)
    for view in (X[:, ::2], X.T, np.asfortranarray(X), X[::-1]):
        assert ask(lambda fit, task: float((fit.X * np.arange(fit.X.shape[1])).sum()), view) == float(
            (view * np.arange(view.shape[1])).sum()
        )


def test_a_full_disk_sends_everything_through_the_pipe(ask, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skhpo.executors.directory.tempfile.mkdtemp", refuse)
    assert ask(lambda fit, task: float(fit.X.sum()), np.ones(300_000)) == 300_000.0


def test_files_are_gone_after_close(tmp_path, monkeypatch, make_task):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    executor = LocalExecutor(Fit(np.ones(300_000)), 1, inner_threads=1)
    (directory,) = tmp_path.iterdir()
    assert directory.stat().st_mode & 0o777 == 0o700
    executor.submit(make_task(0, do=lambda fit, task: 1.0))
    executor.wait()
    executor.close()
    assert list(tmp_path.iterdir()) == []


def test_files_are_gone_when_an_executor_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    executor = LocalExecutor(Fit(np.ones(300_000)), 1, inner_threads=1)
    assert list(tmp_path.iterdir()) != []
    del executor
    assert list(tmp_path.iterdir()) == []


def test_what_killed_processes_left_is_swept(tmp_path, monkeypatch):
    from skhpo.executors import directory

    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    mine = f"{directory._machine()}{os.getpid()}-{directory._start_time(os.getpid())}-"
    dead = f"{directory._machine()}{os.getpid()}-1-"  # the same number, started earlier
    elsewhere = f"skhpo-00000000-{os.getpid()}-1-"  # another machine's, or container's
    for name in (mine, dead, elsewhere, "other"):
        (tmp_path / f"{name}abc").mkdir()
    LocalExecutor(Fit(np.ones(300_000)), 1).close()
    assert {path.name for path in tmp_path.iterdir()} == {f"{mine}abc", f"{elsewhere}abc", "otherabc"}


def test_the_callers_configuration_and_warning_filters_hold_in_workers(ask):
    def look(fit, task):
        with warnings.catch_warnings(record=True) as caught:
            warnings.warn("one", UserWarning, stacklevel=1)
            warnings.warn("two", FutureWarning, stacklevel=1)
        return sklearn.get_config()["transform_output"], [str(one.message) for one in caught]

    with sklearn.config_context(transform_output="pandas"), warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", message="tw.", category=FutureWarning, module=".*")
        assert ask(look) == ("pandas", ["one"])
    assert ask(lambda fit, task: sklearn.get_config()["transform_output"]) == "default"


@pytest.mark.parametrize("inner_threads", [1, 2])
def test_nothing_inside_a_fit_uses_more_than_its_share(ask, inner_threads):
    def look(fit, task):
        np.ones((100, 100)) @ np.ones((100, 100))
        from threadpoolctl import threadpool_info

        threads = max(library["num_threads"] for library in threadpool_info())
        return threads, joblib.cpu_count(), joblib.effective_n_jobs(-1), joblib.effective_n_jobs(None)

    expected = inner_threads
    assert ask(look, inner_threads=inner_threads) == (min(expected, os.cpu_count()), expected, expected, 1)


@pytest.mark.slow
def test_the_users_own_thread_limit_holds(ask, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    slots._stop_all()  # workers read it when they start
    assert ask(lambda fit, task: os.environ["OMP_NUM_THREADS"], inner_threads=None) == "1"
    slots._stop_all()


@pytest.mark.slow
def test_workers_find_what_the_caller_can_import(ask, tmp_path, monkeypatch):
    ask(lambda fit, task: 0.0)  # the worker exists before the path does
    (tmp_path / "only_here.py").write_text("VALUE = 3.5")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def look(fit, task):
        import only_here

        return only_here.VALUE, str(Path.cwd())

    assert ask(look) == (3.5, str(tmp_path))


NO_TIME = property(lambda executor: 0.0, lambda executor, value: None)


def test_short_fits_travel_in_batches_and_long_ones_singly(make_task, drive, monkeypatch):
    sizes = []
    send = slots.Slot.run

    def note(slot, jobs, packed, values):
        sizes.append(len(jobs))
        send(slot, jobs, packed, values)

    monkeypatch.setattr(slots.Slot, "run", note)
    with LocalExecutor(Fit(), 2, inner_threads=1) as executor:
        drive(executor, [make_task(i, do=lambda fit, task: 0.0) for i in range(1_000)])
    assert len(sizes) < 200
    sizes.clear()
    with LocalExecutor(Fit(), 2, inner_threads=1) as executor:
        drive(executor, [make_task(i, do=lambda fit, task: time.sleep(0.06)) for i in range(6)])
        assert executor._batch.value == 1
        # A worker has a second fit at hand: where it ran both before the caller came back, it is sent two.
        assert executor._depth == 2
    assert max(sizes) <= 2
    sizes.clear()
    # Of longer fits it has none at hand, unless the caller takes its time.
    seconds = 1.2 * local._SHORT_SECONDS
    monkeypatch.setattr(LocalExecutor, "_caller_seconds", NO_TIME, raising=False)
    with LocalExecutor(Fit(), 2, inner_threads=1) as executor:
        drive(executor, [make_task(i, do=lambda fit, task: time.sleep(seconds)) for i in range(6)])
    assert set(sizes) == {1}


def test_max_pending_is_never_exceeded(make_task, monkeypatch):
    executor = LocalExecutor(Fit(), 2, max_pending=3, inner_threads=1)
    most = 0
    with executor:
        left = [make_task(i, do=lambda fit, task: 0.0) for i in range(200)]
        for _ in range(200):
            while left and executor.has_room():
                executor.submit(left.pop())
            most = max(most, executor.n_pending)
            executor.wait()
    assert most == 3


@pytest.mark.slow
def test_a_long_fit_gives_back_the_rest_of_its_batch(make_task, drive):
    """A thousand short fits teach the executor to send many at a time; then one of a batch takes long."""

    def brief(fit, task):
        return os.getpid()

    def long(fit, task):
        time.sleep(0.6)
        return os.getpid()

    with LocalExecutor(Fit(), 2, inner_threads=1) as executor:
        drive(executor, [make_task(i, do=brief) for i in range(1_000)])
        while not (len(executor._slots) == 2 and all(slot.is_loaded for slot in executor._slots)):
            drive(executor, [make_task(i, do=brief) for i in range(100)])
        tasks = [make_task(i, do=long if i == 3 else brief) for i in range(400)]
        order = [outcome.number for outcome in drive(executor, tasks)]
    assert sorted(order) == list(range(400))
    assert order[-1] == 3  # nobody had to wait for it


def test_an_exception_shows_the_workers_traceback(make_task):
    def fail_in_the_worker(fit, task):
        raise KeyError("naïve")

    with LocalExecutor(Fit(), 1, inner_threads=1) as executor:
        executor.submit(make_task(0, do=fail_in_the_worker))
        with pytest.raises(KeyError, match="naïve") as caught:
            executor.wait()
    assert "fail_in_the_worker" in str(caught.value.__cause__)


def test_an_exception_that_cannot_be_pickled_still_says_what_it_said(make_task):
    class AwkwardError(Exception):
        def __init__(self, one, two):
            super().__init__(f"{one} and {two}")

    def fail(fit, task):
        raise AwkwardError("this", "that")

    with LocalExecutor(Fit(), 1, inner_threads=1) as executor:
        executor.submit(make_task(0, do=fail))
        with pytest.raises(RuntimeError, match="AwkwardError: this and that"):
            executor.wait()


def test_a_problem_that_cannot_be_pickled_is_named():
    with pytest.raises(pickle.PicklingError, match=r"Fit\.X must be picklable .* got a lock .* n_jobs=1"):
        LocalExecutor(Fit(X=threading.Lock()), 1)


def test_a_parameter_that_cannot_be_pickled_is_named_and_the_others_run(make_task, drive):
    with LocalExecutor(Fit(), 1, inner_threads=1) as executor:
        for i in range(3):
            executor.submit(make_task(i, do=lambda fit, task: 1.0, **({"guard": threading.Lock()} if i == 1 else {})))
        with pytest.raises(pickle.PicklingError, match="Parameter 'guard' must be picklable"):
            drive(executor, [])
        assert executor.n_pending <= 2
        drive(executor, [])


def test_an_outcome_that_cannot_be_pickled_is_named(make_task):
    with LocalExecutor(Fit(), 1, inner_threads=1) as executor:
        executor.submit(make_task(0, do=lambda fit, task: threading.Lock()))
        with pytest.raises(pickle.PicklingError, match=r"The outcome of a fit must be picklable .*lock"):
            executor.wait()


def test_an_outcome_of_a_class_of_the_main_script_arrives(make_task):
    with LocalExecutor(Fit(), 1, inner_threads=1) as executor:
        executor.submit(make_task(0, do=lambda fit, task: lambda: 3.0))
        assert executor.wait().test_scores() == 3.0


def test_a_problem_that_cannot_be_opened_in_the_worker_is_an_error(make_task):
    class Spoiled:
        def __call__(self, task):
            raise AssertionError

        def __reduce__(self):
            return int, ("no number",)

    with LocalExecutor(Spoiled(), 1, inner_threads=1) as executor:
        executor.submit(make_task(0))
        with pytest.raises(pickle.PicklingError, match="opening it there failed with ValueError: invalid literal"):
            executor.wait()
        assert executor.wait() is None


@pytest.mark.slow
def test_many_callers_at_once(make_task, drive):
    results = {}

    def search(name):
        with LocalExecutor(Fit(name=name), 1, inner_threads=1) as executor:
            tasks = [make_task(i, do=lambda fit, task: fit.name) for i in range(100)]
            results[name] = {outcome.test_scores for outcome in drive(executor, tasks)}

    threads = [threading.Thread(target=search, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {name: {name} for name in "abc"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_child_leaves_the_parents_workers_alone(make_task):
    executor = LocalExecutor(Fit(np.ones(300_000)), 1, inner_threads=1)
    executor.submit(make_task(0, do=lambda fit, task: 1.0))
    executor.wait()
    child = os.fork()
    if child == 0:
        executor.close()
        os._exit(len(slots._idle))
    assert os.waitpid(child, 0)[1] == 0
    executor.submit(make_task(1, do=lambda fit, task: float(fit.X[0])))
    assert executor.wait().test_scores == 1.0
    executor.close()


def test_no_descriptor_or_thread_is_left_behind(ask):
    def count():
        descriptors = Path("/proc/self/fd")
        return threading.active_count(), len(list(descriptors.iterdir())) if descriptors.exists() else 0

    ask(lambda fit, task: 0.0, np.ones(300_000))
    before = count()
    for _ in range(5):
        ask(lambda fit, task: 0.0, np.ones(300_000))
    assert count() == before


def test_workers_keep_to_the_splits_they_began_with(make_task):
    one, other = object(), object()
    with LocalExecutor(Fit(), 2) as executor:
        executor._queue.extend(Job(make_task(number, split)) for number in range(3) for split in range(3))
        places = [executor._place_for(one)]
        del executor._queue[0]  # (0, 0) is its own
        places += [executor._place_for(other), executor._place_for(one)]
        assert places == [0, 0, 1], "the second has begun with split 1, so that split 2 suits the first"
        executor._queue[1].n_losses = 1
        assert executor._place_for(one) == 2, "who killed a worker waits for its turn"
        executor._owners = dict.fromkeys(range(3), other)
        assert executor._place_for(one) is None
        executor._queue[0].n_passed_over = 1000
        assert executor._place_for(one) == 0, "nobody is passed over for long"
        executor._queue.clear()
