"""Families in the loop, without scikit-learn: who is fitted, who is answered, and what a kill leaves."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from skhpo.executors.base import Executor
from skhpo.history import Family, FitFinished, History, Outcome, Task, Trial
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search
from skhpo.samplers.base import Sampler
from skhpo.schedulers.fixed import FixedScheduler
from skhpo.schedulers.racing import RacingScheduler

N_SPLITS = 3
GRID = [{"rate": rate, "length": length} for rate in (0.1, 0.4) for length in (2, 1, 4, 3)]


class Grid(Sampler):
    is_adaptive = False

    def __init__(self, points):
        self.points = points

    def ask(self, number, pending):
        return self.points[number] if number < len(self.points) else None

    def tell(self, observation):
        pass


class Shuffled(Executor):
    """Gives outcomes in any order, and may be killed."""

    def __init__(self, run, n_workers=1, seed=0, limit=None):
        self.run, self.n_workers = run, n_workers
        self.rng = np.random.default_rng(seed)
        self.queue, self.limit, self.tasks = [], limit, []

    @property
    def n_pending(self):
        return len(self.queue)

    def has_room(self):
        return len(self.queue) < self.n_workers

    def submit(self, task):
        self.queue.append(task)
        self.tasks.append(task)

    def wait(self, seconds=None):
        if not self.queue:
            return None
        if self.limit == 0:
            raise KeyboardInterrupt
        if self.limit is not None:
            self.limit -= 1
        return self.run(self.queue.pop(self.rng.integers(len(self.queue))))

    def cancel(self):
        self.queue.clear()

    def close(self):
        self.queue.clear()


def score(params, split):
    return params["rate"] * params["length"] - 0.3 * params["length"] + 0.01 * split


def one(number, params, split, **kwargs):
    return Outcome(number, split, score(params, split), **kwargs)


def run(task):
    """Fit a trial, and score the places that are asked for."""
    trial, split, _, places = task
    path = {place.number: one(place.number, trial.params | place.params, split, shared=True) for place in places}
    return one(trial.number, trial.params, split, fit_time=float(trial.params["length"]), path=path or None)


def families(points):
    """The families of points that differ in their lengths, longest first."""
    firsts = {}
    for number, params in enumerate(points):
        firsts.setdefault(tuple(params.values()), Trial(number, params))
    made = {}
    for rate in {params["rate"] for params in points}:
        members = [trial for trial in firsts.values() if trial.params["rate"] == rate]
        family = Family("length", tuple(sorted(members, key=lambda trial: -trial.params["length"])))
        made |= {tuple(trial.params.values()): family for trial in members}
    return lambda trial: made[tuple(trial.params.values())]


def search(executor, *, points=GRID, journal=None, scheduler=None, is_shared=True, **kwargs):
    history = History(N_SPLITS)
    if is_shared:
        kwargs["family_of"] = families(points)
    run_search(
        Grid(points),
        scheduler or FixedScheduler(len(points)),
        executor,
        MemoryJournal() if journal is None else journal,
        history,
        make_task=Task,
        identity=lambda trial: tuple(trial.params.values()),
        **kwargs,
    )
    return history


def rows(history):
    return [(trial.number, tuple(trial.params.values()), *history.scores(trial.number)) for trial in history.trials]


def plain(points=GRID):
    return rows(search(Shuffled(run), points=points, is_shared=False))


@pytest.mark.parametrize(("n_workers", "seed"), list(itertools.product([1, 2, 5], range(3))))
def test_the_longest_of_a_family_is_fitted_once_per_split(n_workers, seed):
    executor = Shuffled(run, n_workers, seed)
    history = search(executor)
    assert rows(history) == plain()
    assert sorted((task.trial.number, task.split) for task in executor.tasks) == [
        (number, split) for number in (2, 6) for split in range(N_SPLITS)
    ]
    for trial in history.trials:
        for outcome in history.outcomes(trial.number).values():
            assert outcome.shared == (trial.params["length"] < 4)
            assert outcome.fit_time == (0 if outcome.shared else 4), "the longest one's time stands at its own row"
            assert outcome.path is None


def test_equal_trials_share_with_their_families():
    points = [*GRID[:3], GRID[0], *GRID[3:], GRID[2]]
    executor = Shuffled(run, 2)
    assert rows(search(executor, points=points)) == plain(points)
    assert len(executor.tasks) == 2 * N_SPLITS
    assert all(len(task.places) == 3 for task in executor.tasks)


def test_a_fit_that_fails_answers_for_itself():
    def failing(task):
        outcome = run(task)
        return replace(outcome, test_scores=None, status="failed", error="no", path=None) if is_long(task) else outcome

    executor = Shuffled(failing, 2)
    history = search(executor)
    for trial in history.trials:
        statuses = {outcome.status for outcome in history.outcomes(trial.number).values()}
        assert statuses == {"failed" if trial.params["length"] == 4 else "ok"}
    assert len(executor.tasks) == len({(task.trial.number, task.split) for task in executor.tasks}) == 8 * N_SPLITS


def is_long(task):
    return task.trial.params["length"] == 4


@pytest.mark.parametrize("status", ["crashed", "timeout"])
def test_after_a_fit_that_is_lost_each_is_fitted_by_itself(status):
    def losing(task):
        outcome = run(task)
        return Outcome(task.trial.number, task.split, None, status=status, error="gone") if task.places else outcome

    executor, shown = Shuffled(losing, 2), []
    history = search(executor, check=shown.append)
    assert rows(history) == plain(), "the longest one, too: without the others it is not lost"
    assert len(executor.tasks) == (8 + 2) * N_SPLITS
    assert len(shown) == 8 * N_SPLITS
    assert {outcome.status for outcome in shown} == {"ok"}


def test_places_that_are_not_answered_are_fitted():
    def sparing(task):
        outcome = run(task)
        path = {number: other for number, other in (outcome.path or {}).items() if number % 2}
        return replace(outcome, path=path or None)

    executor = Shuffled(sparing, 2)
    assert rows(search(executor)) == plain()
    fitted = {task.trial.number for task in executor.tasks if task.split == 0}
    assert fitted == {2, 0, 6, 4}


@pytest.mark.parametrize(("n_workers", "seed"), [(1, 0), (3, 1), (3, 2)])
def test_after_a_kill_at_any_moment_nothing_that_was_known_is_fitted_again(n_workers, seed):
    whole = MemoryJournal()
    search(Shuffled(run, n_workers, seed), journal=whole)
    events = list(whole)
    for cut in range(len(events) + 1):
        journal = MemoryJournal()
        known = set()
        for event in events[:cut]:
            journal.append(event)
            if isinstance(event, FitFinished):
                outcome = event.outcome
                known |= {(number, outcome.split) for number in (outcome.number, *(outcome.path or {}))}
        executor = Shuffled(run, n_workers, seed)
        assert rows(search(executor, journal=journal)) == plain()
        again = {(number, task.split) for task in executor.tasks for number in numbers(task)}
        assert not known & again
        assert len(executor.tasks) == 2 * N_SPLITS - len({(number // 4, split) for number, split in known})


def numbers(task):
    return [task.trial.number, *(place.number for place in task.places)]


def test_a_kill_of_the_process(tmp_path):
    for limit in range(2 * N_SPLITS):
        journal = MemoryJournal()
        executor = Shuffled(run, 2, limit=limit)
        with pytest.raises(KeyboardInterrupt):
            search(executor, journal=journal)
        rest = Shuffled(run, 2)
        assert rows(search(rest, journal=journal)) == plain()
        assert len(rest.tasks) == 2 * N_SPLITS - limit


def test_a_journal_of_a_search_that_shared_is_read_by_one_that_does_not_and_the_other_way_round():
    for was_shared in (True, False):
        journal = MemoryJournal()
        with pytest.raises(KeyboardInterrupt):
            search(Shuffled(run, limit=2), journal=journal, is_shared=was_shared)
        assert rows(search(Shuffled(run), journal=journal, is_shared=not was_shared)) == plain()


def test_longer_candidates_that_come_later():
    journal = MemoryJournal()
    search(Shuffled(run), journal=journal)
    more = [*GRID, {"rate": 0.1, "length": 9}, {"rate": 0.1, "length": 7}]
    executor = Shuffled(run)
    assert rows(search(executor, points=more, journal=journal)) == plain(more)
    assert [(task.trial.number, [*task.places]) for task in executor.tasks] == [(8, [(9, {"length": 7})])] * N_SPLITS


def race(n_workers=1, seed=0, **kwargs):
    executor = Shuffled(run, n_workers, seed)
    scheduler = RacingScheduler(len(GRID), order=range(N_SPLITS), n_turns=N_SPLITS, n_open=3, alpha=0.05)
    history = search(executor, scheduler=scheduler, look_back=n_workers, **kwargs)
    return executor, history


@pytest.mark.parametrize("n_workers", [1, 3])
def test_a_race_takes_the_same_decisions(n_workers):
    alone, expected = race(n_workers, is_shared=False)
    executor, history = race(n_workers, seed=1)
    assert history.steps == expected.steps
    assert history.stopped == expected.stopped
    assert history.stopped, "else it would be no race"
    np.testing.assert_array_equal(rows(history)[0][2:], rows(expected)[0][2:])
    assert len(executor.tasks) <= 2 * N_SPLITS < len(alone.tasks)


def test_a_race_goes_on_after_a_kill_as_if_nothing_had_happened():
    _, history = race()
    journal = MemoryJournal()
    race(journal=journal)
    events = list(journal)
    for cut in range(len(events)):
        part = MemoryJournal()
        for event in events[:cut]:
            part.append(event)
        _, again = race(journal=part)
        assert again.steps == history.steps
        assert again.stopped == history.stopped
