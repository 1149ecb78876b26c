"""Runners of fits."""

from skhpo.executors.choice import make_executor
from skhpo.executors.folder import SharedFolder

__all__ = ["SharedFolder", "make_executor"]
