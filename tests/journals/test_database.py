"""Files that are no journal, that somebody has changed, or that a disk has damaged: one kind of error, and soon."""

import json
import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.naive_bayes import GaussianNB

import skhpo.journals.database
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
from skhpo.journals.base import JournalError
from skhpo.journals.database import checked_path

X, Y = load_iris(return_X_y=True)
X, Y = X[::3], Y[::3]
SMOOTH = {"var_smoothing": Float(1e-9, 1.0, log=True), "priors": Categorical([None, [0.2, 0.3, 0.5]])}
SEARCHES = {
    "grid": lambda **kwargs: GridSearchCV(GaussianNB(), {"var_smoothing": [1e-9, 1e-3, 1e-1]}, **kwargs),
    "random": lambda **kwargs: RandomSearchCV(GaussianNB(), SMOOTH, n_iter=3, random_state=None, **kwargs),
    "bayes": lambda **kwargs: BayesSearchCV(GaussianNB(), [SMOOTH, {}], n_iter=4, random_state=0, **kwargs),
    "halving": lambda **kwargs: SuccessiveHalvingCV(
        GaussianNB(), SMOOTH, n_candidates=3, min_resources=18, random_state=0, **kwargs
    ),
    "race": lambda **kwargs: BayesSearchCV(GaussianNB(), SMOOTH, n_iter=4, random_state=0, racing=True, **kwargs),
    "metrics": lambda **kwargs: GridSearchCV(
        GaussianNB(), {"var_smoothing": [1e-9, 1e-1]}, scoring=["accuracy", "f1_macro"], **kwargs
    ),
}


def make(kind, path, **kwargs):
    search = SEARCHES[kind](cv=3, checkpoint=path, **kwargs)
    return search.set_params(refit="accuracy" if kind == "metrics" else False)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    folder = tmp_path_factory.mktemp("originals")
    for kind in SEARCHES:
        make(kind, folder / kind).fit(X, Y)
    return folder


def read_all_ways(kind, path):
    """Everything that reads a file; each either works or raises the one error."""
    found = []
    for read in (lambda: load_results(path), lambda: make(kind, path).fit(X, Y), lambda: retry_failures(path)):
        try:
            read()
            found.append(None)
        except JournalError as error:
            found.append(str(error))
    assert all(error is None or "hoose another file" in error for error in found), "what to do"
    return found


def change(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


# ------------------------------------------------------------------ names that are none


@pytest.mark.parametrize(
    ("name", "match"),
    [
        (":memory:", "SQLite takes for memory"),
        (Path(":memory:"), "SQLite takes for memory"),
        ("file:search.db?mode=memory", "an address. Write the path alone"),
        ("file:search.db", "an address. Write the path alone"),
        ("sqlite:///search.db", "an address. Write the path alone"),
        ("a\0b", "a NUL"),
        ("a\ud800b", "characters that file names here cannot have"),
    ],
)
def test_names_of_something_else_than_a_file_are_refused(name, match, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for read in (
        lambda: make("grid", name).fit(X, Y),
        lambda: load_results(name),
        lambda: retry_failures(name),
    ):
        with pytest.raises(ValueError, match=f"needs the path of a file on a disk, got .*{match}"):
            read()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a b.db", "50%.db", "what?.db", "no#1.db", "ümläut.db", "file.db:memory:"])
def test_names_that_addresses_would_have_to_quote(name, tmp_path):
    make("grid", tmp_path / name).fit(X, Y)
    assert len(load_results(tmp_path / name)["params"]) == 3
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([name, f"{name}-lock1"])
    assert checked_path(os.fsencode(tmp_path / name)) == tmp_path / name


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="a device or a pipe"):
        make("grid", tmp_path / "pipe").fit(X, Y)


def test_an_empty_file_is_as_good_as_none(tmp_path):
    (tmp_path / "search.db").touch()
    with pytest.raises(JournalError, match="is empty"):
        load_results(tmp_path / "search.db")
    make("grid", tmp_path / "search.db").fit(X, Y)
    assert len(load_results(tmp_path / "search.db")["params"]) == 3


# ------------------------------------------------------------------ files of somebody else

FOREIGN = [
    "CREATE VIEW late AS SELECT 1",
    "CREATE TRIGGER act AFTER INSERT ON event BEGIN DELETE FROM event; END",
    "CREATE TABLE more (x)",
    "CREATE INDEX more ON event (body)",
    "ALTER TABLE event ADD COLUMN more TEXT",
    "ALTER TABLE event RENAME COLUMN body TO text",
    "DROP INDEX event_search",
    "DROP TABLE event",
]


@pytest.mark.parametrize("statement", FOREIGN)
def test_tables_that_are_not_ours_to_the_letter_are_refused(statement, originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    change(path, statement)
    before = path.read_bytes()
    for error in read_all_ways("grid", path):
        assert "its tables are not those of a journal" in error
    assert path.read_bytes() == before


def test_a_view_in_the_place_of_a_table_is_not_read(originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    change(path, "ALTER TABLE event RENAME TO hidden")
    change(path, "CREATE VIEW event AS SELECT id, search, body FROM hidden")
    for error in read_all_ways("grid", path):
        assert "its tables are not those of a journal" in error


def test_reading_has_a_number_of_steps(originals, tmp_path, monkeypatch):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    assert len(load_results(path)["params"]) == 3
    monkeypatch.setattr(skhpo.journals.database, "_STEPS_AT_LEAST", 0)
    monkeypatch.setattr(skhpo.journals.database, "_STEPS_PER_BYTE", 0)
    monkeypatch.setattr(skhpo.journals.database, "_STEPS_AT_A_TIME", 20)
    with pytest.raises(JournalError, match="interrupted"):
        load_results(path)


def test_values_have_a_length(originals, tmp_path, monkeypatch):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    change(path, "UPDATE event SET body = ? WHERE id = 3", " " * 200_000)
    monkeypatch.setattr(skhpo.journals.database, "_LONGEST", 100_000)
    with pytest.raises(JournalError, match="too big"):
        load_results(path)


def test_a_reader_changes_nothing(originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    before = path.read_bytes(), path.stat().st_mtime_ns
    load_results(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


# ------------------------------------------------------------------ values that cannot be

OF_FITS = {
    "no JSON": lambda body: "{",
    "a list": lambda body: [body],
    "nested": lambda body: "[" * 100_000,
    "kind": lambda body: body | {"kind": "nonsense"},
    "no kind": lambda body: {name: value for name, value in body.items() if name != "kind"},
    "missing": lambda body: {name: value for name, value in body.items() if name != "split"},
    "more": lambda body: body | {"colour": "red"},
    "text": lambda body: body | {"number": "0"},
    "fraction": lambda body: body | {"number": 0.5},
    "truth": lambda body: body | {"split": True},
    "negative": lambda body: body | {"number": -1},
    "unknown trial": lambda body: body | {"number": 77},
    "unknown split": lambda body: body | {"split": 3},
    "huge": lambda body: body | {"number": 10**400},
    "no score": lambda body: body | {"test_scores": None},
    "words": lambda body: body | {"test_scores": "good"},
    "other metrics": lambda body: body | {"test_scores": {"beauty": 1.0}},
    "no metrics": lambda body: body | {"test_scores": {}},
    "a list of scores": lambda body: body | {"test_scores": [1.0]},
    "infinite": lambda body: json.dumps(body).replace('"fit_time": ', '"fit_time": Infinity, "x": '),
    "status": lambda body: body | {"status": "excellent"},
    "stop": lambda body: body | {"stop": 1},
    "error": lambda body: body | {"error": 5},
    "worker": lambda body: body | {"worker": ["a"]},
}
OF_TRIALS = {
    "number": lambda body: body | {"number": 5},
    "fraction": lambda body: body | {"fraction": 0.0},
    "more than all": lambda body: body | {"fraction": 1.5},
    "rung": lambda body: body | {"rung": -1},
    "parent": lambda body: body | {"parent": 9},
    "no params": lambda body: body | {"params": None},
    "other params": lambda body: body | {"params": {"C": 1.0}},
    "choice": lambda body: body | {"params": body["params"] | dict.fromkeys(body["params"], 99)},
    "choice from behind": lambda body: body | {"params": body["params"] | dict.fromkeys(body["params"], -1)},
    "half a choice": lambda body: body | {"params": body["params"] | dict.fromkeys(body["params"], 0.5)},
    "choice in words": lambda body: body | {"params": body["params"] | dict.fromkeys(body["params"], "a")},
}


@pytest.mark.parametrize(
    ("like", "damage"),
    [('{"kind": "fit"%', name) for name in OF_FITS] + [('{"kind": "trial"%', name) for name in OF_TRIALS],
)
def test_values_that_no_search_writes_are_refused_by_all_who_read(like, damage, originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    with closing(sqlite3.connect(path)) as connection:
        row, body = connection.execute("SELECT id, body FROM event WHERE body LIKE ? LIMIT 1", (like,)).fetchone()
    changed = (OF_FITS | OF_TRIALS if "fit" in like else OF_TRIALS)[damage](json.loads(body))
    change(
        path,
        "UPDATE event SET body = ? WHERE id = ?",
        changed if isinstance(changed, str) else json.dumps(changed),
        row,
    )
    by_load, by_fit, _ = read_all_ways("grid", path)
    assert by_load
    assert by_fit
    assert "was damaged, or changed by something else. Use a copy of it" in by_fit


@pytest.mark.parametrize(
    "damage",
    [
        lambda header: header.pop("n_splits"),
        lambda header: header.update(n_splits=10**12),
        lambda header: header.update(n_splits="3"),
        lambda header: header.update(space=None),
        lambda header: header.update(space=[]),
        lambda header: header.update(space=[5]),
        lambda header: header.update(error_score="high"),
        lambda header: header.update(resource=[1, 2, 3]),
        lambda header: header.pop("return_train_score"),
    ],
)
def test_descriptions_that_no_search_writes_are_refused(damage, originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / "grid", path)
    with closing(sqlite3.connect(path)) as connection:
        header = json.loads(connection.execute("SELECT header FROM search").fetchone()[0])
    damage(header)
    change(path, "UPDATE search SET header = ?", json.dumps(header))
    with pytest.raises(JournalError, match="was damaged"):
        load_results(path)


@pytest.mark.parametrize("seed", ["5", -1, 2.5, None, 10**30])
def test_a_seed_that_is_none_is_refused(seed, originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / "random", path)
    change(path, "UPDATE search SET header = json_set(header, '$.seed', json(?))", json.dumps(seed))
    with pytest.raises(JournalError, match="has seed="):
        make("random", path).fit(X, Y)


@pytest.mark.parametrize("kind", ["halving", "race"])
@pytest.mark.parametrize("seed", range(3))
def test_events_out_of_order_are_refused(kind, seed, originals, tmp_path):
    path = tmp_path / "search.db"
    shutil.copy(originals / kind, path)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT id, body FROM event ORDER BY id").fetchall()
    order = np.random.default_rng(seed).permutation(len(rows))
    for (row, _), i in zip(rows, order, strict=True):
        change(path, "UPDATE event SET body = ? WHERE id = ?", rows[i][1], row)
    for error in read_all_ways(kind, path)[:2]:
        assert "event " in error


# ------------------------------------------------------------------ by chance


def fuzzed(rng, path):
    """Change some values of a file, or some of its bytes."""
    if rng.random() < 0.5:
        content = bytearray(path.read_bytes())
        for _ in range(rng.choice([1, 3, 30])):
            content[rng.randrange(len(content))] = rng.randrange(256)
        if rng.random() < 0.2:
            del content[rng.randrange(len(content)) :]
        path.write_bytes(content)
        return
    with closing(sqlite3.connect(path)) as connection, connection:
        table, column = rng.choice([("event", "body"), ("event", "body"), ("search", "header")])
        row, text = rng.choice(connection.execute(f"SELECT id, {column} FROM {table}").fetchall())  # noqa: S608
        value = damaged(rng, json.loads(text))
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE id = ?", (json.dumps(value), row))  # noqa: S608


def damaged(rng, value):
    """Return a JSON value that differs from another somewhere."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {other: value[other] for other in value if other != name}
        return value | {name: damaged(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        place = rng.randrange(len(value))
        return [*value[:place], damaged(rng, value[place]), *value[place + 1 :]]
    return rng.choice([None, True, -1, 0, 1, 2, 7, 10**25, 0.5, -0.25, 1e308, "", "nan", "ok", [], {}, [1], {"a": 1}])


def fuzz(kind, seeds, originals, tmp_path):
    n_refused = 0
    for seed in seeds:
        rng = random.Random(seed)  # noqa: S311
        path = tmp_path / f"{seed}.db"
        shutil.copy(originals / kind, path)
        fuzzed(rng, path)
        try:
            load_results(path)
        except JournalError:
            n_refused += 1
        except ValueError as error:
            assert "search needs to be one of" in str(error) or "which has none" in str(error)  # noqa: PT017
        try:
            make(kind, path).fit(X, Y)
        except JournalError:
            n_refused += 1
    assert n_refused


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize("kind", SEARCHES)
def test_a_file_that_was_changed_by_chance_is_read_or_refused(kind, originals, tmp_path):
    fuzz(kind, range(25), originals, tmp_path)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite:UserWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.parametrize("kind", SEARCHES)
def test_many_files_that_were_changed_by_chance_are_read_or_refused(kind, originals, tmp_path):
    fuzz(kind, range(25, 150), originals, tmp_path)
