"""What is known of a class of estimators: how it counts iterations, how it goes on, which fits stand inside others.

A *path* is a parameter whose shorter model stands inside the longer one: of a boosting of 200 trees the first 50 are
the model that ``n_estimators=50`` gives, to the bit. A *place* is a value of such a parameter. `Path` says under which
settings that holds, and cuts the shorter model out of the longer one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from skhpo.estimators.seeds import is_seeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Objection: TypeAlias = "Callable[[Any, Sequence[Any], Shape], str | None]"
"""``objection(estimator, values, shape)``: why the values cannot share a fit; None where they can."""


class Training(NamedTuple):
    """What an estimator was given to fit.

    Parameters
    ----------
    X, y : array-like
        Samples and targets, as they come out of the steps before it.
    params : dict
        What `fit` was given besides, as sample weights.
    notes : dict
        What was computed from that for one cut and is of use for the next, as a factorisation.
    """

    X: Any
    y: Any
    params: dict[str, Any]
    notes: dict[str, Any]


class Shape(NamedTuple):
    """How many samples the fits have.

    Parameters
    ----------
    fewest, most : int
        On the splits' training sides.
    """

    fewest: int
    most: int


def count(value: Any) -> float | None:
    """Return how far along a path of counts a value is; None for what is no count."""
    is_count = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1
    return float(value) if is_count else None


def from_above(value: Any) -> float | None:
    """Return how far along a path of penalties a value is, where the smallest contains all others."""
    is_penalty = isinstance(value, Real) and not isinstance(value, bool) and 0 <= float(value) < math.inf
    return -float(value) if is_penalty else None


def anywhere(*words: str, low: float = -math.inf, high: float = math.inf) -> Callable[[Any], float | None]:
    """Return a function that gives the same for all values, as each of their models holds all others.

    It gives None for what is neither one of the words nor a number from ``low`` to ``high``: the fit itself refuses it.
    """

    def length(value: Any) -> float | None:
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        is_valid = low <= float(value) <= high if is_number else isinstance(value, str) and value in words
        return 0.0 if is_valid else None

    return length


def no_objection(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    """Return None: the path holds under all settings."""
    return None


@dataclass(frozen=True)
class Path:
    """A parameter whose shorter model stands inside the longer one, to the bit.

    Parameters
    ----------
    parameter : str
        Its name.
    cut : callable
        ``cut(model, value)`` returns a view of a fitted model as if it had been fitted with a value that is less far
        along. It changes nothing in the model, may share all arrays with it, and may itself be cut again. Every scorer
        and every method that predicts may use the view.
    length : callable
        How far along the path a value is, a float; the model of the farthest holds all others. None for a value that
        is no place on it.
    objection : callable
        ``objection(estimator, values, shape)`` returns why it does not hold for an estimator with these settings and
        these values of the parameter, in a few words; None where it holds.
    settings : str
        The same for the documentation.
    is_watched : bool
        Whether it only holds where the fit draws nothing from NumPy's global generator, which is seen when it is done.
    needs_training : bool
        Whether it takes the samples to make the shorter model: ``cut(model, value, training)`` is then called with a
        `Training`. It may raise where it finds that it cannot.
    close : str
        How far the cut model may be from one that was fitted with the value, in words; empty where they are the same
        to the bit. Paths that are close only are left alone unless somebody asks for them.
    """

    parameter: str
    cut: Callable[..., Any]
    length: Callable[[Any], float | None] = count
    objection: Objection = no_objection
    settings: str = "all settings"
    is_watched: bool = False
    needs_training: bool = False
    close: str = ""


def _holds_all(model: Any, value: Any) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True, eq=False)
class Whole:
    """A parameter of a transformer of which one fit holds all values, for steps in front of a pipeline's last one.

    Parameters
    ----------
    parameter : str
        Its name.
    cut : callable
        ``cut(model, value)``, as of `Path`.
    holds : callable
        ``holds(estimator, X)``: whether it is so for these settings, this value included, and the samples.
    longest : mapping of str to object
        Parameters to fit it with instead; none where any value will do.
    output : callable or None
        ``output(result, model, value)``: what ``fit_transform`` returns with a value, from the ``result`` of the
        whole; None where it is what the cut model makes of the samples.
    covers : callable
        ``covers(model, value)``: whether a fitted model is the whole for a value. By default each is for all of them.
    needs_training : bool
        As of `Path`.
    """

    parameter: str
    cut: Callable[..., Any]
    holds: Callable[[Any, Any], bool]
    longest: Mapping[str, Any] = field(default_factory=dict)
    output: Callable[[Any, Any, Any], Any] | None = None
    covers: Callable[[Any, Any], bool] = _holds_all
    needs_training: bool = False


def _never(estimator: Any) -> bool:  # noqa: ARG001
    return False


@dataclass(frozen=True)
class Facts:
    """What is known of one class of estimators.

    Parameters
    ----------
    iterations : str or None
        The parameter that adds up: the model after k iterations is a part of the one after more.
    continues : callable
        Whether an estimator with its settings, fitted on with more iterations, is to the bit as if it had not stopped.
    counts : (str, str) or None
        A parameter that limits iterations, and the attribute that tells how many were done: where they are fewer than
        were allowed, more change nothing.
    start_from : str or None
        The parameter of `fit` for a model to start from.
    refits_oob : bool
        Out-of-bag scores cannot be had from one that goes on.
    paths : tuple of Path
        Its paths.
    whole : Whole or None
        Of a transformer, the parameter of which one fit holds all values.
    """

    iterations: str | None = None
    continues: Callable[[Any], bool] = _never
    counts: tuple[str, str] | None = None
    start_from: str | None = None
    refits_oob: bool = False
    paths: tuple[Path, ...] = ()
    whole: Whole | None = None

    def path(self, parameter: str) -> Path | None:
        """Return the path along a parameter, None if there is none."""
        return next((path for path in self.paths if path.parameter == parameter), None)


NOTHING = Facts()
"""What is known of all other classes."""


def view_of(model: Any, **changes: Any) -> Any:
    """Return a shallow copy of a fitted model with some attributes changed.

    `copy.copy` would go through what classes do when they are pickled. Methods of the model that lie among its
    attributes are left out, as they would answer for the model: a histogram gradient boosting whose ``scoring`` is not
    the loss has such a one.
    """
    view = object.__new__(type(model))
    own = {name: value for name, value in vars(model).items() if getattr(value, "__self__", None) is not model}
    vars(view).update(own, **changes)
    return view


def first(k: Any, *names: str) -> Callable[[Any], dict[str, Any]]:
    """Return a function that gives the first k elements of attributes that a model has."""
    return lambda model: {name: vars(model)[name][:k] for name in names if name in vars(model)}


def needs_seed(estimator: Any, values: Sequence[Any], shape: Shape) -> str | None:  # noqa: ARG001
    """Object to an estimator without a seed, or one that starts where an earlier fit ended."""
    if not is_seeded(estimator):
        return "random_state is not an integer"
    return "warm_start=True" if getattr(estimator, "warm_start", False) else None
