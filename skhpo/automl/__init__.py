"""Models that are chosen, and tables that are prepared for them."""

from skhpo.automl.choice import Choice
from skhpo.automl.classifier import AutoClassifier
from skhpo.automl.preprocessing import TabularPreprocessor, tabular_preprocessor
from skhpo.automl.regressor import AutoRegressor

__all__ = ["AutoClassifier", "AutoRegressor", "Choice", "TabularPreprocessor", "tabular_preprocessor"]
