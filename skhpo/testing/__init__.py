"""Conformance suites: whoever writes a new member of a family calls the family's check in a test.

Each check raises an AssertionError that says which rule of the family's contract is broken.
"""

from skhpo.testing.executors import check_executor
from skhpo.testing.hypergradients import check_hypergradient
from skhpo.testing.journals import check_journal
from skhpo.testing.paths import check_path
from skhpo.testing.samplers import check_sampler
from skhpo.testing.schedulers import check_scheduler

__all__ = [
    "check_executor",
    "check_hypergradient",
    "check_journal",
    "check_path",
    "check_sampler",
    "check_scheduler",
]
