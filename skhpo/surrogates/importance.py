r"""How much of a function's variance each column is responsible for.

Notation
--------
::

    f        (n, d) -> (n,)   function on the unit cube
    A, B     (n, d)           two independent samples of the cube
    A_j      (n, d)           A with column j from B
    T_j      ()               total effect of column j: share of f's variance that is left when all others are known
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import qmc

if TYPE_CHECKING:
    from collections.abc import Callable

    from skhpo.surrogates.kernel import Array

_LOG2_N = 9  # 512 points: shares are then good to about 0.02, far better than the surrogate itself


def total_effects(f: Callable[[Array], Array], d: int, seed: int) -> Array:
    """Total Sobol' indices of a function under the uniform distribution, shape (d,).

    ::

        T_j = mean( (f(A) - f(A_j))^2 ) / (2 var f)     (Jansen 1999; Saltelli et al. 2010, table 2, row f)

    Main effects and all interactions of the column together, so the indices add up to 1 or more.  The same functional
    decomposition of variance under Hutter, Hoos and Leyton-Brown, An Efficient Approach for Assessing Hyperparameter
    Importance, 2014; they use a random forest and report main effects and pairs.  A constant function has indices 0.
    """
    sample = qmc.Sobol(2 * d, scramble=True, seed=np.random.default_rng(seed)).random_base2(_LOG2_N)
    A, B = sample[:, :d], sample[:, d:]
    f_A = f(A)
    variance = float(np.var(np.append(f_A, f(B))))
    effects = np.zeros(d)
    if variance < 1e-20:
        return effects
    for j in range(d):
        A_j = A.copy()
        A_j[:, j] = B[:, j]
        effects[j] = np.mean((f_A - f(A_j)) ** 2) / (2 * variance)
    return effects
