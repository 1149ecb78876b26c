"""The line about a running search: on a terminal, elsewhere, and not at all."""

import io
import re

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.neighbors import KNeighborsClassifier

import skhpo
from skhpo.history import History, Outcome, Trial
from skhpo.search.progress import Progress

X, Y = load_iris(return_X_y=True)


class Terminal(io.StringIO):
    def isatty(self):
        return True

    @property
    def drawn(self):
        """What stood on the line, one after the other."""
        return [text.rstrip() for text in self.getvalue().split("\r")[1:]]

    @property
    def screen(self):
        """What is to be seen at the end on the last line."""
        cells = []
        for text in self.getvalue().rpartition("\n")[2].split("\r"):
            cells[: len(text)] = text
        return "".join(cells)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def run(stream, *, n_trials=10, said=10, n_splits=2, seconds=1.0, score=lambda i: i / 100, n_before=0, **settings):
    """A search of so many trials, each of whose fits takes so many seconds."""
    history, clock = History(n_splits), Clock()
    with Progress(history, said, stream, clock=clock, **settings) as progress:
        for number in range(n_trials):
            history.start(Trial(number, {}))
            for split in range(n_splits):
                value = score(number)
                status = "failed" if value is None else "ok"
                history.record(Outcome(number, split, value, status=status))
                if number >= n_before:
                    clock.now += seconds
                    progress.update()
    return stream


def test_a_living_line():
    stream = run(Terminal())
    assert "\n" not in stream.getvalue()
    drawn = stream.drawn
    assert drawn[0] == "0/10 trials"
    assert drawn[1] == "0/10 trials, 0:19 left"
    assert drawn[2] == "1/10 trials, best 0, 0:18 left"
    assert drawn[-3] == "10/10 trials, best 0.09, 0:00 left"


def test_the_line_is_gone_at_the_end():
    assert run(Terminal()).screen.strip() == ""
    stream = Terminal()
    with pytest.raises(KeyboardInterrupt), Progress(History(1), 3, stream):
        raise KeyboardInterrupt
    assert stream.screen.strip() == ""


def test_a_shorter_line_leaves_nothing_of_a_longer_one():
    stream = run(Terminal(), seconds=500.0)
    longest = ""
    for text in stream.getvalue().split("\r")[1:]:
        assert len(text) >= len(longest.rstrip())
        longest = text


def test_at_most_five_times_a_second():
    stream = run(Terminal(), n_trials=1000, said=1000, seconds=0.001)
    assert len(stream.drawn) <= 2 + 5 * 2 + 2
    assert len(stream.drawn) >= 8


@pytest.mark.parametrize("columns", [1, 10, 40, 80])
def test_the_width_is_bounded(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    for text in run(Terminal(), score=lambda i: None if i % 2 else -1e-7 * i, seconds=1e5).getvalue().split("\r"):
        assert len(text) < columns


def test_failures_are_counted():
    drawn = run(Terminal(), n_splits=1, score=lambda i: None if i in {3, 4} else 0.5).drawn
    assert "failed" not in drawn[3]
    assert drawn[4].endswith("1 fit failed")
    assert drawn[5].endswith("2 fits failed")
    assert "best 0.5," in drawn[5]


def test_the_best_is_the_largest_and_never_nan():
    drawn = run(Terminal(), n_splits=1, score=lambda i: [np.nan, -3.0, -1.25, np.nan, -2.0][i % 5]).drawn
    assert "best" not in drawn[1]
    assert "best -3," in drawn[2]
    assert all("best -1.25," in text for text in drawn[3:-2])


def test_time_left():
    drawn = run(Terminal(), seconds=600.0).drawn
    assert "3:10:00 left" in drawn[1]
    assert "0:00 left" in drawn[-3]
    assert "10:00 left" in drawn[-4]


def test_time_left_is_bounded_by_the_timeout():
    drawn = run(Terminal(), seconds=10.0, seconds_left=25.0).drawn
    assert [re.search(r"\S+(?= left)", text)[0] for text in drawn[:4]] == ["0:25", "0:15", "0:05", "0:00"]


def test_what_an_earlier_process_did_is_done_but_tells_nothing_of_the_pace():
    drawn = run(Terminal(), n_before=8, seconds=7.0).drawn
    assert drawn[1] == "8/10 trials, best 0.07, 0:21 left"
    assert drawn[2] == "9/10 trials, best 0.08, 0:14 left"


def test_nobody_knows_how_many():
    drawn = run(Terminal(), said=None).drawn
    assert drawn[0] == "0 trials"
    assert drawn[2] == "1 trials, best 0"
    assert "5:00 left" in run(Terminal(), said=None, seconds_left=300.0).drawn[0]


def test_more_trials_than_said():
    assert run(Terminal(), said=4).drawn[-3] == "10/4 trials, best 0.09, 0:00 left"


def test_elsewhere_nothing_for_half_a_minute():
    assert run(io.StringIO(), seconds=1.4).getvalue() == ""
    lines = run(io.StringIO(), seconds=10.0).getvalue().splitlines()
    assert lines[0] == "1/10 trials, best 0, 2:50 left"
    assert len(lines) == 200 // 30 + 1
    assert lines[-1] == "10/10 trials, best 0.09, 0:00 left"


def test_nowhere():
    assert run(None) is None


# ------------------------------------------------------------------ in a search


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("verbose", [0, 1, 2])
def test_in_a_search(verbose, n_jobs, monkeypatch):
    stream = Terminal()
    monkeypatch.setattr("sys.stdout", stream)
    grid = {"n_neighbors": [1, 3, 5], "p": [1, 2]}
    skhpo.GridSearchCV(KNeighborsClassifier(), grid, cv=3, verbose=verbose, n_jobs=n_jobs).fit(X, Y)
    text = stream.getvalue()
    if verbose == 0:
        assert text == ""
    elif verbose == 1:
        summary, line = text.split("\n")
        assert summary == "Fitting 3 folds for each of 6 candidates, totalling 18 fits"
        assert line.startswith("\r0/6 trials")
        assert stream.screen.strip() == ""
    else:
        assert "\r" not in text


@pytest.mark.parametrize("cls", [skhpo.RandomSearchCV, skhpo.BayesSearchCV])
def test_elsewhere_a_search_prints_scikit_learns_line(cls, capsys):
    cls(KNeighborsClassifier(), {"n_neighbors": [1, 3, 5]}, n_iter=2, cv=2, verbose=1, random_state=0).fit(X, Y)
    out, err = capsys.readouterr()
    assert (out, err) == ("Fitting 2 folds for each of 2 candidates, totalling 4 fits\n", "")


def test_a_program_without_an_output(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    skhpo.GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 3]}, cv=2, verbose=1).fit(X, Y)
