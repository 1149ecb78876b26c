"""What a share of the full resource means for a problem: fewer training rows, or fewer iterations."""

from skhpo.fits.amounts.amounts import Amounts, least_and_full
from skhpo.fits.amounts.base import Resource
from skhpo.fits.amounts.iterations import (
    Iterations,
    enough_iterations,
    find_parameter,
    full_iterations,
    given_resource,
    measure_of,
    names_in,
)
from skhpo.fits.amounts.models import Models
from skhpo.fits.amounts.rows import Rows, check_rows, enough_rows, make_rows, n_rows, smallest_rows

__all__ = [
    "Amounts",
    "Iterations",
    "Models",
    "Resource",
    "Rows",
    "check_rows",
    "enough_iterations",
    "enough_rows",
    "find_parameter",
    "full_iterations",
    "given_resource",
    "least_and_full",
    "make_rows",
    "measure_of",
    "n_rows",
    "names_in",
    "smallest_rows",
]
