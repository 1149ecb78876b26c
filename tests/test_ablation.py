"""The variants of the ablation: each proposes, and what is in it is what its name says."""

import functools
import sys
from pathlib import Path

import numpy as np
import pytest

from skhpo.history import Observation, Trial
from skhpo.space import Categorical, Float, Int, Space
from skhpo.surrogates.gp import GaussianProcess

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
try:
    from benchmarks.ablation import variants, warps
    from benchmarks.ablation.arms import ARMS
    from benchmarks.ablation.problems import builtin, scale
finally:
    sys.path.remove(str(ROOT))

SPACE = {"x": Float(0, 1), "y": Float(0, 1), "k": Int(1, 9), "c": Categorical(["a", "b"])}
RNG = np.random.default_rng(0)
CASES = {
    "skewed": -RNG.lognormal(0, 2, 40),
    "far below": np.append(RNG.normal(0.9, 0.01, 20), [-1e10, -1e10, -1e4]),
    "ties": np.repeat([0.1, 0.5, 0.9], 5),
    "half the best": np.append(np.ones(10), RNG.random(5)),
    "constant": np.full(10, 0.1),
    "tiny": RNG.normal(0, 1e-12, 12),
}


@functools.cache
def run(arm, n):
    """Parameters of n trials whose fits fail where k is 9."""
    sampler = ARMS[arm](Space(SPACE), 0)
    asked = []
    for number in range(n):
        params = sampler.ask(number, ())
        value = -((params["x"] - 0.3) ** 2) - (params["c"] == "b") - abs(params["k"] - 4) / 10
        scores = np.array([np.nan if params["k"] == 9 else value])
        sampler.tell(Observation(Trial(number, params), scores))
        asked.append(params)
    return asked


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_proposes_and_is_not_the_default(arm):
    asked = run(arm, 12)
    assert len({Space(SPACE).key(params) for params in asked}) == 12
    assert (asked == run("default", 12)) == (arm == "default")


def test_a_young_models_trust_is_near_what_it_knows():
    sampler = ARMS["trust region for young models"](Space({"x": Float(0, 1), "y": Float(0, 1)}), 0)
    known = np.array([[0.1, 0.1], [0.2, 0.1], [0.1, 0.2]])
    for number, (x, y) in enumerate(known):
        sampler.tell(Observation(Trial(number, {"x": x, "y": y}), np.array([x])))
    proposed = sampler.ask(3, ())
    distance = np.abs(known - [proposed["x"], proposed["y"]]).max(axis=1).min()
    assert distance <= 0.2 + 0.3 * 3 / 15


@pytest.mark.parametrize("variant", [variants.KnownMean, variants.BestObserved])
def test_expected_improvement_is_that_of_draws(variant):
    X = RNG.random((12, 2))
    gp = GaussianProcess(np.zeros(2, dtype=bool)).fit(X, np.sin(5 * X[:, 0]))
    best = {variants.KnownMean: gp.means_of_points.max(), variants.BestObserved: np.sin(5 * X[:, 0]).max()}[variant]
    U = RNG.random((5, 2))
    mean, std = gp.predict(U)
    draws = mean + std * np.random.default_rng(1).standard_normal((200_000, 1))
    improvement = np.maximum(draws - best, 0)
    # Five standard errors of the simulation.
    error = np.abs(improvement.mean(axis=0) - np.exp(variant(gp)(U)))
    assert (error < 5 * improvement.std(axis=0) / np.sqrt(200_000) + 1e-6).all()  # draws miss what is below


@pytest.mark.parametrize("warp", [warps.HalfRankLog, warps.NormalScores, warps.YeoJohnson])
@pytest.mark.parametrize("case", CASES)
def test_warps_keep_the_order_and_invert(warp, case):
    y = CASES[case]
    fitted = warp(y)
    assert np.isfinite(fitted.z).all()
    assert np.all(np.diff(fitted.z[np.argsort(y, kind="stable")]) >= -1e-9)
    assert np.all(np.diff(fitted.inverse(np.linspace(-4, 4, 50))) >= 0)
    if case not in {"far below", "constant"}:
        np.testing.assert_allclose(fitted.inverse(fitted.z), y, atol=1e-7 * np.abs(y).max())


@pytest.mark.parametrize(("prior", "mode"), [(variants.Gamma(3.0, 2.0), 1.0), (variants.dimension_scaled(4), 0.4096)])
def test_priors_have_their_mode_where_the_penalty_is_least(prior, mode):
    x = np.linspace(-3, 3, 601)
    value, slope = prior.penalty(x)
    np.testing.assert_allclose(np.gradient(value, x)[1:-1], slope[1:-1], atol=2e-3)
    assert np.isclose(prior.mode, mode, rtol=1e-3)
    assert abs(np.exp(x[np.argmin(value)]) - mode) < 0.02


@pytest.mark.parametrize("number", range(4))
def test_random_configurations_are_worse_than_the_best(number):
    problem = builtin()[number]
    best, random = scale(problem)
    assert random < best
