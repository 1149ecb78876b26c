"""The table of all default spaces, by the class.

A class is known by the public module where users find it and by its name, so no library is imported for it. A subclass
has the space of its base, as far as it has its parameters.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias

from skhpo.space.defaults import (
    bayes,
    boosting,
    clustering,
    composites,
    discriminant,
    encoders,
    imputers,
    kernels,
    linear,
    neighbours,
    neural,
    outliers,
    reducers,
    scalers,
    selectors,
    svm,
    texts,
    third_party,
    trees,
)
from skhpo.space.defaults.conditions import without_settled
from skhpo.space.defaults.traits import traits_of
from skhpo.space.interop import as_dimension
from skhpo.space.tree import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from skhpo.space.defaults.traits import Traits
    from skhpo.space.dimension import Dimension

    Ranges: TypeAlias = Mapping[str, Any] | Callable[[Any, Traits], Mapping[str, Any]]

_FAMILIES = (
    linear,
    svm,
    neighbours,
    trees,
    boosting,
    neural,
    bayes,
    discriminant,
    kernels,
    clustering,
    outliers,
    scalers,
    imputers,
    encoders,
    texts,
    selectors,
    reducers,
    third_party,
)

SPACES: dict[str, Ranges] = {}
for _family in _FAMILIES:
    SPACES.update(_family.SPACES)

_REGISTERED: dict[type, Ranges] = {}


class UnknownEstimatorError(ValueError):
    """Nobody has said what to search of an estimator."""


def default_space(estimator: Any, X: Any = None, y: Any = None) -> dict[str, Dimension]:
    """Return what to search of an estimator that is known.

    The ranges fit the data: bounds depend on rows, columns, classes and scales. Of a pipeline, they are those of all
    steps. What has no order, such as a kernel, is left as it is where it differs from the default of its class. Which
    ranges these are, and where each came from: :doc:`/guide/default_spaces`.

    Parameters
    ----------
    estimator : estimator object
        Of scikit-learn, xgboost, lightgbm or catboost, a pipeline of them, or of a class that was registered.
    X : array-like of shape (n_samples, n_features), default=None
        The data. None stands for 1,000 rows and 20 columns.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
        Its target.

    Returns
    -------
    space : dict of str to Float, Int or Categorical
        Empty where an estimator has nothing to tune, as `LinearRegression`.

    Raises
    ------
    ValueError
        If the estimator is not known.

    See Also
    --------
    register_space : For estimators of your own.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.svm import SVC
    >>> from skhpo import default_space
    >>> default_space(make_pipeline(StandardScaler(), SVC()))
    {'svc__C': Float(0.01, 1000.0, log=True), 'svc__gamma': Float(0.0005, 5.0, log=True)}
    """
    data = traits_of(X, y, is_classifier=_is_classifier(estimator))
    return space_of(estimator, data)


def register_space(kind: type, space: Ranges) -> None:
    """Say what to search of a class of estimators, so that ``"default"`` knows it.

    Parameters
    ----------
    kind : type
        The class; its subclasses are meant too.
    space : dict or callable
        For each parameter a `Float`, `Int`, `Categorical` or list, or ``space(estimator, data)`` that returns such a
        dict. ``data`` is a `skhpo.space.defaults.Traits`: rows, columns, scales.

    Raises
    ------
    TypeError
        If it is no class, or neither a dict nor a function.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skhpo import Float, default_space, register_space
    >>> class Mine(Ridge):
    ...     pass
    >>> register_space(Mine, {"alpha": Float(0.1, 10.0, log=True)})
    >>> default_space(Mine())
    {'alpha': Float(0.1, 10.0, log=True)}
    """
    if not isinstance(kind, type):
        raise TypeError(f"register_space needs a class, got {kind!r}. Write type(estimator).")
    if not (callable(space) or hasattr(space, "items")):
        raise TypeError(
            f"register_space needs a dict or a function space(estimator, data), got {space!r}. Write for example "
            '{"alpha": Float(1e-3, 1e3, log=True)}.'
        )
    _REGISTERED[kind] = space


def space_of(estimator: Any, data: Traits, *, is_lenient: bool = False) -> dict[str, Dimension]:
    """Return what to search of an estimator in view of some data.

    Parameters
    ----------
    estimator : estimator
        Of a class that is known, or made of such.
    data : Traits
        What it is to see.
    is_lenient : bool, default=False
        Whether nothing is searched of an estimator that is not known, nor of such a part.

    Raises
    ------
    UnknownEstimatorError
        If nobody has said what.
    """
    for kind in type(estimator).__mro__:
        if kind in _REGISTERED:
            return _written(_REGISTERED[kind], estimator, data)
        name = public_name(kind)
        if name in composites.PARTS:
            return composites.PARTS[name](estimator, data, lenient_space_of if is_lenient else space_of)
        if name in SPACES:
            space = _written(SPACES[name], estimator, data)
            if not name.startswith("catboost."):  # whose get_params lists what was given only
                known = estimator.get_params(deep=False)
                space = {name: space[name] for name in space if name in known}
            return without_settled(space, estimator)
    if is_lenient:
        return {}
    raise _unknown(estimator)


def lenient_space_of(estimator: Any, data: Traits, *, is_lenient: bool = True) -> dict[str, Dimension]:  # noqa: ARG001
    """Return the same, and nothing for what is not known."""
    return space_of(estimator, data, is_lenient=True)


def _written(ranges: Ranges, estimator: Any, data: Traits) -> dict[str, Dimension]:
    found = ranges(estimator, data) if callable(ranges) else ranges
    return {name: as_dimension(name, value) for name, value in found.items()}


def public_name(kind: type) -> str | None:
    """Return under which name of the table users find a class; None if it is not there."""
    library = kind.__module__.partition(".")[0]
    for name in _NAMES.get(kind.__name__, ()):
        module, _, _ = name.rpartition(".")
        if module.partition(".")[0] == library and getattr(sys.modules.get(module), kind.__name__, None) is kind:
            return name
    return None


def _unknown(estimator: Any) -> UnknownEstimatorError:
    name = type(estimator).__name__
    return UnknownEstimatorError(
        f'"default" needs an estimator whose space is known, got {name}.{did_you_mean(name, _NAMES)} '
        f"Write a space, or say once what to search: skhpo.register_space({name}, {{...}})."
    )


def _is_classifier(estimator: Any) -> bool:
    kind = getattr(estimator, "_estimator_type", None)
    if kind is None and hasattr(estimator, "__sklearn_tags__"):
        kind = estimator.__sklearn_tags__().estimator_type
    return bool(kind == "classifier")


_NAMES: dict[str, list[str]] = {}
for _name in [*SPACES, *composites.PARTS]:
    _NAMES.setdefault(_name.rpartition(".")[2], []).append(_name)
