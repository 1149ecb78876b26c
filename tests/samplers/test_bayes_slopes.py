"""The Bayesian sampler where slopes of the score are known."""

import pickle

import numpy as np
import pytest

from skhpo.fits.gradients import OBJECTIVE
from skhpo.history import Observation, Trial
from skhpo.samplers.bayes import BayesSampler
from skhpo.samplers.slopes import slopes_in_cube
from skhpo.space import Categorical, Float, Int, Space
from skhpo.surrogates.slopes import ProcessWithSlopes

NAMES = [f"x{j}" for j in range(6)]
BOWL = Space({name: Float(0.01, 100.0, log=True) for name in NAMES})
BEST = np.linspace(-1.5, 1.5, 6)  # logarithms
KINDS = Space({"kind": Categorical(["a", "b"]), "C": Float(0.01, 100.0, log=True), "k": Int(1, 9)})


def bowl(number, params):
    """Observation of a bowl in the logarithms, with its slopes."""
    away = np.log10([params[name] for name in NAMES]) - BEST
    score = -float(away @ away)
    slopes = {name: -2 * d / (params[name] * np.log(10)) for name, d in zip(NAMES, away, strict=True)}
    return Observation(Trial(number, params), np.array([score, score]), gradient={**slopes, OBJECTIVE: score})


def kinds(number, params):
    """The same of one number, with a category and an integer that have none."""
    away = np.log10(params["C"]) - (1 if params["kind"] == "a" else -1)
    score = -(away**2) - (params["k"] - 4) ** 2 / 10 - (params["kind"] == "b")
    slopes = {"C": -2 * away / (params["C"] * np.log(10)), OBJECTIVE: score}
    return Observation(Trial(number, params), np.array([score]), gradient=slopes)


def run(space, observe, n, sampler=None, *, has_slopes=True):
    sampler = BayesSampler(space, 0) if sampler is None else sampler
    told = []
    for number in range(sampler._model.n, n):
        observation = observe(number, sampler.ask(number, ()))
        told.append(observation if has_slopes else observation._replace(gradient=None))
        sampler.tell(told[-1])
    return sampler, told


def best(told):
    return max(float(observation.scores.mean()) for observation in told)


def test_with_slopes_the_best_of_six_parameters_is_near_after_fifteen_candidates():
    assert best(run(BOWL, bowl, 15)[1]) > -0.01
    assert best(run(BOWL, bowl, 15, has_slopes=False)[1]) < -1


def test_a_category_and_an_integer_are_found_beside_a_number_with_slopes():
    sampler, told = run(KINDS, kinds, 20)
    assert best(told) > -0.01
    found = max(told, key=lambda observation: observation.scores[0]).trial.params
    assert (found["kind"], found["k"]) == ("a", 4)
    assert isinstance(sampler._model.belief().gp, ProcessWithSlopes)


@pytest.mark.parametrize(("space", "observe"), [(BOWL, bowl), (KINDS, kinds)])
@pytest.mark.parametrize("is_pickled", [True, False])
def test_resumed_is_uninterrupted(space, observe, is_pickled):
    _, whole = run(space, observe, 14)
    sampler, told = run(space, observe, 9)
    if is_pickled:
        again = pickle.loads(pickle.dumps(sampler))  # noqa: S301  (our own)
    else:
        again = BayesSampler(space, 0)
        for observation in told:
            again.tell(observation)
    _, rest = run(space, observe, 14, again)
    assert [o.trial.params for o in told + rest] == [o.trial.params for o in whole]


def test_pending_trials_and_failures_are_no_matter():
    sampler, _ = run(BOWL, bowl, 6)
    sampler.tell(Observation(Trial(6, sampler.ask(6, ())), np.full(2, np.nan)))
    pending = []
    for number in range(7, 11):
        pending.append(Trial(number, sampler.ask(number, pending)))
    points = BOWL.encode([trial.params for trial in pending])
    gaps = np.abs(points[:, None] - points[None]).max(axis=2)[np.triu_indices(4, 1)]
    assert gaps.min() > 1e-3
    assert sampler.ask(11, pending) == sampler.ask(11, pending)


def test_slopes_per_edge_of_the_cube_are_those_of_the_score():
    params = {"C": 3.0, "kind": "b", "k": 2}
    row = KINDS.encode([params])[0]
    found = slopes_in_cube(KINDS, row, kinds(0, params))
    j, step = KINDS.names.index("C"), 1e-5
    ends = np.repeat(row[None], 2, axis=0)
    ends[:, j] += [step, -step]
    above, below = (kinds(0, params).scores[0] for params in KINDS.decode(ends))
    assert found[j] == pytest.approx((above - below) / (2 * step), rel=1e-5)
    assert np.isnan(np.delete(found, j)).all()


def test_a_parameter_that_is_not_there_has_no_slope():
    space = Space({"kind": Categorical(["a", "b"]), "C": Float(0.1, 10.0, when={"kind": "a"}), "e": Float(0.0, 1.0)})
    params = {"kind": "b", "e": 0.5}
    told = Observation(Trial(0, params), np.zeros(2), gradient={"C": 1.0, "e": 2.0, OBJECTIVE: 0.0})
    found = slopes_in_cube(space, space.encode([params])[0], told)
    assert dict(zip(space.names, np.isfinite(found), strict=True)) == {"kind": False, "C": False, "e": True}


@pytest.mark.parametrize(("objective", "is_used"), [(0.8, True), (-0.2, True), (0.7, False)])
def test_slopes_are_those_of_the_score_or_of_what_it_lacks_to_one_or_they_are_not_used(objective, is_used):
    params = {"C": 3.0, "kind": "b", "k": 2}
    told = Observation(Trial(0, params), np.array([0.7, 0.9]), gradient={"C": 1.0, OBJECTIVE: objective})
    found = slopes_in_cube(KINDS, KINDS.encode([params])[0], told)
    assert (found is not None) == is_used


def test_without_any_slope_it_proposes_as_ever():
    _, plain = run(BOWL, bowl, 8, has_slopes=False)
    _, odd = run(BOWL, lambda number, params: bowl(number, params)._replace(gradient={OBJECTIVE: 5.0}), 8)
    assert [o.trial.params for o in plain] == [o.trial.params for o in odd]
