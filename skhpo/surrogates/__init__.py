"""Models of the score over the unit cube."""
