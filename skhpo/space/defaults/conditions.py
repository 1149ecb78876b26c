"""Moving spaces about: below the name of a step, and with conditions that still can be met."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skhpo.space.dimension import Dimension, Discrete, OutsideError
from skhpo.space.interop import as_dimension
from skhpo.space.values import same

if TYPE_CHECKING:
    from collections.abc import Mapping


def nested(space: Mapping[str, Any], prefix: str, when: Mapping[str, Any] | None = None) -> dict[str, Dimension]:
    """Return a space of a part as one of the whole.

    Parameters
    ----------
    space : dict of str to dimension or list
        Of the part.
    prefix : str
        The name of the part.
    when : dict of str to list, default=None
        A condition on parameters of the whole, for all of them.

    Returns
    -------
    space : dict of str to Dimension
        With names ``prefix__name``, in the conditions too.

    Examples
    --------
    >>> from skhpo.space import Categorical, Float
    >>> nested({"C": Float(0.1, 10.0)}, "svm", when={"choice": ["svm"]})
    {'svm__C': Float(0.1, 10.0, when={'choice': ['svm']})}
    """
    return {f"{prefix}__{name}": _moved(as_dimension(name, value), prefix, when) for name, value in space.items()}


def _moved(dimension: Dimension, prefix: str, when: Mapping[str, Any] | None) -> Dimension:
    conditions = {f"{prefix}__{parent}": values for parent, values in (dimension.when or {}).items()}
    return replace(dimension, when={**(when or {}), **conditions} or None)


def without_settled(space: Mapping[str, Any], estimator: Any) -> dict[str, Dimension]:
    """Leave out what a user has settled: a parameter without order that has another value than that of its class.

    Parameters
    ----------
    space : dict of str to dimension or list
        Of the estimator itself, without parts.
    estimator : estimator
        Its values.

    Examples
    --------
    >>> from sklearn.kernel_ridge import KernelRidge
    >>> from skhpo.space import Categorical, Float
    >>> space = {"kernel": Categorical(["linear", "rbf"]), "gamma": Float(0.1, 1.0, when={"kernel": "rbf"})}
    >>> without_settled(space, KernelRidge(kernel="rbf"))
    {'gamma': Float(0.1, 1.0)}
    >>> without_settled(space, KernelRidge(kernel="poly"))
    {}
    """
    dimensions = {name: as_dimension(name, value) for name, value in space.items()}
    own, given = estimator.get_params(deep=False), _defaults(type(estimator))
    settled = {
        name: own[name]
        for name, dimension in dimensions.items()
        if dimension.is_categorical and name in own and name in given and not same(own[name], given[name])
    }
    return met({name: dimensions[name] for name in dimensions if name not in settled}, settled)


def _defaults(kind: type) -> dict[str, Any]:
    parameters = inspect.signature(kind).parameters.values()
    return {each.name: each.default for each in parameters if each.default is not each.empty}


def met(
    space: Mapping[str, Dimension], settled: Mapping[str, Any], beside: Mapping[str, Dimension] | None = None
) -> dict[str, Dimension]:
    """Return a space in which each condition can be met.

    Parameters
    ----------
    space : dict of str to Dimension
        Some of whose conditions may be about parameters that are not searched.
    settled : mapping of str to object
        Values of those that are known; a condition that they meet is dropped.
    beside : dict of str to Dimension, default=None
        Others that are searched too.

    Returns
    -------
    space : dict of str to Dimension
        Without the parameters whose condition cannot be met.
    """
    found = dict(space)
    while True:
        parents = {**found, **(beside or {})}
        kept = {name: _met(dimension, parents, settled) for name, dimension in found.items()}
        kept_only = {name: dimension for name, dimension in kept.items() if dimension is not None}
        if len(kept_only) == len(found):
            return kept_only
        found = kept_only


def _met(dimension: Dimension, parents: Mapping[str, Dimension], settled: Mapping[str, Any]) -> Dimension | None:
    conditions: dict[str, Any] = {}
    for parent, values in (dimension.when or {}).items():
        if parent in parents:
            conditions[parent] = [value for value in values if _holds(parents[parent], value)]
        elif not any(same(value, settled.get(parent)) for value in values):
            return None
    if not all(conditions.values()):
        return None
    return replace(dimension, when=conditions or None)


def _holds(parent: Dimension, value: Any) -> bool:
    if not isinstance(parent, Discrete):
        return False
    try:
        parent.find(value)
    except OutsideError:
        return False
    return True
