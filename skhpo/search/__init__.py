"""The searches: a plan and a docstring each."""

from skhpo.search.bayes import BayesSearchCV
from skhpo.search.custom import SearchCV
from skhpo.search.gradient import GradientSearchCV
from skhpo.search.grid import GridSearchCV
from skhpo.search.halving import SuccessiveHalvingCV
from skhpo.search.per_feature import PerFeature
from skhpo.search.random import RandomSearchCV

__all__ = [
    "BayesSearchCV",
    "GradientSearchCV",
    "GridSearchCV",
    "PerFeature",
    "RandomSearchCV",
    "SearchCV",
    "SuccessiveHalvingCV",
]
