"""The inverse by halves against LAPACK's."""

import numpy as np
import pytest
from scipy.linalg.lapack import dtrtri

from skhpo.surrogates.triangular import lower_inverse


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n", [1, 2, 95, 96, 97, 193, 300])
def test_it_is_the_inverse(n, order):
    rng = np.random.default_rng(n)
    A = rng.normal(size=(n, n))
    L = np.linalg.cholesky(A @ A.T + 1e-3 * np.eye(n))
    inverse = lower_inverse(np.array(L + np.triu(rng.normal(size=(n, n)), 1), order=order))
    np.testing.assert_array_equal(inverse, np.tril(inverse))
    np.testing.assert_allclose(inverse, np.tril(dtrtri(L, lower=1)[0]), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(inverse @ L, np.eye(n), atol=1e-8)
