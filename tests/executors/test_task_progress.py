"""The memory that a worker and its parent share is there, whatever the disk is like."""

import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from skhpo.executors.progress import Progress

needs_memfd = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="memory needs a file here")


def in_a_process(code, **environment):
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, **environment},
    )


@needs_memfd
def test_it_needs_no_file(monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    progress = Progress()
    progress.begin(3, 1.5)
    assert progress.read() == (3, 1.5)
    progress.close_file()
    assert progress.read() == (3, 1.5)


def test_where_it_needs_one_a_full_disk_is_an_error_and_no_bus_error(monkeypatch, tmp_path):
    """A file that was only made longer has no blocks: then the first number that is noted ends the process."""
    monkeypatch.delattr(os, "memfd_create", raising=False)
    Progress().close_file()
    written = []

    class Full:
        def __init__(self, *args, **kwargs):
            self.file = (tmp_path / "file").open("w+b", *args, **kwargs)

        def __enter__(self):
            return self

        def __exit__(self, *args):
            self.file.close()

        def fileno(self):
            return self.file.fileno()

        def write(self, content):
            written.append(content)
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(OSError, match="No space left"):
        Progress()
    assert written == [bytes(16)]


def test_nothing_is_held_that_could_not_be_made(monkeypatch):
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("needs /proc")
    before = len(list(descriptors.iterdir()))
    for _ in range(3):
        Progress().close_file()
    assert len(list(descriptors.iterdir())) == before


SEARCH = """
    import sys, tempfile
    from pathlib import Path
    from sklearn.datasets import load_iris
    from sklearn.tree import DecisionTreeClassifier
    from skhpo import GridSearchCV

    tempfile.gettempdir()  # remembered while there is room
    try:
        with open(sys.argv[1] + "/fill", "wb") as file:
            while True:
                file.write(bytes(4096))
                file.flush()
    except OSError:
        pass
    X, y = load_iris(return_X_y=True)
    search = GridSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2]}, n_jobs=2, fit_timeout=60)
    print(round(search.fit(X, y).best_score_, 3))
"""


@pytest.mark.slow
def test_a_search_on_a_temporary_disk_that_filled_after_the_program_began(tmp_path):
    mounted = subprocess.run(  # noqa: S603
        ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)],  # noqa: S607
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("needs to mount")
    try:
        code = textwrap.dedent(SEARCH).replace("sys.argv[1]", repr(str(tmp_path)))
        ended = in_a_process(code, TMPDIR=str(tmp_path))
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)  # noqa: S603, S607
    assert (ended.returncode, ended.stdout) == (0, "0.933\n"), ended.stderr
