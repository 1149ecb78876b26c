"""Runners of fits."""

from skhpo.executors.choice import make_executor

__all__ = ["make_executor"]
