"""How much a point is worth trying: functions of a posterior, and the search for their maximum."""

from skhpo.samplers.acquisition.improvement import Feasible, LogExpectedImprovement, UpperConfidenceBound, log_h
from skhpo.samplers.acquisition.search import Domain, maximise

__all__ = ["Domain", "Feasible", "LogExpectedImprovement", "UpperConfidenceBound", "log_h", "maximise"]
