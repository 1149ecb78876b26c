"""Models that are chosen, and tables that are prepared for them."""

from skhpo.automl.choice import Choice
from skhpo.automl.preprocessing import TabularPreprocessor, tabular_preprocessor

__all__ = ["Choice", "TabularPreprocessor", "tabular_preprocessor"]
