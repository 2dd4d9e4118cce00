"""Days of a plan as the schedulers count them: Norwegian working days numbered from the plan's first, 0 to `horizon`.

A Saturday, on which units go live, is the number of the first working day after it.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date, timedelta
from functools import cached_property

from felles.duties.calendar import holidays
from felles.rollout.plan import Calendar, Plan, Span, Task
from felles.rollout.problem import Days, Problem, problem

SATURDAY = 5
DAY = timedelta(days=1)
LINK = {"FS": 0, "SS": 1, "FF": 2, "SF": 3}


def works(day: date) -> bool:
    """Whether a day is a Norwegian working day."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


class Timeline:
    """The working days of a plan, and its parts counted in them."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        span = (plan.last - plan.first).days + 1
        self.days = [day for at in range(span) if works(day := plan.first + at * DAY)]
        self.horizon = len(self.days)
        self.status = self.number(plan.status)
        self._calendar = {calendar.key: at for at, calendar in enumerate(plan.calendars)}
        self.at = {task.key: at for at, task in enumerate(plan.tasks)}

    def number(self, day: date) -> int:
        """The number of a day, or of the first working day after it; the horizon past the last."""
        return bisect_left(self.days, day)

    def after(self, day: date) -> int:
        """The number of the first working day after a day."""
        return bisect_left(self.days, day + DAY)

    def date(self, number: int) -> date:
        """The day of a number; past the horizon the plan's last day."""
        return self.days[number] if 0 <= number < self.horizon else self.plan.last

    def span(self, task: Task, start: int, finish: int) -> Span:
        """The dates of a task that takes the days [start, finish)."""
        first = self.date(start)
        if task.starts is not None and self._on_saturdays(task.starts):
            first -= DAY
            while first.weekday() != SATURDAY:
                first -= DAY
        return Span(first, self.date(finish - 1) if finish > start else first)

    def calendar(self, task: Task) -> int:
        """The number of a task's calendar."""
        return self._calendar[task.calendar]

    def start(self, task: Task) -> int | None:
        """The day on which a task is planned to begin; None where it has no date."""
        span = self.plan.dates.get(task.key)
        return None if span is None else self.number(span.start)

    def finish(self, task: Task) -> int | None:
        """The first day after a task as planned."""
        span = self.plan.dates.get(task.key)
        if span is None:
            return None
        return self.number(span.start) if task.estimate.likely == 0 else self.after(span.end)

    def _on_saturdays(self, key: str) -> bool:
        return self.plan.calendars[self._calendar[key]].saturdays

    @cached_property
    def open(self) -> list[Days]:
        """The open days of each calendar."""
        return [Days([self._open(calendar, at) for at in range(self.horizon)]) for calendar in self.plan.calendars]

    def _open(self, calendar: Calendar, number: int) -> bool:
        day = self.days[number]
        if calendar.saturdays:
            before = self.days[number - 1] if number else day - 3 * DAY
            between = (before + at * DAY for at in range(1, (day - before).days))
            return any(_rests(calendar, each) for each in between if each.weekday() == SATURDAY)
        return not any(stop.first <= day <= stop.last for stop in calendar.stops)

    @cached_property
    def free(self) -> list[list[int]]:
        """What there is of each capacity on each day."""
        rows = []
        for capacity in self.plan.capacities:
            row = [0] * self.horizon
            for level in sorted(capacity.levels, key=lambda level: level.since):
                row[self.number(level.since) :] = [level.amount] * (self.horizon - self.number(level.since))
            rows.append(row)
        return rows or [[0] * self.horizon]

    def problem(
        self, duration: list[int], fixed: list[int], earliest: list[int], lags: dict[tuple[str, str], int] | None = None
    ) -> Problem:
        """The plan as the schedulers see it. `lags` by (before, after) are added to those of the links."""
        more, plan = lags or {}, self.plan
        return problem(
            duration,
            [[task.needs.get(capacity.key, 0) for capacity in plan.capacities] or [0] for task in plan.tasks],
            self.free,
            [
                (self.at[x.before], self.at[x.after], LINK[x.kind], x.lag + more.get((x.before, x.after), 0))
                for x in plan.links
            ],
            self.open,
            [self._calendar[task.calendar] for task in plan.tasks],
            earliest,
            fixed,
            [self._calendar[task.starts or task.calendar] for task in plan.tasks],
        )


def _rests(calendar: Calendar, saturday: date) -> bool:
    """Whether a Saturday is open for a calendar of Saturdays."""
    return saturday not in holidays(saturday.year) and not any(s.first <= saturday <= s.last for s in calendar.stops)
