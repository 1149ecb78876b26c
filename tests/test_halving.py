"""SuccessiveHalvingCV as its users meet it."""

import functools

import numpy as np
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.metrics import accuracy_score, f1_score, make_scorer
from sklearn.model_selection import GroupKFold, KFold, RandomizedSearchCV, ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from skhpo import Float, Int, RandomSearchCV, SuccessiveHalvingCV, load_results
from skhpo.fits.amounts import Iterations, Models
from skhpo.history import Observation, Trial
from skhpo.samplers.base import Sampler
from skhpo.samplers.rungs import RungSampler
from skhpo.schedulers.halving import halving_bracket

X, Y = load_iris(return_X_y=True)
SPACE = {"max_depth": [1, 2, 3, 4, 5], "max_features": [1, 2, 3, 4], "min_samples_leaf": [1, 2, 5, 10]}
FOREST = RandomForestClassifier(n_estimators=18, random_state=0)


SLOWER = functools.partial(pytest.param, marks=pytest.mark.slow)


def halve(estimator=FOREST, space=SPACE, **more):
    arguments = {"n_candidates": 9, "cv": 3, "random_state": 0, "resource": "auto", "min_resources": 2}
    return SuccessiveHalvingCV(estimator, space, **arguments | more)


def without_times(results):
    return {name: column for name, column in results.items() if "_time" not in name}


def assert_equal_results(one, other):
    one, other = without_times(one.cv_results_), without_times(other.cv_results_)
    assert set(one) == set(other)
    for name, column in one.items():
        np.testing.assert_array_equal(column, other[name], err_msg=name)


@functools.cache
def plain():
    return halve().fit(X, Y)


# -- the schedule -----------------------------------------------------------------------------------------------------


def test_attributes_and_columns_are_scikit_learns():
    search = plain()
    assert search.resource_ == "n_estimators"
    assert search.n_resources_ == [2, 6, 18]
    assert search.n_candidates_ == [9, 3, 1]
    assert search.n_iterations_ == search.n_required_iterations_ == search.n_possible_iterations_ == 3
    assert search.n_remaining_candidates_ == 1
    assert (search.min_resources_, search.max_resources_) == (2, 18)
    results = search.cv_results_
    assert list(results)[:2] == ["iter", "n_resources"]
    assert results["iter"].tolist() == [0] * 9 + [1] * 3 + [2]
    assert results["n_resources"].tolist() == [2] * 9 + [6] * 3 + [18]
    assert results["n_resources"].tolist() == results["param_n_estimators"].tolist()
    assert [params["n_estimators"] for params in results["params"]] == results["n_resources"].tolist()
    assert search.best_params_["n_estimators"] == search.best_estimator_.n_estimators == 18


def test_candidates_are_random_searchs():
    search = plain()
    random = RandomSearchCV(FOREST, SPACE, n_iter=9, random_state=0, cv=3).fit(X, Y)
    for ours, theirs in zip(search.cv_results_["params"], random.cv_results_["params"], strict=False):
        assert ours | {"n_estimators": 18} == theirs | {"n_estimators": 18}


def test_the_best_of_each_rung_go_on():
    results = plain().cv_results_
    keys = [tuple(sorted((params | {"n_estimators": 0}).items())) for params in results["params"]]
    for rung in (1, 2):
        below = np.flatnonzero(results["iter"] == rung - 1)
        on = {keys[i] for i in np.flatnonzero(results["iter"] == rung)}
        kept = [results["mean_test_score"][i] for i in below if keys[i] in on]
        dropped = [results["mean_test_score"][i] for i in below if keys[i] not in on]
        assert len(kept) == len(on)
        assert min(kept) >= max(dropped)


def test_only_the_last_rung_competes_for_the_first_place():
    rng = np.random.default_rng(0)

    def noise(estimator, X, y):
        return rng.uniform() - estimator.n_estimators

    search = halve(scoring=noise).fit(X, Y)
    results = search.cv_results_
    assert search.best_index_ == 12
    assert results["rank_test_score"][12] == 1
    assert results["mean_test_score"][12] == results["mean_test_score"].min()
    assert sorted(results["rank_test_score"][9:12]) == [2, 3, 4]
    assert sorted(results["rank_test_score"][:9]) == list(range(5, 14))


def test_the_last_rung_is_the_full_fit_to_the_bit():
    results = plain().cv_results_
    model = clone(FOREST).set_params(**results["params"][-1])
    scores = sklearn.model_selection.cross_val_score(model, X, Y, cv=3)
    assert [results[f"split{i}_test_score"][-1] for i in range(3)] == scores.tolist()


def test_rows_that_are_all_there_are_give_what_random_search_gives():
    space = {"C": [0.1, 1.0, 10.0]}
    search = halve(LogisticRegression(max_iter=500), space, n_candidates=2, resource="n_samples", min_resources=150)
    search.fit(X, Y)
    theirs = RandomizedSearchCV(LogisticRegression(max_iter=500), space, n_iter=2, random_state=0, cv=3).fit(X, Y)
    ours = without_times(search.cv_results_)
    for name, column in without_times(theirs.cv_results_).items():
        np.testing.assert_array_equal(ours[name], column)


class Counting(DummyClassifier):
    """Scores how many rows it saw."""

    def __init__(self, a=0, strategy="prior"):
        super().__init__(strategy=strategy)
        self.a = a

    def fit(self, X, y, sample_weight=None):
        self.n_rows_ = len(X)
        if sample_weight is not None:
            assert np.array_equal(sample_weight, X[:, 0])
        return super().fit(X, y)


def n_rows(estimator, X, y):
    return estimator.n_rows_ + estimator.a / 100


def test_rows_of_each_rung_and_whole_test_sides():
    seen = []

    def score(estimator, X, y):
        seen.append(len(X))
        return n_rows(estimator, X, y)

    data = make_classification(2000, random_state=0)
    search = SuccessiveHalvingCV(
        Counting(), {"a": list(range(9))}, n_candidates=9, min_resources=200, cv=4, scoring=score, random_state=0
    ).fit(*data)
    assert search.n_resources_ == [222, 666, 2000]
    results = search.cv_results_
    expected = results["n_resources"] * 1500 // 2000
    assert (np.floor(results["mean_test_score"]).astype(int) == expected).all()
    assert set(seen) == {500}
    assert search.best_params_ == {"a": 8}


@pytest.mark.filterwarnings("ignore:The scoring")
@pytest.mark.parametrize("is_routed", [False, True])
def test_weights_and_groups_go_along_with_the_rows(is_routed):
    data, y = make_classification(600, random_state=0)
    groups = np.arange(600) // 5
    search = SuccessiveHalvingCV(
        Counting(), {"a": [0, 1, 2]}, n_candidates=3, min_resources=60, cv=GroupKFold(3), scoring=n_rows, random_state=0
    )
    with sklearn.config_context(enable_metadata_routing=is_routed):
        if is_routed:
            search.set_params(estimator=Counting().set_fit_request(sample_weight=True))
        search.fit(data, y, sample_weight=data[:, 0], groups=groups)
    rows = np.floor(search.cv_results_["mean_test_score"])
    assert (rows % 5 == 0).all()
    assert rows[0] == 400 * 200 // 600 // 5 * 5


def test_auto_never_starts_with_too_few_rows():
    data = make_classification(6000, random_state=0)
    search = SuccessiveHalvingCV(Counting(), {"a": list(range(20))}, scoring=n_rows, cv=4, random_state=0)
    search.fit(*data)
    assert search.n_resources_ == [2000, 6000]
    assert search.n_candidates_ == [10, 4]
    assert search.cv_results_["mean_test_score"].min() >= 1000
    with pytest.warns(UserWarning, match="min_resources"):
        search.fit(*make_classification(1400, random_state=0))
    assert search.n_resources_ == [1400]


# The items of scikit-learn's own tests that `halving_swap` exempts for their amounts: n_candidates, min_resources and
# max_resources; then what is as there (iterations, those required and possible, candidates), and our amounts.
EXEMPT = [
    (60, "exhaust", 1000, (4, 4, 4, [60, 20, 7, 3]), [37, 111, 333, 1000]),
    (6, "smallest", "auto", (2, 2, 4, [6, 2]), [333, 1000]),
    (6, 50, "auto", (2, 2, 3, [6, 2]), [333, 1000]),
    (6, "smallest", 30, (1, 2, 1, [6]), [30]),
    (6, "exhaust", "auto", (2, 2, 2, [6, 2]), [333, 1000]),
    (6, "exhaust", 1000, (2, 2, 2, [6, 2]), [333, 1000]),
    (6, "exhaust", 599, (2, 2, 2, [6, 2]), [199, 599]),
    (6, "exhaust", 50, (1, 2, 1, [6]), [50]),
]


@pytest.mark.parametrize(("n_candidates", "least", "full", "theirs", "amounts"), EXEMPT)
def test_only_the_amounts_are_others_than_scikit_learns(n_candidates, least, full, theirs, amounts):
    for more in [{}, {"aggressive_elimination": True}] if n_candidates == 60 else [{}]:
        search = SuccessiveHalvingCV(
            Counting(),
            {"a": list(range(60))},
            n_candidates=n_candidates,
            min_resources=least,
            max_resources=full,
            **more,
        ).fit(*make_classification(1000, random_state=0))
        found = search.n_iterations_, search.n_required_iterations_, search.n_possible_iterations_, search.n_candidates_
        assert found == theirs
        assert search.n_resources_ == amounts


def test_exhaust():
    few = {"cv": 2, "refit": False}
    assert halve(n_candidates="exhaust", **few).fit(X, Y).n_candidates_ == [9, 3, 1]
    assert halve(n_candidates="exhaust", min_resources="auto", **few).fit(X, Y).n_candidates_[0] == 18
    assert halve(n_candidates=4, min_resources="exhaust", **few).fit(X, Y).n_resources_ == [6, 18]
    assert halve(n_candidates=4, min_resources="smallest", **few).fit(X, Y).n_resources_ == [6, 18]


def test_a_small_space_has_a_schedule_of_its_own_size():
    with pytest.warns(UserWarning, match="The total space of parameters 5 is smaller than n_candidates=30"):
        search = halve(space={"max_depth": [1, 2, 3, 4, 5]}, n_candidates=30).fit(X, Y)
    assert search.n_candidates_ == [5, 2]
    assert search.n_resources_ == [6, 18]


def test_a_space_smaller_than_what_nobody_asked_for_is_nothing_to_warn_of():
    search = halve(space={"max_depth": [1, 2, 3]}, n_candidates="exhaust").fit(X, Y)
    assert search.n_candidates_[0] == 3


@pytest.mark.parametrize("space", [{}, {"max_depth": Int(1, 2)}])
def test_no_parameter_is_named_that_there_is_not(space):
    with pytest.warns(UserWarning, match=r"smaller than n_candidates=4: all of it is tried") as warned:
        halve(space=space, n_candidates=4).fit(X, Y)
    assert not any("n_iter" in str(warning.message) for warning in warned)


def test_the_grid_is_a_sampler_too():
    search = halve(space={"max_depth": [1, 2, 3], "max_features": [1, 2, 3]}, sampler="grid").fit(X, Y)
    assert search.n_candidates_ == [9, 3, 1]
    first = [(p["max_depth"], p["max_features"]) for p in search.cv_results_["params"][:9]]
    assert first == [(a, b) for a in (1, 2, 3) for b in (1, 2, 3)]


def test_aggressive_elimination_fits_nothing_twice():
    search = halve(clone(FOREST).set_params(n_estimators=6), n_candidates=27, aggressive_elimination=True).fit(X, Y)
    assert search.n_resources_ == [2, 2, 2, 6]
    assert search.n_candidates_ == [27, 9, 3, 1]
    assert search.stats()["n_fits"] == (27 + 1) * 3


def test_brackets():
    search = halve(n_brackets=3).fit(X, Y)
    results = search.cv_results_
    assert list(results)[:3] == ["iter", "n_resources", "bracket"]
    assert [int((results["bracket"] == b).sum()) for b in range(3)] == [13, 6, 3]
    assert search.n_resources_ == [2, 6, 18]
    assert search.n_candidates_ == [9, 8, 5]
    assert results["iter"][search.best_index_] == 2


@pytest.mark.parametrize("more", [{"asynchronous": True}, SLOWER({"asynchronous": True, "n_brackets": 2})])
def test_asynchronous(more):
    search = halve(**more).fit(X, Y)
    assert search.n_resources_ == [2, 6, 18]
    assert search.cv_results_["n_resources"][search.best_index_] == 18
    assert all(n >= m for n, m in zip(search.n_candidates_, [9, 3, 1], strict=True))
    assert_equal_results(halve(n_jobs=2, look_back=1, **more).fit(X, Y), search)


@pytest.mark.parametrize("more", [{}, SLOWER({"n_brackets": 2}), SLOWER({"asynchronous": True})])
def test_bayes(more):
    space = {"max_depth": Int(1, 6), "max_features": Float(0.1, 1.0)}
    estimator = clone(FOREST).set_params(max_depth=3, max_features=0.5)
    search = halve(estimator, space, sampler="bayes", **more).fit(X, Y)
    assert search.n_candidates_[0] == 9
    assert search.cv_results_["params"][0] == {"max_depth": 3, "max_features": 0.5, "n_estimators": 2}
    assert_equal_results(halve(estimator, space, sampler="bayes", **more).fit(X, Y), search)


# -- what the sampler learns ------------------------------------------------------------------------------------------


class Recorder(Sampler):
    def __init__(self, log):
        self.told = []
        log.append(self.told)

    def ask(self, number, pending):
        return {"i": number, "pending": len(pending)}

    def tell(self, observation):
        trial, scores = observation[:2]
        self.told.append((trial.number, trial.params["i"], float(scores.mean())))


def told(sampler, *trials):
    for trial, score in trials:
        sampler.tell(Observation(trial, np.array([score, score])))


def test_a_sampler_is_told_each_candidate_once_as_if_on_all_of_the_resource():
    log = []
    sampler = RungSampler(lambda: Recorder(log))
    trials = [Trial(i, {"i": i}, fraction=0.1) for i in range(4)]
    told(sampler, *zip(trials, [0.5, 0.6, 0.7, 0.4], strict=True))
    assert sampler.ask(4, []) == {"i": 4, "pending": 0}
    assert log[-1] == [(0, 0, 0.5), (1, 1, 0.6), (2, 2, 0.7), (3, 3, 0.4)]
    more = [Trial(4, {"i": 2}, 1.0, 1, parent=2), Trial(5, {"i": 1}, 1.0, 1, parent=1)]
    told(sampler, (more[0], 0.9), (more[1], np.nan))
    sampler.ask(5, [trials[0], more[0]])
    # The one that was tried on both gained .2: what more of the resource is worth. That the other fails there is known
    # of its trial, and its score with less stands.
    assert [(n, i) for n, i, _ in log[-1]] == [(0, 0), (1, 1), (4, 2), (3, 3)]
    np.testing.assert_allclose([score for *_, score in log[-1]], [0.7, 0.8, 0.9, 0.6])
    n_made = len(log)
    told(sampler, (Trial(6, {"i": 6}, fraction=0.1), 0.1))
    assert sampler.ask(6, [trials[0], more[0]]) == {"i": 6, "pending": 1}
    assert len(log) == n_made  # what was told before is as it was


# -- going on ---------------------------------------------------------------------------------------------------------

PIPE = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=18, random_state=0))
PIPE_SPACE = {"gradientboostingclassifier__max_depth": [1, 2, 3], "gradientboostingclassifier__subsample": [0.5, 1.0]}


@pytest.mark.parametrize(
    ("estimator", "space"), [(FOREST, SPACE), pytest.param(PIPE, PIPE_SPACE, marks=pytest.mark.slow)]
)
def test_going_on_and_starting_over_give_the_same_results(estimator, space):
    search = halve(estimator, space, n_candidates=6, return_train_score=True)
    continued = clone(search).fit(X, Y)
    assert_equal_results(clone(search).set_params(resume_fits=False).fit(X, Y), continued)
    assert_equal_results(clone(search).set_params(n_jobs=2).fit(X, Y), continued)


def and_whether_it_went_on(estimator, X, y):
    return {"score": estimator.score(X, y), "resumed": float(estimator.warm_start)}


@pytest.mark.parametrize("more", [{"n_jobs": 2}, SLOWER({"n_jobs": 1}), SLOWER({"n_jobs": 2, "asynchronous": True})])
def test_a_promoted_candidate_finds_its_model_whichever_worker_it_comes_to(more, tmp_path, monkeypatch):
    monkeypatch.setenv("JOBLIB_TEMP_FOLDER", str(tmp_path))
    results = halve(scoring=and_whether_it_went_on, refit="score", **more).fit(X, Y).cv_results_
    assert (results["mean_test_resumed"] == (results["iter"] > 0)).all()
    assert list(tmp_path.iterdir()) == []


def test_always_going_on_gives_the_same_whatever_the_number_of_workers():
    net = make_pipeline(StandardScaler(), SGDClassifier(max_iter=18, tol=None, random_state=0))
    search = halve(net, {"sgdclassifier__alpha": Float(1e-5, 1e-1, log=True)}, resource="max_iter")
    always = clone(search).set_params(resume_fits="always").fit(X, Y)
    assert_equal_results(clone(search).set_params(resume_fits="always", n_jobs=2).fit(X, Y), always)
    over = search.fit(X, Y)
    first = over.cv_results_["iter"] == 0
    one, other = over.cv_results_["mean_test_score"], always.cv_results_["mean_test_score"]
    np.testing.assert_array_equal(one[first], other[first])
    assert not np.array_equal(one, other)  # it is another fit, and close
    np.testing.assert_allclose(one, other, atol=0.2)


class Boosting(GradientBoostingClassifier):
    pass


def test_promoted_candidates_fit_only_what_is_new(monkeypatch):
    fitted = []
    original = GradientBoostingClassifier._fit_stage

    def counted(self, i, *args, **kwargs):
        fitted.append(i)
        return original(self, i, *args, **kwargs)

    monkeypatch.setattr(GradientBoostingClassifier, "_fit_stage", counted)
    halve(PIPE, PIPE_SPACE, n_candidates=6, refit=False).fit(X, Y)
    n_continued = len(fitted)
    fitted.clear()
    halve(PIPE, PIPE_SPACE, n_candidates=6, refit=False, resume_fits=False).fit(X, Y)
    assert len(fitted) == 3 * (6 * 6 + 2 * 18)
    assert n_continued == 3 * (6 * 6 + 2 * 12)


def test_subclasses_may_fit_otherwise_and_start_over():
    search = halve(Boosting(n_estimators=9, random_state=0), {"max_depth": [1, 2, 3]}, n_candidates=3)
    search.set_params(resource="n_estimators").fit(X, Y)
    assert search.n_resources_ == [3, 9]


# -- the contract -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [2, SLOWER(3)])
def test_results_do_not_depend_on_the_number_of_workers(n_jobs):
    assert_equal_results(halve(n_jobs=n_jobs).fit(X, Y), plain())


def test_rows_do_not_depend_on_the_number_of_workers():
    search = halve(Ridge(), {"alpha": Float(1e-3, 1e3, log=True)}, resource="n_samples", min_resources=50)
    data = load_diabetes(return_X_y=True)
    one = clone(search).fit(*data)
    assert one.n_resources_ == [147, 442] or one.n_resources_[-1] == 442
    assert_equal_results(clone(search).set_params(n_jobs=2).fit(*data), one)
    other = clone(search).set_params(random_state=1).fit(*data)
    assert not np.array_equal(other.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"])


def test_several_metrics():
    search = halve(scoring=["accuracy", "f1_macro"], refit="f1_macro").fit(X, Y)
    results = search.cv_results_
    assert search.multimetric_
    for metric in ("accuracy", "f1_macro"):
        assert results[f"rank_test_{metric}"][-1] == 1
    assert search.best_score_ == results["mean_test_f1_macro"][-1]
    below = results["mean_test_f1_macro"][:9]
    assert results["n_resources"].tolist() == [2] * 9 + [6] * 3 + [18]
    promoted = [below[[p["max_depth"] for p in results["params"][:9]].index(results["params"][9]["max_depth"])]]
    assert promoted
    assert not hasattr(halve(scoring=["accuracy", "f1_macro"], refit=False).fit(X, Y), "best_index_")


def test_a_callable_that_gives_several_metrics():
    def both(estimator, X, y):
        predicted = estimator.predict(X)
        return {"a": accuracy_score(y, predicted), "f": f1_score(y, predicted, average="macro")}

    search = halve(scoring=both, refit="f").fit(X, Y)
    assert search.best_score_ == search.cv_results_["mean_test_f"][-1]


def test_a_callable_refit_chooses_from_the_last_rung():
    shown = []

    def last_of(results):
        shown.append(results)
        return len(results["params"]) - 1

    search = halve(n_candidates=18, refit=last_of).fit(X, Y)
    assert set(shown[0]["n_resources"]) == {18}
    assert search.n_candidates_ == [18, 6, 2]
    assert search.best_index_ == 25
    assert search.best_params_ == search.cv_results_["params"][25]
    assert not hasattr(search, "best_score_")
    with pytest.raises(IndexError, match="out of range"):
        halve(refit=lambda results: 7).fit(X, Y)


class Failing(RandomForestClassifier):
    def fit(self, X, y):
        if self.max_depth == 1 or (self.max_depth == 2 and self.n_estimators > 5):
            raise ValueError("no such depth")
        return super().fit(X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning", "ignore:One or more of the test scores")
@pytest.mark.parametrize("error_score", [np.nan, 1.0])
def test_what_fails_is_not_promoted_and_ranks_last(error_score):
    search = halve(
        Failing(n_estimators=18, random_state=0), error_score=error_score, n_candidates=18, resource="n_estimators"
    ).fit(X, Y)
    results = search.cv_results_
    promoted = [params["max_depth"] for params in results["params"][18:]]
    assert 1 in [params["max_depth"] for params in results["params"][:18]]
    assert 1 not in promoted
    assert search.best_params_["max_depth"] > 2
    if np.isnan(error_score):
        failed = np.isnan(results["mean_test_score"])
        assert set(results["rank_test_score"][failed]) == {(~failed).sum() + 1}


def test_all_that_fail_are_an_error_and_error_score_raises():
    with pytest.raises(ValueError, match="All the 9 fits failed"):
        halve(Failing(random_state=0), {"max_depth": [1]}, n_candidates=1, resource="n_estimators", cv=9).fit(X, Y)
    with pytest.raises(ValueError, match="no such depth"):
        halve(Failing(random_state=0), resource="n_estimators", n_candidates=18, error_score="raise").fit(X, Y)


def test_splits_are_made_once_whatever_the_splitter():
    for cv in (KFold(3, shuffle=True), ShuffleSplit(1), [(np.arange(0, 150, 2), np.arange(1, 150, 2))]):
        search = halve(cv=cv).fit(X, Y)
        assert search.n_candidates_ == [9, 3, 1]


def test_checkpoint(tmp_path):
    n_calls = 0

    def interrupted(estimator, X, y):
        nonlocal n_calls
        n_calls += 1
        if n_calls == 31:
            raise KeyboardInterrupt
        return estimator.score(X, y)

    path = tmp_path / "search.db"
    search = halve(scoring=interrupted, checkpoint=path)
    with pytest.raises(KeyboardInterrupt):
        search.fit(X, Y)
    assert search.cv_results_["iter"].tolist() == [0] * 9 + [1]
    assert search.best_index_ == 9  # of what is known, the best on the most
    search.fit(X, Y)
    assert n_calls == 13 * 3 + 1
    assert_equal_results(search, plain())
    stored = without_times(load_results(path))
    assert set(stored) == set(without_times(search.cv_results_))
    for name in ("iter", "n_resources", "param_n_estimators", "rank_test_score", "mean_test_score"):
        np.testing.assert_array_equal(stored[name], search.cv_results_[name])
    with pytest.raises(ValueError, match="strategy"):
        halve(scoring=interrupted, checkpoint=path, factor=2).fit(X, Y)


def test_checkpoint_remembers_the_rows_without_a_seed(tmp_path):
    search = halve(
        LogisticRegression(max_iter=500),
        {"C": Float(1e-3, 1e3, log=True)},
        resource="n_samples",
        min_resources=30,
        random_state=None,
        checkpoint=tmp_path / "search.db",
    )
    one = clone(search).fit(X, Y)
    two = search.fit(X, Y)
    assert_equal_results(one, two)


@pytest.mark.filterwarnings("ignore:The total space")
def test_timeout_keeps_what_is_complete():
    class Slow(Counting):
        def fit(self, X, y):
            import time

            time.sleep(0.05)
            return super().fit(X, y)

    search = halve(Slow(), {"a": list(range(40))}, n_candidates=40, resource="n_samples", min_resources=15, timeout=1)
    search.fit(X, Y)
    assert search.stats()["stop_reason"] == "timeout"
    assert search.n_candidates_[-1] == 0
    assert search.best_params_ == search.cv_results_["params"][search.best_index_]


ERRORS = [
    ({"resource": "nothing"}, "Cannot use resource=nothing which is not supported"),
    ({"resource": "max_depth"}, "Cannot use parameter max_depth as the resource since it is part of"),
    ({"resource": "min_impurity_decrease"}, "resource can only be 'n_samples' when max_resources='auto'"),
    ({"min_resources": 15, "max_resources": 14}, "min_resources_=15 is greater than max_resources_=14"),
    ({"resource": "n_samples", "max_resources": 151}, "max_resources cannot be more samples than there are"),
    ({"resource": "n_samples", "n_candidates": 64, "factor": 8}, "min_resources needs to leave rows of every class"),
    ({"n_candidates": "exhaust", "min_resources": "exhaust"}, "cannot be both set to 'exhaust'"),
    ({"factor": 1}, "The 'factor' parameter"),
    ({"min_resources": 0}, "The 'min_resources' parameter"),
    ({"min_resources": "few"}, "The 'min_resources' parameter"),
    ({"sampler": "magic"}, "The 'sampler' parameter"),
]


@pytest.mark.parametrize(("params", "message"), ERRORS)
def test_what_cannot_work_is_said(params, message):
    with pytest.raises(ValueError, match=message):
        halve(**params).fit(X, Y)


def test_an_empty_data_set_is_said():
    with pytest.raises(ValueError, match="min_resources_=0: you might have passed an empty dataset X"):
        halve(resource="n_samples", min_resources="smallest").fit(np.empty((0, 3)), [])


def test_verbose_tells_the_schedule(capsys):
    halve(verbose=1).fit(X, Y)
    assert "Candidates, and what they have of n_estimators: 9 with 2, 3 with 6, 1 with 18" in capsys.readouterr().out


class Recording:
    """A callback that writes down the tree of tasks."""

    def __init__(self):
        self.begun, self.ended = [], []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context, **_):
        self.begun.append((context.task_name, context.parent and context.parent.task_name, context.max_subtasks))

    def on_fit_task_end(self, estimator, context, **_):
        self.ended.append(context.task_name)


@pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"), reason="callbacks came with 1.9")
@pytest.mark.parametrize("more", [{}, {"n_brackets": 2}, {"asynchronous": True}])
def test_rungs_are_a_level_of_the_tree_of_tasks(more):
    callback = Recording()
    search = halve(cv=2, **more).set_callbacks(callback).fit(X, Y)
    rungs = [task for task in callback.begun if task[0] == "halving-iteration"]
    fits = [task for task in callback.begun if task[0] == "candidate-split-evaluation"]
    assert {parent for _, parent, _ in rungs} == {"search"}
    assert {parent for _, parent, _ in fits} == {"halving-iteration"}
    assert len(fits) == 2 * len(search.cv_results_["params"])
    assert sorted(callback.ended) == sorted(task[0] for task in callback.begun)
    if not more:
        assert [size for *_, size in rungs] == [18, 6, 2]
        assert ("search", "fit", 3) in [(n, "fit", size) for n, _, size in callback.begun if n == "search"]
        order = [name for name in callback.ended if name in {"halving-iteration", "search"}]
        assert order == ["halving-iteration"] * 3 + ["search"]


class Blind(ClassifierMixin, BaseEstimator):
    """Has an iteration parameter, and no classes to be told apart by."""

    def __init__(self, n_steps=9, a=0):
        self.n_steps, self.a = n_steps, a

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_any_integer_parameter_is_a_resource():
    scorer = make_scorer(accuracy_score)
    search = halve(Blind(), {"a": list(range(9))}, resource="n_steps", min_resources=1, scoring=scorer).fit(X, Y)
    assert search.n_resources_ == [1, 3, 9]
    larger = search.set_params(max_resources=27).fit(X, Y)
    assert larger.n_resources_ == [3, 9, 27]


def test_regression_and_held_out_score():
    data, y = load_diabetes(return_X_y=True)
    space = {"max_features": Float(0.1, 1.0), "min_samples_leaf": Int(1, 20)}
    search = halve(RandomForestRegressor(27, random_state=0), space).fit(data, y)
    assert search.n_resources_ == [3, 9, 27]
    assert search.best_score_ > 0.35


@pytest.mark.slow
def test_a_better_model_in_the_end():
    data, y = load_breast_cancer(return_X_y=True)
    space = {"max_depth": Int(1, 5), "learning_rate": Float(1e-3, 1.0, log=True)}
    search = halve(GradientBoostingClassifier(n_estimators=27, random_state=0), space, n_candidates=18).fit(data, y)
    assert search.best_score_ > 0.93


BOOSTERS = [
    ("lightgbm", "LGBMClassifier", {"verbose": -1, "n_jobs": 1, "random_state": 0}),
    ("xgboost", "XGBClassifier", {"n_jobs": 1, "random_state": 0}),
    (
        "catboost",
        "CatBoostClassifier",
        # Without a learning rate it chooses one that depends on the number of iterations.
        {"verbose": 0, "allow_writing_files": False, "thread_count": 1, "random_seed": 0, "learning_rate": 0.2},
    ),
]


def n_trees(booster):
    if hasattr(booster, "tree_count_"):
        return booster.tree_count_
    n = booster.booster_.num_trees() if hasattr(booster, "booster_") else booster.get_booster().num_boosted_rounds()
    return n // 3 if hasattr(booster, "booster_") else n  # of lightgbm, one for each class


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "name", "settings"), BOOSTERS, ids=[name for _, name, _ in BOOSTERS])
def test_boosters_of_other_libraries_halve_on_their_iterations_and_go_on(library, name, settings, monkeypatch):
    booster = getattr(pytest.importorskip(library), name)
    resource = "iterations" if library == "catboost" else "n_estimators"
    estimator = booster(**{resource: 9}, **settings)
    space = {"learning_rate": Float(0.05, 1.0, log=True)}

    def grown(estimator, X, y):
        return {"score": estimator.score(X, y), "trees": n_trees(estimator)}

    search = halve(estimator, space, n_candidates=9, min_resources=1, scoring=grown, refit="score")
    over = clone(search).fit(X, Y)
    assert over.resource_ == resource
    assert over.n_resources_ == [1, 3, 9]
    assert over.best_score_ > 0.8
    assert over.best_params_[resource] == n_trees(over.best_estimator_) == 9

    rounds = []
    original = booster.fit

    def counted(self, *args, **kwargs):
        rounds.append(self.get_params()[resource])
        return original(self, *args, **kwargs)

    monkeypatch.setattr(booster, "fit", counted)
    always = clone(search).set_params(resume_fits="always", refit=False).fit(X, Y)
    assert sum(rounds) == 3 * (9 * 1 + 3 * 2 + 1 * 6)
    np.testing.assert_array_equal(always.cv_results_["mean_test_trees"], always.cv_results_["n_resources"])
    # Where nothing is drawn at random it is the same fit.
    np.testing.assert_allclose(always.cv_results_["mean_test_score"], over.cv_results_["mean_test_score"], atol=1e-12)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("library", "name", "settings"), BOOSTERS, ids=[name for _, name, _ in BOOSTERS])
def test_boosters_that_draw_rows_go_on_in_the_same_way_whoever_has_the_model(library, name, settings):
    booster = getattr(pytest.importorskip(library), name)
    drawn = {"bootstrap_type": "Bernoulli"} if library == "catboost" else {"subsample_freq": 1}
    more = {} if library == "xgboost" else drawn
    resource = "iterations" if library == "catboost" else "n_estimators"
    estimator = make_pipeline(StandardScaler(), booster(**{resource: 9}, subsample=0.5, **more, **settings))
    step = estimator.steps[-1][0]
    brackets = [halving_bracket(9, 1, 9)]
    trials = [Trial(i, {}, f, rung=i, parent=i - 1 if i else None) for i, f in enumerate([1 / 9, 3 / 9, 1.0])]
    found = Iterations(f"{step}__{resource}", 9, Models(), brackets, is_exact=False)
    for trial in trials:
        with found.begun(trial, 0, estimator) as model:
            model.set_params(**found.params(trial.fraction)).fit(X, Y)
        found.keep(trial, 0, model, 0.5)
    lost = Iterations(f"{step}__{resource}", 9, Models(), brackets, is_exact=False)
    with lost.begun(trials[-1], 0, estimator) as other:
        other.set_params(**lost.params(1.0)).fit(X, Y)
    assert n_trees(model[-1]) == n_trees(other[-1]) == 9
    np.testing.assert_array_equal(model.predict_proba(X), other.predict_proba(X))
