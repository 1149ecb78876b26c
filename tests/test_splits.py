"""Splits: what is none is refused, and what could not be made again is kept with the search."""

import itertools
import json
import random
import sqlite3

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.model_selection import (
    GroupShuffleSplit,
    KFold,
    LeaveOneOut,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    check_cv,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, Float, GridSearchCV, RandomSearchCV, SuccessiveHalvingCV, load_results
from skhpo.fits.splits import Splits, from_json, make_splits, to_json
from skhpo.journals.base import JournalError
from skhpo.journals.sqlite import SqliteJournal, stored_searches

X, Y = load_iris(return_X_y=True)
GROUPS = np.arange(len(X)) % 10
GRID = {"var_smoothing": [1e-9, 1e-3, 1e-1]}
TREE_GRID = {"max_depth": [1, 2, 3]}


class Own:
    """A splitter of somebody's own, which draws as it is told."""

    def __init__(self, draw, n_splits=3):
        self.draw, self.n_splits = draw, n_splits

    def get_n_splits(self, X=None, y=None, groups=None):
        return self.n_splits

    def split(self, X, y=None, groups=None):
        for _ in range(self.n_splits):
            order = self.draw(len(X))
            yield order[50:], order[:50]


def from_numpy(n):
    return np.random.permutation(n)  # noqa: NPY002


def from_python(n):
    return np.array(random.sample(range(n), n))


def from_the_system(n):
    return np.random.default_rng().permutation(n)


def from_nothing(n):
    return np.arange(n)


class Rolling:
    """Goes on each time where it was."""

    def __init__(self):
        self.start = 0

    def get_n_splits(self, X=None, y=None, groups=None):
        return 2

    def split(self, X, y=None, groups=None):
        for _ in range(2):
            order = np.roll(np.arange(len(X)), self.start)
            self.start += 7
            yield order[50:], order[:50]


UNSEEDED = {
    "stratified": lambda: StratifiedKFold(3, shuffle=True),
    "shuffle": lambda: ShuffleSplit(3),
    "repeated": lambda: RepeatedKFold(n_splits=2, n_repeats=2),
    "groups": lambda: GroupShuffleSplit(2),
    "a generator that goes on": lambda: KFold(3, shuffle=True, random_state=np.random.RandomState(5)),
    "numpy": lambda: Own(from_numpy),
    "python": lambda: Own(from_python),
    "system": lambda: Own(from_the_system),
}
REPEATED = {
    "folds": lambda: StratifiedKFold(3),
    "seeded": lambda: KFold(3, shuffle=True, random_state=0),
    "numpy integer": lambda: ShuffleSplit(3, random_state=np.int64(3)),
    "time": lambda: TimeSeriesSplit(3),
    "one": LeaveOneOut,
    "list": lambda: check_cv([(np.arange(100), np.arange(100, 150))]),
    "own": lambda: Own(from_nothing),
}


def given(cv):
    """What a splitter takes besides the data."""
    return {"groups": GROUPS} if isinstance(cv, GroupShuffleSplit) else {}


def search(path, *, cv, **kwargs):
    return GridSearchCV(GaussianNB(), GRID, cv=cv, checkpoint=path, refit=False, **kwargs)


def columns(results):
    return {name: column for name, column in results.items() if "test" in name}


def same(ours, theirs):
    for name, column in columns(theirs).items():
        np.testing.assert_array_equal(ours[name], column, err_msg=name)


# ------------------------------------------------------------------ who repeats himself


@pytest.mark.parametrize("kind", UNSEEDED)
def test_a_splitter_that_gives_other_splits_each_time_is_noticed(kind):
    cv = UNSEEDED[kind]()
    assert make_splits(cv, X, Y, given(cv), is_kept=True).drawn_by is not None


def test_a_splitter_with_a_state_is_noticed():
    assert make_splits(Rolling(), X, Y, {}, is_kept=True).drawn_by is not None


@pytest.mark.parametrize("kind", REPEATED)
def test_one_that_repeats_itself_is_not(kind):
    assert make_splits(REPEATED[kind](), X, Y, {}, is_kept=True).drawn_by is None


@pytest.mark.parametrize("kind", [*UNSEEDED, *REPEATED])
@pytest.mark.parametrize("is_kept", [True, False])
def test_splits_and_global_generators_are_what_one_split_makes_of_them(kind, is_kept):
    make = {**UNSEEDED, **REPEATED}[kind]

    def after(split):
        np.random.seed(3)  # noqa: NPY002
        random.seed(3)
        sides = split(make())
        return sides, np.random.random(), random.random()  # noqa: NPY002, S311

    ours, *our_draws = after(lambda cv: make_splits(cv, X, Y, given(cv), is_kept=is_kept).sides)
    theirs, *their_draws = after(lambda cv: list(cv.split(X, Y, **given(cv))))
    assert our_draws == their_draws
    if kind != "system":
        assert all(
            np.array_equal(a, b)
            for one, other in zip(ours, theirs, strict=True)
            for a, b in zip(one, other, strict=True)
        )


# ------------------------------------------------------------------ kept


@pytest.mark.parametrize("kind", UNSEEDED)
def test_a_search_goes_on_with_the_splits_with_which_it_began(kind, tmp_path):
    path = tmp_path / "search.db"
    passed = given(UNSEEDED[kind]())
    first = search(path, cv=UNSEEDED[kind]()).fit(X, Y, **passed)
    (stored,) = stored_searches(path)
    second = search(path, cv=UNSEEDED[kind]()).fit(X, Y, **passed)
    same(second.cv_results_, first.cv_results_)
    (again,) = stored_searches(path)
    assert len(again.events) == len(stored.events), "nothing is fitted again"


@pytest.mark.parametrize(
    "make",
    [
        lambda **kwargs: RandomSearchCV(GaussianNB(), {"var_smoothing": Float(1e-9, 1, log=True)}, n_iter=5, **kwargs),
        lambda **kwargs: BayesSearchCV(GaussianNB(), {"var_smoothing": Float(1e-9, 1, log=True)}, n_iter=5, **kwargs),
        lambda **kwargs: SuccessiveHalvingCV(
            DecisionTreeClassifier(random_state=0), TREE_GRID, n_candidates=3, min_resources=50, **kwargs
        ),
        lambda **kwargs: GridSearchCV(DecisionTreeClassifier(random_state=0), TREE_GRID, racing=True, **kwargs),
    ],
)
def test_interrupted_and_continued_it_has_the_rows_of_one_split(make, tmp_path, monkeypatch):
    kwargs = {"cv": StratifiedKFold(3, shuffle=True), "checkpoint": tmp_path / "search.db", "refit": False}
    if "random_state" in make().get_params():
        kwargs["random_state"] = 0
    counter = itertools.count()
    append = SqliteJournal.append

    def append_and_die(journal, event):
        append(journal, event)
        if next(counter) == 6:
            raise KeyboardInterrupt

    np.random.seed(0)  # noqa: NPY002
    whole = make(**{**kwargs, "checkpoint": None}).fit(X, Y).cv_results_
    np.random.seed(0)  # noqa: NPY002
    monkeypatch.setattr(SqliteJournal, "append", append_and_die)
    with pytest.raises(KeyboardInterrupt):
        make(**kwargs).fit(X, Y)
    monkeypatch.undo()
    np.random.seed(1)  # noqa: NPY002
    again = make(**kwargs).fit(X, Y)
    same(again.cv_results_, whole)
    same(load_results(tmp_path / "search.db"), whole)


def test_each_fold_of_an_outer_cross_validation_has_splits_of_its_own(tmp_path):
    inner = search(tmp_path / "search.db", cv=ShuffleSplit(2)).set_params(refit=True)
    outer = KFold(3)
    first = cross_validate(inner, X, Y, cv=outer, return_estimator=True)["estimator"]
    second = cross_validate(inner, X, Y, cv=outer, return_estimator=True)["estimator"]
    for one, other in zip(first, second, strict=True):
        same(other.cv_results_, one.cv_results_)
    assert len(stored_searches(tmp_path / "search.db")) == 3


@pytest.mark.parametrize(
    "cv",
    [
        StratifiedKFold(4, shuffle=True),
        KFold(3, shuffle=True),
        StratifiedKFold(3, shuffle=True, random_state=0),
        Own(from_numpy),
    ],
)
def test_another_splitter_is_another_search(cv, tmp_path):
    search(tmp_path / "search.db", cv=StratifiedKFold(3, shuffle=True)).fit(X, Y)
    with pytest.raises(ValueError, match="another search: splits differ"):
        search(tmp_path / "search.db", cv=cv).fit(X, Y)


def test_other_groups_are_another_search(tmp_path):
    search(tmp_path / "search.db", cv=GroupShuffleSplit(2)).fit(X, Y, groups=GROUPS)
    with pytest.raises(ValueError, match="another search: splits differ"):
        search(tmp_path / "search.db", cv=GroupShuffleSplit(2)).fit(X, Y, groups=GROUPS[::-1])


SIDES = {
    "rest": [(np.arange(10, 100), np.arange(10))],
    "not all": [(np.arange(20, 90), np.arange(10))],
    "shuffled": [(np.random.default_rng(0).permutation(100)[:70], np.random.default_rng(0).permutation(100)[70:])],
    "repeated": [([0, 0, 1, 99, 99], [5, 5, 5]), ([1], [])],
    "masks": [(np.arange(100) > 30, np.arange(100) <= 30)],
    "from behind": [(np.arange(50), np.array([-1, -2, -50]))],
}


@pytest.mark.parametrize("kind", SIDES)
def test_splits_come_back_from_json(kind):
    kept = json.loads(json.dumps(to_json(Splits(SIDES[kind], 100))))
    found = from_json(kept, len(SIDES[kind]), 100)
    for (train, test), (their_train, their_test) in zip(SIDES[kind], found, strict=True):
        rows = np.arange(100)
        for ours, theirs in ((train, their_train), (test, their_test)):
            is_mask = np.asarray(ours).dtype == bool
            np.testing.assert_array_equal(rows[theirs], rows[ours if is_mask else np.asarray(ours, dtype=int)])


def test_splits_are_kept_in_little_room():
    n = 100_000
    sides = list(StratifiedKFold(5, shuffle=True, random_state=0).split(np.zeros(n), np.arange(n) % 3))
    assert len(json.dumps(to_json(Splits(sides, n)))) < n, "less than a byte for each row"


@pytest.mark.parametrize(
    "damage",
    [
        lambda kept: kept.pop("sides"),
        lambda kept: kept.update(n_rows=99),
        lambda kept: kept["sides"].pop(),
        lambda kept: kept["sides"][0]["test"].update(steps="@@@@"),
        lambda kept: kept["sides"][0]["test"].update(steps="AAAA"),
        lambda kept: kept["sides"][0]["test"].update(length=10**12),
        lambda kept: kept["sides"][0]["test"].update(length=3),
        lambda kept: kept["sides"][0]["test"].update(type="<f8"),
        lambda kept: kept["sides"][0]["test"].update(type="nonsense"),
        lambda kept: kept["sides"].__setitem__(0, None),
        lambda kept: kept["sides"][0].update(test=to_json(Splits([([0], [150])], 1000))["sides"][0]["test"]),
    ],
)
def test_splits_that_were_changed_in_the_file_are_refused(damage, tmp_path):
    search(tmp_path / "search.db", cv=ShuffleSplit(2)).fit(X, Y)
    (stored,) = stored_searches(tmp_path / "search.db")
    damage(stored.header["splits"])
    with sqlite3.connect(tmp_path / "search.db") as connection:
        connection.execute("UPDATE search SET header = ?", (json.dumps(stored.header),))
    connection.close()
    with pytest.raises(JournalError, match="the splits of a search are not usable"):
        search(tmp_path / "search.db", cv=ShuffleSplit(2)).fit(X, Y)


# ------------------------------------------------------------------ what is no split


@pytest.mark.parametrize(
    ("cv", "match"),
    [
        ([(1, 2)], r"splits of two arrays.* got \(1, 2\)"),
        ([(np.arange(3), np.arange(3), np.arange(3))], "splits of two arrays"),
        ([5, 6], "splits of two arrays"),
        ([([[0, 1]], [2])], "splits of two arrays"),
        ([(np.arange(100.0), np.arange(100, 150))], "positions of rows, integers from 0 to 149"),
        ([(["a", "b"], ["c"])], "positions of rows"),
        ([(np.arange(100), np.arange(100, 151))], "positions of the 150 rows, got 150"),
        ([(np.arange(100), [-151])], "positions of the 150 rows, got -151"),
        ([(np.ones(149, dtype=bool), np.ones(150, dtype=bool))], "masks of all 150 rows, got one of 149"),
    ],
)
def test_sides_that_are_none_are_refused_before_the_first_fit(cv, match, tmp_path):
    for checkpoint in (None, tmp_path / "search.db"):
        with pytest.raises(ValueError, match=f"cv needs {match}"):
            search(checkpoint, cv=cv).fit(X, Y)
    assert not list(tmp_path.iterdir())
