"""The search over a portfolio."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skhpo.search import SearchCV
from skhpo.search.plan import Plan

if TYPE_CHECKING:
    from skhpo.automl.agenda import Agenda
    from skhpo.automl.course import Course
    from skhpo.automl.proposals import AgendaSampler
    from skhpo.search.plan import Start


class PortfolioSearch(SearchCV):
    """Tries the steps of an agenda along a course.

    It is made for one fit, by an `AutoClassifier` or `AutoRegressor`, and is never cloned.
    """

    _agenda: Agenda
    _course: Course
    _proposals: AgendaSampler
    _look_back: int | None

    def along(
        self, agenda: Agenda, course: Course, proposals: AgendaSampler, *, look_back: int | None
    ) -> PortfolioSearch:
        """Say what there is, in which order it is tried, who proposes it, and with how many fits under way."""
        self._agenda, self._course, self._proposals, self._look_back = agenda, course, proposals, look_back
        return self

    def _plan(self, start: Start) -> Plan:  # noqa: ARG002
        return Plan(self._proposals, self._course, look_back=self._look_back, family_of=self._agenda)

    def _why_nothing(self) -> str:
        return (
            "time_budget must leave time for at least one configuration. Raise time_budget, or fit on fewer rows or "
            "columns."
        )

    def _settings(self, space: Any) -> list[Any]:  # noqa: ARG002
        return ["portfolio"]
