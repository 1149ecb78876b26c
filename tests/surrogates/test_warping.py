"""Every warp keeps the order, inverts, and survives what searches produce."""

import numpy as np
import pytest

from skhpo.surrogates.warping import HalfRank, Standardised, warp_scores

RNG = np.random.default_rng(0)
CASES = {
    "skewed": -RNG.lognormal(0, 2, 40),
    "far below": np.append(RNG.normal(0.9, 0.01, 20), [-1e10, -1e10, -1e4]),
    "far above": np.append(RNG.normal(0.9, 0.01, 20), 1e10),
    "ties": np.repeat([0.1, 0.5, 0.9], 5),
    "half the best": np.append(np.ones(10), RNG.random(5)),
    "constant": np.full(10, 0.1),
    "huge": RNG.normal(0, 1e100, 12),
    "tiny": RNG.normal(0, 1e-12, 12),
    "three": np.array([1.0, 2.0, 3.0]),
    "one": np.array([4.0]),
}


@pytest.mark.parametrize("fit", [Standardised, warp_scores])
@pytest.mark.parametrize("case", CASES)
def test_order_is_kept_and_values_are_finite(fit, case):
    y = CASES[case]
    warp = fit(y)
    assert warp.z.shape == y.shape
    assert np.isfinite(warp.z).all()
    order = np.argsort(y, kind="stable")
    assert np.all(np.diff(warp.z[order]) >= -1e-9)
    assert np.isfinite(warp.inverse(np.linspace(-5, 5, 30))).all()


@pytest.mark.parametrize("fit", [Standardised, warp_scores])
@pytest.mark.parametrize("case", ["skewed", "ties", "half the best", "tiny", "three"])
def test_the_inverse_inverts(fit, case):
    y = CASES[case]
    warp = fit(y)
    np.testing.assert_allclose(warp.inverse(warp.z), y, atol=1e-7 * np.abs(y).max())
    assert np.all(np.diff(warp.inverse(np.linspace(-4, 4, 50))) >= 0)


def test_constant_scores_become_zeros_whatever_the_rounding():
    for value in (0.1, -1e10, 1 / 3):
        np.testing.assert_allclose(warp_scores(np.full(11, value)).z, 0, atol=1e-12)
        np.testing.assert_allclose(warp_scores(np.full(3, value)).z, 0, atol=1e-12)


def test_half_rank_is_affine_above_and_ranks_below():
    y = np.array([0.0, 1.0, 2.0, 3.0, 5.0])
    z = HalfRank(y).z
    np.testing.assert_allclose(z[2:] / z[3], [0, 1, 3])
    worse = HalfRank(np.array([-1e10, 1.0, 2.0, 3.0, 5.0])).z
    np.testing.assert_allclose(z, worse)
