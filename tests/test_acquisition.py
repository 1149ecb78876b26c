"""Acquisition functions against quadrature and refits; the search against exhaustion."""

import itertools

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from skhpo.samplers.acquisition import Feasible, LogExpectedImprovement, UpperConfidenceBound, log_h, maximise
from skhpo.surrogates.gp import GaussianProcess
from skhpo.surrogates.hyperparameters import Hyperparameters

NUMBERS = np.zeros(2, dtype=bool)


class Box:
    """A space by hand: levels per column (inf continuous), and a column 1 that is active where column 0 is high."""

    def __init__(self, n_levels, is_categorical=None, is_conditional=False):
        self.n_levels = np.array(n_levels, dtype=float)
        self.n_columns = len(n_levels)
        self.is_categorical = np.zeros(self.n_columns, dtype=bool) if is_categorical is None else is_categorical
        self.is_conditional = is_conditional

    def snap(self, U):
        K = np.where(np.isfinite(self.n_levels), self.n_levels, 1.0)
        snapped = (np.clip(np.floor(U * K), 0, K - 1) + 0.5) / K
        U = np.where(np.isfinite(self.n_levels), snapped, np.clip(U, 0, 1))
        return np.where(self.active(U), U, 0.5)

    def active(self, U):
        active = np.ones(U.shape, dtype=bool)
        if self.is_conditional:
            active[:, 1] = U[:, 0] > 0.5
        return active


@pytest.mark.parametrize("u", np.r_[np.linspace(-40, 10, 101), -1.0, -1 + 1e-9, -49.9])
def test_log_h_is_the_integral(u):
    # h(u) = integral over t > 0 of t phi(t - u); exp(-u^2/2) is taken out where it would underflow.
    top = max(u, 0) + 12 if u > -1 else 60 / -u
    out = 0.5 * u * u if u < 0 else 0.0
    value, _ = quad(
        lambda t: t * np.exp(-0.5 * (t - u) ** 2 + out) / np.sqrt(2 * np.pi), 0, top, epsabs=0, epsrel=1e-12, limit=400
    )
    np.testing.assert_allclose(log_h(np.array([u]))[0], np.log(value) - out, rtol=1e-9, atol=1e-10)


def test_log_h_is_smooth_where_branches_meet_and_far_beyond():
    for edge in (-1.0, -50.0):
        below, above = log_h(np.array([edge - 1e-9, edge + 1e-9]))
        assert abs(above - below) < 1e-6
    far = log_h(-np.logspace(1, 9, 50))
    assert np.isfinite(far).all()
    assert np.all(np.diff(far) < 0)


def process(n=12, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.random((n, 2))
    gp = GaussianProcess(NUMBERS)
    gp.theta = Hyperparameters(np.array([0.4, 0.6]), 1.0, noise)
    return gp.condition(X, np.sin(5 * X[:, 0]) + noise * rng.standard_normal(n)), rng


def test_corrected_improvement_is_that_of_joint_draws():
    gp, rng = process()
    acquisition = LogExpectedImprovement(gp)
    x, star = rng.random((1, 2)), acquisition.x_star[None]
    pair = np.vstack([x, star])
    noiseless = gp.draw(pair, np.zeros((2, 1)))  # the means
    grown = gp._own_covariance(pair) - gp._half(pair).T @ gp._half(pair)
    draws = (
        noiseless
        + np.linalg.cholesky(grown)
        @ norm.ppf((np.arange(200_000) + 0.5) / 200_000)[
            np.vstack([rng.permutation(200_000), rng.permutation(200_000)])
        ]
    )
    improvement = np.maximum(draws[0] - draws[1], 0)
    # Five standard errors of the simulation.
    assert abs(improvement.mean() - np.exp(acquisition(x)[0])) < 5 * improvement.std() / np.sqrt(200_000)


def test_without_noise_corrected_is_plain_and_the_incumbent_is_worth_nothing():
    gp, rng = process(noise=1e-9)
    U = rng.random((30, 2))
    corrected, (mean, std) = LogExpectedImprovement(gp), gp.predict(U)
    far = std > 0.05
    plain = log_h((mean - gp.means_of_points.max()) / std) + np.log(std)
    np.testing.assert_allclose(corrected(U)[far], plain[far], rtol=1e-3, atol=1e-3)
    assert corrected(corrected.x_star[None])[0] < corrected(U).max() - 5


def test_fantasies_average_improvements():
    gp, rng = process()
    pending = rng.random((2, 2))
    Y = gp.draw(pending, rng.standard_normal((2, 3)))
    U = rng.random((8, 2))
    together = LogExpectedImprovement(gp.append(pending, Y))(U)
    apart = [LogExpectedImprovement(gp.append(pending, Y[:, s]))(U) for s in range(3)]
    np.testing.assert_allclose(np.exp(together), np.exp(apart).mean(axis=0), rtol=1e-8)


def test_pending_points_lose_their_worth():
    gp, rng = process(noise=1e-4)
    U = rng.random((400, 2))
    best = U[[np.argmax(LogExpectedImprovement(gp)(U))]]
    fantasies = gp.append(best, gp.draw(best, norm.ppf((np.arange(16) + 0.5) / 16)[None]))
    assert LogExpectedImprovement(fantasies)(best)[0] < LogExpectedImprovement(gp)(best)[0] - 1


def test_bound_and_feasibility():
    gp, rng = process()
    U = rng.random((5, 2))
    posterior = gp.predict(U)
    bound = UpperConfidenceBound(gp, 2.0)
    np.testing.assert_allclose(np.exp(bound(U)) + gp.Y.min(), posterior.mean + 2 * posterior.std)
    halved = Feasible(LogExpectedImprovement(gp), lambda U: np.full(len(U), 0.5))
    np.testing.assert_allclose(halved(U), LogExpectedImprovement(gp)(U) + np.log(0.5))


def test_what_a_partial_trial_leaves_unknown_is_no_reason_to_look_there():
    gp, rng = process()
    noise = np.zeros(len(gp.X))
    noise[gp.Y[:, 0].argmin()] = 1.0
    noisy = process()[0].condition(gp.X, gp.Y[:, 0], noise)
    U = rng.random((50, 2))
    bound = UpperConfidenceBound(noisy, 2.0)
    np.testing.assert_allclose(np.exp(bound(U)) + gp.Y.min(), noisy.predict(U).mean + 2 * gp.predict(U).std)


def peak(at):
    return lambda U: -np.sum((U - at) ** 2, axis=1)


def test_the_search_finds_a_peak_inside_and_in_a_corner():
    for at in (np.array([0.3, 0.71, 0.52]), np.array([0.0, 1.0, 1.0])):
        U, values = maximise(
            peak(at), Box([np.inf] * 3), np.random.default_rng(0), good=np.empty((0, 3)), lengthscales=np.ones(3)
        )
        assert np.abs(U[0] - at).max() < 0.02
        assert np.all(np.diff(values) <= 0)


def test_the_search_exhausts_discrete_exchanges():
    box = Box([7, 5, 9, 4], np.array([True, False, True, False]))
    rng = np.random.default_rng(1)
    rows = list(itertools.product(range(7), range(5), range(9), range(4)))
    worth = dict(zip(rows, rng.random(len(rows)), strict=True))

    def separable(U):
        cells = np.floor(U * box.n_levels).astype(int)
        return np.array([sum(worth[(c[0], 0, c[2], 0)] + worth[(0, c[1], 0, c[3])] for c in [cell]) for cell in cells])

    U, values = maximise(separable, box, rng, good=np.empty((0, 4)), lengthscales=np.ones(4))
    every = box.snap((np.array(rows) + 0.5) / box.n_levels)
    assert values[0] == separable(every).max()
    np.testing.assert_array_equal(U, box.snap(U))


def test_of_many_categories_the_best_are_found_by_exchanges():
    """A thousand points hardly see one of 900 by 900 pairs: the second is exchanged after the first."""
    K = 900
    worth = np.random.default_rng(2).permutation(K)

    def separable(U):
        cells = np.floor(U * K).astype(int)
        return worth[cells[:, 0]] - worth[cells[:, 1]]

    box = Box([K, K], np.ones(2, dtype=bool))
    U, _ = maximise(separable, box, np.random.default_rng(0), good=np.empty((0, 2)), lengthscales=np.ones(2))
    assert np.floor(U[0] * K).astype(int).tolist() == [worth.argmax(), worth.argmin()]


def test_of_many_integers_the_last_steps_are_exchanges_with_neighbours():
    K, top = 1000, np.array([412, 731])
    for seed in range(5):
        U, _ = maximise(
            lambda U: -np.abs(np.floor(U * K) - top).sum(axis=1),
            Box([K, K]),
            np.random.default_rng(seed),
            good=np.empty((0, 2)),
            lengthscales=np.ones(2),
        )
        assert np.floor(U[0] * K).astype(int).tolist() == top.tolist()


def test_newly_active_columns_get_values():
    box = Box([2, np.inf, np.inf], np.array([True, False, False]), is_conditional=True)
    good = np.array([[0.25, 0.5, 0.2]])  # column 1 is inactive here, and 0.9 would be best
    U, _ = maximise(peak(np.array([0.75, 0.9, 0.2])), box, np.random.default_rng(0), good=good, lengthscales=np.ones(3))
    assert np.abs(U[0] - [0.75, 0.9, 0.2]).max() < 0.03


def test_values_that_are_not_numbers_come_last():
    U, values = maximise(
        lambda U: np.where(U[:, 0] > 0.5, np.nan, U[:, 0]),
        Box([np.inf] * 2),
        np.random.default_rng(0),
        good=np.empty((0, 2)),
        lengthscales=np.ones(2),
    )
    assert 0.45 < U[0, 0] <= 0.5
    assert np.isneginf(values[-1])
