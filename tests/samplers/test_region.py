"""The model of a descent, its steps and its curvature."""

import numpy as np
import pytest
from scipy.optimize import minimize

from skhpo.samplers.descent import descend
from skhpo.samplers.region import lowest_step, updated


def problems(n):
    """Models with eigenvalues from 1e-3 to 100, in boxes with 0 inside or at a bound."""
    rng = np.random.default_rng(0)
    for _ in range(n):
        d = rng.integers(1, 8)
        A = rng.normal(size=(d, d))
        B = A @ np.diag(10.0 ** rng.uniform(-3, 2, d)) @ A.T + 1e-6 * np.eye(d)
        g = rng.normal(size=d) * 10.0 ** rng.uniform(-2, 1)
        low, high = (rng.uniform(0, 0.3, d) * (rng.random(d) < 0.8) for _ in range(2))
        yield g, B, -low, high


def test_a_step_is_the_lowest_point_of_the_model_in_its_box():
    for g, B, low, high in problems(100):
        step = lowest_step(g, B, low, high)
        assert ((step >= low) & (step <= high)).all()

        def model(p, g=g, B=B):
            return g @ p + p @ B @ p / 2

        found = minimize(
            model,
            np.zeros(len(g)),
            jac=lambda p, g=g, B=B: g + B @ p,
            bounds=list(zip(low, high, strict=True)),
            method="L-BFGS-B",
            options={"ftol": 1e-15, "gtol": 1e-12, "maxiter": 5000, "maxfun": 100_000},
        )
        assert model(step) <= found.fun + 1e-7 * abs(found.fun)


def test_a_curvature_explains_a_step_and_stays_positive():
    rng = np.random.default_rng(0)
    B = np.eye(4)
    for _ in range(50):
        p, y = rng.normal(size=(2, 4))
        before, B = B, updated(B, p, y)
        if p @ y >= 0.2 * p @ before @ p:
            assert B @ p == pytest.approx(y)
        assert np.linalg.eigvalsh(B).min() > 0


def valley(u):
    """A curved valley, with the minimum at (0.8, 0.64)."""
    across, along = u[1] - u[0] ** 2, u[0] - 0.8
    return 20 * across**2 + along**2, np.array([-80 * u[0] * across + 2 * along, 40 * across])


def descended(function, start, noise=1e-7):
    points = []

    def evaluate(u):
        points.append(u.copy())
        return function(u)

    descend(evaluate, np.array(start), lambda: noise)
    return np.array(points)


def test_a_curved_valley_is_followed_to_its_end():
    points = descended(valley, [0.1, 0.9])
    assert min(points, key=lambda u: valley(u)[0]) == pytest.approx([0.8, 0.64], abs=5e-3)
    assert len(points) <= 30


def test_no_step_is_longer_than_three_tenths_of_the_range():
    cliff = descended(lambda u: (-u.sum(), -np.ones(2)), [0.0, 0.0])
    assert np.abs(np.diff(cliff, axis=0)).max() <= 0.3 + 1e-12
    assert cliff[-1] == pytest.approx([1.0, 1.0])


def test_a_coordinate_that_mattered_little_is_looked_at_before_the_end():
    """Where the first is at its minimum, the second still falls slowly, and then steeply."""

    def shelf(u):
        fall = 1e-3 * u[1] + np.exp(-(((u[1] - 0.9) / 0.2) ** 2))
        slope = 1e-3 - 2 * (u[1] - 0.9) / 0.04 * np.exp(-(((u[1] - 0.9) / 0.2) ** 2))
        return 10 * (u[0] - 0.5) ** 2 - fall, np.array([20 * (u[0] - 0.5), -slope])

    points = descended(shelf, [0.2, 0.1], noise=1e-4)
    assert min(points, key=lambda u: shelf(u)[0])[1] == pytest.approx(0.9, abs=0.02)
