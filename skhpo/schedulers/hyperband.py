"""Hyperband: brackets of successive halving that start with more and more of the resource.

How much a score on little of the resource says is not known. Hyperband hedges: its first bracket trusts it most, with
most trials on the least, its last does not trust it, with some trials on the full resource.

References
----------
L. Li, K. Jamieson, G. DeSalvo, A. Rostamizadeh, A. Talwalkar: Hyperband: a novel bandit-based approach to
hyperparameter optimization. JMLR 18 (2018), algorithm 1.
"""

from __future__ import annotations

import math

from skhpo.schedulers.halving import Rung, halving_bracket


def hyperband_brackets(
    n_trials: int,
    min_resources: int,
    max_resources: int,
    factor: float = 3,
    *,
    n_brackets: int | None = None,
) -> list[list[Rung]]:
    """Return the brackets of Hyperband.

    Parameters
    ----------
    n_trials : int
        Trials of the first rung of the first bracket; eta^s is the paper's number, with s + 1 the rungs there are.
    min_resources, max_resources : int
        No rung has less, each last rung has the latter.
    factor : float
        Eta, above 1.
    n_brackets : int or None
        The most to return; None for all there are, s + 1.

    Examples
    --------
    >>> for bracket in hyperband_brackets(9, 1, 9):
    ...     print([(rung.n_trials, rung.n_resources) for rung in bracket])
    [(9, 1), (3, 3), (1, 9)]
    [(5, 3), (1, 9)]
    [(3, 9)]
    """
    levels = halving_bracket(n_trials, min_resources, max_resources, factor)
    s_max = len(levels) - 1
    n_brackets = s_max + 1 if n_brackets is None else min(n_brackets, s_max + 1)
    brackets = []
    for s in range(s_max, s_max - n_brackets, -1):
        # Each bracket has the budget of the first one: n = ceil(n_0 (s_max + 1) / (s + 1) eta^(s - s_max)).
        n = math.ceil(n_trials * (s_max + 1) / (s + 1) * factor ** (s - s_max) - 1e-9)
        brackets.append(
            [
                Rung(level.number, max(1, math.floor(n * factor**-i + 1e-9)), level.n_resources, level.fraction)
                for i, level in enumerate(levels[s_max - s :])
            ]
        )
    return brackets
