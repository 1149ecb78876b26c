"""Descents of known functions, and the contract of the sampler."""

import numpy as np
import pytest

from skhpo.history import Observation, Trial
from skhpo.samplers.coordinates import Coordinates
from skhpo.samplers.descent import descend
from skhpo.samplers.gradient import GradientSampler
from skhpo.space import Float, Space, params_key
from skhpo.testing import check_sampler

SPACE = Space({"a": Float(1e-4, 1e4, log=True), "b": Float(0.0, 1.0)})


class Counted:
    """A function of the unit cube, with its points."""

    def __init__(self, function, slope):
        self.function, self.slope, self.points = function, slope, []

    def __call__(self, u):
        self.points.append(u.copy())
        return float(self.function(u)), np.atleast_1d(self.slope(u)).astype(float)

    @property
    def best(self):
        return min(self.points, key=self.function)


LINES = {
    "parabola": (lambda u: (u[0] - 0.2) ** 2, lambda u: 2 * (u[0] - 0.2), 0.2),
    "quartic": (lambda u: (u[0] - 0.8) ** 4 + 0.1 * u[0] ** 2, lambda u: 4 * (u[0] - 0.8) ** 3 + 0.2 * u[0], 0.5055),
    "flat on both sides": (
        lambda u: -np.exp(-(((u[0] - 0.3) / 0.1) ** 2)),
        lambda u: 2 * (u[0] - 0.3) / 0.01 * np.exp(-(((u[0] - 0.3) / 0.1) ** 2)),
        0.3,
    ),
    "falls to the left end": (lambda u: u[0], lambda u: 1.0, 0.0),
    "falls to the right end": (lambda u: -u[0], lambda u: -1.0, 1.0),
    "a kink": (lambda u: abs(u[0] - 0.37), lambda u: np.sign(u[0] - 0.37), 0.37),
}


@pytest.mark.parametrize("name", LINES)
@pytest.mark.parametrize("start", [0.0, 0.1, 0.5, 0.93])
def test_a_line_is_searched_in_few_steps(name, start):
    function, slope, at = LINES[name]
    counted = Counted(function, slope)
    descend(counted, np.array([start]), lambda: 1e-6)
    assert counted.best[0] == pytest.approx(at, abs=0.01)
    assert len(counted.points) <= (18 if name == "a kink" else 12)


def test_several_coordinates_are_descended_within_their_bounds():
    target = np.array([0.3, 0.9, 1.7])  # of which the last lies outside
    counted = Counted(lambda u: np.sum((u - target) ** 2 * [1, 5, 1]), lambda u: 2 * (u - target) * [1, 5, 1])
    descend(counted, np.full(3, 0.5), lambda: 1e-9)
    assert counted.best == pytest.approx([0.3, 0.9, 1.0], abs=1e-3)
    assert all(((u >= 0) & (u <= 1)).all() for u in counted.points)
    assert len(counted.points) < 20


def test_a_gain_within_the_noise_ends_a_descent():
    def points(noise):
        counted = Counted(lambda u: np.sum((u - 0.1) ** 4), lambda u: 4 * (u - 0.1) ** 3)
        descend(counted, np.full(2, 0.9), lambda: noise)
        return len(counted.points)

    assert points(0.05) < points(1e-9)


def test_a_slope_that_leads_nowhere_is_not_followed_for_long():
    counted = Counted(lambda u: 1.0, lambda u: np.ones(2))
    descend(counted, np.full(2, 0.5), lambda: 1e-9)
    assert len(counted.points) <= 8


def test_a_start_without_a_slope_is_left_alone():
    counted = Counted(lambda u: 1.0, lambda u: np.zeros(2))
    descend(counted, np.full(2, 0.5), lambda: 1e-9)
    assert len(counted.points) == 1


def loss(params):
    """A loss with its minimum at a = 10, b = 0.7, and its slopes."""
    a = np.log10(params["a"]) - 1
    return 1 + a**2 + 3 * (params["b"] - 0.7) ** 2, {
        "a": 2 * a / (params["a"] * np.log(10)),
        "b": 6 * (params["b"] - 0.7),
    }


def told(trial):
    value, slopes = loss(trial.params)
    gradient = {name: -slope for name, slope in slopes.items()}
    return Observation(
        trial,
        np.full(5, -value),
        gradient={"<objective>": -value, "<objective squared>": value**2 + 1e-8, **gradient},
    )


def run(sampler, n=40):
    trials = []
    while len(trials) < n and (params := sampler.ask(len(trials), ())) is not None:
        trials.append(Trial(len(trials), params))
        sampler.tell(told(trials[-1]))
    return trials


def make(**more):
    own = {"a": 1.0, "b": 0.1}
    return GradientSampler(SPACE, 0, **{"own": own, "start": SPACE.encode([own])[0], **more})


def test_the_contract_of_samplers():
    check_sampler(make, SPACE.contains)
    check_sampler(lambda: make(n_restarts=5), SPACE.contains)


def test_the_own_point_is_first_and_is_not_tried_twice():
    trials = run(make())
    assert trials[0].params == {"a": 1.0, "b": 0.1}
    assert len({params_key(trial.params) for trial in trials}) == len(trials)
    best = min(trials, key=lambda trial: loss(trial.params)[0])
    assert best.params["a"] == pytest.approx(10, rel=0.02)
    assert best.params["b"] == pytest.approx(0.7, abs=0.01)
    assert len(trials) <= 15


def test_an_own_point_outside_is_tried_too():
    sampler = make(own={"a": 1e9, "b": 0.1}, start=[0.5, 0.1])
    first, second, *_ = run(sampler)
    assert first.params["a"] == 1e9
    assert SPACE.contains(second.params)
    assert [sampler.stage(trial.params) for trial in (first, second)] == ["default", "descent"]


def test_restarts_come_last_and_have_a_stage():
    sampler = make(n_restarts=2)
    stages = [sampler.stage(trial.params) for trial in run(sampler, n=100)]
    assert stages[0] == "default"
    assert stages == sorted(stages)  # as it happens, that is their order
    assert stages.count("restart") > 2
    assert sampler.has_arrived


def test_a_failure_ends_a_descent_and_not_the_search():
    sampler = make(n_restarts=1)
    first = Trial(0, sampler.ask(0, ()))
    sampler.tell(told(first))
    second = Trial(1, sampler.ask(1, ()))
    sampler.tell(Observation(second, np.full(5, np.nan)))
    assert sampler.stage(second.params) == "descent"
    third = sampler.ask(2, ())
    assert sampler.stage(third) == "restart"


def test_a_prior_holds_factors_together():
    space = Space({"s_0": Float(0.01, 100, log=True), "s_1": Float(0.01, 100, log=True)})

    def optimum(prior):
        sampler = GradientSampler(
            space, 0, own={"s_0": 1.0, "s_1": 1.0}, start=[0.5, 0.5], prior=prior, shrunk=["s_0", "s_1"]
        )
        last = {}
        for number in range(40):
            params = sampler.ask(number, ())
            if params is None:
                break
            x, y = np.log(params["s_0"]) - 1, np.log(params["s_1"]) + 1
            value = np.exp(x**2 + y**2)  # its logarithm is a parabola with its minimum at logs of 1 and -1
            last = params
            slopes = {"s_0": -value * 2 * x / params["s_0"], "s_1": -value * 2 * y / params["s_1"]}
            gradient = {"<objective>": -value, "<objective squared>": value**2, **slopes}
            sampler.tell(Observation(Trial(number, params), np.full(5, -value), gradient=gradient))
        return np.log(last["s_0"] / last["s_1"])

    assert optimum(0.0) == pytest.approx(2.0, abs=0.02)
    # Minimising (x - 1)^2 + (y + 1)^2 + p (x - y)^2 / 2 gives x - y = 2 / (1 + p).
    assert optimum(1.0) == pytest.approx(1.0, abs=0.02)


def test_shares_are_descended_by_their_odds_and_reach_their_ends():
    space = Space({"l1_ratio": Float(0.01, 1.0), "alpha": Float(0.1, 10.0, log=True)})
    coordinates = Coordinates(space, ["l1_ratio"])
    v = np.random.default_rng(0).random((20, 2))
    u = coordinates.in_space(v)
    assert coordinates.of_space(u) == pytest.approx(v)
    assert np.array_equal(v[:, 0], u[:, 0])  # alpha, the first by name, is as it was
    assert coordinates.in_space(np.array([[0.5, 0.0], [0.5, 1.0]]))[:, 1] == pytest.approx([0.0, 1.0])
    near_one = space.decode(coordinates.in_space(np.array([[0.5, 0.8], [0.5, 0.9]])))
    odds = [params["l1_ratio"] / (1 - params["l1_ratio"]) for params in near_one]
    assert odds[1] > 2 * odds[0]
