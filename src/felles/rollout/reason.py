"""Why a task comes when it does: what holds it there, and what holds that, back to a cause."""

from __future__ import annotations

from datetime import date, timedelta

from felles.rollout.plan import Link, Plan, Task, TaskKind
from felles.rollout.timeline import Timeline

NEAR = 3
"""Working days of slack within which something still counts as what holds a task."""
DEEP = 8


def chain(line: Timeline, key: str) -> list[str]:
    """The tasks that lead to a task's date, nearest first, each waiting for the next, back to a cause."""
    found: list[str] = []
    here: str | None = key
    while here is not None and len(found) < DEEP:
        nearest = _nearest(line, line.plan.task(here))
        here = nearest if nearest and nearest not in found else None
        if here:
            found.append(here)
    return found


def because(line: Timeline, key: str, untouched: bool = False) -> str:
    """Why a task comes when it does, in Norwegian."""
    plan = line.plan
    if untouched:
        return "Berøres ikke av årsaken; datoen står."
    task = plan.task(key)
    said = _full(line, task) or _opening(line, task)
    causes = chain(line, key)
    if causes:
        names = [_named(plan, plan.task(each)) for each in causes]
        said = " ← ".join(names[:1] + ([names[-1]] if len(names) > 1 else [])) + (f"; {said}" if said else "")
        return f"Venter på {said}."
    return (
        f"{said[:1].upper()}{said[1:]}." if said else "Flyttes med oppstarten, så det som er lært og prøvd er ferskt."
    )


def explained(line: Timeline, key: str, untouched: bool, kept: float) -> str:
    """Why a go-live comes when it does: the gate that has to be green first, who goes before it, what stood in the way
    of an earlier weekend, and how surely the day holds."""
    if untouched:
        return because(line, key, untouched=True)
    plan, task = line.plan, line.plan.task(key)
    parts = []
    green = next((each for each in _ancestors(plan, key) if each.endswith(".green")), None)
    if green:
        where = plan.unit(plan.task(green).unit).name
        parts.append(
            f"alle krav må være grønne ved {where} (planlagt {plan.dates[green].end:%d.%m.%Y}), så portene på nytt"
        )
    for link in plan.links:
        if link.after == key and link.kind == "SS":
            first = plan.unit(plan.task(link.before).unit).name
            parts.append(f"minst {link.lag} arbeidsdager etter {first}")
    since = plan.dates[green].end if green else plan.status
    parts += [*_taken(plan, task, since), *_closed(plan, task, since)]
    parts.append(f"lagt så sent at datoen holder i {100 * kept:.0f} av 100 gjennomregninger")
    said = "; ".join(parts)
    return f"{said[:1].upper()}{said[1:]}."


def _taken(plan: Plan, task: Task, since: date) -> list[str]:
    """When, from a day until a task begins, others' go-lives leave too little of what it needs."""
    found = []
    for capacity in plan.capacities:
        need = task.needs.get(capacity.key, 0)
        most = max((level.amount for level in capacity.levels), default=0)
        spans = [
            (plan.dates[each.key], each.needs.get(capacity.key, 0))
            for each in plan.tasks
            if each.kind is TaskKind.GO_LIVE and each.unit != task.unit and each.needs.get(capacity.key)
        ]
        for span in sorted({span for span, _ in spans if need}, key=lambda span: span.start):
            used = sum(amount for other, amount in spans if other.start <= span.start <= other.end)
            if since <= span.end and span.end < plan.dates[task.key].start and used + need > most:
                what = capacity.name.lower()
                found.append(f"{what} opptatt {span.start:%d.%m.}–{span.end:%d.%m.%Y} ({used} av {most})")
    return found


def _closed(plan: Plan, task: Task, since: date) -> list[str]:
    """The stops, from a day until a task begins, in which it may not begin."""
    calendar = next(each for each in plan.calendars if each.key == (task.starts or task.calendar))
    begin = plan.dates[task.key].start
    return [f"{s.reason} ({s.first:%d.%m.}–{s.last:%d.%m.%Y})" for s in calendar.stops if since <= s.last < begin]


def _ancestors(plan: Plan, key: str) -> list[str]:
    """All that a task waits for, directly or not."""
    before: dict[str, list[str]] = {}
    for link in plan.links:
        before.setdefault(link.after, []).append(link.before)
    found, ahead = [], [key]
    while ahead:
        for each in before.get(ahead.pop(), ()):
            if each not in found:
                found.append(each)
                ahead.append(each)
    return found


def _nearest(line: Timeline, task: Task) -> str | None:
    """The task that ends last before this one may begin; None where none is near."""
    begin = line.start(task)
    bounds = [
        (bound, link.before) for link in line.plan.links if link.after == task.key and (bound := _bound(line, link))
    ]
    if not bounds or begin is None:
        return None
    bound, before = max(bounds)
    slack = begin - bound
    return before if slack <= NEAR or task.starts is not None else None


def _bound(line: Timeline, link: Link) -> int | None:
    before = line.plan.task(link.before)
    day = line.finish(before) if link.kind in {"FS", "FF"} else line.start(before)
    return None if day is None or link.kind in {"FF", "SF"} else day + link.lag


def _full(line: Timeline, task: Task) -> str:
    """The capacity that leaves no room for a task to begin a working day sooner, and who uses it."""
    begin = line.start(task)
    if not begin:
        return ""
    day = line.date(begin - 1)
    for at, capacity in enumerate(line.plan.capacities):
        need = task.needs.get(capacity.key, 0)
        if not need:
            continue
        users = [
            each
            for each in line.plan.tasks
            if each.key != task.key
            and each.needs.get(capacity.key)
            and (span := line.plan.dates.get(each.key))
            and span.start <= day <= span.end
        ]
        used = sum(each.needs[capacity.key] for each in users)
        there = line.free[at][begin - 1]
        if used + need > there:
            return f"{capacity.name.lower()} er opptatt ({used} av {there}) til {day:%d.%m.%Y}"
    return ""


def _opening(line: Timeline, task: Task) -> str:
    """The stop that keeps a go-live from the weekend before."""
    if task.starts is None:
        return ""
    span = line.plan.dates[task.key]
    calendar = next(each for each in line.plan.calendars if each.key == task.starts)
    before = span.start - timedelta(days=7)
    stop = next((each for each in calendar.stops if each.first <= before <= each.last), None)
    return f"{stop.reason} ({stop.first:%d.%m.}–{stop.last:%d.%m.%Y})" if stop else ""


def _named(plan: Plan, task: Task) -> str:
    return f"{task.name} ({plan.unit(task.unit).name}, {plan.dates[task.key].end:%d.%m.%Y})"
