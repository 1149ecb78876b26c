"""Proposers of parameters."""
