"""What a user may write for a parameter, and the dimension it means.

Objects of scikit-optimize and Optuna are told by their attributes, so that neither library is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from scipy.stats import rv_continuous, rv_discrete

from skhpo.messages.callers import warn
from skhpo.space.choices import Categorical, listed
from skhpo.space.dimension import Dimension
from skhpo.space.discrete import discrete
from skhpo.space.distribution import ContinuousDistribution, Sampled, support
from skhpo.space.numeric import Float, Int
from skhpo.space.values import is_number, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


def as_dimension(name: str, value: Any) -> Dimension:
    """Return the dimension that a user's value for a parameter means.

    Parameters
    ----------
    name : str
        The parameter, for messages.
    value : object
        A dimension, a list, a distribution of scipy.stats, a dimension of scikit-optimize or one of Optuna.

    Returns
    -------
    dimension : Dimension

    Raises
    ------
    TypeError
        If it is none of them.
    ValueError
        If it is one of them and says something that cannot be.
    """
    if isinstance(value, Dimension):
        return value
    try:
        foreign = _foreign_dimension(value)
        if foreign is not None:
            return foreign
        if hasattr(value, "rvs"):
            return _of_distribution(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Parameter {name!r}: {error}") from error
    check_values(name, value)
    return listed(value)


def check_values(name: str, values: Any) -> None:
    """Raise if what a user wrote for a parameter is no list of values.

    Parameters
    ----------
    name : str
        The parameter, for messages.
    values : object
        Neither a dimension nor a distribution.

    Raises
    ------
    TypeError
        If it is no list.
    ValueError
        If it is empty, too long to be counted, an array of more dimensions than one, or meant as a range.
    """
    is_list = hasattr(values, "__len__") and hasattr(values, "__iter__") and getattr(values, "ndim", 1) > 0
    if isinstance(values, str | bytes | Mapping | set | frozenset) or not is_list:
        raise TypeError(
            f"Parameter {name!r} needs a list of values, a distribution or a dimension, got {shown(values)}. "
            "Put a single value into a list; for a range write Float(low, high) or Int(low, high)."
        )
    if getattr(values, "ndim", 1) > 1:
        # The first words are scikit-learn's.
        raise ValueError(
            f"Parameter array for {name!r} should be one-dimensional, got: {shown(values)} with shape {values.shape}. "
            "Write list(...) if its rows are the values."
        )
    if count(name, values) == 0:
        raise ValueError(f"Parameter {name!r} needs at least one value, got {values!r}. Leave it out to not search it.")
    if _is_range_with_prior(values):
        log = ", log=True" if values[2] == "log-uniform" else ""
        raise ValueError(
            f"Parameter {name!r} needs a dimension for a range, and a tuple is a list of values, got {values!r}. "
            f"Write Float({values[0]!r}, {values[1]!r}{log}) or Int."
        )


def count(name: str, values: Sequence[Any]) -> int:
    """Return the number of values of a parameter.

    Raises
    ------
    ValueError
        If Python cannot count them, as those of ``range(10**20)``.
    """
    try:
        return len(values)
    except OverflowError:
        raise ValueError(
            f"Parameter {name!r} needs fewer than 2**63 values, got {shown(values)}. Draw from a distribution, as "
            "Float(low, high)."
        ) from None


def warn_of_bounds(param_distributions: Any) -> None:
    """Warn of a tuple of two numbers, which scikit-optimize takes for a range, and everyone else for two values.

    Parameters
    ----------
    param_distributions : dict or list of dicts
        The space as a user writes it.

    Warns
    -----
    UserWarning
        For each such parameter.
    """
    for branch in dicts_of(param_distributions):
        for name, values in branch.items():
            if isinstance(values, tuple) and len(values) == 2 and all(map(is_number, values)) and values[0] < values[1]:
                low, high = values
                dimension = "Int" if all(isinstance(bound, Integral) for bound in values) else "Float"
                warn(
                    f"Parameter {name!r} has two values to try, {low!r} and {high!r}, as a tuple is a list of values. "
                    f"For the range between them write {dimension}({low!r}, {high!r}); for the two values write "
                    f"[{low!r}, {high!r}].",
                    UserWarning,
                )


def is_plain(param_distributions: Any) -> bool:
    """Whether scikit-learn can search a space by itself: it holds nothing but lists and distributions.

    Parameters
    ----------
    param_distributions : dict or list of dicts
        The space as a user writes it.

    Returns
    -------
    is_plain : bool

    Raises
    ------
    TypeError
        If it is neither a dict nor a list of dicts.

    Examples
    --------
    >>> from skhpo.space import Float, is_plain
    >>> is_plain({"C": [0.1, 1.0, 10.0]})
    True
    >>> is_plain([{"C": [0.1, 1.0, 10.0]}, {"C": Float(0.1, 10.0)}])
    False
    """
    return not any(
        isinstance(value, Dimension | rv_continuous | rv_discrete)  # those are distributions without arguments
        or _is_foreign_range(value)
        or _foreign_choices(value) is not None
        for branch in dicts_of(param_distributions)
        for value in branch.values()
    )


def dicts_of(param_distributions: Any) -> list[Mapping[str, Any]]:
    """Return the dicts of a space, of a single one a list.

    Raises
    ------
    TypeError
        If it is neither a dict nor a list of them.
    """
    dicts = [param_distributions] if isinstance(param_distributions, Mapping) else param_distributions
    if not isinstance(dicts, list | tuple) or not all(isinstance(each, Mapping) for each in dicts):
        raise TypeError(
            "A space needs to be a dict of parameter names to values, or a list of such dicts, "
            f'got {param_distributions!r}. Write for example {{"C": [1, 10, 100]}}.'
        )
    return list(dicts)


def _of_distribution(distribution: Any) -> Dimension:
    if not (hasattr(distribution, "cdf") and hasattr(distribution, "ppf")):
        return Sampled(distribution)
    support(distribution)
    return discrete(distribution) if hasattr(distribution, "pmf") else ContinuousDistribution(distribution)


def _is_range_with_prior(values: Any) -> bool:
    """Whether it is what scikit-optimize takes for a range: its ends, how to draw, and perhaps a base of logarithms."""
    return (
        isinstance(values, tuple)
        and len(values) in {3, 4}
        and all(map(is_number, values[:2]))
        and isinstance(values[2], str)
        and values[2] in {"uniform", "log-uniform"}
    )


def _is_foreign_range(value: Any) -> bool:
    """Whether it is a Real or Integer of scikit-optimize, or a FloatDistribution or IntDistribution of Optuna."""
    return all(hasattr(value, end) for end in ("low", "high")) and (
        isinstance(getattr(value, "prior", None), str) or isinstance(getattr(value, "log", None), bool)
    )


def _foreign_choices(value: Any) -> list[Any] | tuple[Any, ...] | None:
    """Return the values of a Categorical of scikit-optimize or a CategoricalDistribution of Optuna, else None."""
    # Other classes have attributes of these names, which are methods or arrays.
    found = getattr(value, "categories", getattr(value, "choices", None))
    return found if isinstance(found, list | tuple) and not isinstance(value, Dimension) else None


def _foreign_dimension(value: Any) -> Dimension | None:
    choices = _foreign_choices(value)
    if choices is not None:
        return Categorical(choices)
    if not _is_foreign_range(value):
        return None
    low, high, step = value.low, value.high, getattr(value, "step", None)
    log = value.prior == "log-uniform" if hasattr(value, "prior") else value.log
    if low == high:
        return Categorical([low])
    # Integer, IntDistribution: the bounds of a Real may be ints as well.
    if any(kind.__name__.startswith("Int") for kind in type(value).__mro__):
        return listed(range(low, high + 1, step)) if step not in (None, 1) else Int(low, high, log=log)
    if step is not None:
        # As Optuna computes them: a user's own multiples of the step.
        return listed([min(low + i * step, high) for i in range(round((high - low) / step) + 1)])
    return Float(low, high, log=log)
