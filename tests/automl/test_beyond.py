"""What is tried when the list of a portfolio is at its end."""

import numpy as np
import pytest
from sklearn.datasets import load_iris, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skhpo import AutoClassifier
from skhpo.automl import portfolio as listed
from skhpo.automl.agenda import Agenda, steps_of
from skhpo.automl.beyond import Beyond
from skhpo.automl.portfolio import Entry
from skhpo.automl.proposals import AgendaSampler
from skhpo.history import Observation, Trial

X, y = load_iris(return_X_y=True)


def pipeline(model):
    return Pipeline([("prep", StandardScaler()), ("model", model)])


def boosting(name, rate, values):
    model = HistGradientBoostingClassifier(learning_rate=rate, early_stopping=False, random_state=0)
    return Entry(name, "boosting", pipeline(model), "model__max_iter", values, amount="model__max_iter")


ENTRIES = [
    boosting("boosting", 0.1, (8, 4)),
    Entry("linear", "linear", pipeline(LogisticRegression(C=1.0, max_iter=2000))),
    boosting("boosting_slow", 0.05, (9, 6, 3)),
    Entry("linear_strong", "linear", pipeline(LogisticRegression(C=0.03, max_iter=2000))),
    Entry("linear_outside", "linear", pipeline(LogisticRegression(C=1e9, max_iter=2000))),
]


@pytest.fixture
def beyond():
    return Beyond(ENTRIES, X, y)


@pytest.fixture
def steps():
    return steps_of(ENTRIES, lambda entry: ({"choice": entry.name}, f"choice__{entry.name}__"))


def sampler_of(steps, beyond, **settings):
    return AgendaSampler(Agenda(steps, beyond), **settings)


# ------------------------------------------------------------------ the space


def test_of_each_family_the_one_with_the_longest_fits_is_varied(beyond):
    assert list(beyond.bases) == ["boosting_slow", "linear"]
    assert {name.rpartition("__")[2] for name in beyond.written} >= {"choice", "C", "learning_rate", "max_leaf_nodes"}


def test_the_number_of_trees_is_no_matter_of_the_model(beyond):
    """One fit has them all."""
    assert "choice__boosting_slow__model__max_iter" in beyond.written
    assert not [name for name in beyond.space(list(beyond.bases)).names if name.endswith("max_iter")]


def test_a_proposal_has_all_lengths_of_its_family(beyond, steps):
    agenda = Agenda(steps, beyond)
    params = sampler_of(steps, beyond, affordable=lambda entries: entries[:1]).ask(len(steps), ())
    step = agenda.step_of(params)
    assert step.entry.is_proposed
    assert (step.value, step.share) == (9, 1.0)
    assert [other.value for other in agenda.shorter(step)] == [6, 3]
    assert step.title(17) == "boosting 17, max_iter=9"
    family = agenda(Trial(17, params))
    assert family.parameter == "choice__boosting_slow__model__max_iter"
    assert [trial.number for trial in family.members] == [17, 18, 19]
    assert agenda(Trial(18, agenda.shorter(step)[0].params)) is family


def test_the_list_is_known_to_the_model_as_far_as_it_lies_in_the_space(beyond, steps):
    places = {step.name: beyond.point_of(step) for step in steps}
    assert places["linear_outside"] is None
    assert places["linear_strong"] == {"choice": "linear", "choice__linear__model__C": 0.03}
    assert places["boosting, max_iter=8"] == places["boosting, max_iter=4"]
    assert places["boosting, max_iter=8"]["choice__boosting_slow__model__learning_rate"] == pytest.approx(0.1)


# ------------------------------------------------------------------ who proposes


def test_the_list_comes_first_and_by_position(beyond, steps):
    sampler = sampler_of(steps, beyond)
    assert [sampler.ask(i, ()) for i in range(len(steps))] == [step.params for step in steps]
    assert AgendaSampler(Agenda(steps)).ask(len(steps), ()) is None, "nothing is proposed where nothing can be varied"


def tell(sampler, steps, score_of):
    for number, step in enumerate(steps):
        sampler.tell(Observation(Trial(number, step.params), np.full(5, score_of(step))))


def test_asked_twice_it_answers_the_same(beyond, steps):
    sampler = sampler_of(steps, beyond)
    tell(sampler, steps, lambda step: 0.5)
    assert sampler.ask(40, ()) == sampler.ask(40, ())


def test_the_model_looks_where_scores_are_good(beyond, steps):
    sampler = sampler_of(steps, beyond)
    tell(sampler, steps, lambda step: 0.9 if step.entry.family == "linear" else 0.1)
    found = []
    for number in range(12):
        params = sampler.ask(len(steps) + number, ())
        found.append(params["choice"])
        score = 0.9 if params["choice"] == "linear" else 0.1
        sampler.tell(Observation(Trial(len(steps) + number, params), np.full(5, score)))
    assert found.count("linear") >= 8


def test_a_point_counts_by_the_best_of_its_lengths(beyond, steps):
    """Where the longest overfits, the point is as good as the shorter one."""
    sampler = sampler_of(steps, beyond)
    scores = {9: 0.1, 6: 0.8, 3: 0.3}
    slow = [step for step in steps if step.entry.name == "boosting_slow"]
    tell(sampler, slow, lambda step: scores[step.value])
    sampler.ask(len(steps), ())
    (model,) = sampler._models.values()
    mean = model.predict([beyond.point_of(slow[0])]).mean
    assert mean[0] == pytest.approx(0.8, abs=0.05)


def test_families_without_time_are_not_proposed(beyond, steps):
    only = sampler_of(steps, beyond, affordable=lambda entries: [one for one in entries if one.family == "linear"])
    assert {only.ask(len(steps) + i, ())["choice"] for i in range(5)} == {"linear"}
    assert sampler_of(steps, beyond, affordable=lambda entries: []).ask(len(steps), ()) is None


def test_a_model_of_many_points_proposes_no_more(beyond, steps, monkeypatch):
    """They are counted as points: the lengths of a path are one."""
    sampler = sampler_of(steps, beyond)
    tell(sampler, steps, lambda step: 0.5)
    n_points = len({str(point) for step in steps if (point := beyond.point_of(step)) is not None})
    assert n_points == 4
    monkeypatch.setattr("skhpo.automl.proposals._MOST_POINTS", n_points + 1)
    assert sampler.ask(len(steps), ()) is not None
    monkeypatch.setattr("skhpo.automl.proposals._MOST_POINTS", n_points)
    assert sampler.ask(len(steps), ()) is None


# ------------------------------------------------------------------ whole


@pytest.fixture
def short_list(monkeypatch):
    """Two configurations of two families, one of them a path."""

    def few(task, *, by_lightgbm):
        yield listed._Listed("boosting", "boosting", listed._boosting(task), "max_iter", (6, 3))
        yield listed._Listed("linear", "linear", listed._linear(task, 1.0))

    monkeypatch.setattr(listed, "_listed", few)


def auto(n_iter, **params):
    return AutoClassifier(time_budget=None, n_iter=n_iter, random_state=0, **params)


def tried(fitted):
    return fitted.cv_results_["params"]


def test_a_search_follows_the_list(short_list):
    fitted = auto(12).fit(X, y)
    names = [row.name for row in fitted.leaderboard_]
    assert len(tried(fitted)) == 12
    assert {"boosting, max_iter=6", "boosting, max_iter=3", "linear"} < set(names)
    assert any(name.startswith("linear ") for name in names)
    varied = {params["choice__linear__model__C"] for params in tried(fitted) if "choice__linear__model__C" in params}
    assert len(varied) > 1
    assert fitted.score(X, y) > 0.9


@pytest.mark.slow
def test_the_same_candidates_for_the_same_seed_and_one_or_two_workers(short_list):
    first = tried(auto(10).fit(X, y))
    assert tried(auto(10).fit(X, y)) == first
    assert tried(auto(10, n_jobs=2).fit(X, y)) == first


@pytest.mark.slow
def test_it_goes_on_from_its_checkpoint(short_list, tmp_path):
    path = tmp_path / "auto.jsonl"
    auto(7, checkpoint=path).fit(X, y)
    assert tried(auto(11, checkpoint=path).fit(X, y)) == tried(auto(11).fit(X, y))


@pytest.mark.slow
def test_proposals_that_are_hopeless_do_not_get_all_of_their_splits(monkeypatch):
    """A penalty that leaves nothing of a linear model is behind by far after one split."""
    wine = load_wine(return_X_y=True)

    def many(task, *, by_lightgbm):
        for i, strength in enumerate(np.geomspace(0.3, 3.0, 13)):
            yield listed._Listed(f"linear_{i}", "linear", listed._linear(task, strength))
        yield listed._Listed("naive_bayes", "naive_bayes", GaussianNB())

    monkeypatch.setattr(listed, "_listed", many)
    fitted = auto(34).fit(*wine)
    n_run = fitted.cv_results_["n_splits_run"]
    assert (n_run[:14] == 5).all(), "the list is not raced"
    assert n_run[14:].min() < 5
    assert len(fitted.leaderboard_) == (n_run == 5).sum()


def test_what_has_no_ranges_ends_with_its_list(monkeypatch):
    def unknown(task, *, by_lightgbm):
        yield listed._Listed("forest", "forest", type("Mine", (RandomForestClassifier,), {})(3, random_state=task.seed))

    monkeypatch.setattr(listed, "_listed", unknown)
    monkeypatch.setattr("skhpo.automl.beyond.default_space", lambda *data: {})
    assert len(tried(auto(5).fit(X, y))) == 1
