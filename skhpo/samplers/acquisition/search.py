"""The search for an acquisition's maximum over the true, mixed space.

Every candidate is a configuration that exists: integers and grids are snapped, categories are categories, inactive
columns are at their neutral value, *before* the surrogate sees them.  So the surrogate is exactly constant between
grid points, and no rounding at the end throws the maximum away (Garrido-Merchan and Hernandez-Lobato, 2020).  No
gradient is needed; zeroth-order search over the real space is what HEBO, SMAC3, mlr3mbo and Vizier share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skhpo.samplers.acquisition.improvement import Acquisition
    from skhpo.surrogates.kernel import Array


class Domain(Protocol):
    """What the search must know of a space; points are rows of the unit cube."""

    @property
    def n_columns(self) -> int:
        """Number d of columns."""
        ...

    @property
    def is_categorical(self) -> NDArray[np.bool_]:
        """Which columns are categories, shape (d,)."""
        ...

    @property
    def n_levels(self) -> Array:
        """Number of values of each column, infinite if continuous, shape (d,)."""
        ...

    def snap(self, U: Array) -> Array:
        """Canonical points: nearest existing values, inactive columns at 1/2."""
        ...

    def active(self, U: Array) -> NDArray[np.bool_]:
        """Which columns of each point are active, shape (n, d)."""
        ...


# Steps, in units of the shorter of the cube's edge and a lengthscale: from a quarter, which reaches the next hill, to
# 1 %, below which the posterior of a fitted process does not change.
_STEPS = (0.25, 0.1, 0.04, 0.01)
# Columns of more levels are explored by steps and neighbours; exhausting them would be most of the work.
_N_EXHAUSTIVE = 16
# Categories have no neighbours; of more than these a random sample is looked at, so that time and memory stay bounded.
_N_CATEGORIES = 1000


def maximise(
    acquisition: Acquisition,
    domain: Domain,
    rng: np.random.Generator,
    *,
    good: Array,
    lengthscales: Array,
    n_global: int = 512,
    n_children: int = 192,
) -> tuple[Array, Array]:
    """Search for the maximum of an acquisition.

    Parameters
    ----------
    acquisition : Acquisition
    domain : Domain
    rng : Generator
    good : ndarray of shape (k, d)
        Evaluated points, best first, whose neighbourhoods are searched as well.
    lengthscales : ndarray of shape (d,)
        A step along a column is not longer than its lengthscale.
    n_global : int
        Points drawn over the whole space; half as many are mutations of good ones.
    n_children : int
        Points per round of refinement.

    Returns
    -------
    U : ndarray of shape (m, d)
        All candidates, best first (canonical; they may contain evaluated points and repetitions).
    values : ndarray of shape (m,)
        Their acquisition values.
    """
    d = domain.n_columns
    parents = good[rng.integers(len(good), size=n_global // 2)] if len(good) else np.empty((0, d))
    pool = _Pool(acquisition, domain)
    pool.add(
        domain.snap(rng.random((n_global, d))),
        _mutate(parents, domain, rng, lengthscales, _STEPS[1]),
    )
    n_parents = 8
    for step in _STEPS:
        best = pool.best(n_parents)
        pool.add(_mutate(np.repeat(best, n_children // len(best), axis=0), domain, rng, lengthscales, step))
        n_parents = max(2, n_parents // 2)  # from several hills to the top of the best two
    for _ in range(2):  # twice: a second exchange may need the first
        exchanges = _exchanges(pool.best(2), domain, rng)
        if not len(exchanges):
            break
        pool.add(exchanges)
    return pool.sorted()


class _Pool:
    """Candidates and their values."""

    def __init__(self, acquisition: Acquisition, domain: Domain) -> None:
        self._acquisition = acquisition
        self._U, self._values = np.empty((0, domain.n_columns)), np.empty(0)

    def add(self, *points: Array) -> None:
        U = np.vstack(points)
        values = self._acquisition(U)
        if not np.isfinite(values).all():
            values = np.nan_to_num(values, nan=-np.inf)
        self._U, self._values = np.vstack([self._U, U]), np.append(self._values, values)

    def best(self, k: int) -> Array:
        """The k best different points."""
        rows: dict[bytes, int] = {}  # a point -> where it is first
        for row in np.argsort(-self._values, kind="stable")[: 8 * k].tolist():
            rows.setdefault((self._U[row] + 0.0).tobytes(), row)  # zeros of both signs are one
            if len(rows) == k:
                break
        return self._U[list(rows.values())]

    def sorted(self) -> tuple[Array, Array]:
        order = np.argsort(-self._values, kind="stable")
        return self._U[order], self._values[order]


def _mutate(parents: Array, domain: Domain, rng: np.random.Generator, lengthscales: Array, step: float) -> Array:
    """One child a parent: each column changes with probability max(1.5/d, 0.3), at least one does."""
    m, d = parents.shape
    if m == 0:
        return parents
    changes = rng.random((m, d)) < max(1.5 / d, 0.3)
    changes[np.arange(m), rng.integers(d, size=m)] = True
    n_levels = domain.n_levels
    move = rng.standard_normal((m, d)) * (step * np.minimum(lengthscales, 1.0))
    # Whatever the step, a column of levels moves by at least one of them.
    move = np.where(np.isfinite(n_levels), np.sign(move) * np.maximum(np.abs(move), 1 / n_levels), move)
    # Stopped at the border, not reflected: the best of a monotone column is the border itself.
    moved = np.clip(parents + move, 0.0, 1.0)
    fresh = rng.random((m, d))
    moved = np.where(domain.is_categorical, fresh, moved)
    # A column that is inactive in the parent may become active in the child: it gets a value then, and snap takes it
    # away again where it does not.
    return domain.snap(np.where(domain.active(parents), np.where(changes, moved, parents), fresh))


def _exchanges(points: Array, domain: Domain, rng: np.random.Generator) -> Array:
    """Every point that differs from one of these in one discrete column (the neighbours, where levels are many)."""
    found = []
    for point in points:
        active = domain.active(point[None])[0]
        for j in np.flatnonzero(np.isfinite(domain.n_levels) & active):
            K = int(domain.n_levels[j])
            if domain.is_categorical[j] and K > _N_CATEGORIES:
                levels = (np.floor(rng.random(_N_CATEGORIES) * K) + 0.5) / K
            elif domain.is_categorical[j] or K <= _N_EXHAUSTIVE:
                levels = (np.arange(K) + 0.5) / K
            else:
                levels = np.clip(point[j] + np.array([-3, -2, -1, 1, 2, 3]) / K, 0.0, 1.0)
            rows = np.where(active, point, rng.random((len(levels), len(point))))
            rows[:, j] = levels
            found.append(rows)
    return domain.snap(np.vstack(found)) if found else np.empty((0, points.shape[1]))
