"""Whether a plan's dates keep everything that it says, checked day by day with dates alone: the schedulers' own ways of
counting are not used, so that their faults are found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from felles.duties.calendar import holidays
from felles.rollout.plan import Calendar, Capacity, Link, Plan, Span, Task

DAY = timedelta(days=1)
SATURDAY = 5


def violations(plan: Plan, since: date | None = None) -> list[str]:
    """What a plan does not keep, from a day on (its status date), each in Norwegian words."""
    first = since or plan.status
    ahead = [task for task in plan.tasks if task.key in plan.dates and plan.dates[task.key].end >= first]
    known = {task.key: task for task in plan.tasks}
    live = [link for link in plan.links if _moves(plan, link, first)]
    return [
        *(f"Oppgaven {task.key} har ingen dato" for task in plan.tasks if task.key not in plan.dates),
        *(said for task in ahead for said in _day(plan, task, first)),
        *(said for link in live for said in _wait(plan, link, known)),
        *(said for capacity in plan.capacities for said in _used(plan, capacity, ahead, first)),
        *_together(plan, first),
    ]


def works(calendar: Calendar, day: date) -> bool:
    """Whether a calendar's work goes on on a day."""
    wanted = day.weekday() == SATURDAY if calendar.saturdays else day.weekday() < SATURDAY
    return wanted and day not in holidays(day.year) and not any(s.first <= day <= s.last for s in calendar.stops)


def _moves(plan: Plan, link: Link, first: date) -> bool:
    """Whether the end that waits is still ahead."""
    return link.after in plan.dates and link.before in plan.dates and plan.dates[link.after].start >= first


def _days(span: Span, pause: Span | None) -> Iterator[date]:
    for at in range((span.end - span.start).days + 1):
        day = span.start + at * DAY
        if pause is None or not pause.start <= day <= pause.end:
            yield day


def _day(plan: Plan, task: Task, first: date) -> Iterator[str]:
    span = plan.dates[task.key]
    calendars = {calendar.key: calendar for calendar in plan.calendars}
    done = sum(works(calendars[task.calendar], day) for day in _days(span, plan.pauses.get(task.key)))
    if span.start >= first and done < task.estimate.low:
        yield f"Oppgaven {task.key} har {done} arbeidsdager, men trenger minst {task.estimate.low}"
    if span.start >= first and not works(calendars[task.starts or task.calendar], span.start):
        yield f"Oppgaven {task.key} kan ikke begynne {span.start:%d.%m.%Y}"
    if task.not_before and first <= span.start < task.not_before:
        yield f"Oppgaven {task.key} begynner {span.start:%d.%m.%Y}, før {task.not_before:%d.%m.%Y}"
    if task.not_after and span.start > task.not_after:
        yield f"Oppgaven {task.key} begynner {span.start:%d.%m.%Y}, etter {task.not_after:%d.%m.%Y}"


def _wait(plan: Plan, link: Link, known: dict[str, Task]) -> Iterator[str]:
    """A link counted in Norwegian working days between two moments: mornings of starts, evenings of ends."""
    before = _moment(plan, known[link.before], link.kind in {"FS", "FF"})
    after = _moment(plan, known[link.after], link.kind in {"FF", "SF"})
    waits = _between(before, after)
    if waits < link.lag:
        yield f"{link.after} venter {waits} arbeidsdager på {link.before}; minst {link.lag} er krevd"
    if link.most is not None and waits > link.most and plan.dates[link.before].end >= plan.status:
        yield f"{link.after} kommer {waits} arbeidsdager etter {link.before}; høyst {link.most} er tillatt"


def _moment(plan: Plan, task: Task, end: bool) -> date:
    """The morning on which a task begins or, once it has ended, the next working morning."""
    span = plan.dates[task.key]
    day = span.end + DAY if end and task.estimate.likely else span.start
    while not (day.weekday() < SATURDAY and day not in holidays(day.year)):
        day += DAY
    return day


def _between(first: date, last: date) -> int:
    early, late = sorted((first, last))
    span = (early + at * DAY for at in range((late - early).days))
    count = sum(day.weekday() < SATURDAY and day not in holidays(day.year) for day in span)
    return count if first <= last else -count


def _used(plan: Plan, capacity: Capacity, ahead: list[Task], first: date) -> Iterator[str]:
    used: dict[date, int] = {}
    for task in ahead:
        need = task.needs.get(capacity.key, 0)
        for day in _days(plan.dates[task.key], plan.pauses.get(task.key)) if need else ():
            if day >= first and day.weekday() < SATURDAY and day not in holidays(day.year):
                used[day] = used.get(day, 0) + need
    over = next((day for day, count in sorted(used.items()) if count > _level(capacity, day)), None)
    if over:
        there = _level(capacity, over)
        yield f"{capacity.name}: {used[over]} trengs {over:%d.%m.%Y}, men det er {there}"


def _level(capacity: Capacity, day: date) -> int:
    return next((x.amount for x in sorted(capacity.levels, key=lambda x: x.since, reverse=True) if x.since <= day), 0)


def _together(plan: Plan, first: date) -> Iterator[str]:
    live = plan.go_lives()
    for wave in plan.waves:
        days = {
            plan.dates[live[unit].key].start for unit in wave.units if unit in live and live[unit].key in plan.dates
        }
        if len(days) > 1 and max(days) >= first:
            yield f"Enhetene i {wave.name} har ikke samme oppstart"
