"""One fit: the problem that it is a part of, what it is given, how it is scored, and what it shares with others."""
