"""What may be tried: dimensions that encode themselves, and the space they span."""

import sys
from typing import TYPE_CHECKING, Never

from skhpo.messages.names import DIMENSIONS, refuse
from skhpo.space.choices import Categorical
from skhpo.space.dimension import Dimension
from skhpo.space.interop import is_plain, warn_of_bounds
from skhpo.space.names import check_names
from skhpo.space.numeric import Float, Int
from skhpo.space.space import Space, space_of
from skhpo.space.values import params_key

__all__ = [
    "Categorical",
    "Dimension",
    "Float",
    "Int",
    "Space",
    "check_names",
    "is_plain",
    "params_key",
    "space_of",
    "warn_of_bounds",
]

if not TYPE_CHECKING:  # a type checker would take any name for known

    def __getattr__(name: str) -> Never:
        refuse(sys.modules[__name__], name, DIMENSIONS)
