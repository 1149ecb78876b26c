"""Hyperparameter search for scikit-learn: better scores in fewer fits, and nothing lost on the way."""

from skhpo.fits.clustering import AllRows, ClusteringScorer
from skhpo.honesty.ensemble import EnsembleClassifier, EnsembleRegressor
from skhpo.honesty.pooled import PooledScorer
from skhpo.results.stored import load_results, retry_failures
from skhpo.search import BayesSearchCV, GridSearchCV, RandomSearchCV, SearchCV, SuccessiveHalvingCV
from skhpo.space import Categorical, Float, Int

__version__ = "0.1.0.dev0"

__all__ = [
    "AllRows",
    "BayesSearchCV",
    "Categorical",
    "ClusteringScorer",
    "EnsembleClassifier",
    "EnsembleRegressor",
    "Float",
    "GridSearchCV",
    "Int",
    "PooledScorer",
    "RandomSearchCV",
    "SearchCV",
    "SuccessiveHalvingCV",
    "load_results",
    "retry_failures",
]
