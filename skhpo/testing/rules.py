"""How a broken rule is reported."""

from __future__ import annotations


def check(condition: bool, rule: str) -> None:
    """Raise an AssertionError that says which rule is broken, unless the condition holds."""
    if not condition:
        raise AssertionError(rule)
