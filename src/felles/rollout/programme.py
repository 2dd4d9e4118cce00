"""A plan from a programme's description (TOML): its units, the steps that each goes through, the dates these give."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec

from felles.rollout.plan import (
    Calendar,
    Capacity,
    Estimate,
    Level,
    Link,
    Plan,
    Span,
    Stop,
    Task,
    TaskKind,
    Unit,
    UnitKind,
    Wave,
)
from felles.rollout.timeline import Timeline

PARALLEL = {UnitKind.HOSPITAL: 85_000, UnitKind.MUNICIPALITY: 6_000}
"""Kroner a day while a unit's old systems run on; an assumption of the exercise."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that every unit goes through, `before` working days ahead of its go-live. `lead`: at least so many
    working days from it to the go-live; `most`: at most so many, and where more have gone it is done once more."""

    key: str
    name: str
    kind: TaskKind
    before: int
    estimate: Estimate
    needs: dict[str, int] = {}
    after: tuple[str, ...] = ()
    people: bool = False
    starts: str | None = None
    lead: int = 0
    most: int | None = None


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A unit as the description has it; `golive` is when it is planned to go live."""

    key: str
    name: str
    parent: str = "midt"
    people: int = 0
    live: date | None = None
    golive: date | None = None
    hospital: str | None = None
    assumed: str = ""


@dataclass(frozen=True)
class Programme:
    """A description, as read."""

    told: dict[str, Any]
    steps: tuple[Step, ...]

    def plan(self) -> Plan:
        """The plan that it describes: each step so many working days before its unit's go-live, capacities as much as
        the plan uses at its most."""
        told, hospitals, municipalities = self.told, self._places("hospital"), self._places("municipality")
        units = [msgspec.convert(each, Unit) for each in told["unit"]]
        units += [_unit(each, UnitKind.HOSPITAL) for each in hospitals]
        units += [_unit(each, UnitKind.MUNICIPALITY) for each in municipalities]
        ahead = [each for each in (*hospitals, *municipalities) if each.golive]
        larger = {each.key for each in hospitals}
        tasks = [self._task(step, unit, unit.key in larger) for unit in ahead for step in self.steps]
        plan = Plan(
            key=told["key"], title=told["title"], status=told["status"], first=told["first"], last=told["last"],
            units=tuple(units), waves=tuple(_waves(ahead)), tasks=tuple(tasks),
            links=(*(link for unit in ahead for link in self.links(unit.key)), *self._order()),
            capacities=tuple(msgspec.convert(each | {"levels": ()}, Capacity) for each in told["capacity"]),
            calendars=self._calendars(), exercise=True,
        )  # fmt: skip
        plan = msgspec.structs.replace(plan, dates=self._dates(plan, ahead))
        return msgspec.structs.replace(plan, capacities=tuple(_reaching(plan)))

    def links(self, unit: str) -> Iterable[Link]:
        """How a unit's steps wait for each other."""
        for step in self.steps:
            yield from (Link(before=f"{unit}.{key}", after=f"{unit}.{step.key}") for key in step.after)
            if step.lead or step.most is not None:
                yield Link(before=f"{unit}.{step.key}", after=f"{unit}.golive", lag=step.lead, most=step.most)

    def _order(self) -> Iterable[Link]:
        for each in self.told.get("order", ()):
            yield Link(before=f"{each['before']}.golive", after=f"{each['after']}.golive", kind="SS", lag=each["lag"])

    def _places(self, kind: str) -> list[Place]:
        return msgspec.convert(self.told[kind], list[Place])

    def _task(self, step: Step, unit: Place, larger: bool) -> Task:
        needs = self.told["hospital_needs"].get(step.key, step.needs) if larger else step.needs
        return Task(
            key=f"{unit.key}.{step.key}", name=step.name, unit=unit.key, kind=step.kind, estimate=step.estimate,
            needs=needs, starts=step.starts, people_facing=step.people, splits=step.kind is not TaskKind.GO_LIVE,
        )  # fmt: skip

    def _calendars(self) -> tuple[Calendar, ...]:
        stops: dict[str, list[Stop]] = {}
        for each in self.told["stop"]:
            stops.setdefault(each["calendar"], []).append(Stop(each["first"], each["last"], each["reason"]))
        return (
            Calendar(key="work", name="Arbeidsdager", stops=tuple(stops.get("work", ()))),
            Calendar(key="start", name="Oppstartshelger", stops=tuple(stops.get("start", ())), saturdays=True),
        )

    def _dates(self, plan: Plan, ahead: Iterable[Place]) -> dict[str, Span]:
        line, dates = Timeline(plan), {}
        open_days = [day for day, works in zip(line.days, line.open[0].works, strict=True) if works]
        for unit in ahead:
            day = unit.golive or plan.last
            at = sum(each < day for each in open_days)
            for step in self.steps:
                first = open_days[at - step.before]
                end = open_days[at - step.before + max(1, step.estimate.likely) - 1]
                dates[f"{unit.key}.{step.key}"] = Span(day if step.key == "golive" else first, end)
        return dates


def described(told: dict[str, Any]) -> Programme:
    """A programme from a TOML's content. msgspec.ValidationError says what is wrong, and where."""
    return Programme(told, tuple(msgspec.convert(told["step"], list[Step])))


def _unit(place: Place, kind: UnitKind) -> Unit:
    return Unit(
        key=place.key, name=place.name, kind=kind, parent=place.parent, people=place.people, live=place.live,
        hospital=place.hospital, parallel=PARALLEL[kind], assumed=place.assumed,
    )  # fmt: skip


def _waves(ahead: Iterable[Place]) -> Iterable[Wave]:
    """The units that are planned to go live on the same day under the same parent."""
    found: dict[tuple[date, str], list[str]] = {}
    for unit in ahead:
        found.setdefault((unit.golive or date.max, unit.parent), []).append(unit.key)
    for (day, parent), units in sorted(found.items()):
        yield Wave(key=f"{parent}-{day:%Y%m%d}", name=f"Bølge {day:%d.%m.%Y}", units=tuple(units))


def _reaching(plan: Plan) -> Iterable[Capacity]:
    """Each capacity as much as the plan needs on its busiest day."""
    for capacity in plan.capacities:
        used: dict[date, int] = {}
        for task in plan.tasks:
            span, need = plan.dates[task.key], task.needs.get(capacity.key, 0)
            for at in range((span.end - span.start).days + 1 if need else 0):
                day = span.start + timedelta(days=at)
                used[day] = used.get(day, 0) + need
        yield msgspec.structs.replace(capacity, levels=(Level(plan.first, max(used.values(), default=0)),))
