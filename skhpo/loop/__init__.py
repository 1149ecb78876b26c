"""The loop that connects a sampler, a scheduler, an executor and a journal."""

from skhpo.loop.run import ReplayError, StopReason, run_search

__all__ = ["ReplayError", "StopReason", "run_search"]
