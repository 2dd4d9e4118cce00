"""A plan's go-lives, gates and stops as iCalendar (RFC 5545): whole days, the same UID for the same event in every
version, a SEQUENCE that grows with the plan's versions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar, Event

from felles.rollout.plan import Plan, Span, TaskKind

SHOWN = (TaskKind.GO_LIVE, TaskKind.GATE)


def ical(plan: Plan, version: int, gone: tuple[str, ...] = ()) -> bytes:
    """The calendar of a plan's version. `gone`: tasks of an earlier version that are no more, as cancelled."""
    made = Calendar()
    made.add("prodid", "-//Felles//Utrulling//NO")
    made.add("version", "2.0")
    made.add("x-wr-calname", plan.title)
    units = {unit.key: unit.name for unit in plan.units}
    for task in plan.tasks:
        if task.kind in SHOWN and task.key in plan.dates:
            span = plan.dates[task.key]
            day = Span(span.start, span.start)
            made.add_component(_event(plan, task.key, f"{task.name}: {units[task.unit]}", day, version))
    for calendar in plan.calendars:
        for stop in calendar.stops:
            name = f"stop-{calendar.key}-{stop.first}"
            words = f"{stop.reason or 'Stans'} ({calendar.name})"
            made.add_component(_event(plan, name, words, Span(stop.first, stop.last), version))
    for key in gone:
        event = _event(plan, key, key, Span(plan.status, plan.status), version)
        event.add("status", "CANCELLED")
        made.add_component(event)
    return bytes(made.to_ical())


def _event(plan: Plan, key: str, words: str, span: Span, version: int) -> Event:
    made = Event()
    made.add("uid", f"{key}@{plan.key}.felles")
    made.add("summary", words)
    made.add("dtstart", span.start)
    made.add("dtend", span.end + timedelta(days=1))
    made.add("dtstamp", _noon(plan.status))
    made.add("sequence", version)
    made.add("transp", "TRANSPARENT")
    return made


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
