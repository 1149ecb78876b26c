"""What there is time for, by a clock of the test's own."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from skhpo.automl.agenda import Agenda, steps_of
from skhpo.automl.course import Course
from skhpo.automl.forecast import Forecast
from skhpo.automl.members import Member, fit_members
from skhpo.automl.pace import Pace
from skhpo.automl.portfolio import Entry, families_of, portfolio
from skhpo.automl.portfolio import Task as Kind
from skhpo.automl.proposals import AgendaSampler
from skhpo.executors.serial import SerialExecutor
from skhpo.history import History, Outcome, Task, Trial
from skhpo.journals.memory import MemoryJournal
from skhpo.loop import run_search


class Watch:
    """A clock that is set by hand."""

    def __init__(self, budget=np.inf):
        self.now, self.budget = 0.0, budget

    def __call__(self):
        return self.now

    def left(self):
        return self.budget - self.now


class Slow(RegressorMixin, BaseEstimator):
    """Takes ``fixed + slope * n_samples ** power`` seconds of a watch."""

    watch = Watch()

    def __init__(self, fixed=0.0, slope=0.0, power=1.0, n_estimators=1):
        self.fixed, self.slope, self.power, self.n_estimators = fixed, slope, power, n_estimators

    def fit(self, X, y):
        type(self).watch.now += (self.fixed + self.slope * len(X) ** self.power) * self.n_estimators
        return self


@pytest.fixture
def watch():
    Slow.watch = Watch(budget=100.0)
    return Slow.watch


def entry(name="slow", path=None, values=(), growth=1.0, amount=None, **cost):
    return Entry(name, name, Slow(**cost), path, values, growth, amount)


def forecast(watch, n=5000, patience=0.0):
    rows = np.arange(n)
    return Forecast(lambda some: (np.zeros((len(some), 1)), np.zeros(len(some))), rows, watch, patience)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_two_small_fits_tell_the_time_of_a_large_one(watch, power):
    one = entry(fixed=0.5, slope=1e-4, power=power, growth=power)
    assert forecast(watch).seconds(one, 4000) == pytest.approx(0.5 + 1e-4 * 4000**power)


def test_fits_on_few_rows_have_few_trees(watch):
    one = entry(fixed=0.01, slope=1e-5, n_estimators=200, amount="n_estimators")
    assert forecast(watch).seconds(one, 4000) == pytest.approx(200 * (0.01 + 1e-5 * 4000))
    assert watch.now < 1.0, "20 trees instead of 200"


class Levels(Slow):
    """Takes long for each row up to a thousand, and little for each further one, as trees do."""

    def fit(self, X, y):
        type(self).watch.now += 1e-3 * min(len(X), 1000) + 1e-5 * len(X)
        return self


@pytest.mark.parametrize(("patience", "is_right"), [(0.0, False), (10.0, True)])
def test_with_patience_a_fit_whose_time_levels_off_is_foreseen(watch, patience, is_right):
    one = Entry("levels", "levels", Levels(), None, (), 1.0, None)
    found = forecast(watch, 60_000)
    found.look(one, 50_000, patience)
    assert (found.seconds(one, 50_000) == pytest.approx(1.0 + 0.5, rel=0.1)) == is_right
    assert watch.now < patience + 3


def test_with_patience_one_of_a_family_tells_what_another_takes(watch):
    first, other = (Entry(name, "boosting", Slow(0.1, 1e-4), None, (), 1.0, None) for name in "ab")
    found = forecast(watch, 60_000, patience=10.0)
    found.look(first, 50_000, 10.0)
    before = watch.now
    assert found.seconds(other, 50_000) == pytest.approx(1.5 * (0.1 + 5.0))
    assert watch.now == before, "no fit more"
    found.see(first, 1.0, 9000)
    assert found.growth(first, 9000, 50_000) == pytest.approx(5.1), (
        "less than 50 / 9: a part of a fit is always the same"
    )
    assert forecast(watch).growth(first, 9000, 18_000) == 2.0


def test_what_was_seen_counts_more_than_what_was_foreseen(watch):
    found, one = forecast(watch), entry(fixed=1.0)
    found.see(one, 8.0, 1000)
    assert found.seconds(one, 1000) == 8.0
    assert found.seconds(one, 2000) == 16.0
    assert watch.now == 0.0


# ------------------------------------------------------------------ a course, run


def run(entries, watch, *, most=None, seconds=lambda step: 1.0, n_workers=1):
    """Run a course with fits that take so many seconds of the watch."""
    steps = steps_of(entries, lambda one: ({"choice": one.name}, f"{one.name}__"))
    agenda = Agenda(steps)
    found, step_of = forecast(watch), agenda.step_of
    pace = Pace(watch, found, n_train=100, n_all=100, n_workers=n_workers, step_of=step_of)
    fits = []

    def fit(task):
        step = step_of(task.trial.params)
        watch.now += seconds(step)
        fits.append((step.name, task.split))
        score = float(-steps.index(step))
        path = {place.number: Outcome(place.number, task.split, -1.0) for place in task.places}
        return Outcome(task.trial.number, task.split, score, fit_time=seconds(step), path=path or None)

    history = History(5)
    with SerialExecutor(fit) as executor:
        run_search(
            AgendaSampler(agenda),
            Course(agenda, pace.affords, most),
            executor,
            MemoryJournal(),
            history,
            make_task=Task,
            identity=lambda trial: tuple(sorted(trial.params.items())),
            family_of=agenda,
        )
    return history, fits, [step_of(trial.params).name for trial in history.trials]


def test_without_a_budget_all_are_tried_in_order():
    entries = [entry("a"), entry("b", path="n", values=(3, 2, 1)), entry("c")]
    history, fits, names = run(entries, Watch())
    assert names == ["a", "b, n=3", "b, n=2", "b, n=1", "c"]
    assert len(fits) == 15, "the fits of b are those of its longest"
    assert len(history.complete) == 5


def test_so_many_at_most():
    entries = [entry("a"), entry("b", path="n", values=(3, 2, 1)), entry("c")]
    assert run(entries, Watch(), most=2)[2] == ["a", "b, n=3"]
    assert run(entries, Watch(), most=3)[2] == ["a", "b, n=3", "b, n=2"]


def test_nothing_starts_that_would_not_end_in_time(watch):
    """30 seconds for each: two are done, and there is time for the refits of both."""
    entries = [entry(name, fixed=6.0) for name in "abcd"]
    _, _, names = run(entries, watch, seconds=lambda step: 6.0)
    assert names == ["a", "b"]
    assert watch.now + 2 * 6.0 <= 100.0


def test_who_turns_out_slow_is_stopped_after_one_fit(watch):
    entries = [entry("a", fixed=1.0), entry("b", fixed=1.0), entry("c", fixed=1.0)]
    slow = {"a": 1.0, "b": 40.0, "c": 1.0}
    history, fits, names = run(entries, watch, seconds=lambda step: slow[step.name])
    assert names == ["a", "b", "c"]
    assert [name for name, _ in fits].count("b") == 1
    assert history.complete == [0, 2]


def test_where_there_is_no_time_for_the_longest_a_shorter_one_leads(watch):
    """The two fits on few rows take 60 seconds of 200, and five of the longest would take 150."""
    watch.budget = 200.0
    long = entry("b", path="n", values=(100, 40, 10), fixed=30.0)

    def seconds(step):
        return step.share * 30.0 if step.entry is long else 1.0

    _, fits, names = run([entry("a", fixed=1.0), long], watch, seconds=seconds)
    assert names == ["a", "b, n=40", "b, n=10"]
    assert len(fits) == 10


def test_what_takes_a_large_part_of_the_budget_comes_last(watch):
    """Five fits of 6 seconds of 100: all that is quicker is tried before, and then there is still time."""
    cost = {"a": 1.0, "slow": 6.0, "b": 1.0, "c": 1.0}
    entries = [entry(name, fixed=seconds) for name, seconds in cost.items()]
    assert run(entries, watch, seconds=lambda step: cost[step.name])[2] == ["a", "b", "c", "slow"]


def test_of_what_takes_a_large_part_a_shorter_one_is_tried(watch):
    long = entry("b", path="n", values=(100, 40, 10), fixed=6.0)
    names = run([entry("a", fixed=1.0), long], watch, seconds=lambda step: step.share * long.pipeline.fixed)[2]
    assert names == ["a", "b, n=40", "b, n=10"]


def test_one_is_tried_in_any_case():
    """The linear one, where there is time for none; it is not stopped."""
    Slow.watch = Watch(budget=1.0)
    entries = [entry("a", fixed=6.0), Entry("b", "linear", Slow(fixed=4.0)), entry("c", fixed=1.0)]
    history, _, names = run(entries, Slow.watch, seconds=lambda step: 4.0)
    assert names == ["b"]
    assert history.complete == [0]


def test_what_a_shorter_leader_takes_tells_what_the_longest_would():
    Slow.watch = watch = Watch(budget=100.0)
    steps = steps_of([entry("b", path="n", values=(100, 40))], lambda one: ({"choice": one.name}, ""))
    found = forecast(watch)
    step_of = {step.params["n"]: step for step in steps}
    pace = Pace(watch, found, n_train=100, n_all=100, n_workers=1, step_of=lambda params: step_of[params["n"]])
    history = History(2)
    history.start(Trial(0, steps[1].params), [0])
    history.record(Outcome(0, 0, 1.0, fit_time=2.0))
    history.see(1)
    assert pace.affords(steps[1], 1, history)
    assert found.seconds(steps[0].entry, 100) == 5.0


def test_to_find_out_what_is_affordable_ends_with_the_time():
    """Nobody is looked at when the time is over, and no further one when looking has taken the rest."""
    Slow.watch = watch = Watch(budget=100.0)
    entries = [entry(name, fixed=2.0) for name in "abcde"]
    steps = steps_of(entries, lambda one: ({"choice": one.name}, ""))
    pace = Pace(watch, forecast(watch), n_train=100, n_all=100, n_workers=1, step_of=lambda params: None)
    assert pace.affords(steps[0], 1, History(2))
    assert pace.affordable(entries[:2], 2) == entries[:2]
    watch.now = 94.0
    assert pace.affordable(entries, 2) == [], "one look has taken the rest"
    assert watch.now == 98.0
    assert pace.affordable(entries, 2) == []
    assert watch.now == 98.0


def test_workers_count():
    entries = [entry(name, fixed=4.0) for name in "abcde"]
    tried = {}
    for n_workers in (1, 5):
        Slow.watch = Watch(100.0)
        tried[n_workers] = run(entries, Slow.watch, seconds=lambda step: 4.0 / n_workers, n_workers=n_workers)[2]  # noqa: B023
    assert len(tried[1]) < len(tried[5]) == 5


# ------------------------------------------------------------------ members


def test_members_are_fitted_as_far_as_there_is_time(watch):
    members = [Member(Slow(fixed=seconds), weight, seconds) for seconds, weight in [(50, 0.2), (40, 0.5), (30, 0.3)]]
    fitted = fit_members(members, lambda one: one.fit(np.zeros((1, 1)), [0]), watch.left, None)
    assert sorted(fitted) == [1, 2]
    assert watch.now == 70.0


def test_one_member_is_fitted_in_any_case(watch):
    members = [Member(Slow(fixed=seconds), 0.5, seconds) for seconds in (500, 400)]
    assert list(fit_members(members, lambda one: one.fit(np.zeros((1, 1)), [0]), watch.left, None)) == [1]


# ------------------------------------------------------------------ portfolio


@pytest.mark.parametrize("is_classifier", [True, False])
@pytest.mark.parametrize("by_lightgbm", [True, False])
def test_an_untuned_boosting_is_first_and_names_differ(is_classifier, by_lightgbm, monkeypatch):
    if by_lightgbm:
        pytest.importorskip("lightgbm")
    else:
        monkeypatch.setattr("skhpo.automl.portfolio._is_installed", lambda name: False)
    entries = portfolio(Kind(is_classifier, 500, 10, 2))
    names = [one.name for one in entries]
    assert names[0] == ("lightgbm_untuned" if by_lightgbm else "boosting")
    assert len(set(names)) == len(names)
    assert {one.family for one in entries} == set(families_of(Kind(is_classifier, 500, 10, 2)))
    model = entries[0].pipeline[-1]
    changed = {key for key, value in model.get_params().items() if value != type(model)().get_params().get(key)}
    own = {"n_jobs", "verbose", "deterministic"} if by_lightgbm else {"early_stopping"}
    assert changed == {"random_state", *own}, "as its library has it"


def test_who_wants_one_kind_of_boosting_has_all_of_it():
    pytest.importorskip("lightgbm")
    names = [one.name for one in portfolio(Kind(True, 500, 10, 2), ("boosting", "linear"))]
    assert names[:2] == ["boosting", "linear"]
    assert [name for name in names if name.startswith("boosting_")] == [
        f"boosting_{name}" for name in ("slow", "shallow", "deep", "sparse", "stumps")
    ]


@pytest.mark.parametrize("is_classifier", [True, False])
def test_the_amount_of_work_of_trees_is_known(is_classifier):
    """Else a fit on few rows, which tells how long others take, would have all of the trees."""
    by_trees = {"boosting", "extra_trees", "random_forest", "lightgbm", "catboost"}
    for one in portfolio(Kind(is_classifier, 500, 10, 2)):
        if one.family in by_trees:
            assert one.amount is not None, one.name
            assert one.shortened()[1] > 1.0, one.name
            if one.path is not None:
                assert one.path == one.amount
