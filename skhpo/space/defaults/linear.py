"""Linear models: one penalty, on the scale on which it acts, and how much of it is absolute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.space.choices import Categorical
from skhpo.space.defaults.traits import short
from skhpo.space.numeric import Float, Int

if TYPE_CHECKING:
    from skhpo.space.defaults.traits import Traits


_WIDE = 5
"""Rows for each column, below which some columns are likely to be noise that an absolute penalty takes out."""


def _logistic(estimator: Any, data: Traits) -> dict[str, Any]:
    """An absolute penalty needs the solver saga, which is slow: it is offered on wide data only."""
    space: dict[str, Any] = {"C": Float(1e-4, 1e3, log=True)}
    is_plain = estimator.solver == "lbfgs" and estimator.penalty in {"l2", "deprecated"} and not estimator.l1_ratio
    if data.n_samples >= _WIDE * data.n_features or not is_plain:
        return space
    space["solver"] = Categorical(["lbfgs", "saga"])
    space["l1_ratio"] = Float(0.0, 1.0, when={"solver": "saga"})
    if estimator.penalty == "l2":  # before scikit-learn 1.8 the penalty has a name besides
        space["penalty"] = Categorical(["elasticnet"], when={"solver": "saga"})
    return space


def _ridge(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"alpha": Float(1e-3, 1e5, log=True)}


def _lasso(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """From the penalty that leaves nothing down to one that changes little."""
    return {"alpha": Float(short(1e-4 * data.largest_penalty), data.largest_penalty, log=True)}


def _elastic_net(estimator: Any, data: Traits) -> dict[str, Any]:
    return {**_lasso(estimator, data), "l1_ratio": Float(0.05, 1.0)}


def _pursuit(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    most = min(data.n_features, data.rows(0.5, low=1, high=500))
    return {"n_nonzero_coefs": Int(1, most, log=True)} if data.has_width and most > 1 else {}


def _glm(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"alpha": Float(1e-5, 1e2, log=True)}


def _huber(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"alpha": Float(1e-6, 1e3, log=True), "epsilon": Float(1.05, 3.0)}


def _quantile(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    return {"alpha": Float(short(1e-4 * data.y_scale), data.y_scale, log=True)}


def _descent(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    """A schedule that adapts needs a first step; the one of classifiers sets its own."""
    first = {"learning_rate": "adaptive"}
    own = estimator.learning_rate
    schedule = Categorical([own, "adaptive"]) if own != "adaptive" else Categorical([own])
    return {
        "alpha": Float(1e-7, 1e-1, log=True),
        "penalty": Categorical(["l2", "elasticnet"]),
        "l1_ratio": Float(0.05, 0.95, when={"penalty": "elasticnet"}),
        "learning_rate": schedule,
        "eta0": Float(1e-4, 1.0, log=True, when=first),
        "average": Categorical([False, True]),
    }


def _perceptron(estimator: Any, data: Traits) -> dict[str, Any]:  # noqa: ARG001
    penalties = ["l2", "elasticnet"]
    return {
        "penalty": Categorical([None, *penalties]),
        "alpha": Float(1e-7, 1e-1, log=True, when={"penalty": penalties}),
    }


NOTHING: dict[str, Any] = {}
"""They have no penalty, or learn it from the data by themselves."""

SPACES: dict[str, Any] = {
    "sklearn.linear_model.LogisticRegression": _logistic,
    "sklearn.linear_model.Ridge": _ridge,
    "sklearn.linear_model.RidgeClassifier": _ridge,
    "sklearn.linear_model.Lasso": _lasso,
    "sklearn.linear_model.LassoLars": _lasso,
    "sklearn.linear_model.MultiTaskLasso": _lasso,
    "sklearn.linear_model.ElasticNet": _elastic_net,
    "sklearn.linear_model.MultiTaskElasticNet": _elastic_net,
    "sklearn.linear_model.Lars": _pursuit,
    "sklearn.linear_model.OrthogonalMatchingPursuit": _pursuit,
    "sklearn.linear_model.PoissonRegressor": _glm,
    "sklearn.linear_model.GammaRegressor": _glm,
    "sklearn.linear_model.TweedieRegressor": _glm,
    "sklearn.linear_model.HuberRegressor": _huber,
    "sklearn.linear_model.QuantileRegressor": _quantile,
    "sklearn.linear_model.SGDClassifier": _descent,
    "sklearn.linear_model.SGDRegressor": _descent,
    "sklearn.linear_model.Perceptron": _perceptron,
    "sklearn.linear_model.LinearRegression": NOTHING,
    "sklearn.linear_model.BayesianRidge": NOTHING,
    "sklearn.linear_model.ARDRegression": NOTHING,
    "sklearn.linear_model.TheilSenRegressor": NOTHING,
    "sklearn.linear_model.RidgeCV": NOTHING,
    "sklearn.linear_model.RidgeClassifierCV": NOTHING,
    "sklearn.linear_model.LassoCV": NOTHING,
    "sklearn.linear_model.ElasticNetCV": NOTHING,
    "sklearn.linear_model.LassoLarsCV": NOTHING,
    "sklearn.linear_model.LogisticRegressionCV": NOTHING,
    "sklearn.isotonic.IsotonicRegression": NOTHING,
    "sklearn.dummy.DummyClassifier": NOTHING,
    "sklearn.dummy.DummyRegressor": NOTHING,
}
