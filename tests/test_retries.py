"""Failed fits that are run again: by other limits, or because somebody says so."""

import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_iris
from sklearn.exceptions import FitFailedWarning

from skhpo import (
    BayesSearchCV,
    Categorical,
    Float,
    GridSearchCV,
    RandomSearchCV,
    SuccessiveHalvingCV,
    load_results,
    retry_failures,
)
from skhpo.history import FitFinished, FitStarted, Outcome, Trial, TrialStarted, TrialStopped
from skhpo.journals.events import Codec
from skhpo.journals.retries import Limits, Retried, effective, failures, worth_a_retry
from skhpo.journals.sqlite import SqliteJournal, stored_searches

X, Y = load_iris(return_X_y=True)
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning"),
    pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite:UserWarning"),
]


class Fragile(ClassifierMixin, BaseEstimator):
    """Best at C = 0, and fails above a limit as long as a file is missing; writes a line for each fit."""

    def __init__(self, folder=None, C=1.0, kind="a", limit=0.0, seconds=0.0):
        self.folder, self.C, self.kind, self.limit, self.seconds = folder, C, kind, limit, seconds

    def fit(self, X, y):
        with (Path(self.folder) / "fits").open("a") as file:
            file.write("fit\n")
        if self.limit <= self.C and not (Path(self.folder) / "there").exists():
            time.sleep(self.seconds)
            raise OSError("a file is missing")
        self.classes_, self.shift_ = np.unique(y), X[:, 0].mean() / 100
        return self

    def score(self, X, y):
        return float(-abs(self.C) - (self.kind == "b") / 10 + X[:, 1].mean() / 10 + self.shift_)


LIST = {"C": [-3, -2, -1, 0, 1, 2, 3]}
REAL = {"C": Float(-3.0, 3.0), "kind": Categorical(["a", "b"])}
SEARCHES = {
    "grid": (GridSearchCV, LIST, {}),
    "twins": (GridSearchCV, {"C": [-1, 2, 2, -2, 0, 0]}, {}),
    "random": (RandomSearchCV, REAL, {"n_iter": 8}),
    "bayes": (BayesSearchCV, REAL, {"n_iter": 8}),
    "halving": (SuccessiveHalvingCV, REAL, {"n_candidates": 9, "min_resources": 16}),
    "halving bayes": (SuccessiveHalvingCV, REAL, {"n_candidates": 9, "min_resources": 16, "sampler": "bayes"}),
    "asynchronous": (SuccessiveHalvingCV, REAL, {"n_candidates": 9, "min_resources": 16, "asynchronous": True}),
    "hyperband": (SuccessiveHalvingCV, REAL, {"n_candidates": 9, "min_resources": 16, "n_brackets": 2}),
    "race": (GridSearchCV, LIST, {"racing": True}),
    "race bayes": (BayesSearchCV, REAL, {"n_iter": 8, "racing": True}),
    "race halving": (SuccessiveHalvingCV, REAL, {"n_candidates": 9, "min_resources": 16, "racing": True}),
}
every_search = pytest.mark.parametrize("kind", SEARCHES)


def make(kind, folder, *, checkpoint="search.db", **kwargs):
    cls, space, more = SEARCHES[kind]
    if cls is not GridSearchCV:
        more = {**more, "random_state": 0}
    checkpoint = None if checkpoint is None else Path(folder) / checkpoint
    return cls(Fragile(str(folder)), space, checkpoint=checkpoint, cv=3, refit=False, **{**more, **kwargs})


def n_fits(folder):
    return len((Path(folder) / "fits").read_text().splitlines())


def same_rows(ours, theirs):
    assert ours["params"] == theirs["params"]
    for key in theirs:
        if "test" in key:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


# ------------------------------------------------------------------ because somebody says so


@every_search
def test_failures_are_run_again_when_their_cause_is_gone(kind, tmp_path):
    path = tmp_path / "search.db"
    failed = make(kind, tmp_path).fit(X, Y)
    n_failed = sum(
        isinstance(event, FitFinished) and event.outcome.status == "failed" and not event.outcome.shared
        for event in stored_searches(path)[0].events
    )
    assert n_failed
    (tmp_path / "there").touch()
    n_before = n_fits(tmp_path)
    kept = make(kind, tmp_path).fit(X, Y)
    same_rows(kept.cv_results_, failed.cv_results_)
    assert n_fits(tmp_path) == n_before, "as long as nobody says so, they have failed"

    assert retry_failures(path) == n_failed
    assert retry_failures(path) == 0, "they are marked already"
    again = make(kind, tmp_path).fit(X, Y)
    assert n_fits(tmp_path) >= n_before + n_failed
    assert not again.report().failures
    n_before = n_fits(tmp_path)
    same_rows(load_results(path), again.cv_results_)
    same_rows(make(kind, tmp_path).fit(X, Y).cv_results_, again.cv_results_)
    assert n_fits(tmp_path) == n_before, "nothing is run a third time"
    if kind in {"grid", "twins", "random"}:
        same_rows(again.cv_results_, make(kind, tmp_path, checkpoint=None).fit(X, Y).cv_results_)
    elif "race" not in kind:
        scores = again.cv_results_["mean_test_score"]
        assert np.isfinite(scores).all()
        n = len(failed.cv_results_["params"]) if kind == "bayes" else 9
        assert again.cv_results_["params"][:n] == failed.cv_results_["params"][:n], "what was decided stays"
    else:
        stopped = again.cv_results_["status"]
        assert set(stopped) <= {"complete", "raced"}


@pytest.mark.parametrize("kind", ["halving", "halving bayes", "hyperband", "race halving", "asynchronous"])
@pytest.mark.parametrize("number", [20, 26, 29])
def test_nobody_is_promoted_twice_where_the_ranking_has_changed(kind, number, tmp_path, monkeypatch):
    """Interrupted in the second rung; those that had failed in the first are then the best."""
    count = iter(range(10_000))
    append = SqliteJournal.append

    def append_and_die(journal, event):
        append(journal, event)
        if isinstance(event, FitFinished) and next(count) == number:
            raise KeyboardInterrupt

    estimator = Fragile(str(tmp_path), limit=-0.5)
    monkeypatch.setattr(SqliteJournal, "append", append_and_die)
    with pytest.raises(KeyboardInterrupt):
        make(kind, tmp_path).set_params(estimator=estimator).fit(X, Y)
    monkeypatch.undo()
    (tmp_path / "there").touch()
    assert retry_failures(tmp_path / "search.db")
    results = make(kind, tmp_path).set_params(estimator=estimator).fit(X, Y).cv_results_
    rows = [
        (iteration, bracket, repr(params))
        for iteration, bracket, params in zip(
            results["iter"], results.get("bracket", np.zeros(len(results["iter"]))), results["params"], strict=True
        )
    ]
    assert len(set(rows)) == len(rows)
    same_rows(make(kind, tmp_path).set_params(estimator=estimator).fit(X, Y).cv_results_, results)


@pytest.mark.parametrize("kind", ["grid", "twins", "bayes", "race", "race bayes", "halving"])
def test_interrupted_while_they_are_run_again(kind, tmp_path, monkeypatch):
    make(kind, tmp_path).fit(X, Y)
    (tmp_path / "there").touch()
    retry_failures(tmp_path / "search.db")
    append = SqliteJournal.append

    def append_and_die(journal, event):
        append(journal, event)
        if isinstance(event, FitFinished):
            raise KeyboardInterrupt

    (tmp_path / "other.db").write_bytes((tmp_path / "search.db").read_bytes())
    whole = make(kind, tmp_path, checkpoint="other.db").fit(X, Y)
    monkeypatch.setattr(SqliteJournal, "append", append_and_die)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            make(kind, tmp_path).fit(X, Y)
    monkeypatch.undo()
    same_rows(make(kind, tmp_path).fit(X, Y).cv_results_, whole.cv_results_)


def test_all_searches_of_a_file_are_marked(tmp_path):
    from sklearn.model_selection import cross_validate

    search = make("grid", tmp_path).set_params(refit=True, estimator__limit=2.0)
    cross_validate(search, X, Y, cv=2)
    assert retry_failures(tmp_path / "search.db") == 2 * 2 * 3
    assert "nan" not in str(load_results(tmp_path / "search.db", 0)["mean_test_score"])
    assert len(load_results(tmp_path / "search.db", 0)["params"]) == 5, "those that have to be run again are incomplete"


def test_a_search_that_is_running_is_left_alone(tmp_path):
    make("grid", tmp_path).fit(X, Y)
    (text,) = sqlite3.connect(tmp_path / "search.db").execute("SELECT fingerprint FROM search").fetchone()
    with (
        closing(SqliteJournal(tmp_path / "search.db", json.loads(text), codec=Codec(dict, dict), header={})),
        pytest.raises(RuntimeError, match="is in use"),
    ):
        retry_failures(tmp_path / "search.db")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        retry_failures(tmp_path / "search.db")
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------ by other limits


def as_if_late(path, fit_timeout):
    """Let the failures of a file be timeouts, under a limit."""
    change(path, """UPDATE event SET body = json_set(body, '$.status', 'timeout') WHERE body LIKE '%"failed"%'""")
    run = json.dumps({"kind": "run", "fit_timeout": fit_timeout, "workers": "LocalExecutor of 1"})
    change(path, """UPDATE event SET body = ? WHERE body LIKE '{"kind": "run"%'""", run)


@pytest.mark.parametrize("kind", ["grid", "bayes", "race", "halving"])
def test_what_was_too_late_is_run_again_without_a_limit(kind, tmp_path):
    make(kind, tmp_path).fit(X, Y)
    as_if_late(tmp_path / "search.db", 0.5)
    (tmp_path / "there").touch()
    results = make(kind, tmp_path).fit(X, Y).cv_results_
    assert not np.isnan(results["mean_test_score"]).any()
    n_before = n_fits(tmp_path)
    same_rows(make(kind, tmp_path).fit(X, Y).cv_results_, results)
    assert n_fits(tmp_path) == n_before


def test_files_of_before_limits_were_noted_can_be_read(tmp_path):
    path = tmp_path / "search.db"
    first = make("grid", tmp_path).fit(X, Y).cv_results_
    change(path, """DELETE FROM event WHERE body LIKE '{"kind": "run"%'""")
    change(path, "PRAGMA user_version = 1")
    same_rows(load_results(path), first)
    with pytest.raises(ValueError, match="older development version"):
        make("grid", tmp_path).fit(X, Y)


@pytest.mark.slow
def test_a_larger_fit_timeout_is_a_second_chance(tmp_path):
    space = {"C": [-1, 1], "seconds": [5.0]}
    search = GridSearchCV(
        Fragile(str(tmp_path)), space, cv=2, refit=False, fit_timeout=1.0, checkpoint=tmp_path / "search.db"
    )
    with pytest.warns(FitFailedWarning):
        assert np.isnan(search.fit(X, Y).cv_results_["mean_test_score"][1])
    (tmp_path / "there").touch()
    n_before = n_fits(tmp_path)
    search.set_params(fit_timeout=0.9).fit(X, Y)
    assert n_fits(tmp_path) == n_before, "less time would not help"
    search.set_params(fit_timeout=30).fit(X, Y)
    assert n_fits(tmp_path) == n_before + 2
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def failed(status, number=0, split=0, **kwargs):
    return FitFinished(Outcome(number, split, None, error="why", status=status, **kwargs))


ONE, TWO = "LocalExecutor of 1", "LocalExecutor of 2"


@pytest.mark.parametrize(
    ("status", "then", "now", "is_worth_it"),
    [
        ("timeout", Limits(1.0, ONE), Limits(1.0, ONE), False),
        ("timeout", Limits(1.0, ONE), Limits(0.5, TWO), False),
        ("timeout", Limits(1.0, ONE), Limits(1.5, ONE), True),
        ("timeout", Limits(1.0, ONE), Limits(None, ONE), True),
        ("timeout", None, Limits(1.0, ONE), True),
        ("crashed", Limits(None, TWO), Limits(None, TWO), False),
        ("crashed", Limits(None, TWO), Limits(None, ONE), True),
        ("crashed", None, Limits(None, ONE), True),
        ("failed", Limits(1.0, ONE), Limits(None, TWO), False),
        ("ok", Limits(1.0, ONE), Limits(None, TWO), False),
    ],
)
def test_which_limits_are_worth_a_retry(status, then, now, is_worth_it):
    records = [*([] if then is None else [then]), failed(status)]
    assert worth_a_retry(records, now) == Retried(((0, 0),) if is_worth_it else ())
    assert worth_a_retry([*records, now, FitFinished(Outcome(0, 0, 0.5))], Limits(None, "other")) == Retried(())


def test_a_stop_for_a_failure_is_taken_back_with_it():
    start = [TrialStarted(Trial(0, {}), ()), TrialStarted(Trial(1, {}), ()), FitStarted(0, 0), FitStarted(1, 0)]
    of_0, of_1 = failed("failed"), FitFinished(Outcome(1, 0, 0.5))
    records = [*start, of_0, of_1, TrialStopped(0), Retried(((0, 0),))]
    assert effective(records) == [*start, of_1]
    late = FitFinished(Outcome(0, 0, 0.25))
    assert effective([*records, late]) == [*start, late, of_1]
    stop = TrialStopped(0, against=1)
    assert effective([*records, late, stop]) == [*start, late, of_1, stop], "a later stop stands"
    assert set(failures(records)) == set()
    assert set(failures(records[:-1])) == {(0, 0)}


def test_a_stop_against_a_trial_whose_fit_is_run_again_is_taken_back():
    start = [TrialStarted(Trial(0, {})), TrialStarted(Trial(1, {}))]
    stop = TrialStopped(1, against=0)
    assert effective([*start, failed("failed"), stop, Retried(((0, 0),))]) == start
    assert effective([*start, stop, failed("failed"), Retried(((0, 0),))]) == [*start, stop], "it did not follow"


def test_races_of_files_that_do_not_say_so():
    """Before a trial said on which splits it begins, those of a race began on none."""
    start = [TrialStarted(Trial(0, {})), TrialStarted(Trial(1, {}))]
    assert effective(start) == start
    found = effective([*start, FitStarted(0, 0)])
    assert [event.splits for event in found[:2]] == [(), ()]
    assert found[2] == FitStarted(0, 0)
