"""Large values of parameters travel once."""

import os
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from skhpo.executors import values as large
from skhpo.executors.local import LocalExecutor
from skhpo.executors.shipment import unpack
from skhpo.executors.slot import Slot
from skhpo.executors.values import LARGE, Given, Held, Values, fill_in
from skhpo.history import Outcome


def look(task):
    """What a fit sees of a value."""
    value = task.trial.params["a"]
    array = value["array"] if isinstance(value, dict) and "array" in value else value
    if isinstance(array, np.ndarray):
        seen = float(array.sum()), bool(array.flags.writeable), isinstance(array.base, np.ndarray) or array.base is None
    else:
        seen = len(value)
    return Outcome(task.trial.number, task.split, test_scores=(os.getpid(), seen))


@pytest.fixture
def sent(monkeypatch):
    """Note what is sent to workers: the kind of message, and its bytes."""
    noted = []
    ask = Slot._ask

    def note(slot, message, payload=b""):
        noted.append((message[0], len(pickle.dumps(message)) + len(payload)))
        ask(slot, message, payload)

    monkeypatch.setattr(Slot, "_ask", note)
    return noted


VALUES = {
    "array": [np.full(300_000, 1.0), np.full(300_000, 2.0)],
    "array within": [{"array": np.full(300_000, i)} for i in (1.0, 2.0)],
    "words": [{f"{i} {j}": j for j in range(60_000)} for i in range(2)],
    "text": ["a" * 1_000_000, "b" * 2_000_000],
    "array that is not contiguous": [np.full((2, 300_000), 1.0)[:, ::2], np.full((2, 300_000), 2.0)[:, ::2]],
}


@pytest.mark.parametrize("kind", VALUES)
def test_a_large_value_is_sent_once_to_each_worker(kind, make_task, drive, sent):
    values = VALUES[kind]
    with LocalExecutor(look, 2, inner_threads=1) as executor:
        outcomes = drive(executor, [make_task(i, split, a=values[i % 2]) for i in range(10) for split in range(3)])
    n_workers = len({outcome.test_scores[0] for outcome in outcomes})
    names = [name for name, _ in sent]
    assert names.count("value") <= 2 * n_workers
    assert {name for name, size in sent if size > 10_000} <= {"value", "load"}
    expected = {i: look(make_task(i, a=values[i % 2])).test_scores[1] for i in range(10)}
    for outcome in outcomes:
        seen, there = outcome.test_scores[1], expected[outcome.number]
        assert seen == there if kind in {"words", "text"} else seen[0] == there[0]


def test_arrays_are_mapped_and_files_are_gone_at_the_end(make_task, drive, sent, tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    with LocalExecutor(look, 1, inner_threads=1) as executor:
        tasks = [make_task(i, a=VALUES["array"][i % 2]) for i in range(4)]
        n_files = []
        outcomes = drive(executor, tasks, after_each=lambda _: n_files.append(len(list(tmp_path.rglob("buffers")))))
    assert {outcome.test_scores[1][1] for outcome in outcomes} == {False}, "what is mapped is read-only"
    assert max(size for _, size in sent if _ == "value") < 10_000
    assert n_files[-1] == 2
    assert list(tmp_path.iterdir()) == []


def test_where_there_is_no_room_on_the_disk_values_go_through_the_pipe(make_task, drive, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skhpo.executors.directory.tempfile.mkdtemp", refuse)
    with LocalExecutor(look, 1, inner_threads=1) as executor:
        outcomes = drive(executor, [make_task(i, a=VALUES["array"][i % 2]) for i in range(4)])
    assert sorted(outcome.test_scores[1][0] for outcome in outcomes) == [3e5, 3e5, 6e5, 6e5]


def test_a_worker_that_replaces_another_is_given_them_too(make_task, drive, tmp_path):
    def die_once(task):
        if task.trial.number == 2 and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os._exit(1)
        return look(task)

    with LocalExecutor(die_once, 1, inner_threads=1) as executor:
        outcomes = drive(executor, [make_task(i, a=VALUES["words"][0]) for i in range(5)])
    assert [outcome.status for outcome in outcomes] == ["ok"] * 5


def test_what_a_value_does_when_it_is_opened_costs_the_search_an_error_that_can_be_caught(make_task, drive):
    with LocalExecutor(look, 1, inner_threads=1) as executor:
        executor.submit(make_task(0, a=Awkward()))
        with pytest.raises(RuntimeError, match="SystemExit: 3"):
            executor.wait()


class Awkward:
    """Ends the process that opens it; is large."""

    text = "x" * 2 * LARGE

    def __reduce__(self):
        return _leave, (self.text,)


def _leave(text):
    raise SystemExit(3)


@dataclass
class Parent:
    """The parent's and a worker's side without a process between them."""

    def __post_init__(self):
        self.values, self.given, self.held = Values(), Given(), {}

    def give(self, tasks, in_use=()):
        packed, needed = self.values.pack(tasks, in_use)
        fresh, dropped = self.given.update(self.values, [ident for idents in needed for ident in idents])
        self.held.update({ident: (self.values[ident].spans, self.values[ident].stream) for ident in fresh})
        for ident in dropped:
            del self.held[ident]
        return [fill_in(task, self.held) for task in pickle.loads(packed)], fresh, dropped  # noqa: S301


def test_small_values_stay_where_they_are(make_task):
    parent = Parent()
    for value in (1, "x", [1, 2], np.ones(100), {"a": 1}, None):
        ((task,), fresh, _) = parent.give([make_task(0, a=value)])
        assert fresh == []
        assert np.all(task.trial.params["a"] == value)
    tasks, fresh, _ = parent.give([make_task(i, a="x" * 60_000) for i in range(3)])  # large together only
    assert fresh == []
    assert {task.trial.params["a"] for task in tasks} == {"x" * 60_000}
    parent.values.close()


def test_what_was_not_needed_for_long_is_forgotten(make_task, monkeypatch):
    monkeypatch.setattr(large, "_MOST_BYTES", 5_000_000)
    parent = Parent()
    arrays = [np.full(300_000, float(i)) for i in range(5)]  # 2.4 MB each
    n_dropped = 0
    for i in [0, 1, 2, 0, 3, 4, 0]:
        (task,), _, dropped = parent.give([make_task(0, a=arrays[i], b=1)])
        n_dropped += len(dropped)
        assert task.trial.params["a"][0] == i
        assert len(parent.values._parcels) <= 3
    assert n_dropped >= 3
    paths = [Path(parcel.shipment.spans.path) for parcel in parent.values._parcels.values()]
    assert all(path.exists() for path in paths)
    parent.values.close()
    assert not any(path.exists() for path in paths)


def test_what_a_worker_has_yet_to_open_is_kept(make_task, monkeypatch):
    monkeypatch.setattr(large, "_MOST_BYTES", 1)
    values = Values()
    arrays = [np.full(300_000, float(i)) for i in range(4)]
    in_use = []
    for array in arrays:
        _, ((ident,),) = values.pack([make_task(0, a=array)], in_use)
        in_use.append(ident)
    for ident, array in zip(in_use, arrays, strict=True):
        assert unpack(values[ident].stream, values[ident].spans)[0][0] == array[0]
    values.close()


def test_a_worker_keeps_few_pickles(make_task, monkeypatch):
    monkeypatch.setattr(large, "_MOST_IN_WORKER", 250_000)
    parent = Parent()
    texts = [str(i) * 100_000 for i in range(9)]
    for i in [*range(9), 8, 0]:
        (task,), _, _ = parent.give([make_task(0, a=texts[i])])
        assert task.trial.params["a"] == texts[i]
        assert len(parent.held) <= 3
    parent.values.close()


def test_the_callers_task_is_left_alone(make_task):
    values = Values()
    task = make_task(0, a=np.ones(300_000), b=2)
    for _ in range(2):
        packed, _ = values.pack([task])
        (sent,) = pickle.loads(packed)  # noqa: S301
        assert isinstance(sent.trial.params["a"], Held)
        assert sent.trial.params["b"] == 2
    assert isinstance(task.trial.params["a"], np.ndarray)
    values.close()
