"""Models that are chosen, and tables that are prepared for them."""

from skhpo.automl.preprocessing import TabularPreprocessor, tabular_preprocessor

__all__ = ["TabularPreprocessor", "tabular_preprocessor"]
