"""The search over a portfolio."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skhpo.search import SearchCV
from skhpo.search.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from skhpo.automl.agenda import Agenda
    from skhpo.automl.course import Course
    from skhpo.automl.proposals import AgendaSampler
    from skhpo.fits.splits import Sides, Splits
    from skhpo.search.plan import Start


class PortfolioSearch(SearchCV):
    """Tries the steps of an agenda along a course.

    It is made for one fit, by an `AutoClassifier` or `AutoRegressor`, and is never cloned.
    """

    _agenda: Agenda
    _course: Callable[[Sequence[Sides]], tuple[Course, AgendaSampler]]
    _look_back: int | None
    _drawn_by: dict[str, Any] | None

    def along(
        self,
        agenda: Agenda,
        course: Callable[[Sequence[Sides]], tuple[Course, AgendaSampler]],
        *,
        look_back: int | None,
        drawn_by: dict[str, Any] | None,
    ) -> PortfolioSearch:
        """Say what is tried, and how.

        Parameters
        ----------
        agenda : Agenda
            What there is.
        course : callable
            ``course(splits)``: in which order it is tried on these splits, and who proposes it.
        look_back : int or None
            How many fits are under way when the next one is decided.
        drawn_by : dict or None
            Where a clock decides how many rows take part: what the splits depend on besides. A search that is resumed
            then has the splits of its checkpoint.
        """
        self._agenda, self._course, self._look_back, self._drawn_by = agenda, course, look_back, drawn_by
        return self

    def _make_splits(self, X: Any, y: Any, params: dict[str, Any]) -> tuple[Any, Splits]:
        splitter, splits = super()._make_splits(X, y, params)
        return splitter, splits if self._drawn_by is None else replace(splits, drawn_by=self._drawn_by)

    def _plan(self, start: Start) -> Plan:
        course, proposals = self._course(start.problem.splits)
        return Plan(proposals, course, look_back=self._look_back, family_of=self._agenda)

    def _why_nothing(self) -> str:
        return (
            "time_budget must leave time for at least one configuration. Raise time_budget, or fit on fewer rows or "
            "columns."
        )

    def _settings(self, space: Any) -> list[Any]:  # noqa: ARG002
        return ["portfolio"]
