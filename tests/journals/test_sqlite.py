"""The journal that outlives its process."""

import contextlib
import json
import math
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest

from skhpo.history import FitFinished, Outcome, Trial, TrialStarted
from skhpo.journals import sqlite
from skhpo.journals.database import APPLICATION_ID, FORMAT
from skhpo.journals.events import Codec
from skhpo.journals.sqlite import SqliteJournal, stored_searches

PLAIN = Codec(to_json=lambda params: params, from_json=lambda params: params)
FINGERPRINT = {"X": "a", "y": "b", "estimator": "c"}


def journal_at(path, fingerprint=FINGERPRINT, **kwargs):
    return SqliteJournal(path, fingerprint, **{"codec": PLAIN, "header": {"name": "test"}, **kwargs})


def write_success(path, fingerprint=FINGERPRINT, **kwargs):
    """A search that is of use: one of its fits succeeded."""
    with contextlib.closing(journal_at(path, fingerprint, **kwargs)) as journal:
        journal.append(TrialStarted(Trial(0, {"C": 1})))
        journal.append(FitFinished(Outcome(0, 0, 0.5)))


def events():
    yield TrialStarted(Trial(0, {"C": 0.1 + 0.2, "kernel": "rbf"}, fraction=1 / 3, rung=2, bracket=1, parent=None))
    yield FitFinished(Outcome(0, 0, 1 / 3, 0.25, 0.5, 0.125, 30))
    yield FitFinished(Outcome(0, 1, {"a": np.float64(0.1), "b": float("nan"), "c": -float("inf")}))
    yield FitFinished(Outcome(0, 2, None, error="Traceback …\n", status="crashed", stop=True, shared=True))


def flat(event):
    body = event.trial if isinstance(event, TrialStarted) else event.outcome
    return repr([getattr(body, name) for name in body.__slots__]).replace("np.float64(0.1)", "0.1")


@pytest.mark.parametrize("n_at_a_time", [1, 2, 3, 4, 5])
def test_events_come_back_however_many_are_read_at_a_time(n_at_a_time, tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "_BATCH", n_at_a_time)
    with contextlib.closing(journal_at(tmp_path / "search.db")) as journal:
        for event in events():
            journal.append(event)
        assert [flat(event) for event in journal] == [flat(event) for event in events()]


def test_events_come_back_as_they_went(tmp_path):
    path = tmp_path / "search.db"
    journal = journal_at(path)
    for event in events():
        journal.append(event)
    journal.close()
    again = journal_at(path)
    assert [flat(event) for event in again] == [flat(event) for event in events()]
    again.close()


def test_fits_of_before_it_was_noted_who_ran_them_when_can_be_read(tmp_path):
    journal = journal_at(tmp_path / "search.db")
    journal.append(TrialStarted(Trial(0, {"C": 1})))
    journal.append(FitFinished(Outcome(0, 0, 0.5, started=1.5, worker="host:1")))
    with journal._connection as connection:
        connection.execute("UPDATE event SET body = json_remove(body, '$.started', '$.worker') WHERE id = 2")
    outcome = list(journal)[1].outcome
    journal.close()
    assert (outcome.test_scores, outcome.started, outcome.worker) == (0.5, None, None)


def test_what_is_written_is_json_and_no_pickle(tmp_path):
    journal = journal_at(tmp_path / "search.db")
    for event in events():
        journal.append(event)
    journal.close()
    connection = sqlite3.connect(tmp_path / "search.db")
    bodies = connection.execute("SELECT body FROM event").fetchall()
    connection.close()
    for (body,) in bodies:
        json.loads(body, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert len(bodies) == 4


def test_another_search_is_refused_and_the_difference_named(tmp_path):
    path = tmp_path / "search.db"
    write_success(path)
    with pytest.raises(ValueError, match=r"journal of another search: X, estimator differ\. Choose"):
        journal_at(path, {**FINGERPRINT, "X": "other", "estimator": "other"})


def test_the_nearest_search_is_the_one_that_is_named(tmp_path):
    path = tmp_path / "search.db"
    write_success(path)
    write_success(path, {"X": "1", "y": "2", "estimator": "3"}, may_add=True)
    with pytest.raises(ValueError, match=r"another search: y differs\. Choose"):
        journal_at(path, {**FINGERPRINT, "y": "other"})


def test_searches_that_share_a_file_see_their_own_events(tmp_path):
    path = tmp_path / "search.db"
    one = journal_at(path)
    two = journal_at(path, {**FINGERPRINT, "X": "other"}, may_add=True)
    one.append(TrialStarted(Trial(0, {"C": 1})))
    two.append(TrialStarted(Trial(0, {"C": 2})))
    one.append(FitFinished(Outcome(0, 0, 0.5)))
    assert [type(event) for event in one] == [TrialStarted, FitFinished]
    assert [event.trial.params for event in two] == [{"C": 2}]
    one.close()
    two.close()
    assert [len(search.events) for search in stored_searches(path)] == [2, 1]


def test_a_constant_keeps_the_value_it_had_first(tmp_path):
    journal = journal_at(tmp_path / "search.db")
    assert [journal.constant("seed", 5), journal.constant("look_back", 2)] == [5, 2]
    journal.begin()
    journal.close()
    again = journal_at(tmp_path / "search.db")
    assert [again.constant("seed", 6), again.constant("look_back", 3), again.constant("new", 7)] == [5, 2, 7]
    again.close()


def test_the_same_search_twice_at_a_time_is_refused(tmp_path):
    journal = journal_at(tmp_path / "search.db")
    journal.begin()
    with pytest.raises(RuntimeError, match="is in use"):
        journal_at(tmp_path / "search.db")
    journal.close()
    journal_at(tmp_path / "search.db").close()


def test_a_lock_dies_with_its_process_and_nothing_that_was_appended_is_lost(tmp_path):
    path = tmp_path / "search.db"
    script = f"""
        import os, signal
        from skhpo.journals.events import Codec
        from skhpo.journals.sqlite import SqliteJournal
        from skhpo.history import Trial, TrialStarted
        journal = SqliteJournal({str(path)!r}, {FINGERPRINT!r}, codec=Codec(dict, dict), header={{}})
        for number in range(50):
            journal.append(TrialStarted(Trial(number, {{"C": number}})))
        os.kill(os.getpid(), signal.SIGKILL)
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, cwd=os.getcwd())  # noqa: S603, PTH109
    assert ended.returncode == -signal.SIGKILL
    journal = journal_at(path)
    assert [event.trial.number for event in journal] == list(range(50))
    journal.close()


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to have a header " * 10)
    with pytest.raises(ValueError, match="something else"):
        journal_at(path)
    assert path.read_text().startswith("not a database")


def test_another_programs_database_is_refused(tmp_path):
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE precious (x)")
    connection.close()
    with pytest.raises(ValueError, match="another program's database"):
        journal_at(path)


def test_a_newer_format_is_refused(tmp_path):
    path = tmp_path / "search.db"
    write_success(path)
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT + 1}")
    connection.close()
    with pytest.raises(ValueError, match=r"newer skhpo wrote.*Update skhpo"):
        journal_at(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.close()


def test_a_folder_that_does_not_exist_stops_the_search_before_it_starts(tmp_path):
    with pytest.raises(OSError, match="has not started"):
        journal_at(tmp_path / "nowhere" / "search.db")


def test_a_full_disk_is_warned_of_once_and_the_search_goes_on_in_memory(tmp_path):
    journal = journal_at(tmp_path / "search.db")
    journal.append(TrialStarted(Trial(0, {"C": 1})))
    (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
    journal._connection.execute(f"PRAGMA max_page_count = {pages}")  # as a full disk does: SQLITE_FULL
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for number in range(1, 2000):
            journal.append(TrialStarted(Trial(number, {"C": "x" * 50})))
    (warning,) = warned
    assert warning.category is RuntimeWarning
    assert "can no longer be written (database or disk is full)" in str(warning.message)
    assert [event.trial.number for event in journal] == list(range(2000))
    journal.close()


def test_reading_results_of_a_missing_file_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        stored_searches(tmp_path / "missing.db")
    assert not (tmp_path / "missing.db").exists()


def n_copied(path, folder):
    """How many events a copy of the file alone holds."""
    shutil.copy(path, folder / "copy.db")
    with contextlib.closing(sqlite3.connect(folder / "copy.db")) as connection:
        return connection.execute("SELECT count(*) FROM event").fetchone()[0]


def test_what_is_written_comes_into_the_file_itself_while_the_search_runs(tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    with contextlib.closing(journal_at(tmp_path / "search.db")) as journal:
        journal.append(TrialStarted(Trial(0, {"C": 0})))
        assert n_copied(journal.path, tmp_path / "other") == 1, "the first at once"
        monkeypatch.setattr("skhpo.journals.sqlite._SHARE", math.inf)
        journal._next_copy = 0
        for number in range(1, 20):
            journal.append(TrialStarted(Trial(number, {"C": number})))
            assert n_copied(journal.path, tmp_path / "other") == number + 1
        monkeypatch.setattr("skhpo.journals.sqlite._SHARE", 1e-9)
        for number in range(20, 40):
            journal.append(TrialStarted(Trial(number, {"C": number})))
        assert n_copied(journal.path, tmp_path / "other") < 40, "as much as there is time for"


def test_a_whole_copy_can_be_made_while_the_search_runs(tmp_path):
    with contextlib.closing(journal_at(tmp_path / "search.db")) as journal:
        for number in range(40):
            journal.append(TrialStarted(Trial(number, {"C": number})))
        with (
            contextlib.closing(sqlite3.connect(tmp_path / "search.db")) as search,
            contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy,
        ):
            search.backup(copy)
        journal.append(TrialStarted(Trial(40, {"C": 40})))
        assert [len(search.events) for search in stored_searches(tmp_path / "copy.db")] == [40]
        assert [len(search.events) for search in stored_searches(tmp_path / "search.db")] == [41]


def test_before_it_begins_a_search_writes_nothing(tmp_path):
    with contextlib.closing(journal_at(tmp_path / "search.db")) as journal:
        assert journal.constant("seed", 5) == 5
        assert list(journal) == []
    assert not list(tmp_path.iterdir())
    write_success(tmp_path / "search.db")
    before = sorted(file.name for file in tmp_path.iterdir())
    with contextlib.closing(journal_at(tmp_path / "search.db", {"X": "other"}, may_add=True)) as journal:
        assert list(journal) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == before
    assert len(stored_searches(tmp_path / "search.db")) == 1


def test_a_search_without_a_success_stands_in_nobodys_way(tmp_path):
    with contextlib.closing(journal_at(tmp_path / "search.db")) as journal:
        journal.append(TrialStarted(Trial(0, {"status": "ok"})))
        journal.append(FitFinished(Outcome(0, 0, None, error='"status": "ok"', status="failed")))
    write_success(tmp_path / "search.db", {"X": "other"})
    with pytest.raises(ValueError, match="another search: X differs"):
        journal_at(tmp_path / "search.db", {"X": "third"})
    assert len(stored_searches(tmp_path / "search.db")) == 2
