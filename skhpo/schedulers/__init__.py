"""Deciders of what to start next: pure functions of the history."""
