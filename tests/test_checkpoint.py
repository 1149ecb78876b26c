"""A search that is written down: continued after whatever ended it, and by nobody else."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from quick import slow_but
from scipy.stats import loguniform
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_iris
from sklearn.model_selection import KFold, cross_validate
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from skhpo import BayesSearchCV, Categorical, Float, GridSearchCV, RandomSearchCV, load_results
from skhpo.history import FitFinished
from skhpo.journals.sqlite import stored_searches

X, Y = load_iris(return_X_y=True)
SPACE = {"C": Float(1e-2, 1e2, log=True), "kernel": Categorical(["linear", "rbf"])}
SEARCHES = {
    "grid": (GridSearchCV, {"C": [0.1, 1.0, 10.0], "kernel": ["linear", "rbf"]}, {}),
    "random": (RandomSearchCV, {"C": loguniform(1e-2, 1e2), "kernel": ["linear", "rbf"]}, {"n_iter": 6}),
    "ours": (RandomSearchCV, SPACE, {"n_iter": 6}),
    "bayes": (BayesSearchCV, SPACE, {"n_iter": 6}),
}
N_FITS = 18
every_search = pytest.mark.parametrize("kind", SEARCHES)


class Diary(ClassifierMixin, BaseEstimator):
    """Writes a line for each fit into a file, and dies at the fit that a file beside it names, once."""

    def __init__(self, path=None, C=1.0, kernel="rbf"):
        self.path, self.C, self.kernel = path, C, kernel

    def fit(self, X, y):
        with open(self.path, "a") as file:  # noqa: PTH123
            file.write("fit\n")
        self.model_ = SVC(C=self.C, kernel=self.kernel).fit(X, y)
        self.classes_ = self.model_.classes_
        order = Path(f"{self.path}.order")
        with contextlib.suppress(FileNotFoundError):  # there is none, or another worker carries it out
            number, how = order.read_text().split()
            if n_fits(self.path) >= int(number):
                order.unlink()
                die(how)
        return self

    def predict(self, X):
        return self.model_.predict(X)


def die(how):
    if how == "interrupt":
        raise KeyboardInterrupt
    if how == "group":
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def n_fits(path):
    return len(Path(path).read_text().splitlines())


def make(kind, folder, *, checkpoint="search.db", **kwargs):
    cls, space, more = SEARCHES[kind]
    if cls is not GridSearchCV:
        more = {**more, "random_state": 0}
    if checkpoint is not None:
        checkpoint = Path(folder) / checkpoint
    return cls(Diary(str(Path(folder) / "diary")), space, checkpoint=checkpoint, cv=3, **{**more, **kwargs})


def same_rows(ours, theirs):
    assert ours["params"] == theirs["params"]
    for key in theirs:
        if "test" in key:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


# ------------------------------------------------------------------ going on


@every_search
@pytest.mark.parametrize("number", slow_but({1, 11}, [1, 4, 11, N_FITS]))
def test_interrupted_and_continued_equals_uninterrupted(kind, number, tmp_path):
    whole = make(kind, tmp_path, checkpoint=None, refit=False).fit(X, Y).cv_results_
    (tmp_path / "diary").unlink()
    (tmp_path / "diary.order").write_text(f"{number} interrupt")
    with pytest.raises(KeyboardInterrupt):
        make(kind, tmp_path, refit=False).fit(X, Y)
    again = make(kind, tmp_path, refit=False).fit(X, Y)
    same_rows(again.cv_results_, whole)
    assert n_fits(tmp_path / "diary") == N_FITS + 1, "only the fit that was interrupted is repeated"


@every_search
def test_a_complete_search_is_not_repeated_but_refitted(kind, tmp_path):
    first = make(kind, tmp_path).fit(X, Y)
    second = make(kind, tmp_path).fit(X, Y)
    assert n_fits(tmp_path / "diary") == N_FITS + 1 + 1
    same_rows(second.cv_results_, first.cv_results_)
    assert second.best_params_ == first.best_params_
    assert second.predict(X).shape == Y.shape


@pytest.mark.parametrize(
    "space", [{"C": list(np.logspace(-2, 2, 40))}, {"C": loguniform(1e-2, 1e2)}, {"C": Float(1e-2, 1e2, log=True)}]
)
@pytest.mark.parametrize("cls", [RandomSearchCV, BayesSearchCV])
@pytest.mark.parametrize("random_state", [0, None])
def test_a_larger_n_iter_extends_the_search(cls, space, random_state, tmp_path):
    def fit(n_iter):
        search = cls(SVC(), space, n_iter=n_iter, cv=3, random_state=random_state, checkpoint=tmp_path / "search.db")
        return search.fit(X, Y).cv_results_["params"]

    first, second = fit(6), fit(11)
    assert second[:6] == first
    assert len({params["C"] for params in second}) == 11


def test_a_search_that_ran_out_of_time_goes_on(tmp_path):
    kwargs = {"n_iter": 2000, "cv": 3, "random_state": 0, "checkpoint": tmp_path / "search.db"}
    space = {"max_depth": range(1, 2001)}
    first = RandomSearchCV(DecisionTreeClassifier(random_state=0), space, timeout=0.5, **kwargs).fit(X, Y)
    second = RandomSearchCV(DecisionTreeClassifier(random_state=0), space, timeout=0.5, **kwargs).fit(X, Y)
    n = len(first.cv_results_["params"])
    assert first.stats()["stop_reason"] == "timeout"
    assert second.cv_results_["params"][:n] == first.cv_results_["params"]
    assert len(second.cv_results_["params"]) > n


@pytest.mark.parametrize("error_score", [np.nan, -1.0])
def test_failures_and_several_metrics_are_remembered(error_score, tmp_path):
    kwargs = {"scoring": ["accuracy", "f1_macro"], "refit": "f1_macro", "return_train_score": True}
    kwargs |= {"error_score": error_score, "checkpoint": tmp_path / "search.db"}
    grid = {"C": [-1.0, 1.0], "kernel": ["rbf", "linear"]}
    found = []
    for _ in range(2):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            found.append(GridSearchCV(SVC(), grid, **kwargs).fit(X, Y))
        assert any("10 fits failed out of a total of 20" in str(warning.message) for warning in warned)
    same_rows(found[1].cv_results_, found[0].cv_results_)


# ------------------------------------------------------------------ whose it is


DIFFERENT = {
    "X": {"X": X + 1e-9},
    "y": {"Y": 2 - Y},
    "estimator": {"estimator": SVC(tol=1e-4)},
    "space": {"space": {"C": loguniform(1e-2, 1e3)}},
    "splits": {"cv": KFold(3, shuffle=True, random_state=1)},
    "scoring": {"scoring": "f1_macro"},
    "random_state": {"random_state": 1},
    "fit parameters": {"weight": np.linspace(1, 2, len(X))},
}


@pytest.mark.parametrize("part", DIFFERENT)
@pytest.mark.parametrize("cls", [RandomSearchCV, BayesSearchCV])
def test_another_search_is_refused_and_the_difference_named(cls, part, tmp_path):
    def fit(estimator=SVC(), space=SPACE, X=X, Y=Y, weight=np.ones(len(X)), **kwargs):  # noqa: B008
        kwargs = {"n_iter": 3, "cv": 3, "random_state": 0, "checkpoint": tmp_path / "search.db", **kwargs}
        return cls(estimator, space, **kwargs).fit(X, Y, sample_weight=weight)

    fit()
    with pytest.raises(ValueError, match=f"another search: {part} differ"):
        fit(**DIFFERENT[part])


def test_another_kind_of_search_is_refused(tmp_path):
    RandomSearchCV(SVC(), SPACE, n_iter=3, random_state=0, checkpoint=tmp_path / "search.db").fit(X, Y)
    with pytest.raises(ValueError, match="another search: strategy differ"):
        BayesSearchCV(SVC(), SPACE, n_iter=3, random_state=0, checkpoint=tmp_path / "search.db").fit(X, Y)


@every_search
def test_in_an_outer_cross_validation_each_fold_finds_its_own_search(kind, tmp_path):
    search = make(kind, tmp_path)
    first = cross_validate(search, X, Y, cv=KFold(3, shuffle=True, random_state=0), return_estimator=True)
    assert n_fits(tmp_path / "diary") == 3 * (N_FITS + 1)
    second = cross_validate(search, X, Y, cv=KFold(3, shuffle=True, random_state=0), return_estimator=True)
    assert n_fits(tmp_path / "diary") == 3 * (N_FITS + 1) + 3, "only the refits"
    np.testing.assert_array_equal(first["test_score"], second["test_score"])
    for one, other in zip(first["estimator"], second["estimator"], strict=True):
        same_rows(one.cv_results_, other.cv_results_)
    assert len(stored_searches(tmp_path / "search.db")) == 3


def test_what_outer_folds_wrote_is_no_reason_to_take_other_data(tmp_path):
    search = make("random", tmp_path)
    cross_validate(search, X, Y, cv=3)
    with pytest.raises(ValueError, match="another search"):
        search.fit(X, Y)
    assert clone(search).fit(X, Y).best_score_ > 0.9


# ------------------------------------------------------------------ reading


@every_search
def test_results_are_read_without_data_or_estimator(kind, tmp_path):
    search = make(kind, tmp_path).fit(X, Y)
    results = load_results(tmp_path / "search.db")
    assert list(results) == list(search.cv_results_)
    same_rows(results, search.cv_results_)


def test_objects_are_read_as_their_description(tmp_path):
    space = {"estimator": [SVC(C=3.0), None], "x": [(1, 2), "a"]}

    class Any(BaseEstimator):
        def __init__(self, estimator=None, x=None):
            self.estimator, self.x = estimator, x

        def fit(self, X, y):
            return self

        def score(self, X, y):
            return 1.0

    GridSearchCV(Any(), space, checkpoint=tmp_path / "search.db").fit(X, Y)
    params = load_results(tmp_path / "search.db")["params"]
    assert [p["x"] for p in params] == [(1, 2), "a", (1, 2), "a"]
    assert "SVC" in params[0]["estimator"]
    assert params[2]["estimator"] is None


def test_a_search_that_is_not_there_is_an_error(tmp_path):
    make("grid", tmp_path).fit(X, Y)
    with pytest.raises(ValueError, match=r"one of the 1 in .*got search=1"):
        load_results(tmp_path / "search.db", 1)


# ------------------------------------------------------------------ killed

SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from joblib import parallel_config
from test_checkpoint import X, Y, make
kind, folder, backend, n_jobs = sys.argv[2:]
with parallel_config(backend=backend, n_jobs=int(n_jobs)):
    make(kind, folder, refit=False).fit(X, Y)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(20))
def test_killed_as_a_whole_and_continued_equals_uninterrupted(kill, tmp_path):
    backend, n_jobs = [("loky", 1), ("loky", 2), ("threading", 2)][kill % 3]
    kind = random.Random(kill).choice(sorted(SEARCHES))  # noqa: S311
    number = random.Random(kill).randint(1, N_FITS - 4)  # noqa: S311
    (tmp_path / "diary.order").write_text(f"{number} group")
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), kind, str(tmp_path), backend, str(n_jobs)]
    ended = subprocess.run(command, check=False, start_new_session=True)  # noqa: S603
    assert ended.returncode == -signal.SIGKILL

    written = stored_searches(tmp_path / "search.db")
    n_written = sum(isinstance(event, FitFinished) for search in written for event in search.events)
    n_before = n_fits(tmp_path / "diary")
    with parallel_config(backend=backend, n_jobs=n_jobs):
        again = make(kind, tmp_path, refit=False).fit(X, Y)
        assert n_fits(tmp_path / "diary") - n_before == N_FITS - n_written, "what was written is not repeated"
        whole = make(kind, tmp_path, refit=False, checkpoint=None).fit(X, Y)
    same_rows(again.cv_results_, whole.cv_results_)


@pytest.mark.slow
@pytest.mark.parametrize("kill", range(20))
def test_a_killed_worker_costs_one_fit_and_nothing_else(kill, tmp_path):
    kind = random.Random(kill).choice(sorted(SEARCHES))  # noqa: S311
    (tmp_path / "diary.order").write_text(f"{random.Random(kill).randint(1, N_FITS)} worker")  # noqa: S311
    search = make(kind, tmp_path, refit=False, n_jobs=2).fit(X, Y)
    whole = make(kind, tmp_path, refit=False, n_jobs=2, checkpoint=None).fit(X, Y)
    same_rows(search.cv_results_, whole.cv_results_)
