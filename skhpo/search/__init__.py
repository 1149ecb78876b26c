"""The searches: a sampler, a scheduler and a docstring each."""

from skhpo.search.bayes import BayesSearchCV
from skhpo.search.grid import GridSearchCV
from skhpo.search.halving import SuccessiveHalvingCV
from skhpo.search.random import RandomSearchCV

__all__ = ["BayesSearchCV", "GridSearchCV", "RandomSearchCV", "SuccessiveHalvingCV"]
