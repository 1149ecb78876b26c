"""Append-only lists of events."""
