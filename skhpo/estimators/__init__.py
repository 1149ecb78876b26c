"""What is known of estimators."""

from skhpo.estimators.table import register_path

__all__ = ["register_path"]
