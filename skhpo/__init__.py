"""Hyperparameter search for scikit-learn."""
