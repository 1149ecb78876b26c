"""Total effects of functions whose effects are known."""

import numpy as np

from skhpo.surrogates.importance import total_effects


def test_an_additive_functions_effects_are_its_variances():
    effects = total_effects(lambda U: U[:, 0] + 2 * U[:, 1], 3, seed=0)
    np.testing.assert_allclose(effects, [0.2, 0.8, 0], atol=0.02)


def test_ishigamis_function():
    # Ishigami and Homma 1990 with a=7, b=0.1: total effects 0.5576, 0.4424, 0.2437.
    def ishigami(U):
        x = np.pi * (2 * U - 1)
        return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])

    np.testing.assert_allclose(total_effects(ishigami, 3, seed=1), [0.5576, 0.4424, 0.2437], atol=0.05)


def test_an_interaction_counts_for_both_and_a_constant_for_none():
    effects = total_effects(lambda U: (U[:, 0] - 0.5) * (U[:, 1] - 0.5), 2, seed=0)
    np.testing.assert_allclose(effects, [1, 1], atol=0.1)
    np.testing.assert_array_equal(total_effects(lambda U: np.full(len(U), 0.1), 2, seed=0), 0)
