"""The least and the full amount of a resource."""

from __future__ import annotations

from typing import Any, NamedTuple

from skhpo.fits.amounts.iterations import enough_iterations, full_iterations
from skhpo.fits.amounts.rows import enough_rows, n_rows, smallest_rows


class Amounts(NamedTuple):
    """A resource, and how much of it a rung has at least, and the last rung.

    Parameters
    ----------
    resource : str
        ``"n_samples"``, or the full name of a parameter.
    least, most : int
        Amounts.
    """

    resource: str
    least: int
    most: int


def least_and_full(problem: Any, resource: str, *, min_resources: Any, max_resources: Any) -> Amounts:
    """Return the least amount that a rung may have, and the full one.

    Parameters
    ----------
    problem : Problem
        Estimator, samples, targets and splits.
    resource : str
        ``"n_samples"`` or the full name of a parameter.
    min_resources : int, "auto", "exhaust" or "smallest"
        What the user wants.
    max_resources : int or "auto"
        What the user wants.

    Raises
    ------
    ValueError
        If there is not as much, or no full amount is known, or it is less than the least.
    """
    if resource == "n_samples":
        n_samples = n_rows(problem.X)
        full, enough, smallest = n_samples, enough_rows(problem, n_samples), smallest_rows(problem)
        if max_resources != "auto" and max_resources > n_samples:
            raise ValueError(
                f"max_resources cannot be more samples than there are, got max_resources={max_resources} and "
                f'{n_samples} samples. Use max_resources="auto" for all of them.'
            )
    else:
        found = full_iterations(problem.estimator, resource)
        if max_resources == "auto" and found is None:
            raise ValueError(
                "resource can only be 'n_samples' when max_resources='auto', unless the estimator has a value for it: "
                f"{resource} is no positive integer. Set it, or max_resources."
            )
        full, smallest = found or 1, 1
        enough = enough_iterations(full if max_resources == "auto" else max_resources)
    full = full if max_resources == "auto" else int(max_resources)
    least = {"auto": min(enough, full), "exhaust": smallest, "smallest": smallest}.get(min_resources, min_resources)
    if least > full:
        raise ValueError(f"min_resources_={least} is greater than max_resources_={full}.")
    return Amounts(resource, int(least), full)
