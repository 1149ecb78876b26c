"""The loop that connects a sampler, a scheduler, an executor and a journal."""

from skhpo.loop.record import ReplayError
from skhpo.loop.run import StopReason, run_search

__all__ = ["ReplayError", "StopReason", "run_search"]
