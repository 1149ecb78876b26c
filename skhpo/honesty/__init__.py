"""What to expect on new data."""
