"""The calendars of a unit: whose they are, how a week is filled, and what one day of one of them holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from felles.access.consent import instant, micros
from felles.clerical.vacancy import CLOSED, FREE, TAKEN
from felles.duties.calendar import NORWAY
from felles.duties.reading import Outside
from felles.record.index.value import key64
from felles.record.record import Record
from felles.record.store import Sql

MOST = 1_000
AT_ONCE = 40
WEEK = 7
SPAN = 3 * 24 * 3_600_000_000
OWNERS = ("PractitionerRole.organization", "Location.organization", "HealthcareService.organization")
"""How a calendar's actor leads to a unit."""
Json = dict[str, Any]

LINES: Mapping[str, Sql] = {
    "diary week": Sql("SELECT start, status FROM vacancy WHERE schedule = $1 AND start >= $2 AND start < $3"),
}


@dataclass(slots=True)
class Filled:
    """How a day of a calendar is filled: slots that are free, taken, and closed."""

    free: int = 0
    taken: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot of a day, and the appointment that takes it: empty where it is free, or not open to the reader."""

    slot: Json
    appointment: Json
    patient: Json

    @property
    def start(self) -> int:
        return micros(self.slot["start"])

    @property
    def end(self) -> int:
        return micros(self.slot["end"])


async def calendars(record: Record, unit: str) -> list[Json]:
    """The Schedules of a unit's people, rooms and services ("Organization/x")."""
    asked = [[(f"actor:{way}", unit), ("_count", str(MOST))] for way in OWNERS]
    found = await asyncio.gather(*(record.resources("Schedule", one) for one in asked))
    return list({str(one["id"]): one for some in found for one in some if one.get("active", True)}.values())


async def week(record: Record, schedule: str, monday: date) -> dict[date, Filled]:
    """How the days of a calendar ("Schedule/x") are filled; days without slots are not in it."""
    span = [NORWAY.moment(monday), NORWAY.moment(monday + timedelta(days=WEEK))]
    found: dict[date, Filled] = {}
    for start, status in await record.ask("diary week", [key64(schedule), *span]):
        one = found.setdefault(NORWAY.day(start), Filled())
        one.free += status == FREE
        one.taken += status == TAKEN
        one.closed += status == CLOSED
    return found


async def slots(record: Record, schedule: Json, begin: int, after: int) -> list[Json]:
    """The slots of a calendar that begin between two moments, in order; a few days at a time, so that none is cut."""
    found: list[Json] = []
    while begin < after:
        until = min(after, begin + SPAN)
        span = [("start", f"ge{instant(begin)}"), ("start", f"lt{instant(until)}")]
        found += await Outside(record).search("Slot", [("schedule", f"Schedule/{schedule['id']}"), *span], MOST)
        begin = until
    return sorted(found, key=lambda one: (micros(one["start"]), one["id"]))


async def day(record: Record, schedule: Json, when: date) -> list[Entry]:
    """What one day of a calendar holds, by time."""
    found = await slots(record, schedule, NORWAY.moment(when), NORWAY.moment(when + timedelta(days=1)))
    taken = await _appointments(record, [f"Slot/{one['id']}" for one in found if one["status"] != "free"])
    ids = sorted({id for one in taken.values() for id in _patients(one)})
    people: dict[str, Json] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = [("_id", ",".join(ids[start : start + AT_ONCE])), ("_count", str(AT_ONCE))]
        people |= {str(one["id"]): one for one in await record.resources("Patient", some)}
    made = []
    for one in found:
        booked = taken.get(f"Slot/{one['id']}", {})
        who = next((people[id] for id in _patients(booked) if id in people), {})
        made.append(Entry(one, booked, who))
    return made


async def _appointments(record: Record, wanted: Sequence[str]) -> dict[str, Json]:
    """Slot → the appointment that takes it, of those that are open to the reader."""
    found: dict[str, Json] = {}
    for start in range(0, len(wanted), AT_ONCE):
        asked = [("slot", ",".join(wanted[start : start + AT_ONCE])), ("_count", str(MOST))]
        for one in await record.resources("Appointment", asked):
            if one["status"] not in ("cancelled", "entered-in-error"):
                found |= {str(slot["reference"]): one for slot in one.get("slot") or ()}
    return found


def _patients(appointment: Json) -> list[str]:
    parties = (str((one.get("actor") or {}).get("reference", "")) for one in appointment.get("participant") or ())
    return [one.partition("/")[2] for one in parties if one.startswith("Patient/")]
