"""A sampler and a scheduler of one's own, and the searches as presets of one."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_validate
from sklearn.svm import SVC

from skhpo import (
    BayesSearchCV,
    Float,
    GridSearchCV,
    Int,
    RandomSearchCV,
    SearchCV,
    SuccessiveHalvingCV,
    load_results,
)
from skhpo.history import Trial
from skhpo.samplers.base import Sampler
from skhpo.schedulers.asha import AshaScheduler
from skhpo.schedulers.base import Scheduler
from skhpo.schedulers.halving import HalvingScheduler, halving_bracket
from skhpo.schedulers.racing import RacingScheduler

X, Y = load_iris(return_X_y=True)
SPACE = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}
GRID = {"C": [0.1, 1.0, 10.0, 100.0], "gamma": [0.01, 0.1, 1.0]}


class Local(Sampler):
    """Steps from the best candidate so far."""

    def __init__(self, space, seed):
        self.space, self.seed = space, seed
        self.best, self.best_score, self.n_told = None, -np.inf, 0

    def ask(self, number, pending):
        rng = np.random.default_rng([self.seed, number])
        if self.best is None:
            return self.space.sample(rng, 1)[0]
        return self.space.decode([np.clip(self.best + rng.normal(scale=0.1, size=self.space.n_columns), 0, 1)])[0]

    def tell(self, observation):
        self.n_told += 1
        if observation.scores.mean() > self.best_score:
            self.best = self.space.encode([observation.trial.params])[0]
            self.best_score = observation.scores.mean()


class Patient(Scheduler):
    """Ends a search that has not become better for some trials."""

    def __init__(self, n_trials, patience=3):
        self.n_trials, self.patience = n_trials, patience

    def next_trial(self, history, ask):
        number = len(history.trials)
        scores = [history.score(trial.number) for trial in history.told]
        since_best = len(scores) - 1 - np.nanargmax(scores) if np.isfinite(scores).any() else 0
        if number == self.n_trials or since_best >= self.patience:
            return None
        params = ask(number)
        return None if params is None else Trial(number, params)


def search_of(sampler=Local, estimator=None, space=SPACE, **settings):
    estimator = SVC() if estimator is None else estimator
    return SearchCV(estimator, space, sampler=sampler, **{"n_iter": 8, "cv": 3, "random_state": 0, **settings})


def same(ours, theirs):
    assert list(ours) == list(theirs)
    assert ours["params"] == theirs["params"]
    for name in theirs:
        if "time" not in name:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


@pytest.mark.parametrize("sampler", ["random", "bayes", "grid"])
@pytest.mark.parametrize("C", [Float(0.1, 10.0), [0.1, 1.0, 10.0, 100.0]], ids=["numbers", "list"])
def test_it_can_be_pickled_when_it_is_fitted(sampler, C):
    if sampler == "grid" and isinstance(C, Float):
        pytest.skip("a range has no grid")
    search = SearchCV(SVC(), {"C": C}, sampler=sampler, n_iter=3, random_state=0).fit(X, Y)
    copy = pickle.loads(pickle.dumps(search))  # noqa: S301
    assert (copy.predict(X) == search.predict(X)).all()
    if sampler != "bayes":  # a model has something new to propose
        assert [copy.sampler_.ask(i, ()) for i in range(3)] == [search.sampler_.ask(i, ()) for i in range(3)]


def test_a_sampler_of_ones_own_is_a_search():
    search = search_of().fit(X, Y)
    assert len(search.cv_results_["params"]) == 8
    assert search.sampler_.best_score == pytest.approx(search.best_score_)
    found = cross_validate(clone(search.best_estimator_), X, Y, cv=3)["test_score"]
    assert search.best_score_ == found.mean()
    assert search.predict(X).shape == Y.shape


def test_a_second_fit_begins_with_a_new_sampler():
    search = search_of()
    first = search.fit(X, Y).sampler_
    again = search.fit(X, Y).sampler_
    assert first is not again
    assert first.n_told == again.n_told
    same(search.cv_results_, clone(search).fit(X, Y).cv_results_)


def test_workers_do_not_change_the_candidates():
    same(search_of(n_jobs=2).fit(X, Y).cv_results_, search_of().fit(X, Y).cv_results_)


def test_it_goes_on_with_its_checkpoint(tmp_path):
    path = tmp_path / "search.db"
    search_of(checkpoint=path, n_iter=3).fit(X, Y)
    longer = search_of(checkpoint=path).fit(X, Y)
    same(longer.cv_results_, search_of().fit(X, Y).cv_results_)
    same(load_results(path), longer.cv_results_)
    with pytest.raises(ValueError, match="strategy differs"):
        search_of("random", checkpoint=path).fit(X, Y)


def patient(n_iter, n_splits):
    return Patient(n_iter)


def racing(n_iter, n_splits):
    return RacingScheduler(n_iter, order=range(n_splits), alpha=0.003)


@pytest.mark.parametrize("scheduler", [Patient(30), patient], ids=["object", "callable"])
def test_a_scheduler_of_ones_own_decides_when_to_end(scheduler):
    search = search_of("random", scheduler=scheduler, n_iter=30).fit(X, Y)
    scores = search.cv_results_["mean_test_score"]
    assert len(scores) < 30
    assert scores.argmax() == len(scores) - 4


def test_a_race_is_a_scheduler():
    race = search_of("random", scheduler=racing, n_iter=20).fit(X, Y)
    assert "raced" in race.cv_results_["status"]
    assert race.stats()["n_fits"] < 60
    other = RandomSearchCV(SVC(), SPACE, n_iter=20, cv=3, random_state=0, racing=True).fit(X, Y)
    assert race.cv_results_["params"] == other.cv_results_["params"]


@pytest.mark.parametrize("make", [HalvingScheduler, lambda brackets: AshaScheduler(brackets, 3)])
def test_rungs_are_of_rows(make):
    search = search_of("random", scheduler=make([halving_bracket(9, 50, 150)]), resource="n_samples").fit(X, Y)
    assert set(search.cv_results_["n_resources"]) == {50, 150}
    assert search.cv_results_["n_resources"][search.best_index_] == 150


@pytest.mark.parametrize("sampler", ["random", "bayes", Local])
def test_rungs_are_of_iterations(sampler, tmp_path):
    forest = RandomForestClassifier(n_estimators=9, random_state=0)
    search = search_of(
        sampler,
        forest,
        {"max_depth": Int(1, 6), "max_features": Float(0.1, 1.0)},
        n_iter=9,
        scheduler=HalvingScheduler([halving_bracket(9, 1, 9)]),
        resource="n_estimators",
        checkpoint=tmp_path / "search.db",
    ).fit(X, Y)
    assert list(search.cv_results_["param_n_estimators"]) == [1] * 9 + [3] * 3 + [9]
    same(load_results(tmp_path / "search.db"), search.cv_results_)


def test_rungs_need_a_resource():
    with pytest.raises(ValueError, match=r"fraction of 0\.333 needs a resource"):
        search_of("random", scheduler=HalvingScheduler([halving_bracket(3, 1, 3)])).fit(X, Y)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"sampler": "tpe"}, ValueError, "sampler"),
        (
            {"sampler": lambda space, seed: 5},
            TypeError,
            r"returned int\. Derive it from skhpo\.samplers\.base",
        ),
        (
            {"sampler": Local, "scheduler": lambda n, k: "x"},
            TypeError,
            "Derive it from skhpo.schedulers.base.Scheduler",
        ),
        ({"sampler": Local, "scheduler": 5}, ValueError, "scheduler"),
        ({"sampler": Local, "resource": "n_trees"}, ValueError, "n_trees"),
    ],
)
def test_what_is_neither_is_refused(settings, error, message):
    with pytest.raises(error, match=message):
        search_of(**settings).fit(X, Y)


@pytest.mark.parametrize("kind", ["grid", "random", "bayes"])
def test_the_other_searches_are_presets(kind):
    common = {"cv": 3, "return_train_score": True}
    others = {
        "grid": lambda: GridSearchCV(SVC(), GRID, **common),
        "random": lambda: RandomSearchCV(SVC(), SPACE, n_iter=12, random_state=0, **common),
        "bayes": lambda: BayesSearchCV(SVC(), SPACE, n_iter=12, random_state=0, **common),
    }
    ours = search_of(kind, space=GRID if kind == "grid" else SPACE, n_iter=12, return_train_score=True).fit(X, Y)
    same(ours.cv_results_, others[kind]().fit(X, Y).cv_results_)


def test_halving_is_one_too():
    halving = SuccessiveHalvingCV(SVC(), SPACE, n_candidates=9, min_resources=50, cv=3, random_state=0).fit(X, Y)
    rungs = HalvingScheduler([halving_bracket(9, 50, 150)])
    search = search_of("random", scheduler=rungs, n_iter=9, resource="n_samples")
    search.fit(X, Y)
    assert [params["C"] for params in search.cv_results_["params"][:9]] == [
        params["C"] for params in halving.cv_results_["params"][:9]
    ]
    assert list(search.cv_results_["n_resources"]) == list(halving.cv_results_["n_resources"])
