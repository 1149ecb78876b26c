"""The warp of columns: its slopes, what it leaves alone, and that it finds a bent column."""

import numpy as np
import pytest

from skhpo.surrogates.gp import GaussianProcess
from skhpo.surrogates.hyperparameters import Hyperparameters
from skhpo.surrogates.input_warping import InputWarp, kumaraswamy
from skhpo.surrogates.score_model import ModelOptions, ScoreModel

MIXED = np.array([False, True, False, False])


def data(n=30, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.random((n, 4))
    X[:, 1] = (np.floor(3 * X[:, 1]) + 0.5) / 3
    X[::5, 2] = 0.5  # inactive in some
    X[1, 0], X[2, 0] = 0.0, 1.0
    y = np.sin(8 * X[:, 0] ** 3) + 0.3 * X[:, 1] + (X[:, 2] - 0.5) ** 2
    return X, (y - y.mean()) / y.std(), rng


def warped(gp, columns=(0, 2), a=(2.0, 0.5), b=(0.7, 1.5)):
    warp = InputWarp(columns, np.array(a), np.array(b))
    gp.theta = Hyperparameters(np.array([0.3, 0.7, 2.0, 1.0]), 1.7, 0.01, warp)
    return gp


def test_the_transform_keeps_order_and_ends():
    u = np.linspace(0, 1, 101)[:, None]
    for a, b in [(1, 1), (0.25, 4), (4, 0.25), (4, 4), (0.25, 0.25)]:
        w, slope_a, slope_b = kumaraswamy(u, np.array([a]), np.array([b]))
        # The last point is one rounding below 1, and 1e-16 to the power of a quarter is 1e-4.
        np.testing.assert_allclose(w[[0, -1], 0], [0, 1], atol=2e-4)
        assert np.all(np.diff(w[:, 0]) >= 0)
        assert np.isfinite(slope_a).all()
        assert np.isfinite(slope_b).all()
    np.testing.assert_allclose(kumaraswamy(u, np.ones(1), np.ones(1))[0], u, atol=1e-15)


def test_the_slopes_are_those_of_the_transform():
    u = np.array([0.0, 1e-9, 0.01, 0.3, 0.5, 0.9, 1 - 1e-6])[:, None]
    t = np.array([0.4, -0.6])
    step = 1e-6

    def w(t):
        return kumaraswamy(u, *np.exp(t)[:, None])[0]

    _, *slopes = kumaraswamy(u, *np.exp(t)[:, None])
    for slope, e in zip(slopes, np.eye(2), strict=True):
        np.testing.assert_allclose(slope, (w(t + step * e) - w(t - step * e)) / (2 * step), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("nu", [1.5, 2.5])
@pytest.mark.parametrize("columns", [(0,), (0, 2), (0, 2, 3)])
def test_the_gradient_is_that_of_the_negative_log_posterior(nu, columns):
    X, y, rng = data()
    gp = GaussianProcess(MIXED, nu=nu)
    objective = gp._negative_log_posterior(X, y, rng.uniform(0, 0.1, len(y)), columns)
    start = gp.start._replace(warp=InputWarp().onto(columns)).pack()
    for _ in range(5):
        t = start + 0.5 * rng.standard_normal(len(start))
        step = 1e-5
        numeric = [(objective(t + step * e)[0] - objective(t - step * e)[0]) / (2 * step) for e in np.eye(len(t))]
        np.testing.assert_allclose(objective(t)[1], numeric, rtol=1e-6, atol=1e-6)


def test_the_identity_changes_nothing():
    X, y, _ = data()
    gp = GaussianProcess(MIXED)
    columns = (0, 3)
    plain = gp._negative_log_posterior(X, y, np.zeros(len(y)))
    bent = gp._negative_log_posterior(X, y, np.zeros(len(y)), columns)
    t = gp.start.pack()
    identity = gp.start._replace(warp=InputWarp().onto(columns)).pack()
    assert bent(identity)[0] == pytest.approx(plain(t)[0], rel=1e-12)
    np.testing.assert_allclose(bent(identity)[1][: len(t)], plain(t)[1], atol=1e-9)


def test_packed_hyperparameters_come_back():
    theta = warped(GaussianProcess(MIXED)).theta
    again = Hyperparameters.unpack(theta.pack(), theta.warp.columns)
    np.testing.assert_allclose(again.pack(), theta.pack())
    assert again.warp.columns == (0, 2)


def test_a_warped_process_is_one_of_warped_points():
    X, y, rng = data()
    gp = warped(GaussianProcess(MIXED)).condition(X[:20], y[:20])
    plain = GaussianProcess(MIXED)
    plain.theta = gp.theta._replace(warp=InputWarp())
    warp = gp.theta.warp
    plain.condition(warp(X[:20]), y[:20])
    Z = data(12, 1)[0]
    np.testing.assert_allclose(gp.predict(Z), plain.predict(warp(Z)), atol=1e-10)
    np.testing.assert_allclose(gp.covariance_with(Z, Z[0]), plain.covariance_with(warp(Z), warp(Z)[0]), atol=1e-12)
    grown, theirs = gp.append(X[20:], y[20:]), plain.append(warp(X[20:]), y[20:])
    np.testing.assert_allclose(grown.predict(Z), theirs.predict(warp(Z)), atol=1e-9)
    normal = rng.standard_normal((12, 3))
    np.testing.assert_allclose(gp.draw(Z, normal), plain.draw(warp(Z), normal), atol=1e-9)
    np.testing.assert_array_equal(warp(X)[:, [1, 3]], X[:, [1, 3]])


def test_a_column_inactive_in_both_does_not_count_and_else_it_does():
    gp = warped(GaussianProcess(MIXED))
    gp.condition(np.array([[0.2, 0.5, 0.5, 0.1], [0.2, 0.5, 0.9, 0.1]]), np.array([1.0, -1.0]))
    inactive = np.array([[0.2, 0.5, 0.5, 0.1]])
    half, high = kumaraswamy(np.array([0.5, 0.9]), 0.5, 1.5)[0]
    np.testing.assert_allclose(gp._distances(gp.theta.warp(inactive))[0], [0, ((high - half) / 2) ** 2], atol=1e-12)


def test_only_enough_scores_warp_and_only_the_shortest_columns():
    rng = np.random.default_rng(0)
    is_categorical = np.arange(9) == 4
    X = rng.random((40, 9))
    gp = GaussianProcess(is_categorical, input_warp=True)
    y = rng.standard_normal(40)
    assert gp.fit(X[:26], y[:26]).theta.warp.columns == ()
    warp = gp.fit(X[:27], y[:27]).theta.warp
    assert len(warp.columns) == 5
    assert 4 not in warp.columns
    assert gp.fit(X[:26], y[:26], starts=[gp.theta]).theta.warp.columns == ()
    assert GaussianProcess(is_categorical).fit(X, y).theta.warp.columns == ()
    assert GaussianProcess(np.ones(9, dtype=bool), input_warp=True).fit(X, y).theta.warp.columns == ()


def test_columns_that_stay_keep_their_shapes():
    warp = InputWarp((0, 2), np.array([2.0, 3.0]), np.array([0.5, 0.7])).onto((2, 3))
    np.testing.assert_array_equal([warp.a, warp.b], [[3.0, 1.0], [0.7, 1.0]])
    assert warp.onto(()).columns == ()


def test_a_bent_column_is_straightened():
    rng = np.random.default_rng(1)
    X, Z = rng.random((40, 2)), rng.random((200, 2))

    def f(X):
        return np.sin(12 * X[:, 0] ** 4)

    y = f(X)
    plain, bent = (GaussianProcess(np.zeros(2, dtype=bool), input_warp=on).fit(X, y) for on in (False, True))
    assert bent.theta.warp.a[0] > 1.5
    error = [np.sqrt(np.mean((gp.predict(Z).mean - f(Z)) ** 2)) for gp in (plain, bent)]
    assert error[1] < 0.7 * error[0]


def test_the_belief_depends_on_what_was_told_alone():
    X, y, _ = data(45)
    asked, told = (ScoreModel(MIXED, ModelOptions(input_warp=True)) for _ in range(2))
    for row, value in zip(X, y, strict=True):
        asked.tell(row, np.array([value]))
        asked.belief()
        told.tell(row, np.array([value]))
    ours, theirs = asked.belief().gp, told.belief().gp
    assert ours.theta.warp.columns
    np.testing.assert_array_equal(ours.theta.pack(), theirs.theta.pack())
    np.testing.assert_array_equal(ours.means(X), theirs.means(X))
