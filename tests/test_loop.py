"""The loop on a quadratic, without scikit-learn."""

import itertools
import math

import numpy as np
import pytest

from skhpo.executors.base import Executor
from skhpo.history import FitFinished, History, Outcome, Task, Trial, TrialStarted
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.schedulers.base import Scheduler
from skhpo.schedulers.fixed import FixedScheduler

N_SPLITS = 3


def quadratic(task):
    x = task.trial.params["x"]
    if x > 0.9:
        return Outcome(task.trial.number, task.split, None, error="too large", status="failed")
    return Outcome(task.trial.number, task.split, -((x - 0.3) ** 2) - 0.01 * task.split)


class ShuffledExecutor(Executor):
    """Gives outcomes in a random order, as workers of different speed would."""

    def __init__(self, run, n_workers=1, seed=0, limit=None):
        self.run, self.n_workers = run, n_workers
        self.rng = np.random.default_rng(seed)
        self.queue, self.limit, self.n_run = [], limit, 0

    @property
    def n_pending(self):
        return len(self.queue)

    def has_room(self):
        return len(self.queue) < self.n_workers

    def submit(self, task):
        self.queue.append(task)

    def wait(self, seconds=None):
        if not self.queue:
            return None
        if self.limit is not None and self.n_run >= self.limit:
            raise KeyboardInterrupt
        self.n_run += 1
        return self.run(self.queue.pop(self.rng.integers(len(self.queue))))

    def cancel(self):
        self.queue.clear()

    def close(self):
        self.queue.clear()


class Climber(Sampler):
    """Steps away from the best it was told, and must be told in order, each time more."""

    def __init__(self):
        self.told = {}

    def ask(self, number, pending):
        rng = np.random.default_rng([7, number])
        assert [trial.number for trial in pending] == list(range(len(self.told), number))
        known = [(np.nanmean(scores), x) for x, scores in self.told.values() if not np.isnan(scores).all()]
        centre = max(known)[1] if known else 0.5
        return {"x": float(np.clip(centre + rng.normal(0, 0.2), 0, 1))}

    def tell(self, observation):
        trial, scores, seconds, gradient = observation
        assert trial.number in (len(self.told) - 1, len(self.told))
        if trial.number in self.told and not np.isnan(scores).all():  # else it failed on a later split
            before = self.told[trial.number][1]
            assert np.isfinite(scores).sum() > np.isfinite(before).sum()
            np.testing.assert_array_equal(scores[np.isfinite(before)], before[np.isfinite(before)])
        assert seconds.shape == scores.shape
        assert gradient is None
        self.told[trial.number] = trial.params["x"], scores


class Stream(Sampler):
    """Proposes given values whatever it is told."""

    is_adaptive = False

    def __init__(self, values):
        self.values = values

    def ask(self, number, pending):
        return {"x": self.values[number]} if number < len(self.values) else None


def search(sampler, executor, *, n_trials=12, scheduler=None, journal=None, run=quadratic, **kwargs):
    history = History(N_SPLITS)
    journal = MemoryJournal() if journal is None else journal
    reason = run_search(
        sampler,
        scheduler or FixedScheduler(n_trials),
        executor,
        journal,
        history,
        make_task=Task,
        identity=lambda trial: (trial.params["x"], trial.fraction),
        **kwargs,
    )
    return reason, history


def rows(history):
    return [(trial.params["x"], *history.scores(trial.number)) for trial in history.trials]


def test_runs_all_trials_on_all_splits():
    reason, history = search(Climber(), ShuffledExecutor(quadratic))
    assert reason == "finished"
    assert len(history.trials) == history.n_finished == 12
    assert all(history.is_finished(number) for number in range(12))


@pytest.mark.parametrize("look_back", [1, 2, 3, 5, 7, 13])
def test_timing_changes_nothing_at_equal_look_back(look_back):
    expected = None
    for n_workers, seed in itertools.product([1, 2, 3, 8], range(3)):
        _, history = search(Climber(), ShuffledExecutor(quadratic, n_workers, seed), look_back=look_back)
        expected = expected or rows(history)
        np.testing.assert_array_equal(rows(history), expected)


@pytest.mark.parametrize("look_back", [1, 2, 4, 10])
def test_look_back_lets_that_many_fits_be_under_way(look_back):
    under_way = set()

    class Watching(ShuffledExecutor):
        def submit(self, task):
            if task.split == 0:  # the first fit of a trial that was just decided
                under_way.add(len(self.queue) + 1)
            super().submit(task)

    search(Climber(), Watching(quadratic, n_workers=100), look_back=look_back, n_trials=60)
    assert max(under_way) == look_back


def test_a_sampler_hears_seconds_and_gradients_of_fits():
    def run(task):
        x, split = task.trial.params["x"], task.split
        gradient = {"x": -2 * x + split} if x < 0.5 or split else None
        return Outcome(task.trial.number, split, -(x**2), fit_time=1.0 + split, score_time=0.5, gradient=gradient)

    class Listener(Stream):
        heard = ()

        def tell(self, observation):
            self.heard = (*self.heard, observation)

    sampler = Listener([0.25, 0.75])
    search(sampler, ShuffledExecutor(run))
    one, other = sampler.heard
    np.testing.assert_array_equal(one.seconds, 1.5 + np.arange(N_SPLITS))
    assert one.gradient == {"x": -0.5 + np.mean(np.arange(N_SPLITS))}
    assert other.gradient is None  # one of its fits knows none


@pytest.mark.parametrize("kill_after", [0, 1, 5, 17, 35])
def test_a_search_continued_from_its_journal_equals_one_that_was_not_interrupted(kill_after):
    _, whole = search(Climber(), ShuffledExecutor(quadratic, 3, 1), look_back=3)
    journal = MemoryJournal()
    with pytest.raises(KeyboardInterrupt):
        search(Climber(), ShuffledExecutor(quadratic, 3, 1, limit=kill_after), look_back=3, journal=journal)
    executor = ShuffledExecutor(quadratic, 2, 2)
    _, resumed = search(Climber(), executor, look_back=3, journal=journal)
    np.testing.assert_array_equal(rows(resumed), rows(whole))
    assert executor.n_run == 12 * N_SPLITS - kill_after


@pytest.mark.parametrize("n_fits", [12, 20, 36])
@pytest.mark.parametrize("look_back", [1, 4, 20])
def test_in_the_end_the_sampler_knows_of_all_that_is_finished(look_back, n_fits):
    sampler, executor = Climber(), ShuffledExecutor(quadratic)
    is_late = lambda: executor.n_run >= n_fits  # noqa: E731
    _, history = search(sampler, executor, look_back=look_back, seconds_left=lambda: 0.0 if is_late() else math.inf)
    assert len(sampler.told) >= history.n_finished


def test_every_event_is_in_the_journal_once():
    journal = MemoryJournal()
    search(Climber(), ShuffledExecutor(quadratic, 2), journal=journal)
    started = [event.trial.number for event in journal if isinstance(event, TrialStarted)]
    finished = [(event.outcome.number, event.outcome.split) for event in journal if isinstance(event, FitFinished)]
    assert started == list(range(12))
    assert sorted(finished) == list(itertools.product(range(12), range(N_SPLITS)))


@pytest.mark.parametrize("kill_after", [0, 2, 5, 7])
def test_what_equal_trials_share_is_in_the_journal_once_however_often_it_is_read(kill_after):
    values = [0.1, 0.2, 0.1, 0.1, 0.3]
    journal = MemoryJournal()
    with pytest.raises(KeyboardInterrupt):
        search(Stream(values), ShuffledExecutor(quadratic, 2, limit=kill_after), journal=journal)
    for _ in range(3):
        search(Stream(values), ShuffledExecutor(quadratic, 2), journal=journal)
    finished = [(event.outcome.number, event.outcome.split) for event in journal if isinstance(event, FitFinished)]
    assert sorted(finished) == list(itertools.product(range(5), range(N_SPLITS)))
    assert [event.trial.number for event in journal if isinstance(event, TrialStarted)] == list(range(5))


def test_equal_trials_are_fitted_once_and_both_have_the_outcome():
    executor = ShuffledExecutor(quadratic, 4)
    _, history = search(Stream([0.1, 0.2, 0.1, 0.1]), executor)
    assert executor.n_run == 2 * N_SPLITS
    assert history.score(0) == history.score(2) == history.score(3) != history.score(1)
    assert [history.outcomes(number)[0].shared for number in range(4)] == [False, False, True, True]


@pytest.mark.parametrize("n_copied", range(N_SPLITS + 1))
def test_a_kill_between_an_outcome_and_its_copy_is_mended(n_copied):
    journal = MemoryJournal()
    trials = [Trial(0, {"x": 0.1}), Trial(1, {"x": 0.1})]
    for trial in trials:
        journal.append(TrialStarted(trial))
    for number, n_done in ((0, N_SPLITS), (1, n_copied)):
        for split in range(n_done):
            journal.append(FitFinished(Outcome(number, split, 1.0 + split)))
    executor = ShuffledExecutor(quadratic)
    _, history = search(Stream([0.1, 0.1]), executor, journal=journal)
    assert executor.n_run == 0
    np.testing.assert_array_equal(history.scores(1), history.scores(0))


def test_exhausted_space_ends_the_search_and_says_so():
    reason, history = search(Stream([0.1, 0.2]), ShuffledExecutor(quadratic))
    assert reason == "exhausted"
    assert len(history.trials) == 2


def test_no_fit_starts_once_it_is_late():
    executor = ShuffledExecutor(quadratic, 2)
    reason, history = search(Climber(), executor, seconds_left=lambda: 0.0 if executor.n_run >= 7 else math.inf)
    assert reason == "timeout"
    assert executor.n_run == 7
    assert history.n_finished == 2


class Deaf(ShuffledExecutor):
    """Nobody runs its tasks, as on a cluster without workers."""

    def wait(self, seconds=None):
        assert seconds is not None or not self.queue, "it would wait for ever"


def test_a_search_is_late_though_no_outcome_comes():
    clock = iter([3.0, 2.0, 1.0, 0.0, -1.0])
    reason, history = search(Climber(), Deaf(quadratic, 2), seconds_left=lambda: next(clock))
    assert reason == "timeout"
    assert history.n_finished == 0


def test_an_executor_that_gives_up_ends_the_search_with_what_is_there():
    class Losing(ShuffledExecutor):
        def wait(self, seconds=None):
            if self.n_run == 2 * N_SPLITS:
                self.gave_up = "All workers are gone."
                self.queue.clear()
            return super().wait(seconds)

    sampler = Climber()
    reason, history = search(sampler, Losing(quadratic))
    assert reason == "workers"
    assert history.n_finished == len(sampler.told) == 2


def test_an_observer_can_stop_the_search():
    def stopping(task):
        return Outcome(task.trial.number, task.split, 0.0, stop=task.trial.number == 2)

    reason, history = search(Climber(), ShuffledExecutor(stopping), run=stopping)
    assert reason == "callback"
    assert len(history.trials) == 3


def test_failed_fits_are_told_as_nan():
    class Recording(Stream):
        is_adaptive = True
        told = ()

        def tell(self, observation):
            self.told = (*self.told, observation.scores)

    sampler = Recording([0.95, 0.1, 0.2])
    search(sampler, ShuffledExecutor(quadratic))
    np.testing.assert_array_equal(sampler.told[0], [np.nan] * N_SPLITS)
    assert np.isfinite(sampler.told[1]).all()


def test_a_trial_that_fails_on_one_split_has_failed():
    """What it scored on the others is no score of it."""

    class Recording(Stream):
        is_adaptive = True

        def __init__(self, values):
            super().__init__(values)
            self.last = []

        def tell(self, *told):
            self.last.append(getattr(told[0], "scores", told[-1]))

    def fails_on_the_last(task):
        return quadratic(task) if task.split < N_SPLITS - 1 else Outcome(task.trial.number, task.split, None)

    sampler = Recording([0.1])
    search(sampler, ShuffledExecutor(fails_on_the_last), run=fails_on_the_last)
    np.testing.assert_array_equal(sampler.last[-1], [np.nan] * N_SPLITS)


class Halver(Scheduler):
    """Four trials, then the best two of them on more; waits for the whole rung."""

    def next_trial(self, history, ask):
        number = len(history.trials)
        if number < 4:
            return Trial(number, ask(number), fraction=0.5)
        if len(history.complete) < 4 or number >= 6:
            return None
        best = sorted(range(4), key=history.score)[::-1]
        return Trial(number, history.trials[best[number - 4]].params, rung=1, parent=best[number - 4])


@pytest.mark.parametrize("look_back", [1, 2, 4, 9])
@pytest.mark.parametrize("n_workers", [1, 5])
def test_a_scheduler_that_waits_for_its_rung_is_told_all_of_it(look_back, n_workers):
    _, history = search(
        Stream([0.1, 0.2, 0.3, 0.4]), ShuffledExecutor(quadratic, n_workers), scheduler=Halver(), look_back=look_back
    )
    assert [trial.rung for trial in history.trials] == [0, 0, 0, 0, 1, 1]
    assert [trial.params["x"] for trial in history.trials[4:]] == [0.3, 0.2]


def test_history_refuses_trials_out_of_order():
    with pytest.raises(ValueError, match="expected number 0, got 1"):
        History(N_SPLITS).start(Trial(1, {}))
