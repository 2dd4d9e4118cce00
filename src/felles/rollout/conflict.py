"""When no plan keeps all that is demanded: a smallest set of demands that cannot all be kept, found by leaving out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date

import msgspec

from felles.rollout.plan import Calendar, Estimate, Level, Link, Plan, Stop, TaskKind
from felles.rollout.replan import Aim, ImpossiblePlanError, aimed, replanned

SECONDS = 3.0
"""How long one answer is looked for; what is not found impossible in this time counts as possible."""


@dataclass(frozen=True)
class Demand:
    """Something that a plan has to keep, in words, and the plan that does not have to."""

    words: str
    without: Callable[[Plan], Plan]


def conflict(plan: Plan, aim: Aim, untouched: Collection[str], seconds: float = 30.0) -> list[Demand]:
    """Demands that no plan keeps together, and any of which, left out, lets the others be kept. Empty where a plan was
    found. Demands that are left out when the time is up stay in."""
    whole = aimed(plan, aim)
    bare = msgspec.structs.replace(aim, not_before={}, not_after={}, more={})
    demands = list(_demands(whole, untouched))
    if _possible(whole, bare, untouched, demands, demands):
        return []
    return _least(demands, lambda kept: _possible(whole, bare, untouched, kept, demands))


def _least(demands: Sequence[Demand], possible: Callable[[Sequence[Demand]], bool]) -> list[Demand]:
    """Leave out halves, quarters ... and at last single demands, as long as what is left stays impossible."""
    kept, size = list(demands), max(1, len(demands) // 2)
    while True:
        at = 0
        while at < len(kept):
            fewer = kept[:at] + kept[at + size :]
            if fewer and not possible(fewer):
                kept = fewer
            else:
                at += size
        if size == 1:
            return kept
        size = max(1, size // 2)


def _possible(
    plan: Plan, aim: Aim, untouched: Collection[str], kept: Sequence[Demand], demands: Sequence[Demand]
) -> bool:
    words = {demand.words for demand in kept}
    for demand in demands:
        if demand.words not in words:
            plan = demand.without(plan)
    free = {unit for unit in untouched if f"{plan.unit(unit).name} beholder datoene sine" not in words}
    try:
        replanned(plan, aim, set(untouched) - free, SECONDS, first=True)
    except ImpossiblePlanError as error:
        return error.unsure
    return True


def _demands(plan: Plan, untouched: Collection[str]) -> list[Demand]:
    names = {unit.key: unit.name for unit in plan.units}
    found = [
        Demand(f"{task.name} ved {names[task.unit]} senest {task.not_after:%d.%m.%Y}", _timeless(task.key))
        for task in plan.tasks
        if task.not_after is not None and task.not_after.year < 9999
    ]
    ahead = {
        task.unit
        for task in plan.tasks
        if task.unit in untouched and task.key in plan.dates and plan.dates[task.key].end >= plan.status
    }
    found += [Demand(f"{names[unit]} beholder datoene sine", lambda plan: plan) for unit in sorted(ahead)]
    for each in plan.capacities:
        most = max((level.amount for level in each.levels), default=0)
        found.append(Demand(f"{each.name}: det er {most}", _endless(each.key)))
    found += [
        Demand(f"{task.name} tar {task.estimate.likely} arbeidsdager", _instant(task.key))
        for task in plan.tasks
        if task.kind is TaskKind.CORRECTION
    ]
    leads = [link for link in plan.links if _leads(plan, link)]
    found += [
        Demand(
            f"{plan.task(link.before).name} ved {names[plan.task(link.before).unit]} minst {link.lag} arbeidsdager før",
            _leadless(link),
        )
        for link in leads
    ]
    stops = [(calendar, stop) for calendar in plan.calendars for stop in calendar.stops if stop.last >= plan.status]
    found += [
        Demand(
            f"{stop.reason} {stop.first:%d.%m.}–{stop.last:%d.%m.%Y} ({calendar.name.lower()})", _open(calendar.key, at)
        )
        for calendar, stop in stops
        for at in (calendar.stops.index(stop),)
    ]
    return found


def _leads(plan: Plan, link: Link) -> bool:
    return link.lag > 0 and link.after.endswith(".golive") and plan.task(link.after).not_after is not None


def _timeless(key: str) -> Callable[[Plan], Plan]:
    return lambda plan: _tasked(plan, key, not_after=None)


def _instant(key: str) -> Callable[[Plan], Plan]:
    return lambda plan: _tasked(plan, key, estimate=Estimate(0, 0, 0))


def _tasked(plan: Plan, key: str, **changes: object) -> Plan:
    tasks = (msgspec.structs.replace(task, **changes) if task.key == key else task for task in plan.tasks)
    return msgspec.structs.replace(plan, tasks=tuple(tasks))


def _endless(key: str) -> Callable[[Plan], Plan]:
    def without(plan: Plan) -> Plan:
        endless = (Level(plan.first, 1_000_000),)
        more = (msgspec.structs.replace(x, levels=endless) if x.key == key else x for x in plan.capacities)
        return msgspec.structs.replace(plan, capacities=tuple(more))

    return without


def _leadless(link: Link) -> Callable[[Plan], Plan]:
    def without(plan: Plan) -> Plan:
        links = (msgspec.structs.replace(x, lag=0) if x == link else x for x in plan.links)
        return msgspec.structs.replace(plan, links=tuple(links))

    return without


def _open(key: str, at: int) -> Callable[[Plan], Plan]:
    def without(plan: Plan) -> Plan:
        calendars = (_opened(calendar, at) if calendar.key == key else calendar for calendar in plan.calendars)
        return msgspec.structs.replace(plan, calendars=tuple(calendars))

    return without


def _opened(calendar: Calendar, at: int) -> Calendar:
    """A calendar without one of its stops; the stop keeps its place, on a day that rests anyhow."""
    sunday = date(2000, 1, 2)
    stops = (Stop(sunday, sunday) if number == at else stop for number, stop in enumerate(calendar.stops))
    return msgspec.structs.replace(calendar, stops=tuple(stops))
