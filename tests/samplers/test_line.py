"""The line search of spaces of one number: how soon it is there, and that it never leaves or repeats itself."""

import numpy as np
import pytest

from skhpo.history import Observation, Trial
from skhpo.samplers.bayes import BayesOptions, BayesSampler
from skhpo.samplers.line import next_on_line
from skhpo.space import Categorical, Float, Int, Space

CURVES = {
    "parabola": lambda u: -((u - 0.37) ** 2),
    "an end": lambda u: -u,
    "the other end": np.exp,
    "cliff": lambda u: -np.exp(8 * (0.3 - u)) - u,
    "plateau": lambda u: np.tanh(12 * (u - 0.2)) - 0.3 * u**2,
    "narrow": lambda u: np.exp(-(((u - 0.61) / 0.1) ** 2)),
    "broad": lambda u: np.cos(2 * (u - 0.8)),
    "skew": lambda u: u * np.exp(-4 * u),
}
CORNER = {"a corner": lambda u: -abs(u - 0.44)}  # which no parabola is like


def walk(curve, start, n):
    x = [start]
    while len(x) < n:
        place = next_on_line(np.array(x), np.array([curve(u) for u in x]))
        if place is None:
            break
        x.append(place)
    return np.array(x)


def n_to_a_thousandth(curve, x):
    """Points until one is within a thousandth of the range of the curve from its top."""
    values = curve(np.linspace(0, 1, 2001))
    near = np.flatnonzero(values.max() - curve(x) <= 1e-3 * np.ptp(values))
    return near[0] + 1 if len(near) else np.inf


@pytest.mark.parametrize("start", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("name", CURVES | CORNER)
def test_points_are_new_and_inside(name, start):
    x = walk((CURVES | CORNER)[name], start, 30)
    assert len(x) > 3
    assert ((x >= 0) & (x <= 1)).all()
    assert len(np.unique(x)) == len(x)


@pytest.mark.parametrize("name", CURVES)
def test_it_comes_to_the_top(name):
    assert np.isfinite(n_to_a_thousandth(CURVES[name], walk(CURVES[name], 0.5, 14)))


def test_five_points_are_enough_for_half_of_the_curves():
    assert np.median([n_to_a_thousandth(curve, walk(curve, 0.5, 14)) for curve in CURVES.values()]) <= 5


@pytest.mark.parametrize("y", [[1.0, 1.0, 1.0], [1.0, 1.0], [0.0, 0.0, 0.0]])
def test_equal_scores_say_nothing(y):
    assert next_on_line(np.array([0.2, 0.5, 0.9][: len(y)]), np.array(y)) is None


def ask(space, told, **options):
    sampler = BayesSampler(Space(space), 0, options=BayesOptions(**options))
    for number, (params, score) in enumerate(told):
        sampler.tell(Observation(Trial(number, params), np.array([score])))
    return sampler.ask(len(told), ())


THREE = [(0.5, -1.0), (0.25, -2.0), (0.75, -3.0)]


def test_the_sampler_goes_to_the_vertex():
    """Through (.25, -2), (.5, -1), (.75, -3): 0.5 - (1 - 2) / (2 * 3) * 0.25."""
    told = [({"x": x}, score) for x, score in THREE]
    assert ask({"x": Float(0.0, 1.0)}, told)["x"] == pytest.approx(0.5 - 0.25 / 6)
    assert ask({"x": Float(0.0, 1.0)}, told, n_line=0)["x"] != pytest.approx(0.5 - 0.25 / 6)


def test_on_a_log_scale_it_goes_by_ratios():
    told = [({"x": 100.0**x}, score) for x, score in THREE]
    assert ask({"x": Float(1.0, 100.0, log=True)}, told)["x"] == pytest.approx(100 ** (0.5 - 0.25 / 6))


@pytest.mark.parametrize(
    ("space", "told"),
    [
        ({"x": Float(0.0, 1.0), "y": Float(0.0, 1.0)}, [({"x": x, "y": 0.5}, score) for x, score in THREE]),
        ({"x": Categorical(["a", "b", "c", "d"])}, [({"x": "a"}, 1.0), ({"x": "b"}, 2.0), ({"x": "c"}, 0.0)]),
        ({"x": Float(0.0, 1.0)}, [({"x": x}, score if x > 0.3 else np.nan) for x, score in THREE]),
    ],
    ids=["two numbers", "a category", "a failure"],
)
def test_elsewhere_the_model_leads(space, told):
    assert ask(space, told) == ask(space, told, n_line=0)


def test_integers_are_never_proposed_twice():
    sampler, seen = BayesSampler(Space({"n": Int(1, 9)}), 0), []
    for number in range(9):
        params = sampler.ask(number, ())
        seen.append(params["n"])
        sampler.tell(Observation(Trial(number, params), np.array([-((params["n"] - 4) ** 2)])))
    assert sorted(seen) == list(range(1, 10))
    assert 4 in seen[:5]
    assert sampler.ask(9, ()) is None
