"""The Gaussian process that knows slopes: against finite differences of the other one, and against itself."""

import numpy as np
import pytest

from skhpo.surrogates.gp import GaussianProcess
from skhpo.surrogates.hyperparameters import Hyperparameters
from skhpo.surrogates.slopes import JointCovariance, ProcessWithSlopes, Slopes

NUMBERS = np.zeros(3, dtype=bool)
MIXED = np.array([False, True, False])
THETA = Hyperparameters(np.array([0.4, 0.8, 1.5]), 1.3, 0.02)


def value(X):
    return np.sin(4 * X[:, 0]) + X[:, 1] ** 2 - X[:, 2] * X[:, 0]


def slope(X):
    return np.column_stack([4 * np.cos(4 * X[:, 0]) - X[:, 2], 2 * X[:, 1], -X[:, 0]])


def data(n=12, seed=0, is_categorical=NUMBERS):
    """Points, values and slopes of some of them in some columns."""
    rng = np.random.default_rng(seed)
    X = rng.random((n, 3))
    X[:, is_categorical] = (np.floor(3 * X[:, is_categorical]) + 0.5) / 3
    G = slope(X)
    G[:, is_categorical] = np.nan
    G[::4] = np.nan
    G[1, 2] = np.nan
    return X, value(X), {x.tobytes(): g for x, g in zip(X, G, strict=True)}, rng


def process(known, is_categorical=NUMBERS, theta=THETA):
    gp = ProcessWithSlopes(is_categorical, known)
    gp.theta = theta
    return gp


@pytest.mark.parametrize("is_categorical", [NUMBERS, MIXED])
def test_covariances_are_those_of_small_differences(is_categorical):
    X, y, known, _ = data(is_categorical=is_categorical)
    slopes, step = Slopes.among(X, y, known), 1e-4
    r, w = len(slopes.values), THETA.lengthscales**-2
    q = sum(w[j] * ((X[:, None, j] != X[None, :, j]) if c else (X[:, None, j] - X[None, :, j]) ** 2)
            for j, c in enumerate(is_categorical))  # fmt: skip
    moved = np.repeat(X[slopes.points], 2, axis=0)
    moved[np.arange(2 * r), np.repeat(slopes.columns, 2)] += np.tile([step, -step], r)
    gp = GaussianProcess(is_categorical, nu=2.5)
    gp.theta = THETA._replace(signal=1.0)
    gp.priors = gp.priors.__class__(mean=0.0)
    gp.condition(np.vstack([moved, X]), np.zeros(2 * r + len(X)))
    K = gp.covariance(gp.X)
    differences = np.zeros((r + len(X), len(K)))
    differences[np.arange(r), 2 * np.arange(r)] = 1 / (2 * step)
    differences[np.arange(r), 2 * np.arange(r) + 1] = -1 / (2 * step)
    differences[r:, 2 * r :] = np.eye(len(X))
    expected = differences @ K @ differences.T
    np.testing.assert_allclose(JointCovariance(X, slopes)(q, w), expected, atol=3e-4)


@pytest.mark.parametrize("is_categorical", [NUMBERS, MIXED])
def test_the_gradient_is_that_of_the_negative_log_posterior(is_categorical):
    X, y, known, rng = data(is_categorical=is_categorical)
    objective = process(known, is_categorical)._negative_log_posterior(X, y, rng.uniform(0, 0.1, len(y)))
    for _ in range(5):
        t = THETA.pack() + 0.5 * rng.standard_normal(5)
        step = 1e-5
        numeric = [(objective(t + step * e)[0] - objective(t - step * e)[0]) / (2 * step) for e in np.eye(5)]
        np.testing.assert_allclose(objective(t)[1], numeric, rtol=1e-5, atol=1e-5)


def test_with_slopes_means_are_nearer_and_deviations_smaller():
    X, y, known, rng = data(10)
    Z = rng.random((200, 3))
    theta = THETA._replace(noise=1e-5)
    plain = GaussianProcess(NUMBERS, nu=2.5)
    plain.theta = theta
    plain.condition(X, y)
    with_slopes = process(known, theta=theta).condition(X, y)
    errors = [np.abs(gp.predict(Z).mean - value(Z)).mean() for gp in (with_slopes, plain)]
    assert errors[0] < 0.7 * errors[1]
    assert np.all(with_slopes.predict(Z).std <= plain.predict(Z).std + 1e-9)


def test_the_slope_of_the_mean_at_a_point_is_the_known_one():
    X, y, known, _ = data()
    gp = process(known, theta=THETA._replace(noise=1e-5)).condition(X, y)
    slopes = gp._slopes
    step = np.zeros((len(slopes.points), 3))
    step[np.arange(len(step)), slopes.columns] = 1e-4
    at = X[slopes.points]
    found = (gp.means(at + step) - gp.means(at - step))[:, 0] / 2e-4
    np.testing.assert_allclose(found, slopes.values, atol=0.05)


@pytest.mark.parametrize("is_categorical", [NUMBERS, MIXED])
def test_appended_is_refactored(is_categorical):
    X, y, known, rng = data(20, is_categorical=is_categorical)
    known = {x.tobytes(): known[x.tobytes()] for x in X[:14]}
    gp = process(known, is_categorical).condition(X[:14], y[:14])
    noise = rng.uniform(0, 0.1, 6)
    grown = gp.append(X[14:17], y[14:17], noise[:3]).append(X[17:], y[17:], noise[3:])
    Z = data(30, 1, is_categorical)[0]
    full = process({x.tobytes(): known[x.tobytes()] for x in X[gp._slopes.points]}, is_categorical)
    is_used = np.isin(np.arange(20), gp._slopes.points)
    order = np.argsort(~is_used, kind="stable")  # whose slopes are used come first, as the best
    full.condition(X[order], np.where(is_used, 100.0, 0.0)[order], np.append(np.zeros(14), noise)[order])
    full._set_scores(y[order, None])
    np.testing.assert_allclose(grown.predict(Z).mean, full.predict(Z).mean, atol=1e-8)
    np.testing.assert_allclose(grown.predict(Z).std, full.predict(Z).std, atol=1e-8)
    fantasies = gp.append(X[14:17], gp.draw(X[14:17], rng.standard_normal((3, 4))))
    assert fantasies.means(Z).shape == (30, 4)
    assert fantasies.means_of_points.shape == (17, 4)
    before, after = grown.predict(Z), grown.once_complete().predict(Z)
    np.testing.assert_allclose(after.mean, before.mean, atol=1e-12)
    assert np.all(after.std <= before.std + 1e-12)


def test_of_many_slopes_the_best_points_are_used_and_what_no_process_has_is_not():
    rng = np.random.default_rng(0)
    X = rng.random((100, 8))
    y = X.sum(axis=1)
    known = {x.tobytes(): np.ones(8) for x in X}
    best = np.argsort(-y)
    known[X[best[0]].tobytes()][3] = 1e6
    slopes = Slopes.among(X, y, known)
    assert len(slopes.values) <= 300
    assert set(slopes.points) == set(best[: len(set(slopes.points))])
    assert 3 not in slopes.columns[slopes.points == best[0]]
    many = Slopes.among(X[:, :1].repeat(400, axis=1), y, {})
    assert not len(many.values)
