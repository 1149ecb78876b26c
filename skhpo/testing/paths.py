"""Whether shorter models stand inside longer ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone

from skhpo.estimators.facts import Shape
from skhpo.estimators.hops import NoRouteError
from skhpo.estimators.routes import Listener, objection_to, route_to
from skhpo.testing.rules import check

if TYPE_CHECKING:
    from collections.abc import Sequence

    from skhpo.estimators.facts import Training

_METHODS = ("predict", "predict_proba", "decision_function", "score_samples", "transform")


def check_path(estimator: Any, parameter: str, values: Sequence[Any], X: Any, y: Any = None) -> None:
    """Check that one fit holds what fits with smaller values of a parameter give, to the bit.

    Parameters
    ----------
    estimator : estimator
        With the settings that are to be checked.
    parameter : str
        The path parameter; through pipelines and wrappers as `set_params` takes it.
    values : sequence
        At least two values, in any order. Take some on both sides of round numbers: defaults may depend on them.
    X, y : array-like
        Samples to fit and to predict.

    Raises
    ------
    AssertionError
        If no path is known, or something speaks against sharing with these settings. If a cut model differs in the
        bytes of a prediction from one that was fitted with the value. If cutting changes the model that is cut.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skhpo.testing import check_path
    >>> check_path(RandomForestClassifier(random_state=0), "n_estimators", [2, 5, 9], *load_iris(return_X_y=True))
    """
    try:
        route = route_to(estimator, parameter)
    except NoRouteError as error:
        raise AssertionError(f"{parameter} is on no path: {error}.") from error
    lengths = {index: route.path.length(value) for index, value in enumerate(values)}
    check(None not in lengths.values(), f"Each value has a place on the path, got {list(values)!r}.")
    order = [values[index] for index in sorted(lengths, key=lambda index: lengths[index] or 0.0, reverse=True)]
    reason = objection_to(route, order, Shape(len(X), len(X)))
    check(reason is None, f"The settings allow to share, but {reason}.")
    longest, training = _heard(estimator, parameter, order[0], X, y)
    before = _answers(longest, X)
    view = longest
    for value in order[1:]:
        expected = _answers(_fitted(estimator, parameter, value, X, y), X)
        view = route.cut(view, value, training)
        for made, how in ((route.cut(longest, value, training), "cut at once"), (view, "cut from a cut")):
            check(type(made) is type(longest), f"A view is of the model's class, got {type(made).__name__}.")
            found = _answers(made, X)
            for name in expected:
                check(
                    name in found and found[name] == expected[name],
                    f"{name} with {parameter}={value!r}, {how}, is to the bit what a fit of its own gives.",
                )
    check(_answers(longest, X) == before, "Cutting leaves the model as it was.")


def _fitted(estimator: Any, parameter: str, value: Any, X: Any, y: Any) -> Any:
    model = clone(estimator).set_params(**{parameter: value})
    return model.fit(X) if y is None else model.fit(X, y)


def _heard(estimator: Any, parameter: str, value: Any, X: Any, y: Any) -> tuple[Any, Training | None]:
    """Return a fitted model, and what the owner of the parameter was fitted to, where its cut needs that."""
    model = clone(estimator).set_params(**{parameter: value})
    route = route_to(model, parameter)
    listener = Listener(route) if route.needs_training else None
    fitted = model.fit(X) if y is None else model.fit(X, y)
    return fitted, None if listener is None else listener.training


def _answers(model: Any, X: Any) -> dict[str, tuple[Any, ...]]:
    """Return the bytes of all that a model says of samples, by method."""
    found = {}
    for name in _METHODS:
        if hasattr(model, name):
            answer = getattr(model, name)(X)
            parts = answer if isinstance(answer, list | tuple) else [answer]
            found[name] = tuple(_bytes(part) for part in parts)
    check(bool(found), f"{type(model).__name__} has one of the methods {', '.join(_METHODS)}.")
    return found


def _bytes(answer: Any) -> tuple[Any, ...]:
    array = np.asarray(answer.toarray() if hasattr(answer, "toarray") else answer)
    content = array.tolist() if array.dtype == object else array.tobytes()
    return array.shape, str(array.dtype), content
