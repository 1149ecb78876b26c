"""Racing inside of rungs: who is promoted is who would be, for fewer fits."""

from pathlib import Path

import numpy as np
import pytest
import sklearn
from joblib import parallel_config
from quick import slow_but
from sklearn.base import BaseEstimator, clone
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold
from sklearn.utils.fixes import parse_version

from skhpo import Float, Int, SuccessiveHalvingCV, load_results
from skhpo.executors.serial import SerialExecutor
from skhpo.fits.amounts import Models
from skhpo.history import History, Observation, Outcome, Task, Trial
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.plotting import OptimizationHistoryDisplay, RungsDisplay, TimelineDisplay
from skhpo.samplers.base import Sampler
from skhpo.samplers.rungs import RungSampler
from skhpo.schedulers.halving import HalvingScheduler, halving_bracket
from skhpo.schedulers.hyperband import hyperband_brackets
from skhpo.schedulers.racing_halving import RacingHalvingScheduler
from skhpo.testing import check_scheduler

IRIS = load_iris(return_X_y=True)


def table(n, k, n_levels, *, seed=0, spread=3.0, sd=0.5):
    """Scores of candidates on splits, shape (n_levels, n, k): more of the resource is better, and less noisy."""
    rng = np.random.default_rng(seed)
    good, hard = rng.normal(0, spread, (n, 1)), rng.normal(0, 3, (1, k))
    return np.array([good + hard + level + rng.normal(0, sd / (level + 1), (n, k)) for level in range(n_levels)])


class Listed(Sampler):
    is_adaptive = False

    def __init__(self, n_max=None):
        self.n_max = n_max

    def ask(self, number, pending):
        return {"i": number} if self.n_max is None or number < self.n_max else None


def replay(scheduler, scores, *, look_back=1, n_max=None):
    """The history of a search over a table."""
    history = History(scores.shape[2])

    def run(task):
        trial = task.trial
        return Outcome(trial.number, task.split, scores[trial.rung, trial.params["i"], task.split])

    with SerialExecutor(run) as executor:
        run_search(
            Listed(n_max), scheduler, executor, MemoryJournal(), history,
            make_task=Task, identity=lambda trial: (trial.params["i"], trial.fraction), look_back=look_back,
        )  # fmt: skip
    return history


def rungs_of(history):
    """Who is on each rung of each bracket."""
    rungs = {}
    for trial in history.trials:
        rungs.setdefault((trial.bracket, trial.rung), []).append(trial.params["i"])
    return rungs


def n_fits(history):
    return sum(not outcome.shared for trial in history.trials for outcome in history.outcomes(trial.number).values())


def both(brackets, scores, **more):
    k = scores.shape[2]
    whole = replay(HalvingScheduler(brackets), scores, **more)
    return whole, replay(RacingHalvingScheduler(brackets, order=range(k)), scores, **more)


# -- the scheduler ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stops_failures", [True, False])
def test_it_is_a_scheduler(stops_failures):
    def make():
        return RacingHalvingScheduler(hyperband_brackets(27, 1, 27), order=[2, 0, 1], stops_failures=stops_failures)

    check_scheduler(make, n_splits=3)


@pytest.mark.parametrize(("k", "share"), [(3, 0.85), (5, 0.75), (10, 0.65)])
def test_the_same_are_promoted_with_far_fewer_fits(k, share):
    """Of 8 searches with 4 rungs: at most one promotion in a hundred is another."""
    bracket, shares, n_same, n = halving_bracket(27, 1, 27), [], 0, 0
    for seed in range(8):
        whole, raced = both([bracket], table(27, k, 4, seed=seed))
        shares.append(n_fits(raced) / n_fits(whole))
        for key, expected in rungs_of(whole).items():
            n_same, n = n_same + len(set(expected) & set(rungs_of(raced)[key])), n + len(expected)
    assert n_same >= 0.99 * n
    assert np.median(shares) < share


@pytest.mark.slow
def test_of_candidates_that_are_equal_but_for_chance_few_are_stopped_who_would_be_promoted():
    """Nothing can be gained here. For nine places the rule allows 4.5 %; that all begin with one split adds as much."""
    n_stopped = n_wrong = 0
    for seed in range(32):
        scores = table(27, 5, 2, seed=seed, spread=0, sd=1)
        whole, raced = both([halving_bracket(27, 1, 3)], scores)
        n_wrong += len(set(rungs_of(whole)[0, 1]) - set(rungs_of(raced)[0, 1]))
        n_stopped += len([number for number in raced.stopped if raced.trials[number].rung == 0])
    assert n_stopped > 300
    assert n_wrong <= 0.09 * n_stopped


@pytest.mark.slow
def test_the_winner_is_about_as_safe_as_on_a_list():
    """Candidates that keep their order for the most part: the winner is lost in few of 100 halvings, for much less."""
    n_same, shares = 0, []
    for seed in range(100):
        scores = table(27, 5, 4, seed=seed, spread=1.0, sd=0.5)
        whole, raced = both([halving_bracket(27, 1, 27)], scores)
        winners = [rungs_of(history)[0, 3] for history in (whole, raced)]
        n_same += winners[0] == winners[1]
        shares.append(n_fits(raced) / n_fits(whole))
    assert n_same >= 97
    assert np.median(shares) < 0.7


@pytest.mark.parametrize(
    ("n_candidates", "alphas"), [(81, [0.1, 0.045, 0.015, 0.005, 0.003]), (9, [0.015, 0.005, 0.003])]
)
def test_the_rule_is_the_bolder_the_more_are_promoted(n_candidates, alphas):
    scheduler = RacingHalvingScheduler([halving_bracket(n_candidates, 1, n_candidates)], order=range(3))
    assert [race.alpha for race in scheduler._races.values()] == pytest.approx(alphas)


@pytest.mark.parametrize("look_back", [1, 3, 12])
def test_who_is_stopped_is_behind_as_many_as_are_promoted_and_complete(look_back):
    bracket = halving_bracket(27, 1, 27)
    history = replay(RacingHalvingScheduler([bracket], order=[2, 0, 3, 1]), table(27, 4, 4), look_back=look_back)
    assert history.stopped
    complete = set(history.complete)
    for trial in history.trials:
        begun = history.begun(trial.number)
        assert list(begun) == [2, 0, 3, 1][: len(begun)]
        assert (trial.number in complete) == (len(begun) == 4) == (trial.number not in history.stopped)
        if trial.parent is not None:
            assert trial.parent in complete
    for number, against in history.stopped.items():
        rung = history.trials[number].rung
        n_keep = bracket[rung + 1].n_trials if rung < 3 else 1
        assert history.trials[against].rung == rung
        peers = [other for other in complete if history.trials[other].rung == rung]
        assert len(peers) >= max(3, n_keep)
        better = [other for other in peers if history.score(other) >= history.score(against)]
        assert len(better) >= n_keep, "it was the last of those that are promoted, or others have overtaken it"


def test_all_of_a_rung_have_a_split_before_any_has_two():
    history = replay(RacingHalvingScheduler([halving_bracket(9, 1, 9)], order=range(3)), table(9, 3, 3))
    first = [number for number, _ in history.steps[:9]]
    assert first == list(range(9))
    places = [history.trials[number].rung for number, _ in history.steps]
    assert places == sorted(places), "and a rung is finished before the next one begins"


@pytest.mark.parametrize("scores", [np.zeros((3, 9, 4)), np.tile(np.arange(4.0), (3, 9, 1))])
def test_who_is_level_is_never_stopped(scores):
    whole, raced = both([halving_bracket(9, 1, 9)], scores)
    assert not raced.stopped
    assert rungs_of(raced) == rungs_of(whole)


def test_rungs_with_equal_resources_share_their_scores_and_stop_nobody():
    bracket = halving_bracket(26, 5, 15, 3, aggressive_elimination=True)
    assert [(rung.n_trials, rung.n_resources) for rung in bracket] == [(26, 5), (9, 5), (3, 15)]
    scores = table(27, 5, 3)
    scores[1] = scores[0]
    whole, raced = both([bracket], scores)
    assert rungs_of(raced) == rungs_of(whole)
    assert {raced.trials[number].rung for number in raced.stopped} == {0}
    assert n_fits(raced) < n_fits(whole) == (26 + 3) * 5
    assert all(
        outcome.shared for trial in raced.trials if trial.rung == 1 for outcome in raced.outcomes(trial.number).values()
    )


@pytest.mark.parametrize("look_back", [1, 4])
def test_brackets_race_each_for_itself(look_back):
    brackets = hyperband_brackets(27, 1, 27)
    whole, raced = both(brackets, table(100, 5, 4), look_back=look_back)
    assert rungs_of(raced) == rungs_of(whole)
    assert {raced.trials[number].bracket for number in raced.stopped} >= {0, 1, 2}
    for number, against in raced.stopped.items():
        one, other = raced.trials[number], raced.trials[against]
        assert (one.bracket, one.rung) == (other.bracket, other.rung)


@pytest.mark.parametrize("n_max", [1, 2, 7, 30])
@pytest.mark.parametrize("look_back", [1, 5])
def test_a_space_that_is_exhausted_is_halved_all_the_same(n_max, look_back):
    whole, raced = both(hyperband_brackets(27, 1, 27, n_brackets=2), table(50, 4, 4), n_max=n_max, look_back=look_back)
    assert rungs_of(raced) == rungs_of(whole)


def test_the_last_rung_is_a_race_for_the_first_place():
    bracket = halving_bracket(20, 1, 2, 2)
    assert [rung.n_trials for rung in bracket] == [20, 10]
    scores = table(20, 5, 2, spread=30.0)
    whole, raced = both([bracket], scores)
    last = [trial.number for trial in raced.trials if trial.rung == 1]
    assert set(last) & set(raced.stopped)
    best = max(set(last) & set(raced.complete), key=raced.score)
    assert raced.trials[best].params["i"] == scores[1].mean(axis=1).argmax()
    assert rungs_of(raced) == rungs_of(whole)


# -- a search ---------------------------------------------------------------------------------------------------------


class Table(BaseEstimator):
    """Scores of a row of a table; ``steps`` says of which level, the data of which split."""

    def __init__(self, scores=None, row=0, steps=9, path=None, error="none"):
        self.scores, self.row, self.steps, self.path, self.error = scores, row, steps, path, error

    def fit(self, X, y=None):
        if self.path is not None:
            with Path(self.path).open("a") as file:
                file.write(f"{self.row} {self.steps}\n")
        if self.error == "fit" and self.row % 3 == 1:
            raise ValueError("This row cannot be fitted.")
        return self

    def score(self, X, y=None):
        level = {1: 0, 3: 1, 9: 2}[self.steps]
        return float(self.scores[level][self.row][int(X[0, 0])])


def halved(scores, **more):
    """A halving of the rows of a table, one sample a split."""
    k = scores.shape[2]
    estimator = Table(scores, path=more.pop("path", None), error=more.pop("error", "none"))
    settings = {"resource": "steps", "min_resources": 1, "cv": KFold(k), "refit": False, "sampler": "grid"}
    search = SuccessiveHalvingCV(estimator, {"row": list(range(len(scores[0])))}, **settings | {"racing": True} | more)
    return search.fit(np.arange(float(k))[:, None])


@pytest.mark.parametrize("k", [3, 6])
@pytest.mark.parametrize("seed", range(4))
def test_results_agree_and_name_a_complete_candidate(k, seed):
    scores = table(27, k, 3, seed=seed, sd=1.0)
    search, whole = halved(scores), halved(scores, racing=False)
    results, expected = search.cv_results_, whole.cv_results_
    assert [*expected, "status", "n_splits_run"] == list(results)
    splits = np.column_stack([results[f"split{i}_test_score"] for i in range(k)])
    run = ~np.isnan(splits)
    complete = results["status"] == "complete"
    assert set(results["status"]) == {"complete", "raced"}
    np.testing.assert_array_equal(run.sum(axis=1), results["n_splits_run"])
    np.testing.assert_array_equal(complete, results["n_splits_run"] == k)
    assert search.stats()["n_fits"] == run.sum() < run.size
    assert search.n_candidates_ == whole.n_candidates_ == [27, 9, 3]
    assert search.best_params_ == whole.best_params_
    assert search.best_score_ == whole.best_score_
    assert complete[search.best_index_]
    assert results["rank_test_score"][search.best_index_] == 1
    rows = np.array([params["row"] for params in results["params"]])
    for rung in (0, 1):
        on = results["iter"] == rung
        is_promoted = on & np.isin(rows, rows[results["iter"] == rung + 1])
        assert complete[is_promoted].all()
        worst = results["rank_test_score"][is_promoted].max()
        assert (results["rank_test_score"][on & ~complete] > worst).all()
        assert results["mean_test_score"][on & ~complete].max() < results["mean_test_score"][is_promoted].min()
        assert results["rank_test_score"][on].min() > results["rank_test_score"][results["iter"] == rung + 1].max()


def test_without_racing_nothing_changes_and_with_it_what_was_run_is_the_same():
    scores = table(9, 4, 3, spread=20.0)
    off, on = halved(scores, racing=False).cv_results_, halved(scores).cv_results_
    assert "status" not in off
    assert off["params"] == on["params"]
    for split in range(4):
        known = ~np.isnan(on[f"split{split}_test_score"])
        np.testing.assert_array_equal(on[f"split{split}_test_score"][known], off[f"split{split}_test_score"][known])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.FitFailedWarning")
@pytest.mark.filterwarnings("ignore:One or more of the test scores are non-finite:UserWarning")
def test_a_candidate_that_fails_is_neither_tried_again_nor_promoted(tmp_path):
    search = halved(table(27, 5, 3), path=str(tmp_path / "fits"), error="fit")
    results = search.cv_results_
    failing = np.array([params["row"] % 3 == 1 for params in results["params"]])
    np.testing.assert_array_equal(results["status"] == "failed", failing)
    np.testing.assert_array_equal(results["n_splits_run"][failing], 1)
    assert (results["iter"][failing] == 0).all()
    assert search.n_candidates_ == [27, 9, 3]
    assert len((tmp_path / "fits").read_text().splitlines()) == results["n_splits_run"].sum()


def test_when_all_but_two_fail_these_go_on():
    scores = table(9, 3, 3)
    scores[:, 2:] = np.nan
    with pytest.warns(UserWarning, match="non-finite"):
        search = halved(scores)
    assert search.n_candidates_ == [9, 2, 1]
    with pytest.raises(ValueError, match="cannot be fitted"):
        halved(table(9, 3, 3), error="fit", error_score="raise")


def test_what_cannot_work_is_said():
    with pytest.raises(ValueError, match=r"racing=True needs rungs that are complete .*asynchronous=True"):
        halved(table(9, 3, 3), asynchronous=True)
    with pytest.raises(ValueError, match="racing=True needs one metric that decides"):
        halved(table(9, 3, 3), refit=lambda results: 0)


def test_several_metrics_race_on_the_one_that_decides():
    scores = table(27, 4, 3)
    scoring = {"up": lambda model, X, y=None: model.score(X), "down": lambda model, X, y=None: -model.score(X)}
    for name, rows in (("up", scores[2].mean(axis=1).argmax()), ("down", scores[2].mean(axis=1).argmin())):
        search = halved(scores, scoring=scoring, refit=name, return_train_score=False)
        assert search.best_params_["row"] == rows
        assert "raced" in search.cv_results_["status"]
        assert np.isfinite(search.cv_results_["mean_test_up"]).all()


# -- with the rest ----------------------------------------------------------------------------------------------------


class Curve(BaseEstimator):
    """Better with more steps and more rows; interrupts at the fit whose number a file names, once."""

    def __init__(self, a=0.5, b=5, steps=9, path=None):
        self.a, self.b, self.steps, self.path = a, b, steps, path

    def fit(self, X, y=None):
        if self.path is not None:
            left = int(Path(self.path).read_text())
            Path(self.path).write_text(str(left - 1))
            if left == 0:
                raise KeyboardInterrupt
        self.n_rows_ = len(X)
        return self

    def score(self, X, y=None):
        split, much = int(X[0, 0]), self.steps * self.n_rows_ / 500
        noise = np.random.default_rng([split, int(self.a * 1e9), self.b]).normal(0, 0.05 / much)
        return split % 3 - 4 * (self.a - 0.3) ** 2 - abs(self.b - 7) / 10 - 0.1 / much + noise


DATA = np.arange(80.0)[:, None]
SPACE = {"a": Float(0, 1), "b": Int(1, 20)}
KINDS = {
    "random": {},
    "bayes": {"sampler": "bayes", "n_brackets": 2},
    "brackets": {"n_brackets": 2},
    "aggressive": {"min_resources": 3, "aggressive_elimination": True},
    "rows": {"resource": "n_samples", "min_resources": 8},
}


def make(kind, **more):
    settings = {"n_candidates": 12, "resource": "steps", "min_resources": 1, "cv": 4, "random_state": 0, "racing": True}
    return SuccessiveHalvingCV(Curve(), SPACE, **settings | {"refit": False} | KINDS[kind] | more)


def same(ours, theirs):
    assert list(ours) == list(theirs)
    for key in theirs:
        if "time" not in key:
            np.testing.assert_array_equal(ours[key], theirs[key], err_msg=key)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", slow_but({5}, [5, 29]))
def test_interrupted_and_continued_equals_uninterrupted(kind, number, tmp_path):
    whole = make(kind).fit(DATA)
    assert "raced" in whole.cv_results_["status"]
    search = make(kind, checkpoint=tmp_path / "search.db")
    search.set_params(estimator=Curve(path=str(tmp_path / "left")))
    (tmp_path / "left").write_text(str(number))
    with pytest.raises(KeyboardInterrupt):
        clone(search).fit(DATA)
    again = clone(search).fit(DATA)
    same(again.cv_results_, whole.cv_results_)
    n_done = number - int((tmp_path / "left").read_text())
    assert n_done == whole.stats()["n_fits"] + 1, "only the fit that was interrupted is repeated"
    same(load_results(tmp_path / "search.db"), whole.cv_results_)


def test_a_race_is_not_continued_without_racing(tmp_path):
    make("random", checkpoint=tmp_path / "search.db").fit(DATA)
    with pytest.raises(ValueError, match="strategy differ"):
        make("random", checkpoint=tmp_path / "search.db", racing=False).fit(DATA)


@pytest.mark.parametrize("kind", ["random", "bayes", "brackets"])
def test_trials_depend_on_the_look_back_and_not_on_the_workers(kind):
    with parallel_config(backend="sequential", n_jobs=1):
        alone = make(kind, look_back=4).fit(DATA)
    with parallel_config(backend="threading", n_jobs=3):
        same(make(kind, look_back=4).fit(DATA).cv_results_, alone.cv_results_)


def forest(**more):
    space = {"max_depth": Int(1, 6), "min_samples_leaf": Int(1, 60), "max_features": Float(0.2, 1.0)}
    model = RandomForestClassifier(n_estimators=9, random_state=0)
    settings = {"n_candidates": 12, "resource": "auto", "min_resources": 1, "cv": 4, "random_state": 0, "refit": False}
    return SuccessiveHalvingCV(model, space, **settings | more)


def test_a_promoted_candidate_goes_on_from_its_model_on_each_split(monkeypatch):
    found = []
    take = Models.take

    def watched(self, number, split):
        model = take(self, number, split)
        found.append(model is not None)
        return model

    monkeypatch.setattr(Models, "take", watched)
    search = forest(racing=True).fit(*IRIS)
    results = search.cv_results_
    assert "raced" in results["status"]
    assert len(found) == results["n_splits_run"][results["iter"] > 0].sum()
    assert all(found)
    same(results, forest(racing=True, resume_fits=False).fit(*IRIS).cv_results_)


@pytest.mark.skipif(parse_version(sklearn.__version__) < parse_version("1.9"), reason="callbacks came with 1.9")
@pytest.mark.parametrize("kind", ["random", "brackets"])
def test_callbacks_see_rungs_and_the_fits_that_are_run(kind):
    class Counter:
        begun, ended = [], []

        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context, **kwargs):
            Counter.begun.append(context.task_name)

        def on_fit_task_end(self, estimator, context, **kwargs):
            Counter.ended.append(context.task_name)

        def teardown(self, estimator, context):
            pass

    search = make(kind)
    search.set_callbacks(Counter())
    search.fit(DATA)
    results = search.cv_results_
    assert sorted(Counter.begun) == sorted(Counter.ended)
    assert Counter.begun.count("candidate-split-evaluation") == results["n_splits_run"].sum()
    n_rungs = len(set(zip(results["iter"], results.get("bracket", results["iter"] * 0), strict=True)))
    assert Counter.begun.count("halving-iteration") == n_rungs
    assert "raced" in results["status"]


def test_the_line_says_at_most(capsys):
    make("random", verbose=1).fit(DATA)
    assert "18 candidates, totalling at most 72 fits" in capsys.readouterr().out


def test_report_and_plots_show_what_was_stopped():
    pytest.importorskip("matplotlib").use("agg")
    search = make("random").fit(DATA)
    results = search.cv_results_
    n_raced = int((results["status"] == "raced").sum())
    assert f"{n_raced} trials stopped by the race before all splits were run" in str(search.report())
    rungs = RungsDisplay.from_search(search)
    assert rungs.n_candidates.tolist() == search.n_candidates_
    assert np.isfinite(rungs.scores).all()
    history = OptimizationHistoryDisplay.from_search(search)
    assert history.best_scores[-1] == search.best_score_
    assert history.stopped.sum() == n_raced
    timeline = TimelineDisplay.from_search(search)
    assert len(timeline.numbers) == results["n_splits_run"].sum()
    assert timeline.ends.sum() == n_raced


# -- the model --------------------------------------------------------------------------------------------------------


class Recorder(Sampler):
    """Remembers what it is told."""

    def __init__(self):
        self.told = []

    def tell(self, observation):
        trial, scores = observation[:2]
        self.told.append((trial.number, scores))

    def ask(self, number, pending):
        return {"told": self.told}


def test_a_model_is_told_the_latest_scores_of_each_candidate_with_those_that_are_missing():
    sampler = RungSampler(Recorder)
    nan = np.nan
    one, two = Trial(0, {}, fraction=0.5), Trial(1, {}, fraction=0.5)
    above = Trial(2, {}, fraction=1.0, rung=1, parent=0)
    sampler.tell(Observation(one, np.array([1.0, nan, nan])))
    sampler.tell(Observation(two, np.array([2.0, nan, nan])))
    assert [number for number, _ in sampler.ask(2, ())["told"]] == [0, 1]
    sampler.tell(Observation(one, np.array([1.0, 3.0, 5.0])))
    told = sampler.ask(2, ())["told"]
    assert [number for number, _ in told] == [0, 1], "once each, with the latest"
    np.testing.assert_array_equal(told[0][1], [1, 3, 5])
    np.testing.assert_array_equal(told[1][1], [2, nan, nan])
    sampler.tell(Observation(above, np.array([nan, 3.5, nan])))
    told = dict(sampler.ask(2, ())["told"])
    np.testing.assert_array_equal(told[2], [nan, 3.5, nan])
    np.testing.assert_array_equal(told[1], [2.5, nan, nan], err_msg="the gain is that on the splits that both have")
    sampler.tell(Observation(above, np.full(3, nan)))
    told = dict(sampler.ask(2, ())["told"])
    np.testing.assert_array_equal(told[0], [1, 3, 5], err_msg="that it fails on more is no score")
