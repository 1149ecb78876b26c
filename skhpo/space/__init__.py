"""What may be tried: dimensions that encode themselves, and the space they span."""
