"""A plan as MS Project XML (MSPDI, http://schemas.microsoft.com/project): tasks under their units, links with lags,
calendars with their stops, capacities as resources, the old dates as baseline 0.

Calendars and tasks have numbers from 1 on, and are referred to by them alone: without that MS Project refuses a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from lxml import etree

from felles.duties.calendar import holidays
from felles.rollout.plan import Calendar, Link, Plan, Span, Task

NAMESPACE = "http://schemas.microsoft.com/project"
TYPES = {"FF": 0, "FS": 1, "SF": 2, "SS": 3}
DAY = timedelta(days=1)
BEGINS, ENDS = time(8), time(16)
HOURS = 8
TENTHS = HOURS * 60 * 10
"""A working day in the tenths of minutes in which lags are given."""
KEY = "188743731"
"""The field Text1, in which each task has its key."""


def mspdi(plan: Plan, old: Mapping[str, Span]) -> bytes:
    """The XML of a plan. Tasks without dates are left out."""
    root = etree.Element(f"{{{NAMESPACE}}}Project", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    starts = [span.start for span in plan.dates.values()]
    ends = [span.end for span in plan.dates.values()]
    _said(
        root, SaveVersion=14, Name=f"{plan.key}.xml", Title=plan.title, ScheduleFromStart=1,
        StartDate=_moment(min(starts, default=plan.first), BEGINS),
        FinishDate=_moment(max(ends, default=plan.last), ENDS),
        CalendarUID=1, MinutesPerDay=HOURS * 60, MinutesPerWeek=HOURS * 60 * 5, DaysPerMonth=20,
        StatusDate=_moment(plan.status, ENDS), NewTasksAreManual=0,
    )  # fmt: skip
    field = _under(_under(root, "ExtendedAttributes"), "ExtendedAttribute")
    _said(field, FieldID=KEY, FieldName="Text1", Alias="Nøkkel")
    calendars = _under(root, "Calendars")
    for number, calendar in enumerate(plan.calendars, 1):
        _calendar(calendars, plan, calendar, number)
    _tasks(_under(root, "Tasks"), plan, old)
    _resources(root, plan)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _under(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")


def _said(parent: etree._Element, **values: object) -> None:
    for name, value in values.items():
        _under(parent, name).text = str(value)


def _moment(day: date, at: time) -> str:
    return datetime.combine(day, at).isoformat()


def _calendar(parent: etree._Element, plan: Plan, calendar: Calendar, number: int) -> None:
    made = _under(parent, "Calendar")
    _said(made, UID=number, Name=calendar.name, IsBaseCalendar=1, BaseCalendarUID=-1)
    days = _under(made, "WeekDays")
    for day in range(1, 8):
        works = day == 7 if calendar.saturdays else 2 <= day <= 6
        one = _under(days, "WeekDay")
        _said(one, DayType=day, DayWorking=int(works))
        if works:
            hours = _under(_under(one, "WorkingTimes"), "WorkingTime")
            _said(hours, FromTime=BEGINS.isoformat(), ToTime=ENDS.isoformat())
    rests = [
        (day, day, name) for year in range(plan.first.year, plan.last.year + 1) for day, name in holidays(year).items()
    ]
    rests += [(stop.first, stop.last, stop.reason) for stop in calendar.stops]
    exceptions = _under(made, "Exceptions")
    for first, last, name in sorted(rests):
        one = _under(exceptions, "Exception")
        _said(one, EnteredByOccurrences=0)
        period = _under(one, "TimePeriod")
        _said(period, FromDate=_moment(first, time(0)), ToDate=_moment(last, time(23, 59)))
        _said(one, Occurrences=(last - first).days + 1, Name=name or "stans", Type=1, DayWorking=0)


def numbers(plan: Plan) -> dict[str, int]:
    """The number (UID) of each unit, as "unit:key", and of each of its tasks, in the order of the file."""
    found: dict[str, int] = {}
    for unit in plan.units:
        tasks = [task for task in plan.tasks if task.unit == unit.key and task.key in plan.dates]
        if tasks:
            found[f"unit:{unit.key}"] = len(found) + 1
            for task in tasks:
                found[task.key] = len(found) + 1
    return found


def _tasks(parent: etree._Element, plan: Plan, old: Mapping[str, Span]) -> None:
    number = numbers(plan)
    into: dict[str, list[Link]] = {}
    for link in plan.links:
        if link.before in number:
            into.setdefault(link.after, []).append(link)
    for unit in plan.units:
        tasks = [task for task in plan.tasks if task.unit == unit.key and task.key in plan.dates]
        if not tasks:
            continue
        _summary(parent, number[f"unit:{unit.key}"], unit.name, [plan.dates[task.key] for task in tasks])
        for task in tasks:
            one = _under(parent, "Task")
            _task(one, plan, task, number[task.key])
            for link in into.get(task.key, ()):
                before = _under(one, "PredecessorLink")
                _said(
                    before, PredecessorUID=number[link.before], Type=TYPES[link.kind], CrossProject=0,
                    LinkLag=link.lag * TENTHS, LagFormat=7,
                )  # fmt: skip
            attribute = _under(one, "ExtendedAttribute")
            _said(attribute, FieldID=KEY, Value=task.key)
            if task.key in old:
                _baseline(one, plan, task, old[task.key])


def _summary(parent: etree._Element, number: int, name: str, spans: list[Span]) -> None:
    one = _under(parent, "Task")
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    _said(
        one, UID=number, ID=number, Name=name, Type=1, IsNull=0, OutlineLevel=1, Start=_moment(first, BEGINS),
        Finish=_moment(last, ENDS), Summary=1,
    )  # fmt: skip


def _task(one: etree._Element, plan: Plan, task: Task, number: int) -> None:
    span = plan.dates[task.key]
    calendar = next(at for at, each in enumerate(plan.calendars, 1) if each.key == task.calendar)
    _said(
        one, UID=number, ID=number, Name=task.name, Type=1, IsNull=0, OutlineLevel=2, Start=_moment(span.start, BEGINS),
        Finish=_moment(span.end, ENDS), Duration=duration(plan, task, span), DurationFormat=7, Estimated=0,
        Milestone=0, Summary=0, CalendarUID=calendar, ConstraintType=4, ConstraintDate=_moment(span.start, BEGINS),
    )  # fmt: skip


def duration(plan: Plan, task: Task, span: Span) -> str:
    """The working time between a task's dates, less its pause, as MSPDI writes it: PT40H0M0S."""
    return f"PT{HOURS * days(plan, task, span)}H0M0S"


def days(plan: Plan, task: Task, span: Span) -> int:
    """The working days between a task's dates, less its pause."""
    calendar = next(each for each in plan.calendars if each.key == task.calendar)
    pause = plan.pauses.get(task.key) if plan.dates.get(task.key) == span else None
    count, day = 0, span.start
    while day <= span.end:
        rests = day in holidays(day.year) or any(stop.first <= day <= stop.last for stop in calendar.stops)
        paused = pause is not None and pause.start <= day <= pause.end
        count += day.weekday() < 5 and not rests and not paused
        day += DAY
    return count


def _baseline(one: etree._Element, plan: Plan, task: Task, span: Span) -> None:
    made = _under(one, "Baseline")
    _said(
        made, Number=0, Start=_moment(span.start, BEGINS), Finish=_moment(span.end, ENDS),
        Duration=duration(plan, task, span), DurationFormat=7,
    )  # fmt: skip


def _resources(root: etree._Element, plan: Plan) -> None:
    number, assigned = numbers(plan), 0
    resources, assignments = _under(root, "Resources"), _under(root, "Assignments")
    for at, capacity in enumerate(plan.capacities, 1):
        most = max((level.amount for level in capacity.levels), default=0)
        _said(_under(resources, "Resource"), UID=at, ID=at, Name=capacity.name, Type=1, MaxUnits=most)
        for task in plan.tasks:
            if task.key in number and task.needs.get(capacity.key):
                assigned += 1
                units = task.needs[capacity.key]
                made = _under(assignments, "Assignment")
                _said(made, UID=assigned, TaskUID=number[task.key], ResourceUID=at, Units=units)
