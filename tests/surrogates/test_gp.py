"""The Gaussian process against scikit-learn's, against finite differences, and against itself."""

import numpy as np
import pytest
from scipy.linalg import solve_triangular
from scipy.stats import lognorm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern

from skhpo.surrogates.gp import GaussianProcess
from skhpo.surrogates.hyperparameters import Hyperparameters, LogNormal, Priors
from skhpo.surrogates.kernel import Distances, column_distances, matern

NUMBERS = np.zeros(3, dtype=bool)
MIXED = np.array([False, True, False])


def data(n=25, seed=0, is_categorical=NUMBERS):
    rng = np.random.default_rng(seed)
    X = rng.random((n, len(is_categorical)))
    X[:, is_categorical] = (np.floor(3 * X[:, is_categorical]) + 0.5) / 3
    y = np.sin(4 * X[:, 0]) + X[:, 1] ** 2 - X[:, 2] * X[:, 0]
    return X, (y - y.mean()) / y.std(), rng


@pytest.mark.parametrize("nu", [1.5, 2.5])
def test_the_posterior_is_scikit_learns(nu):
    X, y, rng = data()
    noise = rng.uniform(0, 0.1, len(y))
    gp = GaussianProcess(NUMBERS, nu=nu)
    gp.theta = Hyperparameters(np.array([0.3, 0.7, 2.0]), 1.7, 0.01)
    gp.condition(X, y, noise)
    kernel = ConstantKernel(1.7) * Matern([0.3, 0.7, 2.0], nu=nu) + ConstantKernel(gp.priors.mean)
    theirs = GaussianProcessRegressor(kernel, alpha=0.01 + noise, optimizer=None).fit(X, y)
    Z = rng.random((40, 3))
    mean, std = theirs.predict(Z, return_std=True)
    np.testing.assert_allclose(gp.predict(Z).mean, mean, atol=1e-10)
    np.testing.assert_allclose(gp.predict(Z).std, std, atol=1e-8)
    np.testing.assert_allclose(gp.means(Z)[:, 0], mean, atol=1e-10)


@pytest.mark.parametrize("nu", [1.5, 2.5])
@pytest.mark.parametrize("lengthscale", [LogNormal(1.0, 1.0), LogNormal(0.2, 0.5)])
@pytest.mark.parametrize("is_categorical", [NUMBERS, MIXED, ~NUMBERS])
def test_the_gradient_is_that_of_the_negative_log_posterior(nu, lengthscale, is_categorical):
    X, y, rng = data(is_categorical=is_categorical)
    gp = GaussianProcess(is_categorical, nu=nu, priors=Priors(lengthscale=lengthscale))
    objective = gp._negative_log_posterior(X, y, rng.uniform(0, 0.1, len(y)))
    for _ in range(5):
        t = gp.start.pack() + 0.5 * rng.standard_normal(5)
        step = 1e-5
        numeric = [(objective(t + step * e)[0] - objective(t - step * e)[0]) / (2 * step) for e in np.eye(5)]
        np.testing.assert_allclose(objective(t)[1], numeric, rtol=1e-6, atol=1e-6)


def test_the_fit_finds_the_mode_and_the_columns_that_matter():
    rng = np.random.default_rng(3)
    X = rng.random((60, 3))
    y = np.sin(6 * X[:, 0])
    gp = GaussianProcess(NUMBERS).fit(X, (y - y.mean()) / y.std())
    _, slope = gp._negative_log_posterior(X, (y - y.mean()) / y.std(), np.zeros(60))(gp.theta.pack())
    at_bound = gp.theta.pack() > np.log(49.9)
    assert np.abs(slope[:-1][~at_bound[:-1]]).max() < 0.5
    assert gp.theta.lengthscales[0] < 0.2 * gp.theta.lengthscales[1:].min()


@pytest.mark.parametrize("is_categorical", [NUMBERS, MIXED])
def test_appended_is_refactored(is_categorical):
    X, y, rng = data(30, is_categorical=is_categorical)
    gp = GaussianProcess(is_categorical).fit(X[:20], y[:20])
    grown = gp.append(X[20:24], y[20:24]).append(X[24:], y[24:], rng.uniform(0, 0.1, 6) * 0)
    full = GaussianProcess(is_categorical)
    full.theta = gp.theta
    full.condition(X, y)
    Z = data(50, 1, is_categorical)[0]
    np.testing.assert_allclose(grown.predict(Z).mean, full.predict(Z).mean, atol=1e-9)
    np.testing.assert_allclose(grown.predict(Z).std, full.predict(Z).std, atol=1e-9)
    np.testing.assert_allclose(grown._factor, full._factor, atol=1e-10)
    assert len(gp.X) == 20  # the one it came from is as it was


def test_once_complete_the_means_are_the_same_and_the_variances_those_without_the_noise():
    X, y, rng = data(30)
    noise = np.where(np.arange(26) % 3, 0.0, 0.5)
    gp = GaussianProcess(NUMBERS).fit(X[:26], y[:26], noise)
    full = GaussianProcess(NUMBERS)
    full.theta = gp.theta
    Z = rng.random((50, 3))
    for noisy, n in ((gp, 26), (gp.append(X[26:], y[26:]), 30)):
        full.condition(X[:n], y[:n])
        before = noisy.predict(Z)
        after = noisy.once_complete().predict(Z)
        np.testing.assert_allclose(after.mean, before.mean, atol=1e-12)
        np.testing.assert_allclose(after.std, full.predict(Z).std, atol=1e-9)
        assert np.all(after.std <= before.std + 1e-12)
        assert after.std.min() < 0.9 * before.std.min()
        np.testing.assert_array_equal(noisy.predict(Z).std, before.std)  # the one it came from is as it was
    assert full.once_complete() is full


def test_each_fantasy_is_a_refit():
    X, y, rng = data(20)
    Z, pending = rng.random((10, 3)), rng.random((3, 3))
    gp = GaussianProcess(NUMBERS).fit(X, y)
    Y = gp.draw(pending, rng.standard_normal((3, 4)))
    fantasies = gp.append(pending, Y)
    for s in range(4):
        full = GaussianProcess(NUMBERS)
        full.theta = gp.theta
        full.condition(np.vstack([X, pending]), np.append(y, Y[:, s]))
        np.testing.assert_allclose(fantasies.means(Z)[:, s], full.predict(Z).mean, atol=1e-9)
        np.testing.assert_allclose(fantasies.predict(Z).std, full.predict(Z).std, atol=1e-9)


def test_draws_have_the_posteriors_moments():
    X, y, rng = data(20)
    gp = GaussianProcess(NUMBERS).fit(X, y)
    Z = rng.random((2, 3))
    draws = gp.draw(Z, rng.standard_normal((2, 20_000)))
    posterior = gp.predict(Z)
    variance = posterior.std**2 + gp.theta.noise
    # Five standard errors: false alarm below 1e-5.
    assert np.all(np.abs(draws.mean(axis=1) - posterior.mean) < 5 * np.sqrt(variance / 20_000))
    np.testing.assert_allclose(draws.var(axis=1), variance, rtol=0.05)


def test_distances_are_those_of_the_columns():
    X = data(20, is_categorical=MIXED)[0]
    l = np.array([0.5, 2.0, 0.1])
    expected = np.tensordot(l**-2, column_distances(X, MIXED), 1)
    np.testing.assert_allclose(Distances(X, MIXED, l)(X), expected, atol=1e-11)


def test_a_category_never_seen_is_one_away_from_all():
    X = np.array([[0.1, 1 / 6], [0.1, 0.5]])
    distances = Distances(X, np.array([False, True]), np.array([1.0, 0.5]))
    np.testing.assert_allclose(distances(np.array([[0.1, 5 / 6], [0.1, 0.5]])), [[4, 4], [4, 0]], atol=1e-12)


def test_a_column_inactive_in_both_does_not_count():
    gp = GaussianProcess(NUMBERS)
    gp.condition(np.array([[0.2, 0.5, 0.5], [0.7, 0.9, 0.5]]), np.array([1.0, -1.0]))
    r2 = gp._distances(np.array([[0.2, 0.5, 0.5]]))
    np.testing.assert_allclose(r2[0], [0, (0.25 + 0.16) / gp.theta.lengthscales[0] ** 2], atol=1e-12)


@pytest.mark.parametrize(
    "X",
    [np.full((12, 3), 0.5), np.repeat(np.random.default_rng(0).random((3, 3)), 40, axis=0), np.full((12, 3), 0.5)
     + 1e-13 * np.random.default_rng(1).random((12, 3))],
    ids=["one point", "forty times each", "differences of 1e-13"],
)  # fmt: skip
def test_singular_points_are_survived(X):
    y = np.random.default_rng(2).standard_normal(len(X))
    gp = GaussianProcess(NUMBERS).fit(X, y)
    assert np.isfinite(gp.predict(X).mean).all()
    gp.theta = gp.theta._replace(noise=1e-300)
    gp.condition(X, y)
    assert np.isfinite(gp.predict(X).std).all()


def test_the_ladder_has_a_last_rung_and_counts():
    gp = GaussianProcess(NUMBERS)
    assert np.isfinite(gp._cholesky(-np.eye(3))).all()
    assert gp.n_rescues == 1
    gp._cholesky(np.ones((3, 3)) - 1e-5 * np.eye(3))
    assert gp.n_rescues == 2


def test_a_fit_that_fails_keeps_the_hyperparameters(monkeypatch):
    X, y, _ = data()
    gp = GaussianProcess(NUMBERS).fit(X, y)
    theta = gp.theta
    result = type("Result", (), {"fun": np.nan, "x": np.full(5, np.nan)})
    monkeypatch.setattr("skhpo.surrogates.gp.minimize", lambda *args, **kwargs: result)
    gp.fit(X, y)
    assert gp.theta is theta
    assert gp.n_rescues == 1


def test_constant_scores_and_one_point():
    for X in (np.array([[0.5, 0.1, 0.9]]), data()[0]):
        gp = GaussianProcess(NUMBERS).fit(X, np.zeros(len(X)))
        np.testing.assert_allclose(gp.predict(X).mean, 0, atol=1e-12)


def test_only_representatives_are_fitted_to():
    X, y, _ = data(300)
    few = GaussianProcess(NUMBERS, n_fit=100).fit(X, y)
    many = GaussianProcess(NUMBERS, n_fit=300).fit(X, y)
    np.testing.assert_allclose(few.theta.lengthscales[0], many.theta.lengthscales[0], rtol=0.5)
    assert len(few.X) == 300


def test_the_prior_is_the_log_normal_density():
    prior = LogNormal(0.4, 0.7)
    x = np.linspace(-3, 3, 601)
    value, slope = prior.penalty(x)
    density = lognorm(s=0.7, scale=np.exp(0.4)).logpdf(np.exp(x))
    np.testing.assert_allclose(value + density, (value + density)[0], atol=1e-9)
    np.testing.assert_allclose(np.gradient(value, x)[1:-1], slope[1:-1], atol=2e-3)
    assert abs(np.exp(x[np.argmin(value)]) - prior.mode) < 0.02


@pytest.mark.parametrize("nu", [1.5, 2.5])
@pytest.mark.parametrize("shape", [(3, 5), (700, 130), (1, 1), (4, 0)])
def test_the_matern_function_in_place_is_the_other_to_the_bit(nu, shape):
    """Also where it is worked out in several parts."""
    rng = np.random.default_rng(0)
    X, Z = rng.random((shape[1], 4)), rng.random((shape[0], 4))
    X[:, 3], Z[:, 3] = rng.integers(3, size=shape[1]), rng.integers(4, size=shape[0])
    distances = Distances(X, np.array([False, False, False, True]), np.array([0.3, 2.0, 0.1, 1.0]))
    expected = 0.7 * matern(distances(Z), nu)[0] + 1.0
    np.testing.assert_array_equal(distances.covariance(Z, nu, 0.7, 1.0), expected)


@pytest.mark.parametrize("n", [127, 128, 300])
def test_many_points_are_solved_for_with_the_inverse(n):
    rng = np.random.default_rng(n)
    X, Z = rng.random((n, 3)), rng.random((50, 3))
    gp = GaussianProcess(np.zeros(3, dtype=bool))
    gp.theta = gp.theta._replace(lengthscales=np.full(3, 5.0), noise=1e-5)  # as ill-conditioned as it may be
    gp.condition(X, np.sin(5 * X).sum(axis=1))
    _, half = gp.project(Z)
    expected = solve_triangular(gp._factor, gp.covariance(Z).T, lower=True)
    assert (half == expected).all() or n >= 128
    np.testing.assert_allclose(half, expected, atol=1e-9)
    grown = gp.append(Z, np.zeros(50))
    _, half = grown.project(Z)
    np.testing.assert_allclose(half, solve_triangular(grown._factor, grown.covariance(Z).T, lower=True), atol=1e-9)
    np.testing.assert_array_equal(gp.means_of_points, gp.means(X))
    np.testing.assert_allclose(grown.means_of_points, grown.means(grown.X))
