"""A roll-out plan (utrullingsplan): who goes live when, what must be done before, with what, and why each date stands.

A plan is a value: what changes is a new one. Dates are whole days; durations are working days of the task's calendar.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import msgspec


class UnitKind(StrEnum):
    REGION = "region"
    TRUST = "trust"
    HOSPITAL = "hospital"
    CLINIC = "clinic"
    MUNICIPALITY = "municipality"
    SERVICE = "service"


class TaskKind(StrEnum):
    """What a task is for; gates and go-lives are known by it."""

    PREPARATION = "preparation"
    TECHNICAL = "technical"
    MIGRATION = "migration"
    TRAINING = "training"
    REHEARSAL = "rehearsal"
    ROUTES = "routes"
    CORRECTION = "correction"
    GATE = "gate"
    GO_LIVE = "go-live"
    CLOSING = "closing"


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the region that goes live by itself, or holds others. `live`: when it did. `hospital`: the one that a
    municipality's patients are sent to. `parallel`: kroner a day while its old systems run on. `assumed`: what about it
    is not certain."""

    key: str
    name: str
    kind: UnitKind
    parent: str | None = None
    people: int = 0
    live: date | None = None
    hospital: str | None = None
    parallel: int = 0
    assumed: str = ""


class Wave(msgspec.Struct, frozen=True, kw_only=True):
    """Units that go live on the same day (bølge)."""

    key: str
    name: str
    units: tuple[str, ...]


class Estimate(msgspec.Struct, frozen=True, array_like=True):
    """A duration in working days, three-point: lowest, likely, highest."""

    low: int
    likely: int
    high: int


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """Something to do for a unit.

    `estimate` in working days of `calendar`; `needs` by capacity, the whole time. A `fixed` task keeps its planned
    start, for the `reason` given. `starts` names the calendar of days on which it may begin, where not every day will
    do (a go-live begins on a Saturday). It begins not before and not after the days given. `splits`: what is under way
    may be interrupted and resumed.
    """

    key: str
    name: str
    unit: str
    kind: TaskKind
    estimate: Estimate
    needs: dict[str, int] = {}
    calendar: str = "work"
    starts: str | None = None
    not_before: date | None = None
    not_after: date | None = None
    fixed: bool = False
    reason: str = ""
    people_facing: bool = False
    splits: bool = True
    cost: int = 0


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """`after` waits for `before`: FS, SS, FF or SF, with a lag in working days; `most` is the longest it may wait (what
    is learnt is forgotten: training no more than 40 days before the go-live)."""

    before: str
    after: str
    kind: str = "FS"
    lag: int = 0
    most: int | None = None


class Level(msgspec.Struct, frozen=True, array_like=True):
    """So much of a capacity from a day on, and why it changed."""

    since: date
    amount: int
    reason: str = ""


class Capacity(msgspec.Struct, frozen=True, kw_only=True):
    """People or rooms that tasks share: trainers, technical team, hypercare crews. `cost` in kroner a day for one."""

    key: str
    name: str
    levels: tuple[Level, ...]
    cost: int = 0


class Stop(msgspec.Struct, frozen=True, array_like=True):
    """Days, both included, on which a calendar's work rests, and why (summer, Christmas, a hospital that moves)."""

    first: date
    last: date
    reason: str = ""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Norwegian working days less `stops`; with `saturdays`, the Saturdays that are no holidays instead."""

    key: str
    name: str
    stops: tuple[Stop, ...] = ()
    saturdays: bool = False


class Span(msgspec.Struct, frozen=True, array_like=True):
    """When a task is done: its first day, and its last."""

    start: date
    end: date


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The whole of it. `status` is the day it is seen from: what ended before is history. `dates` by task key;
    `pauses`: days on which an interrupted task rests."""

    key: str
    title: str
    status: date
    first: date
    last: date
    units: tuple[Unit, ...]
    waves: tuple[Wave, ...] = ()
    tasks: tuple[Task, ...]
    links: tuple[Link, ...] = ()
    capacities: tuple[Capacity, ...] = ()
    calendars: tuple[Calendar, ...] = (Calendar(key="work", name="Arbeidsdager"),)
    dates: dict[str, Span] = {}
    pauses: dict[str, Span] = {}
    exercise: bool = False

    def task(self, key: str) -> Task:
        """KeyError where there is no such task."""
        return next(task for task in self.tasks if task.key == key)

    def unit(self, key: str) -> Unit:
        """KeyError where there is no such unit."""
        for unit in self.units:
            if unit.key == key:
                return unit
        raise KeyError(key)

    def go_lives(self) -> dict[str, Task]:
        """The go-live of each unit that has one, by unit."""
        return {task.unit: task for task in self.tasks if task.kind is TaskKind.GO_LIVE}

    def within(self, unit: str) -> set[str]:
        """A unit and those below it."""
        below = {unit}
        while more := {each.key for each in self.units if each.parent in below} - below:
            below |= more
        return below


def encoded(plan: Plan) -> bytes:
    """A plan as JSON, the same bytes for the same plan: what is kept and hashed."""
    return msgspec.json.encode(plan, order="deterministic")


def decoded(stored: bytes | str) -> Plan:
    """The plan of stored JSON. msgspec.ValidationError says what and where (`$.tasks[3].estimate`)."""
    return msgspec.json.decode(stored, type=Plan)


def plain(value: Any) -> Any:
    """Any part of a plan as JSON-able data."""
    return msgspec.to_builtins(value)
