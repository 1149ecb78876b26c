"""Hyperparameter search for scikit-learn: better scores in fewer fits, and nothing lost on the way."""

from skhpo.search import GridSearchCV, RandomSearchCV
from skhpo.space import Categorical, Float, Int

__version__ = "0.1.0.dev0"

__all__ = ["Categorical", "Float", "GridSearchCV", "Int", "RandomSearchCV"]
