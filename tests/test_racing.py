"""Racing: what is stopped, what is not, and what a stopped candidate looks like."""

from pathlib import Path

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from quick import slow_but
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris, load_wine
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import KFold, LeaveOneOut, PredefinedSplit, RepeatedKFold, TimeSeriesSplit
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.fixes import parse_version

from skhpo import BayesSearchCV, Float, GridSearchCV, Int, RandomSearchCV, SuccessiveHalvingCV, load_results
from skhpo.executors.serial import SerialExecutor
from skhpo.history import FitStarted, History, Outcome, Task, Trial, TrialStarted, TrialStopped
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.schedulers.complete import Complete
from skhpo.schedulers.racing import Judge, Race, RacingScheduler
from skhpo.surrogates.score_model import ModelOptions, ScoreModel, _split_effects
from skhpo.testing import check_scheduler

WINE = load_wine(return_X_y=True)


class Table(BaseEstimator):
    """Scores of a row of a table; the data are a column of numbers that say which split is the test side."""

    def __init__(self, scores=None, row=0, path=None, error="none", seed=0):
        self.scores, self.row, self.path, self.error, self.seed = scores, row, path, error, seed

    def fit(self, X, y=None):
        if self.path is not None:
            with Path(self.path).open("a") as file:
                file.write(f"{self.row}\n")
        if self.error == "fit" and self.row % 3 == 1:
            raise ValueError("This row cannot be fitted.")
        return self

    def score(self, X, y=None):
        return float(self.scores[self.row][int(X[0, 0])])


def raced(scores, *, cls=GridSearchCV, n_rows=None, **kwargs):
    """A search over the rows of a table, one sample a split."""
    scores = np.asarray(scores, dtype=float)
    k = scores.shape[1]
    estimator = Table(scores, path=kwargs.pop("path", None), error=kwargs.pop("error", "none"))
    more = {"random_state": 0} if cls is not GridSearchCV else {}
    space = {"row": list(range(n_rows or len(scores)))}
    settings = {"cv": KFold(k), "refit": False, "racing": True, **more, **kwargs}
    return cls(estimator, space, **settings).fit(np.arange(float(k))[:, None])


def noisy(n, k, *, seed=0, sd=1.0, spread=5.0):
    """Scores of candidates that differ, on splits that differ."""
    rng = np.random.default_rng(seed)
    return rng.normal(0, spread, (n, 1)) + rng.normal(0, 3, (1, k)) + rng.normal(0, sd, (n, k))


# ------------------------------------------------------------------ the rule


@pytest.mark.parametrize(("k", "m"), [(5, 1), (5, 3), (10, 1), (10, 4)])
def test_the_probability_is_one(k, m):
    """Of differences that are normal with the variance the judge was told, as many overturn as it says."""
    rng = np.random.default_rng(0)
    mean, sd, n = -0.7, 1.0, 40_000
    judge = Judge(0, np.zeros(k), np.zeros(k), sd**2, 1e9, np.ones(k))
    remaining = rng.normal(size=(n, k))
    # The first m differences have this mean; what a flat prior then expects of the mean of all is what is claimed.
    true_mean = mean + rng.normal(size=(n, 1)) * sd / np.sqrt(m)
    total = (m * mean + (true_mean + sd * remaining[:, m:]).sum(axis=1)) / k
    claimed = judge.probability(range(m), np.full(m, mean))
    assert claimed == pytest.approx((total > 0).mean(), abs=4 * np.sqrt(0.25 / n))


@pytest.mark.parametrize("k", [5, 10])
def test_false_stops_are_as_rare_as_it_says(k):
    """However much worse or better challengers are: few are stopped after a split that would have overturned."""
    rng = np.random.default_rng(1)
    typical = rng.normal(0, 5, k)
    incumbent = typical + rng.normal(0, 1, k)  # with chance of its own, which is nobody else's
    shares = np.arange(k, 0, -1) * 2 / (k + 1)  # the first split says least
    judge = Judge(0, incumbent, typical, 1.0, 2 * (k - 1), shares)
    for m in (1, 2, k - 1):
        e = rng.normal(rng.normal(0, 0.5, (20_000, 1)), np.sqrt(shares), (20_000, k))
        stopped = judge.probability(range(m), (e + typical)[:, :m]) < 0.003
        false = stopped & ((typical + e).mean(axis=1) > incumbent.mean())
        assert stopped.any()
        assert false.mean() < 0.003


def test_ties_and_what_is_unknown_are_never_cut():
    scores = np.array([0.5, 0.7, 0.6])
    judge = Judge(0, scores, np.array([0.5, 0.3, 0.2]), 1e-4, 4, np.ones(3))
    assert judge.probability([1], scores[1:2]) == 1, "level with the incumbent, where it is far above what is typical"
    assert judge.probability([0], scores[:1]) == 1, "level with the incumbent, where it is not above what is typical"
    assert judge.probability([0], np.array([-np.inf])) == 1
    assert judge.probability([0], np.array([np.nan])) == 1
    assert Judge(0, scores, scores, 0.0, 4, np.ones(3)).probability([0], np.array([0.0])) == 1
    assert (
        Judge(0, np.full(3, 1e6), np.full(3, 1e6), 1e-28, 4, np.ones(3)).probability([0], np.array([1e6 - 1e-10])) == 1
    ), "that is rounding"


# ------------------------------------------------------------------ the scheduler


@pytest.mark.parametrize("settings", [{}, {"n_open": 4, "alpha": 0.05, "share": 0.5, "n_first": 2, "n_turns": 5}])
def test_it_is_a_scheduler(settings):
    check_scheduler(lambda: RacingScheduler(40, order=[2, 0, 1, 4, 3], **settings), n_splits=5)


class Listed(Sampler):
    is_adaptive = False

    def ask(self, number, pending):
        return {"i": number}


def race(scores, *, look_back=1, n_open=20, order=None, sampler=None, **settings):
    scores = np.asarray(scores, dtype=float)
    n, k = scores.shape
    history = History(k)
    scheduler = RacingScheduler(n, order=list(order if order is not None else range(k)), n_open=n_open, **settings)

    def run(task):
        return Outcome(task.trial.number, task.split, scores[task.trial.number, task.split])

    with SerialExecutor(run) as executor:
        run_search(
            sampler or Listed(),
            scheduler,
            executor,
            MemoryJournal(),
            history,
            make_task=Task,
            identity=lambda trial: trial.number,
            look_back=look_back,
        )
    return history


def test_decisions_look_at_nothing_that_is_not_seen():
    scores = noisy(8, 4)
    seen, other = History(4), History(4)
    schedulers = [RacingScheduler(8, order=range(4)), RacingScheduler(8, order=range(4))]
    for number in range(8):
        for history, hidden in ((seen, scores), (other, -scores)):
            history.apply(TrialStarted(Trial(number, {}), splits=()))
            for split in range(3):
                history.apply(FitStarted(number, split))
                history.record(Outcome(number, split, scores[number, split]))
                history.see(len(history.steps))
            history.apply(FitStarted(number, 3))
            history.record(Outcome(number, 3, hidden[number, 3]))
        decisions = [
            scheduler.next_split(history, look_back=2, can_start=False)
            for scheduler, history in zip(schedulers, (seen, other), strict=True)
        ]
        assert decisions[0] == decisions[1]


def test_of_many_that_are_hopeless_each_gets_one_split():
    scores = noisy(60, 5, spread=100.0, sd=0.1)
    history = race(scores)
    n_run = np.array([len(history.outcomes(number)) for number in range(60)])
    assert np.sum(n_run == 5) < 15
    assert np.sum(n_run == 1) > 40
    best = scores.mean(axis=1).argmax()
    assert n_run[best] == 5


@pytest.mark.parametrize("look_back", [1, 2, 5, 30])
@pytest.mark.parametrize("n_first", [2, 3])
def test_none_is_stopped_before_some_are_complete_nor_with_a_fit_under_way(look_back, n_first):
    history = race(noisy(40, 6), look_back=look_back, n_first=n_first)
    assert history.stopped
    for number in range(40):
        n_run = len(history.outcomes(number))
        assert n_run == len(history.begun(number))
        assert (n_run == 6) == (number not in history.stopped)
    assert len(history.complete) >= n_first
    assert sorted([*history.stopped, *history.complete]) == list(range(40))


@pytest.mark.parametrize(("n_first", "expected"), [(2, TrialStopped(2, 1)), (3, None)])
def test_nobody_is_stopped_before_so_many_are_complete(n_first, expected):
    history = History(3)
    for number in range(3):
        history.apply(TrialStarted(Trial(number, {}), splits=()))
    complete = np.array([[1.0, 2.0, 1.1], [1.2, 2.1, 1.2]])
    for (number, split), value in {**dict(np.ndenumerate(complete)), (2, 0): -9.0}.items():
        history.apply(FitStarted(number, split))
        history.record(Outcome(number, split, float(value)))
    history.see(len(history.steps))
    scheduler = RacingScheduler(9, order=range(3), n_first=n_first)
    assert scheduler.next_split(history, look_back=1, can_start=True) == expected


@pytest.mark.parametrize(("cls", "n_complete"), [(GridSearchCV, 3), (RandomSearchCV, 3), (BayesSearchCV, 2)])
def test_a_search_finishes_so_many_where_all_but_one_are_hopeless(cls, n_complete):
    """A list waits for the third that is complete; where a model proposes, two are enough."""
    scores = noisy(12, 5, sd=0.1, spread=1.0) - 100 * (np.arange(12) > 0)[:, None]
    more = {"n_iter": 12} if cls is not GridSearchCV else {}
    if cls is BayesSearchCV:
        more["initial_params"] = [{"row": 0}]
    search = raced(scores, cls=cls, **more)
    assert search.best_params_ == {"row": 0}
    assert list(search.cv_results_["status"]).count("complete") == n_complete


def test_two_complete_trials_that_are_the_same_stop_nobody():
    """Nothing is known of how trials differ from split to split."""
    history = race([[1.0, 2.0, 1.5], [1.0, 2.0, 1.5], [-9.0, -9.0, -9.0]], n_first=2)
    assert not history.stopped


@pytest.mark.parametrize("digits", [2, 17])
@pytest.mark.parametrize(
    "settings", [{"n_first": 3}, {"n_first": 2, "n_open": 4, "alpha": 0.05, "share": 0.5}], ids=str
)
def test_differences_that_are_the_same_on_each_split_stop_on_the_second(settings, digits):
    """Nothing varies, exactly or to rounding: a second split that agrees is all there is to be seen."""
    rng = np.random.default_rng(0)
    quality, splits = (np.round(rng.uniform(0.0, 1.0, n), digits) for n in (40, 10))
    scores = quality[:, None] + splits
    history = race(scores, **settings)
    assert {len(history.begun(number)) for number in history.stopped} == {2}
    assert quality.argmax() in history.complete
    assert len(history.steps) < 0.5 * scores.size
    assert all(scores[number].mean() < scores[against].mean() for number, against in history.stopped.items())


def test_equals_of_the_best_are_finished_where_nothing_varies():
    splits = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    quality = np.array([0.5, 0.7, 0.6, 0.7, 0.2, 0.7, 0.1, 0.7])
    history = race(quality[:, None] + splits, n_first=2, n_open=2)
    assert set(np.flatnonzero(quality == 0.7)) <= set(history.complete)
    assert history.stopped


def test_a_challenger_that_varies_is_judged_by_its_own_variance():
    """The complete ones differ by the same on each split; it is behind on the first two and the best in the end."""
    splits = np.array([0.1, 0.2, 0.3, 0.15, 0.25])
    scores = np.array([0.5, 0.6, 0.7])[:, None] + splits
    odd = splits + np.array([0.69, 0.5, 1.2, 1.1, 1.3])
    history = race([*scores, odd], n_open=1)
    assert 3 in history.complete


def test_halving_races_where_nothing_varies():
    quality, splits = np.linspace(0.0, 0.4, 9), np.linspace(0.0, 0.3, 6)
    search = SuccessiveHalvingCV(
        Table(quality[:, None] + splits),
        {"row": list(range(9))},
        sampler="grid",
        resource="seed",
        min_resources=1,
        max_resources=3,
        cv=KFold(6),
        refit=False,
        racing=True,
    ).fit(np.arange(6.0)[:, None])
    assert search.best_params_["row"] == 8
    assert "raced" in search.cv_results_["status"]


class Recording(Listed):
    """Remembers what it was told of each trial last, and how many were pending when it was asked."""

    is_adaptive = True

    def __init__(self):
        self.last, self.pending = {}, []

    def ask(self, number, pending):
        self.pending.append([trial.number for trial in pending])
        return super().ask(number, pending)

    def tell(self, *told):
        trial, scores = told[0][:2] if len(told) == 1 else told
        self.last[trial.number] = scores


def test_a_trial_that_fails_on_one_split_has_failed_whatever_it_scored_on_the_others():
    scores = noisy(6, 4)
    scores[2, 1] = np.nan
    sampler = Recording()
    race(scores, sampler=sampler, stops_failures=False)
    np.testing.assert_array_equal(sampler.last[2], [np.nan] * 4)
    assert all(np.isfinite(sampler.last[number]).any() for number in (0, 1, 3, 4, 5))


def test_a_trial_of_which_a_split_is_known_is_not_pending():
    """The sampler was told of it; a model that took it for pending would know it twice."""
    sampler = Recording()
    history = race(noisy(10, 4), sampler=sampler, look_back=3)
    assert max(len(history.begun(number)) for number in range(10)) == 4
    assert any(sampler.pending)
    assert all(len(pending) <= 2 for pending in sampler.pending)


def test_with_one_trial_under_way_each_is_decided_before_the_next():
    history = race(noisy(30, 5), n_open=1)
    order = [number for number, _ in history.steps]
    assert order == sorted(order)


@pytest.mark.parametrize("look_back", [1, 3])
def test_splits_take_turns_at_being_the_first(look_back):
    scores = noisy(30, 5, spread=50.0)
    history = race(scores, order=[3, 1, 4, 0, 2], n_turns=3, look_back=look_back)
    orders = {0: [3, 1, 4, 0, 2], 1: [1, 4, 3, 0, 2], 2: [4, 3, 1, 0, 2]}
    for number in range(30):
        begun = list(history.begun(number))
        assert begun == orders[number % 3][: len(begun)]
    assert history.stopped
    assert scores.mean(axis=1).argmax() in history.complete


def test_the_most_promising_goes_on_first_whatever_split_it_had():
    """On a split on which everyone is a hundred lower, the better of two has the lower score."""
    complete = np.array([[1.0, 2.0, 1.0, -98.0], [1.1, 1.9, 1.1, -98.1], [1.2, 2.0, 1.0, -97.9]])
    started = {(3, 3): -97.4, (4, 0): 1.1}
    history = History(4)
    for number in range(5):
        history.apply(TrialStarted(Trial(number, {}), splits=()))
    for (number, split), score in {**dict(np.ndenumerate(complete)), **started}.items():
        history.apply(FitStarted(number, split))
        history.record(Outcome(number, split, float(score)))
    history.see(len(history.steps))
    scheduler = RacingScheduler(5, order=range(4), n_turns=4)
    assert scheduler.next_split(history, look_back=1, can_start=False) == FitStarted(3, 0)


def chance_of_new(history):
    complete = Complete(is_by_number=False)
    complete.take(history, history.rung(0, 0))
    return complete.chance_of_new(history.rung(0, 0))


def judged(scores):
    """What complete trials with these scores say about a challenger."""
    history = race(scores, n_open=1, alpha=0.0)
    complete = Complete(is_by_number=False)
    complete.take(history, history.rung(0, 0))
    return Race(tuple(range(scores.shape[1]))).judge(complete)


def test_the_variance_is_that_of_differences_to_the_mean_of_the_others():
    scores = noisy(12, 5)
    others = (scores.sum(axis=0) - scores) / 11
    assert judged(scores).variance == pytest.approx((scores - others).var(axis=1, ddof=1).mean())


def test_a_split_on_which_trials_change_places_has_the_larger_share():
    scores = noisy(30, 5)
    scores[:, 3] += np.random.default_rng(1).normal(0, 10, 30)
    shares = judged(scores).shares
    assert shares.mean() == pytest.approx(1)
    assert shares[3] > 5 * np.delete(shares, 3).max()
    few = judged(scores[:3]).shares
    assert few.mean() == pytest.approx(1)
    assert few.min() >= 5 / 8, "of three trials: as if five others had found the splits alike"


@pytest.mark.parametrize("huge", [1e160, -1e160])
def test_scores_whose_squares_overflow_leave_the_others_their_race(huge):
    scores = np.insert(noisy(30, 5, spread=50.0), 4, huge, axis=0)
    history = race(scores)
    assert len(history.stopped) > 10
    assert 4 not in history.stopped.values()


def test_the_seldomer_a_new_trial_is_the_best_the_fewer_are_stopped():
    scores = noisy(60, 5, spread=0.3)
    by_mean = scores[np.argsort(-scores.mean(axis=1))]  # the first is the best
    history = race(by_mean[:20], n_open=1, alpha=0.0)
    assert chance_of_new(history) == 1 / (10 + 10), "none of the later ten was the best so far"
    getting_better = race(by_mean[::-1], n_open=1, alpha=0.0)
    assert chance_of_new(getting_better) == (1 + 30) / (10 + 30), "each of the later 30 was"
    bold, careful = (race(by_mean, n_open=1, alpha=0.2, share=share) for share in (np.inf, 0.1))
    assert len(careful.steps) > len(bold.steps)
    assert len(race(by_mean, n_open=1, alpha=0.002, share=1.0).steps) == len(
        race(by_mean, n_open=1, alpha=0.002).steps
    ), "the smaller of the two counts"


# ------------------------------------------------------------------ results


@pytest.mark.parametrize("cls", [GridSearchCV, RandomSearchCV])
@pytest.mark.parametrize("k", [3, 5, 10])
@pytest.mark.parametrize("seed", range(5))
def test_results_agree_and_name_a_complete_candidate(cls, k, seed):
    scores = noisy(40, k, seed=seed, sd=2.0)
    search = raced(scores, cls=cls, **({"n_iter": 40} if cls is RandomSearchCV else {}))
    results = search.cv_results_
    rows = [params["row"] for params in results["params"]]
    splits = np.column_stack([results[f"split{i}_test_score"] for i in range(k)])
    run = ~np.isnan(splits)
    best = search.best_index_
    assert results["status"][best] == "complete"
    assert best == results["mean_test_score"].argmax() == results["rank_test_score"].argmin()
    np.testing.assert_array_equal(splits[run], scores[rows][run])
    np.testing.assert_array_equal(run.sum(axis=1), results["n_splits_run"])
    complete = results["n_splits_run"] == k
    np.testing.assert_array_equal(complete, results["status"] == "complete")
    np.testing.assert_array_equal(results["mean_test_score"][complete], np.average(scores[rows][complete], axis=1))
    assert set(results["status"]) == {"complete", "raced"}
    assert results["mean_test_score"][~complete].max() < results["mean_test_score"][best]
    for i in np.flatnonzero(~complete):
        assert results["std_test_score"][i] == pytest.approx(splits[i, run[i]].std())
    assert np.isfinite(results["mean_fit_time"]).all()
    assert search.stats()["n_fits"] == run.sum() < run.size


def test_a_stopped_candidate_is_placed_by_its_difference_to_the_one_it_was_stopped_against():
    scores = np.vstack([noisy(3, 4, spread=0.01), [[0, 0, 0, -50.0]]])  # the fourth begins with the fourth split
    search = raced(scores)
    results = search.cv_results_
    assert results["status"][3] == "raced"
    complete = scores[:3].mean(axis=1)
    best = complete.argmax()
    assert results["mean_test_score"][3] == pytest.approx(complete[best] + (-50.0 - scores[best, 3]))
    assert np.isnan(results["std_test_score"][3]) == False  # noqa: E712  (of one score: 0)


def test_without_racing_nothing_changes():
    X, y = WINE
    space = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 40]}
    off = GridSearchCV(DecisionTreeClassifier(random_state=0), space).fit(X, y).cv_results_
    assert "status" not in off
    on = GridSearchCV(DecisionTreeClassifier(random_state=0), space, racing=True).fit(X, y).cv_results_
    assert [*off, "status", "n_splits_run"] == list(on)
    assert on["params"] == off["params"]
    for key in off:
        if "split" in key and "time" not in key:
            known = ~np.isnan(on[key])
            np.testing.assert_array_equal(on[key][known], off[key][known])


def test_several_metrics_and_training_scores():
    X, y = WINE
    space = {"n_neighbors": list(range(1, 60, 3))}
    settings = {"scoring": ["accuracy", "neg_log_loss"], "refit": "neg_log_loss", "return_train_score": True}
    search = GridSearchCV(KNeighborsClassifier(), space, racing=True, **settings).fit(X, y)
    results = search.cv_results_
    assert "raced" in results["status"]
    assert results["status"][search.best_index_] == "complete"
    for key in ("mean_test_accuracy", "mean_train_accuracy", "mean_train_neg_log_loss", "std_train_accuracy"):
        assert np.isfinite(results[key]).all()
    assert search.predict(X).shape == y.shape


@pytest.mark.parametrize("refit", [lambda results: 0, False])
def test_it_needs_a_metric_that_decides(refit):
    search = GridSearchCV(SVC(), {"C": [1, 2]}, scoring=["accuracy", "f1_macro"], refit=refit, racing=True)
    with pytest.raises(ValueError, match="racing=True needs one metric that decides"):
        search.fit(*WINE)


# ------------------------------------------------------------------ faults


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite:UserWarning")
def test_a_candidate_that_fails_is_not_tried_again(tmp_path):
    search = raced(noisy(12, 5), path=str(tmp_path / "fits"), error="fit")
    results = search.cv_results_
    failing = np.arange(12) % 3 == 1
    np.testing.assert_array_equal(results["status"] == "failed", failing)
    np.testing.assert_array_equal(results["n_splits_run"][failing], 1)
    assert np.isnan(results["mean_test_score"][failing]).all()
    assert len((tmp_path / "fits").read_text().split()) == results["n_splits_run"].sum()


def test_a_failure_that_has_a_score_gets_all_its_splits():
    with pytest.warns(FitFailedWarning):
        search = raced(noisy(12, 5), error="fit", error_score=-1e3)
    results = search.cv_results_
    failing = np.arange(12) % 3 == 1
    np.testing.assert_array_equal(results["n_splits_run"][failing], 5)
    np.testing.assert_array_equal(results["mean_test_score"][failing], -1e3)


def test_a_failure_is_raised_if_asked_for():
    with pytest.raises(ValueError, match="This row cannot be fitted"):
        raced(noisy(12, 5), error="fit", error_score="raise")


@pytest.mark.parametrize("score", [-np.inf, -1e300, -1e160])
@pytest.mark.parametrize("number", [0, 1, 2, 3, 30])
def test_a_candidate_that_is_infinitely_bad_does_not_end_the_race(number, score):
    scores = noisy(40, 5, spread=100.0, sd=0.1)
    plain = race(scores)
    scores[number, 2:] = score
    history = race(scores)
    assert len(history.stopped) > 20
    assert abs(len(history.steps) - len(plain.steps)) < 20
    usable = (scores > -1e100).all(axis=1)
    assert np.where(usable, scores.mean(axis=1), -np.inf).argmax() in history.complete


@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite:UserWarning")
def test_scores_that_are_not_finite_end_no_search():
    scores = noisy(12, 5)
    scores[2, 1], scores[4] = -np.inf, np.nan
    results = raced(scores).cv_results_
    assert results["n_splits_run"][2] in {1, 5}
    best = np.nanargmax(np.where(np.isfinite(scores.mean(axis=1)), scores.mean(axis=1), np.nan))
    assert results["rank_test_score"][best] == 1


def test_splits_that_are_all_nan_are_said_to_be():
    scores = noisy(6, 4)
    scores[:, 0] = np.nan
    with pytest.warns(UserWarning, match="non-finite"):
        results = raced(scores).cv_results_
    assert set(results["status"]) == {"failed"}
    assert np.isnan(results["mean_test_score"]).all()


# ------------------------------------------------------------------ odd splits


def test_equal_scores_are_all_complete():
    assert set(raced(np.full((15, 5), 0.5)).cv_results_["status"]) == {"complete"}
    levels = np.tile(noisy(1, 5), (15, 1))
    assert set(raced(levels).cv_results_["status"]) == {"complete"}


@pytest.mark.parametrize("k", [1, 2, 50])
def test_few_and_many_splits(k):
    scores = noisy(30, k, spread=20.0)
    cv = PredefinedSplit([-1, 0]) if k == 1 else KFold(k)
    X = np.zeros((2, 1)) if k == 1 else np.arange(float(k))[:, None]
    grid = {"row": list(range(30))}
    search = GridSearchCV(Table(scores), grid, cv=cv, refit=False, racing=True).fit(X)
    assert search.best_index_ == scores.mean(axis=1).argmax()
    assert ("raced" in search.cv_results_["status"]) == (k > 1)


@pytest.mark.slow
@pytest.mark.parametrize("cv", [LeaveOneOut(), RepeatedKFold(n_splits=5, n_repeats=10, random_state=0)])
def test_one_sample_a_split_and_repeated_splits(cv):
    X, y = load_iris(return_X_y=True)
    X, y = X[::5], y[::5]
    space = {"n_neighbors": [1, 3, 5, 8, 12, 16, 20, 22, 24]}
    whole = GridSearchCV(KNeighborsClassifier(), space, cv=cv).fit(X, y)
    search = GridSearchCV(KNeighborsClassifier(), space, cv=cv, racing=True).fit(X, y)
    assert search.best_score_ == whole.best_score_
    assert search.stats()["n_fits"] < whole.stats()["n_fits"]


@pytest.mark.parametrize("seed", range(5))
def test_any_order_of_splits_has_the_same_winner(seed):
    scores = noisy(50, 5, seed=2, sd=0.5)
    order = np.random.default_rng(seed).permutation(5)
    history = race(scores, order=order)
    assert scores.mean(axis=1).argmax() in history.complete


class Notes(BaseEstimator):
    """Notes the rows it is given."""

    def __init__(self, C=1.0, path=None):
        self.C, self.path = C, path

    def fit(self, X, y=None):
        with Path(self.path).open("a") as file:
            file.write(f"{self.C} {len(X)} {int(X[:, 0].sum())}\n")
        return self

    def score(self, X, y=None):
        return 0.1 * self.C


def first_fits(path, cls, cv, n_rows):
    """How many rows, and which, each candidate was first trained on, in the order of the candidates."""
    space = {"C": [float(i) for i in range(8)]}
    more = {"n_iter": 8, "random_state": 0} if cls is not GridSearchCV else {}
    cls(Notes(path=path), space, cv=cv, racing=True, refit=False, **more).fit(np.arange(float(n_rows))[:, None])
    first = {}
    for line in Path(path).read_text().splitlines():
        C, *fit = line.split()
        first.setdefault(C, tuple(map(int, fit)))
    return list(first.values())


@pytest.mark.parametrize("cls", [GridSearchCV, RandomSearchCV, BayesSearchCV])
def test_candidates_begin_with_one_split_after_the_other(tmp_path, cls):
    first = first_fits(str(tmp_path / "fits"), cls, KFold(4), 22)
    assert len(first) == 8
    assert len(set(first[:4])) == 4
    assert first[4:] == first[:4]


@pytest.mark.parametrize("cls", [GridSearchCV, BayesSearchCV])
def test_only_splits_with_about_as_much_to_train_on_take_turns(tmp_path, cls):
    assert {n for n, _ in first_fits(str(tmp_path / "few"), cls, TimeSeriesSplit(4), 50)} == {40}
    assert {n for n, _ in first_fits(str(tmp_path / "many"), cls, TimeSeriesSplit(24), 50)} == {44, 46, 48}


def test_in_a_time_series_the_last_split_comes_first():
    X, y = WINE
    search = GridSearchCV(SVC(), {"C": [0.1, 1, 10, 100]}, cv=TimeSeriesSplit(4), racing=True, error_score=0)
    results = search.fit(X, np.arange(len(y)) % 2).cv_results_
    assert not np.isnan(results["split3_test_score"]).any()


def test_equal_candidates_are_fitted_once(tmp_path):
    path = tmp_path / "fits"
    search = raced(np.tile(noisy(4, 5), (1, 1)), cls=RandomSearchCV, n_iter=4, path=str(path))
    assert len(path.read_text().split()) == search.stats()["n_fits"]

    class Two(Table):
        pass

    scores = noisy(3, 5)
    space = [{"row": [0, 1, 2]}, {"row": [1, 2, 0]}]
    search = GridSearchCV(Table(scores), space, cv=KFold(5), refit=False, racing=True).fit(np.arange(5.0)[:, None])
    assert search.stats()["n_fits"] <= 15
    assert len(search.cv_results_["params"]) == 6


# ------------------------------------------------------------------ with the rest


SPACE = {"C": Float(1e-3, 1e3, log=True), "gamma": Float(1e-4, 1e1, log=True)}


def make(kind, **kwargs):
    cls = {"grid": GridSearchCV, "random": RandomSearchCV, "bayes": BayesSearchCV}[kind]
    settings = {"racing": True, "cv": 4, "refit": False, **kwargs}
    if kind == "grid":
        return cls(SVC(), {"C": np.logspace(-2, 2, 5), "gamma": np.logspace(-4, 0, 4)}, **settings)
    return cls(SVC(), SPACE, n_iter=14, random_state=0, **settings)


def same(ours, theirs):
    assert ours["params"] == theirs["params"]
    assert list(ours) == list(theirs)
    for key in theirs:
        if "time" not in key:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


class Interrupted(SVC):
    """Interrupts at the fit whose number a file beside it names, once."""

    def __init__(self, C=1.0, gamma="scale", path=None):
        super().__init__(C=C, gamma=gamma)
        self.path = path

    def fit(self, X, y):
        path = Path(self.path)
        left = int(path.read_text())
        path.write_text(str(left - 1))
        if left == 0:
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("kind", ["grid", "random", "bayes"])
@pytest.mark.parametrize("number", slow_but({0, 9}, [0, 1, 9, 23]))
def test_interrupted_and_continued_equals_uninterrupted(kind, number, tmp_path):
    whole = make(kind).fit(*WINE)
    assert "raced" in whole.cv_results_["status"]
    search = make(kind, checkpoint=tmp_path / "search.db")
    search.set_params(estimator=Interrupted(path=str(tmp_path / "left")))
    (tmp_path / "left").write_text(str(number))
    with pytest.raises(KeyboardInterrupt):
        clone(search).set_params().fit(*WINE)
    again = clone(search).fit(*WINE)
    same(again.cv_results_, whole.cv_results_)
    n_fits = number - int((tmp_path / "left").read_text())
    assert n_fits == whole.stats()["n_fits"] + 1, "only the fit that was interrupted is repeated"
    same(load_results(tmp_path / "search.db"), whole.cv_results_)


def test_a_race_is_not_continued_without_racing(tmp_path):
    make("grid", checkpoint=tmp_path / "search.db").fit(*WINE)
    with pytest.raises(ValueError, match="strategy differ"):
        make("grid", checkpoint=tmp_path / "search.db", racing=False).fit(*WINE)


def test_a_larger_n_iter_extends_the_race(tmp_path):
    path = tmp_path / "search.db"
    first = make("bayes", checkpoint=path).fit(*WINE).cv_results_
    second = make("bayes", checkpoint=path).set_params(n_iter=20).fit(*WINE).cv_results_
    assert second["params"][:14] == first["params"]
    assert len(second["params"]) == 20


def test_workers_get_another_candidate_before_a_second_split():
    with parallel_config(backend="threading", n_jobs=4):
        search = make("random", look_back=5).fit(*WINE)
    with parallel_config(backend="sequential", n_jobs=1):
        same(search.cv_results_, make("random", look_back=5).fit(*WINE).cv_results_)


def test_out_of_time():
    X = np.arange(4.0)[:, None]
    search = GridSearchCV(Table(noisy(30, 4)), {"row": list(range(30))}, cv=KFold(4), racing=True, timeout=1e-9)
    with pytest.raises(ValueError, match="timeout must leave time"):
        search.fit(X)


def test_the_line_says_at_most(capsys):
    raced(noisy(10, 4), verbose=1)
    assert "10 candidates, totalling at most 40 fits" in capsys.readouterr().out


@pytest.mark.skipif(
    parse_version(sklearn.__version__) < parse_version("1.9"), reason="callbacks came with scikit-learn 1.9"
)
def test_callbacks_see_the_fits_that_are_run():
    class Counter:
        n_begun = n_ended = 0

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **kwargs):
            Counter.n_begun += context.task_name == "candidate-split-evaluation"

        def on_fit_task_end(self, estimator, context, **kwargs):
            Counter.n_ended += context.task_name == "candidate-split-evaluation"

        def teardown(self, estimator, context):
            pass

    search = make("grid")
    search.set_callbacks(Counter())
    search.fit(*WINE)
    assert "raced" in search.cv_results_["status"]
    assert Counter.n_begun == Counter.n_ended == search.cv_results_["n_splits_run"].sum()


# ------------------------------------------------------------------ the model


def model():
    return ScoreModel(np.array([False]), ModelOptions())


def test_the_sampler_is_told_of_each_score():
    told = []

    class Diary(Listed):
        is_adaptive = True

        def tell(self, observation):
            trial, scores = observation[:2]
            told.append((trial.number, int(np.isfinite(scores).sum())))

    history = race(noisy(10, 4), n_open=2, sampler=Diary())
    counts = {number: [n for other, n in told if other == number] for number in range(10)}
    assert all(found == list(range(1, len(found) + 1)) for found in counts.values())
    assert {number: found[-1] for number, found in counts.items()} == {
        number: len(history.outcomes(number)) for number in range(10)
    }


def test_split_effects_are_those_of_the_two_way_layout():
    """With all cells: column means of what rows leave; with cells missing: what a regression on dummies gives."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3, 1)) + np.array([1.0, 0.0, -2.0, 1.0]) + rng.normal(0, 0.1, (3, 4))
    effects, variance = _split_effects(rows)
    expected = (rows - rows.mean(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(effects, expected, atol=1e-12)
    residuals = rows - rows.mean(axis=1, keepdims=True) - expected
    assert variance == pytest.approx((residuals**2).sum() / 6)

    rows[0, 3] = rows[2, 1] = np.nan
    i, j = np.nonzero(np.isfinite(rows))
    dummies = np.hstack([np.eye(3)[i], np.eye(4)[j]])
    fitted = np.linalg.lstsq(dummies, rows[i, j], rcond=None)[0][3:]
    np.testing.assert_allclose(_split_effects(rows)[0], fitted - fitted.mean(), atol=1e-4)


def test_scores_on_some_splits_are_compared_on_these_splits():
    effects = np.array([3.0, 0.0, -3.0])
    full, partial = model(), model()
    for i, x in enumerate(np.linspace(0, 1, 6)):
        scores = np.sin(3 * x) + effects
        full.tell(np.array([x]), scores)
        partial.tell(np.array([x]), scores if i != 4 else np.where([True, False, False], scores, np.nan))
    np.testing.assert_allclose(partial.values, full.values, atol=1e-12)


def test_who_scores_as_complete_trials_do_is_expected_to_be_like_them():
    """Neighbours of a tree that is never as deep as is allowed are the same tree, whatever its first split was like."""
    plateau, other = np.array([0.9, 0.5, 0.6, 0.8]), np.array([0.9, 0.9, 0.8, 0.8])
    one = model()
    for x, scores in ((0.1, plateau), (0.2, plateau), (0.7, other), (0.9, np.array([0.3, 0.4, 0.2, 0.3]))):
        one.tell(np.array([x]), scores)
    one.tell(np.array([0.3]), np.array([np.nan, 0.5, np.nan, np.nan]))
    assert one.values[-1] == pytest.approx(plateau.mean())  # and not less by what its split is worse than others
    one.tell(np.array([0.4]), np.array([0.9, np.nan, np.nan, 0.8]))
    assert one.values[-1] == pytest.approx((2 * plateau.mean() + other.mean()) / 3)  # it may be either
    one.tell(np.array([0.4]), np.array([0.9, np.nan, 0.8, 0.8]))
    assert one.values[-1] == pytest.approx(other.mean())


def test_the_fewer_splits_the_more_noise():
    rng = np.random.default_rng(0)
    stds = []
    for n_run in (1, 2, 4):
        one = model()
        rng = np.random.default_rng(0)
        for x in np.linspace(0, 0.8, 9):
            one.tell(np.array([x]), 5 * x + rng.normal(0, 1.0, 4))
        scores = 6.0 + rng.normal(0, 1.0, 4)
        one.tell(np.array([1.0]), np.where(np.arange(4) < n_run, scores, np.nan))
        gp = one.belief().gp
        stds.append(float(gp.predict(np.array([[1.0]])).std[0]))
    assert stds[0] > stds[1] > stds[2]


def test_a_trial_that_failed_on_a_split_is_a_failure():
    one = model()
    one.tell(np.array([0.2]), np.full(3, np.nan))
    one.tell(np.array([0.8]), np.arange(3.0))
    assert one.belief().success is not None
    assert np.isnan(one.values[0])


@pytest.mark.slow
def test_a_race_with_the_model_finds_what_a_search_of_all_splits_does():
    """A tree with small leaves is better than those with large ones, which are near-copies of each other."""
    X, y = WINE
    space = {"max_depth": Int(1, 12), "min_samples_leaf": Int(1, 60), "ccp_alpha": Float(1e-4, 0.3, log=True)}

    def fit(seed, *, racing):
        tree = DecisionTreeClassifier(random_state=0)
        return BayesSearchCV(tree, space, n_iter=25, random_state=seed, cv=10, racing=racing).fit(X, y)

    pairs = [(fit(seed, racing=True), fit(seed, racing=False)) for seed in range(8)]
    assert all(raced.stats()["n_fits"] < 0.8 * whole.stats()["n_fits"] for raced, whole in pairs)
    assert all(raced.best_params_["min_samples_leaf"] < 20 for raced, _ in pairs), "a region was given up for one split"
    assert np.mean([raced.best_score_ - whole.best_score_ for raced, whole in pairs]) > -0.01


def test_an_event_says_against_whom():
    history = race(noisy(20, 5, spread=100.0))
    assert all(history.is_finished(number) for number in range(20))
    against = set(history.stopped.values())
    assert against <= set(history.complete)
    assert TrialStopped(3).against is None
