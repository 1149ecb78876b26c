"""Ranges for estimators that people know: what to search when nobody has written a space."""

from skhpo.space.defaults.conditions import nested
from skhpo.space.defaults.registry import default_space, register_space, space_of
from skhpo.space.defaults.traits import Traits
from skhpo.space.defaults.written import DEFAULT, asks_for_default, written_out

__all__ = [
    "DEFAULT",
    "Traits",
    "asks_for_default",
    "default_space",
    "nested",
    "register_space",
    "space_of",
    "written_out",
]
