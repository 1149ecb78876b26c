"""What a search found, how sure that is, and what it cost, in words."""

from skhpo.report.best_trials import RankedTrial
from skhpo.report.comparison import Difference, relative_test_size
from skhpo.report.range_ends import AtEnd
from skhpo.report.report import Report, report_of

__all__ = ["AtEnd", "Difference", "RankedTrial", "Report", "relative_test_size", "report_of"]
