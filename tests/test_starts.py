"""The start of a race before a model, and what is returned where no candidate is complete."""

import itertools

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.model_selection import KFold

from skhpo import BayesSearchCV, Float
from skhpo.executors.serial import SerialExecutor
from skhpo.history import History, Outcome, Task
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.schedulers.racing import RacingScheduler

N_SPLITS = 5
X = np.arange(20.0)[:, None]


class Listed(Sampler):
    def ask(self, number, pending):
        return {"i": number}


def steps(scores, n_fits, *, seconds=np.inf, finished=(), expected=None, **settings):
    """The history of a race over ``scores[trial][split]`` of ``n_fits`` fits at most, of one second each."""
    sampler, history, done = Listed(), History(N_SPLITS), itertools.count(1)
    if expected is not None:
        sampler.expected_scores = lambda trials: np.array([expected[trial.number] for trial in trials])
    state = {"n": 0}

    def run(task):
        state["n"] = next(done)
        return Outcome(task.trial.number, task.split, scores[task.trial.params["i"]][task.split], fit_time=1.0)

    def left():
        return min(seconds - state["n"], np.inf if state["n"] < n_fits else 0.0)

    with SerialExecutor(run) as executor:
        scheduler = RacingScheduler(len(scores), order=range(N_SPLITS), n_turns=N_SPLITS, n_open=4, **settings)
        run_search(
            sampler, scheduler, executor, MemoryJournal(), history,
            make_task=Task, identity=lambda trial: trial.number, seconds_left=left,
        )  # fmt: skip
    return history


START = {"n_start": 8, "n_second": 4, "n_first": 2, "alpha": 0.05, "share": 0.5}
SCORES = [[0.1 * i + 0.001 * split for split in range(N_SPLITS)] for i in range(12)]


def test_eight_trials_get_a_fit_each_on_splits_in_turn():
    assert steps(SCORES, 8, **START).steps == [(i, i % N_SPLITS) for i in range(8)]


def test_then_the_best_half_gets_a_second_and_the_best_of_these_is_completed():
    history = steps(SCORES, 15, **START)
    assert [number for number, _ in history.steps[8:12]] == [7, 6, 5, 4]
    assert [number for number, _ in history.steps[12:15]] == [7, 7, 7]
    assert len(history.outcomes(7)) == N_SPLITS


def test_no_other_trial_starts_before_two_are_complete():
    history = steps(SCORES, 60, **START)
    second = history.complete[1]
    is_done = max(at for at, (number, _) in enumerate(history.steps) if number == second)
    assert all(number < 8 for number, _ in history.steps[: is_done + 1])
    assert any(number >= 8 for number, _ in history.steps[is_done + 1 :])


def test_without_a_start_the_first_goes_on_after_four():
    assert steps(SCORES, 5, n_first=2).steps == [(0, 0), (1, 1), (2, 2), (3, 3), (3, 4)]


# -- the time is over -------------------------------------------------------------------------------------------------


def test_with_the_last_of_the_time_the_best_trial_is_completed():
    """Of ten seconds five are for the others: then four are just enough for what trial 5 lacks."""
    history = steps(SCORES, 99, seconds=10, **START)
    assert [number for number, _ in history.steps] == [0, 1, 2, 3, 4, 5, 5, 5, 5, 5]
    assert np.isfinite(history.score(5))


def test_the_best_is_the_one_of_which_the_model_expects_most():
    expected = [0.0, 0.0, 9.0, 0.0, 0.0, 0.0, 0.0, 0.0]
    history = steps(SCORES, 99, seconds=10, expected=expected, **START)
    assert np.isfinite(history.score(2))


@pytest.mark.parametrize("seconds", [1, 3, 4])
def test_what_there_is_time_for_goes_to_it_even_if_it_is_not_enough(seconds):
    history = steps(SCORES, 99, seconds=seconds, **START)
    assert len(history.steps) == seconds
    assert not history.complete


def test_time_that_is_long_changes_nothing():
    assert steps(SCORES, 40, seconds=1000, **START).steps == steps(SCORES, 40, **START).steps


class Curve(BaseEstimator):
    """Scores -(x - 0.3)**2, and on later splits a little more; the budget of fits is the class's."""

    n_left = 0

    def __init__(self, x=0.9, y=0.0):
        self.x, self.y = x, y

    def fit(self, X, y=None):
        if Curve.n_left == 0:
            raise KeyboardInterrupt
        Curve.n_left -= 1
        return self

    def score(self, X, y=None):
        return 1.0 - (self.x - 0.3) ** 2 - (self.y - 0.5) ** 2 + float(X[0, 0]) / 1000


def interrupted(n_fits, **options):
    Curve.n_left = n_fits
    search = BayesSearchCV(
        Curve(),
        {"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)},
        cv=KFold(N_SPLITS),
        racing=True,
        random_state=0,
        refit=False,
        n_iter=20,
        **options,
    )
    with pytest.raises(KeyboardInterrupt):
        search.fit(X)
    return search


def test_the_best_partial_candidate_is_returned_and_said_to_be_so():
    with pytest.warns(UserWarning, match=r"No candidate was complete .* of 8 .* fitted on 2 of 5 splits"):
        search = interrupted(10)
    results = search.cv_results_
    assert list(results["status"]) == ["partial"] * 8
    assert results["n_splits_run"].sum() == 10
    assert search.best_index_ == results["mean_test_score"].argmax()
    expected, _ = search.predict_score(results["params"])
    np.testing.assert_allclose(results["mean_test_score"], expected)
    text = " ".join(str(search.report()).split())
    assert "8 trials, 10 fits" in text
    assert "None has all splits" in text
    assert "an estimate from 2 of 5 splits" in text


def test_a_complete_candidate_is_returned_alone():
    search = interrupted(20)
    results = search.cv_results_
    assert "partial" not in results["status"]
    assert results["status"][search.best_index_] == "complete"


def test_nothing_begun_is_an_error_as_before():
    search = interrupted(0)
    assert not hasattr(search, "cv_results_")


def test_where_a_race_is_led_by_a_model_it_starts_so():
    history = interrupted(20)._history
    assert history.steps[:8] == [(i, i % N_SPLITS) for i in range(8)]
    assert history.steps[8][0] < 8
