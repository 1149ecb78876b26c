"""What to expect on new data of a model that was chosen among many."""

from skhpo.honesty.estimate import ScoreEstimate
from skhpo.honesty.known import estimate_from_predictions

__all__ = ["ScoreEstimate", "estimate_from_predictions"]
