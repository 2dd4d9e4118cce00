"""What has happened, as the numbers count it: pure functions from resources to facts.

Sources: Rundskriv IS-2331 (ventetid), pasient- og brukerrettighetsloven § 2-2 (assessment, deadline), the indicators of
Helsedirektoratet (passert planlagt tid, planleggingshorisont, epikrise).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from felles.access.age import NORWAY as ZONE
from felles.clerical import clock
from felles.clerical.period import Status, is_period, of

Json = Mapping[str, Any]
BEGUN = "1"
"""Ventetid sluttkode (Volven 8445): care has begun."""
_KEPT = frozenset(("fulfilled", "arrived", "checked-in"))
_PLANNED = frozenset(("proposed", "pending", "waitlist", "booked"))
EPICRISIS = frozenset(("18842-5", "11490-0", "34105-7", "28655-9"))
"""LOINC: discharge summaries."""
HOUR = 3_600


class Kind(IntEnum):
    """The numbers stand in stores. ASSESSED: `value` days from the receipt, `good` in time. ANSWERED: `good` a right to
    care. BEGUN: `value` days waited (ventetid), `good` by the deadline. VISIT: `good` kept, otherwise missed.
    DISCHARGED: `value` hours until the epicrisis was signed, none while it is not. PLANNED, as long as it is ahead:
    `day` when at the latest, `good` with a time of its own."""

    ASSESSED = 1
    ANSWERED = 2
    BEGUN = 3
    VISIT = 4
    DISCHARGED = 5
    PLANNED = 6


@dataclass(frozen=True, slots=True)
class Fact:
    """`unit` is "Organization/x", `field` a code of the table `field` or empty."""

    kind: Kind
    unit: str
    day: date
    value: int | None = None
    good: bool | None = None
    field: str = ""

    @property
    def month(self) -> int:
        """Months since the year 0."""
        return self.day.year * 12 + self.day.month - 1


def of_episode(episode: Json | None) -> list[Fact]:
    """Of a referral period: its assessment, its outcome, and that care began."""
    if not is_period(episode):
        return []
    one = of(episode or {})
    found: list[Fact] = []
    if one.assessed is not None and one.outcome:
        in_time = one.assessed <= clock.last_day_to_assess(one.seniority)
        took = (one.assessed - one.received).days
        found.append(Fact(Kind.ASSESSED, one.unit, one.assessed, took, in_time, one.field))
        found.append(Fact(Kind.ANSWERED, one.unit, one.assessed, None, one.outcome == "right", one.field))
    if one.end == BEGUN and one.ended is not None and one.status is not Status.CANCELLED:
        in_time = one.deadline is None or one.ended <= one.deadline
        found.append(Fact(Kind.BEGUN, one.unit, one.ended, one.waited(one.ended), in_time, one.field))
    return found


def of_appointment(appointment: Json | None, unit: str) -> list[Fact]:
    """Of an appointment: kept, missed, or still ahead. Nothing where no unit is known."""
    status = (appointment or {}).get("status")
    start = _day((appointment or {}).get("start"))
    if appointment is None or not unit:
        return []
    if start is not None and (status in _KEPT or status == "noshow"):
        return [Fact(Kind.VISIT, unit, start, None, status in _KEPT)]
    wishes = (_day(one.get("end")) for one in appointment.get("requestedPeriod") or ())
    latest = min(filter(None, wishes), default=start)
    if status not in _PLANNED or latest is None:
        return []
    return [Fact(Kind.PLANNED, unit, latest, None, status == "booked" and start is not None)]


def is_discharge(encounter: Json | None) -> bool:
    """Whether somebody has been discharged from a ward."""
    found = encounter or {}
    inside = (found.get("class") or {}).get("code") in ("IMP", "ACUTE", "NONAC")
    return found.get("status") == "finished" and inside and bool((found.get("period") or {}).get("end"))


def of_stay(encounter: Json | None, epicrises: Iterable[Json]) -> list[Fact]:
    """Of a stay that is over: when its first epicrisis was signed."""
    if encounter is None or not is_discharge(encounter):
        return []
    unit = str((encounter.get("serviceProvider") or {}).get("reference", ""))
    end = _moment(encounter["period"]["end"])
    signed = [_moment(one["date"]) for one in epicrises if is_epicrisis(one) and one.get("date")]
    hours = max(0, int((min(signed) - end).total_seconds() // HOUR)) if signed else None
    return [Fact(Kind.DISCHARGED, unit, end.date(), hours)] if unit.startswith("Organization/") else []


def is_epicrisis(document: Json | None) -> bool:
    """Whether a Composition or DocumentReference is a signed epicrisis."""
    found = document or {}
    final = found.get("status") in ("final", "amended") or (
        found.get("status") == "current" and found.get("docStatus", "final") in ("final", "amended")
    )
    return final and any(one.get("code") in EPICRISIS for one in (found.get("type") or {}).get("coding") or ())


def stays(document: Json | None) -> list[str]:
    """The encounters that a document belongs to, "Encounter/x"."""
    found = document or {}
    inside = found.get("encounter")
    given = [inside] if isinstance(inside, dict) else list((found.get("context") or {}).get("encounter") or ())
    return [str(one["reference"]) for one in given if str(one.get("reference", "")).startswith("Encounter/")]


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text + "-01-01"[len(text) - 4 :] if len(text) <= len("2026-11") else text)
    return found.astimezone(ZONE) if found.tzinfo else found.replace(tzinfo=ZONE)


def _day(text: Any) -> date | None:
    return _moment(str(text)).date() if text else None
