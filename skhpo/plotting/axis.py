"""An axis for a parameter: its scale, its ends, where a value stands on it, and what its ticks say."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from skhpo.messages.texts import one_line, said
from skhpo.plotting.figure import inches
from skhpo.plotting.words import LETTER, plain
from skhpo.space.dimension import Discrete
from skhpo.space.scale import is_log, likely_ends
from skhpo.space.values import freeze

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from skhpo.report.fitted import Fitted
    from skhpo.space import Dimension

_LONGEST_LABEL = 24
_LONGEST_NAME = 32
_DESCRIBED = re.compile(r"\{'class': '[\w.]*?(\w+)',")
"""How a checkpoint describes an object."""

_MOST_CATEGORIES = 40
_INCHES_PER_CATEGORY = 0.28
"""Labels at 30 degrees do not touch at this distance."""

MOST_CATEGORIES_UPWARD = 20
"""So many labels have room above each other in a figure of usual height."""

_MOST_TICKS_AT_VALUES = 8


@dataclass(frozen=True)
class ParamAxis:
    """The axis of one parameter.

    Parameters
    ----------
    name : str
        The parameter.
    scale : {"linear", "log", "categorical"}
        Values of a categorical one stand at 0, 1, ... in the order of ``categories``.
    is_integer : bool
        Whether all values are whole.
    limits : tuple of float
        Lowest and highest position.
    categories : tuple
        The values of a categorical one, the user's own objects.
    values : tuple of float
        The only values that a numeric one has, where they are few.
    """

    name: str
    scale: Literal["linear", "log", "categorical"]
    is_integer: bool
    limits: tuple[float, float]
    categories: tuple[Any, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, trials: Fitted, name: str) -> ParamAxis:
        """Return the axis of a parameter that was searched."""
        dimensions = trials.dimensions(name)
        observed = [row[name] for row in trials.params if name in row]
        if any(dimension.is_categorical for dimension in dimensions):
            known = {freeze(value): value for dimension in dimensions for value in _choices(dimension)}
            known |= {freeze(value): value for value in observed if freeze(value) not in known}
            return cls(name, "categorical", False, (0.0, float(len(known) - 1)), categories=tuple(known.values()))
        is_log_scale = all(is_log(dimension) for dimension in dimensions)
        ends = [end for dimension in dimensions for end in likely_ends(dimension)]
        ends += [float(value) for value in observed]
        is_integer = all(isinstance(value, int | np.integer) for value in [*observed, *_sample(dimensions)])
        few = [dimension for dimension in dimensions if dimension.n_choices <= _MOST_TICKS_AT_VALUES]
        values = sorted({float(value) for dimension in few for value in _choices(dimension)})
        return cls(
            name,
            "log" if is_log_scale else "linear",
            is_integer,
            (min(ends), max(ends)),
            values=tuple(values) if len(few) == len(dimensions) and len(values) <= _MOST_TICKS_AT_VALUES else (),
        )

    @property
    def labels(self) -> list[str]:
        """Names of the categories, all different."""
        names = [value_label(value) for value in self.categories]
        counts: dict[str, int] = {}
        for i, name in enumerate(names):
            counts[name] = counts.get(name, 0) + 1
            if names.count(name) > 1:
                names[i] = name if counts[name] == 1 else f"{name} ({counts[name]})"
        return names

    def positions(self, params: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
        """Return where configurations stand on the axis, shape (n,); NaN where the parameter is absent."""
        if self.scale != "categorical":
            return np.array([float(row[self.name]) if self.name in row else np.nan for row in params])
        places = {freeze(value): float(place) for place, value in enumerate(self.categories)}
        return np.array([places[freeze(row[self.name])] if self.name in row else np.nan for row in params])

    def share(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how far along the axis positions are, 0 at its low end and 1 at its high one."""
        low, high = self.limits
        if low == high:
            return np.where(np.isnan(positions), np.nan, 0.5)
        if self.scale == "log":
            positions, low, high = np.log(positions), math.log(low), math.log(high)
        return (positions - low) / (high - low)

    @property
    def middle(self) -> float:
        """The position half way between the ends."""
        low, high = self.limits
        return (low * high) ** 0.5 if self.scale == "log" else (low + high) / 2

    def edges(self, grid: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the cells of m positions end, shape (m + 1,)."""
        if self.scale == "categorical":
            return np.append(grid - 0.5, grid[-1] + 0.5)
        places: NDArray[Any] = np.log(grid) if self.scale == "log" else grid
        middles = (places[1:] + places[:-1]) / 2
        edges: NDArray[Any] = np.concatenate([[2 * places[0] - middles[0]], middles, [2 * places[-1] - middles[-1]]])
        return np.exp(edges) if self.scale == "log" else edges

    def ticks(self, n_most: int = 7) -> tuple[NDArray[np.float64], list[str]]:
        """Return the positions of at most some ticks, and what they say."""
        from matplotlib.ticker import MaxNLocator

        low, high = self.limits
        if self.scale == "categorical":
            step = max(1, math.ceil(len(self.categories) / n_most))
            return np.arange(0.0, len(self.categories), step), self.labels[::step]
        if self.values:
            places = np.array(self.values)
        elif self.scale == "log":
            places = _log_ticks(low, high, n_most)
            if self.is_integer:
                places = np.unique(np.rint(places))
        else:
            places = MaxNLocator(n_most - 1, integer=self.is_integer, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        slack = 1e-9 * (high - low)
        places = places[(places >= low - slack) & (places <= high + slack)]
        return places, number_labels(places)

    def dress(self, axis: Any) -> None:
        """Give a matplotlib axis, of x or y, the scale, the limits, the ticks and the name of the parameter."""
        from matplotlib.ticker import FixedLocator, NullLocator

        axes, low, high = axis.axes, *self.limits
        is_x = axis.axis_name == "x"
        set_limits = axes.set_xlim if is_x else axes.set_ylim
        (axes.set_xlabel if is_x else axes.set_ylabel)(plain(name_label(self.name)))
        if self.scale == "log":
            (axes.set_xscale if is_x else axes.set_yscale)("log")
            margin = (high / low) ** 0.03
            set_limits(low / margin, high * margin)
        elif self.scale == "categorical":
            set_limits(low - 0.6, high + 0.6)
        else:
            margin = 0.03 * (high - low) or 0.5
            set_limits(low - margin, high + margin)
        room = inches(axes) if is_x else math.inf
        n_most = max(2, int(room / _INCHES_PER_CATEGORY)) if is_x else MOST_CATEGORIES_UPWARD
        places, labels = self.ticks(
            n_most if self.scale == "categorical" else min(7, max(2, int(room / 0.6))) if is_x else 7
        )
        axis.set_major_locator(FixedLocator(places))
        axis.set_minor_locator(NullLocator())
        axis.set_ticklabels([*map(plain, labels)])
        if sum(len(label) + 2 for label in labels) > room / LETTER:
            for label in axis.get_ticklabels():
                label.set(rotation=30, ha="right", rotation_mode="anchor")


def name_label(name: str) -> str:
    """Return a parameter's name, of a long one its end, which says most.

    Examples
    --------
    >>> name_label("columntransformer__numerical__imputer__strategy")
    '…r__numerical__imputer__strategy'
    """
    name = one_line(name)
    return name if len(name) <= _LONGEST_NAME else f"\N{HORIZONTAL ELLIPSIS}{name[1 - _LONGEST_NAME :]}"


def value_label(value: Any) -> str:
    """Return a short name for a value of a parameter.

    Examples
    --------
    >>> from sklearn.svm import SVC
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import MinMaxScaler
    >>> [value_label(value) for value in (None, "rbf", 0.1 + 0.2, (50, 50), SVC(C=10), max)]
    ['None', 'rbf', '0.3', '(50, 50)', 'SVC(C=10)', 'max']
    >>> value_label(make_pipeline(MinMaxScaler(), SVC()))
    'MinMaxScaler, SVC'
    """
    try:
        text = _label(value)
    except Exception:  # noqa: BLE001 - an object may raise anything when it is asked for what it has not
        text = said(value)
    return shortened(one_line(text), _LONGEST_LABEL)


def _label(value: Any) -> str:
    if isinstance(value, str):
        described = _DESCRIBED.match(value)
        return value if described is None else described[1]
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    if isinstance(value, tuple):
        return f"({', '.join(map(value_label, value))}{',' if len(value) == 1 else ''})"
    if isinstance(getattr(value, "steps", None), list):  # a pipeline
        return ", ".join(type(step).__name__ for _, step in value.steps)
    if isinstance(getattr(value, "__qualname__", None), str):
        return str(value.__qualname__)
    return said(value)


def shortened(text: str, n_most: int) -> str:
    """Return a text, of a long one its beginning.

    Examples
    --------
    >>> shortened("standardised", 8)
    'standar…'
    """
    return text if len(text) <= n_most else f"{text[: n_most - 1]}\N{HORIZONTAL ELLIPSIS}"


def number_labels(numbers: NDArray[np.float64]) -> list[str]:
    """Return what ticks say, with as many digits as tell them apart.

    Examples
    --------
    >>> number_labels(np.array([0.001, 0.1, 10.0, 1000.0])), number_labels(np.array([1e-7, 1e-5, 20000.0]))
    (['0.001', '0.1', '10', '1000'], ['1e-7', '1e-5', '20000'])
    """
    for digits in range(1, 17):
        found = [f"{number:.7g}" if _is_whole(number) else f"{number:.{digits}g}" for number in numbers]
        if len(set(found)) == len(found) and np.allclose([float(text) for text in found], numbers, rtol=1e-3, atol=0):
            break
    return [text.replace("e-0", "e-").replace("e+0", "e") for text in found]


def _is_whole(number: float) -> bool:
    return abs(number) < 1e6 and number == round(number)


def _log_ticks(low: float, high: float, n_most: int) -> NDArray[Any]:
    """Return powers of ten, every second or third where they are many; with 2 and 5 between where they are few."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = np.arange(first, last + 1)
    inside = 10.0 ** powers[(10.0**powers >= low * (1 - 1e-9)) & (10.0**powers <= high * (1 + 1e-9))]
    for factors in ((1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0, 3.0)):
        finer = np.sort(np.concatenate([factor * 10.0**powers for factor in factors]))
        finer = finer[(finer >= low * (1 - 1e-9)) & (finer <= high * (1 + 1e-9))]
        if len(inside) < 3 and len(finer) <= n_most:
            return finer
    return inside[:: max(1, math.ceil(len(inside) / n_most))]


def _choices(dimension: Dimension) -> list[Any]:
    if not isinstance(dimension, Discrete) or dimension.n_choices > _MOST_CATEGORIES:
        return []
    return [dimension.value_at(level) for level in range(dimension.n_choices)]


def _sample(dimensions: Sequence[Dimension]) -> list[Any]:
    return [value for dimension in dimensions for value in dimension.decode(np.linspace(0.05, 0.95, 5))]
