"""Which cases of a test run each time, where cases show the same in other places and each takes its time."""

import pytest


def slow_but(quick, cases):
    """Return the cases of a parameter; those that are not among the quick ones run with ``-m slow``."""
    cases = list(cases)
    if not set(quick) <= set(cases):
        raise ValueError(f"There is no such case: {sorted(set(quick) - set(cases))}")
    return [case if case in quick else pytest.param(case, marks=pytest.mark.slow) for case in cases]
