"""Trees and forests: how small a leaf may be, and how many columns a split looks at."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.defaults.traits import short
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


def columns(data: Traits) -> Float:
    """Return the share of columns that a split looks at: from half of what ``"sqrt"`` would be, to all."""
    return Float(min(short(0.5 / math.sqrt(data.n_features)), 0.3), 1.0, log=True)


def leaf(data: Traits, high: int) -> Int:
    """Return how many rows a leaf needs: no more than a tenth of all, so that some splits are left."""
    return Int(1, data.rows(0.1, low=3, high=high), log=True)


def _criterion(estimator: Any) -> dict[str, Any]:
    return {"criterion": Categorical(["gini", "entropy"])} if estimator.criterion in {"gini", "entropy"} else {}


def _tree(estimator: Any, data: Traits) -> dict[str, Any]:
    """What a split gains is on the scale of the impurity: for regression, of the variance of the target."""
    scale = 1.0 if data.smallest_class else data.y_scale**2
    return {
        "min_samples_leaf": Int(1, data.rows(0.2, low=3, high=100), log=True),
        "ccp_alpha": Float(short(1e-5 * scale), short(1e-1 * scale), log=True),
        **_criterion(estimator),
    }


def _forest(estimator: Any, data: Traits) -> dict[str, Any]:
    """The number of trees is no matter of tuning: more are better, and slower."""
    space = {"max_features": columns(data), "min_samples_leaf": leaf(data, 20), **_criterion(estimator)}
    if not estimator.oob_score:  # which needs rows that were left out
        space["bootstrap"] = Categorical([False, True])
    return space


SPACES: dict[str, Any] = {
    "sklearn.tree.DecisionTreeClassifier": _tree,
    "sklearn.tree.DecisionTreeRegressor": _tree,
    "sklearn.tree.ExtraTreeClassifier": _tree,
    "sklearn.tree.ExtraTreeRegressor": _tree,
    "sklearn.ensemble.RandomForestClassifier": _forest,
    "sklearn.ensemble.RandomForestRegressor": _forest,
    "sklearn.ensemble.ExtraTreesClassifier": _forest,
    "sklearn.ensemble.ExtraTreesRegressor": _forest,
}
