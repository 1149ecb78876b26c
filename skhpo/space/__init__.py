"""What may be tried: dimensions that encode themselves, and the space they span."""

from skhpo.space.choices import Categorical
from skhpo.space.dimension import Dimension
from skhpo.space.interop import is_plain, warn_of_bounds
from skhpo.space.names import check_names
from skhpo.space.numeric import Float, Int
from skhpo.space.space import Space
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
    "warn_of_bounds",
]
