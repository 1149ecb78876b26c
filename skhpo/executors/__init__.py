"""Runners of fits."""
