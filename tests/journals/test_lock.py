"""One search of a file is written by one at a time, whatever the file is called."""

import contextlib
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from skhpo.history import Trial, TrialStarted
from skhpo.journals.base import JournalError
from skhpo.journals.events import Codec
from skhpo.journals.sqlite import SqliteJournal, mark_failures

PLAIN = Codec(dict, dict)


def journal_at(path, fingerprint="a", **kwargs):
    return SqliteJournal(path, {"X": fingerprint}, codec=PLAIN, header={"n_splits": 3}, **kwargs)


def symbolic(path, folder):
    (folder / "link.db").symlink_to(path)
    return folder / "link.db"


def symbolic_folder(path, folder):
    (folder / "elsewhere").symlink_to(path.parent)
    return folder / "elsewhere" / path.name


def chain(path, folder):
    return symbolic(symbolic_folder(path, folder), folder)


def relative(path, folder):
    return folder / ".." / path.parent.name / path.name


def hard(path, folder):
    os.link(path, folder / "link.db")
    return folder / "link.db"


NAMES = {"symbolic": symbolic, "folder": symbolic_folder, "chain": chain, "relative": relative, "hard": hard}
every_name = pytest.mark.parametrize("kind", NAMES)


@pytest.fixture
def places(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "other").mkdir()
    return tmp_path / "real" / "search.db", tmp_path / "other"


@every_name
def test_another_name_is_no_other_file(kind, places):
    path, folder = places
    with contextlib.closing(journal_at(path)) as journal:
        journal.begin()
        name = NAMES[kind](path, folder)
        with pytest.raises(RuntimeError, match="is in use"):
            journal_at(name)
        with pytest.raises(RuntimeError, match="is in use"):
            mark_failures(name)
        journal.append(TrialStarted(Trial(0, {"C": 1})))
    with contextlib.closing(journal_at(name)) as again:
        again.append(TrialStarted(Trial(1, {"C": 2})))
    with contextlib.closing(journal_at(path)) as journal:
        assert [event.trial.number for event in journal] == [0, 1]


@pytest.mark.slow
def test_another_process_by_another_name_is_refused(places):
    path, folder = places
    script = """
        import sys
        from skhpo.journals.events import Codec
        from skhpo.journals.sqlite import SqliteJournal
        from skhpo.history import Trial, TrialStarted
        journal = SqliteJournal(sys.argv[1], {"X": "a"}, codec=Codec(dict, dict), header={"n_splits": 3})
        journal.append(TrialStarted(Trial(0, {"C": 1})))
        print("begun", flush=True)
        sys.stdin.readline()
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=Path.cwd(), **pipes) as other:  # noqa: S603
        assert other.stdout.readline() == "begun\n"
        for kind, make in NAMES.items():
            own = folder.with_name(f"other, {kind}")
            own.mkdir()
            with pytest.raises(RuntimeError, match="is in use"):
                journal_at(make(path, own))
        other.kill()
    with contextlib.closing(journal_at(path)) as journal:
        assert len(list(journal)) == 1, "the lock has gone with its process"


def test_a_file_with_two_names_has_one_search_at_a_time(places):
    path, folder = places
    with contextlib.closing(journal_at(path)) as journal:
        journal.begin()
        name = hard(path, folder)
        with pytest.raises(RuntimeError, match="is in use"):
            journal_at(name, "b", may_add=True)
    with contextlib.closing(journal_at(name)), pytest.raises(RuntimeError, match="is in use"):
        journal_at(path)


def test_searches_that_share_a_file_have_locks_of_their_own(places):
    path, _ = places
    first = journal_at(path)
    first.begin()
    second = journal_at(path, "b", may_add=True)
    second.begin()
    first.close()
    with pytest.raises(RuntimeError, match="is in use"):
        journal_at(path, "b")
    second.append(TrialStarted(Trial(0, {"C": 1})))
    second.close()
    journal_at(path, "b").close()
    files = Path("/proc/self/fd")
    n_open = len(list(files.iterdir())) if files.exists() else 0
    for _ in range(5):
        journal_at(path).close()
    if n_open:
        assert len(list(files.iterdir())) == n_open


def test_a_search_that_somebody_else_began_in_the_meantime_is_in_use(places):
    path, _ = places
    with contextlib.closing(journal_at(path)) as late:
        journal_at(path).begin()
        with pytest.raises(RuntimeError, match="is in use"):
            late.begin()


@pytest.mark.parametrize("make", [lambda lock: lock.write_text("no lock " * 100), lambda lock: lock.mkdir()])
def test_a_lock_that_is_something_else(make, places):
    path, _ = places
    journal = journal_at(path)
    journal.begin()
    journal.close()
    lock = Path(f"{path}-lock1")
    lock.unlink()
    make(lock)
    with pytest.raises(JournalError, match=r"needs .*-lock1' as its lock, and that is something else .* Remove it"):
        journal_at(path)
