"""Pictures of a fitted search, as scikit-learn's displays: ``XDisplay.from_search(search)``. They need matplotlib."""

from skhpo.plotting.history import OptimizationHistoryDisplay
from skhpo.plotting.importances import ParamImportancesDisplay
from skhpo.plotting.optimism import OptimismDisplay
from skhpo.plotting.parallel import ParallelCoordinatesDisplay
from skhpo.plotting.response import ResponseDisplay
from skhpo.plotting.rungs import RungsDisplay
from skhpo.plotting.slices import SlicesDisplay
from skhpo.plotting.timeline import TimelineDisplay

__all__ = [
    "OptimismDisplay",
    "OptimizationHistoryDisplay",
    "ParallelCoordinatesDisplay",
    "ParamImportancesDisplay",
    "ResponseDisplay",
    "RungsDisplay",
    "SlicesDisplay",
    "TimelineDisplay",
]
