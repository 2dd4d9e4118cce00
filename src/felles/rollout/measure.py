"""Criteria counted from raw events: FHIR resources of the running record, and records brought in from outside.

Each measure sees one event after the other and keeps counts and opaque ids alone. Pure.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

import numpy as np

from felles.clerical import clock
from felles.clerical.npr.report import MEASURE
from felles.clerical.period import Status, is_period, of
from felles.delivery.letter import coded, is_delivery, state_of
from felles.delivery.state import TERMINAL, State
from felles.duties.calendar import holidays
from felles.rollout.verdict import Reading

Json = Mapping[str, Any]
CATEGORY = "urn:felles:category"
SAMPLE = 50
GRACE = 2
"""Working days in which a letter or message may still be on its way."""
CALM = 30
"""Days before the go-live that the imaging turnaround is held against."""


@dataclass(frozen=True)
class Scope:
    """Whose events are counted ("Organization/x"), since when, and up to which day; nothing later is seen."""

    unit: str
    organizations: Collection[str]
    since: date
    on: date

    def has(self, reference: Json | None) -> bool:
        return str((reference or {}).get("reference", "")) in self.organizations

    def late(self, day: date) -> bool:
        """Whether more than the grace has gone."""
        return workdays(day, self.on) > GRACE


def workdays(first: date, last: date) -> int:
    """Working days after a day, up to another."""
    days = (first + timedelta(days=at) for at in range(1, (last - first).days + 1))
    return sum(day.weekday() < 5 and day not in holidays(day.year) for day in days)


def day_of(text: Any) -> date | None:
    """The day of a FHIR date, dateTime or instant."""
    return date.fromisoformat(str(text)[:10]) if text and len(str(text)) >= 10 else None


@dataclass
class Measure:
    """Counts one criterion within a scope."""

    scope: Scope
    whole: int = 0
    bad: list[str] = field(default_factory=list)
    newest: date | None = None
    groups: dict[str, Counter[str]] = field(default_factory=dict)
    key: ClassVar[str] = ""
    types: ClassVar[tuple[str, ...]] = ()

    def see(self, resource: Json) -> None:
        raise NotImplementedError

    def came(self, day: date | None) -> bool:
        """Whether an event of a day is within the scope; remembers the newest."""
        if day is None or not self.scope.since <= day <= self.scope.on:
            return False
        self.newest = max(self.newest or day, day)
        return True

    def count(self, id: str, bad: bool, group: str = "") -> None:
        self.whole += 1
        if bad:
            self.bad.append(id)
        if group:
            self.groups.setdefault(group, Counter()).update(whole=1, bad=int(bad))

    def reading(self) -> Reading:
        """What was counted; the ids of what is bad as a hash, and the first of them."""
        ids = sorted(self.bad)
        return Reading(
            criterion=self.key, unit=self.scope.unit, taken=self.scope.on, part=len(ids), whole=self.whole,
            newest=self.newest, groups={name: (n["bad"], n["whole"]) for name, n in sorted(self.groups.items())},
            rows=hashlib.sha256("\n".join(ids).encode()).hexdigest(), sample=tuple(ids[:SAMPLE]),
        )  # fmt: skip


@dataclass
class Letters(Measure):
    """Letters that nobody has acknowledged."""

    key: ClassVar[str] = "undelivered-letters"
    types: ClassVar[tuple[str, ...]] = ("Composition", "Communication")
    signed: dict[str, date] = field(default_factory=dict)

    def see(self, resource: Json) -> None:
        if resource["resourceType"] == "Composition":
            if self.scope.has(resource.get("custodian")) and (day := day_of(resource.get("date"))):
                self.signed[f"Composition/{resource['id']}"] = day
        elif is_delivery(resource) and self.scope.has(resource.get("sender")):
            letter = next((str(one.get("reference")) for one in resource.get("partOf") or ()), "")
            day = self.signed.get(letter)
            if day is not None and self.came(day):
                through = state_of(resource) in TERMINAL or _on_paper(resource)
                kind = coded(resource.get("category"), "urn:felles:receiver-role")
                self.count(f"Communication/{resource['id']}", not through and self.scope.late(day), kind)


def _on_paper(delivery: Json) -> bool:
    """Paper that the print room has confirmed is as far as paper can be followed."""
    return state_of(delivery) is State.SENT and coded(delivery.get("medium"), "urn:felles:channel") == "print"


@dataclass
class Messages(Measure):
    """Messages without a positive receipt, by kind and counterpart: what is sent is acknowledged, refused or open."""

    key: ClassVar[str] = "unacknowledged-messages"
    types: ClassVar[tuple[str, ...]] = ("Communication",)

    def see(self, resource: Json) -> None:
        if is_delivery(resource) or not self.scope.has(resource.get("sender")):
            return
        day = day_of(resource.get("sent"))
        if day is None or not self.came(day):
            return
        to = next((str(one.get("display") or one.get("reference")) for one in resource.get("recipient") or ()), "?")
        kind = next(
            (str(c.get("code")) for one in resource.get("category") or () for c in one.get("coding") or ()), "?"
        )
        open_ = not resource.get("received") and resource.get("status") != "entered-in-error"
        self.count(f"Communication/{resource['id']}", open_ and self.scope.late(day), f"{kind} → {to}")


def is_imaging(request: Json) -> bool:
    return coded(request.get("category"), CATEGORY) == "imaging"


@dataclass
class Orders(Measure):
    """Active imaging orders that nobody owns."""

    key: ClassVar[str] = "imaging-orders"
    types: ClassVar[tuple[str, ...]] = ("Task", "ServiceRequest")
    owned: set[str] = field(default_factory=set)

    def see(self, resource: Json) -> None:
        if resource["resourceType"] == "Task":
            if (resource.get("owner") or {}).get("reference"):
                self.owned.add(str((resource.get("focus") or {}).get("reference")))
        elif is_imaging(resource) and any(self.scope.has(one) for one in resource.get("performer") or ()):
            me = f"ServiceRequest/{resource['id']}"
            if self.came(day_of(resource.get("authoredOn"))):
                self.count(me, resource.get("status") == "active" and me not in self.owned)


@dataclass
class Turnaround(Measure):
    """Hours from an imaging order to its report: nine of ten since the go-live, over nine of ten before."""

    key: ClassVar[str] = "imaging-turnaround"
    types: ClassVar[tuple[str, ...]] = ("ServiceRequest", "DiagnosticReport")
    ordered: dict[str, datetime] = field(default_factory=dict)
    before: list[float] = field(default_factory=list)
    since: list[float] = field(default_factory=list)

    def see(self, resource: Json) -> None:
        if resource["resourceType"] == "ServiceRequest":
            mine = is_imaging(resource) and any(self.scope.has(one) for one in resource.get("performer") or ())
            if mine and resource.get("authoredOn"):
                self.ordered[f"ServiceRequest/{resource['id']}"] = datetime.fromisoformat(str(resource["authoredOn"]))
            return
        order = next((str(one.get("reference")) for one in resource.get("basedOn") or ()), "")
        begun, issued = self.ordered.get(order), resource.get("issued")
        if begun is None or not issued:
            return
        hours = (datetime.fromisoformat(str(issued)) - begun).total_seconds() / 3_600
        if self.came(day_of(issued)):
            self.since.append(hours)
        elif self.scope.since - timedelta(days=CALM) <= begun.date() < self.scope.since:
            self.before.append(hours)

    def reading(self) -> Reading:
        ratio = None
        if self.since and self.before:
            ratio = round(float(np.quantile(self.since, 0.9) / max(0.1, np.quantile(self.before, 0.9))), 4)
        return Reading(
            criterion=self.key, unit=self.scope.unit, taken=self.scope.on, part=len(self.since), whole=len(self.before),
            value=ratio, newest=self.newest,
        )  # fmt: skip


@dataclass
class Referrals(Measure):
    """Referrals not assessed within ten working days of their first receipt."""

    key: ClassVar[str] = "referral-backlog"
    types: ClassVar[tuple[str, ...]] = ("EpisodeOfCare",)

    def see(self, resource: Json) -> None:
        if not is_period(resource) or not self.scope.has(resource.get("managingOrganization")):
            return
        period = of(resource)
        if self.came(period.received):
            late = period.status is Status.RECEIVED and clock.last_day_to_assess(period.seniority) < self.scope.on
            self.count(f"EpisodeOfCare/{resource['id']}", late)


@dataclass
class Extracts(Measure):
    """Whole months since the go-live of which there is no extract that is sound."""

    key: ClassVar[str] = "npr-extract"
    types: ClassVar[tuple[str, ...]] = ("MeasureReport",)
    sound: set[str] = field(default_factory=set)

    def see(self, resource: Json) -> None:
        mine = resource.get("measure") == MEASURE and self.scope.has(resource.get("reporter"))
        if mine and resource.get("status") == "complete":
            self.sound.add(str((resource.get("period") or {}).get("start"))[:7])

    def reading(self) -> Reading:
        day = self.scope.since.replace(day=1)
        while (end := (day + timedelta(days=31)).replace(day=1)) <= self.scope.on:
            self.count(f"{day:%Y-%m}", f"{day:%Y-%m}" not in self.sound)
            self.newest, day = self.scope.on, end
        return Measure.reading(self)


MEASURES: tuple[type[Measure], ...] = (Letters, Messages, Orders, Turnaround, Referrals, Extracts)
ORDER = ("Composition", "Communication", "Task", "ServiceRequest", "DiagnosticReport", "EpisodeOfCare", "MeasureReport")
"""The types that measures see, in this order: what is referred to comes first."""


def raw(criterion: str, scope: Scope, records: Iterable[Json]) -> Reading:
    """A criterion counted from raw records that were brought in: each has `unit`, `id`, `day` and `good`."""
    made = Measure(scope)
    seen: dict[str, Json] = {}
    for record in records:
        if record["criterion"] == criterion and record["unit"] == scope.unit:
            seen[str(record["id"])] = record
    for id, record in seen.items():
        day = date.fromisoformat(str(record["day"]))
        if day <= scope.on:
            made.newest = max(made.newest or day, day)
            made.count(id, not record["good"], str(record.get("group", "")))
    reading = made.reading()
    return Reading(**{name: getattr(reading, name) for name in Reading.__struct_fields__} | {"criterion": criterion})
