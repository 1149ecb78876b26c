"""Hyperparameter search for scikit-learn: better scores in fewer fits, and nothing lost on the way."""

import sys
from typing import TYPE_CHECKING, Never

from skhpo import messages as _messages  # noqa: F401 - first, as it says which versions are needed
from skhpo.automl import AutoClassifier, AutoRegressor, Choice, tabular_preprocessor
from skhpo.estimators.columns import ColumnScale
from skhpo.estimators.hypergradients import register_hypergradient
from skhpo.fits.clustering import AllRows, ClusteringScorer
from skhpo.honesty.ensemble import EnsembleClassifier, EnsembleRegressor
from skhpo.honesty.pooled import PooledScorer
from skhpo.messages.names import DIMENSIONS, refuse
from skhpo.report.stored import load_results, retry_failures
from skhpo.search import (
    BayesSearchCV,
    GradientSearchCV,
    GridSearchCV,
    PerFeature,
    RandomSearchCV,
    SearchCV,
    SuccessiveHalvingCV,
)
from skhpo.space import Categorical, Float, Int
from skhpo.space.defaults import default_space, register_space

__version__ = "0.1.0.dev0"

__all__ = [
    "AllRows",
    "AutoClassifier",
    "AutoRegressor",
    "BayesSearchCV",
    "Categorical",
    "Choice",
    "ClusteringScorer",
    "ColumnScale",
    "EnsembleClassifier",
    "EnsembleRegressor",
    "Float",
    "GradientSearchCV",
    "GridSearchCV",
    "Int",
    "PerFeature",
    "PooledScorer",
    "RandomSearchCV",
    "SearchCV",
    "SuccessiveHalvingCV",
    "default_space",
    "load_results",
    "register_hypergradient",
    "register_space",
    "retry_failures",
    "tabular_preprocessor",
]

_CALLED_ELSEWHERE = {
    **DIMENSIONS,
    "RandomizedSearchCV": "RandomSearchCV",
    "HalvingRandomSearchCV": "SuccessiveHalvingCV",
    "HalvingGridSearchCV": "SuccessiveHalvingCV, with sampler='grid',",
    "OptunaSearchCV": "BayesSearchCV",
    "TuneGridSearchCV": "GridSearchCV",
    "TuneSearchCV": "RandomSearchCV or BayesSearchCV",
    "HyperbandSearchCV": "SuccessiveHalvingCV, with n_brackets above 1,",
}

if not TYPE_CHECKING:  # a type checker would take any name for known

    def __getattr__(name: str) -> Never:
        refuse(sys.modules[__name__], name, _CALLED_ELSEWHERE)
