"""The search over a portfolio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.automl.course import ListSampler
from skhpo.search import SearchCV
from skhpo.search.plan import Plan

if TYPE_CHECKING:
    from skhpo.automl.course import Blocks, Course
    from skhpo.search.plan import Start


class PortfolioSearch(SearchCV):
    """Tries the steps of a course.

    It is made for one fit, by an `AutoClassifier` or `AutoRegressor`, and is never cloned.
    """

    _course: Course
    _blocks: Blocks

    def along(self, course: Course, blocks: Blocks) -> PortfolioSearch:
        """Say what to try in which order, and what shares fits."""
        self._course, self._blocks = course, blocks
        return self

    def _plan(self, start: Start) -> Plan:  # noqa: ARG002
        return Plan(ListSampler(self._course.steps), self._course, family_of=self._blocks)

    def _why_nothing(self) -> str:
        return (
            "time_budget must leave time for at least one configuration. Raise time_budget, or fit on fewer rows or "
            "columns."
        )

    def _settings(self, space: Any) -> list[Any]:  # noqa: ARG002
        return ["portfolio"]
