r"""Monotone transforms of columns, for scores that change faster at one end of a column than at the other.

Notation
--------
::

    u        (n, k)     values of the warped columns, in [0, 1]
    a, b     (k,)       shapes of the transform, positive; the identity at 1
    q        (n, k)     1 - u^a

Equations (Kumaraswamy 1980; for Bayesian optimisation in place of the Beta distribution of Snoek, Swersky, Zemel and
Adams, Input Warping for Bayesian Optimization of Non-Stationary Functions, 2014, as HEBO and BoTorch have it)
---------
(1) w = 1 - q^b
(2) dw/dlog a = a b q^(b-1) u^a log u,   dw/dlog b = -b q^b log q
(3) log a, log b ~ N(0, 0.5^2), independent: without evidence a column stays as it is

A column that is inactive holds 1/2 and goes to w(1/2), the same for all points in which it is inactive: they still do
not differ by it, and the embedding of kernel.py has its imputation at w(1/2).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from skhpo.surrogates.kernel import Array

_SIGMA = 0.5
# Three standard deviations of the prior: shapes from 0.22 to 4.5.
LOG_SHAPE_BOUNDS = (-3 * _SIGMA, 3 * _SIGMA)


class InputWarp(NamedTuple):
    """Kumaraswamy's transform of some columns, the others left as they are.

    Attributes
    ----------
    columns : tuple of int
        Which k columns.
    a, b : ndarray of shape (k,)
    """

    columns: tuple[int, ...] = ()
    a: Array = np.empty(0)
    b: Array = np.empty(0)

    def __call__(self, U: Array) -> Array:
        """Warped points, shape (n, d)."""
        if not self.columns:
            return U
        W = U.copy()
        W[:, self.columns] = kumaraswamy(U[:, self.columns], self.a, self.b)[0]
        return W

    def onto(self, columns: tuple[int, ...]) -> InputWarp:
        """The warp of other columns: as it is on those that stay, the identity on those that are new."""
        shapes = {j: (a, b) for j, a, b in zip(self.columns, self.a, self.b, strict=True)}
        a, b = np.array([shapes.get(j, (1.0, 1.0)) for j in columns]).reshape(-1, 2).T
        return InputWarp(columns, a, b)


def kumaraswamy(u: Array, a: Array, b: Array) -> tuple[Array, Array, Array]:
    """Transform (1) and its slopes (2) in log a and log b, each of shape (n, k)."""
    # At 0 and 1 the slopes are products of 0 and infinity, and their limits 0; next to the ends they are finite.
    log_u = np.log(np.clip(u, 1e-300, 1 - 2.0**-53))
    log_q = np.log(-np.expm1(a * log_u))
    q_to_b = np.exp(b * log_q)
    slope_a = a * b * np.exp((b - 1) * log_q + a * log_u) * log_u
    return 1 - q_to_b, slope_a, -b * q_to_b * log_q


def shape_penalty(x: Array) -> tuple[float, Array]:
    """Negative log prior (3) at logarithms of shapes, up to a constant, and its gradient."""
    z = x / _SIGMA
    return 0.5 * float(z @ z), z / _SIGMA
