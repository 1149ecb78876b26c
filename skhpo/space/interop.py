"""What a user may write for a parameter, and the dimension it means.

Objects of scikit-optimize and Optuna are told by their attributes, so that neither library is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scipy.stats import rv_continuous, rv_discrete

from skhpo.space.choices import Categorical, listed
from skhpo.space.dimension import Dimension
from skhpo.space.discrete import discrete
from skhpo.space.distribution import ContinuousDistribution, Sampled, support
from skhpo.space.numeric import Float, Int
from skhpo.space.values import is_number


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
    return _of_sequence(name, value)


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


def _of_sequence(name: str, values: Any) -> Dimension:
    is_list = hasattr(values, "__len__") and hasattr(values, "__iter__") and getattr(values, "ndim", 1) > 0
    if isinstance(values, str | bytes | Mapping | set | frozenset) or not is_list:
        raise TypeError(
            f"Parameter {name!r} needs a list of values, a distribution or a dimension, got {values!r}. "
            "Put a single value into a list; for a range write Float(low, high) or Int(low, high)."
        )
    if len(values) == 0:
        raise ValueError(f"Parameter {name!r} needs at least one value, got {values!r}. Leave it out to not search it.")
    is_range = isinstance(values, tuple) and len(values) == 3 and all(map(is_number, values[:2]))
    if is_range and str(values[2]) in {"uniform", "log-uniform"}:
        log = ", log=True" if values[2] == "log-uniform" else ""
        raise ValueError(
            f"Parameter {name!r} needs a dimension for a range, and a tuple is a list of values, got {values!r}. "
            f"Write Float({values[0]!r}, {values[1]!r}{log}) or Int."
        )
    return listed(values)


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
        return listed(min(low + i * step, high) for i in range(round((high - low) / step) + 1))
    return Float(low, high, log=log)
