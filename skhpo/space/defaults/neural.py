"""Multi-layer perceptrons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits

_ENOUGH_ROWS = 1_000
"""Rows from which on a tenth of them tells when to stop."""


_LARGE = 2_000
_SMALL = [(10,), (25,), (100,), (50, 50)]
_WIDE = [(25,), (100,), (300,), (100, 100), (300, 300)]
"""Layers for fewer rows than that, and for more; the one of scikit-learn is among both."""


def _perceptron(estimator: Any, data: Traits) -> dict[str, Any]:
    """Weights are what a penalty per row acts on, so that small data needs large ones.

    An epoch has a step for each batch. Of 150 rows, the usual batch of 200 makes one step, and 200 epochs end too soon.
    """
    most = data.rows(1 / 3, low=8, high=256)  # no more than a training side has, even of two folds
    space: dict[str, Any] = {
        "hidden_layer_sizes": Categorical(_SMALL if data.n_samples < _LARGE else _WIDE),
        "alpha": Float(1e-5, 30.0, log=True),
        "learning_rate_init": Float(3e-4, 3e-2, log=True),
        "batch_size": Int(min(16, most // 2), most, log=True),
    }
    has_classes = data.smallest_class is None or data.smallest_class >= 2 * 10  # in a tenth of half of the rows
    if data.n_samples >= _ENOUGH_ROWS and has_classes:
        space["early_stopping"] = Categorical([False, True])
    if estimator.solver == "lbfgs":  # which has neither steps nor a side to stop by
        return {name: space[name] for name in ("hidden_layer_sizes", "alpha")}
    return space


SPACES: dict[str, Any] = {
    "sklearn.neural_network.MLPClassifier": _perceptron,
    "sklearn.neural_network.MLPRegressor": _perceptron,
}
